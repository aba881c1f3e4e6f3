"""The techniques by their names: each takes a net, pictures and a recipe, and yields what is made as it forms."""

from collections.abc import Callable, Iterator

from core.studio.inversion import invert
from core.studio.made import Made

TECHNIQUES: dict[str, Callable[..., Iterator[Made]]] = {"inversion": invert}
