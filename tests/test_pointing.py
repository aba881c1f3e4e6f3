"""The grid pointing game against a net that is applied place by place, and maps whose score is known."""

import pytest
import torch
from torch import Tensor, nn

from core.attribution import ATTRIBUTIONS
from core.attribution.outcome import Images, Target
from core.data import photos
from core.data.digits import test_set as mnist
from core.models import load
from core.models.rnn import RNN
from core.trust import pointing
from core.trust.controls import CONTROLS
from core.trust.pointing import Grids, everywhere, grids, play, pointed


@pytest.mark.parametrize("model", ["cnn", "rnn"])
def test_the_readout_is_applied_at_every_place(model: str) -> None:
    """The mean of the logits over all windows of the last maps, or all rows, each without the mean over the classes."""
    net, x = load(model), torch.rand(2, 1, 56, 56 if model == "cnn" else 28)
    if isinstance(net, RNN):
        logits = torch.stack([net.logits(state) for state in net.states(x).unbind(1)])
    else:
        maps = net[: list(dict(net.named_children())).index("flatten")](x)
        assert maps.shape[2:] == (7, 7)
        windows = [maps[:, :, top : top + 3, left : left + 3] for top in range(5) for left in range(5)]
        logits = torch.stack([net.logits(window.flatten(1)) for window in windows])
    expected = logits.mean(0) - logits.mean((0, 2))[:, None]
    before = net.logits.weight.clone()
    torch.testing.assert_close(everywhere(net)(x), expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(net.logits.weight, before)


@pytest.fixture(scope="module")
def games() -> dict[str, Grids]:
    found = {model: grids(load(model), count=100) for model in ("cnn", "rnn")}
    return {model: played for model, played in found.items() if played is not None}


def test_a_dense_net_cannot_play() -> None:
    assert grids(load("dense")) is None


@pytest.mark.parametrize(("model", "cells"), [("cnn", 4), ("rnn", 2)])
def test_grids_hold_different_digits_that_the_net_knows(model: str, cells: int, games: dict[str, Grids]) -> None:
    net, data, played = load(model), mnist(), games[model]
    assert 30 < len(played.images) <= 100
    down, across = played.shape
    assert played.images.shape[2:] == (28 * down, 28 * across) and down * across == cells
    known = {image.numpy().tobytes(): int(label) for image, label in zip(data.images, data.labels, strict=True)}
    for image, classes in zip(played.images, played.classes, strict=True):
        digits = [part for row in image.split(28, 1) for part in row.split(28, 2)]
        assert [known[digit.contiguous().numpy().tobytes()] for digit in digits] == classes.tolist()
        assert len(set(classes.tolist())) == cells
        assert all(float(net(digit[None]).softmax(1)[0, label]) > pointing.SURE
                   for digit, label in zip(digits, classes.tolist(), strict=True))  # fmt: skip
    assert set(played.asked.tolist()) == set(range(cells))
    seen = played.net(played.images).topk(cells, 1).indices
    assert (seen == played.targets[:, None]).any(1).all()


def corner(grids: Grids, x: Tensor) -> Tensor:
    """A map that lies on the asked digit, with as much on the paper of all."""
    found = torch.full_like(x, 0.25)
    for place, cell in enumerate(grids.asked.tolist()):
        row, column = divmod(cell, grids.shape[1])
        found[place, :, 28 * row : 28 * row + 28, 28 * column : 28 * column + 28] += 0.75
    return found


def test_the_score_is_the_share_on_the_asked_digit(games: dict[str, Grids]) -> None:
    played = games["cnn"]
    torch.testing.assert_close(
        pointed(corner(played, played.images), played), torch.full((len(played.images),), 1 / (1 + 3 * 0.25))
    )
    negative = -corner(played, played.images)
    assert pointed(negative, played).isnan().all()  # what speaks against is no answer


@pytest.mark.parametrize("model", ["cnn", "rnn"])
def test_what_knows_nothing_of_the_net_scores_chance_and_methods_more(model: str, games: dict[str, Grids]) -> None:
    played = games[model]
    chance = 1 / played.classes.shape[1]
    for draw in CONTROLS.values():
        assert float(play(lambda net, x, target, draw=draw: draw(x), played).mean()) == pytest.approx(chance, abs=0.03)
    assert float(play(ATTRIBUTIONS["input x gradient"], played).mean()) > chance + 0.05


class Reader(nn.Module):
    """logits[c] = the brightness of the pixels whose value is c / 10: each digit's own ink alone decides."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([(x * (x.sub(label / 10).abs() < 0.01)).sum((1, 2, 3)) for label in range(10)], 1)


def test_where_each_digit_alone_decides_a_true_map_scores_all() -> None:
    classes = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])
    images = (classes.float() / 10).view(2, 1, 2, 2).repeat_interleave(28, 2).repeat_interleave(28, 3)
    played = Grids(Reader(), images, (2, 2), classes, torch.tensor([0, 3]))

    def gradient(net: nn.Module, x: Images, target: Target) -> Images:
        moved = x.clone().requires_grad_()
        (found,) = torch.autograd.grad(net(moved)[:, target.index].sum(), moved)
        return found * x

    torch.testing.assert_close(play(gradient, played), torch.ones(2))
    torch.testing.assert_close(play(lambda net, x, target: torch.ones_like(x), played), torch.full((2,), 0.25))


def test_photos_play_two_by_two_and_only_what_is_recognised_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    four = list(photos.SAMPLES)[:4]
    monkeypatch.setattr(photos, "SAMPLES", {name: photos.SAMPLES[name] for name in four})
    net = load("photo")
    played = pointing.photo_grids(net)
    assert played.images.shape[1:] == (3, 448, 448) and 1 <= len(played.images) <= 4
    classes = [int(net(photos.to_input(photos.sample(name))[None]).argmax()) for name in four]
    assert played.classes[0].tolist() == classes
    for cell, name in enumerate(four):
        top, left = (224 * part for part in divmod(cell, 2))
        assert torch.equal(
            played.images[0, :, top : top + 224, left : left + 224], photos.to_input(photos.sample(name))
        )
    strongest = net(played.images).topk(pointing.SEEN).indices
    assert (strongest == played.targets[:, None]).any(1).all()
