"""The techniques by their names: each takes a net, pictures and a recipe, and yields what is made as it forms."""

from collections.abc import Callable, Iterator

from core.studio.caricature import caricature
from core.studio.dream import dream
from core.studio.fooling import fool
from core.studio.inversion import invert
from core.studio.made import Made
from core.studio.style import style
from core.studio.texture import texture

TECHNIQUES: dict[str, Callable[..., Iterator[Made]]] = {
    "fooling": fool,
    "dream": dream,
    "inversion": invert,
    "caricature": caricature,
    "texture": texture,
    "style": style,
}
