"""What text a cell is waiting for: each method on a net whose best text is known, and each within its budget."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch import Generator, Tensor, nn

from core.ascent import Step, ascend
from core.ascent.objectives import units
from core.ascent.parametrise import Characters
from core.ascent.transforms import Gumbel
from core.data.text import ALPHABET, decode, encode, one_hot, training_text
from core.layers import record, run_to
from core.models import load
from core.models.text import Reader
from core.sequences import passages
from core.sequences.cell import NONE, Cell, Found, better, rows
from core.sequences.climb import Recipe, climb
from core.sequences.methods import METHODS
from core.sequences.passages import strongest_passages
from core.sequences.search import beam, exchange, gradient_exchange, random_passages, random_texts
from tests.nets import Pairs

LENGTH, BUDGET = 6, 10_000 * 6
SEARCHES = [name for name in METHODS if not name.startswith("random") and not name.endswith("ascent")]
CELLS = [("lstm1", 1), ("lstm2", 5)]


def seed(number: int = 0) -> Generator:
    return Generator().manual_seed(number)


@pytest.fixture(scope="module")
def pairs() -> Reader:
    return Pairs().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def twin() -> Reader:
    model = load("text", weights="untrained")
    assert isinstance(model, Reader)
    return model


def last(found: Iterator[Any]) -> Any:
    *_, end = found
    return end


@pytest.mark.parametrize(("layer", "index"), CELLS)
def test_of_all_texts_the_one_of_pairs_is_the_best(pairs: Reader, layer: str, index: int) -> None:
    """All characters but t and h are one to this net."""
    texts = ["".join(text) for text in product("the", repeat=LENGTH)]
    strengths = Cell(pairs, layer, index).read(torch.stack([encode(text) for text in texts]))[0]
    assert texts[int(strengths.argmax())] == "ththth"
    if layer == "lstm1":
        assert strengths.max() == pytest.approx(0.462 * 0.881 * (1 + 0.881**2 + 0.881**4), abs=3e-3)


@pytest.mark.parametrize(("layer", "index"), CELLS)
@pytest.mark.parametrize("name", SEARCHES)
def test_every_method_finds_the_known_best_text(pairs: Reader, layer: str, index: int, name: str) -> None:
    found = last(METHODS[name](Cell(pairs, layer, index), LENGTH, BUDGET, seed()))
    assert found.text == "ththth"


@pytest.mark.parametrize(("layer", "index"), CELLS)
def test_an_ascent_finds_it_or_ends_at_the_second_best(pairs: Reader, layer: str, index: int) -> None:
    """From starts that are nearly texts it finds it; from even ones it ends where no one exchange makes more."""
    cell = Cell(pairs, layer, index)
    assert last(climb(cell, LENGTH, BUDGET // 2, seed(), Recipe(spread=4.0))).found.text == "ththth"
    even = last(climb(cell, LENGTH, BUDGET // 2, seed()))
    assert even.found.text == "htthth" and even.strengths.max() == pytest.approx(even.found.strength, abs=0.02)


@pytest.mark.parametrize("name", ["random passages", "random characters"])
def test_random_texts_do_not(pairs: Reader, name: str) -> None:
    """Which is why they are not enough."""
    found = last(METHODS[name](Cell(pairs, "lstm1", 1), LENGTH, BUDGET, seed()))
    assert found.text.count("th") in (1, 2)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("layer", "length", "budget"), [("lstm1", 9, 40_000), ("lstm2", 5, 30_000)])
def test_no_method_reads_more_than_its_budget_nor_than_it_says(
    twin: Reader, name: str, layer: str, length: int, budget: int
) -> None:
    """Counted where characters enter the net; three for one whose gradient is taken."""
    read: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        characters = inputs[0].shape[0] * inputs[0].shape[1]
        read.append(3 * characters if inputs[0].requires_grad else characters)

    handle = twin.embedding.register_forward_hook(count)  # copies of the net keep it
    try:
        seen = [(found, sum(read)) for found in METHODS[name](Cell(twin, layer, 40), length, budget, seed())]
    finally:
        handle.remove()
    assert [found.read for found, _ in seen] == sorted(found.read for found, _ in seen)
    assert all(abs(found.read - counted) <= 0.01 * budget for found, counted in seen)
    assert 0.8 * budget < sum(read) <= budget


@pytest.mark.parametrize("name", METHODS)
def test_what_is_found_is_as_strong_as_it_is_said_to_be(twin: Reader, name: str) -> None:
    every = list(METHODS[name](Cell(twin, "lstm2", 40), 7, 30_000, seed()))
    for found in (every[0], every[-1]):
        if name != "beam" or found is every[-1]:
            assert len(found.text) == 7
        output = record(twin, one_hot(encode(found.text)[None]), ["lstm2"])["lstm2"][0, 40, -1]
        assert found.strength == pytest.approx(output.atanh().item(), abs=1e-5)
    if name != "beam":  # whose texts grow
        strengths = [found.strength for found in every]
        assert strengths == sorted(strengths)


@pytest.mark.parametrize("name", METHODS)
def test_the_same_seed_finds_the_same_and_another_draws_others(twin: Reader, name: str) -> None:
    cell = Cell(twin, "lstm1", 3)
    one, again, other = (list(METHODS[name](cell, 6, 9_000, seed(number))) for number in (1, 1, 2))
    assert one == again
    assert (one == other) == (name == "beam")


@pytest.mark.parametrize("weights", ["trained", "untrained"])
@pytest.mark.parametrize(("layer", "index"), [("lstm1", 17), ("lstm2", 200)])
def test_the_preferred_text_is_at_least_the_best_of_ten_thousand_random_ones(
    weights: str, layer: str, index: int
) -> None:
    model = load("text", weights=weights)
    assert isinstance(model, Reader)
    cell = Cell(model, layer, index)
    found = last(METHODS["ascent, then exchange"](cell, 20, 200_000, seed()))
    for draw in (random_texts, random_passages):
        assert found.strength >= cell.read(draw(10_000, 20, seed(1)))[0].max()


def test_a_cell_is_read_as_its_layer_is_recorded_and_can_be_read_on(twin: Reader) -> None:
    codes = random_texts(5, 11, seed())
    for layer in ("lstm1", "lstm2"):
        cell = Cell(twin, layer, 9)
        expected = record(twin, one_hot(codes), [layer])[layer][:, 9, -1].atanh()
        torch.testing.assert_close(cell.read(codes)[0], expected)
        _, states = cell.read(codes[:, :4])
        taken = torch.tensor([3, 0, 3])
        torch.testing.assert_close(cell.read(codes[taken, 4:], rows(states, taken))[0], expected[taken])
    assert rows(NONE, taken) == NONE


def test_gradients_are_those_of_the_recorded_layer(twin: Reader) -> None:
    codes = random_texts(3, 8, seed())
    for layer in ("lstm1", "lstm2"):
        x = one_hot(codes).requires_grad_()
        run_to(twin, x, [layer])[layer][:, 9, -1].atanh().sum().backward()
        torch.testing.assert_close(Cell(twin, layer, 9).gradient(codes), x.grad)


def test_the_better_text_stays() -> None:
    codes = torch.tensor([[3, 4], [5, 6], [7, 8]])
    first = better(None, codes, torch.tensor([0.1, 0.3, 0.2]), 7)
    assert first == Found(decode(torch.tensor([5, 6])), pytest.approx(0.3), 7)
    assert better(first, codes, torch.tensor([0.1, 0.2, 0.25]), 9) == Found(first.text, first.strength, 9)
    assert better(first, codes, torch.tensor([0.1, 0.2, 0.35]), 9).text == decode(torch.tensor([7, 8]))


def test_beam_search_keeps_the_best_beginnings(twin: Reader) -> None:
    """Against a slow one that reads every text anew."""
    cell, length, width = Cell(twin, "lstm2", 7), 4, 5
    texts = [""]
    for _ in range(length):
        longer = [text + character for text in texts for character in ALPHABET]
        strengths = torch.cat([cell.read(encode(text)[None])[0] for text in longer])
        texts = [longer[place] for place in strengths.argsort(descending=True)[:width]]
    found = last(beam(cell, length, 65 + 65 * width * (length - 1), seed()))
    assert found.text == texts[0]


def test_an_exchange_ends_where_no_character_can_be_exchanged_for_a_better_one(twin: Reader) -> None:
    """And at each step it takes the best character of all."""
    cell, begin = Cell(twin, "lstm2", 30), random_texts(1, 5, seed(3))
    found = list(exchange(cell, 5, 12_000, seed(), begin))
    tried = begin.repeat(65, 1)
    tried[:, 0] = torch.arange(65)
    assert found[0].text[0] == ALPHABET[int(cell.read(tried)[0].argmax())] and found[0].text[1:] == decode(begin[0, 1:])
    settled = next(one for one, later in zip(found, found[5:], strict=False) if one.text == later.text)
    for place in range(5):
        tried = encode(settled.text).repeat(65, 1)
        tried[:, place] = torch.arange(65)
        assert cell.read(tried)[0].max() <= settled.strength + 1e-6


def test_the_gradient_names_the_exchanges_that_would_bring_most_were_all_linear(
    twin: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a cell that hardly ever bends the one it names first is the best one."""
    cell, begin = Cell(twin, "lstm1", 12), random_texts(2, 3, seed(5))
    monkeypatch.setattr("core.sequences.search.TRIED", 3)
    first = next(gradient_exchange(cell, 3, 1_000, seed(), begin))
    gradient = cell.gradient(begin)
    named: list[tuple[float, int, int, int]] = []
    for text, place, code in product(range(2), range(3), range(65)):
        gain = gradient[text, code, place] - gradient[text, begin[text, place], place]
        named.append((gain.item(), text, place, code))
    reached = []
    for text in range(2):
        for _, _, place, code in sorted((each for each in named if each[1] == text), reverse=True)[:3]:
            changed = begin[text].clone()
            changed[place] = code
            reached.append((cell.read(changed[None])[0].item(), decode(changed)))
    assert (first.strength, first.text) == (pytest.approx(max(reached)[0], abs=1e-6), max(reached)[1])


def test_relaxed_texts_sharpen_into_the_text_that_is_found(pairs: Reader) -> None:
    steps = list(climb(Cell(pairs, "lstm1", 1), LENGTH, BUDGET, seed(), Recipe(starts=4, noise=1.0)))
    torch.testing.assert_close(steps[0].shares.sum(1), torch.ones(4, LENGTH))
    sharpness = [step.shares.amax(1).mean().item() for step in steps]
    assert sharpness[0] < 0.5 < sharpness[-1]
    assert steps[-1].strengths.max() == pytest.approx(steps[-1].found.strength, abs=0.2)


def test_the_one_loop_climbs_texts_as_it_climbs_images(pairs: Reader) -> None:
    end: Step = last(ascend(pairs, units("lstm1", [0]), parametrise=Characters((1, 65, 3)), steps=60, lr=0.3,
                            generator=seed()))  # fmt: skip
    assert end.images.shape == (1, 65, 3) and decode(end.images[0].argmax(0))[-1] == "t"
    assert end.scores.item() == pytest.approx(record(pairs, end.images, ["lstm1"])["lstm1"][0, 0, -1].item())
    assert not any(module._forward_hooks for module in pairs.modules())


def test_shares_begin_where_they_are_told_to() -> None:
    first = torch.rand(2, 65, 7, generator=seed()).softmax(1)
    still = Characters((2, 65, 7), first, 0.0)
    torch.testing.assert_close(still(still.start(seed())), first)
    even = Characters((2, 65, 7))
    made = even(even.start(seed()))
    assert made.amax() < 0.5 and not torch.equal(made[0], made[1])


def test_gumbel_noise_draws_characters_by_their_shares() -> None:
    """Against the shares themselves: of 20,000 draws at a low temperature, each is nearly one character."""
    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    drawn = Gumbel(0.01)(shares[None, :, None].expand(20_000, 4, 1), seed())[..., 0]
    assert drawn.amax(1).mean() > 0.98
    frequencies = drawn.argmax(1).bincount(minlength=4) / 20_000
    torch.testing.assert_close(frequencies, shares, atol=0.012, rtol=0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_without_noise_a_temperature_sharpens_or_evens_out(temperature: float) -> None:
    shares = torch.rand(2, 5, 3, generator=seed()).softmax(1)
    powers = shares.double() ** (1 / temperature)
    torch.testing.assert_close(Gumbel(temperature, 0.0)(shares, seed()), (powers / powers.sum(1, keepdim=True)).float())


def test_the_strongest_passages_of_a_text_are_found(pairs: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a text with one passage of pairs in it, far behind the beginning."""
    text = training_text()[:7_000] + "xxththththxx" + training_text()[7_000:9_000]
    monkeypatch.setattr(passages, "training_text", lambda: text)
    every: list[passages.Progress] = list(strongest_passages(pairs, "lstm1", [0, 1], 8))
    assert [step.passages for step in every[:-1]] == [()] * (len(every) - 1) and every[-1].done == every[-1].total
    best, *others = every[-1].passages[1]
    assert best.text == "thththth" and best.begin == 7_002
    assert best.strength == pytest.approx(Cell(pairs, "lstm1", 1).read(encode(best.text)[None])[0].item(), abs=1e-4)
    assert best.in_context >= best.strength  # the pairs before it count, too
    assert [other.strength for other in others] == sorted((other.strength for other in others), reverse=True)
    assert all(abs(one.begin - other.begin) >= 8 for one, other in ((best, others[0]), (best, others[1]), others))


Draw = Callable[[int, int, Generator], Tensor]


def test_random_passages_are_passages_and_random_texts_are_not() -> None:
    text = training_text()
    assert all(decode(codes) in text for codes in random_passages(20, 12, seed()))
    assert not any(decode(codes) in text for codes in random_texts(20, 12, seed()))
