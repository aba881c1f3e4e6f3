"""Learning to tell the next character: the text net's training, and bits per character.

`python -m core.training text` makes the checkpoint that ships.
"""

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from core.data.text import encode, held_out_text, one_hot, training_text
from core.files import write_checkpoint
from core.models import untrained
from core.models.text import TEXT, Reader, State
from core.training import Step

CLIP = 1.0  # the norm that gradients are cut to: Pascanu, Mikolov, Bengio 2013, algorithm 1
SNAPSHOT_EPOCHS = (0.25, 1)
STREAMS = 20  # in which a text is read at once where it is measured


@dataclass(frozen=True)
class TextRecipe:
    """How to train: Adam with a one-cycle learning rate, through so many steps of time at once."""

    epochs: int = 30
    learning_rate: float = 4e-3  # the peak of the cycle
    streams: int = 32  # that are read side by side
    window: int = 128  # characters back through which gradients go
    decay: float = 0.0  # of weights, a step


def fit_text(model: Reader, text: str, recipe: TextRecipe, seed: int) -> Iterator[Step]:
    """Train `model` in place, one window of all streams at a time; the same seed gives the same weights.

    So it does where torch's own generator, from which dropout draws, is in the same state. Each epoch begins at another
    character, and reads the text once; states are handed on from window to window.
    """
    codes, generator = encode(text), Generator().manual_seed(seed)
    length = (len(codes) - 1 - recipe.window) // (recipe.streams * recipe.window) * recipe.window
    windows = length // recipe.window
    steps = recipe.epochs * windows
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    model.train()
    for step in range(steps):
        place = step % windows
        if place == 0:
            begin = int(torch.randint(recipe.window, (1,), generator=generator))
            streams = codes[begin : begin + recipe.streams * length + 1].unfold(0, length + 1, length)
            states: tuple[State | None, State | None] = (None, None)
        window = streams[:, place * recipe.window : (place + 1) * recipe.window + 1]
        logits, now = model.read(one_hot(window[:, :-1]), states)
        states = tuple(tuple(part.detach() for part in state) for state in now)  # type: ignore[assignment]
        loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        yield Step(step + 1, steps, (step + 1) / windows, loss.item())


@torch.no_grad()
def bits(model: Reader, text: str) -> float:
    """The mean of -log2 p(next character), over all characters but the first of each of STREAMS parts of the text."""
    codes = encode(text)
    length = len(codes) // STREAMS
    streams = codes[: STREAMS * length].view(STREAMS, length)
    logits = model.read(one_hot(streams[:, :-1]))[0]
    return F.cross_entropy(logits.flatten(0, 1), streams[:, 1:].flatten()).item() / math.log(2)


def make_text_checkpoint(seed: int, folder: Path) -> Iterator[Step]:
    """Train the net that reads text and write its checkpoint, for seed 0 its snapshots too, into `folder`.

    What is dropped out is drawn from torch's own generator: a new process makes the same weights again.
    """
    recipe, model = TextRecipe(), untrained(TEXT.name, seed)
    assert isinstance(model, Reader)
    by_epoch = {0.0: _bits_held_out(model)}
    kept: dict[str, Tensor] = {}
    for step in fit_text(model, training_text(), recipe, seed):
        due = {round(epoch * step.steps / recipe.epochs): f"epoch-{epoch:g}" for epoch in SNAPSHOT_EPOCHS}
        if step.step in due:
            kept |= {f"{due[step.step]}/{key}": value.half() for key, value in model.state_dict().items()}
        if step.epoch == int(step.epoch):
            by_epoch[step.epoch] = _bits_held_out(model)
        yield step
    weights = {key: value.half() for key, value in model.state_dict().items()}
    model.load_state_dict(weights)  # what is measured is what ships
    about = {
        "command": f"python -m core.training {TEXT.name} --seed {seed}",
        "seed": seed,
        "recipe": dataclasses.asdict(recipe),
        "bits": _bits_held_out(model),
        "bits_by_epoch": list(by_epoch.items()),
        "torch": torch.__version__,
    }
    write_checkpoint(weights, folder / TEXT.name / f"seed-{seed}.safetensors", about)
    if seed == 0:
        write_checkpoint(kept, folder / TEXT.name / "snapshots.safetensors", about)


def _bits_held_out(model: Reader) -> float:
    was = model.training
    try:
        return bits(model.eval(), held_out_text())
    finally:
        model.train(was)
