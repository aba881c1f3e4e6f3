"""Every model by its name, and how to get one with its weights."""

import hashlib
import json
from collections import ChainMap
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Generator, Tensor, nn

from core.data.digits import first_training_images
from core.data.imagenet import imagenet_labels
from core.data.photos import sample_views
from core.models import zoo_names
from core.models.batch_norm import calibrate, fold_batch_norm, with_batch_norm
from core.models.cnn import cnn
from core.models.dense import dense, dense_video
from core.models.lite import lite0, trained_lite0
from core.models.rnn import rnn
from core.models.series import SERIES, SERIES_SEEDS
from core.models.spec import ModelSpec
from core.models.text import TEXT
from core.process import seeded

CHECKPOINTS = Path(__file__).parent / "checkpoints"
SEEDS = range(5)
RANDOM_LABELS, ROTATIONS = "random-labels", "rotations"  # trainings that need no class
TRAININGS = {"plain": SEEDS, RANDOM_LABELS: SERIES_SEEDS, ROTATIONS: SERIES_SEEDS}  # the seeds that ship
TWIN, SHUFFLED = "untrained", "shuffled"  # the two controls, by the weights' names; with a seed: "untrained-3"
VIEWS = 3  # each third of the sample photos' views sets the norms of a net for photos


MODELS: dict[str, ModelSpec] = {
    "dense": ModelSpec("dense", "dense", "784-64-64-10, ReLU", dense),
    "dense-video": ModelSpec("dense-video", "dense", "784-16-16-10, sigmoid", dense_video),
    "cnn": ModelSpec("cnn", "cnn", "four convolutions", cnn),
    "rnn": ModelSpec("rnn", "rnn", "two LSTM layers, row by row", rnn),
    "photo": ModelSpec(
        "photo",
        "cnn",
        "EfficientNet-Lite0, sixteen blocks",
        lite0,
        (3, 224, 224),
        imagenet_labels,
        trained_lite0,
        224,
        ("stem", *(f"block{number}" for number in range(1, 17)), "head", "logits"),
    ),
}
# The nets that read digits: our own, trained by `core.training`.
DIGIT_NETS = tuple(name for name, spec in MODELS.items() if spec.sees == "digits")
TEXT_SEEDS = range(1)
OWN = ChainMap(MODELS, SERIES, {TEXT.name: TEXT})


def families() -> dict[str, list[str]]:
    """The nets for digits by their family; the first of each is shown where one stands for all."""
    return {spec.family: [name for name in DIGIT_NETS if MODELS[name].family == spec.family]
            for spec in MODELS.values() if spec.sees == "digits"}  # fmt: skip


def find(name: str) -> ModelSpec:
    """The model of that name: ours, or a classifier of torchvision's; ValueError where there is none."""
    if name in OWN:
        return OWN[name]
    from core.models import zoo  # torchvision takes seconds to import, and 130 MB

    if name not in zoo.names():
        raise ValueError(f"There is no model {name!r}; there are {', '.join((*MODELS, *zoo_names.OFFERED))}, and more.")
    return zoo.spec(name)


def load(name: str, *, weights: str = "trained", device: str | torch.device = "cpu") -> nn.Module:
    """The model of that name in eval mode, its parameters frozen.

    It is one of `MODELS`, of `SERIES`, "text" or a classifier of torchvision's. `weights` is "trained", "plain" (no
    augmentation, no penalties; "plain-3" from another seed), "untrained" (the twin, see `twin`; or "untrained-3"),
    "shuffled" (see `shuffled`; or "shuffled-3"), "seed-2" (the same training from another seed), "epoch-0.5" (a
    snapshot), "random-labels" or "rotations" (see `core.data.tasks`; or "rotations-2"), or a path to a `.safetensors`
    file of the same net. Nets for photos have trained weights and the controls only, those of the series plain ones
    and the controls, and the net that reads text those of its seeds, snapshots and the controls. Raises ValueError for
    a name or weights that do not exist, or are not on this machine.
    """
    spec = find(name)
    kind, seed = _control(weights)
    if kind == TWIN:
        model = twin(name, seed)
    elif kind == SHUFFLED:
        model = shuffled(name, seed)
    elif weights == "trained" and spec.pretrained:
        with seeded():  # what is built draws weights, even where others take their place
            model = spec.pretrained()
    else:
        model = untrained(name, seed=0)
        model.load_state_dict(_read_weights(name, weights))
    return model.to(device).eval().requires_grad_(False)


def _control(weights: str) -> tuple[str, int]:
    """Of "untrained" or "shuffled-3" the kind and the seed; of other weights an empty kind."""
    kind, _, seed = weights.partition("-")
    return (kind, int(seed or 0)) if weights in (*controls(TWIN), *controls(SHUFFLED)) else ("", 0)


def controls(kind: str) -> tuple[str, ...]:
    """The names of a control's weights, TWIN's or SHUFFLED's, one a seed; of seed 0 it is the kind itself."""
    return named(kind, SEEDS)


def named(kind: str, seeds: Iterable[int]) -> tuple[str, ...]:
    """The names of weights of one kind, one a seed; of seed 0 it is the kind itself."""
    return tuple(f"{kind}-{seed}" if seed else kind for seed in seeds)


def untrained(name: str, seed: int) -> nn.Module:
    """The model as training from `seed` starts it, before it has seen an image."""
    with seeded(seed):
        return find(name).build()


def twin(name: str, seed: int) -> nn.Module:
    """The control that shares everything but training: the model in eval mode as the first step from `seed` sees it."""
    return _normed(name, untrained(name, seed))


def shuffled(name: str, seed: int) -> nn.Module:
    """The harder control: the trained weights in a random order within each matrix, a gate's within the gate.

    Every value is there, and no structure. Biases stay as they are; norms are set as the twin's.
    """
    model, generator = load(name), Generator().manual_seed(seed)
    for module in model.modules():
        gates = 4 if isinstance(module, nn.LSTM) else 1
        for weight in module.parameters(recurse=False):
            for part in weight.chunk(gates) if weight.ndim > 1 else ():
                order = torch.randperm(part.numel(), generator=generator)
                part.copy_(part.flatten()[order].view_as(part))
    return _normed(name, model)


def _normed(name: str, model: nn.Module) -> nn.Module:
    """The model in eval mode with batch norms, those that training adds or that it has, set by a fixed batch.

    The batch is the first training digits, or views of the sample photos. Behind norms that have seen nothing an
    image's signal dies.
    """
    if find(name).sees == "text":
        return model.eval()  # it has no norms
    images = first_training_images() if find(name).sees == "digits" else sample_views()[::VIEWS]
    added = name in OWN  # torchvision's nets have their own
    model = (with_batch_norm(model) if added else model).eval()
    calibrate(model, images)
    return fold_batch_norm(model) if added else model


def fingerprint(net: nn.Module) -> str:
    """A hash of all weights."""
    digest = hashlib.sha256()
    for name, value in net.state_dict().items():
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def identity(name: str, weights: str) -> str:
    """A hash of what these weights are made from.

    The norms of twins are statistics, whose last bits depend on the order of sums. So of a twin it is the hash of its
    seed's weights, of a shuffled one that of the trained weights, and its name.
    """
    kind, seed = _control(weights)
    if kind:
        return f"{fingerprint(untrained(name, seed) if kind == TWIN else load(name))}-{weights}"
    return fingerprint(load(name, weights=weights))


def weights_of(name: str) -> tuple[str, ...]:
    """Everything that `load` takes as the weights of a model, besides files; snapshots in the order of training."""
    others = (*controls(TWIN), *controls(SHUFFLED))
    if find(name).pretrained:
        return ("trained", *others)
    if name in SERIES:
        return (*named("plain", SERIES_SEEDS), *others)
    if name == TEXT.name:
        return ("trained", *others, *(f"seed-{seed}" for seed in TEXT_SEEDS), *snapshots(name))
    trainings = (weights for kind, seeds in TRAININGS.items() for weights in named(kind, seeds))
    return ("trained", *trainings, *others, *(f"seed-{seed}" for seed in SEEDS), *snapshots(name))


@cache
def snapshots(name: str) -> tuple[str, ...]:
    """The snapshots of seed 0, as "epoch-0", "epoch-0.5", ..., in the order of training."""
    with safe_open(CHECKPOINTS / name / "snapshots.safetensors", framework="pt") as file:
        prefixes = {key.split("/")[0] for key in file.keys()}  # noqa: SIM118 - a safetensors file is no dict
    return tuple(sorted(prefixes, key=epoch_of))


def epoch_of(weights: str) -> float:
    """When in training a snapshot was taken, by its name."""
    return float(weights.removeprefix("epoch-"))


def metadata(name: str, weights: str = "trained") -> dict[str, Any]:
    """How a shipped checkpoint was made: command, seed, recipe, test accuracy in percent by epoch."""
    with safe_open(checkpoint_path(name, weights), framework="pt") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def checkpoint_path(name: str, weights: str) -> Path:
    """The file that holds these weights of a shipped model, or the path that `weights` is."""
    if weights.endswith(".safetensors"):
        return Path(weights)
    known = weights_of(name)
    files = {"trained": "seed-0"} | {each: "snapshots" for each in known if each.startswith("epoch-")}
    if weights not in known or _control(weights)[0] or find(name).pretrained:
        raise ValueError(f"{name} has no weights {weights!r}; it has {', '.join(known)}, or give a file.")
    return CHECKPOINTS / name / f"{files.get(weights, weights)}.safetensors"


def _read_weights(name: str, weights: str) -> Mapping[str, Tensor]:
    prefix = f"{weights}/" if weights.startswith("epoch-") else ""
    with safe_open(checkpoint_path(name, weights), framework="pt") as file:
        keys = [key for key in file.keys() if key.startswith(prefix)]  # noqa: SIM118
        return {key.removeprefix(prefix): file.get_tensor(key).float() for key in keys}
