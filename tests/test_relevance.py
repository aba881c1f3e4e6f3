"""Relevance: nets by hand, slopes by finite differences, cuts one by one, and the shipped numbers by other code."""

import copy
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import spearmanr
from torch import Generator, Tensor, nn

from core.data.digits import test_set
from core.layers import list_layers
from core.measures.relevance import (
    FIRES,
    PREDICTORS,
    USED,
    USED_FROM,
    VARIES,
    Seen,
    cost_of_cutting,
    rank_correlations,
    relevance,
    resampled,
    with_gradients,
)
from core.models import DIGIT_NETS, identity, load
from core.relevance import orders, uses
from core.relevance.orders import APART, better, commonest, in_common, of_layer
from core.relevance.uses import CUTS, HALVES, MEAN, NINE, WEIGHTS, ZERO, activation_of, hidden, shipped
from core.survey import shipped as surveyed
from tests import references
from tests.nets import Ramp

IMAGES, LABELS = test_set()
NETS = list(itertools.product(DIGIT_NETS, WEIGHTS))
LAYERS = [(name, layer) for name in DIGIT_NETS for layer in hidden(name)]
LAST = [("dense", "relu2"), ("dense-video", "sigmoid2"), ("cnn", "relu4"), ("rnn", "lstm2")]


def behind(net: nn.Module, layer: str) -> Callable[[Tensor], Tensor]:
    """What stands behind a layer, as a function of its activation (n, units, *place): the logits."""
    if layer == "lstm1":
        return lambda a: net.logits(net.recurrent2(a.transpose(1, 2))[0][:, -1])  # type: ignore[operator,union-attr]
    if layer == "lstm2":
        return lambda a: net.logits(a[:, :, -1])  # type: ignore[operator]
    names = [name for name, _ in net.named_children()]
    assert isinstance(net, nn.Sequential)
    return nn.Sequential(*list(net.children())[names.index(layer) + 1 :])


def activations(net: nn.Module, images: Tensor, layer: str) -> Tensor:
    """A layer's activation by the other code: (n, units), a square map, or (n, units, time)."""
    found = torch.cat([references.digit_net(net, batch)[layer].detach() for batch in images.split(1000)])
    if layer.startswith("lstm"):
        return found
    return found[..., 0] if found.shape[2] == 1 else found.unflatten(2, (math.isqrt(found.shape[2]),) * 2)


# By hand.

X = torch.tensor([[2.0, 1.0], [1.0, -1.0], [0.2, 0.1]])  # relu: (3, 1, 0), (0, 2, 0), (.3, .1, 0)
# logits: (5, 1), (4, 1), (.5, 1): the third's winner does not know its inputs


def test_relevance_is_what_each_unit_adds_to_the_winning_logit() -> None:
    activation, gradient = with_gradients(Ramp().requires_grad_(False), X, ["relu"], "logits")["relu"]
    assert gradient.tolist() == [[1, 2, 1], [1, 2, 1], [0, 0, 0]]
    assert relevance(activation, gradient)[:, :, 0].tolist() == [[3, 2, 0], [0, 4, 0], [0, 0, 0]]
    assert not activation.requires_grad and not gradient.requires_grad


def test_a_cut_costs_what_the_unit_added_beyond_what_takes_its_place() -> None:
    net = Ramp().requires_grad_(False)
    assert cost_of_cutting(net, X, "relu", "logits", torch.zeros(3)).tolist() == [[3, 2, 0], [0, 4, 0], [0, 0, 0]]
    instead = torch.tensor([1.0, 2.0, -1.0])
    assert cost_of_cutting(net, X[:2], "relu", "logits", instead).tolist() == [[2, -2, 1], [-1, 0, 1]]


def test_the_winner_is_the_whole_nets_also_where_a_cut_makes_another_win() -> None:
    """Without its first unit the first image's winner has 2 - 8 = -6 left, less than the other's 1."""
    instead = torch.tensor([-8.0, 0.0, 0.0])
    assert cost_of_cutting(Ramp(), X[:1], "relu", "logits", instead)[0, 0] == 11


# Any net.


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_gradients_are_the_slopes_of_the_winning_logit(name: str, layer: str) -> None:
    """Finite differences in float64 of what stands behind the layer, at the places where it is steepest, and others."""
    net = copy.deepcopy(load(name)).double()
    images = IMAGES[:3].double()
    activation, gradient = with_gradients(net, images, hidden(name), "logits")[layer]
    torch.testing.assert_close(activation.float(), activations(load(name), IMAGES[:3], layer), atol=1e-4, rtol=1e-4)
    logits = behind(net, layer)
    winner, flat = logits(activation).argmax(1), gradient[0].flatten()
    others = torch.randint(len(flat), (8,), generator=Generator().manual_seed(0))
    for place in (*flat.abs().topk(5).indices, *others):
        step = torch.zeros_like(flat)
        step[place] = 1e-6
        step = step.view(activation[:1].shape)
        apart = logits(activation[:1] + step) - logits(activation[:1] - step)
        assert float(flat[place]) == pytest.approx(float(apart[0, winner[0]]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_each_unit_is_cut_alone(name: str, layer: str) -> None:
    """One after the other, by what stands behind the layer."""
    net, images = load(name), IMAGES[:5]
    activation = activations(net, images, layer)
    instead = torch.rand(activation.shape[1:], generator=Generator().manual_seed(0))
    found = cost_of_cutting(net, images, layer, "logits", instead)
    whole = behind(net, layer)(activation)
    for unit in range(0, len(instead), 5):
        cut = activation.clone()
        cut[:, unit] = instead[unit]
        drop = whole.amax(1) - behind(net, layer)(cut).gather(1, whole.argmax(1, keepdim=True))[:, 0]
        torch.testing.assert_close(found[:, unit], drop, atol=1e-4, rtol=1e-4)
    assert all(not module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(("name", "layer"), LAST)
def test_before_the_logits_a_cut_costs_exactly_the_relevance_from_what_takes_the_units_place(
    name: str, layer: str
) -> None:
    """The logits are linear in the last hidden layer."""
    net, images = load(name), IMAGES[:9]
    activation, gradient = with_gradients(net, images, [layer], "logits")[layer]
    instead = torch.rand(activation.shape[1:], generator=Generator().manual_seed(0))
    expected = relevance(activation - instead, gradient).sum(2)
    torch.testing.assert_close(cost_of_cutting(net, images, layer, "logits", instead), expected, atol=1e-4, rtol=1e-4)


def test_what_is_kept_of_two_batches_is_what_their_images_say_one_by_one() -> None:
    generator = Generator().manual_seed(0)
    activation, gradient = (torch.randn(10, 3, 2, 2, generator=generator) for _ in range(2))
    activation[:, 2] = 0.5
    seen, whole = Seen(), Seen()
    for batch in (slice(0, 4), slice(4, 10)):
        seen.add(activation[batch], gradient[batch])
    whole.add(activation, gradient)
    own = {
        "fires": [[float(a.max()) for a in image] for image in activation],
        "summed": [[float(a.sum()) for a in image] for image in activation],
        "used": [[float((a * g).sum()) for a, g in zip(*both, strict=True)]
                 for both in zip(activation, gradient, strict=True)],
    }  # fmt: skip
    for order, numbers in own.items():
        values, inputs, places = seen.first(order, 4)
        assert all(
            torch.equal(one, other) for one, other in zip(whole.first(order, 4), seen.first(order, 4), strict=True)
        )
        for unit in range(2):
            expected = references.strongest([row[unit] for row in numbers], 4)
            assert inputs[unit].tolist() == expected
            assert values[unit].tolist() == pytest.approx([numbers[image][unit] for image in expected], abs=1e-6)
            for image, place in zip(expected, places[unit].tolist(), strict=True):
                of = activation[image, unit] * (gradient[image, unit] if order == "used" else 1)
                assert of.flatten()[place] == of.max()
    assert seen.live().tolist() == [True, True, False]
    even = activation[::2].flatten(2).double(), gradient[::2].flatten(2).double()
    torch.testing.assert_close(seen.means()[0], even[0].mean(0))
    for instead in (torch.zeros(3, 4), torch.randn(3, 4, generator=generator)):
        found = dict(zip(PREDICTORS, seen.predictors(instead.double()), strict=True))
        a, g = even
        for name, expected in {
            FIRES: a.amax(2).mean(0), VARIES: (a - instead).square().mean(0).sqrt().sum(1),
            USED: (a * g).sum(2).mean(0), USED_FROM: ((a - instead) * g).sum(2).mean(0),
        }.items():  # fmt: skip
            torch.testing.assert_close(found[name], expected.float())


def test_rank_correlations_are_spearmans_and_resampled_over_units() -> None:
    generator = Generator().manual_seed(0)
    values, cost = torch.rand(3, 20, generator=generator), torch.rand(20, generator=generator)
    values[1] = values[0].exp()  # the same order
    values[2] = 1.0
    found = rank_correlations(values, cost)
    assert float(found[0]) == pytest.approx(spearmanr(values[0], cost).statistic, abs=1e-6)
    assert found[1] == found[0] and found[2] == 0
    drawn = torch.randint(20, (300, 20), generator=Generator().manual_seed(0))
    again = resampled(values, cost, 300)
    expected = [spearmanr(values[0][rows], cost[rows]).statistic for rows in drawn]
    assert again[:, 0].tolist() == pytest.approx(expected, abs=1e-5)
    assert torch.equal(again[:, 0], again[:, 1])


# The two nines.


def test_what_two_lists_have_in_common_is_a_share_of_the_first() -> None:
    assert in_common(torch.tensor([1, 2, 3, 4]), torch.tensor([4, 9, 2])) == 0.5
    assert in_common(torch.tensor([1, 2, 3, 4]), torch.tensor([], dtype=torch.long)) == 0
    assert commonest(torch.tensor([3, 7, 7, 3, 1])) == 3 and commonest(torch.tensor([3, 7, 7])) == 7


def test_each_layer_has_the_units_of_one_activation_and_the_logits_none() -> None:
    found = {layer.name: activation_of("cnn", layer.name) for layer in list_layers(load("cnn"), (1, 28, 28))}
    assert found == {f"{kind}{depth}": f"relu{depth}" for depth in range(1, 5) for kind in ("conv", "relu", "pool")
                     if (kind, depth) != ("pool", 4)} | {"logits": None}  # fmt: skip
    assert activation_of("rnn", "lstm2") == "lstm2" and activation_of("dense-video", "fc1") == "sigmoid1"
    assert hidden("dense") == ["relu1", "relu2"]


# What ships.


def every() -> list[tuple[str, str, str, uses.Uses]]:
    found = []
    for name, weights in NETS:
        layers = shipped(name, weights)
        assert layers is not None and list(layers) == hidden(name)
        found += [(name, weights, layer, its) for layer, its in layers.items()]
    return found


def test_it_is_of_the_weights_that_ship_and_of_no_others() -> None:
    for name, weights in NETS:
        file = np.load(uses.FOLDER / f"{name}-{weights}.npz")
        assert str(file[uses.IDENTITY]) == identity(name, weights)
    assert shipped("cnn", "epoch-1") is None


def test_lists_fall_and_hold_nine_images_of_every_live_unit_and_none_of_a_dead_one() -> None:
    dead = 0
    for name, weights, layer, its in every():
        units = next(each.units for each in list_layers(load(name, weights=weights), (1, 28, 28)) if each.name == layer)
        assert its.live.shape == (units,) and its.predictors.shape == (len(CUTS), len(PREDICTORS), units)
        for order in (its.fires, its.summed, its.used):
            assert order.inputs.shape == order.places.shape == (units, NINE)
            assert (order.values.diff(dim=1) <= 0).all() and int(order.inputs.max()) < len(IMAGES)
        for unit in range(units):
            used, places = its.used_for(unit)
            assert len(used) == len(places) == (int((its.used.values[unit] > 0).sum()) if its.live[unit] else 0)
            dead += not its.live[unit]
    assert dead >= 2
    trained = shipped("dense", "trained")
    assert trained is not None and not trained["relu1"].live[1] and len(trained["relu1"].used_for(1)[0]) == 0


def test_what_excites_a_unit_most_is_what_the_survey_says() -> None:
    for name, weights, layer, its in every():
        if (survey := surveyed(name, weights)) is None:
            continue
        torch.testing.assert_close(its.fires.values, survey[layer].most.values[:, :NINE], atol=1e-4, rtol=1e-4)
        same = (its.fires.inputs == survey[layer].most.inputs[:, :NINE])[its.live]
        assert (
            same.float().mean() > 0.98
        )  # of images that excite it alike, the survey's rounding may have another first


@pytest.mark.parametrize("weights", ["trained", "untrained"])
@pytest.mark.parametrize(("name", "layer"), LAST)
def test_before_the_logits_all_that_ships_follows_from_the_readouts_weights(
    name: str, layer: str, weights: str
) -> None:
    """Activations by the other code, and the winner's row of the last matrix in the place of a gradient."""
    net, found = load(name, weights=weights), shipped(name, weights)
    assert found is not None
    activation = activations(net, IMAGES, layer).double()
    if layer == "lstm2":
        activation = activation[..., -1]
    readout = net.logits
    assert isinstance(readout, nn.Linear)
    rows = readout.weight.double()
    winner = (activation.flatten(1) @ rows.T + readout.bias.double()).argmax(1)
    slopes = rows[winner].view(activation.shape)
    shares, its = (activation * slopes).flatten(2).sum(2) if activation.ndim > 2 else activation * slopes, found[layer]
    best = shares.topk(NINE, dim=0).values.T.float()
    torch.testing.assert_close(its.used.values, best, atol=1e-4, rtol=1e-3)
    at = shares.T.gather(1, its.used.inputs).float()
    torch.testing.assert_close(its.used.values, at, atol=1e-4, rtol=1e-3)
    for cut, instead in enumerate((activation[::2].mean(0), 0 * activation[0])):
        cost = (activation - instead) * slopes
        cost = cost.flatten(2).sum(2) if cost.ndim > 2 else cost
        for half, own in enumerate((cost[1::2], cost[::2])):
            torch.testing.assert_close(its.costs[cut, half], own.mean(0).float(), atol=1e-4, rtol=1e-3)
        predicted = its.predictors[cut, PREDICTORS.index(USED_FROM)]
        torch.testing.assert_close(predicted, cost[::2].mean(0).float(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("name", "layer"), [("dense", "relu1"), ("cnn", "relu3"), ("rnn", "lstm1")])
def test_deeper_down_the_images_that_ship_are_those_of_the_largest_relevance(name: str, layer: str) -> None:
    """Gradients of what stands behind: the listed images have the listed relevance, and none of 2,000 has more."""
    net, found = load(name), shipped(name, "trained")
    assert found is not None
    its, logits = found[layer], behind(net, layer)

    def relevances(images: Tensor) -> Tensor:
        activation = activations(net, images, layer).requires_grad_()
        (slopes,) = torch.autograd.grad(logits(activation).amax(1).sum(), activation)
        return (activation * slopes).detach().flatten(1).unflatten(1, (slopes.shape[1], -1)).sum(2)

    for unit in its.live.nonzero()[::9, 0].tolist():
        inputs, _ = its.used_for(unit)
        listed = relevances(IMAGES[inputs])[:, unit]
        torch.testing.assert_close(listed, its.used.values[unit, : len(inputs)], atol=1e-3, rtol=1e-3)
    drawn = torch.randperm(len(IMAGES), generator=Generator().manual_seed(0))[:2000]
    most = torch.cat([relevances(batch) for batch in IMAGES[drawn].split(500)]).amax(0)
    assert (most[its.live] <= its.used.values[its.live, 0] + 1e-3).all()


def test_the_tables_are_made_of_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "DIGIT_NETS", ("dense-video", "cnn"))
    for name, made in orders.tables().items():
        whole = orders.table(name)
        kept = whole[whole.model.isin(["dense-video", "cnn"])]
        by = list(whole.columns[:6]) if name == "predicted" else list(whole.columns[:3])
        pd.testing.assert_frame_equal(
            made.sort_values(by).reset_index(drop=True), kept.sort_values(by).reset_index(drop=True), atol=1e-3
        )


def test_the_tables_numbers_by_other_code() -> None:
    layers = orders.table("layers").set_index(["model", "weights", "layer"])
    keys = ["model", "weights", "layer", "cut", "images", "predictor"]
    predicted = orders.table("predicted").set_index(keys)
    assert predicted.index.is_unique and len(predicted) == len(layers) * len(CUTS) * len(HALVES) * 5
    for name, weights, layer, its in every():
        live = [unit for unit in range(len(its.live)) if its.live[unit]]
        row, common, same = layers.loc[(name, weights, layer)], [], []
        for unit in live:
            fires, used = its.fires.inputs[unit].tolist(), its.used_for(unit)[0].tolist()
            common.append(sum(image in used for image in fires) / NINE)
            modes = [
                max(digits, key=digits.count) for digits in (LABELS[fires].tolist(), LABELS[used].tolist()) if digits
            ]
            same += [modes[0] == modes[1]] if used else []
        assert row.units == len(live)
        assert row.common == pytest.approx(np.mean(common), abs=1e-4)
        assert row.digit == pytest.approx(np.mean(same), abs=1e-4)
        for (cut, named), (half, images) in itertools.product(enumerate(CUTS), enumerate(HALVES)):
            rho = {
                predictor: spearmanr(its.predictors[cut, place, live], its.costs[cut, half, live]).statistic
                for place, predictor in enumerate(PREDICTORS)
            }
            rho[APART] = rho[USED] - rho[FIRES]
            for predictor, value in rho.items():
                found = predicted.loc[(name, weights, layer, named, images, predictor)]
                assert found.value == pytest.approx(value, abs=1e-3)
                assert found.low <= found.high


def test_an_order_is_better_only_where_the_interval_of_the_difference_leaves_out_0() -> None:
    rows = orders.table("predicted")
    rows = rows[(rows.predictor == APART) & (rows.images == "odd")]
    for row in rows.itertuples():
        expected = USED if row.low > 0 else FIRES if row.high < 0 else None
        assert better(row.model, row.weights, row.layer, row.cut) == expected
    assert set(map(type, (better(*key) for key in itertools.product(["cnn"], ["trained"], hidden("cnn"), CUTS)))) == {
        str, type(None)}  # fmt: skip


def test_the_sentences_have_the_tables_numbers() -> None:
    rows = orders.table("predicted")
    for name, weights, layer, its in every():
        said = of_layer(name, weights, layer)
        own = rows[(rows.model == name) & (rows.weights == weights) & (rows.layer == layer) & (rows.images == "odd")]
        values = own.set_index(["cut", "predictor"]).value
        zero, mean = said.split(";")
        for cut, part in ((ZERO, zero), (MEAN, mean)):
            winner = better(name, weights, layer, cut)
            for order in (FIRES, USED):
                value = f"{values[cut, order]:.2f}".replace("-0.00", "0.00")
                assert f"{order} {f'**{value}**' if winner == order else value}" in part
            assert ("no sure difference" in part) == (winner is None)
        assert f"its {int(its.live.sum())} live units" in said
    decided = [better(row.model, row.weights, row.layer, ZERO) for row in orders.table("layers").itertuples()
               if row.weights != "untrained"]  # fmt: skip
    assert f"zero in its place relevance predicts better in {decided.count(USED)} of {len(decided)} layers" in (
        orders.headline())  # fmt: skip


def test_a_net_is_measured_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the first hundred images; what is there of the same weights is left as it is."""
    monkeypatch.setattr(uses, "FOLDER", tmp_path)
    monkeypatch.setattr(uses, "test_set", lambda: SimpleNamespace(images=IMAGES[:100]))
    done = list(uses.measure("dense-video", "plain"))
    assert done == sorted(set(done)) and done[-1] == uses.rounds("dense-video") == 500
    assert list(uses.measure("dense-video", "plain")) == []
    shipped.cache_clear()
    found = shipped("dense-video", "plain")
    shipped.cache_clear()
    assert found is not None
    net, its = load("dense-video", weights="plain"), found["sigmoid1"]
    assert its.fires.inputs.max() < 100
    mean = activations(net, IMAGES[:100:2], "sigmoid1").mean(0)
    cost = cost_of_cutting(net, IMAGES[:100], "sigmoid1", "logits", mean)
    torch.testing.assert_close(its.costs[CUTS.index(MEAN)], torch.stack([cost[1::2].mean(0), cost[::2].mean(0)]))
    (tmp_path / "dense-video-plain.npz").unlink()
    assert shipped("dense-video", "plain") is None
    shipped.cache_clear()
