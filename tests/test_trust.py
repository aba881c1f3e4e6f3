"""The trust numbers against their definitions, on nets and maps whose answer is known."""

from collections import OrderedDict
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from skimage.filters import sobel
from torch import Generator, Tensor, nn

from core.attribution import ATTRIBUTIONS, DRAWN, backwards, why_not
from core.attribution.outcome import Target, baselines
from core.attribution.removal import superpixels
from core.data.digits import test_set as mnist
from core.measures.interval import interval
from core.models import DIGIT_NETS, find, load, untrained
from core.trust import advice, examine, numbers, table
from core.trust.controls import CONTROLS, IMAGE, RANDOM, at_random, centre_first, image_itself
from tests.nets import Powers

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


@pytest.mark.parametrize("trained_further", [True, False])
def test_numbers_keep_no_graph_of_how_they_were_computed(trained_further: bool) -> None:
    """Also of a net whose weights are not frozen: a curve would hold all its forward passes."""
    net, x, target = linear().requires_grad_(trained_further), SEVENS[:2, :, 12:16, 12:16], Target("logits", 1)
    order = torch.arange(16.0).expand(2, 16)
    found = [numbers.difference(net, x, target), numbers.infidelity(net, x, target, x, gradients=True),
             numbers.curve(net, x, target, order, insert=True), numbers.fall(net, x[:1], target, order[:1], [0.0, 0.5]),
             numbers.completeness_gap(net, x, target, x)]  # fmt: skip
    assert not any(number.requires_grad for number in found)
    assert net.logits.weight.grad is None


@pytest.mark.parametrize("name", ["integrated gradients", "saliency"])
def test_the_infidelity_is_its_definition(name: str) -> None:
    """Over 8 x 8 squares of 7 x 7: b >= 0 minimises the mean of (b I . map - (f(x) - f(x - I)))^2."""
    net, x = load("dense"), SEVENS[:2]
    found = ATTRIBUTIONS[name](net, x, SEVEN)
    value = numbers.infidelity(net, x, SEVEN, found, gradients=name == "saliency")
    for image, own, got in zip(x, found, value, strict=True):
        predicted, happened = [], []
        for top in range(0, 22, 3):
            for left in range(0, 22, 3):
                square = (..., slice(top, top + 7), slice(left, left + 7))
                without = image.clone()
                without[square] = 0
                happened.append(float(net(image[None])[0, 7] - net(without[None])[0, 7]))
                predicted.append(float((image * own if name == "saliency" else own)[square].sum()))
        best = max(0, np.dot(predicted, happened) / np.dot(predicted, predicted))
        missed = np.square(best * np.array(predicted) - happened).mean()
        assert float(got) == pytest.approx(missed / np.square(happened).mean(), rel=1e-3)


def test_a_map_turned_round_predicts_nothing() -> None:
    """With a negative scale it would score like the map itself."""
    found = ATTRIBUTIONS["integrated gradients"](load("cnn"), SEVENS, SEVEN)
    infidelity = partial(numbers.infidelity, load("cnn"), SEVENS, SEVEN, gradients=False)
    assert infidelity(found).max() < 0.6
    torch.testing.assert_close(infidelity(-found), torch.ones(6))


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


def test_the_neighbourhood_is_searched_in_the_corners_of_its_box() -> None:
    """There a gradient changes more than in as many draws from within; every image has the same corners."""
    corners = list(numbers.near(SEVENS))
    assert len(corners) == numbers.NEARBY
    for image in corners:
        torch.testing.assert_close((image - SEVENS).abs(), torch.full_like(SEVENS, numbers.RADIUS))
        assert torch.allclose(image[:1] - SEVENS[:1], image[1:2] - SEVENS[1:2], atol=1e-6)
    assert len({tuple((image - SEVENS)[0].flatten().sign().tolist()) for image in corners}) == numbers.NEARBY
    net, generator = load("cnn"), Generator().manual_seed(0)
    found = backwards.saliency(net, SEVENS, SEVEN)
    within = [SEVENS + numbers.RADIUS * (2 * torch.rand(SEVENS.shape, generator=generator) - 1) for _ in corners]
    largest = torch.stack([numbers.change(found, backwards.saliency(net, image, SEVEN)) for image in within]).amax(0)
    assert sensitivity(net, SEVENS, SEVEN, "saliency").mean() > 1.1 * largest.mean()


def test_ink_goes_and_comes_in_its_order_and_paper_never() -> None:
    """Pixel after pixel, and the share computed one image at a time."""
    net, x = load("dense"), SEVENS[:2]
    order = numbers.importance(ATTRIBUTIONS["saliency"](net, x, SEVEN))  # which finds paper important, too
    gone, come = (numbers.curve(net, x, SEVEN, order, insert) for insert in (False, True))
    assert gone.shape == come.shape == (numbers.PARTS + 1, 2)
    for place in range(2):
        image = x[place].flatten()
        ink = (image > 0).nonzero().flatten()
        by_value = ink[order[place, ink].argsort(descending=True)]
        for part in range(numbers.PARTS + 1):
            first = by_value[: round(part * len(ink) / numbers.PARTS)]
            without, only = image.clone(), torch.zeros(784)
            only[first] = without[first]
            without[first] = 0
            for changed, shares in ((without, gone), (only, come)):
                expected = net(changed.view(1, 1, 28, 28)).softmax(1)[0, 7]
                assert float(shares[part, place]) == pytest.approx(float(expected), abs=1e-4)
    torch.testing.assert_close(gone[0], come[-1])


def test_among_equals_chance_decides_and_not_the_pixels_order() -> None:
    """A map without differences is a random order: its area is the random control's, not that of top-down."""
    net = load("cnn")
    equal = numbers.curve(net, SEVENS, SEVEN, torch.zeros(6, 784), insert=False)
    top_down = numbers.curve(net, SEVENS, SEVEN, -torch.arange(784.0).expand(6, -1), insert=False)
    lots = [numbers.curve(net, SEVENS, SEVEN, numbers.importance(at_random(SEVENS, draw)), False) for draw in range(20)]
    areas = torch.stack([numbers.area(shares).mean() for shares in lots])
    assert areas.min() - 0.02 < numbers.area(equal).mean() < areas.max() + 0.02
    assert abs(numbers.area(top_down).mean() - areas.mean()) > 3 * areas.std()


@pytest.mark.parametrize("target", [Target("relu3", 5), Target("lstm2", 3), Target("relu1", 2, 0)])
def test_a_units_share_is_what_is_left_of_its_difference(target: Target) -> None:
    net = load("rnn" if target.layer == "lstm2" else "cnn")
    shares = numbers.curve(net, SEVENS[:2], target, numbers.importance(at_random(SEVENS[:2])), insert=True)
    torch.testing.assert_close(shares[0], torch.zeros(2))
    torch.testing.assert_close(shares[-1], torch.ones(2))


def test_the_share_of_a_unit_that_the_image_leaves_alone_is_no_number() -> None:
    black = torch.zeros_like(SEVENS[:1])
    shares = numbers.curve(load("cnn"), black, Target("relu3", 5), numbers.importance(at_random(black)), insert=False)
    assert shares.isnan().all()


def test_the_share_of_one_class_and_not_another_is_between_the_two() -> None:
    net, order = load("cnn"), numbers.importance(at_random(SEVENS[:2]))
    shares = numbers.curve(net, SEVENS[:2], Target("logits", 4, 9), order, insert=False)
    both = net(SEVENS[:2])[:, [4, 9]].softmax(1)
    torch.testing.assert_close(shares[0], both[:, 0])
    assert shares.min() >= 0 and shares.max() <= 1


def test_superpixels_of_a_photo_go_whole_and_are_blurred() -> None:
    net = nn.Sequential(OrderedDict(flatten=nn.Flatten(), logits=nn.Linear(3 * 1024, 2))).requires_grad_(False)
    x = torch.rand(1, 3, 32, 32, generator=Generator().manual_seed(0))
    (blurred,) = baselines(x, "blurred")
    order = torch.rand(1, 1024, generator=Generator().manual_seed(1))
    parts = superpixels(x).flatten()
    means = {part: float(order[0, parts == part].mean()) for part in parts.unique().tolist()}
    by_mean = sorted(means, key=lambda part: -means[part])
    for insert, begin, end in ((False, x, blurred), (True, blurred, x)):
        shares = numbers.curve(net, x, Target("logits", 1), order, insert)[:, 0]
        gone = 0
        for part in range(numbers.PARTS + 1):
            taken = []
            for own in by_mean:  # a superpixel goes as soon as the first of its pixels does
                if sum(int((parts == before).sum()) for before in taken) < round(part * 1024 / numbers.PARTS):
                    taken.append(own)
            gone = torch.isin(parts, torch.tensor(taken, dtype=parts.dtype)).view(1, 1, 32, 32)
            expected = net(torch.where(gone, end, begin)).softmax(1)[0, 1]
            assert float(shares[part]) == pytest.approx(float(expected), abs=1e-5)


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
    net, twin = load("dense"), load("dense", weights="untrained")
    parts = list(examine.examine("integrated gradients", net, twin, SEVENS, SEVEN, "noise"))
    shares = [part.done for part in parts]
    stages, baselines_of_noise, curves = 3, 8, 5
    nets = 1 + 16 + stages  # the trained one, 16 images near by, and those that are made random
    assert len(parts) == nets * baselines_of_noise + curves + 1
    steps = [part / (baselines_of_noise * nets) for part in range(1, baselines_of_noise * nets + 1)]
    assert shares == pytest.approx([*steps[:8], *[steps[7]] * curves, *steps[8:], 1])
    whole = parts[-1]
    assert set(whole.numbers) == {
        *examine.CURVES,
        "infidelity",
        "gap",
        "sensitivity",
        "last layer random",
        "all random",
    }
    sizes = {name: values.shape for name, values in whole.numbers.items()}
    assert sizes.pop("sensitivity") == (examine.SENSITIVE,) and set(sizes.values()) == {(len(SEVENS),)}
    assert all(value.isfinite().all() for value in whole.numbers.values())
    explain = partial(ATTRIBUTIONS["integrated gradients"], baseline="noise")
    torch.testing.assert_close(whole.found, explain(net, SEVENS, SEVEN))
    size, sign = whole.found.abs().flatten(1), whole.found.flatten(1)
    for which, order in (
        ("deletion", size),
        ("insertion", size),
        ("deletion, signed", sign),
        ("insertion, signed", sign),
    ):
        expected = numbers.curve(net, SEVENS, SEVEN, order, insert="insertion" in which)
        torch.testing.assert_close(whole.curves[which], expected)
        torch.testing.assert_close(whole.numbers[which], numbers.area(whole.curves[which]))
    of_twin = numbers.rank_correlation(whole.found, explain(twin, SEVENS, SEVEN), SEVENS)
    torch.testing.assert_close(whole.stages["fc1"], of_twin)
    torch.testing.assert_close(whole.numbers["all random"], of_twin)
    torch.testing.assert_close(whole.numbers["last layer random"], whole.stages["logits"])


def test_the_gap_is_measured_from_the_baseline_of_the_map() -> None:
    for baseline in ("black", "noise", "mean digit"):
        assert examined("DeepLift", "dense", SEVENS[:1], baseline).numbers["gap"].max() < 1e-4


def test_what_multiplies_by_the_pixel_is_compared_without_it_and_beside_what_noise_keeps() -> None:
    whole, x = examined("input x gradient"), SEVENS
    net, twin = load("cnn"), load("cnn", weights="untrained")
    ink = torch.where(x > 0, x, 1.0)
    gradients = [torch.where(x > 0, ATTRIBUTIONS["input x gradient"](own, x, SEVEN) / ink, 0.0) for own in (net, twin)]
    divided = numbers.rank_correlation(*gradients, x)
    torch.testing.assert_close(whole.numbers["all random, divided"], divided)
    assert divided.mean() + 0.2 < whole.numbers["all random"].mean()
    floor = whole.numbers["floor"]
    assert 0.3 < floor.mean() < 0.5 and "floor" not in examined("saliency").numbers
    assert abs(float(floor.mean()) - float(whole.numbers["all random"].mean())) < 0.15


def test_the_controls_are_what_they_are_called() -> None:
    x = SEVENS
    assert torch.equal(image_itself(x), x)
    edges = CONTROLS["edge detector"](x)
    np.testing.assert_allclose(edges[2, 0], sobel(x[2, 0].numpy()), atol=1e-6)
    near_middle = centre_first(x)[0, 0]
    distance = torch.hypot(*torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij"))
    assert torch.equal(near_middle.flatten().argsort(stable=True), (-distance).flatten().argsort(stable=True))
    assert torch.equal(at_random(x)[0], at_random(x)[1]) and not torch.equal(at_random(x), at_random(x, 1))


def test_controls_are_measured_as_methods_are_and_random_ones_on_the_mean() -> None:
    net, found = load("cnn"), dict(examine.controls(load("cnn"), SEVENS, SEVEN))
    assert set(found) == set(CONTROLS)
    curves = [numbers.curve(net, SEVENS, SEVEN, at_random(SEVENS, draw).flatten(1), insert=False)
              for draw in range(examine.DRAWS)]  # fmt: skip
    torch.testing.assert_close(found[RANDOM].curves["deletion"], sum(curves) / examine.DRAWS)
    ink = numbers.curve(net, SEVENS, SEVEN, SEVENS.flatten(1), insert=True)
    torch.testing.assert_close(found[IMAGE].numbers["insertion"], numbers.area(ink))
    torch.testing.assert_close(
        found[IMAGE].numbers["infidelity"], numbers.infidelity(net, SEVENS, SEVEN, SEVENS, gradients=False)
    )


class Corner(nn.Module):
    """logits = (5 (x[20, 8] + x[20, 9] + x[21, 8] + x[21, 9]), 0): four pixels decide, whatever the rest is."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.logits = nn.Flatten(), nn.Linear(784, 2)
        weight = torch.zeros(2, 28, 28)
        weight[0, 20:22, 8:10] = 5
        self.logits.weight.data, self.logits.bias.data = weight.flatten(1), torch.zeros(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.flatten(x))


@pytest.mark.parametrize("name", ["input x gradient", "integrated gradients", "occlusion", "saliency"])
def test_where_known_pixels_decide_the_right_map_beats_the_image_itself(name: str) -> None:
    """Planted: the four pixels are ink, and not the darkest."""
    net = Corner().eval().requires_grad_(False)
    x = torch.rand(40, 1, 28, 28, generator=Generator().manual_seed(3)).clamp(min=0.05)
    x[..., 20:22, 8:10] = 0.3
    target = Target("logits", 0)
    found = ATTRIBUTIONS[name](net, x, target)
    gains = {}
    for control, draw in CONTROLS.items():
        own, other = (numbers.area(numbers.curve(net, x, target, values.abs().flatten(1), insert=False))
                      for values in (found, draw(x)))  # fmt: skip
        gains[control] = interval(other - own)
    assert min(low for low, _ in gains.values()) > 0.03
    wrong = numbers.area(numbers.curve(net, x, target, (1 - x).flatten(1), insert=False))
    right = numbers.area(numbers.curve(net, x, target, found.abs().flatten(1), insert=False))
    assert wrong.mean() > right.mean()


def test_a_gain_is_paired_and_taken_over_the_best_control() -> None:
    """A method that is better by 0.01 in every image beats a control whose images differ by far more."""
    images = torch.rand(50, generator=Generator().manual_seed(0))
    beside = {"poor": {"deletion": images + 0.3}, "good": {"deletion": images}}
    by_image = {"deletion": images - 0.01, "infidelity": torch.rand(50)}
    by_image["infidelity"][:] = torch.nan
    (row,) = table.rows("cnn", "trained", "saliency", by_image, beside)
    assert row["control"] == "good" and row["images"] == 50
    assert [row["gain"], row["gain low"], row["gain high"]] == pytest.approx([0.01] * 3, abs=1e-5)
    more = {"poor": {"insertion": images - 0.3}, "good": {"insertion": images}}  # of which more is better
    (row,) = table.rows("cnn", "trained", "saliency", {"insertion": images - 0.01}, more)
    assert row["control"] == "good" and row["gain"] == pytest.approx(-0.01, abs=1e-5)
    verdicts = [table.verdict(pd.Series({"gain low": low, "gain high": high}))
                for low, high in ((0.01, 0.02), (-0.01, 0.02), (-0.02, -0.01))]  # fmt: skip
    assert verdicts == ["beats", "no better", "worse"]


def test_the_table_holds_every_method_of_every_net_and_its_controls() -> None:
    kept = table.table()
    for weights in ("trained", "plain"):
        rows = kept[kept.weights == weights]
        for model in DIGIT_NETS:
            net = load(model, weights=weights)
            there = {name for name in ATTRIBUTIONS if not why_not(name, net)} | set(CONTROLS)
            there -= set(table.SLOW) if weights == "plain" else set()
            assert set(rows[rows.model == model].method) == there
    methods = kept[~kept.method.isin(CONTROLS) & kept.number.isin(table.TASKS)]
    assert methods[["control", "gain", "gain low", "gain high"]].notna().all(axis=None)
    assert (methods["gain low"] <= methods.gain).all() and (methods.gain <= methods["gain high"]).all()
    assert set(kept[kept.number == "pointing"].model) == {"cnn", "rnn", "photo"}


def test_the_shipped_numbers_are_what_the_command_computes() -> None:
    count = table.DIGITS["plain"]
    beside = {name: table.measure(name, "dense-video", "plain", count)[1] for name in CONTROLS}
    worth, by_image = table.measure("DeepLift", "dense-video", "plain", count)
    kept = (
        table.table()
        .query("model == 'dense-video' and weights == 'plain' and method == 'DeepLift'")
        .set_index("number")
    )
    for row in table.rows("dense-video", "plain", "DeepLift", by_image, beside):
        for name in ("value", "low", "high", *(["gain", "gain low", "gain high"] if "gain" in row else [])):
            assert float(kept.loc[row["number"], name]) == pytest.approx(row[name], abs=5e-3), (row["number"], name)
        assert kept.loc[row["number"], "control"] == row.get("control") or "control" not in row
    shipped = table.shipped("plain")["dense-video", "DeepLift"]
    assert list(shipped.stages) == list(worth.stages)
    assert list(shipped.stages.values()) == pytest.approx(list(worth.stages.values()), abs=5e-3)
    for name, values in worth.curves.items():
        assert shipped.curves[name] == pytest.approx(values, abs=5e-3), name


def test_the_shipped_curves_belong_to_the_shipped_numbers() -> None:
    for weights in table.DIGITS:
        shipped = table.shipped(weights)
        rows = table.table().query("weights == @weights and model != 'photo'")
        assert set(shipped) == set(zip(rows.model, rows.method, strict=True))
        for worth in shipped.values():
            if stages := list(worth.stages.values()):
                ends = [worth.numbers["last layer random"], worth.numbers["all random"]]
                assert [stages[0], stages[-1]] == pytest.approx(ends, abs=2e-4)
            for name, values in worth.curves.items():
                area = float(numbers.area(torch.tensor(values)))
                assert area == pytest.approx(worth.numbers[name], abs=1e-3)


def test_draws_are_enough_for_the_error_that_is_said() -> None:
    """Kernel SHAP's linear models are the exception, and the table says so."""
    errors = table.table().query("number == 'error' and weights == 'trained'").set_index(["model", "method"]).value
    assert set(errors.index.get_level_values(1)) == set(DRAWN)
    assert errors.drop("kernel SHAP", level=1).max() <= 0.3


def test_advice_follows_from_the_table_by_its_rule() -> None:
    kept = table.table().query("weights == 'trained'").set_index(["model", "method", "number"])
    for model in DIGIT_NETS:
        passed = set()
        for name in kept.loc[model].index.get_level_values(0).unique().difference(list(CONTROLS)):
            own = kept.loc[model].loc[name]
            beats = all(own.loc[number, "gain low"] > 0 for number in advice.MUST_BEAT if number in own.index)
            random = "all random, divided" if "all random, divided" in own.index else "all random"
            if beats and own.loc[random, "high"] < 0.5:
                passed.add(name)
        assert set(advice.advised(model)) == passed
        said = advice.advice([model])
        assert all(name in said for name in passed) and (bool(passed) or "none passes" in said)


def test_a_sentence_says_how_many_beat_which_control_and_that_none_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def row(method: str, number: str, low: float, control: str | None = IMAGE) -> dict[str, object]:
        return {"model": "cnn", "weights": "trained", "method": method, "number": number, "value": 0.25,
                "control": control, "gain": low + 0.02, "gain low": low, "gain high": low + 0.04}  # fmt: skip

    rows = [row("LRP", "deletion", 0.1), row("saliency", "deletion", -0.01), row("LRP", "insertion", -0.2)]
    rows += [row("LRP", "rival", 0.1), row("saliency", "rival", 0.09), row(IMAGE, "rival", torch.nan, None)]
    rows += [row(IMAGE, number, torch.nan, None) for number in ("deletion", "insertion")]
    monkeypatch.setattr(advice, "table", lambda: pd.DataFrame(rows))
    assert advice.sentence("cnn", "deletion") == (
        "deletion: 1 of 2 methods beat the image itself (0.25); most gains LRP, 0.25, better by 0.100 to 0.140"
    )
    assert advice.sentence("cnn", "rival").endswith("better by 0.100 to 0.140, not told apart from saliency")
    assert advice.count(["cnn"], "deletion") == "deletion: 1 of 2 in `cnn`"
    assert advice.count(["cnn"], "insertion") == "insertion: none of 1 in `cnn`"
    assert advice.count(["cnn"], "pointing") == ""
    assert advice.sentence("cnn", "insertion") == "insertion: none of 1 methods beats the image itself (0.25)"


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
    order = numbers.importance(at_random(x, 3))
    found = numbers.fall(net, x, SEVEN, order, gone)
    for share, value in zip(gone, found, strict=True):
        assert float(value) == pytest.approx(float(net(numbers.erased(x, order, share)).softmax(1)[0, 7]), abs=1e-5)


def colours(n: int = 2, height: int = 24, width: int = 32) -> Tensor:
    """Photos of patches, which are their superpixels."""
    generator = Generator().manual_seed(9)
    patches = nn.functional.interpolate(torch.rand(n, 3, 4, 4, generator=generator), (height, width))
    return 0.8 * patches + 0.2 * torch.rand(n, 3, height, width, generator=generator)


def of_photos(x: Tensor) -> nn.Sequential:
    """A net of one hidden layer that reads photos of that size."""
    torch.manual_seed(3)
    layers = OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(x[0].numel(), 6), relu=nn.ReLU(), logits=nn.Linear(6, 3))
    return nn.Sequential(layers).eval().requires_grad_(False)


@pytest.mark.parametrize("gradients", [True, False])
def test_the_infidelity_of_photos_is_its_definition(gradients: bool) -> None:
    """A quarter of the height wide are the squares, eight down and eight across, and blurred is what goes."""
    x = colours()
    net, target, (blurred,) = of_photos(x), Target("logits", 2), baselines(x, "blurred")
    found = torch.randn(x.shape, generator=Generator().manual_seed(0))
    value = numbers.infidelity(net, x, target, found, gradients=gradients)
    for place, image in enumerate(x):
        predicted, happened = [], []
        for top in np.round(np.linspace(0, 18, 8)).astype(int):
            for left in np.round(np.linspace(0, 26, 8)).astype(int):
                square = (slice(None), slice(top, top + 6), slice(left, left + 6))
                without = image.clone()
                without[square] = blurred[place][square]
                happened.append(float(net(image[None])[0, 2] - net(without[None])[0, 2]))
                own = found[place] * (image - blurred[place]) if gradients else found[place]
                predicted.append(float(own[square].sum()))
        best = max(0, np.dot(predicted, happened) / np.dot(predicted, predicted))
        missed = np.square(best * np.array(predicted) - happened).mean()
        assert float(value[place]) == pytest.approx(missed / np.square(happened).mean(), rel=1e-3)


def test_where_nothing_happens_and_nothing_is_predicted_there_is_no_infidelity() -> None:
    black = torch.zeros(2, 1, 28, 28)
    assert numbers.infidelity(load("dense"), black, SEVEN, black, gradients=False).tolist() == [0, 0]


def test_the_difference_is_taken_from_the_mean_over_baselines() -> None:
    net, x = load("dense"), SEVENS[:3]
    for name in ("black", "noise"):
        expected = torch.stack([net(x)[:, 7] - net(begin)[:, 7] for begin in baselines(x, name)]).mean(0)
        torch.testing.assert_close(numbers.difference(net, x, SEVEN, name), expected, atol=1e-5, rtol=1e-4)


def test_importance_adds_sizes_over_colours_and_support_adds_signs() -> None:
    found = torch.tensor([[1.0, -2.0], [-3.0, 0.5], [0.0, 4.0]]).view(1, 3, 1, 2)
    assert numbers.importance(found).tolist() == [[4, 6.5]] and numbers.support(found).tolist() == [[-2, 2.5]]


def test_the_neighbourhood_of_a_photo_has_corners_of_three_colours() -> None:
    x = colours()
    corners = torch.stack(list(numbers.near(x))) - x
    assert corners.shape == (16, *x.shape)
    torch.testing.assert_close(corners.abs(), torch.full_like(corners, 0.02))
    torch.testing.assert_close(corners[:, 0], corners[:, 1])
    alike = torch.corrcoef(corners[:, 0].flatten(1).sign())
    assert alike.fill_diagonal_(0).abs().max() < 0.15
    assert abs(float(corners.sign().mean())) < 0.05
    assert abs(float((corners[:, 0, 0].sign() * corners[:, 0, 1].sign()).mean())) < 0.05


def test_a_change_is_measured_beside_the_first_maps_size() -> None:
    found, other = torch.zeros(2, 3, 1, 2), torch.zeros(2, 3, 1, 2)
    found[0, :, 0, 0], other[0, 0, 0, 1] = 2.0, 6.0  # sqrt(12), and sqrt(12 + 36) away
    found[1], other[1] = 1.0, -1.0
    torch.testing.assert_close(numbers.change(found, other), torch.tensor([2.0, 2.0]))


def test_ranks_of_a_photo_are_correlated_where_any_colour_is() -> None:
    x = colours()
    x[:, :, :5] = 0
    x[:, 1, :2] = 0.5  # green alone is a brightness, too
    a, b = (torch.randn(x.shape, generator=Generator().manual_seed(seed)) for seed in (0, 1))
    b = b + 0.5 * a
    found = numbers.rank_correlation(a, b, x)
    for place, image in enumerate(x):
        there = image.sum(0).flatten() > 0
        pair = [values[place].abs().sum(0).flatten()[there] for values in (a, b)]
        assert float(found[place]) == pytest.approx(spearmanr(*pair).statistic, abs=1e-5)
    assert int(there.sum()) == (24 - 3) * 32


def test_the_floor_is_what_two_products_with_noise_share() -> None:
    """Each with noise of its own, which every image gets: nothing where the image is even, and more the less it is."""
    even, uneven = torch.ones(1, 1, 28, 28), torch.rand(1, 1, 28, 28, generator=Generator().manual_seed(0)) ** 4
    floors = numbers.product_floor(torch.cat([even, uneven, uneven]))
    assert abs(float(floors[0])) < 0.1 and 0.5 < float(floors[1]) < 0.9 and floors[1] == floors[2]
    assert numbers.product_floor(colours()).shape == (2,)


def test_photos_in_a_batch_have_the_curves_that_they_have_alone() -> None:
    x = colours()
    net, order = of_photos(x), torch.rand(2, 24 * 32, generator=Generator().manual_seed(1))
    for target in (Target("logits", 1), Target("fc", 2), Target("logits", 0, 2)):
        for insert in (True, False):
            both = numbers.curve(net, x, target, order, insert)
            alone = [numbers.curve(net, x[[place]], target, order[[place]], insert)[:, 0] for place in range(2)]
            torch.testing.assert_close(both, torch.stack(alone, 1), atol=1e-6, rtol=1e-4)
            assert both.shape == (15, 2)


def test_a_units_share_in_a_photo_is_of_its_difference_from_the_blurred_one() -> None:
    x = colours()
    net, (blurred,) = of_photos(x), baselines(x, "blurred")
    order = torch.rand(2, 24 * 32, generator=Generator().manual_seed(1))
    shares = numbers.curve(net, x, Target("fc", 2), order, insert=False)
    torch.testing.assert_close(shares[[0, -1]], torch.tensor([[1.0, 1.0], [0.0, 0.0]]), atol=1e-5, rtol=0)
    with torch.no_grad():
        answers = [net.fc(net.flatten(images))[:, 2] for images in (x, blurred)]
        both = [net(images)[:, [0, 2]].softmax(1)[:, 0] for images in (x, blurred)]
        chance = [net(images).softmax(1)[:, 1] for images in (x, blurred)]
    assert (answers[0] != answers[1]).all()
    for target, ends in ((Target("logits", 0, 2), both), (Target("logits", 1), chance)):
        come = numbers.curve(net, x, target, order, insert=True)
        torch.testing.assert_close(come[[-1, 0]], torch.stack(ends))


def test_the_area_is_the_trapezoids() -> None:
    shares = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    assert numbers.area(shares).tolist() == [0.5, 0.75]


def test_erasing_a_share_of_the_ink_rounds_to_whole_pixels_of_each_image() -> None:
    x = torch.zeros(2, 1, 1, 8)
    x[0, 0, 0, :4], x[1, 0, 0, :7] = 1.0, 1.0
    order = torch.arange(8.0).expand(2, 8)
    assert numbers.erased(x, order, 0.5)[:, 0, 0].tolist() == [[1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 0]]


def test_the_controls_of_photos() -> None:
    x = colours()
    (blurred,) = baselines(x, "blurred")
    torch.testing.assert_close(image_itself(x), (x - blurred).abs())
    edges = CONTROLS["edge detector"](x)
    for place, own in enumerate(x):
        np.testing.assert_allclose(edges[place, 2], sobel(own.mean(0).numpy()), atol=1e-6)
    down, across = torch.meshgrid(torch.arange(24) - 11.5, torch.arange(32) - 15.5, indexing="ij")
    torch.testing.assert_close(centre_first(x)[1, 1], 1 / (1 + torch.hypot(down, across)))
    chance = at_random(x, 4)
    assert torch.equal(chance[0, 0], chance[1, 2]) and float(chance.mean()) == pytest.approx(0.5, abs=0.05)
    assert all(draw(x).shape == x.shape for draw in CONTROLS.values())
    assert [RANDOM, IMAGE] == ["at random", "the image itself"]
    assert list(CONTROLS) == ["at random", "centre first", "the image itself", "edge detector"]


def test_a_net_of_one_layer_is_random_at_once_and_one_without_weights_never() -> None:
    net, twin, x = linear(), linear(), small()
    twin.logits.weight.data = torch.randn(3, 16, generator=Generator().manual_seed(8))
    *_, found = examine.examine("input x gradient", net, twin, x, Target("logits", 1))
    assert list(found.stages) == ["logits"] and found.done == 1
    expected = numbers.rank_correlation(x * net.logits.weight[1].view(1, 4, 4),
                                        x * twin.logits.weight[1].view(1, 4, 4), x)  # fmt: skip
    for number in ("last layer random", "all random"):
        torch.testing.assert_close(found.numbers[number], expected)
    *_, found = examine.examine("input x gradient", Powers(), Powers(), x, Target("logits", 1))
    assert found.stages == {} and found.done == 1 and "all random" not in found.numbers
    assert {"deletion", "infidelity", "sensitivity"} <= set(found.numbers)


def test_what_is_random_goes_down_in_eight_steps_at_most() -> None:
    layers = [(f"fc{place}", nn.Linear(4, 4)) for place in range(20)]
    net = nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *layers])).requires_grad_(False)
    twin = nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *((name, nn.Linear(4, 4)) for name, _ in layers)]))
    stages = []
    for name, changed in examine.randomised(net, twin, torch.rand(1, 1, 2, 2)):
        same = [torch.equal(changed.get_submodule(own).weight, net.get_submodule(own).weight) for own, _ in layers]
        stages.append((name, same.count(True)))
    places = [19, 16, 14, 11, 8, 5, 3, 0]
    assert stages == [(f"fc{place}", place) for place in places]


def test_the_gap_is_a_share_of_the_difference_that_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not of what the map adds up to, which is far from it in two steps."""
    monkeypatch.setattr(backwards, "STEPS", 2)
    net, found = load("dense"), examined("integrated gradients", "dense", SEVENS)
    explained = net(SEVENS)[:, 7] - net(torch.zeros_like(SEVENS))[:, 7]
    total = found.found.flatten(1).sum(1)
    torch.testing.assert_close(found.numbers["gap"], (total - explained).abs() / explained.abs())
    assert (found.numbers["gap"] > 0.03).any()


def test_the_sensitivity_is_the_most_that_changes_near_the_first_two_images() -> None:
    net, found = load("dense"), examined("saliency", "dense", SEVENS)
    changes = []
    for image in numbers.near(SEVENS[:2]):
        moved, own = (torch.cat([backwards.saliency(net, one, SEVEN) for one in images.clone().split(1)])
                      for images in (image, SEVENS[:2]))  # fmt: skip
        changes.append((moved - own).flatten(1).norm(dim=1) / own.flatten(1).norm(dim=1))
    torch.testing.assert_close(found.numbers["sensitivity"], torch.stack(changes).amax(0))
    assert found.numbers["sensitivity"].shape == (2,)
    product = numbers.infidelity(net, SEVENS, SEVEN, SEVENS * backwards.saliency(net, SEVENS, SEVEN), gradients=False)
    torch.testing.assert_close(found.numbers["infidelity"], product)
    assert "gap" not in found.numbers and "error" not in found.numbers


def test_a_drawn_map_says_its_error_and_one_for_and_against_has_curves_of_its_own() -> None:
    """A control is nowhere below nothing, so that its signed curves are the others."""
    found = examined("SmoothGrad", "dense", SEVENS[:2])
    *_, last = backwards.smooth_grad(load("dense"), SEVENS[:2], SEVEN)
    assert last.error is not None
    torch.testing.assert_close(found.numbers["error"], last.error)
    assert not torch.equal(found.curves["deletion"], found.curves["deletion, signed"])


def test_controls_come_piece_by_piece_and_random_orders_five_times() -> None:
    steps = list(examine.controls(load("dense-video"), SEVENS[:2], SEVEN))
    names = [name for name, _ in steps]
    assert [names.count(name) for name in CONTROLS] == [5 * 5 + 1, 6, 6, 6]
    first, last = steps[0][1], steps[25][1]
    assert set(first.curves) == {"deletion"} and set(last.curves) == set(examine.CURVES)
    for name in examine.CURVES:
        plain = name.removesuffix(", signed")
        torch.testing.assert_close(last.curves[name], last.curves[plain])
        torch.testing.assert_close(last.numbers[name], numbers.area(last.curves[plain]))
    alone = numbers.infidelity(load("dense-video"), SEVENS[:2], SEVEN, at_random(SEVENS[:2], 0), gradients=False)
    torch.testing.assert_close(steps[4][1].numbers["infidelity"], alone)
    draws = [numbers.infidelity(load("dense-video"), SEVENS[:2], SEVEN, at_random(SEVENS[:2], draw), gradients=False)
             for draw in range(5)]  # fmt: skip
    torch.testing.assert_close(last.numbers["infidelity"], sum(draws) / 5)
    torch.testing.assert_close(last.found, at_random(SEVENS[:2], 0))


def test_the_worth_of_groups_is_the_mean_over_all_of_their_images() -> None:
    def trust(values: list[float], **more: Tensor) -> examine.Trust:
        own = torch.tensor(values)
        return examine.Trust(own, {"gap": own, **more}, {"deletion": torch.stack([own, 2 * own])}, {"fc1": own})

    groups = [trust([1.0, torch.nan], error=torch.tensor([0.5, 0.5])), trust([3.0, 4.0, 4.0])]
    found = examine.worth(groups)
    assert found.numbers == {"gap": 3.0, "error": 0.5}
    assert found.curves == {"deletion": [3.0, 6.0]} and found.stages == {"fc1": 3.0}
    assert examine.joined([trust.numbers for trust in groups])["gap"][2:].tolist() == [3, 4, 4]


def kept(method: str, number: str, low: float = torch.nan, high: float = torch.nan, model: str = "cnn",
         **more: object) -> dict[str, object]:  # fmt: skip
    row = {"model": model, "weights": "trained", "method": method, "number": number, "value": 0.25, "high": high,
           "control": IMAGE, "gain": low + 0.01, "gain low": low, "gain high": low + 0.02}  # fmt: skip
    return row | more


def test_a_method_has_to_beat_in_every_task_and_to_lose_half_of_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that gains most against the rival stands first; what multiplies by the pixel is asked when divided."""
    rows = []
    for method, against in (("LRP", 0.3), ("saliency", 0.5), ("keeps", 0.9), ("loses", 0.8), ("divided", 0.4)):
        rows += [kept(method, "pointing", 0.1), kept(method, "rival", against),
                 kept(method, "deletion", -0.01 if method == "loses" else 0.1)]  # fmt: skip
        rows.append(kept(method, "all random", high=0.9 if method == "divided" else 0.5 if method == "keeps" else 0.4))
    rows.append(kept("divided", "all random, divided", high=0.1))
    rows += [kept("LRP", number, 0.1, model="dense") for number in ("rival", "deletion")]  # it plays no game
    rows += [kept("LRP", "all random", high=0.6, model="dense"), kept("LRP", "all random, divided", high=0.6,
                                                                       model="dense")]  # fmt: skip
    rows += [kept(IMAGE, number, model=model) for number in advice.MUST_BEAT for model in ("cnn", "dense")]
    monkeypatch.setattr(advice, "table", lambda: pd.DataFrame(rows))
    assert advice.advised("cnn") == ["saliency", "divided", "LRP"]
    assert advice.advice(["cnn", "dense"]) == "in `cnn` saliency, divided and LRP; in `dense` none passes"
    assert advice.summary("dense") == [
        "a digit against its strongest rival: 1 of 1 methods beat the image itself (0.25); most gains LRP, 0.25, "
        "better by 0.100 to 0.120",
        "deletion: 1 of 1 methods beat the image itself (0.25); most gains LRP, 0.25, better by 0.100 to 0.120",
    ]
    assert advice.count(["cnn", "dense"], "deletion").endswith("4 of 5 in `cnn`, 1 of 1 in `dense`")
    found = advice.of_task("cnn", "rival")
    assert list(found.method) == ["keeps", "loses", "saliency", "divided", "LRP"] and set(found.verdict) == {"beats"}
    assert advice.value("cnn", "LRP", "deletion") == 0.25


def test_the_readmes_part_holds_a_line_a_method_and_what_beats_in_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [kept("LRP", "rival", 0.1, value=0.126), kept("saliency", "rival", 0.2), kept("saliency", "deletion", -0.1),
            kept("LRP", "deletion", 0.01), kept(RANDOM, "rival", value=0.5), kept(IMAGE, "rival"),
            kept(IMAGE, "deletion"), kept("LRP", "all random", high=0.1, value=-0.5),
            kept("saliency", "all random", high=0.6)]  # fmt: skip
    monkeypatch.setattr(advice, "table", lambda: pd.DataFrame(rows))
    monkeypatch.setattr(advice, "DIGIT_NETS", ["cnn"])
    lines = advice.markdown("cnn").split("\n")
    assert lines[0] == "What passes: in `cnn` LRP. In `cnn`:"
    assert lines[2] == f"- {advice.sentence('cnn', 'rival')}" and lines[3] == f"- {advice.sentence('cnn', 'deletion')}"
    assert lines[5:] == [
        "| | rival | deletion | all random |",
        "|---|---|---|---|",
        "| saliency | **0.25** | 0.25 | 0.25 |",
        "| LRP | **0.13** | **0.25** | -0.50 |",
        "| *at random* | 0.50 |  |  |",
        "| *centre first* |  |  |  |",
        "| *the image itself* | 0.25 | 0.25 |  |",
        "| *edge detector* |  |  |  |",
    ]
