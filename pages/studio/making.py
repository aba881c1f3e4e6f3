"""A task of the studio as a job: what ships or is kept is there at once, the rest forms before one's eyes."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from core import images
from core.models import TWIN, find
from core.store import Result, address
from core.studio.made import Made, from_png
from core.studio.task import OWN, Task
from pages.inputs import nets
from pages.jobs.long_work import cancelled, give_up_others, long_work, scheduler, start, store, watcher
from pages.jobs.scheduler import Records, View

KEPT, FRAMES = 2**25, 96  # bytes and records of a job that are kept, at most
OWN_MADE, OWN_KEPT = "own-made", 2**24  # where in the session, and bytes
GIF_SECONDS, DIGIT_SCALE, COLOURS_OF = 5.0, 8, 9
Draw = Callable[[Sequence[Made | None]], None]


class Own:
    """What was made of a visitor's own photos, the newest of it: it goes when the session ends."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Made] = {}

    def get(self, of: "Making") -> Made | None:
        """Its last record, if it is here."""
        return self._made.get(self._name(of))

    def keep(self, of: "Making", made: Made) -> None:
        """Keep a last record, and let go of the oldest that are too much beside it."""
        kept = {name: each for name, each in self._made.items() if name != self._name(of)} | {self._name(of): made}
        while len(kept) > 1 and sum(each.pictures.nbytes for each in kept.values()) > OWN_KEPT:
            del kept[next(iter(kept))]
        self._made = kept

    def _name(self, of: "Making") -> Hashable:
        return of.task, hashlib.sha256(of.content).digest()


@dataclass(frozen=True)
class Making:
    """A task and the pictures that it starts from, which tell one visitor's photo from another's."""

    task: Task
    shape: tuple[int, ...]
    content: bytes = field(repr=False)  # float32; a log must not hold a visitor's photo
    own: Own | None = field(default=None, repr=False)  # of the session whose photo it is, which shares no job

    @property
    def label(self) -> str:
        """What its net is called beside the others."""
        return "untrained twin" if self.task.weights == TWIN else self.task.weights

    @property
    def images(self) -> Tensor:
        """The pictures, (n, channels, height, width) in [0, 1]."""
        return torch.frombuffer(bytearray(self.content), dtype=torch.float32).view(self.shape)

    def address(self) -> str:
        """Of the result: it depends on the weights themselves, not on their names."""
        return address(of=nets.fingerprint(self.task.model, self.task.weights), **self.task.about())

    def finished(self) -> Made | None:
        """What ships, or what was made before; of a visitor's own photo, what the session holds."""
        if self.own is not None:
            return self.own.get(self)
        if shipped := self.task.shipped():
            return shipped
        kept = store().get(self.address())
        return from_png(kept.content)[0] if kept else None

    def run(self) -> Records:
        """The job: its records, of a long one some."""
        last, most = None, max(1, min(FRAMES, KEPT // (3 * self.shape[-1] * self.shape[-2] * self.shape[0])))
        for last in self.task.run(nets.net(self.task.model, self.task.weights), self.images):
            if last.step % max(1, last.steps // most) == 0 or last.step == last.steps:
                yield last
        if last and self.own is not None:
            self.own.keep(self, last)
        elif last:
            store().put(self.address(), Result(last.to_png(self.task.about()), {"technique": self.task.technique}))


def making(task: Task, pictures: Sequence[Tensor]) -> Making:
    """A job from pictures (channels, side, side)."""
    together = torch.stack(list(pictures)).contiguous()
    own = st.session_state.setdefault(OWN_MADE, Own()) if OWN in task.sources else None
    return Making(task, tuple(together.shape), together.numpy().tobytes(), own)


def with_twin(task: Task, pictures: Sequence[Tensor], weights: Sequence[str] = ("trained", TWIN)) -> list[Making]:
    """The task by its net, and by the untrained twin; or by the net with all of these weights."""
    return [making(replace(task, weights=each), pictures) for each in weights]


def show(makings: Sequence[Making], draw: Draw) -> None:
    """Draw the button, what `draw` shows of each making's last record or None, as they form, and the downloads.

    Of digits, which take a moment, they are begun without the button, in place of what was begun so before.
    """
    task = makings[0].task
    key, at_once = task.technique, find(task.model).sees == "digits"
    there = [each.finished() for each in makings]
    give_up_others(makings if at_once else (), "make")
    if at_once and not cancelled(makings, key):
        for each in (each for each, made in zip(makings, there, strict=True) if made is None):
            view = scheduler().look(each, watcher())
            if view is None or view.state == "stopped":
                start(each, scheduler(), last_only=False)
    label = "Watch it form" if all(there) else "Make it"
    long_work(makings, label, partial(_live, makings, there, draw, key), key=key, last_only=False)


def _live(makings: Sequence[Making], there: Sequence[Made | None], draw: Draw, key: str,
          views: list[View | None]) -> None:  # fmt: skip
    running = [view for view in views if view and not view.over]
    if running:
        done = [view.records[-1].step / view.records[-1].steps if view and view.records else 0.0 for view in views]
        st.progress(sum(done) / len(done), f"{100 * sum(done) / len(done):.0f} %")
    elif any(view and view.state == "stopped" for view in views):
        st.caption("It was stopped before it was finished.")
    lasts = [view.records[-1] if view and view.records else made for view, made in zip(views, there, strict=True)]
    draw(lasts)
    if not running and all(lasts):
        _downloads(makings, lasts, views, key)


def _downloads(makings: Sequence[Making], lasts: Sequence[Made | None], views: Sequence[View | None], key: str) -> None:
    single = len({each.task.model for each in makings}) == 1
    with st.popover("Take it along", icon=":material/download:"):
        for number, (making_, last, view) in enumerate(zip(makings, lasts, views, strict=True)):
            assert last is not None
            about = making_.task.about() | {"numbers": dict(last.numbers)}
            name = f"{making_.task.technique}-{number}"
            label = making_.label if single else f"{making_.task.model}, {making_.label}"
            st.download_button(f"{label} (PNG)", partial(_png, last, about), f"{name}.png", "image/png",
                               on_click="ignore", key=f"{key}-png-{number}")  # fmt: skip
            if view and len(view.records) > 1:
                st.download_button(f"{label} (GIF)", partial(_gif, view.records, about), f"{name}.gif",
                                   "image/gif", on_click="ignore", key=f"{key}-gif-{number}")  # fmt: skip
        st.caption("The recipe and the numbers stand in each file's metadata.")


def picture(made: Made) -> Image.Image:
    """All pictures of a record in one: photos as they are, digits as ink on paper, enlarged."""
    scale = DIGIT_SCALE if made.pictures.ndim == 3 else 1
    return images.contact_sheet(made.images, len(made.pictures), scale).picture.convert("RGB")


def _png(made: Made, about: dict[str, object]) -> bytes:
    return images.png(picture(made), about)


def _gif(records: Sequence[Made], about: dict[str, object]) -> bytes:
    """The records, those of earlier octaves enlarged to the size of the last."""
    drawn = [picture(record) for record in records]
    return images.gif([each.resize(drawn[-1].size) for each in drawn], GIF_SECONDS, about=about, colours_of=COLOURS_OF)
