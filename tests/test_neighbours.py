"""Neighbours against brute force, planted cases for the rule, and the shipped table against its own computation."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import pairwise_distances, silhouette_score
from sklearn.random_projection import GaussianRandomProjection
from torch import Generator

from core.data.digits import test_set as mnist
from core.layers import record
from core.measures import neighbours
from core.measures.neighbours import BELOW, CONTROLS, NAMES, PLAIN, PROJECTED, TRAINED, measured, projected
from core.measures.spaces import METRICS, PIXELS, Metric, Space, distances, others, same_label, silhouette, vectors
from core.models import DIGIT_NETS, SEEDS, SHUFFLED, TWIN, load
from tests.references import apart

POINTS = torch.randn(80, 7, generator=Generator().manual_seed(0))
LABELS = torch.randint(0, 3, (80,), generator=Generator().manual_seed(2))


@pytest.mark.parametrize("metric", METRICS)
def test_the_nearest_are_those_of_brute_force(metric: Metric) -> None:
    query = torch.randn(1, 7, generator=Generator().manual_seed(1))
    expected = sorted((apart(POINTS, query[0], point, metric), n) for n, point in enumerate(POINTS))[:9]
    distances, numbers = Space(POINTS, metric).nearest(query, 9)
    assert numbers[0].tolist() == [n for _, n in expected]
    np.testing.assert_allclose(distances[0], [value for value, _ in expected], atol=1e-5)


def test_there_are_no_more_neighbours_than_points() -> None:
    assert Space(POINTS[:4], "cosine").nearest(POINTS[:1], 99)[1].shape == (1, 4)


def test_a_point_is_not_its_own_neighbour_even_among_points_in_one_place() -> None:
    points = torch.cat([torch.zeros(6, 3), torch.ones(2, 3)])
    for metric, k in itertools.product(METRICS, (1, 3, 5)):
        found = others(distances(points)[metric], k)
        assert found.shape == (8, k)
        assert not (found == torch.arange(8)[:, None]).any()
    assert others(distances(points)["euclidean"], 1)[6:, 0].tolist() == [7, 6]


@pytest.mark.parametrize("metric", METRICS)
def test_neither_shift_nor_scale_of_a_space_changes_who_is_near(metric: Metric) -> None:
    """Before, a constant that all vectors share made all cosines 1, as in the recurrent twin's logits."""
    query = torch.randn(1, 7, generator=Generator().manual_seed(1))
    here, there = Space(POINTS, metric), Space(0.3 * POINTS + 40, metric)
    assert torch.equal(here.nearest(query, 9)[1], there.nearest(0.3 * query + 40, 9)[1])
    near, far = distances(POINTS)[metric], distances(0.3 * POINTS + 40)[metric]
    assert torch.equal(others(near, 5), others(far, 5))
    assert silhouette(near, LABELS) == pytest.approx(silhouette(far, LABELS), abs=1e-4)


def test_cosines_of_what_shares_a_large_mean_lie_apart() -> None:
    points = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]) + 50
    found = Space(points, "cosine").nearest(points[:1], 4)[0]
    assert found[0].tolist() == pytest.approx([0, 1, 1, 2], abs=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_points_in_one_place_have_no_direction_whatever_rounding_adds(count: int) -> None:
    """The mean of few photos may be one of them, and a photo shown again differs by rounding."""
    photo = 100 * torch.rand(1, 50, generator=Generator().manual_seed(3))
    space = Space(photo.repeat(count, 1), "cosine")
    assert space.nearest(photo * (1 + 1e-7), count)[0].max() == 0


@pytest.mark.parametrize("metric", METRICS)
def test_all_distances_are_those_of_brute_force(metric: Metric) -> None:
    found = distances(POINTS)[metric]
    for a, b in ((0, 1), (7, 7), (79, 3)):
        assert float(found[a, b]) == pytest.approx(apart(POINTS, POINTS[a], POINTS[b], metric), abs=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_the_share_with_the_same_label_is_counted_one_by_one(metric: Metric) -> None:
    agree = []
    for n, point in enumerate(POINTS):
        order = sorted((apart(POINTS, point, other, metric), m) for m, other in enumerate(POINTS) if m != n)
        agree += [float(LABELS[m] == LABELS[n]) for _, m in order[:5]]
    assert same_label(distances(POINTS)[metric], LABELS, k=5) == pytest.approx(sum(agree) / len(agree))


@pytest.mark.parametrize("metric", METRICS)
def test_the_silhouette_is_rousseeuws(metric: Metric) -> None:
    values = []
    for n, point in enumerate(POINTS):
        far: dict[int, list[float]] = {0: [], 1: [], 2: []}
        for m, other in enumerate(POINTS):
            if m != n:
                far[int(LABELS[m])].append(apart(POINTS, point, other, metric))
        own = far.pop(int(LABELS[n]))
        a, b = sum(own) / len(own), min(sum(others) / len(others) for others in far.values())
        values.append((b - a) / max(a, b))
    assert silhouette(distances(POINTS)[metric], LABELS) == pytest.approx(sum(values) / len(values), abs=1e-5)


def test_vectors_are_all_that_a_layer_puts_out() -> None:
    images = mnist().images[:3]
    assert torch.equal(vectors(load("cnn"), images, PIXELS), images.flatten(1))
    lengths = {"cnn/relu2": 24 * 14 * 14, "dense/fc1": 64, "rnn/lstm1": 64 * 28, "cnn/logits": 10}
    for place, length in lengths.items():
        model, layer = place.split("/")
        assert vectors(load(model), images, layer).shape == (3, length)


def test_a_random_projection_loses_what_dimensions_lose_and_keeps_what_they_keep() -> None:
    """Ten clusters in 300 dimensions: hundreds of random numbers keep them, one number hardly any of them."""
    generator = Generator().manual_seed(4)
    labels = torch.arange(10).repeat_interleave(30)
    points = torch.randn(10, 300, generator=generator)[labels] + torch.randn(300, 300, generator=generator)
    shares = {}
    for numbers in (1, 200, 400):
        flat = projected(points, numbers, seed=0)
        assert flat.shape == (300, numbers) and torch.equal(flat, projected(points, numbers, seed=0))
        shares[numbers] = same_label(distances(flat)["cosine"], labels, 5)
    assert shares[1] < 0.3 and shares[200] > 0.95 and shares[400] > 0.95
    assert not torch.equal(projected(points, 1, seed=0), projected(points, 1, seed=1))


def planted(**shares: Iterable[float]) -> pd.DataFrame:
    """A table of one net with logits at depth 1 and of its pixels; of each kind the shares of its seeds."""
    rows = [("pixels", PIXELS, PIXELS, 0, 0, 0.8)]
    rows += [
        ("dense", kind, "logits", 1, seed, share) for kind, found in shares.items() for seed, share in enumerate(found)
    ]
    table = pd.DataFrame(rows, columns=["model", "weights", "layer", "depth", "seed", "share"])
    return pd.concat(
        [table.assign(metric=metric, numbers=10, silhouette=table.share) for metric in METRICS], ignore_index=True
    )


CLEAR = {TRAINED: [0.9, 0.95], PLAIN: [0.93], TWIN: [0.3, 0.4], SHUFFLED: [0.3], PROJECTED: [0.4, 0.5],
         BELOW[TRAINED]: [0.7], BELOW[PLAIN]: [0.7]}  # fmt: skip


@pytest.mark.parametrize("control", CONTROLS[TRAINED])
def test_one_seed_of_any_control_above_the_lowest_trained_seed_refutes(
    control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "table", lambda: planted(**CLEAR))
    assert neighbours.verdicts().beyond.all()
    assert neighbours.headline(models=["dense"]).endswith("in `dense` at depth 1. Plain training: the same.")
    monkeypatch.setattr(neighbours, "table", lambda: planted(**CLEAR | {control: [0.1, 0.91]}))
    found = neighbours.verdicts()
    assert not found.beyond.any() and found["plain beyond"].all() and set(found.control) == {control}
    said = neighbours.headline(models=["dense"])
    rival = f"{NAMES.get(control, control)} up to 91.0 %"
    assert f"in no layer; not in `dense` at depth 1 (trained from 90.0 %, {rival}, by cosine)" in said
    assert said.endswith("Plain training: the same, but for `dense` at depth 1.")


def test_the_plain_nets_rival_is_its_own_layer_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "table", lambda: planted(**CLEAR | {BELOW[PLAIN]: [0.94]}))
    found = neighbours.verdicts()
    assert found.beyond.all() and not found["plain beyond"].any()


def test_a_layer_that_beats_its_controls_by_one_metric_only_is_not_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    table = planted(**CLEAR)
    table.loc[(table.metric == "euclidean") & (table.weights == BELOW[TRAINED]), "share"] = 0.99
    monkeypatch.setattr(neighbours, "table", lambda: table)
    assert "in no layer" in neighbours.headline(models=["dense"])
    assert "euclidean" in neighbours.headline(models=["dense"])


@pytest.mark.parametrize(("projections", "word"), [([0.3, 0.2], "all"), ([0.55], "most"), ([0.7], "less than half")])
def test_what_the_loss_of_dimensions_explains_is_said(
    projections: list[float], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the pixels' .8 the twins fall to .35."""
    monkeypatch.setattr(neighbours, "table", lambda: planted(**CLEAR | {PROJECTED: projections}))
    assert neighbours.dimensions(["dense"]).endswith(f"the loss of dimensions explains {word} of that fall in `dense`.")


def test_a_rise_has_to_clear_every_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    first = planted(**CLEAR)
    for deeper, said in (
        (0.96, "trained and plain, in every net."),
        (0.94, "trained, in every net but `dense` from depth 1 to 2;"),
    ):
        second = planted(**CLEAR | {TRAINED: [0.99, deeper], PLAIN: [0.99]}).query("depth > 0").assign(depth=2)
        monkeypatch.setattr(neighbours, "table", lambda both=(first, second): pd.concat(both))
        assert said in neighbours.rise(["dense"])


def test_the_shipped_table_is_what_its_command_computes() -> None:
    table = neighbours.table()
    assert set(table.model) == {PIXELS, *DIGIT_NETS}
    images, labels = (part[: neighbours.ENOUGH] for part in mnist())
    for kind, seed in ((TRAINED, 1), (TWIN, 2)):
        found = pd.DataFrame(measured(neighbours.spaces("dense", kind, seed, images), labels))
        kinds = [TRAINED, PROJECTED, BELOW[TRAINED]] if kind == TRAINED else [kind]
        rows = table[(table.model == "dense") & table.weights.isin(kinds) & (table.seed == seed)]
        order = ["weights", "metric", "depth"]
        here, shipped = (each.sort_values(order).reset_index(drop=True) for each in (found, rows))
        pd.testing.assert_frame_equal(shipped[found.columns], here, atol=2e-3)


def test_the_command_measures_the_pixels_and_every_net_of_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 60 images and one net: the rows that ship, but for their numbers."""
    shipped = neighbours.table()
    monkeypatch.setattr(neighbours, "TABLE", tmp_path / "neighbours.csv")
    monkeypatch.setattr(neighbours, "ENOUGH", 60)
    monkeypatch.setattr(neighbours, "DIGIT_NETS", ("dense",))
    neighbours.main()
    found, known = pd.read_csv(tmp_path / "neighbours.csv"), ["model", "weights", "seed", "layer", "depth", "numbers"]
    assert found.columns.tolist() == shipped.columns.tolist()
    expected = shipped[shipped.model.isin([PIXELS, "dense"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[[*known, "metric"]], expected[[*known, "metric"]])
    near = distances(mnist().images[:60].flatten(1))["cosine"]
    assert found.share[0] == pytest.approx(same_label(near, mnist().labels[:60], 12), abs=1e-4)
    parts = capsys.readouterr().out.split("\n\n")
    assert parts == [neighbours.headline(), neighbours.dimensions(), neighbours.rise(), neighbours.markdown() + "\n"]


NETS = {TRAINED: "seed-{}", PLAIN: "plain", TWIN: "untrained-{}", SHUFFLED: "shuffled-{}", BELOW[TRAINED]: "seed-{}",
        BELOW[PLAIN]: "plain"}  # fmt: skip


def points_of(row: pd.Series) -> np.ndarray:
    """What a row of the shipped table is about: 2000 test images by a layer, or by what a projection leaves of one."""
    images = mnist().images[:2000]
    points = images.flatten(1)
    if row.weights in NETS:
        names = neighbours.table().query("model == @row.model and weights == 'trained'").groupby("depth").layer.first()
        layer = names[row.depth - (row.weights in BELOW.values())]
        weights = NETS[row.weights].format(row.seed)
        net = load(row.model, weights=weights.removesuffix("-0") if row.weights in (TWIN, SHUFFLED) else weights)
        points = record(net, images, [layer])[layer].flatten(1)
    if row.weights in (PROJECTED, *BELOW.values()):
        return GaussianRandomProjection(row.numbers, random_state=row.seed).fit_transform(points.numpy())
    return points.numpy()


def test_shipped_rows_are_what_scikit_learn_makes_of_their_layers() -> None:
    """A row of each kind and two more: the share among 12 neighbours, counted point by point, and the silhouette."""
    table = neighbours.table()
    rows = pd.concat([table.groupby("weights").sample(1, random_state=4), table.sample(2, random_state=5)])
    assert len(rows) == 10 and set(rows.metric) == set(METRICS) and set(rows.model) == {PIXELS, *DIGIT_NETS}
    labels = mnist().labels[:2000].numpy()
    for _, row in rows.iterrows():
        points = points_of(row)
        assert points.shape[1] == row.numbers
        apart = pairwise_distances(points - points.mean(0), metric=row.metric)
        shares = []
        for n, away in enumerate(apart):
            away[n] = np.inf
            shares.append((labels[np.argpartition(away, 12)[:12]] == labels[n]).mean())
            away[n] = 0
        assert np.mean(shares) == pytest.approx(row.share, abs=4e-4), row
        assert silhouette_score(apart, labels, metric="precomputed") == pytest.approx(row.silhouette, abs=4e-4), row


def test_rows_of_one_space_tell_its_metrics_apart() -> None:
    """So many numbers are never equal by chance."""
    table = neighbours.table()
    own = ["model", "weights", "seed", "layer", "depth", "numbers"]
    cosine, euclidean = (table[table.metric == metric].set_index(own) for metric in METRICS)
    assert cosine.index.is_unique and cosine.index.equals(euclidean.index)
    for value in ("share", "silhouette"):
        assert (cosine[value] == euclidean[value]).mean() < 0.05
    assert (table.share.between(0, 1) & table.silhouette.between(-1, 1)).all()


def test_every_layer_has_every_control_at_its_own_number_of_dimensions() -> None:
    layers = neighbours.table().query("depth > 0")
    for (_, depth, metric), rows in layers.groupby(["model", "depth", "metric"]):
        assert rows.numbers.nunique() == 1
        seeds = rows.groupby("weights").seed.apply(list)
        several = {TRAINED, *CONTROLS[TRAINED], *CONTROLS[PLAIN]} - (set(BELOW.values()) if depth == 1 else set())
        assert set(seeds.index) == {PLAIN, *several}, metric
        assert all(seeds[kind] == list(SEEDS) for kind in several)


@pytest.mark.parametrize("model", ["dense", "cnn", "rnn"])
def test_the_answers_gather_the_digits_beyond_every_control_and_dimensions_explain_the_twins_fall(model: str) -> None:
    """Claim C9, by either metric, trained and plain."""
    found = neighbours.verdicts().query("layer == 'logits'").set_index("model").loc[model]
    assert found.beyond.all() and found["plain beyond"].all()
    pixels = neighbours.table().query("layer == 'pixels'").share.min()
    assert (found[TRAINED] > pixels + 0.1).all()
    assert "less than half" not in neighbours.dimensions([model])
