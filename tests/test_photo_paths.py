"""Path similarity of pictures by one recipe: crops cut again, likenesses by hand, and the shipped table in words."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from core import photo_examples, photo_paths
from core.atlas import WALL, units_of
from core.data import photographers
from core.layers import record
from core.measures.path_similarity import path_similarity, resampled
from core.photo_paths import HELD_OUT, NINE, OTHER, PICTURE, Crop
from tests.test_photo_examples import noise, reds

README = (Path(__file__).parent.parent / "README.md").read_text().replace("\n", " ")


def test_the_earlier_blocks_are_the_walls_before() -> None:
    assert photo_paths.earlier("block8") == ("block1", "block2", "block3", "block5")
    assert photo_paths.earlier("block16")[-1] == "block14"


def test_the_strongest_are_the_shipped_ones_in_order() -> None:
    page = photo_examples.shipped()["layers"]["block14"]
    found = photo_paths.strongest("block14")
    assert len(found) == len(units_of("photo", "trained", "block14"))
    assert all(len(mine) == photo_examples.KEPT for mine in found)
    assert found[7][2] == (page["from"][7][2], page["crops"][7][2])


def test_at_random_are_different_crops_of_all_photographs_and_always_the_same() -> None:
    found = photo_paths.at_random()
    counts = list(photo_examples.shipped()["photographs"].values())
    assert len(set(found)) == len(found) == 64 and found == photo_paths.at_random()
    assert all(0 <= crop < counts[number] for number, crop in found)
    assert len({number for number, _ in found}) > 10
    assert sorted(photo_paths.at_random(10**6)) == [(n, crop) for n, many in enumerate(counts) for crop in range(many)]


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two photographs, surveyed."""
    for seed, name in enumerate(("Bridge", "Wine")):
        noise(448, 448, seed).save(tmp_path / f"{name}.png")
    table = photographers.table().iloc[:2].set_axis(["Bridge", "Wine"])
    monkeypatch.setattr(photographers, "table", lambda: table)
    monkeypatch.setattr(photo_paths, "shipped", lambda: {"photographs": {"Bridge": 5, "Wine": 5}})
    return tmp_path


def test_crops_are_cut_again(two: Path) -> None:
    found = photo_paths.cut_again(two, [(1, 3), (0, 0)])
    assert list(found) == [(0, 0), (1, 3)]
    assert torch.equal(found[1, 3], photo_examples.crops(noise(448, 448, 1))[3] / 255)


def test_other_photographs_than_those_surveyed_are_refused(two: Path) -> None:
    noise(224, 224, 1).save(two / "Wine.png")
    with pytest.raises(ValueError, match="other photographs than those surveyed: Bridge, Wine"):
        photo_paths.cut_again(two, [(0, 0)])
    noise(448, 448, 1).save(two / "Wine.png")
    for name in ("Wine", "Bridge"):
        (two / f"{name}.png").rename(two / "kept.tmp")
        with pytest.raises(ValueError, match="other photographs"):
            photo_paths.cut_again(two, [(0, 0)])
        (two / "kept.tmp").rename(two / f"{name}.png")
    assert list(photo_paths.cut_again(two, [(0, 0)])) == [(0, 0)]


def drawn(count: int, seed: int, side: int = 32) -> Tensor:
    """Images in which no two values are equal."""
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def test_likenesses_are_spearmans_of_the_layer_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two units with ten crops each, and four at random, one of them a unit's own; all pairs once more by scipy."""
    monkeypatch.setattr(photo_paths, "earlier", lambda _: ("conv",))
    monkeypatch.setattr(photo_paths, "BATCH", 7)
    rows: list[Tensor] = []
    monkeypatch.setattr(photo_paths, "_row", lambda alike, **named: named | {"alike": rows.append(alike) or alike})
    net, pictures = reds(((1, -1, 0.5), (0, 1, -1))), drawn(2, 0)
    squares: dict[Crop, Tensor] = {(0, n): square for n, square in enumerate(drawn(23, 1))}
    own, others = [[(0, n) for n in range(10)], [(0, n) for n in range(10, 20)]], [(0, 4), (0, 20), (0, 21), (0, 22)]
    found = {
        row["image"]: row["alike"]
        for row in photo_paths.measured(net, ["conv"], {"any": pictures}, squares, {"any": own}, others, 32)
    }
    assert set(found) == {PICTURE, HELD_OUT, OTHER, NINE}

    def alike(one: Tensor, other: Tensor) -> float:
        seen = record(net, torch.stack([one, other]), ["conv"])["conv"].flatten(1)
        return float(spearmanr(*seen.numpy()).statistic)

    for unit, mine in enumerate(own):
        nine = [squares[crop] for crop in mine[:9]]
        among = np.mean([alike(a, b) for a in nine for b in nine if a is not b])
        far = np.mean([alike(a, squares[crop]) for a in nine for crop in others if crop not in mine])
        assert found[NINE][unit].tolist() == pytest.approx([among, among, far], abs=1e-5)
        for kind, image in ((PICTURE, pictures[unit]), (HELD_OUT, squares[mine[9]]), (OTHER, pictures[1 - unit])):
            expected = [np.mean([alike(image, one) for one in nine]), among, far]
            assert found[kind][unit].tolist() == pytest.approx(expected, abs=1e-5)


def test_a_row_holds_the_means_their_interval_and_the_similarity() -> None:
    alike = torch.tensor([[0.3, 0.5, 0.1], [0.2, 0.6, 0.2], [0.5, 0.4, 0.0]], dtype=torch.float64)
    row = photo_paths._row(alike, layer="a")
    assert (row["layer"], row["units"]) == ("a", 3)
    assert [row[name] for name in ("alike", "among", "others")] == pytest.approx([1 / 3, 0.5, 0.1], abs=1e-4)
    assert row["similarity"] == pytest.approx((1 / 3 - 0.1) / 0.4, abs=1e-4)
    assert 0 <= row["low"] < 1 / 3 - 0.1 < row["high"] <= 0.5  # type: ignore[operator]
    assert row["from"] < row["similarity"] < row["to"]  # type: ignore[operator]


def test_images_are_brought_to_one_side() -> None:
    """A net that puts out its input; a picture of a crop's half size is like the crop, at either side."""
    net = nn.Sequential(OrderedDict(same=nn.Identity()))
    smooth = torch.nn.functional.interpolate(drawn(3, 0, 4), (32, 32), mode="bilinear")
    for side in (32, 16):
        (_, _, among), (name, layer, found) = photo_paths.correlations(
            net, ["same"], {"set": torch.nn.functional.avg_pool2d(smooth, 2)}, smooth, side
        )
        assert (name, layer) == ("set", "same")
        torch.testing.assert_close(among.diagonal(), torch.ones(3))
        assert found.diagonal().min() > 0.99
        assert found[0, 1] < 0.9


def test_the_shipped_table_is_whole() -> None:
    rows = photo_paths.paths()
    for layer in ("block8", "block14", "block16"):
        for side in (224, 112):
            for image in (PICTURE, HELD_OUT, OTHER, NINE):
                mine = rows[(rows.layer == layer) & (rows.side == side) & (rows.image == image)]
                assert tuple(mine.earlier) == WALL[1 : WALL.index(layer)]
                assert set(mine.units) == {len(units_of("photo", "trained", layer))}
    assert len(rows) == 4 * 2 * (4 + 6 + 7)
    above = rows.alike - rows.others
    assert ((rows.low <= above + 1e-3) & (above <= rows.high + 1e-3)).all()
    assert (rows[rows.image == NINE].similarity == 1).all()
    assert rows.similarity.to_numpy() == pytest.approx(
        (above / (rows.among - rows.others)).to_numpy(), rel=0.2, abs=0.5
    )


def test_the_sentence_says_what_the_table_says() -> None:
    rows = photo_paths.paths().to_dict("records")
    of = {image: [row for row in rows if row["image"] == image] for image in (PICTURE, HELD_OUT, NINE)}
    said = photo_paths.sentence()
    assert f"In {sum(row['high'] < 0 for row in of[PICTURE])} of 34 comparisons" in said
    for image, name, words in ((PICTURE, "alike", "with the nine is {}"), (NINE, "others", "of crops at random {}"),
                               (HELD_OUT, "alike", "of a tenth such crop {}")):  # fmt: skip
        values = [row[name] for row in of[image]]
        assert words.format(f"{min(values):.2f} to {max(values):.2f}") in said
    told = {(row["layer"], row["earlier"], row["side"]) for row in of[NINE] if row["low"] > 0}
    values = [row["similarity"] for row in of[PICTURE] if (row["layer"], row["earlier"], row["side"]) in told]
    assert said.endswith(f"in {len(told)} of 34, is {min(values):.1f} to {max(values):.1f}.")
    assert said in README
    table = photo_paths.paths().set_index("image")
    apart = np.abs(table.alike[PICTURE].to_numpy() - table.alike[OTHER].to_numpy()).max()
    more = (table.loc[NINE].among - table.loc[NINE].others).max()
    assert f"For another unit's picture the correlation differs by at most {apart:.2f}" in README
    assert f"more alike than crops at random by at most {more:.2f}" in README


def test_resampled_is_the_bootstrap_over_units() -> None:
    found = torch.rand(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found[:, 1] += 2
    low, high = resampled(found)
    assert low < path_similarity(found) < high
    draw = np.random.default_rng(0)
    again = [path_similarity(found[draw.integers(30, size=30)]) for _ in range(4000)]
    assert (low, high) == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.02)
    assert resampled(found[:1]) == pytest.approx((path_similarity(found[:1]),) * 2)
