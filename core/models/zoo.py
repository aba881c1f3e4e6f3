"""torchvision's classifiers, with their own weights, sizes and labels.

Their weights come from torch's hub cache, into which `download` brings them. Each net is made explicit, and takes
images in [0, 1].
"""

import hashlib
import re
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from uuid import uuid4

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torchvision import models
from torchvision.models import WeightsEnum

from core.models.explicit import explicit
from core.models.spec import ModelSpec
from core.models.zoo_names import OFFERED

ONE_SIZE = ("vit", "maxvit")  # these take no picture of another size than they were trained with
MOST_PARAMETERS = 150e6
CHUNK = 2**18  # bytes


class Standardised(nn.Module):
    """From [0, 1] to the mean 0 and deviation 1 that a net was trained with; enlarged, if it takes one size only."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: list[float], deviation: list[float], side: int | None) -> None:
        super().__init__()
        self.side = side
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Of the same shape, or of that side."""
        sized = x if self.side is None else F.interpolate(x, (self.side, self.side), mode="bilinear")
        return (sized - self.mean) / self.deviation


def names() -> list[str]:
    """All of torchvision's classifiers."""
    return models.list_models(module=models)


def is_huge(name: str) -> bool:
    """Whether a net is too large to be loaded for every visitor who asks."""
    return models.get_model_weights(name).DEFAULT.meta["num_params"] > MOST_PARAMETERS


def spec(name: str) -> ModelSpec:
    """What a classifier of torchvision is; ValueError for a name that it does not have."""
    if name not in names():
        raise ValueError(f"torchvision has no classifier {name!r}; it has {', '.join(OFFERED)}, and more.")
    weights = _weights(name)
    transforms = weights.transforms()
    return ModelSpec(
        name,
        "cnn",
        f"torchvision's, {weights.meta['num_params'] / 1e6:.0f} million parameters",
        partial(_untrained, name),
        (3, transforms.crop_size[0], transforms.crop_size[0]),
        lambda: tuple(weights.meta["categories"]),
        partial(_pretrained, name),
        transforms.resize_size[0],
    )


def _weights(name: str) -> WeightsEnum:
    """The weights that lie in the cache, or else those that torchvision takes for the best."""
    kinds = models.get_model_weights(name)
    return next((weights for weights in kinds if _path(weights).exists()), kinds.DEFAULT)


def _path(weights: WeightsEnum) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[1]


def _untrained(name: str) -> nn.Module:
    # GoogLeNet and Inception have classifiers on the side, for training, and set their weights in ten seconds.
    weights, how = _weights(name), {}
    if name in ("googlenet", "inception_v3"):
        how = {"aux_logits": False, "init_weights": False}
    if name.startswith("vit"):
        how = {"image_size": weights.transforms().crop_size[0]}
    return _ready(name, models.get_model(name, **how), weights)


def _pretrained(name: str) -> nn.Module:
    weights = _weights(name)
    _check(name, weights)
    return _ready(name, models.get_model(name, weights=weights), weights)


def _ready(name: str, model: nn.Module, weights: WeightsEnum) -> fx.GraphModule:
    transforms = weights.transforms()
    side = transforms.crop_size[0] if name.startswith(ONE_SIZE) else None
    net = explicit(model.eval())
    net.add_module("standardised", Standardised(transforms.mean, transforms.std, side))
    (image,) = (node for node in net.graph.nodes if node.op == "placeholder")
    with net.graph.inserting_after(image):
        standardised = net.graph.call_module("standardised", (image,))
    image.replace_all_uses_with(standardised, delete_user_cb=lambda user: user is not standardised)
    net.recompile()
    return net


def _check(name: str, weights: WeightsEnum) -> None:
    """Raise ValueError, with a sentence for the page, for weights that are not there whole; none of it stays."""
    path = _path(weights)
    if not path.exists():
        raise ValueError(f"The weights of {name} are not on this machine. {_remedy(weights)}")
    if not _is_whole(path):
        with suppress(OSError):  # of a cache that can only be read it stays, and will be said again
            path.unlink()
        raise ValueError(f"The file with the weights of {name} was damaged, and has been removed. {_remedy(weights)}")


def _remedy(weights: WeightsEnum) -> str:
    folder = str(_path(weights).parent).replace(str(Path.home()), "~", 1)
    return f"Download them here, or put the file {weights.url} into the folder {folder} of the machine that computes."


def _is_whole(path: Path) -> bool:
    """Whether a file's SHA-256 begins as its name says that it does: name-f37072fd.pth."""
    said = re.search(r"-([0-9a-f]{8,})\.", path.name)
    with path.open("rb") as file:
        return said is None or hashlib.file_digest(file, "sha256").hexdigest().startswith(said[1])


@dataclass(frozen=True)
class Progress:
    """How much of a file has come."""

    done: int  # bytes
    total: int


def download(name: str) -> Iterator[Progress]:
    """Bring a net's weights into torch's hub cache, chunk by chunk; whole, or not at all.

    Raises ValueError, with a sentence for the page, where they cannot be had, or come damaged.
    """
    weights = _weights(name)
    path = _path(weights)
    unfinished = path.with_name(f"{uuid4().hex}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(weights.url, timeout=10) as source, unfinished.open("wb") as file:
            total = int(source.headers.get("Content-Length") or 0)
            while chunk := source.read(CHUNK):
                file.write(chunk)
                yield Progress(file.tell(), total)
        if not _is_whole(unfinished):
            raise ValueError(f"The weights of {name} came damaged, and were removed. {_remedy(weights)}")
        unfinished.replace(path)
    except (OSError, HTTPException) as error:
        raise ValueError(f"The weights of {name} cannot be downloaded: {error}. {_remedy(weights)}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
