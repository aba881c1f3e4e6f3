"""Whether two layers hold images at the same distances from each other."""

import pytest
import torch
from torch import Generator, Tensor

from core.measures.similarity import similarities, similarity
from tests import references


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


def rotation(size: int) -> Tensor:
    return torch.linalg.qr(noise(size, size, seed=9)).Q


@pytest.mark.parametrize("units", [3, 40])  # fewer than images, and more
def test_it_is_songs_estimate_in_kornblith_s_ratio(units: int) -> None:
    first = noise(12, units) + 5
    second = first[:, :2] + noise(12, 2, seed=1)
    assert similarity(first, second) == pytest.approx(references.debiased_cka(first, second), abs=1e-5)


def test_turned_scaled_and_shifted_a_layer_is_like_itself() -> None:
    first = noise(50, 8)
    assert similarity(first, 3 * first @ rotation(8) + 7) == pytest.approx(1, abs=1e-6)
    assert similarity(first, first * torch.linspace(0.1, 3, 8)) < 0.99  # stretched, it is not


def test_it_is_the_same_both_ways_and_of_images_in_any_order() -> None:
    first, second = noise(50, 8), noise(50, 8)[:, :3] + noise(50, 3, seed=1)
    order = torch.randperm(50, generator=Generator().manual_seed(0))
    once = similarity(first, second)
    assert 0.1 < once < 0.9
    assert similarity(second, first) == pytest.approx(once, abs=1e-6)
    assert similarity(first[order], second[order]) == pytest.approx(once, abs=1e-6)


@pytest.mark.parametrize("units", [5, 2000])
def test_what_has_nothing_in_common_is_unlike_however_many_units_there_are(units: int) -> None:
    """Without the correction it would be 0.93 for 2,000 units of 100 images."""
    found = torch.tensor([similarity(noise(100, units, seed=seed), noise(100, units, seed=seed + 50))
                          for seed in range(20)])  # fmt: skip
    assert abs(float(found.mean())) < 0.01 and float(found.min()) < 0 < float(found.max())


def test_a_map_is_read_as_one_row_an_image() -> None:
    first, second = noise(20, 2, 3, 3), noise(20, 2, 3, 3)[:, :1]
    assert similarity(first, second) == similarity(first.flatten(1), second.flatten(1))


def test_the_table_holds_each_pair_both_ways() -> None:
    layers = {"a": noise(20, 6), "b": noise(20, 6)[:, :3], "c": noise(20, 2, seed=1)}
    table = similarities(layers).set_index(["first", "second"]).cka
    assert len(table) == 9
    for one in layers:
        assert table[one, one] == pytest.approx(1)
        for other in layers:
            assert table[one, other] == pytest.approx(similarity(layers[one], layers[other]))


def test_a_layer_that_never_changes_is_like_none() -> None:
    for value in (0.0, 0.1):
        assert torch.tensor(similarity(torch.full((20, 3), value), noise(20, 3))).isnan()


def test_too_few_images_and_unlike_sets_are_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="needs 4 images at least, and there are 3"):
        similarity(noise(3, 5), noise(3, 5))
    with pytest.raises(ValueError, match="the same images, not to 9 and 8"):
        similarity(noise(9, 5), noise(8, 5))
