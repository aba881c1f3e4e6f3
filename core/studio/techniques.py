"""The techniques by their names: each takes a net, pictures and a recipe, and yields what is made as it forms."""

from collections.abc import Callable, Iterator

from core.studio.made import Made
from core.studio.style import style
from core.studio.texture import texture

TECHNIQUES: dict[str, Callable[..., Iterator[Made]]] = {
    "texture": texture,
    "style": style,
}
