"""The net that reads text: its weights, its layers, and that it answers one step after the other."""

import pytest
import torch

from core import models
from core.data.text import ALPHABET, corpus, encode, one_hot
from core.layers import list_layers, record, run_changed
from core.models.text import Reader

SAMPLE = one_hot(encode(corpus()[:40])[None])


def net(weights: str = "trained") -> Reader:
    model = models.load("text", weights=weights)
    assert isinstance(model, Reader)
    return model


def test_it_is_found_by_its_name() -> None:
    spec = models.find("text")
    assert (spec.sees, spec.family, spec.labels, spec.reads_rows) == ("text", "rnn", tuple(ALPHABET), True)
    assert models.weights_of("text") == (
        "trained", *models.controls("untrained"), *models.controls("shuffled"),
        *(f"seed-{seed}" for seed in models.TEXT_SEEDS), *models.snapshots("text"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="text has no weights 'plain'"):
        models.load("text", weights="plain")


def test_all_its_weights_are_there_and_differ() -> None:
    answers = {weights: net(weights)(SAMPLE) for weights in models.weights_of("text")}
    assert torch.equal(answers.pop("seed-0"), answers["trained"])
    assert len({tuple(answer.flatten().tolist()) for answer in answers.values()}) == len(answers)
    assert not net().training and not any(weight.requires_grad for weight in net().parameters())


def test_its_layers_are_read_as_those_of_every_net() -> None:
    layers = list_layers(net(), models.find("text").input_shape)
    assert [(layer.name, layer.kind, layer.shape, layer.depth, layer.reads) for layer in layers] == [
        ("embedding", "linear", (64, 100), 1, "input"), ("lstm1", "lstm", (256, 100), 2, "embedding"),
        ("lstm2", "lstm", (256, 100), 3, "lstm1"), ("logits", "linear", (65, 100), 4, "lstm2"),
    ]  # fmt: skip
    read = record(net(), SAMPLE)
    assert {name: activation.shape[1:] for name, activation in read.items()} == {
        "embedding": (64, 40), "lstm1": (256, 40), "lstm2": (256, 40), "logits": (65, 40)}  # fmt: skip
    assert torch.allclose(net()(SAMPLE), read["logits"][:, :, -1], atol=1e-5)
    changed = run_changed(net(), SAMPLE, {"lstm1": torch.zeros_like}, ["logits"])["logits"]
    assert (changed[:, :, -1] - read["logits"][:, :, -1]).abs().max() > 0.1


def test_a_character_is_its_column_of_the_embedding() -> None:
    read = record(net(), SAMPLE, ["embedding"])["embedding"][0]
    assert torch.allclose(read, net().embedding.weight[:, encode(corpus()[:40])], atol=1e-6)


def test_reading_goes_on_from_the_states_that_are_handed_over() -> None:
    whole, _ = net().read(SAMPLE)
    first, states = net().read(SAMPLE[:, :, :15])
    rest, _ = net().read(SAMPLE[:, :, 15:], states)
    assert torch.allclose(torch.cat([first, rest], 1), whole, atol=1e-5)


def test_its_twins_are_alive() -> None:
    """What each layer of a twin answers differs from text to text by a tenth of its mean and more."""
    passages = one_hot(encode(corpus()[:40_000]).view(400, 100))
    for weights in models.controls("untrained"):
        read = record(net(weights), passages, ["lstm1", "lstm2", "logits"])
        for activation in read.values():
            last = activation[:, :, -1]
            assert last.std(0).square().mean().sqrt() > 0.1 * last.mean(0).square().mean().sqrt()
