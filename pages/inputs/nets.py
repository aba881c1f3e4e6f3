"""The nets and the test images, loaded once a process and shared by every session."""

import hashlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import streamlit as st
import torch
from torch import Tensor, nn

from core import atlas, models
from core import survey as surveys
from core.data import digits, photos
from core.layers import Layer
from core.measures.neighbours import ENOUGH
from core.measures.receptive_field import Field, receptive_fields
from core.measures.spaces import Metric, Space, vectors
from core.models import DIGIT_NETS, OWN, find, load, snapshots
from core.process import give_back, settle
from core.store import Result, address
from core.survey import Answers
from pages.frame.navigation import turns
from pages.jobs.long_work import store

BY_VALUE: dict[str | type[Any], Callable[[Any], Any]] = {
    Tensor: lambda image: image.numpy().tobytes()  # how Streamlit's caches tell images apart
}
PHOTO_BATCH = 4  # a photo has two hundred times as many activations as a digit

settle()


def net(name: str, weights: str) -> nn.Module:
    """A model with its weights; ValueError, with a sentence for the page, where there is none."""
    return _ours(name, weights) if name in OWN else _torchvisions(name, weights)


@st.cache_resource(max_entries=64, show_spinner=False)
def _ours(name: str, weights: str) -> nn.Module:
    return load(name, weights=weights)


@st.cache_resource(max_entries=3, show_spinner="Loading the net ...")  # some of them take half a gigabyte
def _torchvisions(name: str, weights: str) -> nn.Module:
    return load(name, weights=weights)


@st.cache_resource(max_entries=64, show_spinner="Listing the net's layers ...")
def layers(name: str) -> list[Layer]:
    """A model's layers in forward order."""
    return atlas.layers_of(name)


def layer(model: str, name: str) -> Layer:
    """A model's layer of that name."""
    return next(layer for layer in layers(model) if layer.name == name)


def fields(name: str, layer: str) -> tuple[Field, Field] | None:
    """What the units of a net's layer see, down and across; None where that cannot be told."""
    return _fields(name).get(layer)


@st.cache_resource(max_entries=64, show_spinner="Finding how far its units see ...")
def _fields(name: str) -> dict[str, tuple[Field, Field]]:
    try:
        return receptive_fields(models.untrained(name, seed=0), find(name).input_shape)
    except ValueError:  # the pages say that it is not known
        return {}


@st.cache_resource(show_spinner=False)
def test_images() -> digits.Digits:
    """MNIST's 10,000 test images and their labels."""
    return digits.test_set()


@st.cache_resource(max_entries=16, show_spinner="Showing the 10,000 test images to this net ...", show_time=True)
def test_answers(name: str, weights: str, rows: int) -> dict[str, Answers]:
    """How the units of all layers answer to the test images, cut behind so many rows."""
    if rows == 28 and (found := surveys.shipped(name, weights)):
        return found
    batches = test_images().images[:, :, :rows].split(surveys.BATCH)
    return _surveyed(name, weights, batches, [layer.name for layer in layers(name)], f"test images, {rows} rows")


def aims(name: str, weights: str, layer_name: str, indices: Sequence[int]) -> Tensor:
    """The places, (n, places), that a picture of each of these units aims at, by the test images."""
    return test_answers(name, weights, 28)[layer_name].aims_of(layer(name, layer_name).shape, indices)


@st.cache_resource(max_entries=24, show_spinner="Showing the photos to this layer ...", show_time=True)
def photo_answers(name: str, weights: str, layer: str) -> Answers:
    """How a layer's units answer to the set of photos: which excite each most, and where."""
    side = find(name).input_shape[-1]
    return _surveyed(name, weights, photo_set(side).split(PHOTO_BATCH), [layer], _photo_fingerprint(side))[layer]


def _surveyed(
    name: str, weights: str, batches: Sequence[Tensor], layers: Sequence[str], data: str
) -> dict[str, Answers]:
    """How layers answer to a data set, kept by weights and data."""
    place = address(survey=data, weights=fingerprint(name, weights), layers=layers)
    if kept := store().get(place):
        return surveys.from_bytes(kept.content)
    turns().let_go()
    *_, last = surveys.survey(net(name, weights), batches, layers)
    assert last.answers is not None
    store().put(place, Result(surveys.to_bytes(last.answers), {"survey": data}))
    return last.answers


def strongest(name: str, weights: str, layer: str) -> Tensor:
    """The strongest activation of each unit of a layer with weights, for any test image or any photo of the set."""
    if find(name).sees == "digits":
        shipped = list(atlas.strongest(name, weights, layer).values())
        return torch.tensor(shipped) if shipped else test_answers(name, weights, 28)[layer].most.values[:, 0]
    return photo_answers(name, weights, layer).most.values[:, 0]


@st.cache_resource(max_entries=64, show_spinner=False)
def fingerprint(name: str, weights: str) -> str:
    """A hash of all of a net's weights."""
    return models.fingerprint(net(name, weights))


@st.cache_resource(max_entries=2, show_spinner="Loading photos ...")
def photo_set(side: int) -> Tensor:
    """The photos that may excite a unit: of the folder that LAYERSCOPE_PHOTOS names, or else views of the samples."""
    return photos.photo_set(side)


@st.cache_resource(max_entries=2, show_spinner=False)
def _photo_fingerprint(side: int) -> str:
    return hashlib.sha256(photo_set(side).numpy().tobytes()).hexdigest()


@st.cache_resource(max_entries=8, show_spinner="Mapping the test images into this layer ...")  # up to 75 MB each
def space(name: str, weights: str, layer: str, metric: Metric) -> Space:
    """The first test images as points in a layer's space, or in that of their pixels."""
    return Space(vectors(net(name, weights), test_images().images[:ENOUGH], layer), metric)


@st.cache_resource(max_entries=6, show_spinner="Mapping the photos into this layer ...")  # up to 160 MB each
def photo_space(name: str, weights: str, layer: str, metric: Metric) -> Space:
    """The set of photos as points in a layer's space, or in that of their pixels."""
    return Space(vectors(net(name, weights), photo_set(find(name).input_shape[-1]), layer, PHOTO_BATCH), metric)


@st.cache_resource(show_spinner=False)
def stages() -> dict[str, str]:
    """The snapshots that every model has, by their epochs as text ("1/16"), in the order of training; last, "end"."""
    shared = set.intersection(*(set(snapshots(name)) for name in DIGIT_NETS))
    taken = [name for name in snapshots(DIGIT_NETS[0]) if name in shared]
    return {str(Fraction(name.removeprefix("epoch-"))): name for name in taken} | {"end": "trained"}


def load_all() -> None:
    """Load what every visitor will want."""
    for name in DIGIT_NETS:
        layers(name)
        net(name, "trained")
    test_images()
    give_back()
    layers("photo")
    net("photo", "trained")
    give_back()
