"""Whether pictures tell: the two measures by hand and by chance, and the shipped tables made again by other code."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Generator, Tensor, nn

from core import telling
from core.atlas import EDITIONS, look_up, several
from core.data.digits import test_set
from core.layers import list_layers
from core.measures.forced_choice import OBSERVERS, QUERIES, REFERENCES, Questions, by_nets, observers, pairs, right
from core.measures.interval import interval
from core.measures.path_similarity import likeness, path_similarity, ranks
from core.models import DIGIT_NETS, load
from core.survey import Answers, Extremes, shipped
from core.telling import MEAN, PICTURE, REAL, Asked
from core.units import Unit
from tests import references

IMAGES, LABELS = test_set()
ODD, EVEN = IMAGES[QUERIES], IMAGES[REFERENCES]


def test_references_and_queries_are_halves_without_an_image_in_common() -> None:
    numbers = torch.arange(len(IMAGES))
    assert not set(numbers[REFERENCES].tolist()) & set(numbers[QUERIES].tolist())
    assert len(EVEN) == len(ODD) == 5000


def test_for_the_unit_of_a_class_the_right_picture_gets_all_and_the_wrong_one_few() -> None:
    """A unit that answers 1 to ones; shown a one, and shown a zero, which is like anything rather than a one."""
    queries, labels = ODD[:600], LABELS[QUERIES][:600]
    excitement = (labels == 1).float()[:, None] + 0.001 * torch.arange(600)[:, None]
    excitement[labels != 1] -= 1
    asked = Questions(queries, excitement)
    one, zero = (EVEN[LABELS[REFERENCES] == label][:1, None] for label in (1, 0))
    assert by_nets(asked.scores(one)).item() > 0.95
    assert by_nets(asked.scores(zero)).item() < 0.3


def test_for_the_unit_of_a_pixel_the_pixels_choose_by_it() -> None:
    """It answers by one pixel, and the images differ in nothing else: right is 1, wrong 0.

    Cosine knows directions only: half of the middle ones lie, like ink, above the mean, which is a tie.
    """
    queries = torch.full((100, 1, 28, 28), 0.5)
    queries[:, 0, 3, 4] = torch.linspace(0, 1, 100)
    asked = Questions(queries, queries[:, 0, 3, 4][:, None])
    ink, paper = queries[-1:, None], queries[:1, None]
    assert asked.scores(ink)["pixels", "weakest"].item() == 1
    assert asked.scores(paper)["pixels", "weakest"].item() == 0
    assert asked.scores(ink)["pixels", "middle"].item() == 0.75
    assert right(torch.ones(9), torch.tensor([0]), torch.arange(1, 9)) == 0.5


def test_random_pictures_are_right_by_chance() -> None:
    """Units that answer at random: the interval over them holds one half."""
    generator = Generator().manual_seed(0)
    asked = Questions(ODD[:500], torch.rand(500, 60, generator=generator))
    shown = EVEN[torch.randint(5000, (60, 3), generator=generator)]
    low, high = interval(by_nets(asked.scores(shown)))
    assert low < 0.5 < high and high - low < 0.1


def test_the_pairs_are_the_strongest_hundredth_and_the_middle_fifth_or_the_weakest() -> None:
    excitement = torch.randperm(1000, generator=Generator().manual_seed(0)).float()
    strongest, middle = pairs(excitement, "middle")
    assert excitement[strongest].tolist() == list(range(999, 989, -1))
    assert sorted(excitement[middle].tolist()) == list(range(400, 600))
    assert sorted(excitement[pairs(excitement, "weakest")[1]].tolist()) == list(range(10))


def test_a_score_is_the_area_under_the_curve_and_cosine_from_the_mean_decides() -> None:
    """Pair by pair, from the nets' features that are written out here; no observer is a net that is asked."""
    asked = Questions(ODD[:300], torch.arange(300.0)[:, None])
    shown = EVEN[:2][None]
    for name, (model, weights, layer) in OBSERVERS.items():
        assert weights not in (*telling.WEIGHTS, "seed-0")
        net = load(model, weights=weights)
        with torch.no_grad():
            seen, near = (
                references.digit_net(net, images)[layer].flatten(1).double() for images in (ODD[:300], EVEN[:2])
            )
        mean = seen.mean(0)
        cosines = torch.cosine_similarity((seen - mean)[:, None], (near - mean)[None], dim=2).mean(1)
        count = [cosines[p] > cosines[d] for p, d in itertools.product(range(297, 300), range(120, 180))]
        assert asked.scores(shown)[name, "middle"].item() == pytest.approx(np.mean(count), abs=0.006)
    assert set(observers(ODD[:9])) == {*OBSERVERS, "pixels"}


def test_path_similarity_is_1_for_an_image_of_the_same_kind_and_0_for_any_other_on_the_mean() -> None:
    """One of the strongest images, not itself, is like the others as these are among themselves."""
    net = load("cnn")
    rows, zeros = [], []
    for label in range(10):
        alike = EVEN[LABELS[REFERENCES] == label][:40]
        own, others = ranks(net, "relu1", alike[:20]), ranks(net, "relu1", EVEN[:400])
        rows += [likeness(ranks(net, "relu1", alike[[place]]), own, others) for place in range(20, 40)]
        zeros += [likeness(others[[place]], own, others) for place in range(100, 120)]
    assert path_similarity(torch.tensor(rows)) == pytest.approx(1, abs=0.15)
    assert path_similarity(torch.tensor(zeros)) == pytest.approx(0, abs=0.15)
    assert (
        path_similarity(torch.tensor([[0.3, 0.3, 0.1]])) == 1 and path_similarity(torch.tensor([[0.1, 0.3, 0.1]])) == 0
    )


def test_likeness_is_the_mean_of_rank_correlations() -> None:
    """Spearman by scipy; a layer that is the same everywhere is like nothing."""
    net = nn.Sequential(nn.Flatten(), nn.ReLU())
    x = torch.randn(9, 1, 5, 5, generator=Generator().manual_seed(0)).relu()
    found = likeness(ranks(net, "1", x[:2]), ranks(net, "1", x[2:5]), ranks(net, "1", x[5:]))
    flat = x.flatten(1).numpy()

    def rho(first: range, second: range) -> float:
        return float(np.mean([spearmanr(flat[a], flat[b]).statistic for a in first for b in second if a != b]))

    expected = (rho(range(2), range(2, 5)), rho(range(2, 5), range(2, 5)), rho(range(2, 5), range(5, 9)))
    assert found == pytest.approx(expected, abs=1e-5)
    assert ranks(net, "1", torch.ones(1, 1, 5, 5)).abs().sum() == 0


def answers(inputs: Tensor, places: Tensor) -> Answers:
    values = torch.arange(inputs.shape[1], 0, -1.0).expand(inputs.shape)
    most = Extremes(values, inputs, places)
    return Answers(most, most, torch.zeros(len(inputs), 3), torch.zeros(len(inputs), dtype=torch.bool), 100)


def test_an_aim_is_the_share_of_the_even_images_whose_peak_is_there() -> None:
    """Odd ones ask the questions, and count for nothing; in parts each takes every second of the others."""
    found = answers(torch.tensor([[2, 5, 8, 4, 6]]), torch.tensor([[0, 3, 5, 5, 0]]))
    assert found.aims((1, 2, 3))[0].tolist() == [[0.5, 0, 0, 0, 0, 0.5]]
    first, second = found.aims((1, 2, 3), parts=2)[:, 0].tolist()
    assert (first, second) == ([0.5, 0, 0, 0, 0, 0.5], [0.5, 0, 0, 0, 0, 0.5])
    quarters = found.aims_of((1, 2, 3), [0, 0, 0, 0]).tolist()
    assert [row.index(1) for row in quarters] == [0, 5, 5, 0]


@pytest.mark.parametrize(("shape", "usual"), [((1, 4, 6), 2 * 6 + 3), ((1, 9), 8), ((1,), 0)])
def test_where_no_even_image_excites_a_unit_it_is_the_centre_or_the_last_row(
    shape: tuple[int, ...], usual: int
) -> None:
    (row,) = answers(torch.tensor([[1, 3]]), torch.tensor([[0, 0]])).aims(shape)[0].tolist()
    assert [place for place, share in enumerate(row) if share] == [usual]


# What ships.


def test_every_live_unit_of_every_layer_is_measured() -> None:
    layers, units = telling.table("layers"), telling.table("units")
    for name, weights in itertools.product(DIGIT_NETS, telling.WEIGHTS):
        net = load(name, weights=weights)
        for layer in list_layers(net, (1, 28, 28)):
            rows = units[(units.model == name) & (units.weights == weights) & (units.layer == layer.name)]
            if not len(rows):
                assert (
                    layer.kind in ("relu", "sigmoid", "pool", "flatten")
                    or "pool" in layer.name
                    or "recurrent" in layer.name
                )
                continue
            assert rows.unit.is_unique and rows.unit.max() < layer.units
            mine = layers[(layers.model == name) & (layers.weights == weights) & (layers.layer == layer.name)]
            assert (mine.units == len(rows)).all()
            both = mine[(mine.observer == MEAN) & (mine.distractor == "middle")].set_index("reference")
            for column, reference in (("picture", PICTURE), ("real", REAL)):
                assert both.loc[reference, "value"] == pytest.approx(rows[column].mean(), abs=1e-3)
            assert both.loc[f"{PICTURE} - {REAL}", "value"] == pytest.approx(
                (rows.picture - rows.real).mean(), abs=1e-3
            )
    assert layers[["value", "low", "high"]].notna().all().all()
    assert (layers.low <= layers.value + 1e-4).all() and (layers.value <= layers.high + 1e-4).all()


@pytest.mark.parametrize(("name", "weights", "layer"), [
    ("cnn", "trained", "conv4"), ("dense", "untrained", "fc2"), ("rnn", "trained", "lstm2"),
])  # fmt: skip
def test_five_units_of_each_are_told_as_the_table_says(name: str, weights: str, layer: str) -> None:
    """The shipped pictures, the nets by hand, the pairs one by one; the pictures ship with 256 levels."""
    net, units = load(name, weights=weights), telling.table("units")
    rows = units[(units.model == name) & (units.weights == weights) & (units.layer == layer)]
    chosen = rows.iloc[np.linspace(0, len(rows) - 1, 5).round().astype(int)]
    peaks = torch.cat([references.digit_net(net, batch)[layer].flatten(2).amax(2) for batch in IMAGES.split(1000)])
    features = {}
    for model, of, where in OBSERVERS.values():
        observer = load(model, weights=of)
        seen = torch.cat([references.digit_net(observer, batch)[where].flatten(1) for batch in ODD.split(1000)])
        features[model] = observer, where, seen - seen.mean(0), seen.mean(0)
    for row in chosen.to_dict("records"):
        unit = row["unit"]
        stimulus = look_up(Unit(name, layer, unit), weights)
        assert stimulus is not None
        order = peaks[QUERIES][:, unit].argsort(descending=True)
        strongest = EVEN[peaks[REFERENCES][:, unit].argmax()]
        for column, shown in (("picture", stimulus.image), ("real", strongest)):
            found = []
            for observer, where, seen, mean in features.values():
                own = references.digit_net(observer, shown[None])[where].flatten(1) - mean
                near = torch.cosine_similarity(seen, own)
                better = near[order[:50]][:, None] > near[order[2000:3000]]
                found.append(float(better.float().mean()))
            assert row[column] == pytest.approx(np.mean(found), abs=0.02)


@pytest.mark.parametrize(("name", "layer", "earlier"), [("cnn", "conv4", "relu2"), ("dense", "fc2", "relu1")])
def test_the_paths_similarity_of_what_ships_is_that_of_its_pictures(name: str, layer: str, earlier: str) -> None:
    """Rank correlations by scipy, on all live units."""
    net, table = load(name), telling.table("paths")
    row = table[(table.model == name) & (table.weights == "trained") & (table.layer == layer)
                & (table.earlier == earlier) & (table.reference == PICTURE)].iloc[0]  # fmt: skip
    asked = Asked(name, "trained", layer, net)
    others = EVEN[torch.randperm(len(EVEN), generator=Generator().manual_seed(0))[: telling.RANDOM]]
    far, sums = ranks(net, earlier, others).numpy(), []
    for unit, real in zip(asked.units[:24], asked.real(8), strict=False):
        stimulus = look_up(Unit(name, layer, unit), "trained")
        assert stimulus is not None
        with torch.no_grad():
            flat = references.digit_net(net, torch.cat([stimulus.image[None], real]))[earlier].flatten(1).numpy()
        rho = spearmanr(flat, axis=1).statistic
        sums.append((rho[0, 1:].mean(), rho[1:, 1:][~np.eye(8, dtype=bool)].mean(),
                     float((ranks(net, earlier, real).numpy() @ far.T).mean())))  # fmt: skip
    picture, among, away = np.mean(sums, axis=0)
    assert (picture - away) / (among - away) == pytest.approx(row.value, abs=0.15)
    assert row.low < row.value < row.high


def test_the_pictures_that_are_measured_are_those_that_ship() -> None:
    """The climbs of a few units anew, as the command makes them."""
    asked = Asked("dense", "trained", "logits", load("dense"))
    made = asked.pictures(EDITIONS["trained"].recipe)
    four = asked.pictures(EDITIONS["several"].recipe, 4)
    answers = shipped("dense", "trained")
    assert answers is not None and four.shape == (10, 4, 1, 28, 28)
    for unit in range(10):
        stimulus, kept = look_up(Unit("dense", "logits", unit), "trained"), several(Unit("dense", "logits", unit))
        assert stimulus is not None and kept is not None
        torch.testing.assert_close(made[unit, 0], stimulus.image, atol=0.02, rtol=0)
        torch.testing.assert_close(four[unit], kept[0], atol=0.02, rtol=0)
