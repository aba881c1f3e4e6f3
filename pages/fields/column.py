"""One net's column: the image with what a unit sees and what moves it, the numbers, and the units to choose from."""

from dataclasses import dataclass
from functools import partial
from itertools import takewhile

import numpy as np
import streamlit as st
from torch import Tensor

from core import charts, images
from core.examples import seen
from core.layers import Layer, record
from core.measures.effective_field import effective_field, fewest
from core.measures.receptive_field import ALL, Field
from core.models import TWIN, find
from core.process import in_lasting_thread
from core.units import Unit
from pages.fields.places import GRID, Spot, cells, in_words, place_at
from pages.frame import link
from pages.frame.clickable import clickable
from pages.inputs import nets
from pages.layers.net_head import net_head
from pages.units.chosen import chosen_unit

WIDTH, PHOTO_WIDTH = 400, 1040  # pixels of a column
UNITS, PHOTO_UNITS = (356, 180), (700, 300)  # of its units' picture, at most
LARGE, SMALL = 10, 6  # of the page for a pixel of a digit: alone, and beside the twin
PHOTO, SHRINK = 2, 4 / 3  # of a picture for a pixel of a photo, and what that is divided by on the page
NARROW, WINDOW = 70, 150  # pixels of a photo's field that is small, and of the page for it
MOSTLY = 0.9  # of the gradient
MOST = 24  # units of a photo's layer that are offered: those that answer most at the place


@dataclass(frozen=True)
class Touched:
    """A layer of a net at a spot of an image."""

    model: str
    layer: Layer
    layers: list[Layer]  # of all depths
    image: Tensor  # (channels, side, side)
    spot: Spot
    theme: images.Theme

    @property
    def side(self) -> int:
        """Of the image, in pixels."""
        return self.image.shape[-1]

    @property
    def is_photo(self) -> bool:
        """Whether the image is a photo, not a digit."""
        return find(self.model).sees == "photos"

    @property
    def family(self) -> str:
        """The net's."""
        return find(self.model).family

    @property
    def place(self) -> tuple[int, ...]:
        """Of the layer: (row, column) of a map, (row,) of a recurrent layer, ()."""
        return self.place_in(self.layer)

    def place_in(self, layer: Layer) -> tuple[int, ...]:
        """Where the spot lies in one of the net's layers."""
        return place_at(self.spot, layer, self.fields(layer), self.side)

    def fields(self, layer: Layer) -> tuple[Field, Field]:
        """What the places of a layer see; everything, where that cannot be told."""
        return nets.fields(self.model, layer.name) or (ALL, ALL)

    def seen(self, layer: Layer) -> tuple[slice, slice]:
        """The rows and columns of the image that a unit of the layer can see at the spot."""
        return seen(self.fields(layer), self.place_in(layer), (self.side, self.side))


def column(here: Touched, twin: bool) -> None:
    """Draw the column of a net, its untrained twin's picture in it, too, or not."""
    with st.container(width=PHOTO_WIDTH if here.is_photo else WIDTH, gap="small"):
        net_head(here.model, here.layer.caption)
        activation = _activation(here.model, here.layer.name, here.image)
        unit = _unit(here, activation)
        st.markdown(_said(here, unit))
        with st.container(horizontal=True, gap="xsmall"):
            for weights in ("trained", TWIN) if twin else ("trained",):
                _picture(here, unit, weights, 2 if twin else 1)
        st.caption(_growth(here))
        _units(here, unit, activation)


def _unit(here: Touched, activation: Tensor) -> Unit:
    """The one that the link names, if it is of this layer; else the one that answers most at this place."""
    chosen = chosen_unit([here.model], f"unit-{here.model}")
    if chosen and chosen.layer == here.layer.name:
        return chosen
    return Unit(here.model, here.layer.name, int(_at(activation, here.place).argmax()))


def _at(activation: Tensor, place: tuple[int, ...]) -> Tensor:
    """What the units of a layer answer at a place: (units,)."""
    for index in place:
        activation = activation[:, index]
    return activation


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _activation(model: str, layer: str, image: Tensor) -> Tensor:
    return in_lasting_thread(partial(record, nets.net(model, "trained"), image[None], [layer]))[layer][0]


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=nets.BY_VALUE)
def _field(model: str, weights: str, layer: str, unit: int, place: tuple[int, ...], image: Tensor) -> Tensor:
    """How much each pixel of an image moves a unit at a place: (height, width)."""
    net = nets.net(model, weights)
    return in_lasting_thread(partial(effective_field, net, image[None], layer, [unit], place))[0]


def _picture(here: Touched, unit: Unit, weights: str, beside: int) -> None:
    """Draw the image with what the unit sees and what moves it, one of so many; a click chooses a place."""
    field = _field(here.model, weights, unit.layer, unit.index, here.place, here.image)
    colour, about = charts.FAMILY_COLOURS[here.family], f"{weights}: what {unit} can see, and what moves it"
    scale, shrink = (PHOTO, SHRINK) if here.is_photo else (SMALL if beside > 1 else LARGE, 1.0)
    sheet = images.heat(here.image, field, here.seen(here.layer), scale, colour)
    with st.container(width=round(sheet.picture.width / shrink), gap="xsmall"):
        if here.place:
            _clickable(here, sheet, scale, shrink, about, f"touch-{here.model}-{weights}")
        else:
            st.image(sheet.picture, width=round(sheet.picture.width / shrink), alt=about)
        st.caption(_held(field, weights, sheet.limit))
    down, across = here.seen(here.layer)
    size = max(down.stop - down.start, across.stop - across.start)
    if here.is_photo and size <= NARROW:
        whole = slice(0, down.stop - down.start), slice(0, across.stop - across.start)
        window = images.heat(here.image[:, down, across], field[down, across], whole, WINDOW // size, colour).picture
        with st.container(width=window.width, gap="xsmall"):
            st.image(window, width=window.width, alt=f"{about}, enlarged")
            st.caption(f"enlarged {WINDOW // size} times")


def _clickable(here: Touched, sheet: images.Tiles, scale: int, shrink: float, about: str, key: str) -> None:
    """Draw a picture in which each of the layer's places can be clicked; of what has no columns, its rows."""
    found = {in_words(cell.place): cell for cell in cells(here.layer, here.fields(here.layer), here.side)}
    corners = [(cell.columns[0], cell.rows[0], cell.columns[1], cell.rows[1]) for cell in found.values()]
    boxes = images.MARGIN + np.array(corners) * here.side * scale / GRID
    spec = charts.clickable_sheet(images.Tiles(sheet.picture, boxes, sheet.limit, False), charts.PLACE, list(found),
                                  about=about, shrink=shrink, family=here.family, theme=here.theme)  # fmt: skip
    clickable(spec, charts.PLACE, key, lambda words: link.put(charts.PLACE, str(found[words].spot(here.spot))))


def _held(field: Tensor, weights: str, limit: float) -> str:
    """How few pixels hold most of what moves the unit, and the scale."""
    count = float(fewest(field[None], MOSTLY))
    if not count > 0:
        return f"{weights}: nothing moves it here"
    return f"{weights}: {100 * MOSTLY:.0f} % in {count:,.0f} pixels  \ngradient 0 to {limit:.2g}"


def _said(here: Touched, unit: Unit) -> str:
    """Which unit it is, and how many pixels it can see."""
    name = f" ({find(unit.model).labels[unit.index]})" if here.is_photo and here.layer == here.layers[-1] else ""
    where = {0: "", 1: f" behind {in_words(here.place)}", 2: f" at {in_words(here.place)}"}[len(here.place)]
    bound = "" if all(field.exact for field in here.fields(here.layer)) else "at most "
    return f"`{unit}`{name}{where} can see {bound}**{_size(here, here.layer)} pixels**."


def _size(here: Touched, layer: Layer) -> str:
    return " x ".join(str(side.stop - side.start) for side in here.seen(layer))


def _growth(here: Touched) -> str:
    """How much can be seen at each depth; where nothing changes any more, that is said."""
    sizes = [_size(here, layer) for layer in here.layers]
    alike = len(list(takewhile(lambda size: size == sizes[-1], reversed(sizes))))
    shown = len(sizes) - alike + 1 if alike > 2 else len(sizes)
    now = min(here.layers.index(here.layer), shown - 1)
    said = " · ".join(f"**{size}**" if place == now else size for place, size in enumerate(sizes[:shown]))
    return f"By depth: {said}" + (f" from {here.layers[shown - 1].name} on" if shown < len(sizes) else "")


def _units(here: Touched, unit: Unit, activation: Tensor) -> None:
    """Draw the layer's units, of a photo's those that answer most, with the place in the chosen one's map."""
    shown = list(range(here.layer.units))
    if here.is_photo and len(shown) > MOST:
        best = _at(activation, here.place).topk(MOST).indices.tolist()
        shown = list(dict.fromkeys([*best[: MOST - 1], unit.index, best[-1]]))[:MOST]
    width, height = PHOTO_UNITS if here.is_photo else UNITS
    sheet = images.tiles(activation[shown], width, here.theme, height)
    chosen = sheet.boxes[shown.index(unit.index)]
    spec = charts.clickable_sheet(
        sheet, charts.UNIT, [str(Unit(here.model, here.layer.name, index)) for index in shown],
        about=f"Units of {here.layer.name}", selected=str(unit), family=here.family, theme=here.theme,
        marks=[_inside(chosen, here.layer, here.place)],
    )  # fmt: skip
    scale = f"{'±' if sheet.signed else '0 to '}{sheet.limit:.3g}"
    some = f"The {MOST} of {here.layer.units} units that answer most here"
    st.caption(f"{some if len(shown) < here.layer.units else 'Its units'}; a click takes one · {scale}")
    clickable(spec, charts.UNIT, f"units-{here.model}", partial(link.put, f"unit-{here.model}"))


def _inside(tile: np.ndarray, layer: Layer, place: tuple[int, ...]) -> list[float]:
    """The box of a place within a unit's tile."""
    left, top, right, bottom = map(float, tile)
    if place:
        top, bottom = _part(top, bottom, place[0], layer.shape[1])
    if len(place) == 2:
        left, right = _part(left, right, place[1], layer.shape[2])
    return [left, top, right, bottom]


def _part(begin: float, end: float, index: int, count: int) -> tuple[float, float]:
    step = (end - begin) / count
    return begin + index * step, begin + (index + 1) * step
