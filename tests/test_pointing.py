"""The grid pointing game against a net that is applied place by place, and maps whose score is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from skimage.filters import sobel
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
    found = {model: grids(load(model)) for model in ("cnn", "rnn")}
    return {model: played for model, played in found.items() if played is not None}


def test_a_dense_net_cannot_play() -> None:
    assert grids(load("dense")) is None


@pytest.mark.parametrize(("model", "cells"), [("cnn", 4), ("rnn", 2)])
def test_grids_hold_different_digits_that_the_net_knows(model: str, cells: int, games: dict[str, Grids]) -> None:
    net, data, played = load(model), mnist(), games[model]
    assert 60 < len(played.images) <= 200
    down, across = played.shape
    assert played.images.shape[2:] == (28 * down, 28 * across) and down * across == cells
    known = {image.numpy().tobytes(): int(label) for image, label in zip(data.images, data.labels, strict=True)}
    for image, classes in zip(played.images, played.classes, strict=True):
        digits = [part for row in image.split(28, 1) for part in row.split(28, 2)]
        assert [known[digit.contiguous().numpy().tobytes()] for digit in digits] == classes.tolist()
        assert len(set(classes.tolist())) == cells
        assert all(float(net(digit[None]).softmax(1)[0, label]) > 0.95
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
    strongest = net(played.images).topk(20).indices
    assert (strongest == played.targets[:, None]).any(1).all()


@pytest.mark.parametrize("model", ["cnn", "rnn"])
def test_the_shipped_game_is_recomputed(model: str, games: dict[str, Grids]) -> None:
    """Controls, the gradient and its product with the grid, on the share of what is positive in the asked digit."""
    played = games[model]
    x = played.images.clone().requires_grad_()
    asked = played.classes[torch.arange(len(x)), played.asked]
    (gradient,) = torch.autograd.grad(played.net(x)[torch.arange(len(x)), asked].sum(), x)
    table = pd.read_csv(Path(pointing.__file__).parent / "tables" / f"{model}-trained-numbers.csv")
    rows = table[table.number == "pointing"].set_index("method")
    edges = torch.from_numpy(np.stack([sobel(image[0].numpy()) for image in played.images]))[:, None]
    maps = {"the image itself": played.images, "edge detector": edges, "saliency": gradient,
            "input x gradient": gradient * played.images}  # fmt: skip
    for name, found in maps.items():
        shares = []
        for own, cell in zip(found[:, 0].clamp(min=0), played.asked.tolist(), strict=True):
            top, left = (28 * cell, 0) if model == "rnn" else (28 * (cell // 2), 28 * (cell % 2))
            shares.append(float(own[top : top + 28, left : left + 28].sum() / own.sum()))
        assert rows.images[name] == len(shares)
        assert float(rows.value[name]) == pytest.approx(np.mean(shares), abs=1e-3), name


def test_what_speaks_against_in_another_colour_takes_from_what_speaks_for() -> None:
    """Over the colours it is added up, and then only what is positive counts; two down and one across."""
    found = torch.zeros(2, 3, 4, 2)
    found[:, 0, 0, 0], found[:, 1, 0, 0] = 5.0, -4.0  # in the upper image 1
    found[:, 2, 3, 1], found[:, 2, 2, 0] = 3.0, -7.0  # in the lower one 3
    asked = torch.tensor([0, 1])
    played = Grids(nn.Identity(), found, (2, 1), torch.tensor([[4, 9], [4, 9]]), asked)
    assert pointed(found, played).tolist() == [0.25, 0.75] and played.targets.tolist() == [4, 9]
    second = played[torch.tensor([1])]
    assert second.shape == (2, 1) and second.asked.tolist() == [1] and second.classes.tolist() == [[4, 9]]


def test_what_a_net_reads_at_once() -> None:
    shapes = {model: pointing.shape_of(load(model)) for model in ("dense", "dense-video", "cnn", "rnn")}
    assert shapes == {"dense": None, "dense-video": None, "cnn": (2, 2), "rnn": (2, 1)}


def test_grids_of_another_seed_are_others_and_as_many_as_are_asked_for() -> None:
    first, second = grids(load("rnn"), count=6), grids(load("rnn"), count=6, seed=1)
    assert first is not None and second is not None
    assert not torch.equal(first.images[0], second.images[0])
    assert 2 <= len(first.images) <= 6


class Brightest(nn.Module):
    """logits[c] = the most c-th in a picture of three colours: a class a colour, and many that nothing has."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.amax((2, 3)), torch.arange(27.0).neg().expand(len(x), -1) - 1], 1)


@pytest.mark.parametrize("shape", [(2, 2), (2, 1)])
def test_grids_are_laid_out_in_reading_order_and_each_cell_asked_in_turn(shape: tuple[int, int]) -> None:
    """Of a class that is not among the strongest twenty nothing is asked."""
    count = shape[0] * shape[1]
    cells = torch.rand(2 * count, count, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    classes = torch.zeros(2 * count, count, dtype=torch.long)
    classes[0, 0], classes[1, 1] = 19, 20  # the twentieth is seen, the next is not
    played = pointing._recognised(Brightest(), cells, shape, classes)
    rest = [place for place in range(2 * count) if place != 1]
    assert played.asked.tolist() == [place % count for place in rest]
    for image, place in zip(played.images, rest, strict=True):
        for cell in range(count):
            top, left = 4 * (cell // shape[1]), 6 * (cell % shape[1])
            assert torch.equal(image[:, top : top + 4, left : left + 6], cells[place, cell])
