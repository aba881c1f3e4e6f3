"""Every model by its name, and how to get one with its weights."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from core.data.digits import LABELS
from core.models.cnn import cnn
from core.models.dense import dense, dense_video
from core.models.rnn import rnn

CHECKPOINTS = Path(__file__).parent / "checkpoints"
SEEDS = range(5)


@dataclass(frozen=True)
class ModelSpec:
    """What a model is, before it has weights."""

    name: str
    family: str  # "dense", "cnn" or "rnn"
    title: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, ...] = (1, 28, 28)
    labels: tuple[str, ...] = LABELS


MODELS: dict[str, ModelSpec] = {
    "dense": ModelSpec("dense", "dense", "784-64-64-10, ReLU", dense),
    "dense-video": ModelSpec("dense-video", "dense", "784-16-16-10, sigmoid", dense_video),
    "cnn": ModelSpec("cnn", "cnn", "four convolutions", cnn),
    "rnn": ModelSpec("rnn", "rnn", "two LSTM layers, row by row", rnn),
}


def load(name: str, *, weights: str = "trained", device: str | torch.device = "cpu") -> nn.Module:
    """The model of that name in eval mode, its parameters frozen.

    `weights` is "trained", "plain" (no augmentation, no penalties), "untrained" (the twin: seed 0, no training),
    "seed-2" (the same training from another seed), "epoch-0.5" (a snapshot, kept as float16), or a path to a
    `.safetensors` file of the same net. Raises ValueError for a name or weights that do not exist.
    """
    if name not in MODELS:
        raise ValueError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
    if weights == "untrained":
        model = untrained(name, seed=0)
    else:
        model = MODELS[name].build()
        model.load_state_dict(_read_weights(name, weights))
    return model.to(device).eval().requires_grad_(False)


def untrained(name: str, seed: int) -> nn.Module:
    """The model as training from `seed` starts it; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MODELS[name].build()


def weights_of(name: str) -> tuple[str, ...]:
    """Everything that `load` takes as the weights of a shipped model, snapshots in the order of training."""
    return ("trained", "plain", "untrained", *(f"seed-{seed}" for seed in SEEDS), *snapshots(name))


@cache
def snapshots(name: str) -> tuple[str, ...]:
    """The snapshots of seed 0, as "epoch-0", "epoch-0.5", ..., in the order of training."""
    with safe_open(CHECKPOINTS / name / "snapshots.safetensors", framework="pt") as file:
        prefixes = {key.split("/")[0] for key in file.keys()}  # noqa: SIM118 - a safetensors file is no dict
    return tuple(sorted(prefixes, key=lambda name: float(name.removeprefix("epoch-"))))


def metadata(name: str, weights: str = "trained") -> dict[str, Any]:
    """How a shipped checkpoint was made: command, seed, recipe, test accuracy in percent by epoch."""
    with safe_open(checkpoint_path(name, weights), framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def checkpoint_path(name: str, weights: str) -> Path:
    """The file that holds these weights of a shipped model, or the path that `weights` is."""
    if weights.endswith(".safetensors"):
        return Path(weights)
    files = {"trained": "seed-0", "plain": "plain"} | {f"seed-{seed}": f"seed-{seed}" for seed in SEEDS}
    if weights.startswith("epoch-"):
        files[weights] = "snapshots"
    if weights not in files:
        raise ValueError(f"{name} has no weights {weights!r}; it has {', '.join(weights_of(name))}, or give a file.")
    return CHECKPOINTS / name / f"{files[weights]}.safetensors"


def _read_weights(name: str, weights: str) -> Mapping[str, Tensor]:
    prefix = f"{weights}/" if weights.startswith("epoch-") else ""
    with safe_open(checkpoint_path(name, weights), framework="pt") as file:
        keys = [key for key in file.keys() if key.startswith(prefix)]  # noqa: SIM118
        if not keys:
            raise ValueError(f"{name} has no snapshot {weights!r}; it has {', '.join(snapshots(name))}.")
        return {key.removeprefix(prefix): file.get_tensor(key).float() for key in keys}
