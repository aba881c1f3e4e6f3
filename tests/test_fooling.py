"""Fooling images on nets that are solved by hand, against a slow reference, and within their ball and range."""

import math
from collections import OrderedDict
from typing import Any

import pytest
import torch
from captum.robust import PGD
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor, nn

from core.data.digits import test_set as mnist
from core.models import fingerprint, load
from core.studio import fooling
from core.studio.fooling import DRAWS, SEARCHED, Fooling, attack, fool, rounded, sizes, transfer, unguided
from core.studio.perturbed import NORMS, Norm, noisy, perturb, shortfall, veiled
from core.studio.smallest import DOUBLINGS, Search
from tests import references

SIDE = 4
PIXELS = SIDE**2
EIGHT = mnist().images[84:85]


def linear(seed: int = 0, margin: float = 0.3) -> nn.Sequential:
    """logits = (w x + b, 0); w x + b is `margin` where all pixels are grey."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 2)).eval().requires_grad_(False)
    weights = torch.randn(PIXELS, generator=Generator().manual_seed(seed))
    net[1].weight.copy_(torch.stack([weights, torch.zeros(PIXELS)]))
    net[1].bias.copy_(torch.tensor([margin - float(weights.sum()) / 2, 0.0]))
    return net


def bent(seed: int = 0, side: int = SIDE) -> nn.Sequential:
    """A dense net of one hidden layer and five classes."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(side**2, 12), tanh=nn.Tanh(), logits=nn.Linear(12, 5))
        return nn.Sequential(layers).eval().requires_grad_(False)


def grey() -> Tensor:
    return torch.full((1, 1, SIDE, SIDE), 0.5)


def drawn(seed: int = 0, images: int = 1) -> Tensor:
    """With pixels at both ends of the range."""
    return (torch.rand(images, 1, SIDE, SIDE, generator=Generator().manual_seed(seed)) * 1.4 - 0.2).clamp(0, 1)


def last(net: nn.Module, image: Tensor, **recipe: Any) -> fooling.Made:
    *_, found = fool(net, image, Fooling(**recipe))
    return found


@pytest.mark.parametrize("margin", [0.3, -0.2])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("seed", range(3))
def test_of_a_linear_net_the_smallest_epsilon_is_the_margin_over_the_dual_norm(
    seed: int, norm: Norm, margin: float
) -> None:
    net = linear(seed, margin)
    exact = abs(margin) / float(net[1].weight[0].norm(p=1 if norm == "Linf" else 2))
    found = last(net, grey(), norm=norm)
    assert exact * (1 - 1e-4) <= found.numbers["smallest"] <= exact * (1 + 1 / 128 + 1e-4)
    assert found.numbers["epsilon"] == found.numbers["smallest"] and found.numbers["fooled"] == 1
    before, radius = net(grey()).argmax(1), torch.tensor([found.numbers["epsilon"]])
    shown = {"fooled": attack(net, grey(), before, radius, Fooling(norm=norm)).images}
    assert sizes(grey(), shown, norm) == pytest.approx((float(radius), float(radius)), rel=1e-4)
    assert (found.numbers["before"], found.numbers["after"]) == ((0, 1) if margin > 0 else (1, 0))


def test_captums_own_steps_in_l2_go_along_the_signs_and_need_a_larger_epsilon() -> None:
    net, radius = linear(), 0.3 / float(linear()[1].weight[0].norm())
    options: dict[str, Any] = {"radius": 1.01 * radius, "step_size": 0.25 * radius, "step_num": 10, "norm": "L2"}
    found = PGD(net, shortfall).perturb(grey(), target=torch.tensor([0]), **options)
    assert net(found).argmax() == 0
    ours = perturb(net, grey(), torch.tensor([0]), torch.tensor([1.01 * radius]), "L2", targeted=False, steps=10,
                   step_size=0.25)  # fmt: skip
    assert ours.logits[-1].argmax() == 1
    weights = linear()[1].weight[0]
    exact = radius * float(weights.norm()) * math.sqrt(PIXELS) / float(weights.norm(p=1))
    found = PGD(net, shortfall).perturb(grey(), target=torch.tensor([0]), **options | {"radius": 1.01 * exact})
    assert net(found).argmax() == 1


@pytest.mark.parametrize("towards", [False, True])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("steps", "size"), [(1, 1.0), (7, 0.3)])
def test_the_steps_are_the_papers(norm: Norm, steps: int, size: float, towards: bool) -> None:
    images, radii = drawn(images=3), torch.tensor([0.05, 0.3, 0.9])
    for seed in range(3):
        net = bent(seed)
        labels = (net(images).argmax(1) + towards) % 5
        found = perturb(net, images, labels, radii, norm, targeted=towards, steps=steps, step_size=size)
        for place, (image, label, radius) in enumerate(zip(images, labels.tolist(), radii.tolist(), strict=True)):
            expected = references.fooled(net, image, label, radius, norm, steps, size, towards)
            torch.testing.assert_close(found.images[place], expected, atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(found.logits[0], net(images))
        torch.testing.assert_close(found.logits[-1], net(found.images))
        assert found.logits.shape == (steps + 1, 3, 5)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 999), norm=st.sampled_from(NORMS), radius=st.floats(1e-4, 4), steps=st.integers(1, 6),
    size=st.floats(0.01, 1), targeted=st.booleans(),
)  # fmt: skip
def test_neither_ball_nor_range_is_ever_left(
    seed: int, norm: Norm, radius: float, steps: int, size: float, targeted: bool
) -> None:
    images = drawn(seed, images=2)
    options: dict[str, Any] = {"targeted": targeted, "steps": steps, "step_size": size}
    found = perturb(bent(seed), images, torch.tensor([0, 1]), torch.full((2,), radius), norm, **options).images
    noise = noisy(images, torch.full((2,), radius), norm, Generator().manual_seed(seed))
    for changed in (found, noise):
        assert changed.min() >= 0 and changed.max() <= 1
        change = (changed - images).flatten(1)
        sizes = change.abs().amax(1) if norm == "Linf" else change.norm(dim=1)
        assert (sizes <= radius * (1 + 1e-5) + 1e-6).all()


def test_noise_has_the_size_of_the_change() -> None:
    image = EIGHT.expand(4, -1, -1, -1)
    signs = noisy(image, torch.full((4,), 0.1), "Linf", Generator().manual_seed(0)) - image
    inner = (image > 0.1) & (image < 0.9)
    torch.testing.assert_close(signs[inner].abs(), torch.full_like(signs[inner], 0.1))
    assert 0.3 < float((signs[inner] > 0).float().mean()) < 0.7 and not torch.equal(signs[0], signs[1])
    gaussian = noisy(image, torch.full((4,), 1.5), "L2", Generator().manual_seed(0)) - image
    torch.testing.assert_close(gaussian.flatten(1).norm(dim=1), torch.full((4,), 1.5), rtol=1e-4, atol=0)


def test_a_veil_moves_every_pixel_to_grey_and_not_beyond() -> None:
    found = veiled(torch.tensor([0.0, 0.45, 0.5, 0.58, 1.0]), 0.1)
    torch.testing.assert_close(found, torch.tensor([0.1, 0.5, 0.5, 0.5, 0.9]))


@settings(deadline=None, max_examples=60)
@given(thresholds=st.lists(st.floats(1e-3, 3.0), min_size=1, max_size=4), pixels=st.sampled_from([1, 784, 10**6]))
def test_the_search_finds_the_smallest_to_its_precision(thresholds: list[float], pixels: int) -> None:
    true = torch.tensor(thresholds)
    search = Search(len(true), pixels, highest=2.0)
    rounds = 0
    for radii in search.radii():
        rounds += 1
        assert (radii.diff(dim=1) >= 0).all()
        chosen = search.note(radii, radii >= true[:, None])
        for number, place in enumerate(chosen.tolist()):
            assert place < 0 or radii[number, place] == search.found[number]
    assert rounds <= search.rounds
    for found, threshold in zip(search.found.tolist(), true.tolist(), strict=True):
        assert math.isinf(found) if threshold > 2 else threshold <= found <= threshold * (1 + 1 / 128) + 1e-6


def test_what_happens_at_some_epsilons_and_not_at_larger_ones_is_found_at_the_smallest_of_them() -> None:
    search = Search(2, 10**6, highest=2.0)
    for radii in search.radii():
        happens = (radii >= 0.1) & (radii <= 0.2)
        happens[1] = radii[1] >= 1.5
        search.note(radii, happens)
    assert 0.1 <= float(search.found[0]) <= 0.1 * (1 + 1 / 128) and 1.5 <= float(search.found[1]) <= 1.5 * (1 + 1 / 128)


def test_below_the_first_epsilon_tried_the_search_goes_on() -> None:
    search = Search(1, 784, highest=1.0)
    true = 2.0**-DOUBLINGS / 3
    for radii in search.radii():
        search.note(radii, radii >= true)
    assert true <= float(search.found) <= true + 2.0**-DOUBLINGS / 128


@pytest.mark.parametrize("name", ["dense", "cnn", "rnn"])
def test_a_digit_is_fooled_by_less_than_noise_and_nothing_is_left_changed(name: str) -> None:
    net, image = load(name), EIGHT.clone()
    marks = fingerprint(net), [weight.requires_grad for weight in net.parameters()]
    records = list(fool(net, image, Fooling()))
    numbers = records[-1].numbers
    assert numbers["fooled"] == 1 and numbers["before"] == 8 != numbers["after"]
    assert numbers["noise_flips"] == 0 and numbers["noise_smallest"] > 2 * numbers["smallest"]
    assert [record.step for record in records] == sorted(record.step for record in records)
    assert records[-1].step == records[-1].steps and records[-1].pictures.shape == (3, 28, 28)
    assert len(numbers["of_before"]) == 11 and numbers["of_before"][0] > 0.9 > 0.5 >= numbers["of_before"][-1]
    assert numbers["of_label"][-1] >= numbers["of_before"][-1]
    assert marks == (fingerprint(net), [weight.requires_grad for weight in net.parameters()])
    assert torch.equal(image, EIGHT) and image.grad is None and not image.requires_grad and not net.training
    assert all(weight.grad is None for weight in net.parameters())
    assert not any(part._forward_hooks or part._backward_hooks for part in net.modules())


def test_towards_a_class_takes_more_and_reaches_it() -> None:
    net = load("dense")
    smallest = last(net, EIGHT).numbers["smallest"]
    for target in (0, 1, 4, 7):
        one = last(net, EIGHT, target=target).numbers
        assert one["after"] == one["label"] == target and one["smallest"] > smallest


def test_on_the_way_to_a_class_another_one_does_not_count() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 3)).eval().requires_grad_(False)
    slopes = torch.tensor([0.0, 1.0, 3.0])  # by s, the sum less that of grey: logits (0.3, s, 3 s - 2)
    net[1].weight.copy_(slopes[:, None].expand(-1, PIXELS))
    net[1].bias.copy_(torch.tensor([0.3, 0.0, -2.0]) - slopes * PIXELS / 2)
    found = last(net, grey(), target=2)
    assert found.numbers["smallest"] == pytest.approx(1 / PIXELS, rel=0.01) and found.numbers["after"] == 2
    halfway = last(net, grey(), target=2, epsilon=0.5 / PIXELS).numbers
    assert (halfway["after"], halfway["label"], halfway["fooled"]) == (1, 2, 0)
    assert halfway["share"] > 0.4 > halfway["of_label"][-1] and halfway["share"] > halfway["of_before"][-1]


def test_a_given_epsilon_is_used_as_it_is() -> None:
    net = load("dense")
    found = last(net, EIGHT, epsilon=0.2)
    smallest = last(net, EIGHT).numbers["smallest"]
    assert found.numbers["epsilon"] == 0.2 and found.numbers["linf"] == pytest.approx(0.2, abs=1e-6)
    assert found.numbers["smallest"] == smallest < 0.2
    assert found.numbers["fooled"] == found.numbers["rounded_fooled"] == 1
    change = found.images[0] - EIGHT[0]
    torch.testing.assert_close(found.images[1] - 0.5, change / 0.4, atol=0.02, rtol=0)
    less = last(net, EIGHT, epsilon=smallest / 2)
    assert less.numbers["fooled"] == 0 and less.numbers["after"] == 8 and less.numbers["label"] != 8


def test_a_net_sure_of_itself_is_fooled_too() -> None:
    net = linear(margin=0.3)
    net[1].weight.mul_(1000)
    net[1].bias.mul_(1000)
    assert nn.functional.cross_entropy(net(grey()), torch.tensor([0])) == 0  # and so is its gradient
    assert last(net, grey()).numbers["smallest"] == pytest.approx(last(linear(), grey()).numbers["smallest"])
    faint = linear(margin=0.3)
    faint[1].weight.mul_(1e-7)
    faint[1].bias.mul_(1e-7)
    assert last(faint, grey()).numbers["smallest"] == pytest.approx(
        last(linear(), grey()).numbers["smallest"], rel=0.02
    )


def test_same_seed_same_noise() -> None:
    first, same, other = (last(bent(), drawn(), seed=seed).pictures for seed in (0, 0, 1))
    assert (first == same).all() and (first[:2] == other[:2]).all() and (first[2] != other[2]).any()


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ({"target": 0}, "gives this answer already"),
        ({"target": 7}, "There is no class 7; the net's classes are 0 to 1"),
        ({"target": -1}, "Target is -1; it can be from 0"),
        ({"epsilon": 0.0}, "Epsilon is 0; it can be from"),
        ({"epsilon": 1.5}, "no picture is further away than 1"),
        ({"epsilon": math.nan}, "Epsilon is nan"),
        ({"epsilon": math.inf}, "Epsilon is inf"),
        ({"steps": 0}, "Steps is 0"),
        ({"steps": 10**6}, "Steps is 1e"),
        ({"step_size": 2.0}, "Step size is 2"),
        ({"norm": "L1"}, "There is no norm 'L1'"),
    ],
)
def test_bad_input_gets_a_sentence(recipe: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        next(fool(linear(), grey(), Fooling(**recipe)))


class Constant(nn.Module):
    """logits = (1, 0), whatever comes."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tensor([[1.0, 0.0]]).expand(len(x), -1)


class Dead(nn.Module):
    """logits = (1 + max(0, -1 - x summed), 0): constant over [0, 1], with a gradient that is zero."""

    def forward(self, x: Tensor) -> Tensor:
        first = 1 + (-1 - x.flatten(1).sum(1)).relu()
        return torch.stack([first, torch.zeros_like(first)], 1)


@pytest.mark.parametrize("net", [Constant(), Dead()], ids=["no graph", "zero"])
def test_a_net_without_gradient_gets_a_sentence(net: nn.Module) -> None:
    with pytest.raises(ValueError, match="No pixel changes what the net says"):
        next(fool(net, grey(), Fooling()))


def test_where_nothing_fools_the_strongest_change_is_shown() -> None:
    found = last(linear(margin=1000.0), grey())
    assert math.isinf(found.numbers["smallest"]) and found.numbers["fooled"] == 0
    assert found.numbers["epsilon"] == found.numbers["linf"] * 2 == 1  # grey can go half the way
    assert math.isinf(found.numbers["noise_smallest"])


class Few(nn.Module):
    """logits = (1, 0), and (0, 1) where noise of the seed 0 goes the way that it goes in the given draws only."""

    def __init__(self, draws: int) -> None:
        super().__init__()
        signs = torch.randn(SEARCHED, PIXELS, generator=Generator().manual_seed(0)).sign()
        self.ways = signs[:draws]

    def forward(self, x: Tensor) -> Tensor:
        along = (x.flatten(1) - 0.5) @ self.ways.T / PIXELS
        first = 0.4 - along.amax(1)
        return torch.stack([first, torch.zeros_like(first)], 1)


@pytest.mark.parametrize("draws", [SEARCHED // 2 - 1, SEARCHED // 2])
def test_where_half_of_the_draws_of_noise_fool_a_size_is_given(draws: int) -> None:
    found = last(Few(draws), grey(), epsilon=0.5).numbers
    assert found["noise_flips"] == draws / DRAWS
    if draws < SEARCHED / 2:
        assert math.isinf(found["noise_smallest"])
    else:
        assert 0.4 <= found["noise_smallest"] <= 0.4 * (1 + 1 / 128)


def test_rounded_to_8_bits_all_that_lies_on_the_grid_moves_by_the_same() -> None:
    image = rounded(drawn(1))
    for epsilon, level in ((0.004, 1), (0.008, 2), (0.016, 4), (0.03, 8)):
        changed = {name: rounded(each) for name, each in unguided(image, Fooling(), epsilon).items()}
        assert sizes(image, changed, "Linf") == pytest.approx((level / 255, level / 255), abs=1e-6)
    far = {"near": image, "far": image + 0.25}
    assert sizes(image, far, "L2") == pytest.approx((0, 0.25 * SIDE))


def test_transfer_says_how_each_net_answers_to_each_picture() -> None:
    first, second = linear(margin=0.1), linear(margin=-0.1)
    table = transfer({"a": first, "b": second}, grey(), {"same": grey(), "dark": torch.zeros(1, 1, SIDE, SIDE)})
    assert list(table.columns) == ["picture", "net", "image", "before", "after", "share"]
    rows = table.set_index(["picture", "net"])
    assert rows.before.loc["same"].tolist() == rows.after.loc["same"].tolist() == [0, 1]
    dark = rows.loc["dark", "a"]
    logits = first(torch.zeros(1, 1, SIDE, SIDE))[0]
    assert dark.after == int(logits.argmax()) and dark.share == pytest.approx(float(logits.softmax(0).max()))
