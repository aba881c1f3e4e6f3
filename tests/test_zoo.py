"""torchvision's classifiers: layers of every family, and weights that are there whole or not at all."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models as torchvision_models
from torchvision.models import SqueezeNet1_1_Weights

from core.data.photos import sample_views
from core.layers import landmarks, list_layers, pre_activation, record
from core.measures.signal import signal_of
from core.models import find, load, untrained, zoo
from core.stimuli import PHOTO_RECIPE, climb

# The smallest of each family; all of them list their layers, and record them with untrained weights.
FAMILIES = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5",
    "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnext50_32x4d",
    "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11", "vit_b_32", "wide_resnet50_2",
)  # fmt: skip
NAME = "squeezenet1_1"


def test_every_family_of_torchvision_is_here() -> None:
    def families(names: Iterable[str]) -> set[str]:
        return {torchvision_models.get_model_builder(name).__module__ for name in names}

    assert families(zoo.names()) == families(FAMILIES)


@pytest.mark.parametrize("name", FAMILIES)
def test_its_layers_are_listed_and_recorded(name: str) -> None:
    spec, net = find(name), load(name, weights="untrained")
    layers = list_layers(net, spec.input_shape)
    side = spec.input_shape[1]
    views = F.interpolate(sample_views()[1:4], (side, side), mode="bilinear")
    seen = record(net, views)
    assert list(seen) == [layer.name for layer in layers]
    if any(isinstance(module, nn.BatchNorm2d) for module in net.modules()):  # its twin is alive in all of its maps
        mapped = [layer.name for layer in layers if len(layer.shape) == 3 and layer.shape[1] > 1]
        assert min(signal_of(seen[layer]) for layer in mapped) > 1 / 3
        assert signal_of(seen[layers[-1].name]) > 0.15
    assert all(seen[layer.name].shape[1:] == layer.shape for layer in layers)
    assert layers[-1].units == len(spec.labels) == 1000
    assert 2 <= len(landmarks(layers)) <= 14
    assert not any(weight.requires_grad for weight in net.parameters())


@pytest.mark.parametrize("name", ["resnet18", "convnext_tiny", "vit_b_32", "maxvit_t"])
def test_its_units_can_be_climbed(name: str) -> None:
    net = load(name, weights="untrained")
    layers = list_layers(net, find(name).input_shape)
    layer = pre_activation(layers, landmarks(layers)[3].name)
    first, *_, last = climb(net, layer.name, [0, 1], replace(PHOTO_RECIPE, steps=4))
    assert (first.scores < last.scores).all()


def test_tokens_are_maps_and_what_lies_in_windows_is_no_layer() -> None:
    net = load("vit_b_32", weights="untrained")
    layers = list_layers(net, (3, 224, 224))
    assert {layer.shape for layer in layers if "ln_" in layer.name} == {(768, 7, 7)}
    maxvit = list_layers(load("maxvit_t", weights="untrained"), (3, 224, 224))
    assert all(len(layer.shape) == 1 or layer.shape[1] == layer.shape[2] for layer in maxvit)


def test_a_twin_is_built_for_the_size_that_its_weights_want(monkeypatch: pytest.MonkeyPatch) -> None:
    swag = torchvision_models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1
    monkeypatch.setattr(zoo, "_weights", lambda name: swag)
    assert find("vit_b_16").input_shape == (3, 384, 384)
    with torch.no_grad():
        assert load("vit_b_16", weights="untrained")(torch.rand(1, 3, 384, 384)).shape == (1, 1000)


def test_a_cache_that_cannot_be_written_is_said(elsewhere: Path) -> None:
    (elsewhere.parent / "hub").write_text("a file where a folder should be")
    with pytest.raises(ValueError, match="weights of squeezenet1_1 cannot be downloaded"):
        list(zoo.download(NAME))


def test_units_come_first_where_the_net_has_them_last() -> None:
    """ConvNeXt's blocks widen from 96 to 384 channels, which lie behind height and width there."""
    layers = {layer.name: layer.shape for layer in list_layers(load("convnext_tiny", weights="untrained"), (3, 64, 64))}
    assert layers["features.1.0.block.0"] == layers["features.1.0.block.2"] == (96, 16, 16)
    assert layers["features.1.0.block.3"] == layers["features.1.0.block.4"] == (384, 16, 16)


def test_it_computes_what_torchvision_computes() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torchvision_models.resnet18().eval()
    picture = torch.rand(2, 3, 64, 64)
    transforms = torchvision_models.ResNet18_Weights.DEFAULT.transforms()
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (transforms.mean, transforms.std))
    with torch.no_grad():
        expected = theirs((picture - mean) / deviation)
        torch.testing.assert_close(untrained("resnet18", 0).eval()(picture), expected, atol=1e-5, rtol=1e-5)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with weights where torchvision's is said to lie; torch's hub cache is empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    net = torchvision_models.squeezenet1_1()
    torch.nn.init.constant_(net.classifier[1].bias, 7.0)
    torch.save(net.state_dict(), tmp_path / "made.pth")
    digest = hashlib.sha256((tmp_path / "made.pth").read_bytes()).hexdigest()
    path = (tmp_path / "made.pth").rename(tmp_path / f"squeezenet1_1-{digest[:8]}.pth")
    weights = SqueezeNet1_1_Weights.DEFAULT
    monkeypatch.setattr(weights, "_value_", replace(weights.value, url=path.as_uri()))
    return path


def cached(elsewhere: Path) -> list[str]:
    folder = elsewhere.parent / "hub" / "checkpoints"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_weights_are_downloaded_with_progress_and_used(elsewhere: Path) -> None:
    with pytest.raises(ValueError, match="weights of squeezenet1_1 are not on this machine"):
        load(NAME)
    steps = list(zoo.download(NAME))
    assert [step.done for step in steps] == sorted({step.done for step in steps})
    assert steps[-1].done == steps[-1].total == elsewhere.stat().st_size
    assert cached(elsewhere) == [elsewhere.name]
    assert load(NAME).get_submodule("classifier.1").bias[0] == 7  # type: ignore[index]


def test_a_damaged_file_is_said_and_not_left_behind(elsewhere: Path) -> None:
    list(zoo.download(NAME))
    (there,) = (elsewhere.parent / "hub" / "checkpoints").iterdir()
    there.write_bytes(there.read_bytes()[:1000])
    with pytest.raises(ValueError, match="was damaged, and has been removed"):
        load(NAME)
    assert cached(elsewhere) == []


def test_a_damaged_download_is_said_and_not_left_behind(elsewhere: Path) -> None:
    elsewhere.write_bytes(elsewhere.read_bytes()[:-1])
    with pytest.raises(ValueError, match="came damaged"):
        list(zoo.download(NAME))
    assert cached(elsewhere) == []


def test_a_download_that_is_broken_off_leaves_nothing(elsewhere: Path) -> None:
    steps: Iterator[zoo.Progress] = zoo.download(NAME)
    assert next(steps).done < elsewhere.stat().st_size
    assert len(cached(elsewhere)) == 1
    steps.close()  # type: ignore[attr-defined]
    assert cached(elsewhere) == []


def test_a_download_that_cannot_begin_says_why(elsewhere: Path) -> None:
    elsewhere.unlink()
    with pytest.raises(ValueError, match=r"weights of squeezenet1_1 cannot be downloaded: .*No such file"):
        list(zoo.download(NAME))
    assert cached(elsewhere) == []


def test_the_twin_needs_no_file(elsewhere: Path) -> None:
    twins = [load(NAME, weights="untrained") for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*(twin.parameters() for twin in twins), strict=True))
