"""The trust numbers against their definitions, on nets and maps whose answer is known."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Generator, Tensor, nn

from core import attribution, trust
from core.attribution import ATTRIBUTIONS, Target, why_not
from core.data.digits import test_set as mnist
from core.models import DIGIT_NETS, load

IMAGES = mnist().images[:6]
SEVENS = mnist().images[mnist().labels == 7][:6]
SEVEN = Target("logits", 7)


def linear() -> nn.Sequential:
    """logits = w x: the gradient is w, and pixel times weight explains all of it."""
    torch.manual_seed(0)
    layers = OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(16, 3, bias=False))
    return nn.Sequential(layers).eval().requires_grad_(False)


def small(n: int = 4) -> Tensor:
    return torch.rand(n, 1, 4, 4, generator=Generator().manual_seed(1))


def test_a_complete_map_has_no_gap_and_half_of_it_lacks_half() -> None:
    net, x, target = linear(), small(), Target("logits", 1)
    found = attribution.input_x_gradient(net, x, target)
    outcome = (x.flatten(1) @ net.logits.weight[1]).flatten()
    torch.testing.assert_close(trust.completeness_gap(net, x, target, found), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(trust.completeness_gap(net, x, target, found / 2), -outcome / 2, atol=1e-5, rtol=1e-4)


def test_the_gradient_of_a_linear_net_is_perfectly_faithful_and_another_map_is_not() -> None:
    net, x, target = linear(), small(), Target("logits", 1)
    gradient = attribution.saliency(net, x, target)
    assert trust.infidelity(net, x, target, gradient).abs().max() < 1e-6
    assert trust.infidelity(net, x, target, 5 * gradient).abs().max() < 1e-6  # it is scaled to fit best
    assert trust.infidelity(net, x, target, gradient.flip(3)).min() > 1e-4


def test_the_infidelity_is_its_definition() -> None:
    """Of the best multiple b of a map: b minimises the mean of (b I . map - (f(x) - f(x - I)))^2."""
    net, x = load("dense"), SEVENS[:2]
    found = attribution.integrated_gradients(net, x, SEVEN)
    value = trust.infidelity(net, x, SEVEN, found)
    noise = trust.NOISE * torch.randn(4000, 1, 28, 28, generator=Generator().manual_seed(5))
    for image, own, got in zip(x, found, value, strict=True):
        change = net(image[None])[0, 7] - net(image - noise)[:, 7]
        dot = (noise * own).flatten(1).sum(1)
        best = (dot * change).mean() / dot.square().mean()
        expected = (best * dot - change).square().mean()
        assert float(got) == pytest.approx(float(expected), rel=0.6)


def test_a_map_that_does_not_depend_on_the_image_is_not_sensitive() -> None:
    assert trust.sensitivity(linear(), small(), Target("logits", 1), attribution.saliency).abs().max() < 1e-5
    values = trust.sensitivity(load("cnn"), SEVENS[:2], SEVEN, attribution.saliency)
    assert values.shape == (2,) and values.min() > 0.01


def test_pixels_go_and_come_in_their_order() -> None:
    """One black pixel after another, and the share computed one image at a time."""
    net, x = load("dense"), SEVENS[:2]
    order = trust.importance(attribution.integrated_gradients(net, x, SEVEN))
    gone, come = (trust.curve(net, x, SEVEN, order, insert) for insert in (False, True))
    assert gone.shape == come.shape == (trust.PARTS + 1, 2)
    for place in range(2):
        by_value = order[place].argsort(descending=True)
        for part in range(trust.PARTS + 1):
            first = by_value[: part * 784 // trust.PARTS]
            without, only = x[place].clone().flatten(), torch.zeros(784)
            only[first] = without[first]
            without[first] = 0
            for image, shares in ((without, gone), (only, come)):
                expected = net(image.view(1, 1, 28, 28)).softmax(1)[0, 7]
                assert float(shares[part, place]) == pytest.approx(float(expected), abs=1e-4)
    torch.testing.assert_close(gone[0], come[-1])
    assert trust.area(gone).mean() < trust.area(come).mean()


def test_a_units_share_is_beside_its_whole_activation() -> None:
    net, target = load("cnn"), Target("relu3", 5)
    shares = trust.curve(net, SEVENS[:2], target, trust.random_order(SEVENS[:2], 0), insert=True)
    torch.testing.assert_close(shares[0], torch.zeros(2))
    torch.testing.assert_close(shares[-1], torch.ones(2))


def test_the_area_under_a_straight_line_is_half() -> None:
    line = torch.linspace(0, 1, 15)[:, None].expand(15, 3)
    torch.testing.assert_close(trust.area(line), torch.full((3,), 0.5))


def test_the_rank_correlation_is_spearmans_over_the_ink() -> None:
    a, b = (torch.randn(6, 1, 28, 28, generator=Generator().manual_seed(seed)) for seed in (0, 1))
    found = trust.rank_correlation(a, b, IMAGES)
    for place, image in enumerate(IMAGES):
        ink = image.flatten() > 0
        pair = [values[place].abs().flatten()[ink] for values in (a, b)]
        assert float(found[place]) == pytest.approx(spearmanr(*pair).statistic, abs=1e-5)
    torch.testing.assert_close(trust.rank_correlation(a, -3 * a, IMAGES), torch.ones(6))
    assert trust.rank_correlation(a, torch.ones_like(a), IMAGES).tolist() == [0] * 6


def test_methods_agree_with_themselves() -> None:
    maps = {name: ATTRIBUTIONS[name](load("cnn"), SEVENS, SEVEN) for name in ("saliency", "DeepLift", "LRP")}
    table = trust.agreement(maps, SEVENS)
    np.testing.assert_allclose(np.diag(table), 1, atol=1e-6)
    np.testing.assert_allclose(table, table.T)
    assert 0 < table.loc["saliency", "DeepLift"] < table.loc["DeepLift", "LRP"] < 1


def test_randomising_goes_from_the_last_layer_down_to_the_twin() -> None:
    net, twin = load("cnn"), load("cnn", weights="untrained")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    stages = list(trust.randomised(net, twin, SEVENS, SEVEN, attribution.saliency))
    assert [stage.layer for stage in stages] == ["logits", "conv4", "conv3", "conv2", "conv1"]
    of_twin = attribution.saliency(twin, SEVENS, SEVEN)
    expected = trust.rank_correlation(attribution.saliency(net, SEVENS, SEVEN), of_twin, SEVENS)
    torch.testing.assert_close(stages[-1].correlation, expected)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_the_check_tells_saliency_from_guided_backprop() -> None:
    net, twin = load("cnn"), load("cnn", weights="untrained")
    last = {
        name: [float(stage.correlation.mean()) for stage in trust.randomised(net, twin, SEVENS, SEVEN, method)]
        for name, method in (("saliency", attribution.saliency), ("guided", attribution.guided_backprop))
    }
    assert last["guided"][0] > 0.9 > last["saliency"][0] + 0.2
    assert last["guided"][-1] > 0.4 > abs(last["saliency"][-1]) + 0.2


def test_the_table_holds_every_method_of_every_net_and_its_controls() -> None:
    table = trust.table()
    there = {model: {name for name in ATTRIBUTIONS if not why_not(name, load(model))} for model in DIGIT_NETS}
    assert {model: set(rows.method) for model, rows in table.groupby("model")} == there
    for _, rows in table[~table.method.isin(trust.SLOW)].groupby("model"):
        assert rows["deletion, random"].nunique() == 1 and rows["insertion, random"].nunique() == 1
    assert (table.images == np.where(table.method.isin(trust.SLOW), trust.SLOW_DIGITS, trust.DIGITS)).all()


def test_the_shipped_numbers_are_what_the_command_computes() -> None:
    row = trust.table().set_index(["model", "method"]).loc[("dense", "DeepLift")]
    data = mnist()
    found = trust.measure("DeepLift", load("dense"), load("dense", weights="untrained"), data.images[: trust.DIGITS],
                          data.labels[: trust.DIGITS])  # fmt: skip
    for name, value in found.items():
        assert float(row[name]) == pytest.approx(value, abs=5e-3), name


def test_what_is_erased_is_ink_and_the_first_of_the_order() -> None:
    order = trust.importance(attribution.integrated_gradients(load("cnn"), SEVENS, SEVEN))
    for share in (0.0, 0.3, 1.0):
        left = trust.erased(SEVENS, order, share)
        for image, kept, values in zip(SEVENS.flatten(1), left.flatten(1), order, strict=True):
            ink = (image > 0).nonzero().flatten()
            gone = ink[values[ink].argsort(descending=True, stable=True)][: round(share * len(ink))]
            expected = image.clone()
            expected[gone] = 0
            assert torch.equal(kept, expected)


def test_the_readme_holds_the_table_that_the_command_prints() -> None:
    assert trust.markdown("cnn") in (Path(__file__).parent.parent / "README.md").read_text()
