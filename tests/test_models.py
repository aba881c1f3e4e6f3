"""Getting a model with its weights."""

import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from core import models
from core.data.digits import first_training_images
from core.data.photos import sample_views
from core.layers import list_layers, record
from core.process import seeded, settle


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
    trained, drawn = models.fingerprint(models.load("cnn")), models.fingerprint(models.untrained("cnn", 2))
    assert models.identity("cnn", "trained") == trained
    assert models.identity("cnn", "untrained-2") == f"{drawn}-untrained-2"
    assert models.identity("cnn", "shuffled-2") == f"{trained}-shuffled-2"


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


@pytest.mark.parametrize("weights", ["untrained", "untrained-2", "shuffled", "shuffled-2"])
def test_the_cnns_twin_has_norms_as_the_first_step_of_training_sees_them(weights: str) -> None:
    """Behind each convolution every channel has mean 0 and deviation 1 over the fixed batch."""
    net = models.load("cnn", weights=weights)
    for activation in record(net, first_training_images(), ["conv1", "conv2", "conv3", "conv4"]).values():
        mean, spread = activation.mean((0, 2, 3)), activation.std((0, 2, 3))
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=2e-3, rtol=0)
        torch.testing.assert_close(spread, torch.ones_like(spread), atol=2e-2, rtol=0)


@pytest.mark.parametrize("weights", ["untrained", "shuffled-1"])
def test_the_photo_nets_twin_has_norms_of_every_third_view(weights: str) -> None:
    seen = record(models.load("photo", weights=weights), sample_views()[::3], ["stem", "block1.depthwise"])
    for activation in seen.values():
        mean, spread = activation.mean((0, 2, 3)), activation.std((0, 2, 3))
        torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-3, rtol=0)
        torch.testing.assert_close(spread, torch.ones_like(spread), atol=1e-2, rtol=0)


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_a_twin_is_the_net_as_it_starts_from_its_seed_in_eval_mode(name: str) -> None:
    """Where there are no norms its weights are those that `untrained` draws."""
    for weights, seed in (("untrained", 0), ("untrained-3", 3)):
        drawn, twin = models.untrained(name, seed), models.load(name, weights=weights)
        for (key, a), b in zip(drawn.named_parameters(), twin.parameters(), strict=True):
            if "conv" not in key:
                assert torch.equal(a, b)
            elif a.ndim == 4:  # a norm scales each map
                cosines = F.cosine_similarity(a.flatten(1), b.flatten(1))
                torch.testing.assert_close(cosines, torch.ones_like(cosines), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", [*models.DIGIT_NETS, "photo"])
def test_loading_leaves_the_generators_of_torch_and_numpy_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({key: value.contiguous() for key, value in models.untrained(name, 0).state_dict().items()}, path)
    others = ["plain", "seed-1", "epoch-1"] if name != "photo" else []
    for weights in ("trained", "untrained-1", "shuffled-1", str(path), *others):
        torch.manual_seed(5)
        np.random.seed(5)
        before = torch.get_rng_state(), np.random.get_state()[1]
        models.load(name, weights=weights)
        assert torch.equal(torch.get_rng_state(), before[0]) and (np.random.get_state()[1] == before[1]).all()


def test_what_is_drawn_under_a_seed_depends_on_it_alone() -> None:
    """And of no two threads both draw at once, though one may draw within its own drawing."""

    def drawn(seed: int | None = None) -> tuple[list[float], list[float]]:
        with seeded() if seed is None else seeded(seed):
            return torch.rand(2).tolist(), np.random.rand(2).tolist()

    torch.manual_seed(9)
    assert drawn() == drawn(0) == drawn(0) != drawn(1)
    assert drawn(0)[1] == np.random.RandomState(0).rand(2).tolist()
    state = np.random.get_state()[1].tolist()
    with suppress(ZeroDivisionError), seeded(3):
        assert np.random.get_state()[1].tolist() != state
        raise ZeroDivisionError
    assert np.random.get_state()[1].tolist() == state
    with seeded(4):
        first = torch.rand(1)
        assert drawn(1) == drawn(1)
        later, other = torch.rand(1), threading.Thread(target=drawn, args=(7,))
        other.start()
        other.join(0.05)
        assert other.is_alive()
    other.join(5)
    with seeded(4):
        assert torch.equal(torch.rand(2), torch.cat([first, later]))


def test_a_process_computes_in_one_thread_and_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """By mallopt, where there is one: at most 0 maps (-4), nothing is trimmed below 2 GB (-1), and one arena (-8)."""
    before, asked = torch.get_num_threads(), []
    for library in (SimpleNamespace(mallopt=lambda *call: asked.append(call)), SimpleNamespace()):
        monkeypatch.setattr("ctypes.CDLL", lambda name, library=library: library)
        torch.set_num_threads(2)
        settle()
        assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    assert asked == [(-4, 0), (-1, 2**31 - 1), (-8, 1)]


def test_the_nets_are_built_as_they_are_described() -> None:
    """784-64-64-10, 784-16-16-10, kernels of 5 and 3 pixels, two LSTM layers of 64; each says its answer in ten."""
    shapes = {name: [tuple(value.shape) for value in models.untrained(name, 0).parameters() if value.ndim > 1]
              for name in models.DIGIT_NETS}  # fmt: skip
    assert shapes == {
        "dense": [(64, 784), (64, 64), (10, 64)],
        "dense-video": [(16, 784), (16, 16), (10, 16)],
        "cnn": [(12, 1, 5, 5), (24, 12, 3, 3), (48, 24, 3, 3), (64, 48, 3, 3), (10, 576)],
        "rnn": [(256, 28), (256, 64), (256, 64), (256, 64), (10, 64)],
    }
    layers = [(layer.name, layer.shape) for layer in list_layers(models.untrained("cnn", 0), (1, 28, 28))]
    sides = [(name, shape[1]) for name, shape in layers if len(shape) == 3]
    assert sides == [
        ("conv1", 28), ("relu1", 28), ("pool1", 14), ("conv2", 14), ("relu2", 14), ("pool2", 7),
        ("conv3", 7), ("relu3", 7), ("pool3", 3), ("conv4", 3), ("relu4", 3),
    ]  # fmt: skip


def test_the_recurrent_net_answers_after_any_number_of_rows_from_its_last_state() -> None:
    net, images = models.load("rnn"), torch.rand(2, 1, 28, 28)
    states = net.states(images)
    assert states.shape == (2, 28, 64)
    for rows in (1, 9, 28):
        torch.testing.assert_close(net(images[:, :, :rows]), net.logits(states[:, rows - 1]))


def test_a_shuffled_net_comes_from_its_seed() -> None:
    for name in ("dense", "cnn"):
        first, again, other = (models.load(name, weights=weights) for weights in ("shuffled", "shuffled", "shuffled-1"))
        assert models.fingerprint(first) == models.fingerprint(again) != models.fingerprint(other)
    drawn = models.load("dense").fc1.weight.flatten()[torch.randperm(64 * 784, generator=torch.manual_seed(3))]
    assert torch.equal(models.load("dense", weights="shuffled-3").fc1.weight.flatten(), drawn)


def test_a_fingerprint_is_of_all_weights_and_their_names() -> None:
    nets = [
        nn.ModuleDict({name: nn.Linear(3, 2, bias=bias)}) for name, bias in (("a", True), ("a", False), ("b", True))
    ]
    for net in nets:
        for weight in net.parameters():
            nn.init.constant_(weight, 0.5)
    found = [models.fingerprint(net) for net in nets]
    nn.init.constant_(nets[0]["a"].bias[1], 0.25)
    found.append(models.fingerprint(nets[0]))
    assert len(set(found)) == 4 and all(len(text) == 16 for text in found)


def test_the_photo_net_is_told_by_its_stem_blocks_and_head() -> None:
    spec = models.MODELS["photo"]
    assert (spec.input_shape, spec.resize, spec.sees, len(spec.labels)) == ((3, 224, 224), 224, "photos", 1000)
    layers = [layer.name for layer in list_layers(models.untrained("photo", 0), (3, 64, 64))]
    assert spec.landmarks == tuple(
        name for name in layers if "." not in name and name not in ("stem_relu", "head_relu", "pool")
    )
    for name in models.DIGIT_NETS:
        spec = models.MODELS[name]
        assert (spec.input_shape, spec.sees, spec.labels, spec.landmarks) == (
            (1, 28, 28),
            "digits",
            tuple("0123456789"),
            (),
        )


def test_a_model_goes_to_the_device_that_is_asked_for() -> None:
    assert {weight.device.type for weight in models.load("rnn", device="meta").parameters()} == {"meta"}


@pytest.mark.parametrize("name", models.MODELS)
def test_weights_are_named_in_their_order(name: str) -> None:
    controls = [f"{kind}{seed}" for kind in ("untrained", "shuffled") for seed in ("", "-1", "-2", "-3", "-4")]
    more = [f"seed-{seed}" for seed in range(5)] + list(models.snapshots(name)) if name != "photo" else []
    others = [f"plain{seed}" for seed in ("", "-1", "-2", "-3", "-4")]
    others += [f"{kind}{seed}" for kind in ("random-labels", "rotations") for seed in ("", "-1", "-2")]
    assert list(models.weights_of(name)) == ["trained", *(others if more else []), *controls, *more]


@pytest.mark.parametrize("name", models.DIGIT_NETS)
def test_training_began_at_the_twin(name: str) -> None:
    """The first snapshot is the twin, but for float16."""
    first, twin = models.load(name, weights="epoch-0"), models.load(name, weights="untrained")
    for a, b in zip(first.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=2e-3)


@pytest.mark.parametrize("name", models.MODELS)
def test_a_loaded_model_is_frozen_and_in_eval_mode(name: str) -> None:
    few = ("trained", "untrained", "shuffled")
    for weights in few if name == "photo" else models.weights_of(name):
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
    assert models.snapshots("rnn") is names  # the file is opened once


def test_weights_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({key: torch.ones_like(value) for key, value in models.untrained("dense", 0).state_dict().items()}, path)
    model = models.load("dense", weights=str(path))
    assert record(model, torch.ones(1, 1, 28, 28), ["fc1"])["fc1"][0, 0] == 785


@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        ("transformer", "trained", "no model 'transformer'; there are dense, dense-video, cnn, rnn, photo, alexnet"),
        ("cnn", "best", "no weights 'best'; it has trained, plain, plain-1, .*untrained, .*shuffled, .*seed-0"),
        ("cnn", "seed-9", "no weights 'seed-9'"),
        ("photo", "plain", "no weights 'plain'; it has trained, untrained, .*shuffled-4, or give a file"),
        ("cnn", "untrained-0", "no weights 'untrained-0'"),
        ("cnn", "shuffled-5", "no weights 'shuffled-5'"),
        ("cnn", "epoch-7", "no weights 'epoch-7'; .*epoch-0, "),
        ("cnn-3", "seed-1", "cnn-3 has no weights 'seed-1'; it has plain, plain-1, plain-2, untrained"),
        ("cnn", "rotations-3", "no weights 'rotations-3'"),
    ],
)
def test_what_does_not_exist_is_named_with_what_does(name: str, weights: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.load(name, weights=weights)
