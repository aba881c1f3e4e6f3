"""The maps of several nets: PCA at once, t-SNE and UMAP as jobs whose maps can be watched as they form."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from torch import Tensor

from core import embeddings
from core.maps import METHODS, Flat
from core.measures.neighbours import ENOUGH
from core.store import Result, address
from pages.inputs import nets
from pages.inputs.canvas import Drawing
from pages.jobs.long_work import long_work, scheduler, store, watcher
from pages.jobs.scheduler import Records, View
from pages.spaces import lasso, principal_axes

PCA = "PCA"


@dataclass(frozen=True)
class Formed:
    """A layer's map as it is so far."""

    layer: str
    flat: Flat
    done: float  # share of the whole job, between 0 and 1


@dataclass(frozen=True)
class Fitting:
    """The maps of all layers of a net, by t-SNE or UMAP: a job."""

    method: str
    model: str
    weights: str

    def kept(self) -> dict[str, Flat] | None:
        """The finished maps by layer, if the store has them."""
        found = store().get(self._address())
        return None if found is None else dict(np.load(io.BytesIO(found.content)))

    def run(self) -> Records:
        """Fit all maps, a round of each layer in turn, so that they form together; then keep them."""
        method, flats = METHODS[self.method], principal_axes.principal_maps(self.model, self.weights)
        working = {
            layer: method.fit(principal_axes.basis(self.model, self.weights, layer).coordinates, start)
            for layer, start in flats.items()
        }
        for turn in range(method.rounds):
            for place, (layer, forming) in enumerate(working.items(), 1):
                flats[layer] = next(forming)
                yield Formed(layer, flats[layer], (turn + place / len(working)) / method.rounds)
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **flats)
        store().put(self._address(), Result(content.getvalue(), {"method": self.method}))

    def _address(self) -> str:
        """Of the result: it depends on the weights themselves, not on their names."""
        weights = nets.fingerprint(self.model, self.weights)
        return address(method=self.method, weights=weights, layers=embeddings.spaces(self.model), images=ENOUGH)


def shown_maps(
    method: str, models: Sequence[str], weights: str, shown: Drawing | None, take: Callable[[int], None]
) -> list[int]:
    """Draw the nets' maps, with what is `shown` as a star; return the images inside the lasso.

    Where a job has to make them, draw its buttons, and the maps as they form; they cannot be chosen from yet. The
    number of a clicked image goes to `take`.
    """
    if method == PCA:
        return lasso.draw({model: _principal(model, weights, shown) for model in models}, weights, take)
    fittings = [Fitting(method, model, weights) for model in models]
    found = {fitting: flats for fitting in fittings if (flats := _found(fitting))}
    if len(found) == len(fittings):
        rows = {fitting.model: _figures(fitting, flats, shown) for fitting, flats in found.items()}
        return lasso.draw(rows, weights, take)
    missing = [fitting for fitting in fittings if fitting not in found]
    long_work(missing, f"Start {method}", partial(_live, fittings, weights), last_only=False)
    return []


def _found(fitting: Fitting) -> dict[str, Flat] | None:
    """The finished maps by layer: those that ship, or of a job that is done, or of the store."""
    if fitting.method == embeddings.METHOD and (flats := embeddings.shipped(fitting.model, fitting.weights)):
        return flats
    job = scheduler().look(fitting, watcher())
    return _so_far(job) if job and job.state == "done" else fitting.kept()


def _so_far(job: View | None) -> dict[str, Flat]:
    return {formed.layer: formed.flat for formed in job.records} if job else {}


def _live(fittings: list[Fitting], weights: str, views: list[View | None]) -> None:
    """Draw the maps as they are so far; what has not begun is the map to begin with, that of PCA."""
    rows, done = {}, 0.0
    for fitting in fittings:
        found, job = _found(fitting), scheduler().look(fitting, watcher())
        flats = found or _so_far(job)
        done += 1.0 if found else job.records[-1].done if job and job.records else 0.0
        rows[fitting.model] = [
            lasso.figure(layer, flats.get(layer, beginning), None, "" if layer in flats else "not begun", "")
            for layer, beginning in principal_axes.principal_maps(fitting.model, weights).items()
        ]
    if any(view and not view.over for view in views):
        st.progress(done / len(fittings), f"{100 * done / len(fittings):.0f} % of the maps")
    else:
        st.caption("Not computed yet: seven seconds a map, and you can watch them form. Until then: their beginnings.")
    lasso.draw(rows, weights, lambda number: None)


def _principal(model: str, weights: str, shown: Drawing | None) -> list[lasso.Figure]:
    figures = []
    for layer, flat in principal_axes.principal_maps(model, weights).items():
        star = None if shown is None else principal_axes.principal_star(model, weights, layer, shown.image)
        about = f"{100 * principal_axes.basis(model, weights, layer).explained:.0f} % of the variance"
        figures.append(lasso.figure(layer, flat, star, about, lasso.separation(model, weights, layer)))
    return figures


def _figures(fitting: Fitting, flats: dict[str, Flat], shown: Drawing | None) -> list[lasso.Figure]:
    figures = []
    for layer, flat in flats.items():
        star = None if shown is None else _star(fitting, layer, flat, shown)
        below = lasso.separation(fitting.model, fitting.weights, layer)
        figures.append(lasso.figure(layer, flat, star, "", below))
    return figures


def _star(fitting: Fitting, layer: str, flat: Flat, shown: Drawing) -> Flat:
    """Where an image lies in a finished map: (2,); one of its own images lies where it is."""
    if shown.digit is not None and shown.digit < len(flat):
        return flat[shown.digit]
    return _placed(fitting, layer, flat, shown.image)


@st.cache_data(max_entries=256, show_spinner="Placing the star ...", hash_funcs=nets.BY_VALUE)
def _placed(fitting: Fitting, layer: str, _flat: Flat, image: Tensor) -> Flat:
    coordinates = principal_axes.basis(fitting.model, fitting.weights, layer).coordinates
    query = principal_axes.point(fitting.model, fitting.weights, layer, image)
    return METHODS[fitting.method].place(coordinates, _flat, query)[0]
