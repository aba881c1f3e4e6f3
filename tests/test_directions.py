"""Units against directions: each number by its definition, each basis what it says that it is."""

import math
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Generator, Tensor

from core.data.digits import test_set as mnist
from core.measures import directions as module
from core.measures.directions import (
    coherence,
    directions,
    features,
    independent_components,
    purity,
    random_directions,
)
from core.measures.held_out import split
from tests import references

LABELS = torch.arange(400) // 4 % 3  # every fourth has its share of each
LEARNED, HELD = split(400)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def sources(count: int, images: int = 400) -> Tensor:
    """Independent, with heavy tails, and turned to where these are positive."""
    return noise(images, count, seed=3).pow(3).abs() * (noise(images, count, seed=4) > -0.5)


SEEN = [torch.nn.functional.normalize(noise(400, 5, seed=seed), dim=1) for seed in (1, 2)]


def test_each_measure_is_its_definition() -> None:
    values = sources(4) + LABELS[:, None]
    found = directions(values, LABELS, SEEN).query("basis == 'unit'").set_index(["measure", "unit"]).value
    labels = LABELS[HELD].tolist()
    for unit, along in enumerate(values[HELD].T.tolist()):
        nine = references.strongest(along, 9)
        assert found["eta squared", unit] == pytest.approx(references.eta_squared(along, labels), abs=1e-5)
        assert found["purity", unit] == pytest.approx(references.purity([labels[place] for place in nine]))
        seen = [each[HELD][nine].tolist() for each in SEEN]
        assert found["coherence", unit] == pytest.approx(references.coherence(seen), abs=1e-5)


def test_purity_and_coherence_are_one_where_all_are_alike() -> None:
    assert purity(torch.tensor([4, 4, 4])) == 1 and purity(torch.tensor([4, 1, 4, 2])) == 0.5
    same = torch.nn.functional.normalize(torch.ones(9, 3), dim=1)
    assert coherence([same, same]) == pytest.approx(1)
    assert coherence([torch.tensor([[1.0, 0.0], [-1.0, 0.0]])]) == pytest.approx(-1)


def test_random_directions_are_a_turn_drawn_evenly() -> None:
    """Orthogonal; and, over seeds, each entry has the mean 0 and the variance 1 / count."""
    turn = random_directions(5, seed=0)
    torch.testing.assert_close(turn.T @ turn, torch.eye(5).double())
    drawn = torch.stack([random_directions(3, seed) for seed in range(3000)])
    assert float(drawn.mean(0).abs().max()) < 4 / math.sqrt(3 * 3000)
    torch.testing.assert_close(drawn.square().mean(0), torch.full((3, 3), 1 / 3).double(), atol=0.03, rtol=0)


def alike(found: Tensor, expected: Tensor) -> list[float]:
    """How strongly each of what is expected correlates with the most like of what is found, either way."""
    count = found.shape[1]
    return torch.corrcoef(torch.cat([found, expected], 1).double().T)[:count, count:].abs().amax(0).tolist()


def test_mixed_sources_are_found_again_on_images_that_were_not_learned_from() -> None:
    source = sources(4)
    mixed = source @ noise(4, 4, seed=9) + 3
    found = independent_components(mixed, LEARNED, seed=0)
    assert min(alike(found[HELD], source[HELD])) > 0.97 > max(alike(mixed[HELD], source[HELD]))
    assert found[LEARNED].mean(0).tolist() == pytest.approx([0] * 4, abs=1e-6)
    assert found[LEARNED].std(0, correction=0).tolist() == pytest.approx([1] * 4, abs=1e-6)


def test_components_are_a_fixed_point_of_the_paper() -> None:
    """A round moves them by no more than is allowed, and the axes of the variance by more."""
    values = sources(3) @ noise(3, 3, seed=9)
    found = independent_components(values, LEARNED, seed=0)[LEARNED].numpy()
    apart = (values[LEARNED] - values[LEARNED].mean(0)).double()
    sizes, axes = torch.linalg.eigh(apart.T @ apart / len(LEARNED))
    white = (apart @ axes / sizes.sqrt()).numpy()
    rows = found.T @ white / len(LEARNED)
    for begin, kept in ((rows, True), (np.eye(3), False)):
        cosines = (references.fixed_point_round(white, begin) * begin).sum(1)
        assert (abs(cosines) > 0.999).all() == kept


def test_held_out_images_have_no_part_in_the_components() -> None:
    values = sources(4) @ noise(4, 4, seed=9)
    other = values.clone()
    other[HELD] = noise(len(HELD), 4, seed=8)
    torch.testing.assert_close(*(independent_components(each, LEARNED, 0)[LEARNED] for each in (values, other)))


def test_units_that_depend_on_each_other_give_fewer_components() -> None:
    values = sources(4) @ noise(4, 6, seed=9)
    assert independent_components(values, LEARNED, seed=0).shape == (400, 4)


def test_constant_units_are_no_numbers_and_have_no_part_in_the_other_bases() -> None:
    alive = sources(3)
    dead = torch.stack([alive[:, 0], torch.full((400,), 0.3), *alive.T[1:], torch.zeros(400)], 1)
    found, without = (directions(values, LABELS, SEEN) for values in (dead, alive))
    units = found[found.basis == "unit"].set_index("unit")
    assert units.value.isna().groupby("unit").all().tolist() == [False, True, False, False, True]
    assert not found[found.basis != "unit"].value.isna().any()
    others = [each[each.basis != "unit"].reset_index(drop=True) for each in (found, without)]
    assert others[0].equals(others[1])
    assert set(directions(torch.zeros(400, 2), LABELS, SEEN).basis) == {"unit"}


def test_signs_mean_nothing() -> None:
    """Turned over, every basis is as it was."""
    values = sources(3)
    found, turned = (directions(each, LABELS, SEEN).set_index(["basis", "measure"]).value for each in (values, -values))
    for basis in ("unit", "random", "independent"):
        for measure in ("purity", "coherence"):
            assert turned[basis, measure].tolist() == pytest.approx(found[basis, measure].tolist(), abs=1e-6)


def test_all_bases_look_where_the_tail_is() -> None:
    tail = -noise(400, 1).abs() * (LABELS == 2)[:, None]
    found = directions(tail, LABELS, SEEN).query("measure == 'purity'").set_index("basis").value
    assert found["random"] == found["independent"] == found["unit"] == 1


def test_a_fixed_point_that_is_not_reached_is_sought_again_and_then_said(monkeypatch: pytest.MonkeyPatch) -> None:
    values = noise(400, 6)  # normal: any turn is as good
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        independent_components(sources(4), LEARNED, seed=0)
    begun: list[int] = []
    search = module._fixed_point
    monkeypatch.setattr(module, "_fixed_point", lambda white, seed: (begun.append(seed), search(white, seed))[1])
    monkeypatch.setattr(module, "STEPS", 2)
    with pytest.warns(ConvergenceWarning, match="No fixed point in 2 steps from 5 starts"):
        independent_components(values, LEARNED, seed=2)
    assert begun == [10, 11, 12, 13, 14]


def test_a_map_counts_by_its_mean() -> None:
    maps = sources(6).view(400, 2, 3)
    assert directions(maps, LABELS, SEEN).equals(directions(maps.double().mean(2), LABELS, SEEN))


def test_two_nets_of_another_seed_see_digits_as_unit_vectors_and_like_ones_nearer() -> None:
    images, labels = (part[:400] for part in mnist())
    for seen in features(images):
        assert seen.norm(dim=1).tolist() == pytest.approx([1] * 400, abs=1e-5)
        cosines, same = seen @ seen.T, labels[:, None] == labels
        assert cosines[same].mean() > cosines[~same].mean() + 0.2
    assert len(features(images)) == 2


def test_there_is_a_row_a_direction_and_measure() -> None:
    found = directions(sources(3), LABELS, SEEN, seed=1)
    assert list(found.columns) == ["basis", "unit", "measure", "value"]
    assert found.groupby(["basis", "measure"]).unit.apply(list).tolist() == [[0, 1, 2]] * 9
    assert not found.equals(directions(sources(3), LABELS, SEEN, seed=2))
