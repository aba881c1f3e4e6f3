"""The trust numbers against their definitions, on nets and maps whose answer is known."""

from collections import OrderedDict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from captum import metrics
from scipy.stats import spearmanr
from torch import Generator, Tensor, nn

from core.attribution import ATTRIBUTIONS, backwards, why_not
from core.attribution.outcome import Target, baselines
from core.data.digits import test_set as mnist
from core.models import DIGIT_NETS, find, load, untrained
from core.trust import examine, numbers, table

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
    found = backwards.input_x_gradient(net, x, target)
    outcome = (x.flatten(1) @ net.logits.weight[1]).flatten()
    torch.testing.assert_close(numbers.completeness_gap(net, x, target, found), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(numbers.completeness_gap(net, x, target, found / 2), -outcome / 2, atol=1e-5, rtol=1e-4)


def test_the_gradient_of_a_linear_net_is_perfectly_faithful_and_another_map_is_not() -> None:
    net, x, target = linear(), small(), Target("logits", 1)
    gradient, product = backwards.saliency(net, x, target), backwards.input_x_gradient(net, x, target)
    infidelity = partial(numbers.infidelity, net, x, target)
    assert infidelity(gradient, gradients=True).abs().max() < 1e-5
    assert infidelity(5 * gradient, gradients=True).abs().max() < 1e-5  # it is scaled to fit best
    assert infidelity(product, gradients=False).abs().max() < 1e-5
    assert infidelity(product.flip(3), gradients=False).min() > 0.02
    torch.testing.assert_close(infidelity(torch.zeros_like(x), gradients=False), torch.ones(4))


@pytest.mark.parametrize("name", ["integrated gradients", "saliency"])
def test_the_infidelity_is_its_definition(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all squares of 7 x 7: b minimises the mean of (b I . map - (f(x) - f(x - I)))^2."""
    monkeypatch.setattr(numbers, "SQUARES", 20_000)
    net, x = load("dense"), SEVENS[:2]
    found = ATTRIBUTIONS[name](net, x, SEVEN)
    value = numbers.infidelity(net, x, SEVEN, found, gradients=name == "saliency")
    for image, own, got in zip(x, found, value, strict=True):
        foretold, happened = [], []
        for top in range(22):
            for left in range(22):
                square = (..., slice(top, top + 7), slice(left, left + 7))
                without = image.clone()
                without[square] = 0
                happened.append(float(net(image[None])[0, 7] - net(without[None])[0, 7]))
                foretold.append(float((image * own if name == "saliency" else own)[square].sum()))
        best = np.dot(foretold, happened) / np.dot(foretold, foretold)
        missed = np.square(best * np.array(foretold) - happened).mean()
        assert float(got) == pytest.approx(missed / np.square(happened).mean(), rel=0.1)


def sensitivity(net: nn.Module, x: Tensor, target: Target, method: str) -> Tensor:
    found = ATTRIBUTIONS[method](net, x, target)
    return torch.stack(
        [numbers.change(found, ATTRIBUTIONS[method](net, image, target)) for image in numbers.near(x)]
    ).amax(0)


def test_a_map_that_does_not_depend_on_the_image_is_not_sensitive() -> None:
    assert sensitivity(linear(), small(), Target("logits", 1), "saliency").abs().max() < 1e-5


def test_an_empty_map_has_no_size_to_measure_a_change_by() -> None:
    empty, other = torch.zeros(2, 1, 4, 4), torch.ones(2, 1, 4, 4)
    assert numbers.change(empty, other).tolist() == [4, 4] and numbers.change(empty, empty).tolist() == [0, 0]


def test_the_sensitivity_is_captums() -> None:
    found = sensitivity(load("cnn"), SEVENS, SEVEN, "saliency")
    torch.manual_seed(0)
    expected = metrics.sensitivity_max(
        lambda x: (backwards.saliency(load("cnn"), x[0], SEVEN),),  # a bare tensor would be taken for one map an image
        SEVENS, perturb_radius=numbers.RADIUS, n_perturb_samples=numbers.NEARBY,
    )  # fmt: skip
    assert found.min() > 0.01 and float(found.mean()) == pytest.approx(float(expected.mean()), rel=0.2)


def test_pixels_go_and_come_in_their_order() -> None:
    """One black pixel after another, and the share computed one image at a time."""
    net, x = load("dense"), SEVENS[:2]
    order = numbers.importance(ATTRIBUTIONS["integrated gradients"](net, x, SEVEN))
    gone, come = (numbers.curve(net, x, SEVEN, order, insert) for insert in (False, True))
    assert gone.shape == come.shape == (numbers.PARTS + 1, 2)
    for place in range(2):
        by_value = order[place].argsort(descending=True)
        for part in range(numbers.PARTS + 1):
            first = by_value[: part * 784 // numbers.PARTS]
            without, only = x[place].clone().flatten(), torch.zeros(784)
            only[first] = without[first]
            without[first] = 0
            for image, shares in ((without, gone), (only, come)):
                expected = net(image.view(1, 1, 28, 28)).softmax(1)[0, 7]
                assert float(shares[part, place]) == pytest.approx(float(expected), abs=1e-4)
    torch.testing.assert_close(gone[0], come[-1])
    assert numbers.area(gone).mean() < numbers.area(come).mean()


@pytest.mark.parametrize("target", [Target("relu3", 5), Target("lstm2", 3), Target("relu1", 2, 0)])
def test_a_units_share_is_what_is_left_of_its_difference(target: Target) -> None:
    net = load("rnn" if target.layer == "lstm2" else "cnn")
    shares = numbers.curve(net, SEVENS[:2], target, numbers.random_order(SEVENS[:2], 0), insert=True)
    torch.testing.assert_close(shares[0], torch.zeros(2))
    torch.testing.assert_close(shares[-1], torch.ones(2))


def test_the_share_of_a_unit_that_the_image_leaves_alone_is_no_number() -> None:
    black = torch.zeros_like(SEVENS[:1])
    shares = numbers.curve(load("cnn"), black, Target("relu3", 5), numbers.random_order(black, 0), insert=False)
    assert shares.isnan().all()


def test_the_share_of_one_class_and_not_another_is_between_the_two() -> None:
    net, order = load("cnn"), numbers.random_order(SEVENS[:2], 0)
    shares = numbers.curve(net, SEVENS[:2], Target("logits", 4, 9), order, insert=False)
    both = net(SEVENS[:2])[:, [4, 9]].softmax(1)
    torch.testing.assert_close(shares[0], both[:, 0])
    assert shares.min() >= 0 and shares.max() <= 1


def test_pixels_of_a_photo_that_are_gone_are_blurred() -> None:
    net = nn.Sequential(OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(3 * 64, 2))).requires_grad_(False)
    x = torch.rand(1, 3, 8, 8, generator=Generator().manual_seed(0))
    order = numbers.random_order(x, 0)
    (blurred,) = baselines(x, "blurred")
    half = (order >= order.quantile(0.5)).view(1, 1, 8, 8)
    for insert, begin, end in ((False, x, blurred), (True, blurred, x)):
        shares = numbers.curve(net, x, Target("logits", 1), order, insert)[:, 0]
        for part, image in ((0, begin), (numbers.PARTS // 2, torch.where(half, end, begin)), (numbers.PARTS, end)):
            assert float(shares[part]) == pytest.approx(float(net(image).softmax(1)[0, 1]), abs=1e-5)


def test_the_area_under_a_straight_line_is_half() -> None:
    line = torch.linspace(0, 1, 15)[:, None].expand(15, 3)
    torch.testing.assert_close(numbers.area(line), torch.full((3,), 0.5))


def test_the_rank_correlation_is_spearmans_over_the_ink() -> None:
    a, b = (torch.randn(6, 1, 28, 28, generator=Generator().manual_seed(seed)) for seed in (0, 1))
    found = numbers.rank_correlation(a, b, IMAGES)
    for place, image in enumerate(IMAGES):
        ink = image.flatten() > 0
        pair = [values[place].abs().flatten()[ink] for values in (a, b)]
        assert float(found[place]) == pytest.approx(spearmanr(*pair).statistic, abs=1e-5)
    torch.testing.assert_close(numbers.rank_correlation(a, -3 * a, IMAGES), torch.ones(6))
    assert numbers.rank_correlation(a, torch.ones_like(a), IMAGES).tolist() == [0] * 6


def test_methods_agree_with_themselves() -> None:
    maps = {name: ATTRIBUTIONS[name](load("cnn"), SEVENS, SEVEN) for name in ("saliency", "DeepLift", "LRP")}
    found = numbers.agreement(maps, SEVENS)
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-6)
    np.testing.assert_allclose(found, found.T)
    assert 0 < found.loc["saliency", "DeepLift"] < found.loc["DeepLift", "LRP"] < 1


def test_randomising_goes_from_the_last_layer_down_to_the_twin() -> None:
    net, twin = load("cnn"), load("cnn", weights="untrained")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    stages = []
    for layer, changed in examine.randomised(net, twin, SEVENS):
        kept = [name for name, value in changed.state_dict().items() if torch.equal(value, before[name])]
        stages.append((layer, len(kept)))
    assert stages == [("logits", 8), ("conv4", 6), ("conv3", 4), ("conv2", 2), ("conv1", 0)]
    torch.testing.assert_close(changed(SEVENS), twin(SEVENS))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("name", ["rnn", "resnet18"])
def test_all_weights_are_random_at_the_end_and_only_the_last_ones_at_first(name: str) -> None:
    """Norms that are no layers of their own among them."""
    net, twin = untrained(name, seed=1).eval(), load(name, weights="untrained")
    x = torch.rand(1, *find(name).input_shape, generator=Generator().manual_seed(0))
    nets = examine.randomised(net, twin, x)
    first, changed = next(nets)
    differing = {key for key, value in changed.state_dict().items() if not torch.equal(value, net.state_dict()[key])}
    assert differing and all(key.startswith(f"{first}.") for key in differing)
    *_, (_, changed) = nets
    assert all(torch.equal(value, twin.state_dict()[key]) for key, value in changed.state_dict().items())


def examined(name: str, model: str = "cnn", x: Tensor = SEVENS, baseline: str = "black") -> examine.Trust:
    *_, found = examine.examine(name, load(model), load(model, weights="untrained"), x, SEVEN, baseline)
    return found


def test_the_check_tells_saliency_from_guided_backprop() -> None:
    saliency, guided = (
        [float(alike.mean()) for alike in examined(name).stages.values()] for name in ("saliency", "guided backprop")
    )
    assert guided[0] > 0.9 > saliency[0] + 0.2
    assert guided[-1] > 0.4 > abs(saliency[-1]) + 0.2


def test_everything_about_a_map_comes_piece_by_piece() -> None:
    net, twin = load("cnn"), load("cnn", weights="untrained")
    parts = list(examine.examine("integrated gradients", net, twin, SEVENS, SEVEN, "noise"))
    shares = [part.done for part in parts]
    assert shares == sorted(shares) and shares[-1] == 1 and len(parts) > 8 * (1 + numbers.NEARBY + 5)
    whole = parts[-1]
    assert set(whole.numbers) == {name for name in table.NUMBERS if "," not in name}
    assert all(value.shape == (len(SEVENS),) and value.isfinite().all() for value in whole.numbers.values())
    explain = partial(ATTRIBUTIONS["integrated gradients"], baseline="noise")
    torch.testing.assert_close(whole.found, explain(net, SEVENS, SEVEN))
    order = numbers.importance(whole.found)
    for which, insert in (("deletion", False), ("insertion", True)):
        torch.testing.assert_close(whole.curves[which], numbers.curve(net, SEVENS, SEVEN, order, insert))
        torch.testing.assert_close(whole.numbers[which], numbers.area(whole.curves[which]))
    of_twin = numbers.rank_correlation(whole.found, explain(twin, SEVENS, SEVEN), SEVENS)
    torch.testing.assert_close(whole.stages["conv1"], of_twin)
    torch.testing.assert_close(whole.numbers["all random"], of_twin)
    torch.testing.assert_close(whole.numbers["last layer random"], whole.stages["logits"])


def test_the_gap_is_measured_from_the_baseline_of_the_map() -> None:
    for baseline in ("black", "noise", "mean digit"):
        assert examined("DeepLift", "dense", SEVENS[:1], baseline).numbers["gap"].max() < 1e-4


def test_the_control_is_the_mean_over_orders() -> None:
    *_, found = examine.controls(load("cnn"), SEVENS, SEVEN)
    curves = [numbers.curve(load("cnn"), SEVENS, SEVEN, numbers.random_order(SEVENS, draw), insert=False)
              for draw in range(examine.ORDERS)]  # fmt: skip
    torch.testing.assert_close(found["deletion"], sum(curves) / examine.ORDERS)
    torch.testing.assert_close(found["insertion"][-1], found["deletion"][0])


def test_the_table_holds_every_method_of_every_net_and_its_controls() -> None:
    kept = table.table()
    there = {model: {name for name in ATTRIBUTIONS if not why_not(name, load(model))} for model in DIGIT_NETS}
    assert {model: set(rows.method) for model, rows in kept.groupby("model")} == there
    for _, rows in kept.groupby("model"):
        assert rows["deletion, random"].nunique() == 1 and rows["insertion, random"].nunique() == 1
    assert (kept.images == table.DIGITS).all()


def test_the_shipped_numbers_are_what_the_command_computes() -> None:
    row = table.table().set_index(["model", "method"]).loc[("dense", "DeepLift")]
    worth = table.measure("DeepLift", "dense", table.DIGITS)
    for name, value in worth.numbers.items():
        assert float(row[name]) == pytest.approx(value, abs=5e-3), name
    kept = table.shipped()["dense", "DeepLift"]
    assert list(kept.stages) == list(worth.stages)
    assert list(kept.stages.values()) == pytest.approx(list(worth.stages.values()), abs=5e-3)
    for name, values in worth.curves.items():
        assert kept.curves[name] == pytest.approx(values, abs=5e-3), name


def test_the_shipped_curves_belong_to_the_shipped_numbers() -> None:
    shipped = table.shipped()
    assert set(shipped) == set(zip(table.table().model, table.table().method, strict=True))
    for worth in shipped.values():
        stages = list(worth.stages.values())
        ends = [worth.numbers["last layer random"], worth.numbers["all random"]]
        assert [stages[0], stages[-1]] == pytest.approx(ends, abs=2e-4)
        for name, values in worth.curves.items():
            area = float(numbers.area(torch.tensor(values)))
            assert area == pytest.approx(worth.numbers[name], abs=1e-3)


def test_what_is_erased_is_ink_and_the_first_of_the_order() -> None:
    order = numbers.importance(ATTRIBUTIONS["integrated gradients"](load("cnn"), SEVENS, SEVEN))
    for share in (0.0, 0.3, 1.0):
        left = numbers.erased(SEVENS, order, share)
        for image, kept, values in zip(SEVENS.flatten(1), left.flatten(1), order, strict=True):
            ink = (image > 0).nonzero().flatten()
            gone = ink[values[ink].argsort(descending=True, stable=True)][: round(share * len(ink))]
            expected = image.clone()
            expected[gone] = 0
            assert torch.equal(kept, expected)


def test_the_fall_is_the_share_of_what_is_left() -> None:
    net, x, gone = load("cnn"), SEVENS[:1], [0.0, 0.35, 1.0]
    order = numbers.random_order(x, 3)
    found = numbers.fall(net, x, SEVEN, order, gone)
    for share, value in zip(gone, found, strict=True):
        assert float(value) == pytest.approx(float(net(numbers.erased(x, order, share)).softmax(1)[0, 7]), abs=1e-5)


def test_the_readme_holds_the_table_that_the_command_prints() -> None:
    assert table.markdown("cnn") in (Path(__file__).parent.parent / "README.md").read_text()
