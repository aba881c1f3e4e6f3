"""One eighth of what a unit reads, cut or left alone: beside a slow reference, and on a net that is solved by hand."""

import math
from collections import OrderedDict

import pytest
import torch
from torch import Generator, Tensor, nn

from core.circuits import eighth
from core.circuits.contributions import Run, stages
from core.circuits.eighth import ACTIVE, ANOTHER, EXCITING, KEPT, LOST, MEAN, NAMED, RANDOM, ZERO, Answers, Eighths
from core.data import digits
from core.layers import list_layers, record
from core.models import load
from core.stimuli import OPTIMUM

IMAGES = digits.test_set().images[:60]
FEW = 5  # images of a unit


def eighths(net: nn.Module, sums: str, images: Tensor = IMAGES) -> Eighths:
    layers = list_layers(net, tuple(images.shape[1:]))
    return Eighths(net, images, stages(layers, sums), record(net, images))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eighth, "STRONGEST", FEW)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("sums", "reads", "before", "k"),
                         [("conv3", "relu2", "pool2", 3), ("conv2", "relu1", "pool1", 1)])  # fmt: skip
def test_what_is_lost_is_what_the_affine_sum_says(sums: str, reads: str, before: str, k: int) -> None:
    """1 - relu(pre - sum(c - c of what stands in)) / relu(pre), c of the named by a loop over the padded window."""
    net = load("cnn", weights="seed-1")
    seen, conv = record(net, IMAGES), net.get_submodule(sums)
    assert isinstance(conv, nn.Conv2d)
    every = iter(eighths(net, sums).units())
    for unit in range(2):
        found = next(every)
        peaks = seen[sums][:, unit].flatten(1).amax(1)
        whole = gone = filled = 0.0
        for image in peaks.argsort(descending=True)[:FEW].tolist():
            at = divmod(int(seen[sums][image, unit].argmax()), seen[sums].shape[-1])
            given = _window(seen[before][image], conv, unit, at)
            mean = _window(seen[before].mean(0), conv, unit, at)  # pooling is linear: the mean pooled
            named = given.argsort(descending=True)[:k]
            value = float(seen[sums][image, unit, at[0], at[1]])
            whole += max(value, 0)
            gone += max(value - float((given - mean)[named].sum()), 0)
            filled += max(value - float(given[named].sum()), 0)
        assert found[LOST, MEAN, NAMED] == pytest.approx(1 - gone / whole, abs=1e-4)
        assert found[LOST, ZERO, NAMED] == pytest.approx(1 - filled / whole, abs=1e-4)
        assert found[LOST, ZERO, NAMED] > found[LOST, ZERO, RANDOM]


def _window(maps: Tensor, conv: nn.Conv2d, unit: int, at: tuple[int, int]) -> Tensor:
    """What each map contributes to a unit at one place."""
    side, pad = conv.kernel_size[0], int(conv.padding[0])
    found = torch.zeros(len(maps))
    for row in range(side):
        for column in range(side):
            down, across = at[0] + row - pad, at[1] + column - pad
            if 0 <= down < maps.shape[1] and 0 <= across < maps.shape[2]:
                found += conv.weight[unit, :, row, column] * maps[:, down, across]
    return found


class Few(nn.Sequential):
    """fc1 = 16 copies of the two pixels, in turns; fc2 = (4 relu1[0] + relu1[1], -1, relu1[1] - relu1[0]) and relu2."""

    def __init__(self) -> None:
        parts = OrderedDict(flatten=nn.Flatten(), fc1=nn.Linear(2, 16), relu1=nn.ReLU(), fc2=nn.Linear(16, 3),
                            relu2=nn.ReLU(), logits=nn.Linear(3, 2))  # fmt: skip
        super().__init__(parts)
        for weight in self.parameters():
            nn.init.zeros_(weight)
        with torch.no_grad():
            parts["fc1"].weight[:] = torch.eye(2).repeat(8, 1)
            parts["fc2"].weight[0, :2] = torch.tensor([4.0, 1.0])
            parts["fc2"].bias[1] = -1
            parts["fc2"].weight[2, :2] = torch.tensor([-1.0, 1.0])
        self.eval().requires_grad_(False)


PIXELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]).view(4, 1, 1, 2)


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit 0 answers 5 and 4 to its two strongest images, and 2.5 to the mean; two of sixteen are all that it reads.

    In the second one alone of them is there, and named: at its mean 2 is left; it alone, with the other at its mean,
    makes 4.5.
    """
    monkeypatch.setattr(eighth, "STRONGEST", 2)
    cut = eighths(Few(), "fc2", PIXELS)
    assert cut.strongest[0].tolist() == [2, 0]
    first, silent, third = cut.units()
    assert first[LOST, ZERO, NAMED] == 1 and first[LOST, MEAN, NAMED] == pytest.approx(1 - (2.5 + 2) / 9)
    assert first[KEPT, MEAN, NAMED] == pytest.approx((5 + 4.5 - 2 * 2.5) / (9 - 2 * 2.5))
    assert all(math.isnan(share) for share in silent.values())
    assert third[LOST, ZERO, NAMED] == 1  # it answers one image, where one unit excites it


def test_the_named_are_chosen_by_sign_and_the_others_by_what_they_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sixteen units two are named; of those that a unit reads but that inhibit it none. Unit 5 is never read."""
    monkeypatch.setattr(eighth, "DRAWS", 40)
    net = Few()
    net.fc1.weight[5] = 99.0
    cut = eighths(net, "fc2", PIXELS)
    run = Run(net, PIXELS[2:3], cut.stages)
    splits = [run.split(cut.stage, unit, ()) for unit in range(3)]
    first, _, third = (eighth.chosen(run, cut.stage, split, Generator().manual_seed(0)) for split in splits)
    assert first[NAMED] == [[0, 1]] and third[NAMED] == [[1]]
    assert {tuple(sorted(units)) for units in first[EXCITING]} == {(0, 1)}
    assert all(units == [1] for units in third[EXCITING])  # unit 0 inhibits
    assert {tuple(units) for units in third[RANDOM]} == {(0,), (1,)}
    assert all(len(units) == 1 for units in third[RANDOM]) and len(third[RANDOM]) == 40
    assert set(first[ACTIVE][0]) <= {0, 1}  # others are not read
    weighty = net.fc2.weight.clone()
    weighty[0] = 1e-3
    weighty[0, :2] = torch.tensor([4.0, 1.0])
    net.fc2.weight.copy_(weighty)
    net.fc1.weight[7] = 200.0  # both pixels: 400 times 0.001 is less than 1
    run = Run(net, PIXELS[2:3], cut.stages)
    sets = eighth.chosen(run, cut.stage, run.split(cut.stage, 0, ()), Generator().manual_seed(0))
    assert sets[NAMED] == [[0, 1]] and sets[ACTIVE][0][0] == 7


def test_shares_are_of_sums_over_images() -> None:
    one = Answers(4.0, 1.0, {(MEAN, NAMED): 1.0}, {NAMED: 3.0})
    two = Answers(1.0, 1.0, {(MEAN, NAMED): 1.0}, {NAMED: 1.5})
    found = eighth.shares([one, two])
    assert found[LOST, MEAN, NAMED] == pytest.approx(3 / 5) and found[KEPT, MEAN, NAMED] == pytest.approx(2.5 / 3)
    for whole, floor in ((0.0, 0.0), (-1.0, 2.0)):  # silent, and below what the mean does
        nothing = eighth.shares([Answers(whole, floor, {(MEAN, NAMED): 1.0}, {NAMED: 3.0})])
        assert all(math.isnan(value) for value in nothing.values())


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", ["dense-video", "rnn"])
def test_every_unit_has_every_share_and_the_same_again(name: str) -> None:
    net = load(name)
    cut = eighths(net, "fc2" if name == "dense-video" else "lstm2")
    cut.strongest = cut.strongest[:3]
    found = eighth.of_stage(cut)
    assert len(found) == 3 * (3 * 4 + 2) and found.share.notna().all()
    assert set(found[found.what == LOST].replacement) == {MEAN, ZERO, ANOTHER}
    again = eighths(net, cut.stage.sums.name)
    again.strongest = again.strongest[:3]
    assert eighth.of_stage(again).equals(found)


@pytest.mark.usefixtures("few")
def test_a_picture_of_all_parts_is_the_units_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every unit named, it climbs the unit's sum less its bias; with none that excites it reaches nothing."""
    net = load("dense", weights="plain")
    cut = eighths(net, "fc2")
    usual = eighth.put_together_shares(cut, 4, OPTIMUM)
    monkeypatch.setattr(eighth, "chosen", lambda *_: {NAMED: [list(range(64))], RANDOM: [[]]})
    found = eighth.put_together_shares(cut, 4, OPTIMUM)
    torch.testing.assert_close(found[NAMED], torch.ones(4), atol=1e-3, rtol=0)
    assert (found[RANDOM] < found[NAMED]).all()
    assert (usual[NAMED] > usual[RANDOM]).any()
