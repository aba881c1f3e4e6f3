"""Every method against a slow reference from its paper, and what holds for all of them on all nets."""

import inspect
import re
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from captum import attr
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from core.attribution import (
    ATTRIBUTIONS,
    COMPARING,
    COMPLETE,
    DRAWN,
    FORMING,
    GRADIENTS,
    LRP_COVERS,
    MULTIPLYING,
    WEIGHING,
    backwards,
    outcome,
    removal,
    watched,
    why_not,
)
from core.attribution.outcome import BASELINES, Outcome, Target, baselines
from core.attribution.removal import superpixels
from core.data import photos
from core.data.digits import test_set as mnist
from core.layers import Layer, list_layers, record, run_to
from core.models import find, fingerprint, load
from core.process import seeded
from tests import references
from tests.nets import Powers

SEVEN = mnist().images[:1]


def dense(seed: int = 0, side: int = 4) -> nn.Sequential:
    """A dense ReLU net of two hidden layers for one-coloured images."""
    torch.manual_seed(seed)
    layers = OrderedDict(flatten=nn.Flatten(), fc1=nn.Linear(side**2, 6), relu1=nn.ReLU(), fc2=nn.Linear(6, 5),
                         relu2=nn.ReLU(), logits=nn.Linear(5, 3))  # fmt: skip
    return nn.Sequential(layers).eval().requires_grad_(False)


def image(side: int = 4, seed: int = 1) -> Tensor:
    return torch.rand(1, 1, side, side, generator=Generator().manual_seed(seed))


@pytest.mark.parametrize("unit", [0, 2])
@pytest.mark.parametrize(
    ("name", "rule"),
    [("saliency", "gradient"), ("guided backprop", "guided"), ("deconvolution", "deconvolution")],
)
def test_what_relus_send_back(name: str, rule: str, unit: int) -> None:
    for seed in range(3):
        net, x = dense(seed), image()
        expected = references.dense_backward(net, x, unit, rule)
        torch.testing.assert_close(ATTRIBUTIONS[name](net, x, Target("logits", unit)), expected, atol=1e-5, rtol=1e-4)


def test_input_x_gradient_and_deep_lift() -> None:
    net, x = dense(), image()
    target = Target("logits", 1)
    torch.testing.assert_close(
        backwards.input_x_gradient(net, x, target), x * references.dense_backward(net, x, 1, "gradient")
    )
    torch.testing.assert_close(
        ATTRIBUTIONS["DeepLift"](net, x, target),
        x * references.dense_backward(net, x, 1, "rescale"),
        atol=1e-5,
        rtol=1e-4,
    )


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_lrp_is_the_gamma_rule(unit: int) -> None:
    net, x = dense(), image()
    expected = references.lrp_gamma(net, x, unit, 0.25)
    torch.testing.assert_close(backwards.lrp(net, x, Target("logits", unit)), expected, atol=1e-4, rtol=1e-3)


def test_lrp_of_a_convolution_is_that_of_the_same_matrix() -> None:
    net, x = dense(), image()
    conv = nn.Conv2d(1, 6, 4).requires_grad_(False)
    conv.weight.copy_(net.fc1.weight.view(6, 1, 4, 4))
    conv.bias.copy_(net.fc1.bias)
    layers = OrderedDict(conv1=conv, relu1=nn.ReLU(), flatten=nn.Flatten(), fc2=net.fc2, relu2=nn.ReLU(),
                         logits=net.logits)  # fmt: skip
    expected = backwards.lrp(net, x, Target("logits", 1))
    torch.testing.assert_close(backwards.lrp(nn.Sequential(layers), x, Target("logits", 1)), expected)


def test_integrated_gradients_follow_the_path() -> None:
    net, x = dense(), image()
    expected = references.integrated_gradients(Outcome(net, Target("logits", 2)), x, torch.zeros_like(x))
    found = ATTRIBUTIONS["integrated gradients"](net, x, Target("logits", 2))
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=0.05)


@pytest.mark.parametrize("name", ["dense-video", "rnn"])
def test_integrated_gradients_of_a_smooth_net_add_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = load(name)
    with torch.no_grad():
        difference = float(net(SEVEN)[0, 7] - net(torch.zeros_like(SEVEN))[0, 7])
    monkeypatch.setattr(backwards, "STEPS", 512)
    found = ATTRIBUTIONS["integrated gradients"](net, SEVEN, Target("logits", 7))
    assert float(found.sum()) == pytest.approx(difference, rel=1e-4)


def test_smooth_grad_of_a_linear_net_is_its_gradient_and_of_others_their_mean() -> None:
    net, x = dense(), image()
    linear = nn.Sequential(OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(16, 3))).requires_grad_(False)
    target = Target("logits", 1)
    torch.testing.assert_close(ATTRIBUTIONS["SmoothGrad"](linear, x, target), linear.logits.weight[1].view_as(x))
    noise = backwards.NOISE * torch.randn(4000, 1, 4, 4, generator=Generator().manual_seed(0))
    mean = backwards.saliency(net, x + noise, target).mean(0)
    plain = backwards.saliency(net, x, target)[0]
    found = ATTRIBUTIONS["SmoothGrad"](net, x, target)[0]
    assert (found - mean).norm() < 0.3 * max((plain - mean).norm(), 0.2 * mean.norm())


def test_gradient_shap_of_a_linear_net_is_its_weights_times_the_way_from_a_mean_baseline() -> None:
    """Half of the baselines are black, the others noise: a quarter on the mean."""
    x = image()
    linear = nn.Sequential(OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(16, 3))).requires_grad_(False)
    way = ATTRIBUTIONS["gradient SHAP"](linear, x, Target("logits", 0)) / linear.logits.weight[0].view_as(x)
    torch.testing.assert_close(way, x - 0.25, atol=0.12, rtol=0)
    assert float((x - way).mean()) == pytest.approx(0.25, abs=0.03)


def test_gradient_shap_is_the_mean_over_baselines_and_places_between() -> None:
    """Erion et al. 2021, equation 3, with draws of its own."""
    net, x, target, generator = dense(), image(), Target("logits", 1), Generator().manual_seed(5)
    begins = torch.rand(4000, 1, 4, 4, generator=generator) * (torch.arange(4000) % 2).view(-1, 1, 1, 1)
    between = begins + torch.rand(4000, 1, 1, 1, generator=generator) * (x - begins)
    expected = ((x - begins) * backwards.saliency(net, between, target)).mean(0)
    found = ATTRIBUTIONS["gradient SHAP"](net, x, target)[0]
    assert (found - expected).norm() < 0.25 * expected.norm()


def test_the_standard_error_of_a_mean_is_its_formula() -> None:
    """The norm of sqrt(variance / n), pixel by pixel, beside the norm of the mean; n - 1 in the variance."""
    draws = [torch.rand(2, 1, 3, 3, generator=Generator().manual_seed(seed)) for seed in range(5)]
    *_, last = outcome.mean([lambda draw=draw: draw for draw in draws], drawn=True)
    every = torch.stack(draws)
    expected = (every.var(0) / 5).sqrt().flatten(1).norm(dim=1) / every.mean(0).flatten(1).norm(dim=1)
    assert last.error is not None
    torch.testing.assert_close(last.error, expected, atol=1e-5, rtol=1e-4)
    (first,) = outcome.mean([lambda: draws[0]], drawn=True)
    assert first.error is not None and first.error.isnan().all()


def test_a_digits_superpixels_are_squares_of_four_pixels_and_grow_with_it() -> None:
    for side in (28, 56):
        (mask,) = superpixels(torch.zeros(1, 1, side, side))[0]
        squares = mask.view(7, side // 7, 7, side // 7).transpose(1, 2).flatten(2)
        assert (squares == torch.arange(49).view(7, 7, 1)).all()


@pytest.mark.parametrize("name", ["SmoothGrad", "gradient SHAP", "Shapley sampling"])
def test_the_standard_error_is_how_far_other_draws_lie(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the same method with far more draws; the image has no part in them."""
    images, net = mnist().images[:6], load("dense")
    *_, said = FORMING[name](net, images, Target("logits", 7))
    monkeypatch.setattr(backwards, "PIECES", {1: (100, 100)})
    monkeypatch.setattr(removal, "ORDERS", 150)
    *_, sure = FORMING[name](net, images, Target("logits", 7))
    distance = (said.found - sure.found).flatten(1).norm(dim=1) / sure.found.flatten(1).norm(dim=1)
    assert said.error is not None and sure.error is not None
    assert 0.5 < float((distance / said.error).mean()) < 1.5
    assert (sure.error < 0.6 * said.error).all()


def test_the_colours_of_a_photo_share_what_its_pixel_did() -> None:
    """Of a net that takes its photo for its brightness, every square's fall is the brightness that it covers."""
    torch.manual_seed(0)
    net = nn.Sequential(OrderedDict(
        grey=nn.Conv2d(3, 1, 1), relu=nn.ReLU(), flatten=nn.Flatten(), logits=nn.Linear(1024, 2)
    )).eval().requires_grad_(False)  # fmt: skip
    x, target = torch.rand(1, 3, 32, 32, generator=Generator().manual_seed(0)), Target("logits", 1)
    falls = references.occlusion(Outcome(net, target), x, *removal.WINDOW[3])[:, 0]
    torch.testing.assert_close(ATTRIBUTIONS["occlusion"](net, x, target).sum(1), falls, atol=1e-5, rtol=1e-4)
    maps = net.relu(net.grey(x))
    expected = references.grad_cam(maps, net.logits.weight[1].view_as(maps))
    torch.testing.assert_close(ATTRIBUTIONS["Grad-CAM"](net, x, target).sum(1)[0], expected, atol=1e-5, rtol=1e-4)


def test_occlusion_and_ablation_are_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "CELLS", 2)
    net, x = dense(side=8), image(8)
    answer = Outcome(net, Target("logits", 2))
    expected = references.occlusion(answer, x, *removal.WINDOW[1])
    torch.testing.assert_close(ATTRIBUTIONS["occlusion"](net, x, Target("logits", 2)), expected, atol=1e-5, rtol=1e-4)
    mask, found = superpixels(x), ATTRIBUTIONS["feature ablation"](net, x, Target("logits", 2))
    assert mask.unique().tolist() == [0, 1, 2, 3]
    for cell in range(4):
        without = torch.where(mask == cell, 0.0, x)
        fall = float(answer(x) - answer(without)) / 16
        torch.testing.assert_close(found[mask == cell], torch.full((16,), fall), atol=1e-6, rtol=1e-4)


def test_shapley_values_are_those_of_all_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "CELLS", 2)
    net, x = dense(side=8), image(8)
    mask = superpixels(x)
    exact = references.shapley(Outcome(net, Target("logits", 1)), x, mask)
    for name, tolerance in (("kernel SHAP", 0.005), ("Shapley sampling", 0.05)):
        found = ATTRIBUTIONS[name](net, x, Target("logits", 1))
        for cell, value in exact.items():
            torch.testing.assert_close(
                found[mask == cell], torch.full((16,), value / 16), atol=tolerance / 16, rtol=0.05
            )


@pytest.mark.parametrize("target", [Target("logits", 7), Target("conv4", 3), Target("logits", 7, 1)])
def test_grad_cam_weighs_maps_by_their_mean_gradients(target: Target) -> None:
    net = load("cnn")
    layer = backwards.last_maps(net, list_layers(net, SEVEN.shape[1:]), target)
    assert layer == ("relu4" if target.layer == "logits" else "pool3")
    maps = record(net, SEVEN, [layer])[layer].requires_grad_()
    behind = nn.Sequential(*list(net)[list(dict(net.named_children())).index(layer) + 1 :])
    if target.layer == "conv4":
        behind = behind[:1]
    outputs = behind(maps)
    values = outputs.flatten(2).amax(2) if outputs.ndim == 4 else outputs
    score = values[0, target.index] - (0 if target.minus is None else values[0, target.minus])
    (gradients,) = torch.autograd.grad(score, maps)
    expected = F.interpolate(references.grad_cam(maps.detach(), gradients)[None, None], (28, 28), mode="bilinear")
    torch.testing.assert_close(backwards.grad_cam(net, SEVEN, target), expected, atol=1e-4, rtol=1e-3)
    positive = F.interpolate(
        references.grad_cam(maps.detach(), gradients)[None, None].clamp(min=0), (28, 28), mode="bilinear"
    )
    guided = backwards.guided_backprop(net, SEVEN, target)
    torch.testing.assert_close(backwards.guided_grad_cam(net, SEVEN, target), positive * guided, atol=1e-4, rtol=1e-3)


def test_conductance_adds_up_over_a_layers_units() -> None:
    net = load("dense-video")
    target = Target("logits", 7)
    found = backwards.conductance(net, SEVEN, target, "sigmoid1")
    assert found.shape == (1, 16)
    answer = Outcome(net, target)
    with torch.no_grad():
        difference = float(answer(SEVEN) - answer(torch.zeros_like(SEVEN)))
    assert float(found.sum()) == pytest.approx(difference, rel=0.05)
    expected, before = torch.zeros(16), run_to(net, torch.zeros_like(SEVEN), ["sigmoid1"])["sigmoid1"]
    for step in range(1, 801):
        here = run_to(net, step / 800 * SEVEN, ["sigmoid1"])["sigmoid1"]
        middle = ((here + before) / 2).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(net.logits(net.sigmoid2(net.fc2(middle)))[0, 7], middle)
        expected += (gradient * (here - before).detach())[0]
        before = here
    torch.testing.assert_close(found[0], expected, atol=0.05, rtol=0.1)


TARGETS = {
    "dense": [Target("logits", 7), Target("relu1", 5), Target("logits", 4, 9)],
    "dense-video": [Target("logits", 7), Target("fc2", 3)],
    "cnn": [Target("logits", 7), Target("relu3", 5), Target("logits", 4, 9)],
    "rnn": [Target("logits", 7), Target("lstm1", 2), Target("logits", 4, 9)],
}


@pytest.mark.parametrize("name", ATTRIBUTIONS)
@pytest.mark.parametrize("model", TARGETS)
def test_every_method_explains_every_unit_of_every_net_or_says_why_not(model: str, name: str) -> None:
    net = load(model)
    reason = why_not(name, net)
    if reason is not None:
        assert reason.endswith(".")
        return
    before = {key: value.clone() for key, value in net.state_dict().items()}
    state = torch.random.get_rng_state()
    for target in TARGETS[model]:
        found = ATTRIBUTIONS[name](net, SEVEN, target)
        assert found.shape == SEVEN.shape
        assert found.isfinite().all() and not found.requires_grad
        assert torch.equal(found, ATTRIBUTIONS[name](net, SEVEN, target))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not SEVEN.requires_grad and all(not weight.requires_grad for weight in net.parameters())
    assert all(not module._forward_hooks and not module._backward_hooks for module in net.modules())


def test_which_methods_apply_to_which_nets() -> None:
    missing = {model: {name for name in ATTRIBUTIONS if why_not(name, load(model))} for model in (*TARGETS, "photo")}
    maps, relus = {"Grad-CAM", "guided Grad-CAM"}, {"guided backprop", "deconvolution"}
    assert missing == {
        "dense": maps, "dense-video": maps | relus | {"LRP"}, "cnn": set(),
        "rnn": maps | relus | {"LRP", "DeepLift"}, "photo": {"LRP"},
    }  # fmt: skip


def test_deep_lift_has_no_rule_for_an_lstm() -> None:
    net, target = load("rnn"), Target("logits", 7)
    found = ATTRIBUTIONS["DeepLift"](net, SEVEN, target)
    torch.testing.assert_close(found, backwards.input_x_gradient(net, SEVEN, target), atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("name", COMPLETE)
@pytest.mark.parametrize("model", ["dense", "cnn", "rnn"])
def test_complete_methods_add_up_to_the_difference(model: str, name: str) -> None:
    net = load(model)
    if why_not(name, net):
        return
    for x in mnist().images[[3, 7]].split(1):
        answer = Outcome(net, Target("logits", 5))
        with torch.no_grad():
            difference = float(answer(x) - answer(torch.zeros_like(x)))
        found = float(ATTRIBUTIONS[name](net, x, Target("logits", 5)).sum())
        assert found == pytest.approx(difference, rel=0.1 if name == "integrated gradients" else 1e-3, abs=0.3)


def test_photos_are_explained_by_superpixels_and_relu6_by_deep_lift() -> None:
    net, x = load("photo"), photos.to_input(photos.sample("cat"))[None]
    target = Target("logits", 285)
    answer = Outcome(net, target)
    with torch.no_grad():
        difference = float(answer(x) - answer(torch.zeros_like(x)))
    assert float(ATTRIBUTIONS["DeepLift"](net, x, target).sum()) == pytest.approx(difference, abs=1e-3)
    mask = superpixels(x)
    assert mask.shape == (1, 1, 224, 224) and 10 < mask.unique().numel() <= 2 * removal.SEGMENTS
    found = ATTRIBUTIONS["feature ablation"](net, x, target)
    for segment in mask.unique().tolist()[:3]:
        values = found[:, :, (mask == segment)[0, 0]]
        assert (values.amax() - values.amin()) < 1e-6
    cam = backwards.grad_cam(net, x, target)
    assert cam.shape == x.shape and torch.equal(cam[:, 0], cam[:, 1])


@pytest.mark.parametrize("name", BASELINES["digits"])
def test_baselines_have_the_images_shape_and_size(name: str) -> None:
    found = list(baselines(SEVEN, name))
    assert len(found) == (outcome.DRAWS if name == "noise" else 1)
    for begin in found:
        assert begin.shape == SEVEN.shape and begin.min() >= 0 and begin.max() <= 1
        assert not torch.equal(begin, SEVEN)
    assert all(torch.equal(a, b) for a, b in zip(found, baselines(SEVEN, name), strict=True))


def test_a_baseline_that_is_the_image_itself_explains_nothing() -> None:
    black = torch.zeros(1, 1, 28, 28)
    for name in ("integrated gradients", "DeepLift", "occlusion", "Shapley sampling"):
        assert ATTRIBUTIONS[name](load("cnn"), black, Target("logits", 1)).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("target", "words"),
    [(Target("logits", 10), "units 0 to 9; 10 is none"), (Target("logits", 1, 12), "12 is none"),
     (Target("logits", -1), "-1 is none"), (Target("conv9", 0), "no layer 'conv9'")],
)  # fmt: skip
def test_a_target_that_does_not_exist_is_named(target: Target, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        backwards.saliency(load("cnn"), SEVEN.clone(), target)  # Captum leaves it marked where it is stopped


def test_an_unknown_baseline_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no baseline 'white' for these images; there are black, blurred"):
        ATTRIBUTIONS["integrated gradients"](load("cnn"), SEVEN, Target("logits", 1), baseline="white")


def test_a_layer_without_maps_before_it_has_no_grad_cam() -> None:
    with pytest.raises(ValueError, match="no maps in front of conv1"):
        backwards.grad_cam(load("cnn"), SEVEN, Target("conv1", 1))


@pytest.mark.parametrize("name", FORMING)
def test_slow_methods_can_be_watched(name: str) -> None:
    options, net = {"baseline": "noise"} if name in COMPARING else {}, load("dense")
    steps = list(FORMING[name](net, SEVEN, Target("logits", 7), **options))
    shares = [step.done for step in steps]
    assert len(steps) >= outcome.DRAWS and shares == sorted(shares) and shares[-1] == 1
    assert all(step.found.shape == SEVEN.shape and step.found.isfinite().all() for step in steps)
    assert torch.equal(steps[-1].found, ATTRIBUTIONS[name](net, SEVEN, Target("logits", 7), **options))


def test_a_path_walked_in_stretches_is_the_same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = ATTRIBUTIONS["integrated gradients"](load("cnn"), SEVEN, Target("logits", 7))
    monkeypatch.setitem(backwards.STRETCHES, 1, 4)
    stretches = list(FORMING["integrated gradients"](load("cnn"), SEVEN, Target("logits", 7)))
    assert len(stretches) == 4
    torch.testing.assert_close(stretches[-1].found, at_once, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("side", "window"), [(8, (4, 2)), (9, (4, 3)), (11, (4, 4))])
def test_rows_of_squares_cover_what_squares_cover(side: int, window: tuple[int, int],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Also where the last squares reach over the edge."""
    monkeypatch.setitem(removal.WINDOW, 1, window)
    monkeypatch.setattr(removal, "COARSE", 1)
    net, x = dense(side=side), image(side).expand(2, -1, -1, -1) * torch.tensor([1.0, 0.5]).view(2, 1, 1, 1)
    found = ATTRIBUTIONS["occlusion"](net, x, Target("logits", 2))
    plain = attr.Occlusion(Outcome(net, Target("logits", 2)))
    expected = plain.attribute(x, (1, window[0], window[0]), strides=(1, window[1], window[1]))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_draws_in_several_threads_do_not_mix() -> None:
    def drawn(seed: int) -> list[float]:
        with seeded(seed):
            return [float(torch.rand(1)) + float(np.random.rand()) for _ in range(200)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(drawn, [1, 2, 1, 2] * 5))
    assert found == [drawn(1), drawn(2)] * 10


def test_grad_cam_of_a_layer_that_is_named() -> None:
    net, target = load("cnn"), Target("logits", 7)
    deepest = backwards.last_maps(net, list_layers(net, SEVEN.shape[1:]), target)
    assert torch.equal(backwards.grad_cam(net, SEVEN, target), backwards.grad_cam(net, SEVEN, target, layer=deepest))
    assert not torch.equal(
        backwards.grad_cam(net, SEVEN, target), backwards.grad_cam(net, SEVEN, target, layer="relu2")
    )


def test_explaining_in_several_threads_leaves_the_net_and_the_maps_alone() -> None:
    net, target = load("cnn"), Target("logits", 7)
    weights = fingerprint(net)
    alone = {name: explain(net, SEVEN, target) for name, explain in ATTRIBUTIONS.items() if name not in FORMING}
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda name: (name, ATTRIBUTIONS[name](net, SEVEN.clone(), target)), 12 * list(alone))
        assert all(torch.allclose(map_, alone[name], atol=1e-6) for name, map_ in found)
    assert fingerprint(net) == weights


def test_a_twin_is_the_same_while_others_draw() -> None:
    expected = fingerprint(load("cnn", weights="untrained"))
    with ThreadPoolExecutor(2) as pool:
        drawing = pool.submit(
            lambda: [ATTRIBUTIONS["SmoothGrad"](load("dense"), SEVEN, Target("logits", 7)) for _ in range(60)]
        )
        twins = [fingerprint(load("cnn", weights="untrained")) for _ in range(20)]
        drawing.result()
    assert twins == [expected] * 20


@pytest.mark.parametrize("name", FORMING)
def test_a_map_does_not_depend_on_what_else_is_in_its_batch(name: str) -> None:
    images, explain = mnist().images[:3], ATTRIBUTIONS[name]
    one_by_one = torch.cat([explain(load("dense"), image, Target("logits", 7)) for image in images.split(1)])
    torch.testing.assert_close(explain(load("dense"), images, Target("logits", 7)), one_by_one, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("name", ["convnext_tiny", "vit_b_32"])
def test_maps_whose_units_are_last_are_not_weighed(name: str) -> None:
    net = load(name, weights="untrained")
    layers = list_layers(net, find(name).input_shape)
    maps = [layer.name for layer in layers if len(layer.shape) == 3 and max(layer.shape[1:]) > 1]
    with pytest.raises(ValueError, match=rf"The maps of {re.escape(maps[-1])} have their units last"):
        backwards.last_maps(net, layers, Target(layers[-1].name, 0))


def photo(side: int = 32, seed: int = 0, n: int = 1) -> Tensor:
    """Patches of different colours, which are its superpixels, with a little noise."""
    generator = Generator().manual_seed(seed)
    patches = F.interpolate(torch.rand(n, 3, 6, 6, generator=generator), side, mode="nearest")
    return 0.9 * patches + 0.1 * torch.rand(n, 3, side, side, generator=generator)


def adding(colours: int = 3, side: int = 32) -> nn.Sequential:
    """logits = w x: each value adds its own, so that every superpixel's Shapley value is the fall without it."""
    torch.manual_seed(0)
    layers = OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(colours * side**2, 2))
    return nn.Sequential(layers).eval().requires_grad_(False)


def test_smooth_grads_noise_has_a_deviation_of_0_15_and_is_drawn_128_times() -> None:
    """Of the mean of n squares of noise, the mean is the variance v, and the variance 2 v^2 / n."""
    net = Powers()
    found = ATTRIBUTIONS["SmoothGrad"](net, torch.zeros(1, 1, 56, 56), Target("logits", 1))
    assert float(found.mean()) == pytest.approx(0.15**2, rel=0.02)
    assert float(found.var()) == pytest.approx(2 * 0.15**4 / 128, rel=0.1)
    assert net.seen == 128
    net.seen = 0
    found = ATTRIBUTIONS["SmoothGrad"](net, torch.zeros(1, 3, 56, 56), Target("logits", 1))
    assert float(found.mean()) == pytest.approx(0.15**2, rel=0.02)
    assert float(found.var()) == pytest.approx(2 * 0.15**4 / 36, rel=0.1)
    assert net.seen == 36


@pytest.mark.parametrize(("colours", "draws"), [(1, 128), (3, 36)])
def test_gradient_shap_draws_as_often_as_is_said(colours: int, draws: int) -> None:
    """At black, of the sum of x^2 / 2: the mean of -x'^2 (1 - a), which is -1 / 12, since half of x' are black."""
    net = Powers()
    found = ATTRIBUTIONS["gradient SHAP"](net, torch.zeros(1, colours, 24, 24), Target("logits", 0))
    assert net.seen == draws
    assert float(found.mean()) == pytest.approx(-1 / 12, rel=0.15)
    per_draw = 1 / 30 - 1 / 144  # E x'^4 E (1 - a)^2 - 1 / 144
    assert float(found.var()) < 2 * per_draw / draws


@pytest.mark.parametrize("colours", [1, 3])
def test_integrated_gradients_take_64_points_of_the_path(colours: int) -> None:
    """Where a net's gradient jumps, another number of points gives another map."""
    torch.manual_seed(1)
    net = nn.Sequential(OrderedDict(
        flatten=nn.Flatten(), fc1=nn.Linear(colours * 64, 20), relu1=nn.ReLU(), logits=nn.Linear(20, 3)
    )).eval().requires_grad_(False)  # fmt: skip
    x = torch.rand(2, colours, 8, 8, generator=Generator().manual_seed(4))
    answer = Outcome(net, Target("logits", 1))
    for baseline in ("black", "noise"):
        begins = list(baselines(x, baseline))
        expected = sum(references.integrated_gradients(answer, x, begin, steps=64) for begin in begins) / len(begins)
        found = ATTRIBUTIONS["integrated gradients"](net, x, Target("logits", 1), baseline=baseline)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("name", ["feature ablation", "Shapley sampling", "kernel SHAP"])
def test_superpixels_of_an_adding_net_have_what_they_add(name: str, colours: int,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Shared out among all of its values, colours included, so that all superpixels add up to the difference."""
    monkeypatch.setattr(removal, "ORDERS", 2)
    x = photo(n=2)[:, :colours]
    net = adding(colours)
    for baseline in ("black", "blurred"):
        (begin,) = baselines(x, baseline)
        added = net.logits.weight[1].view(x.shape[1:]) * (x - begin)
        found = ATTRIBUTIONS[name](net, x, Target("logits", 1), baseline=baseline)
        for own, mask, parts in zip(found, superpixels(x)[:, 0], added, strict=True):
            for part in mask.unique().tolist():
                values = own[:, mask == part]
                expected = parts[:, mask == part].mean().expand_as(values)
                torch.testing.assert_close(values, expected, atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize("name", ["feature ablation", "Shapley sampling", "kernel SHAP", "occlusion", "SmoothGrad",
                                  "gradient SHAP", "integrated gradients"])  # fmt: skip
def test_a_photos_map_does_not_depend_on_what_else_is_in_its_batch(name: str) -> None:
    x, target = photo(n=2), Target("logits", 0)
    options = {"baseline": "noise"} if name in ("occlusion", "integrated gradients", "feature ablation") else {}
    torch.manual_seed(0)
    net = nn.Sequential(OrderedDict(
        conv=nn.Conv2d(3, 4, 8, stride=8), relu=nn.ReLU(), flatten=nn.Flatten(), logits=nn.Linear(64, 2)
    )).eval().requires_grad_(False)  # fmt: skip
    one_by_one = torch.cat([ATTRIBUTIONS[name](net, own, target, **options) for own in x.split(1)])
    torch.testing.assert_close(ATTRIBUTIONS[name](net, x, target, **options), one_by_one, atol=1e-5, rtol=1e-3)


def test_a_photos_superpixels_are_forty_at_most_and_a_digits_seven_by_seven() -> None:
    x = photos.to_input(photos.sample("cat"))[None]
    assert 20 <= superpixels(x).unique().numel() <= 40
    assert superpixels(torch.cat([x, x.flip(3)]))[0].equal(superpixels(x)[0])
    assert superpixels(torch.zeros(1, 1, 28, 28)).unique().numel() == 49
    few = superpixels(torch.zeros(2, 1, 4, 14))
    assert few.shape == (2, 1, 4, 14) and few.unique().numel() == 4 * 7 and few[0].equal(few[1])
    assert torch.equal(few[0, 0, 1, :2], few[0, 0, 1, :1].expand(2)) and few[0, 0, 0, 0] != few[0, 0, 1, 0]


def test_kernel_shap_and_shapley_sampling_ask_as_often_as_is_said() -> None:
    """25 orders of 49 superpixels; 2 linear models of 200 coalitions; of a photo 5 of 100."""
    counts = {}
    for name, x in (("Shapley sampling", image(28)), ("kernel SHAP", image(28)), ("kernel SHAP, photo", photo())):
        net = Powers()
        *_, last = FORMING[name.removesuffix(", photo")](net, x, Target("logits", 0))
        counts[name] = net.seen
        assert last.error is not None
    assert 25 * 49 <= counts["Shapley sampling"] <= 25 * 51  # each order begins with the baseline and the image
    assert 2 * 200 <= counts["kernel SHAP"] <= 2 * 203
    assert 5 * 100 <= counts["kernel SHAP, photo"] <= 5 * 103


@pytest.mark.parametrize("colours", [1, 3])
def test_the_blurred_baseline_is_a_gaussian_of_an_eighth_of_the_width(colours: int) -> None:
    """Beside a Gaussian that is cut off at two deviations, row by row; beyond the border is nothing."""
    x = torch.rand(2, colours, 12, 24, generator=Generator().manual_seed(0))
    (found,) = baselines(x, "blurred")
    weights = np.exp(-(np.arange(-6, 7) ** 2) / (2 * 3.0**2))
    weights /= weights.sum()
    for place, colour in np.ndindex(2, colours):
        down = np.apply_along_axis(lambda line: np.convolve(line, weights)[6:-6], 0, x[place, colour].numpy())
        expected = np.apply_along_axis(lambda line: np.convolve(line, weights)[6:-6], 1, down)
        np.testing.assert_allclose(found[place, colour], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 1, 28, 28), (2, 3, 32, 32)])
def test_eight_baselines_of_noise_are_eight_draws_and_every_image_gets_the_same(shape: tuple[int, ...]) -> None:
    found = torch.stack(list(baselines(torch.zeros(shape), "noise")))
    assert found.shape == (8, *shape)
    assert torch.equal(found[:, 0], found[:, 1])
    alike = torch.corrcoef(found[:, 0].flatten(1))
    assert alike.fill_diagonal_(0).abs().max() < 0.15
    assert found.min() >= 0 and float(found.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(found.var()) == pytest.approx(1 / 12, rel=0.05)


def test_the_mean_digit_is_the_test_sets_mean_and_is_cut_as_the_image_is() -> None:
    mean = mnist().images.sum(0) / 10_000
    for rows in (28, 14):
        (found,) = baselines(torch.zeros(2, 1, rows, 28), "mean digit")
        torch.testing.assert_close(found, mean[:, :rows].expand(2, 1, rows, 28), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kind", "x", "names"), [("digits", SEVEN, ["black", "blurred", "mean digit", "noise"]),
                                                  ("photos", photo(), ["black", "blurred", "noise"])])  # fmt: skip
def test_the_baselines_that_are_named_are_those_that_there_are(kind: str, x: Tensor, names: list[str]) -> None:
    assert list(BASELINES[kind]) == names
    for name in names:
        assert all(begin.shape == x.shape for begin in baselines(x, name))
    (black,) = baselines(x, "black")
    assert not black.any()
    for other in {"white", "mean digit"} - set(names):
        with pytest.raises(ValueError, match=f"^There is no baseline '{other}' .* there are {', '.join(names)}.$"):
            list(baselines(x, other))


def test_the_error_of_equal_draws_is_nothing_and_that_of_draws_without_a_mean_is_their_own() -> None:
    same = torch.rand(3, 1, 4, 4, generator=Generator().manual_seed(0))
    *_, last = outcome.mean([lambda: same] * 3, drawn=True)
    assert last.error is not None and last.error.max() < 1e-3
    steps = list(outcome.mean([lambda: same, lambda: -same], drawn=True))
    assert [step.done for step in steps] == [0.5, 1.0]
    assert steps[1].error is not None
    torch.testing.assert_close(steps[1].error, same.flatten(1).norm(dim=1))  # sqrt(2 x^2 / 2) each, beside no mean
    assert [step.error for step in outcome.mean([lambda: same] * 2)] == [None, None]


def layer(name: str, *shape: int) -> Layer:
    return Layer(name, "conv2d", shape, 1)


def test_the_last_maps_are_the_deepest_before_the_target_of_more_than_one_place() -> None:
    net = nn.Sequential(OrderedDict(wide=nn.ReLU(), high=nn.ReLU(), one=nn.ReLU(), time=nn.ReLU(), logits=nn.ReLU()))
    layers = [layer("wide", 4, 1, 5), layer("high", 4, 5, 1), layer("one", 4, 1, 1), layer("time", 4, 5),
              layer("logits", 4)]  # fmt: skip
    found = {name: backwards.last_maps(net, layers, Target(name, 0)) for name in ("high", "one", "logits")}
    assert found == {"high": "wide", "one": "high", "logits": "high"}
    with pytest.raises(ValueError, match=r"^There are no maps in front of wide\.$"):
        backwards.last_maps(net, layers, Target("wide", 0))
    with pytest.raises(ValueError, match="no maps in front of logits"):
        backwards.last_maps(net, layers[2:], Target("logits", 0))


def test_conductance_adds_up_over_maps_and_over_time_and_from_every_baseline() -> None:
    for model, name, units in (("cnn", "conv2", 24), ("rnn", "lstm1", None)):
        net, target, x = load(model), Target("logits", 7), mnist().images[mnist().labels == 7][:2]
        before = net(x)[:, 7] - net(torch.zeros_like(x))[:, 7]
        found = backwards.conductance(net, x, target, name)
        assert found.shape == (2, units or list_layers(net, (1, 28, 28))[0].units)
        torch.testing.assert_close(found.sum(1), before, atol=0.1, rtol=0.03)
    net, x = load("dense-video"), SEVEN
    found = backwards.conductance(net, x, Target("logits", 7), "sigmoid1", baseline="noise")
    differences = [net(x)[:, 7] - net(begin)[:, 7] for begin in baselines(x, "noise")]
    torch.testing.assert_close(found.sum(1), torch.stack(differences).mean(0), atol=1e-3, rtol=0.02)


def test_conductance_takes_256_steps() -> None:
    net, target = dense(side=8), Target("logits", 1)
    x = image(8)
    plain = attr.LayerConductance(Outcome(net, target), net.relu1)
    expected = plain.attribute(x, torch.zeros_like(x), n_steps=256, method="riemann_trapezoid")
    torch.testing.assert_close(backwards.conductance(net, x, target, "relu1"), expected, atol=1e-6, rtol=1e-4)


def explained(name: str, net: nn.Module, x: Tensor, target: Target) -> Tensor:
    return ATTRIBUTIONS[name](net, x, target)


def test_which_methods_add_up_multiply_by_the_pixel_or_are_gradients_is_as_the_lists_say() -> None:
    """Of a net that adds brightness up, gradients are even, what multiplies by the pixel follows it, others blur it."""
    net, x = adding(1, 28), torch.rand(1, 1, 28, 28, generator=Generator().manual_seed(7))
    net.logits.weight[:] = 1
    others = [name for name in ATTRIBUTIONS if name not in WEIGHING]
    maps = {name: explained(name, net, x, Target("logits", 0)) for name in others}
    assert {name for name, found in maps.items() if found.std() < 1e-3 * found.mean()} == set(GRADIENTS)
    follows = {name: float(torch.corrcoef(torch.stack([found.flatten(), x.flatten()]))[0, 1])
               for name, found in maps.items() if name not in GRADIENTS}  # fmt: skip
    assert {name for name, alike in follows.items() if alike > 0.98} == set(MULTIPLYING)
    assert max(alike for alike in follows.values() if alike <= 0.98) < 0.6
    deep, seven = load("cnn"), SEVEN
    with torch.no_grad():
        difference = float(deep(seven)[0, 7] - deep(torch.zeros_like(seven))[0, 7])
    sums = {name: float(explained(name, deep, seven, Target("logits", 7)).sum()) for name in ATTRIBUTIONS}
    assert {name for name, total in sums.items() if abs(total - difference) < 0.02 * abs(difference)} == set(COMPLETE)


def test_which_methods_compare_and_which_weigh_is_what_they_can_be_told() -> None:
    told = {name: inspect.signature(explain).parameters for name, explain in ATTRIBUTIONS.items()}
    assert {name for name, options in told.items() if "baseline" in options} == set(COMPARING)
    assert {name for name, options in told.items() if "layer" in options} == set(WEIGHING)
    assert all(told[name] == inspect.signature(forming).parameters for name, forming in FORMING.items())


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_a_watched_map_ends_as_the_method_has_it_beside_its_baseline(name: str) -> None:
    torch.manual_seed(2)
    net = nn.Sequential(OrderedDict(
        conv=nn.Conv2d(1, 3, 3), relu=nn.ReLU(), flatten=nn.Flatten(), logits=nn.Linear(108, 2)
    )).eval().requires_grad_(False)  # fmt: skip
    x, target = image(8), Target("logits", 1)
    plain = ATTRIBUTIONS[name](net, x, target)
    for baseline in ("black", "blurred"):
        *_, last = watched(name, net, x, target, baseline)
        options = {"baseline": baseline} if name in COMPARING else {}
        assert last.done == 1 and torch.equal(last.found, ATTRIBUTIONS[name](net, x, target, **options))
        assert torch.equal(last.found, plain) == (baseline == "black" or name not in COMPARING)
        assert (last.error is not None) == (name in DRAWN)


class Chain(nn.Sequential):
    """conv 3 x 3, relu, a module in between, flatten, logits; without biases."""

    def __init__(self, between: nn.Module) -> None:
        torch.manual_seed(0)
        conv = nn.Conv2d(1, 4, 3, bias=False)
        size = between.eval()(torch.zeros(1, 4, 6, 6)).numel()
        super().__init__(OrderedDict(conv=conv, relu=nn.ReLU(), between=between, flatten=nn.Flatten(),
                                     logits=nn.Linear(size, 2, bias=False)))  # fmt: skip
        self.eval().requires_grad_(False)


@pytest.mark.parametrize("between", [nn.AvgPool2d(2), nn.MaxPool2d(2), nn.Dropout(), nn.Conv2d(4, 4, 3, bias=False)])
def test_lrp_covers_chains_and_its_relevance_adds_up_where_there_is_no_bias(between: nn.Module) -> None:
    net, x = Chain(between), image(8)
    assert why_not("LRP", net) is None and isinstance(between, LRP_COVERS)
    assert float(backwards.lrp(net, x, Target("logits", 1)).sum()) == pytest.approx(float(net(x)[0, 1]), rel=1e-3)


@pytest.mark.parametrize("other", [nn.BatchNorm2d(4), nn.ReLU6(), nn.Sigmoid(), nn.Softmax(1), nn.Conv1d(4, 4, 1)])
def test_lrp_covers_nothing_else(other: nn.Module) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), other, nn.Flatten(), nn.Linear(144, 2))
    assert why_not("LRP", net) == "Its rules cover chains of linear layers, ReLUs and poolings, and this net is none."
    assert why_not("saliency", net) is None


@pytest.mark.parametrize("kind", [nn.SiLU, nn.GELU, nn.Hardswish, nn.Hardsigmoid])
def test_deep_lift_has_no_rule_for_what_is_smooth(kind: type[nn.Module]) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), kind(), nn.Linear(4, 2))
    assert why_not("DeepLift", net) == f"It has no rule for {kind.__name__}."
    assert {name for name in ATTRIBUTIONS if why_not(name, net)} == {"DeepLift", "LRP", "Grad-CAM", "guided Grad-CAM"}
    attention = nn.Sequential(nn.Linear(4, 4), nn.MultiheadAttention(4, 1))
    assert why_not("DeepLift", attention) == "It has no rule for MultiheadAttention."


def test_why_not_is_said_of_each_reason() -> None:
    nets = {"linear": nn.Sequential(nn.Linear(4, 2)), "recurrent": nn.Sequential(nn.LSTM(4, 2))}
    said = {(kind, name): why_not(name, net) for kind, net in nets.items() for name in ATTRIBUTIONS}
    relu = "It changes what ReLUs send back, and this net has none: it would be the plain gradient."
    assert said["linear", "guided backprop"] == said["linear", "deconvolution"] == relu
    assert said["linear", "Grad-CAM"] == said["linear", "guided Grad-CAM"] == "It weighs maps, and this net has none."
    assert said["linear", "DeepLift"] is None and said["linear", "LRP"] is None
    assert said["recurrent", "DeepLift"] == "It has no rule for an LSTM: it would be input x gradient by another name."
    maps = nn.Sequential(nn.Conv2d(1, 1, 3))
    assert why_not("guided Grad-CAM", maps) == relu and why_not("Grad-CAM", maps) is None


@pytest.mark.parametrize("colours", [1, 3])
def test_occlusion_begins_with_squares_four_times_as_large_where_no_small_one_has_been(colours: int) -> None:
    """A digit's squares are 4 wide and move by 2, a photo's 16 and 8; rows are replaced downwards."""
    side, step, width = (4, 2, 28) if colours == 1 else (16, 8, 80)
    torch.manual_seed(0)
    net = nn.Sequential(OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(colours * width**2, 6), relu=nn.ReLU(),
                                    logits=nn.Linear(6, 2))).eval().requires_grad_(False)  # fmt: skip
    x = torch.rand(1, colours, width, width, generator=Generator().manual_seed(2))
    answer, target = Outcome(net, Target("logits", 0)), Target("logits", 0)
    small, large = (references.occlusion(answer, x, size * side, size * step) / colours for size in (1, 4))
    steps = list(FORMING["occlusion"](net, x, target))
    rows = len(range(0, width - side + step, step))
    assert [found.done for found in steps] == pytest.approx([part / rows for part in range(rows + 1)])
    torch.testing.assert_close(steps[0].found, large, atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(steps[1].found[:, :, side:], large[:, :, side:], atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(steps[2].found[:, :, :step], small[:, :, :step], atol=1e-6, rtol=1e-3)
    torch.testing.assert_close(steps[-1].found, small, atol=1e-6, rtol=1e-3)


def test_occlusion_with_several_baselines_is_the_mean_of_its_falls() -> None:
    net, x, target = dense(side=8), image(8).expand(2, -1, -1, -1), Target("logits", 2)
    steps = list(FORMING["occlusion"](net, x, target, baseline="noise"))
    answer = Outcome(net, target)
    total, covers = torch.zeros_like(x), torch.zeros_like(x)
    for begin in baselines(x, "noise"):
        for top in range(0, 6, 2):
            for left in range(0, 6, 2):
                square = (..., slice(top, top + 4), slice(left, left + 4))
                covered = x.clone()
                covered[square] = begin[square]
                total[square] += (answer(x) - answer(covered))[:, None, None, None]
                covers[square] += 1
    torch.testing.assert_close(steps[-1].found, total / covers, atol=1e-6, rtol=1e-4)
    assert len(steps) == 1 + 8 * 3 and steps[-1].done == 1


@pytest.mark.parametrize("name", ["kernel SHAP", "Shapley sampling", "feature ablation"])
def test_a_photo_of_one_superpixel_has_the_whole_difference_in_it(name: str) -> None:
    """As of noise, where no region is like any other."""
    noise, net = torch.rand(1, 3, 32, 32, generator=Generator().manual_seed(0)), adding()
    assert superpixels(noise).unique().tolist() == [0]
    found = ATTRIBUTIONS[name](net, noise, Target("logits", 0))
    expected = (net(noise) - net(torch.zeros_like(noise)))[0, 0] / noise.numel()
    torch.testing.assert_close(found, expected.expand_as(noise), atol=1e-6, rtol=1e-4)
