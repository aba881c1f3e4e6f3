"""What is measured of dreams and caricatures, the rule by which it is summed up, and what is said of it."""

import math

import pandas as pd
import pytest
import torch
from torch import Tensor

from core.data.digits import test_set as digits
from core.layers import record
from core.models import TWIN, load
from core.studio import caricature_table, dream_table
from core.studio.caricature import Caricature
from core.studio.dream import Dream

SHORT = Dream("relu4", strength=0.3, octaves=1, steps=4, jitter=1)


def log(*times: float) -> Tensor:
    """Of one net, image by image."""
    return torch.tensor([times]).log()


def rms(net: torch.nn.Module, images: Tensor) -> Tensor:
    return record(net, images, ["relu4"])["relu4"].square().mean((1, 2, 3)).sqrt()


def test_rises_are_logarithms_of_how_many_times_a_layer_grows_here_and_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dream adds a little ink, and noise takes some away."""
    images, net, other = digits().images[:3], load("cnn"), load("cnn", weights="seed-1")
    more, less = (images + 0.2).clamp(max=1), 0.5 * images
    dreamt = type("Step", (), {"images": more})
    monkeypatch.setattr(dream_table, "climb", lambda *_: iter([None, dreamt]))
    monkeypatch.setattr(dream_table, "noise_like", lambda *_: less)
    found = dream_table.rises(net, other, images, SHORT)
    expected = {name: (rms(model, now) / rms(model, images)).log() for name, model, now in (
        ("own", net, more), ("noise", net, less), ("other", other, more), ("other noise", other, less))}  # fmt: skip
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values)
    assert dream_table.rises(net, None, images, SHORT).keys() == {"own", "noise"}


def test_an_interval_is_over_nets_and_images() -> None:
    """Twins that differ widen what is said of them and the gain, though every image is alike in a net."""
    apart, alike = torch.tensor([[0.0], [1.0]]).expand(2, 50), torch.full((1, 50), 0.5)
    for module, names, unit in (
        (dream_table, ("own", "noise"), math.exp),
        (caricature_table, ("cosine", "length"), float),
    ):
        found = {(kind, jitter, name): values for kind, values in (("trained", alike), (TWIN, apart))
                 for jitter in (8, 0) for name in names}  # fmt: skip
        found |= {(kind, jitter, "between"): torch.zeros(1, 50) for kind in ("trained", TWIN) for jitter in (8, 0)}
        rows = module.summed_up(found).set_index(["kind", "number"])
        for place, low, high in (((TWIN, names[0]), 0, 1), (("trained", names[0]), 0.5, 0.5),
                                 (("trained", "gain"), -0.5, 0.5)):  # fmt: skip
            assert rows.loc[place, ["low", "high"]].tolist() == pytest.approx([unit(low), unit(high)], abs=1e-4)
        assert rows.loc[[TWIN, "trained"], "nets"].unique().tolist() == [2, 1]


def test_each_kind_is_taken_at_its_best_and_gains_are_paired() -> None:
    found = {
        ("trained", 8, "own"): log(2, 4), ("trained", 0, "own"): log(1, 1), ("trained", 8, "noise"): log(1, 1),
        ("trained", 0, "noise"): log(9, 9), (TWIN, 8, "own"): log(1, 2), (TWIN, 0, "own"): log(4, 8),
        (TWIN, 8, "noise"): log(1, 1), (TWIN, 0, "noise"): log(3, 3),
        **{(kind, jitter, name): log(value, value) for kind, value in (("trained", 3.0), (TWIN, 2.0))
           for jitter in (8, 0) for name in ("other", "other noise")},
    }  # fmt: skip
    found["trained", 8, "other noise"] = log(1.5, 1.5)
    rows = dream_table.summed_up(found).set_index(["kind", "number"])
    assert rows.loc[("trained", "own"), ["jitter", "times"]].tolist() == [8, pytest.approx(8**0.5, abs=1e-4)]
    assert rows.loc[(TWIN, "own"), ["jitter", "times"]].tolist() == [0, pytest.approx(32**0.5, abs=1e-4)]
    assert rows.loc[(TWIN, "noise"), "times"] == 3
    assert rows.loc[(TWIN, "jittered"), ["jitter", "times"]].tolist() == [8, pytest.approx(2**0.5, abs=1e-4)]
    assert rows.loc[("trained", "gain"), ["times", "low", "high"]].tolist() == [0.5, 0.5, 0.5]
    assert rows.loc[("trained", "jittered gain"), "times"] == 2
    assert rows.loc[("trained", "shared"), "times"] == 2 and rows.loc[(TWIN, "shared"), "times"] == 1
    assert rows.loc[("trained", "shared gain"), "times"] == 2


def told(monkeypatch: pytest.MonkeyPatch, **gains: tuple[float, float]) -> str:
    """Of a layer whose gains have these intervals."""
    rows = [{"kind": kind, "number": number, "times": 1.5, "low": 1.4, "high": 1.6}
            for kind in ("trained", TWIN) for number in ("own", "jittered", "noise", "other", "shared")]  # fmt: skip
    rows += [{"kind": "trained", "number": f"{name} gain".strip("_ ").replace("own ", ""), "times": 1.0, "low": low,
              "high": high} for name, (low, high) in gains.items()]  # fmt: skip
    whole = pd.DataFrame(rows).assign(model="cnn", layer="relu1", jitter=0, images=100, nets=5)
    monkeypatch.setattr(dream_table, "table", lambda: whole)
    return dream_table.sentence("cnn", "relu1")


def test_the_sentence_says_where_the_control_does_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said = told(monkeypatch, own=(0.8, 0.9), jittered=(1.1, 1.2), shared=(0.9, 1.1))
    assert "by 1.50 (1.40 to 1.60), and in untrained twins by 1.50 (1.40 to 1.60): the control raises it more." in said
    assert "before each step, by 1.50 (1.40 to 1.60) and 1.50 (1.40 to 1.60): the trained net raises it more." in said
    over = "100 test digits, 5 trained nets and 5 untrained twins, with 95 % intervals over nets and images."
    assert said.endswith(f"times: the two cannot be told apart. Means over {over}")


def test_of_a_layer_that_was_not_measured_it_says_how_the_others_fare() -> None:
    said = dream_table.sentence("photo", "block8")
    gains = dream_table.table().query("model == 'photo' and number == 'jittered gain'")
    assert f"of {(gains.low > 1).sum()} more in the trained net and of {(gains.high < 1).sum()} more in the" in said
    assert "Of the 6 layers" in said and "6 sample photos at 112 pixels, 1 trained net and 3 untrained twins" in said


def test_the_tables_hold_every_layer_and_were_made_by_the_rule() -> None:
    for module in (dream_table, caricature_table):
        for (model, layer), rows in module.table().groupby(["model", "layer"]):
            assert layer in dream_table.LAYERS[model]
            assert (rows.low <= rows.high).all() and not rows[["low", "high"]].isna().any(axis=None)
            assert (rows.number == "gain").sum() == 1
        assert module.table().groupby("model").layer.nunique().to_dict() == {
            model: len(layers) for model, layers in dream_table.LAYERS.items()
        }


def test_a_caricatures_gain_is_what_its_cosine_has_above_other_pictures() -> None:
    values = {"length": 2.0, "cosine": 0.9, "between": 0.4}
    found = {
        ("trained", jitter, name): torch.full((1, 2), value) for jitter in (8, 0) for name, value in values.items()
    }
    found |= {(TWIN, 8, name): torch.zeros(1, 2) for name in values}
    found |= {(TWIN, 0, name): torch.full((1, 2), value) for name, value in
              {"length": 3.0, "cosine": 0.95, "between": 0.75}.items()}  # fmt: skip
    rows = caricature_table.summed_up(found).set_index(["kind", "number"])
    assert rows.loc[(TWIN, "length"), ["jitter", "value"]].tolist() == [0, 3.0]
    assert rows.loc[("trained", "gain"), "value"] == pytest.approx(0.3, abs=1e-4)


def test_what_is_between_is_the_mean_cosine_to_the_others() -> None:
    images, net = digits().images[:3], load("cnn")
    seen = record(net, images, ["relu4"])["relu4"].flatten(1)
    pairs = [[float(torch.cosine_similarity(seen[a], seen[b], dim=0)) for b in range(3) if b != a] for a in range(3)]
    expected = torch.tensor(pairs).mean(1)
    torch.testing.assert_close(caricature_table.between(net, images, "relu4"), expected)


def test_a_caricature_is_compared_with_its_own_original() -> None:
    images = digits().images[:2]
    found = caricature_table.made_of(load("cnn"), images, Caricature("relu2", steps=8, jitter=0, start="image"))
    assert (found["cosine"] > 0.9).all() and (found["between"] < 0.6).all()


def test_what_is_said_of_caricatures_names_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"layer": layer, "kind": "trained", "number": "gain", "value": 0.0, "low": low, "high": high}
            for layer, low, high in (("a", 0.1, 0.2), ("b", -0.1, 0.1), ("c", -0.2, -0.1), ("d", 0.1, 0.3))
            ]  # fmt: skip
    rows += [{"layer": "a", "kind": kind, "number": number, "value": 0.5, "low": 0.5, "high": 0.5}
             for kind in ("trained", TWIN) for number in ("cosine", "between")]  # fmt: skip
    monkeypatch.setattr(caricature_table, "table", lambda: pd.DataFrame(rows).assign(model="cnn", images=25, nets=2))
    said = caricature_table.sentence("cnn")
    assert said.startswith("Over 25 test digits, 2 trained nets and 2 untrained twins, made from noise")
    assert "after training in a and d, and higher in untrained twins in c," in said
    assert "in b the two cannot be told apart." in said


def test_nets_of_one_kind_follow_one_another() -> None:
    assert dream_table.nets("photo") == {"trained": ("trained",), TWIN: ("untrained", "untrained-1", "untrained-2")}
    kinds = dream_table.nets("cnn")
    assert kinds["trained"] == tuple(f"seed-{seed}" for seed in range(5)) and len(kinds[TWIN]) == 5


def test_measuring_writes_what_it_found(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """One layer of one net, few images."""
    monkeypatch.setattr(dream_table, "LAYERS", {"dense": ("relu1",)})
    for module in (dream_table, caricature_table):
        monkeypatch.setattr(module, "TABLE", tmp_path / "table.csv")  # type: ignore[operator]
        monkeypatch.setattr(module, "images_for", lambda _: digits().images[:2])
        assert set(module.measure()) == {"dense/relu1"}
        written = pd.read_csv(module.TABLE)
        assert set(written.kind) == {"trained", TWIN} and set(written.images) == {2}
        assert written.columns.tolist() == module.table().columns.tolist()
