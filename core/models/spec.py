"""What a model is, before it has weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

from core.data.digits import LABELS


@dataclass(frozen=True)
class ModelSpec:
    """What a model is, before it has weights."""

    name: str
    family: str  # "dense", "cnn" or "rnn"
    title: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, ...] = (1, 28, 28)
    read_labels: Callable[[], tuple[str, ...]] = lambda: LABELS
    pretrained: Callable[[], nn.Module] | None = None  # the net with weights from elsewhere; ValueError if they lack
    resize: int = 0  # pixels to which a photograph's shorter side is brought, before its middle is cut out
    landmarks: tuple[str, ...] = ()  # of its layers, those that tell the story; none for all

    @property
    def sees(self) -> Literal["digits", "photos", "text"]:
        """What the model takes in: of text characters over time, of pictures channels, rows and columns."""
        if len(self.input_shape) == 2:
            return "text"
        return "digits" if self.input_shape[0] == 1 else "photos"

    @property
    def reads_rows(self) -> bool:
        """Whether it reads an image row by row, so that its answer forms on the way and it can be stopped early."""
        return self.family == "rnn"

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes' names, in the order of the logits."""
        return self.read_labels()
