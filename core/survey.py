"""A whole data set shown to a whole net, once: which inputs excite each unit most and least, and how it answers.

`python -m core.survey cnn` makes what ships: the answers to MNIST's test images.
"""

import argparse
import io
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor, nn
from tqdm import tqdm

from core.data.digits import test_set
from core.files import write_whole
from core.layers import copied, list_layers, record
from core.models import find, load
from core.process import settle

SAMPLE = 10_000  # inputs whose peaks are kept for the distribution; of more, a fair choice
QUANTILES = 401  # of the distribution, evenly spaced from the least to the largest
BATCH = 250
FOLDER = Path(__file__).parent / "surveys"
WEIGHTS = ("trained", "untrained")


@dataclass(frozen=True)
class Extremes:
    """The inputs that excite each unit most, or least, the most extreme first; of equal ones the earlier."""

    values: Float[Tensor, "units k"]
    inputs: Int[Tensor, "units k"]  # their numbers in the data set
    places: Int[Tensor, "units k"]  # in the flattened map, or in time; 0 for a neuron


@dataclass(frozen=True)
class Answers:
    """How the units of a layer answer to a data set."""

    most: Extremes
    least: Extremes
    quantiles: Float[Tensor, "units n"]  # of the strongest value for each input, ascending; all, where there are few
    broken: Bool[Tensor, " units"]  # NaN for some input, which then counts for nothing
    inputs: int  # how many there were

    def strongest(self, unit: int, k: int) -> Int[Tensor, " k"]:
        """The k inputs that excite a unit most, the strongest first.

        Those that excite it as little as any other are left out: there may be fewer than k, and for a dead unit none.
        """
        return self.most.inputs[unit, :k][self.most.values[unit, :k] > self.quantiles[unit, 0]]

    def aims(self, shape: Sequence[int], parts: int = 1) -> Float[Tensor, "parts units places"]:
        """Where the inputs that excite a unit most have their peaks: at each place of a map, or row, their share.

        In parts, each of every so many inputs, for pictures that are to differ. Of the inputs those with even numbers
        count, so that the others can ask what the unit likes (forced choice). The centre, or the last row, where there
        are none; `shape` is the layer's for one input.
        """
        counted = (self.most.inputs % 2 == 0) & (self.most.values > self.quantiles[:, :1])
        part = (counted.cumsum(1) - 1) % parts
        shares = torch.zeros(parts, shape[0], math.prod(shape[1:]))
        for place in range(parts):
            mine = counted & (part == place)
            mine = torch.where(mine.any(1, keepdim=True), mine, counted)
            shares[place].scatter_add_(1, self.most.places, mine.float())
        usual = shape[1] // 2 * shape[2] + shape[2] // 2 if len(shape) == 3 else shares.shape[2] - 1
        shares[:, ~counted.any(1), usual] = 1
        return shares / shares.sum(2, keepdim=True)

    def aims_of(self, shape: Sequence[int], indices: Sequence[int]) -> Float[Tensor, "n places"]:
        """The aim of a picture of each of these units; pictures of the same unit get parts of its own, as in `aims`."""
        parts = max(Counter(indices).values(), default=1)
        aims, seen = self.aims(shape, parts), Counter[int]()
        found = []
        for unit in indices:
            found.append(aims[seen[unit], unit])
            seen[unit] += 1
        return torch.stack(found)

    def share_below(self, unit: int, value: float) -> float:
        """The share of inputs, between 0 and 1, that excite a unit less than `value`; among the strongest exact."""
        above = int((self.most.values[unit] >= value).sum())
        if above < self.most.values.shape[1]:
            return 1 - above / self.inputs
        return int(torch.searchsorted(self.quantiles[unit].contiguous(), value)) / self.quantiles.shape[1]


@dataclass(frozen=True)
class Progress:
    """How many inputs have been shown; at the end, the answers of each layer."""

    done: int
    answers: dict[str, Answers] | None = None


def survey(
    model: nn.Module, batches: Iterable[Tensor], layers: Sequence[str], k: int = 16, seed: int = 0
) -> Iterator[Progress]:
    """One pass over a data set of any size; what is kept does not grow with it. Raises ValueError if it is empty.

    A unit's answer to an input is its strongest value over map or time, and its weakest; one forward pass reads all
    layers, channels last, which takes two thirds of the time.
    """
    net = copied(model).to(memory_format=torch.channels_last)
    generator = Generator().manual_seed(seed)
    running = {layer: _Running(k) for layer in layers}
    done = 0
    for batch in batches:
        batch = batch.contiguous(memory_format=torch.channels_last) if batch.ndim == 4 else batch
        rows = _reservoir(done, len(batch), generator)
        for layer, activation in record(net, batch, layers).items():
            running[layer].add(activation, done, rows)
        done += len(batch)
        yield Progress(done)
    if not done:
        raise ValueError("There is no input to show to the net: the data set is empty.")
    yield Progress(done, {layer: kept.answers(done) for layer, kept in running.items()})


def _reservoir(done: int, count: int, generator: Generator) -> Int[Tensor, " count"]:
    """In which row of the sample each of the next inputs is kept, or -1 (Vitter 1985, algorithm R).

    The n-th input takes a row among n; if that is one of the sample's, it throws out who is there.
    """
    numbers = torch.arange(done, done + count)
    drawn = (torch.rand(count, generator=generator, dtype=torch.float64) * (numbers + 1)).long()
    rows = torch.where(numbers < SAMPLE, numbers, drawn)
    return torch.where(rows < SAMPLE, rows, -1)


class _Running:
    """What is kept of a layer while inputs come in."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._most: Extremes | None = None
        self._least: Extremes | None = None
        self._sample = torch.empty(0, 0)
        self._broken: Tensor | bool = False

    def add(self, activation: Tensor, done: int, rows: Tensor) -> None:
        """Take in the activations (batch, units, *place) of the inputs behind the first `done`."""
        places = _places_last(activation)
        numbers = torch.arange(done, done + len(places))
        strongest, weakest = places.max(2), places.min(2)  # NaN where there is one
        self._broken = self._broken | strongest.values.isnan().any(0)
        self._most = self._extremes(self._most, strongest, numbers, descending=True)
        self._least = self._extremes(self._least, weakest, numbers, descending=False)
        self._keep(strongest.values, rows)

    def _extremes(self, before: Extremes | None, here: "torch.return_types.max | torch.return_types.min",
                  numbers: Tensor, descending: bool) -> Extremes:  # fmt: skip
        never = -torch.inf if descending else torch.inf
        values = here.values.T.nan_to_num(never, torch.inf, -torch.inf)
        inputs, places = numbers.expand_as(values), here.indices.T
        if before is not None:
            values = torch.cat([before.values, values], 1)
            inputs, places = torch.cat([before.inputs, inputs], 1), torch.cat([before.places, places], 1)
        order = values.sort(dim=1, descending=descending, stable=True).indices[:, : self._k]
        return Extremes(values.gather(1, order), inputs.gather(1, order), places.gather(1, order))

    def _keep(self, strongest: Tensor, rows: Tensor) -> None:
        new = rows == len(self._sample) + torch.arange(len(rows))  # while there is room, each input has the next row
        self._sample = torch.cat([self._sample.view(-1, strongest.shape[1]), strongest[new]])
        for row, values in zip(rows[~new].tolist(), strongest[~new], strict=True):
            if row >= 0:
                self._sample[row] = values

    def answers(self, inputs: int) -> Answers:
        """All of it."""
        assert self._most is not None and self._least is not None and isinstance(self._broken, Tensor)
        ascending = self._sample.T.sort(dim=1).values
        ranks = torch.linspace(0, ascending.shape[1] - 1, min(QUANTILES, ascending.shape[1])).round().long()
        return Answers(self._most, self._least, ascending[:, ranks], self._broken, inputs)


def _places_last(activation: Tensor) -> Float[Tensor, "batch units places"]:
    """With one axis for all places; maps are read as they lie in memory, their places before their units."""
    if activation.ndim == 4:
        return activation.permute(0, 2, 3, 1).flatten(1, 2).transpose(1, 2)
    return activation if activation.ndim == 3 else activation[..., None]


def to_bytes(answers: Mapping[str, Answers]) -> bytes:
    """The answers of several layers in one file."""
    arrays = {
        f"{layer}/{side}/{name}": getattr(extremes, name).numpy().astype(kind)
        for layer, found in answers.items()
        for side, extremes in (("most", found.most), ("least", found.least))
        for name, kind in (("values", np.float32), ("inputs", np.int32), ("places", np.int32))
    }
    for layer, found in answers.items():
        arrays[f"{layer}/quantiles"], arrays[f"{layer}/broken"] = found.quantiles.numpy(), found.broken.numpy()
        arrays[f"{layer}/count"] = np.array(found.inputs)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def from_bytes(content: bytes) -> dict[str, Answers]:
    """The inverse of `to_bytes`."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: torch.from_numpy(file[name]) for name in file.files}

    def extremes(place: str) -> Extremes:
        return Extremes(*(arrays[f"{place}/{name}"] for name in ("values", "inputs", "places")))

    layers = [name.removesuffix("/count") for name in arrays if name.endswith("/count")]
    return {
        layer: Answers(extremes(f"{layer}/most"), extremes(f"{layer}/least"), arrays[f"{layer}/quantiles"],
                       arrays[f"{layer}/broken"], int(arrays[f"{layer}/count"]))
        for layer in layers
    }  # fmt: skip


def shipped(model: str, weights: str) -> dict[str, Answers] | None:
    """How the units of a shipped net answer to MNIST's test images, by layer; None for other weights."""
    path = FOLDER / f"{model}-{weights}.npz"
    return from_bytes(path.read_bytes()) if path.exists() else None


def main() -> None:
    """Survey the named nets for digits, trained and untrained, with a progress bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    settle()
    images = test_set().images
    for model in parser.parse_args().models:
        for weights in WEIGHTS:
            net = load(model, weights=weights)
            layers = [layer.name for layer in list_layers(net, find(model).input_shape)]
            with tqdm(total=len(images), desc=f"{model} {weights}", file=sys.stderr) as bar:
                for progress in survey(net, images.split(BATCH), layers):
                    bar.update(progress.done - bar.n)
            assert progress.answers is not None
            write_whole(FOLDER / f"{model}-{weights}.npz", to_bytes(progress.answers))


if __name__ == "__main__":
    main()
