"""What is to be made, of what, by which net: plain values, which name its result and go into the file with it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.data import photos
from core.data.canvas import from_text
from core.data.digits import test_set
from core.models import find
from core.store import address
from core.studio.made import Made, from_png
from core.studio.techniques import TECHNIQUES

VERSION = 2  # raised whenever a technique makes another picture of the same task: what was kept of it is then made anew
SHIPPED = Path(__file__).parent / "shipped"
OWN, DIGIT, INK = "own", "digit ", "ink "  # how sources are named that are no sample photos


@dataclass(frozen=True)
class Task:
    """A technique with its recipe, a net with its weights, and the names of the pictures that it starts from."""

    technique: str
    model: str
    weights: str
    recipe: Any  # a frozen dataclass of the technique's
    sources: tuple[str, ...]  # sample photos, styles, "digit 84", "ink eNp..." or "own"

    @property
    def side(self) -> int:
        """Of the pictures, in pixels: the recipe's, or as the net was trained."""
        return getattr(self.recipe, "side", find(self.model).input_shape[-1])

    def about(self) -> dict[str, Any]:
        """The same as JSON can hold it, with the version of what makes it."""
        return {"technique": self.technique, "model": self.model, "weights": self.weights,
                "recipe": asdict(self.recipe), "sources": list(self.sources), "version": VERSION}  # fmt: skip

    def shipped_at(self) -> Path:
        """Where its result lies, if it ships."""
        return SHIPPED / f"{self.technique}-{self.model}-{self.weights}-{address(**self.about())[:8]}.png"

    def shipped(self) -> Made | None:
        """Its result, if it ships."""
        place = self.shipped_at()
        return from_png(place.read_bytes())[0] if OWN not in self.sources and place.exists() else None

    def run(self, model: nn.Module, images: Float[Tensor, "n channels height width"]) -> Iterator[Made]:
        """Do it with that net, from these pictures. Raises ValueError, a sentence for the page, where that fails."""
        return TECHNIQUES[self.technique](model, images, self.recipe)


def pictures_of(sources: Sequence[str], side: int) -> Float[Tensor, "n channels side side"]:
    """The pictures that have these names, but a visitor's own. Raises ValueError for a name that there is not."""
    return torch.stack([_picture_of(source, side) for source in sources])


def _picture_of(source: str, side: int) -> Tensor:
    if source.startswith(DIGIT):
        return test_set().images[int(source.removeprefix(DIGIT))]
    if source.startswith(INK):
        return from_text(source.removeprefix(INK))
    return photos.to_input(photos.style_image(source), side)
