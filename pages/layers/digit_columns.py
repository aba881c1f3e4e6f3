"""Several nets side by side, a column each: the answer on top, the layers below it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
from torch import Tensor

from core import charts, images
from core.answers import answers_by_row, probabilities
from core.layers import Layer, first_of_each_depth, record
from core.models import MODELS
from core.models.rnn import RNN
from core.process import in_lasting_thread
from core.units import Unit
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.layers.net_head import net_head

WIDTH = 276  # pixels of a column; three of them and the paper fit a laptop's screen, one a phone's

PICTURE_WIDTH = charts.picture_width(WIDTH)
INPUT_SCALE = 3


@dataclass(frozen=True)
class View:
    """What the page shows of the nets."""

    models: tuple[str, ...]
    weights: str
    layers: str  # "pre-activations", "activations" behind the nonlinearity, or "all"
    rows: int  # that the recurrent net may read
    theme: images.Theme

    def input_of(self, model: str, image: Tensor) -> Tensor:
        """The image (1, 28, 28) as this model gets it, in a batch of one; a recurrent net's ends after some rows."""
        return image[None, :, : self.rows_of(model)]

    def rows_of(self, model: str) -> int:
        """How many of the image's rows this model gets."""
        return self.rows if MODELS[model].reads_rows else 28


def net_columns(view: View, image: Tensor, selected: Unit | None) -> dict[str, dict[str, Tensor]]:
    """Draw the columns, and return the activations of every layer, by model and layer."""
    recorded, by_row = _read(view, image)
    shares = {model: probabilities(activations["logits"][0]) for model, activations in recorded.items()}
    columns = [_column(view, model, image, recorded[model], shares[model], by_row.get(model)) for model in view.models]
    drawn = charts.net_columns(columns, view.theme, WIDTH, selected)
    with st.container(horizontal=True, gap="small", key="nets"):
        for model, chart in zip(view.models, drawn, strict=True):
            with st.container(width=WIDTH, gap="small"):
                _answer(model, shares[model])
                clickable(chart, charts.UNIT, f"column-{model}", partial(link.put, charts.UNIT))
    return recorded


def _read(view: View, image: Tensor) -> tuple[dict[str, dict[str, Tensor]], dict[str, Tensor]]:
    """The activations of every layer, by model and layer, and the recurrent nets' answers after each row, by model."""
    loaded = {model: nets.net(model, view.weights) for model in view.models}
    names = {model: [layer.name for layer in nets.layers(model)] for model in view.models}

    def read() -> tuple[dict[str, dict[str, Tensor]], dict[str, Tensor]]:
        recorded = {model: record(net, view.input_of(model, image), names[model]) for model, net in loaded.items()}
        return recorded, {model: answers_by_row(net, image) for model, net in loaded.items() if isinstance(net, RNN)}

    return in_lasting_thread(read)


def _column(
    view: View, model: str, image: Tensor, activations: dict[str, Tensor], shares: Tensor, by_row: Tensor | None
) -> charts.Column:
    spec, layers = MODELS[model], nets.layers(model)
    shown = layers if view.layers == "all" else first_of_each_depth(layers, int(view.layers == "activations"))
    seen = view.input_of(model, image)[0]
    return charts.Column(
        model,
        spec.family,
        images.framed(images.paper(seen, INPUT_SCALE)),
        f"input · {seen.shape[1]} x {seen.shape[2]} pixels",
        tuple(_picture(layer, activations[layer.name][0], view.theme) for layer in shown),
        spec.labels,
        tuple(shares.tolist()),
        None if by_row is None else images.tiles(by_row.T, PICTURE_WIDTH, view.theme),
        view.rows,
    )


def _picture(layer: Layer, activation: Tensor, theme: images.Theme) -> tuple[Layer, images.Tiles]:
    """The layer with the shape that it has here, shorter where fewer rows were read, and its picture."""
    return replace(layer, shape=tuple(activation.shape)), images.tiles(activation, PICTURE_WIDTH, theme)


def _answer(model: str, shares: Tensor) -> None:
    label, share = best_answer(model, shares)
    said = f'<div><span class="label">{label}</span><span class="share">{share}</span></div>'
    net_head(model, MODELS[model].title, said)


def answers_in_short(recorded: dict[str, dict[str, Tensor]]) -> None:
    """The answers in one line, for phones, where the columns lie below the first screen."""
    shares_in_short({model: probabilities(activations["logits"][0]) for model, activations in recorded.items()})


def shares_in_short(shares: Mapping[str, Tensor]) -> None:
    """The likeliest class of each net and its share in one line, for phones."""
    parts = []
    for model, of_classes in shares.items():
        label, share = best_answer(model, of_classes)
        colour = charts.FAMILY_COLOURS[MODELS[model].family]
        parts.append(f'<span style="--family: {colour}"><i>{model}</i> <b>{label}</b> {share}</span>')
    st.html(f'<div class="answers-in-short">{"".join(parts)}</div>')


def best_answer(model: str, shares: Tensor) -> tuple[str, str]:
    """The likeliest class's label, and its share in percent as text."""
    best = int(shares.argmax())
    percent = 100 * float(shares[best])
    return MODELS[model].labels[best], "&gt; 99.9 %" if percent > 99.95 else f"{percent:.1f} %"
