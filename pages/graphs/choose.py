"""The switches of the page Circuits: the unit, the input on which it is taken apart, and how far; all in the link."""

import re

import streamlit as st
from torch import Tensor

from core import atlas, charts
from core.circuits.contributions import Place, stages
from core.images import Theme
from core.layers import pre_activation
from core.models import MODELS, find
from core.units import Unit
from pages.frame import link
from pages.frame.glossary import explained
from pages.frame.more import more
from pages.graphs.situation import Situation
from pages.inputs import nets
from pages.inputs.canvas import drawing
from pages.inputs.choose_nets import choose_weights
from pages.inputs.photographs import EXAMPLE, LAST, OWN, as_input, choose_photo
from pages.units.chosen import chosen_unit

# What a net opens with: units whose graph on the example keeps much, and can be read.
FIRST = {"dense": "dense/relu2/56", "dense-video": "dense-video/logits/8", "cnn": "cnn/relu3/16",
         "rnn": "rnn/lstm2/12", "photo": "photo/block2/6"}  # fmt: skip
USUAL = "cnn"
THIS, STIMULUS, STRONGEST = "this image", "its stimulus", "its strongest image"
PLACE, WHOSE, K, ROWS = "at", "whose", 5, 3
MOST_K, MOST_ROWS = 8, 4


def choose(theme: Theme) -> tuple[Situation, str]:
    """Draw the switches; what is taken apart, and what the input is, in words.

    Raises ValueError, with a sentence for the page, for an input that is not there.
    """
    unit = chosen_unit(list(FIRST)) or Unit.parse(FIRST[USUAL])
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _choose_net(unit)
        _choose_unit(unit)
        shown = st.segmented_control("On", [THIS, STIMULUS, STRONGEST], default=THIS, required=True, key="input",
                                     bind="query-params", help=explained("preferred stimulus"))  # fmt: skip
        k = st.slider("Units a row", 1, MOST_K, K, key="parts", bind="query-params", width=130)
        usual = {"of": ("Weights", "trained"), "levels": ("Rows", ROWS), PLACE: ("Place", "")}
        with more(usual):
            weights = choose_weights()
            rows = st.slider("Rows below it", 1, MOST_ROWS, ROWS, key="levels", bind="query-params", width=200)
            place = st.text_input("Its place: row-column, from 1", key=PLACE, bind="query-params", width=200,
                                  placeholder="where it is strongest")  # fmt: skip
    image, about = _input(unit, weights, shown)
    return Situation(unit, weights, image[None], _place(unit, place), k, rows, theme), about


def open_unit(unit: Unit, place: Place | None = None, *, keep: Unit | None = None) -> None:
    """Take another unit apart; with `keep` the input stays what that unit looks for, or what excites it most."""
    if keep is None or unit.model != keep.model:
        link.put(WHOSE, None)
    elif st.session_state.get("input", THIS) != THIS and not link.get(WHOSE):
        link.put(WHOSE, str(keep))
    link.put(charts.UNIT, str(unit))
    link.put(charts.EDGE, None)
    st.session_state[PLACE] = charts.at(place) if place else ""


def _choose_net(unit: Unit) -> None:
    key = f"net-{unit.model}"
    st.segmented_control("Net", list(FIRST), default=unit.model, required=True, key=key,
                         on_change=lambda: open_unit(Unit.parse(FIRST[st.session_state[key]])))  # fmt: skip


def _choose_unit(unit: Unit) -> None:
    """Two lists: the layers that are stages, the unit's own among them, and the layer's units."""
    layers = nets.layers(unit.model)
    names = [stage.layer.name for stage in stages(layers, layers[-1].name, find(unit.model).landmarks)]
    names += [unit.layer] if unit.layer not in names else []
    count, labels = nets.layer(unit.model, unit.layer).units, find(unit.model).labels
    key = f"layer-{unit}", f"number-{unit}"

    def other_layer() -> None:
        name = st.session_state[key[0]]
        open_unit(Unit(unit.model, name, min(unit.index, nets.layer(unit.model, name).units - 1)))

    classes = unit.layer == layers[-1].name and not labels[0].isdigit()

    def say(index: int) -> str:
        return f"{index} {labels[index]}" if classes else str(index)

    st.selectbox("Layer", names, names.index(unit.layer), key=key[0], on_change=other_layer, width=100)
    st.selectbox("Unit", range(count), unit.index, key=key[1], format_func=say, width=160 if classes else 80,
                 on_change=lambda: open_unit(Unit(unit.model, unit.layer, st.session_state[key[1]])))  # fmt: skip


def _place(unit: Unit, text: str | None) -> Place | None:
    """The place that the link names; ValueError, with a sentence for the page, where the unit has none such."""
    if not text:
        return None
    sides = pre_activation(nets.layers(unit.model), unit.layer).shape[1:]
    found = re.fullmatch("[0-9]{1,3}(-[0-9]{1,3})*", text.strip(), re.ASCII)
    place = tuple(int(part) - 1 for part in text.strip().split("-")) if found else (-1,)
    if len(place) == len(sides) and all(0 <= index < side for index, side in zip(place, sides, strict=True)):
        return place
    if not sides:
        raise ValueError(f"{unit} is a neuron, which has no places; the link asks for {text[:60]!r}.")
    raise ValueError(
        f"The places of {unit} are {' by '.join(f'1 to {side}' for side in sides)}, named as in "
        f"{'-'.join('3' * len(sides))}; the link asks for {text[:60]!r}."
    )


def _input(unit: Unit, weights: str, shown: str) -> tuple[Tensor, str]:
    """The image that the net sees, and what it is."""
    photo = find(unit.model).sees == "photos"
    if shown == THIS:
        if photo:
            return _photo(unit.model)
        here = drawing()
        return here.image, here.about.removesuffix(" Draw your own.").rstrip(".")
    whose = chosen_unit(list(FIRST), WHOSE) or unit
    whose = unit if whose.model != unit.model else whose
    return _stimulus(whose, weights) if shown == STIMULUS else _strongest(whose, weights)


def _photo(model: str) -> tuple[Tensor, str]:
    """The one that the link names, or else that of the page Photo."""
    link.put(charts.PHOTO, link.get(charts.PHOTO) or st.session_state.get(LAST) or EXAMPLE)
    picture = choose_photo()
    if picture is None:
        raise ValueError("Choose a photo above.")
    name = link.get(charts.PHOTO)
    return as_input(picture, model), "your photo" if name == OWN else f"the photo {name}"


def _stimulus(unit: Unit, weights: str) -> tuple[Tensor, str]:
    found = atlas.look_up(unit, weights)
    if found is None:
        raise ValueError(f"What {unit}, {weights}, looks for has not been computed; choose another input.")
    side = find(unit.model).input_shape[-1]
    if found.image.shape[-1] == side:
        return found.image, f"what {unit} looks for"
    recipe = atlas.recipe_for(pre_activation(nets.layers(unit.model), unit.layer).name)
    return atlas.enlarged(found.image[None], side, recipe)[0], f"what {unit} looks for, enlarged"


def _strongest(unit: Unit, weights: str) -> tuple[Tensor, str]:
    if MODELS[unit.model].sees == "photos":
        best = nets.photo_answers(unit.model, weights, unit.layer).strongest(unit.index, 1)
        images, what = nets.photo_set(find(unit.model).input_shape[-1]), "photo"
    else:
        best = nets.test_answers(unit.model, weights, 28)[unit.layer].strongest(unit.index, 1)
        images, what = nets.test_images().images, "test image"
    if not len(best):
        raise ValueError(f"No {what} excites {unit}: choose another input.")
    return images[int(best[0])], f"{what} {int(best[0])}, which excites {unit} most"
