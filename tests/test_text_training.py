"""Learning to tell the next character: repeatable, with states handed on, and bits that can be computed by hand."""

import math
from collections.abc import Iterator
from itertools import islice

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.text import corpus, encode, one_hot
from core.models import untrained
from core.models.text import Reader, State
from core.training import Step
from core.training.text import TextRecipe, bits, fit_text

TEXT = corpus()[:400]
SMALL = TextRecipe(epochs=2, streams=2, window=16)  # (399 - 16) // 32 = 11 windows an epoch


class Notes(Reader):
    """A reader that notes what it was shown, and from which states."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Tensor, tuple[State | None, State | None]]] = []
        self.left: list[tuple[State, State]] = []

    def read(
        self, x: Tensor, states: tuple[State | None, State | None] = (None, None)
    ) -> tuple[Tensor, tuple[State, State]]:
        self.seen.append((x.argmax(1), states))
        logits, now = super().read(x, states)
        self.left.append(now)
        return logits, now


def reader(seed: int = 0) -> Reader:
    model = untrained("text", seed)
    assert isinstance(model, Reader)
    return model


def trained(steps: int, seed: int) -> dict[str, Tensor]:
    model = reader()
    with torch.random.fork_rng():
        torch.manual_seed(5)  # dropout draws from torch's own generator
        list(islice(fit_text(model, TEXT, SMALL, seed), steps))
    return model.state_dict()


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    first, again, other = (trained(2, seed) for seed in (0, 0, 1))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_every_step_says_how_far_it_is_and_all_of_them_fit() -> None:
    model = reader()
    steps = list(fit_text(model, TEXT, SMALL, 0))
    assert [(step.step, step.steps, step.epoch) for step in steps] == [(n, 22, n / 11) for n in range(1, 23)]
    assert isinstance(steps[0], Step) and steps[0].loss == pytest.approx(math.log(65), abs=0.3)
    assert sum(step.loss for step in steps[-5:]) < sum(step.loss for step in steps[:5]) - 2
    assert model.training


@pytest.fixture(scope="module")
def notes() -> Notes:
    torch.manual_seed(0)
    model = Notes()
    list(fit_text(model, TEXT, SMALL, 0))
    return model


def test_an_epoch_reads_each_stream_in_order_from_another_place(notes: Notes) -> None:
    begins = []
    for epoch in range(2):
        windows = [codes for codes, _ in notes.seen[11 * epoch : 11 * (epoch + 1)]]
        streams = torch.cat(windows, 1)
        (begin,) = {start for start in range(16) if torch.equal(streams[0], encode(TEXT)[start : start + 176])}
        assert torch.equal(streams[1], encode(TEXT)[begin + 176 : begin + 352])
        begins.append(begin)
    assert begins[0] != begins[1]


def test_states_are_handed_on_from_window_to_window_without_their_gradients(notes: Notes) -> None:
    for step, (_, states) in enumerate(notes.seen):
        if step % 11 == 0:
            assert states == (None, None)
            continue
        for layer in range(2):
            for given, left in zip(states[layer] or (), notes.left[step - 1][layer], strict=True):
                assert torch.equal(given, left) and not given.requires_grad


class Says(Reader):
    """Logits that are the same everywhere: of each character what is given."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits.weight.data.zero_()
        self.logits.bias.data.copy_(logits)


def test_a_net_that_holds_all_for_equally_likely_needs_the_alphabets_bits() -> None:
    assert bits(Says(torch.zeros(65)).eval(), TEXT) == pytest.approx(math.log2(65), abs=1e-5)


def test_bits_are_of_each_streams_characters_but_its_first() -> None:
    text = "".join(f"{first}bbb" for first in "acacacacacacacacacac")  # four characters in each of 20 parts
    sure = torch.zeros(65)
    sure[encode("b")] = math.log(64)  # p(b) = 1 / 2
    assert bits(Says(sure).eval(), text) == pytest.approx(1, abs=1e-6)
    assert bits(Says(sure).eval(), f"{text}ccc") == pytest.approx(1, abs=1e-6)  # a rest that fills no part


def test_bits_are_those_of_reading_one_character_after_the_other() -> None:
    model, text = reader().eval(), TEXT[:100]

    def each() -> Iterator[float]:
        for part in (text[begin : begin + 5] for begin in range(0, 100, 5)):
            for place in range(1, 5):
                logits = model(one_hot(encode(part[:place])[None]))
                yield -float(F.log_softmax(logits, 1)[0, encode(part[place])]) / math.log(2)

    with torch.no_grad():
        slow = list(each())
    assert bits(model, text) == pytest.approx(sum(slow) / len(slow), abs=1e-5)


def test_text_that_repeats_is_learned() -> None:
    torch.manual_seed(0)
    model, text = reader(), "To be, or not to be.\n" * 30
    before = bits(model.eval(), text)
    list(fit_text(model, text, TextRecipe(epochs=12, streams=2, window=20), 0))
    assert bits(model.eval(), text) < before / 2
