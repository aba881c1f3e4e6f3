"""The shipped tables of `core.trust`, recomputed on a sample by other code, and how they are made and read.

What is drawn and is too slow to compute again is held by what has to hold between rows.
"""

import copy
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import rankdata
from skimage.filters import sobel
from torch import Tensor, nn

from core.attribution import ATTRIBUTIONS, COMPLETE, DRAWN, MULTIPLYING
from core.data import photos
from core.data.digits import test_set as mnist
from core.models import controls as twins
from core.models import load
from core.trust import table
from tests import references

NETS = ("dense", "dense-video", "cnn", "rnn")
IMAGES = {"trained": 200, "plain": 100}
KINDS = [(model, weights) for model in NETS for weights in IMAGES]
CONTROLS = ["at random", "centre first", "the image itself", "edge detector"]
LESS_IS_BETTER = {"rival", "deletion", "deletion, signed", "infidelity"}
MORE_IS_BETTER = {"pointing", "insertion", "insertion, signed"}
PARTS = 14


def read(model: str, weights: str, kind: str) -> pd.DataFrame:
    return pd.read_csv(Path(table.__file__).parent / "tables" / f"{model}-{weights}-{kind}.csv", dtype={"at": str})


def numbers_of(model: str, weights: str) -> pd.DataFrame:
    return read(model, weights, "numbers").set_index(["method", "number"])


@cache
def digits(weights: str) -> tuple[Tensor, Tensor]:
    """The first test images, in the order of their labels, as each label is explained at once."""
    images, labels = mnist().images[: IMAGES[weights]], mnist().labels[: IMAGES[weights]]
    order = labels.argsort(stable=True)
    return images[order], labels[order]


def gradient(net: nn.Module, x: Tensor, labels: Tensor, less: Tensor | None = None) -> Tensor:
    """Of each image's own logit, less another one's; a recurrent net's too."""
    moved = x.clone().requires_grad_()
    logits = net(moved)
    each = torch.arange(len(x))
    asked = logits[each, labels] - (0 if less is None else logits[each, less])
    return torch.autograd.grad(asked.sum(), moved)[0]


def agrees(row: "pd.Series[float]", values: np.ndarray, names: tuple[str, str, str] = ("value", "low", "high")) -> bool:
    """Whether a row has this mean, and an interval of 1.96 of its standard errors to either side, nearly."""
    mean, error = values.mean(), values.std(ddof=1) / math.sqrt(len(values))
    value, low, high = (float(row[name]) for name in names)
    wide = 0.3 * error + 2e-4
    return abs(value - mean) < 2e-3 and abs(low - mean + 1.96 * error) < wide and abs(high - mean - 1.96 * error) < wide


def swapped(model: str, weights: str, twin: str) -> tuple[nn.Module, nn.Module]:
    """The net with the weights of a twin's last layer, and the twin."""
    net, other = copy.deepcopy(load(model, weights=weights)), load(model, weights=twin)
    net.load_state_dict(
        {key: own for key, own in other.state_dict().items() if key.startswith("logits.")}, strict=False
    )
    return net, other


def alike(a: Tensor, b: Tensor, x: Tensor) -> np.ndarray:
    """Spearman's correlation of two maps' sizes on each digit's ink."""
    each = zip(a.abs().flatten(1).numpy(), b.abs().flatten(1).numpy(), x.flatten(1).numpy() > 0, strict=True)
    return np.array([np.corrcoef(rankdata(one[ink]), rankdata(other[ink]))[0, 1] for one, other, ink in each])


@pytest.mark.parametrize(("model", "weights"), KINDS)
def test_shipped_curves_are_recomputed_at_places_of_their_own(model: str, weights: str) -> None:
    """Eight curves of three methods, a place each, and where all pixels are there, of every method."""
    net, (x, labels) = load(model, weights=weights), digits(weights)
    curves = read(model, weights, "curves").set_index(["method", "curve", "at"]).value
    found = gradient(net, x, labels)
    edges = torch.from_numpy(np.stack([sobel(image[0].numpy()) for image in x]))[:, None].float()
    maps = {"saliency": found, "input x gradient": x * found, "edge detector": edges}

    def share(images: Tensor) -> float:
        with torch.no_grad():
            return float(net(images).softmax(1)[torch.arange(len(x)), labels].mean())

    sample = [("saliency", "deletion", 2), ("saliency", "insertion", 3), ("saliency", "deletion, signed", 1),
              ("saliency", "insertion, signed", 5), ("input x gradient", "deletion", 4),
              ("input x gradient", "insertion, signed", 2), ("edge detector", "deletion", 8),
              ("edge detector", "insertion, signed", 11)]  # fmt: skip
    for method, which, part in sample:
        order = maps[method] if "signed" in which else maps[method].abs()
        left = references.with_ink(x, order, part / PARTS, insert="insertion" in which)
        assert float(curves[method, which, f"{part / PARTS:.3f}"]) == pytest.approx(share(left), abs=2e-3), (
            method, which)  # fmt: skip
    whole, nothing = share(x), share(torch.zeros_like(x))
    for method in curves.index.get_level_values(0).unique():
        if method in table.SLOW:
            continue
        for which in ("deletion", "deletion, signed", "insertion", "insertion, signed"):
            ends = [whole, nothing] if "deletion" in which else [nothing, whole]
            assert [curves[method, which, "0.000"], curves[method, which, "1.000"]] == pytest.approx(ends, abs=2e-3)
            assert len(curves[method, which]) == PARTS + 1


@pytest.mark.parametrize(("model", "weights"), KINDS)
def test_shipped_numbers_of_gradients_are_recomputed(model: str, weights: str) -> None:
    """Beside random weights, near by, and what two products with noise share: with their intervals."""
    net, (x, labels), rows = load(model, weights=weights), digits(weights), numbers_of(model, weights)
    found = gradient(net, x, labels)
    others = torch.empty(2, *x.shape)
    for place, twin in enumerate(twins("untrained")):
        chosen = labels % 5 == place
        for own, net_of in zip(others, swapped(model, weights, twin), strict=True):
            own[chosen] = gradient(net_of, x[chosen], labels[chosen])
    for number, other in zip(("last layer random", "all random"), others, strict=True):
        assert agrees(rows.loc[("saliency", number)], alike(found, other, x)), number
        assert agrees(rows.loc[("input x gradient", number)], alike(x * found, x * other, x)), number
    assert agrees(rows.loc[("input x gradient", "all random, divided")], alike(found, others[1], x))
    noise = [torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    assert agrees(rows.loc[("input x gradient", "floor")], alike(x * noise[0], x * noise[1], x))
    two = torch.cat([(labels == label).nonzero()[:2, 0] for label in labels.unique()])
    generator, largest = torch.Generator().manual_seed(0), np.zeros(len(two))
    for _ in range(16):
        signs = torch.randint(0, 2, (1, 28, 28), generator=generator) * 2 - 1
        moved = gradient(net, x[two] + 0.02 * signs, labels[two]) - found[two]
        sizes = moved.flatten(1).norm(dim=1) / found[two].flatten(1).norm(dim=1)
        largest = np.maximum(largest, sizes.numpy())
    row = rows.loc[("saliency", "sensitivity")]
    assert row.images == len(two) and float(row.value) == pytest.approx(largest.mean(), rel=2e-3, abs=1e-4)


@pytest.mark.parametrize(("model", "weights"), [kind for kind in KINDS if "dense" in kind[0]])
def test_shipped_infidelities_and_gains_are_recomputed(model: str, weights: str) -> None:
    """Over 8 x 8 squares of 7 x 7, paired with the best control, image by image."""
    net, (x, labels), rows = load(model, weights=weights), digits(weights), numbers_of(model, weights)
    found = gradient(net, x, labels)
    each = torch.arange(len(x))
    happened, sums = [], {"saliency": [], "the image itself": []}
    with torch.no_grad():
        before = net(x)[each, labels]
        for top in range(0, 22, 3):
            for left in range(0, 22, 3):
                without = x.clone()
                without[:, :, top : top + 7, left : left + 7] = 0
                happened.append(before - net(without)[each, labels])
                for name, own in (("saliency", x * found), ("the image itself", x)):
                    sums[name].append(own[:, :, top : top + 7, left : left + 7].sum((1, 2, 3)))
    h, shares = torch.stack(happened).double(), {}
    for name, predicted in sums.items():
        p = torch.stack(predicted).double()
        best = ((p * h).sum(0) / (p * p).sum(0)).clamp(min=0)
        shares[name] = (((best * p - h) ** 2).sum(0) / (h**2).sum(0)).numpy()
        assert agrees(rows.loc[(name, "infidelity")], shares[name])
    for name in ("saliency", "input x gradient"):  # the square's sum of either is the same
        row = rows.loc[(name, "infidelity")]
        assert row.control == "the image itself" and row.images == len(x)
        assert agrees(row, shares["the image itself"] - shares["saliency"], ("gain", "gain low", "gain high"))


@pytest.mark.parametrize(("model", "weights"), [kind for kind in KINDS if "dense" in kind[0] or kind == KINDS[-1]])
def test_shipped_rivals_are_recomputed(model: str, weights: str) -> None:
    """Of the gradient, its product with the image, and edges: the label's share of two, while pixels go by sign."""
    net, (x, labels), rows = load(model, weights=weights), digits(weights), numbers_of(model, weights)
    each = torch.arange(len(x))
    with torch.no_grad():
        logits = net(x)
    logits[each, labels] = -math.inf
    rival = logits.argmax(1)
    found = gradient(net, x, labels, rival)
    for name, order in (("saliency", found), ("input x gradient", x * found)):
        shares = []
        for part in range(PARTS + 1):
            with torch.no_grad():
                left = net(references.with_ink(x, order, part / PARTS, insert=False))
            shares.append((left[each, labels] - left[each, rival]).sigmoid().numpy())
        assert agrees(rows.loc[(name, "rival")], np.trapezoid(shares, dx=1 / PARTS, axis=0)), name


@pytest.mark.parametrize(("model", "weights"), [*KINDS, ("photo", "trained")])
def test_shipped_rows_fit_one_another(model: str, weights: str) -> None:
    kept = read(model, weights, "numbers")
    assert list(kept.columns) == table.COLUMNS
    assert set(kept.model) == {model} and set(kept.weights) == {weights}
    assert not kept.duplicated(["method", "number"]).any()
    assert (kept.low <= kept.value).all() and (kept.value <= kept.high).all()
    rows = kept.set_index(["method", "number"])
    ours = kept[~kept.method.isin(CONTROLS)]
    gains = ours.number.isin(LESS_IS_BETTER | MORE_IS_BETTER)
    assert kept[["control", "gain", "gain low", "gain high"]].notna().all(axis=1).sum() == gains.sum()
    for row in ours[gains].to_dict("records"):
        sign = -1 if row["number"] in LESS_IS_BETTER else 1
        best = max(CONTROLS, key=lambda name: sign * rows.value[name, row["number"]])
        wanted = sign * (row["value"] - rows.value[best, row["number"]])
        if row["images"] == rows.images[best, row["number"]]:
            assert row["control"] == best and row["gain"] == pytest.approx(wanted, abs=2e-4), row
        assert row["gain low"] <= row["gain"] <= row["gain high"]
    assert kept[kept.number.isin(["infidelity", "pointing", "rival"])].value.between(0, 1).all()
    assert kept[kept.number.str.contains("random|floor")].value.between(-0.2, 1).all()
    positive = [name for name in CONTROLS if ("deletion" in rows.loc[name].index)]
    for name in positive:  # of what is nowhere below nothing, size and sign order alike
        for plain in ("deletion", "insertion"):
            assert rows.value[name, plain] == rows.value[name, f"{plain}, signed"]
    if model != "photo":
        exact = [name for name in COMPLETE if name != "integrated gradients" and (name, "gap") in rows.index]
        assert all(rows.value[name, "gap"] < 1e-3 for name in exact)
        assert set(ours[ours.number == "gap"].method) <= set(COMPLETE)
        assert set(ours[ours.number == "error"].method) <= set(DRAWN)
        assert set(ours[ours.number == "floor"].method) <= set(MULTIPLYING)
        assert ours[(ours.number == "floor") & (ours.images == IMAGES[weights])].value.nunique() == 1
        same = [rows.value["input x gradient", "all random, divided"], rows.value["saliency", "all random"]]
        assert same[0] == pytest.approx(same[1], abs=2e-4)
        others = kept[~kept.number.isin(["pointing", "sensitivity"]) & ~kept.method.isin(table.SLOW)]
        assert set(others.images) == {IMAGES[weights]}


def sums(found: Tensor, asked: Tensor) -> np.ndarray:
    """The share of what is positive, brightness by brightness, in the asked quarter of a map, two by two."""
    positive = found.sum(1).clamp(min=0)
    side = found.shape[-1] // 2
    shares = []
    for own, cell in zip(positive, asked.tolist(), strict=True):
        quarter = own[side * (cell // 2) :][:side, side * (cell % 2) :][:, :side]
        shares.append(float(quarter.sum() / own.sum()))
    return np.array(shares)


def test_the_shipped_game_on_photos_is_recomputed() -> None:
    """Of what needs no gradient: Grad-CAM, whose weights behind a mean over all places are the readout's, and controls.

    All four of six photos, each asked in turn, if its class is among the strongest twenty.
    """
    net, rows = load("photo"), read("photo", "trained", "numbers").set_index("method")
    samples = torch.stack([photos.to_input(photos.sample(name)) for name in photos.SAMPLES])
    last: list[Tensor] = []
    readout = [module for module in net.modules() if isinstance(module, nn.Linear)][-1]
    handle = net.get_submodule("head_relu").register_forward_hook(lambda module, x, output: last.append(output))
    shares: dict[str, list[np.ndarray]] = {"Grad-CAM": [], "edge detector": []}
    with torch.no_grad():
        classes = net(samples).argmax(1)
        for a in range(6):
            for b in range(a + 1, 6):
                for c in range(b + 1, 6):
                    for d in range(c + 1, 6):
                        cells = torch.tensor([a, b, c, d])
                        grid = torch.cat([torch.cat(list(samples[[a, b]]), 2), torch.cat(list(samples[[c, d]]), 2)], 1)
                        last.clear()
                        seen = net(grid[None])[0].topk(20).indices
                        asked = torch.tensor([cell for cell in range(4) if classes[cells[cell]] in seen])
                        if not len(asked):
                            continue
                        maps = torch.einsum("ku,uhw->khw", readout.weight[classes[cells[asked]]], last[0][0])
                        cam = nn.functional.interpolate(maps[:, None], grid.shape[1:], mode="bilinear")
                        shares["Grad-CAM"].append(sums(cam, asked))
                        edges = torch.from_numpy(sobel(grid.mean(0).numpy()))[None, None].expand(len(asked), 1, -1, -1)
                        shares["edge detector"].append(sums(edges, asked))
    handle.remove()
    for name, found in shares.items():
        values = np.concatenate(found)
        assert rows.images[name] == len(values) == 31
        assert agrees(rows.loc[name], values), name
    gain = np.concatenate(shares["Grad-CAM"]) - 0.25  # a map about the middle has a quarter of it in each
    assert rows.control["Grad-CAM"] == "centre first"
    assert agrees(rows.loc["Grad-CAM"], gain, ("gain", "gain low", "gain high"))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tables of its own, of 12 digits and two methods; what is kept between calls begins anew."""
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    monkeypatch.setattr(table, "DIGITS", {"trained": 12, "plain": 8})
    monkeypatch.setattr(table, "FEWER", {"feature ablation": 4})
    few = {name: ATTRIBUTIONS[name] for name in ("saliency", "kernel SHAP", "Grad-CAM")}
    monkeypatch.setattr(table, "ATTRIBUTIONS", few)
    return tmp_path


def test_a_build_computes_what_lacks_and_no_more(own_folder: Path) -> None:
    steps = list(table.build("dense-video", "plain"))
    assert steps == [
        (name, place / 5) for place, name in enumerate([*CONTROLS, "saliency"])
    ]  # kernel SHAP is slow, and there are no maps
    numbers, curves = (own_folder / f"dense-video-plain-{kind}.csv" for kind in ("numbers", "curves"))
    whole, points = pd.read_csv(numbers), pd.read_csv(curves, dtype={"at": str})
    assert list(whole.columns) == table.COLUMNS and list(dict.fromkeys(whole.method)) == [*CONTROLS, "saliency"]
    rows = whole.set_index(["method", "number"])
    assert set(rows.images.drop("sensitivity", level=1)) == {8}
    assert whole.set_index("method").control.isna().drop("saliency").all()
    assert list(rows.loc["saliency"].index) == [
        "rival", "deletion", "insertion", "deletion, signed", "insertion, signed", "infidelity", "sensitivity",
        "last layer random", "all random",
    ]  # fmt: skip
    assert list(points.columns) == ["model", "weights", "method", "curve", "at", "value"]
    places = [f"{part / PARTS:.3f}" for part in range(PARTS + 1)]
    own = points.set_index(["method", "curve"])
    assert all(list(own.loc[(name, "deletion")]["at"]) == places for name in (*CONTROLS, "saliency"))
    assert list(own.loc[("saliency", "stages")]["at"]) == ["logits", "fc2", "fc1"]
    area = np.trapezoid(own.loc[("saliency", "deletion")].value, dx=1 / PARTS)
    assert area == pytest.approx(rows.value["saliency", "deletion"], abs=1e-3)
    before = numbers.read_bytes(), curves.read_bytes()
    assert list(table.build("dense-video", "plain")) == []
    assert (numbers.read_bytes(), curves.read_bytes()) == before
    without = whole[whole.method != "edge detector"]
    without.to_csv(numbers, index=False)
    points[points.method != "edge detector"].to_csv(curves, index=False)
    assert list(table.build("dense-video", "plain")) == [("edge detector", 0.0)]
    again = pd.read_csv(numbers)
    pd.testing.assert_frame_equal(again.sort_values(["method", "number"], ignore_index=True),
                                  whole.sort_values(["method", "number"], ignore_index=True))  # fmt: skip


def test_a_slow_method_explains_fewer_digits_beside_controls_over_the_same(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["table", "dense-video", "--weights", "trained"])
    monkeypatch.setattr(table, "ATTRIBUTIONS", {"feature ablation": ATTRIBUTIONS["feature ablation"]})
    table.main()
    assert [path.name for path in sorted(own_folder.iterdir())] == [
        "dense-video-trained-curves.csv", "dense-video-trained-numbers.csv",
    ]  # fmt: skip
    rows = pd.read_csv(own_folder / "dense-video-trained-numbers.csv").set_index(["method", "number"])
    assert set(rows.loc["edge detector"].images) == {12} and set(rows.loc["feature ablation"].images) == {4}
    _, by_image = table.measure("the image itself", "dense-video", "trained", 4)
    row = rows.loc[("feature ablation", "infidelity")]
    assert row.control == "the image itself"
    assert row.gain == pytest.approx(float(by_image["infidelity"].mean()) - row.value, abs=2e-4)


def test_photos_are_played_one_by_one_beside_the_controls(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    four = list(photos.SAMPLES)[:4]
    monkeypatch.setattr(photos, "SAMPLES", {name: photos.SAMPLES[name] for name in four})
    monkeypatch.setattr(table, "ATTRIBUTIONS", {name: ATTRIBUTIONS[name] for name in ("Grad-CAM", "LRP", "occlusion")})
    names = [*CONTROLS, "Grad-CAM"]  # LRP has no rules for this net, and occlusion takes long
    assert list(table.build_photo()) == [(name, place / 5) for place, name in enumerate(names)]
    kept = pd.read_csv(own_folder / "photo-trained-numbers.csv")
    assert list(kept.columns) == table.COLUMNS and list(kept.method) == names
    assert set(kept.number) == {"pointing"} and kept.images.nunique() == 1
    cam = kept.set_index("method").loc["Grad-CAM"]
    assert cam.value > 0.5 and cam.gain == pytest.approx(cam.value - kept.value[:4].max(), abs=2e-4)


def test_what_is_shipped_is_read_by_net_and_method_as_it_was_written() -> None:
    for weights in IMAGES:
        found = table.shipped(weights)
        assert list(dict.fromkeys(model for model, _ in found)) == sorted(NETS)
        for model in NETS:
            rows, points = numbers_of(model, weights), read(model, weights, "curves").set_index(["method", "curve"])
            for method in ("edge detector", "saliency"):
                worth = found[model, method]
                assert worth.numbers == rows.loc[method].value.to_dict()
                assert worth.curves["insertion"] == list(points.loc[(method, "insertion")].value)
                assert "stages" not in worth.curves and bool(worth.stages) == (method == "saliency")
            stages = points.loc[("saliency", "stages")]
            assert found[model, "saliency"].stages == dict(zip(stages["at"], stages.value, strict=True))
