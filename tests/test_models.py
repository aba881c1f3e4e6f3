"""Getting a model with its weights."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import models
from core.data.digits import first_training_images
from core.layers import record


@pytest.mark.parametrize(
    ("name", "parameters"), [("dense", 55_050), ("dense-video", 13_002), ("cnn", 46_826), ("rnn", 57_994)]
)
def test_sizes_are_the_ones_that_the_readme_names(name: str, parameters: int) -> None:
    assert sum(weight.numel() for weight in models.load(name).parameters()) == parameters


def test_the_twin_comes_from_its_seed_and_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    twins = [models.load("cnn", weights="untrained") for _ in range(2)]
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(a, b) for a, b in zip(*(twin.parameters() for twin in twins), strict=True))


def test_every_seed_has_twins_of_its_own() -> None:
    for kind in (models.TWIN, models.SHUFFLED):
        names = models.controls(kind)
        assert len(names) == len(models.SEEDS)
        assert len({models.fingerprint(models.load("rnn", weights=name)) for name in names}) == len(names)


def test_what_weights_are_made_from_does_not_depend_on_the_order_of_sums() -> None:
    """Of a twin, whose norms' last bits do; and everything has an identity of its own."""
    names = ("trained", "plain", *models.controls(models.TWIN), *models.controls(models.SHUFFLED))
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append([models.identity("cnn", name) for name in names])
    torch.set_num_threads(before)
    assert found[0] == found[1] and len(set(found[0])) == len(names)
    assert models.identity("cnn", "trained") == models.fingerprint(models.load("cnn"))


def test_the_shuffled_twin_has_the_same_values_in_each_matrix_and_gate_and_no_structure() -> None:
    trained, twin = (models.load("rnn", weights=weights) for weights in ("trained", "shuffled"))
    for (name, a), b in zip(trained.named_parameters(), twin.parameters(), strict=True):
        gates = 4 if "_l0" in name else 1
        for own, other in zip(a.chunk(gates), b.chunk(gates), strict=True):
            assert torch.equal(own.flatten().sort().values, other.flatten().sort().values)
            if own.ndim > 1:
                assert abs(float(torch.corrcoef(torch.stack([own.flatten(), other.flatten()]))[0, 1])) < 0.1
            else:
                assert torch.equal(own, other)


def test_the_cnns_twin_has_norms_as_the_first_step_of_training_sees_them() -> None:
    """Behind each convolution every channel has mean 0 and deviation 1 over the fixed batch."""
    seen = record(
        models.load("cnn", weights="untrained"), first_training_images(), ["conv1", "conv2", "conv3", "conv4"]
    )
    for activation in seen.values():
        mean, spread = activation.mean((0, 2, 3)), activation.std((0, 2, 3))
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=2e-3, rtol=0)
        torch.testing.assert_close(spread, torch.ones_like(spread), atol=2e-2, rtol=0)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_training_began_at_the_twin(name: str) -> None:
    """The first snapshot is the twin, but for float16."""
    first, twin = models.load(name, weights="epoch-0"), models.load(name, weights="untrained")
    for a, b in zip(first.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=2e-3)


@pytest.mark.parametrize("name", models.MODELS)
def test_a_loaded_model_is_frozen_and_in_eval_mode(name: str) -> None:
    for weights in models.weights_of(name):
        model = models.load(name, weights=weights)
        assert not model.training
        assert not any(weight.requires_grad for weight in model.parameters())
        assert all(weight.dtype == torch.float32 for weight in model.parameters())


def test_seed_0_is_the_trained_net_and_other_weights_differ() -> None:
    x = torch.rand(1, 1, 28, 28)
    answers = {weights: models.load("cnn", weights=weights)(x) for weights in models.weights_of("cnn")}
    assert torch.equal(answers["trained"], answers["seed-0"])
    others = [
        answers[name]
        for name in ("trained", "plain", "untrained", "shuffled", "seed-1", "seed-2", "epoch-1", "epoch-3")
    ]
    assert len({tuple(answer.flatten().tolist()) for answer in others}) == len(others)


def test_snapshots_are_in_the_order_of_training() -> None:
    names = models.snapshots("rnn")
    assert names[:5] == ("epoch-0", "epoch-0.0625", "epoch-0.125", "epoch-0.25", "epoch-0.5")
    assert names[-1] == "epoch-16"


def test_weights_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({key: torch.ones_like(value) for key, value in models.untrained("dense", 0).state_dict().items()}, path)
    model = models.load("dense", weights=str(path))
    assert record(model, torch.ones(1, 1, 28, 28), ["fc1"])["fc1"][0, 0] == 785


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        ("transformer", "trained", "no model 'transformer'; there are dense, dense-video, cnn, rnn, photo, alexnet"),
        ("cnn", "best", "no weights 'best'; it has trained, plain, untrained, untrained-1, .*shuffled, .*seed-0"),
        ("cnn", "seed-9", "no weights 'seed-9'"),
        ("photo", "plain", "no weights 'plain'; it has trained, untrained, .*shuffled-4, or give a file"),
        ("cnn", "epoch-7", "no snapshot 'epoch-7'; it has epoch-0, "),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(name: str, weights: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.load(name, weights=weights)
