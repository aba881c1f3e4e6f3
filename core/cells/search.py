"""Which cell of the net that reads text tracks a feature best, and whether more than its controls do.

Of all cells of the layers the one with the largest agreement on training text is chosen, and its sign; the number is
that of the same cell on held-out text. Each control is chosen in the same way, where there is anything to choose:

- the current character: the feature's mean behind this character in all of the training text, as an input tells it
  without any memory; and behind the last 2 to 5 characters (see `contexts`);
- untrained: the best cell of five untrained twins, chosen among all of theirs;
- shuffled: the best cell of the trained weights in a random order;
- random direction: the best of as many directions as there are cells, by a random rotation of each layer
  (Bau et al. 2017, "Network Dissection", section 3.2, turn the units of a layer so);
- readout: the best linear combination of the cell's whole layer, by a logistic (of a number: a ridge) regression on
  training text. It bounds what a single cell can do, and is no rival; neither is the same of the untrained twin.

The rule, made before any trained net was searched. A cell TRACKS a feature where its lead over each of the RIVALS on
held-out text, the current character, untrained, shuffled and random direction, lies above zero with its whole 95 %
interval (a paired bootstrap over passages of 1,000 characters). It REMEMBERS it where it leads over the last 2, 3, 4
and 5 characters too. Anything else is said as a number, and not as "this cell tracks".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.cells.agreement import agreements, bounds, drawn_agreement, draws
from core.cells.contexts import LONGEST, told_by_last
from core.cells.features import FEATURES
from core.cells.reading import along
from core.data.text import held_out_text, training_text
from core.models.text import Reader

LAYERS = ("lstm1", "lstm2")
CHARACTERS = 100_000  # of the training text, and of the held-out text
EVERY = 5  # of the characters one is learned from by a readout
PENALTY = 1.0  # of a readout's squared weights, of outputs with deviation 1
CELL, CHARACTER, TWINS, SHUFFLED, DIRECTION = "cell", "current character", "untrained", "shuffled", "random direction"
READOUT, TWIN_READOUT = "readout", "untrained readout"
LAST = tuple(f"last {length} characters" for length in range(2, LONGEST + 1))
RIVALS = (CHARACTER, TWINS, SHUFFLED, DIRECTION)
Outputs = dict[str, Float[Tensor, "units time"]]


@dataclass(frozen=True)
class Texts:
    """Where the counts are from, where cells are chosen, and where they are asked."""

    counted: str
    chosen: str
    asked: str

    @cached_property
    def features(self) -> dict[str, dict[str, Tensor]]:
        """Of each of the texts its features by their names, without those that are the same all over it."""
        texts = {"chosen": self.chosen, "asked": self.asked}
        each = {name: {part: feature.of(text) for part, text in texts.items()} for name, feature in FEATURES.items()}
        varied = [name for name, own in each.items() if all(len(values.unique()) > 1 for values in own.values())]
        return {part: {name: each[name][part] for name in varied} for part in texts}


def shipped_texts() -> Texts:
    """The first CHARACTERS of the training text and of the held-out text; counts are from all of the former."""
    return Texts(training_text(), training_text()[:CHARACTERS], held_out_text()[:CHARACTERS])


@dataclass(frozen=True)
class Best:
    """A cell, or a direction, the agreement for which it was chosen, and its values on the text where it is asked."""

    layer: str
    unit: int
    sign: int  # -1 where the feature makes it small
    chosen_for: float  # the larger, the better, whatever the sign
    values: Float[np.ndarray, " time"]  # turned so that they agree


def outputs(model: Reader, text: str) -> Outputs:
    """What the layers put out behind each character of a text."""
    pieces = list(along(model, text, LAYERS))
    return {layer: torch.cat([piece.activations[layer] for piece in pieces], 1) for layer in LAYERS}


def best(chosen: Outputs, asked: Outputs, features: Mapping[str, Tensor]) -> dict[str, Best]:
    """For each feature the row of these outputs, of a layer each, that agrees with it best where it is chosen."""
    found: dict[str, Best] = {}
    for layer, values in chosen.items():
        for name, each in agreements(values, features).items():
            middle = 0.5 if features[name].dtype == torch.bool else 0.0
            apart = (each - middle).nan_to_num()
            unit = int(apart.abs().argmax())
            size = float(apart[unit].abs()) + middle
            if name not in found or size > found[name].chosen_for:
                sign = -1 if apart[unit] < 0 else 1
                found[name] = Best(layer, unit, sign, size, sign * asked[layer][unit].numpy())
    return found


def better(one: Mapping[str, Best], other: Mapping[str, Best]) -> dict[str, Best]:
    """Of each feature's two the one that was chosen for more."""
    return {name: max(one.get(name, best), best, key=lambda each: each.chosen_for) for name, best in other.items()}


def turned(layers: Outputs, seed: int) -> Outputs:
    """The same in a random orthogonal basis of each layer (QR of normal numbers: Stewart 1980)."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for layer, values in layers.items():
        basis, upper = torch.linalg.qr(torch.randn(len(values), len(values), generator=generator))
        found[layer] = (basis * upper.diagonal().sign()).T @ values
    return found


def read_out(chosen: Float[Tensor, "units time"], feature: Tensor, asked: Float[Tensor, "units time"]) -> np.ndarray:
    """What the best linear combination of a layer, learned where cells are chosen, gives where they are asked."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    flags = feature.dtype == torch.bool
    fit = make_pipeline(StandardScaler(), LogisticRegression(C=1 / PENALTY, max_iter=500) if flags else Ridge(PENALTY))
    fit.fit(chosen[:, ::EVERY].T.numpy(), feature[::EVERY].numpy())
    return fit.decision_function(asked.T.numpy()) if flags else fit.predict(asked.T.numpy())


@dataclass(frozen=True)
class Row:
    """How well something agrees with a feature on held-out text, and how far the cell leads over it."""

    feature: str
    kind: str
    layer: str
    unit: int  # -1 where there is none
    sign: int
    value: float
    low: float
    high: float
    lead: float
    lead_low: float
    lead_high: float
    share: float  # of the characters that have the flag; of a number its mean


def rows(candidates: Mapping[str, Mapping[str, Best]], asked: Mapping[str, Tensor]) -> Iterator[Row]:
    """A row a feature and candidate, of which there is the cell itself, by the feature's name and the candidate's kind.

    All are drawn alike.
    """
    for name, feature in asked.items():
        drawn = draws(len(feature))
        each = {kind: drawn_agreement(best.values, feature, drawn) for kind, best in candidates[name].items()}
        for kind, values in each.items():
            one, lead = candidates[name][kind], each[CELL] - values
            yield Row(name, kind, one.layer, one.unit, one.sign, float(values[0]), *bounds(values),
                      float(lead[0]), *bounds(lead), float(feature.double().mean()))  # fmt: skip


def by_counting(texts: Texts) -> dict[str, dict[str, Best]]:
    """What the last characters tell of each feature, by how many they are."""
    found = {}
    for name in texts.features["asked"]:
        told = told_by_last(texts.counted, FEATURES[name].of(texts.counted), texts.asked)
        found[name] = {kind: _without_choice(values) for kind, values in zip((CHARACTER, *LAST), told, strict=True)}
    return found


def by_reading_out(chosen: Outputs, asked: Outputs, texts: Texts, layers: Mapping[str, str]) -> dict[str, Best]:
    """For each feature the linear readout of that layer."""
    return {
        name: _without_choice(read_out(chosen[layer], texts.features["chosen"][name], asked[layer]), layer)
        for name, layer in layers.items()
    }


def _without_choice(values: np.ndarray, layer: str = "") -> Best:
    return Best(layer, -1, 1, 0.0, values)
