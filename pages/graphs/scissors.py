"""Scissors: the units that a graph names are cut out, and the unit and the answer follow, beside a cut at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
import torch
from torch import Generator, Tensor

from core import charts
from core.answers import probabilities
from core.charts import percent
from core.circuits.contributions import stages
from core.circuits.graph import Node
from core.circuits.losses import Orders, against_random, at, halved, lost, orders, over_images, some_counts, without
from core.layers import INPUT, record
from core.models import find
from pages.frame.glossary import explained
from pages.graphs.situation import Situation, mean_activations
from pages.inputs import nets

DRAWS, STRONGEST, CLASSES = 5, 16, 10  # random cuts; test images of the second curve; classes that are shown
POINTS = {"digits": 64, "photos": 7}  # of the curve on this input, at most, by what a net sees
FEWER = 12  # points of the curve over many images
FILLS = ("their mean", "zero", "another image's")
APART = 0.2  # of the response: where replacements differ by more, or by half of it and by a factor of 2, it depends


def scissors(situation: Situation) -> None:
    """Draw what happens to the unit and to the answer without the units that its graph names."""
    st.header("Scissors", anchor=False, help=explained("at random"))
    top, root = situation.stages[-1], situation.graph.root
    name = f"**`{top.layer.name}/{root.unit}`**"
    if top.reads == INPUT:
        st.markdown(f"{name} reads the image: what it is built of is pixels. The page Attribution takes pixels away.")
        return
    if not root.edges:
        st.markdown(f"On this input no unit contributes to {name}: there is nothing to cut.")
        return
    fill = st.segmented_control("Cut units are replaced by", FILLS, default=FILLS[0], required=True, key="fill",
                                bind="query-params")  # fmt: skip
    st.caption("Upright line: nothing cut. Full dot: the named units cut. Hollow dot: as many at random cut, mean "
               f"of {DRAWS} draws, with their range.")  # fmt: skip
    found = _cut(situation, _key(situation))
    before = root.activation
    with st.container(horizontal=True, gap="medium", key="scissors"):
        with st.container(width=charts.TERMS, gap="xsmall"):
            st.markdown(_of_the_unit(name, root, found.values[fill]))
            rows = [(each, before, *found.values[each]) for each in FILLS]
            _values(rows, f"value of {top.layer.name}/{root.unit}", situation, "unit")
            st.caption(_agreement(before, found.values))
        with st.container(width=charts.TERMS, gap="xsmall"):
            st.markdown(_of_the_answer(situation, found, fill))
            labels = find(situation.unit.model).labels
            rows = [(labels[place], float(found.answer[place]), *_spread(found.answers[fill][:, place]))
                    for place in found.answer.argsort(descending=True)[:CLASSES].sort().values.tolist()]  # fmt: skip
            _values(rows, "probability", situation, "answer")
        if before > 0:
            with st.container(width=charts.TERMS, gap="xsmall"):
                _curves(situation, fill, found.k)


Spread = tuple[float, ...]  # with the named units cut; with as many at random: mean, lowest, highest


@dataclass(frozen=True)
class Found:
    """What one cut of the `k` named units does, by how they are replaced."""

    k: int
    values: dict[str, Spread]  # of the unit's activation
    answer: Tensor  # the classes' probabilities before
    answers: dict[str, Tensor]  # (orders, classes), the named order first


def _spread(values: Tensor) -> Spread:
    return tuple(float(each) for each in against_random(values[:, None]).values())


def _orders(situation: Situation) -> Orders:
    return orders(situation.graph.root.split.by_unit, DRAWS, Generator().manual_seed(0))


def _key(situation: Situation) -> tuple[object, ...]:
    """What the cuts depend on."""
    pixels = situation.image.numpy().tobytes()
    return str(situation.unit), situation.weights, pixels, situation.graph.root.place, situation.k


@st.cache_data(max_entries=64, show_spinner=False)
def _cut(_situation: Situation, key: tuple[object, ...]) -> Found:
    root, net, last = _situation.graph.root, _situation.net, _situation.layers[-1].name
    found = _orders(_situation)
    k = min(_situation.k, len(found.named))
    names = list(dict.fromkeys((_situation.stages[-1].layer.name, last)))
    reads = _situation.stages[-1].reads
    values, answers = {}, {}
    for fill in FILLS:
        filling = _filling(_situation.unit.model, _situation.weights, reads, fill, _situation.image)
        left = without(net, _situation.run, found.sets(k), filling, names)
        values[fill] = _spread(at(left[names[0]], root.unit, root.place))
        answers[fill] = probabilities(left[last])
    return Found(k, values, probabilities(record(net, _situation.image, [last])[last])[0], answers)


def _filling(model: str, weights: str, layer: str, fill: str, image: Tensor) -> Tensor:
    """What stands in the place of cut units: (units, *place)."""
    means = mean_activations(model, weights)[layer]
    if fill == FILLS[0]:
        return means
    if fill == FILLS[1]:
        return torch.zeros_like(means)
    spec = find(model)
    others = nets.test_images().images if spec.sees == "digits" else nets.photo_set(spec.input_shape[-1])
    other = others[1:2] if torch.equal(others[:1], image) else others[:1]
    return record(nets.net(model, weights), other, [layer])[layer][0]


def _values(rows: Sequence[tuple[object, ...]], title: str, situation: Situation,
            key: str) -> None:  # fmt: skip
    table = pd.DataFrame(rows, columns=["name", "before", "named", "random", "low", "high"])
    family = find(situation.unit.model).family
    spec = charts.cut_values(table, title, family, situation.theme, percent=key == "answer")
    st.vega_lite_chart(spec, width="content", key=f"cut-{key}")


def _of_the_unit(name: str, root: Node, spread: Spread) -> str:
    before, k = root.activation, len(root.edges)
    named, drawn, low, high = spread
    was, now, other = (f"{value + 0.0:.2f}".replace("-", "−") for value in (before, named, drawn))
    way = "stays at" if was == now else f"{'rises' if named > before else 'falls'} from {was} to"
    inhibit = sum(value < 0 for value in root.edges.values())
    these = f" ({inhibit} of which inhibit{'s' if inhibit == 1 else ''} it)" if inhibit else ""
    said = f"Without its {k} named unit{'s' if k > 1 else ''}{these} {name} {way} **{now}**"
    if before <= 0:
        return (
            f"{said}. It is not above zero here, so there is no response to lose; with as many cut at random: {other}."
        )
    shares = [1 - value / before for value in (named, drawn, high, low)]
    what = f"**{percent(shares[0])}** of its response is lost" if shares[0] >= 0 else f"**{percent(-shares[0])}** more"
    return (
        f"{said}: {what}. With as many cut at random it is {other}: **{percent(shares[1])}** lost, between "
        f"{percent(shares[2])} and {percent(shares[3])}."
    )


def _of_the_answer(situation: Situation, found: Found, fill: str) -> str:
    labels, best = find(situation.unit.model).labels, int(found.answer.argmax())
    named, drawn, *_ = _spread(found.answers[fill][:, best])
    after = int(found.answers[fill][0].argmax())
    verb = "stays" if after == best else f"turns to **{labels[after]}**, away from"
    was, now = percent(float(found.answer[best])), percent(named)
    way = f"stays at **{now}**" if was == now else f"goes from {was} to **{now}**"
    drawn_at = f"with as many cut at random it is {percent(drawn)}"
    return f"The answer {verb} **{labels[best]}**, whose probability {way}; {drawn_at}."


def _agreement(before: float, values: dict[str, Spread]) -> str:
    """Whether it matters by what the cut units are replaced."""
    if before <= 0:
        return ""
    shares = {fill: 1 - spread[0] / before for fill, spread in values.items()}
    ahead = {fill: spread[0] < spread[1] for fill, spread in values.items()}
    said = ", ".join(f"{percent(share)} by {fill}" for fill, share in shares.items())
    least, most = min(shares.values()), max(shares.values())
    if len(set(ahead.values())) > 1 or most - least > APART or (most - least > APART / 2 and least < most / 2):
        return f"It depends on the assumption what is lost when the cut units are replaced: {said}."
    return f"The three replacements agree: lost are {said}."


def _curves(situation: Situation, fill: str, k: int) -> None:
    table = _on_this_input(situation, _key(situation), fill)
    st.markdown("How many have to go: the share lost on this input, named ones (line) and at random (dots).")
    _curve(table, k, "Lost on this input", situation)
    halves = [halved(table.cut.tolist(), torch.tensor(table[kind].to_numpy())) for kind in ("named", "random")]
    most = "" if len(table) == table.cut.max() else "at most "
    words = [f"with {most}{half} cut" if half else "never" for half in halves]
    st.caption(f"Half of its response is lost: named, {words[0]}; at random, {words[1]}.")
    if find(situation.unit.model).sees == "photos":
        return
    over, count = _over_images(
        situation.unit.model, situation.weights, situation.unit.layer, situation.unit.index, fill
    )
    if count:
        st.caption(f"Median over the {count} test images that excite it most, each with its own named units")
        _curve(over, k, f"Lost, median of {count} images", situation)


def _curve(table: pd.DataFrame, k: int, title: str, situation: Situation) -> None:
    spec = charts.cut_curve(table, k, title, find(situation.unit.model).family, situation.theme)
    st.vega_lite_chart(spec, width="content", key=f"curve-{title[:7]}")


@st.cache_data(max_entries=64, show_spinner=False)
def _on_this_input(_situation: Situation, key: tuple[object, ...], fill: str) -> pd.DataFrame:
    root, found, model = _situation.graph.root, _orders(_situation), _situation.unit.model
    counts = some_counts(len(found.named), min(_situation.k, len(found.named)), POINTS[find(model).sees])
    filling = _filling(model, _situation.weights, _situation.stages[-1].reads, fill, _situation.image)
    shares = lost(_situation.net, _situation.run, root.unit, root.place, found, filling, counts)
    return pd.DataFrame({"cut": counts} | against_random(shares))


@st.cache_data(max_entries=64, show_spinner="Cutting the unit on its strongest test images ...")
def _over_images(model: str, weights: str, layer: str, unit: int, fill: str) -> tuple[pd.DataFrame, int]:
    """The medians over a unit's strongest test images, and how many these are."""
    numbers = nets.test_answers(model, weights, 28)[layer].strongest(unit, STRONGEST)
    own, images = stages(nets.layers(model), layer), nets.test_images().images
    filling = _filling(model, weights, own[-1].reads, fill, images[0])
    counts = some_counts(len(filling), 1, FEWER)
    shares = over_images(nets.net(model, weights), images[numbers], own, unit, filling, counts, DRAWS)
    if not len(shares):
        return pd.DataFrame(), 0
    return pd.DataFrame({"cut": counts} | against_random(shares)), len(shares)
