"""Show me the arithmetic: the numbers by which one unit, at one place, comes to its activation."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from torch import Tensor, nn

from core import charts
from core.charts import Grid
from core.circuits.contributions import Place
from core.circuits.factors import Factors, factors
from core.circuits.gates import Gates, gates, surviving
from core.circuits.graph import Node, largest
from core.layers import INPUT
from core.weights import GATES
from pages.frame.glossary import explained
from pages.frame.notice import notice
from pages.graphs.situation import Situation

MAPS, LISTED = 3, 8  # units that are shown, where each is a picture, and where each is a line
SQUASHED = {"relu": "max(0, {})", "sigmoid": "sigmoid({})"}
SHORT = {"input": "input i", "forget": "forget f", "cell": "candidate g", "output": "output o"}


def arithmetic(situation: Situation, layer: str, unit: int, part: int | None) -> None:
    """Draw how a unit of the graph comes to its activation; the unit `part` that it reads is among those shown.

    What is wrong with either is said.
    """
    st.header("Show me the arithmetic", anchor=False, help=explained("pre-activation", "activation"))
    node = next((node for row in situation.graph.rows for node in row
                 if (node.stage.layer.name, node.unit) == (layer, unit)), None)  # fmt: skip
    if node is None:
        notice(f"{layer}/{unit} does not stand in this graph: click one of its edges.", ":material/search_off:")
        return
    if node.stage.layer.kind == "lstm":
        _cell(situation, node, part)
        return
    found = factors(situation.net, situation.run, node.stage, node.unit, node.place)
    st.markdown(_what(node, found, _pooled(situation, node, found)))
    part = part if part is not None and 0 <= part < len(found.by_unit) else None
    shown = _shown(found.by_unit, MAPS if found.weights[0].numel() > 1 else LISTED, part)
    with st.container(horizontal=True, gap="medium", key="arithmetic"):
        for key, spec in enumerate(_pictures(situation, node, found, shown, part)):
            with st.container(width=charts.TERMS):
                st.vega_lite_chart(spec, width="content", key=f"factors-{key}")
        with st.container(width=charts.TERMS, gap="xsmall"):
            _sum(situation, node, shown, part)
    st.caption(_scales(found, shown))


def _shown(by_unit: Tensor, most: int, part: int | None) -> list[int]:
    """The strongest, and the one that is asked for."""
    shown = largest(by_unit.abs(), most) or list(range(min(most, len(by_unit))))
    return shown if part is None or part in shown else [*shown[: most - 1], part]


def _where(place: Place) -> str:
    """A place in words, counted from 1."""
    if len(place) == 2:
        return f" at row {place[0] + 1}, column {place[1] + 1} of its map"
    return f" behind row {place[0] + 1}" if place else ""


def _pooled(situation: Situation, node: Node, found: Factors) -> str:
    """What lies between what the unit reads and the numbers that it multiplies, in words; mostly nothing."""
    if found.reads == node.stage.reads:
        return ""
    sides = {layer.name: layer.shape[1:] for layer in situation.layers}
    rows, columns = (side // less for side, less in zip(sides[node.stage.reads], sides[found.reads], strict=True))
    return f", averaged over {rows} x {columns} places (**{found.reads}**)"


def _what(node: Node, found: Factors, pooled: str) -> str:
    reads = node.stage.reads
    name = f"**`{node.stage.layer.name}/{node.unit}`**{_where(node.place)}"
    if not found.kernel and node.stage.affine:
        return (
            f"{name} reads the image, which the net brings to a scale of its own first: what stands for the weights is "
            "the gradient at its pixels, which is exact here."
        )
    if not found.kernel:
        return (
            f"Between {name} and what it reads, **{_source(reads)}**, lie several layers: what stands for the weights "
            "is the gradient there, which is right for small changes only."
        )
    read = "the image" if reads == INPUT else f"**{reads}**"
    outside = "" if bool(found.inside.all()) else " Its window sticks out of the map: grey cells are outside, zero."
    return f"{name} reads {read}{pooled}, number by number: each times its weight makes a product.{outside}"


def _source(reads: str) -> str:
    return "the image" if reads == INPUT else reads


def _pictures(
    situation: Situation, node: Node, found: Factors, shown: Sequence[int], part: int | None
) -> list[charts.Spec]:
    pooled = "" if found.reads == node.stage.reads else " pooled"
    bold = "" if part is None else _name(node, part) + pooled
    three = [part[shown].numpy() for part in (found.values, found.weights, found.products)]
    limits = [float(np.abs(part).max()) for part in three]
    words = ["activation", "weight" if found.kernel else "gradient", "product"]
    if three[0][0].size == 1:
        grids = [Grid(word, part.reshape(-1, 1), limit) for word, part, limit in zip(words, three, limits, strict=True)]
        labels = [_name(node, unit) + pooled for unit in shown]
        inside = np.ones((len(shown), 1), bool)
        return [charts.products(grids, inside, f"Products of {len(shown)} units", situation.theme, labels, bold)]
    specs, image = [], found.reads == INPUT and len(found.values) == 1
    for row, unit in enumerate(shown):
        name = _name(node, unit) + pooled
        total = f"sum {charts.signed(float(three[2][row].sum()))}"
        titles = [name, "kernel" if node.stage.sums.kind == "conv" and found.kernel else f"{words[1]}s", total]
        grids = [Grid(title, part[row], limit, paper=image and place == 0)
                 for place, (title, part, limit) in enumerate(zip(titles, three, limits, strict=True))]  # fmt: skip
        about = f"{name} times the {words[1]}s: {total}"
        specs.append(charts.products(grids, found.inside.numpy(), about, situation.theme, bold=bold))
    return specs


def _name(node: Node, unit: int) -> str:
    """Of a unit that is read, of the image a colour."""
    if node.stage.reads == INPUT:
        return "image" if len(node.split.by_unit) == 1 else ("red", "green", "blue")[unit]
    return f"{node.stage.reads}/{unit}"


def _sum(situation: Situation, node: Node, shown: Sequence[int], part: int | None) -> None:
    """The terms with their total, and what the nonlinearity makes of it."""
    names, values = terms(node, shown)
    bold = "" if part is None else _name(node, part)
    spec = charts.addends(names, values, "pre-activation", situation.theme, bold)
    st.vega_lite_chart(spec, width="content", key="addends")
    st.markdown(squashed(node))


def terms(node: Node, shown: Sequence[int]) -> tuple[list[str], list[float]]:
    """The terms of a unit's pre-activation by their names: the units that are shown, the others, bias and gap."""
    by_unit = node.split.by_unit
    names = [_name(node, unit) for unit in shown]
    values = [float(by_unit[unit]) for unit in shown]
    others = len(by_unit) - len(shown)
    if others:
        names.append(f"{others} other{'s' if others > 1 else ''}")
        values.append(float(by_unit.sum()) - sum(values))
    names.append("bias")
    values.append(node.split.bias)
    if not node.stage.affine:
        names.append("gap")
        values.append(node.split.gap)
    return names, values


def squashed(node: Node) -> str:
    """What the nonlinearity makes of the pre-activation, and the number that the layer's picture shows."""
    value, layer = f"{node.split.value:.3f}".replace("-", "−"), node.stage.layer
    shows = f"the number that the picture of **{layer.name}** shows there"
    if layer == node.stage.sums:
        return f"No nonlinearity follows: **{value}** is {shows}."
    form = SQUASHED.get(layer.kind, f"{layer.kind}({{}})").format(value)
    said = f"Through the nonlinearity: {form} = **{node.activation:.3f}**, {shows}."
    if layer.kind == "relu" and node.activation <= 0:
        said += f" It is silent here; it would answer if its terms added up to {-node.split.value:.3f} more."
    return said


def _scales(found: Factors, shown: Sequence[int]) -> str:
    limits = [f"{float(part[shown].abs().max()):.2g}" for part in (found.values, found.weights, found.products)]
    word = "weights" if found.kernel else "gradients"
    return (
        "Hover a number: its partners light up. Orange is above zero, purple below; the strongest colour is "
        f"±{limits[0]} of what is read, ±{limits[1]} of the {word}, ±{limits[2]} of the products."
    )


def _cell(situation: Situation, node: Node, part: int | None) -> None:
    """An LSTM's cell at the node's step: its gates, its memory, and what of each step is left."""
    lstm, step = situation.net.get_submodule(str(node.stage.sums.module)), node.place[0]
    assert isinstance(lstm, nn.LSTM)
    seen = situation.run.activation(node.stage.reads)
    x = seen[0] if node.stage.reads == INPUT else seen.T
    found, left = gates(lstm, x, node.unit, step), surviving(lstm, x, node.unit, step)
    st.markdown(
        f"**`{node.stage.layer.name}/{node.unit}`** has read {step + 1} of the rows. Each of its gates adds up what is "
        "read now, **W x**, the layer's own hidden state one row earlier, **V h**, and a bias **b**, to a "
        "pre-activation **z**.",
        help=explained("gate", "hidden state"),
    )
    with st.container(horizontal=True, gap="medium", key="arithmetic"):
        with st.container(width=charts.TERMS, gap="xsmall"):
            st.vega_lite_chart(_gates(found, situation), width="content", key="gates")
            st.markdown(memory_in_words(found))
        with st.container(width=charts.TERMS, gap="xsmall"):
            st.caption("Now it reads these numbers; what each gives to each gate")
            st.vega_lite_chart(_reads(found, x[step], node, situation), width="content", key="reads")
        with st.container(width=charts.TERMS, gap="xsmall"):
            st.caption(
                f"Written at each row, as far as the forget gates have kept it: {charts.signed(found.memory)} in all"
            )
            about = f"What each row has left in the memory of {node.stage.layer.name}/{node.unit}"
            spec = charts.over_steps(left.numpy(), about, situation.theme)
            st.vega_lite_chart(spec, width="content", key="surviving")
        _through_time(situation, node, part)


def _gates(found: Gates, situation: Situation) -> charts.Spec:
    columns = {"W x": found.reads.sum(1), "V h": found.past.sum(1), "b": found.bias, "z": found.sums,
               "σ, tanh": found.values}  # fmt: skip
    limit = float(max(values.abs().max() for values in list(columns.values())[:4]))
    grids = [Grid(title, values.numpy()[:, None], 1.0 if title == "σ, tanh" else limit)
             for title, values in columns.items()]  # fmt: skip
    return charts.gate_table(grids, [SHORT[gate] for gate in GATES], "The four gates' sums", situation.theme)


def memory_in_words(found: Gates) -> str:
    """The cell's two equations with the numbers put in."""
    write, forget, new, out = found.values.tolist()
    kept = f"{forget:.3f} × {found.before:.3f} + {write:.3f} × {new:.3f} = **{found.memory:.3f}**"
    shown = f"{out:.3f} × tanh({found.memory:.3f}) = **{found.state:.3f}**"
    return (
        f"Memory: *f c* + *i g* = {kept}, where *c* is the memory one row earlier.\n\n"
        f"Hidden state: *o* tanh(*c*) = {shown}, the number that the layer's picture shows there."
    ).replace("-", "−")


def _reads(found: Gates, x: Tensor, node: Node, situation: Situation) -> charts.Spec:
    image, limit = node.stage.reads == INPUT, float(found.reads.abs().max())
    first = Grid("pixels" if image else node.stage.reads, x.numpy()[None], float(x.abs().max()), paper=image)
    lines = [first, *(Grid(SHORT[gate], found.reads[row].numpy()[None], limit) for row, gate in enumerate(GATES))]
    names = [f"column {place + 1}" if image else f"{node.stage.reads}/{place}" for place in range(len(x))]
    given = [", ".join(f"{charts.signed(value)} to {gate}" for value, gate in zip(values, GATES, strict=True))
             for values in found.reads.T.tolist()]  # fmt: skip
    said = [f"{name}: {value:.2f} gives {each}" for name, value, each in zip(names, x.tolist(), given, strict=True)]
    return charts.strips(lines, said, f"What is read now, up to {limit:.2f} for a gate", situation.theme)


def _through_time(situation: Situation, node: Node, part: int | None) -> None:
    """What one lower cell has added to this one's output, row by row, with the gates as they were."""
    if part is None or node.stage.reads == INPUT or not 0 <= part < len(node.split.parts):
        return
    added = node.split.parts[part]
    with st.container(width=charts.TERMS, gap="xsmall"):
        st.caption(
            f"What **{node.stage.reads}/{part}** has added to its hidden state, by the row at which it was read: "
            f"{charts.signed(float(added.sum()))} in all, with the gates held as they were"
        )
        about = f"What {node.stage.reads}/{part} added, row by row"
        spec = charts.over_steps(added.numpy(), about, situation.theme)
        st.vega_lite_chart(spec, width="content", key="through-time")
