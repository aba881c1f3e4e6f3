"""torchvision's classifiers: layers of every family, and weights that are there whole or not at all."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models
from torchvision.models import SqueezeNet1_1_Weights
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.regnet import BlockParams
from torchvision.models.resnet import BasicBlock

from core import stimuli
from core.data.photos import sample_views
from core.layers import INPUT, Layer, landmarks, list_layers, pre_activation, record
from core.measures.signal import signal_of
from core.models import find, load, zoo, zoo_names
from core.process import seeded
from core.stimuli import PHOTO_RECIPE, climb

# The smallest of each family; all of them list their layers, and record them with untrained weights. Those that take
# long do it in `make slow`; what they are built of is in TINY, too.
QUICK = ("mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1")
FAMILIES = (
    *QUICK, "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t",
    "mnasnet0_5", "mobilenet_v2", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnext50_32x4d", "swin_t",
    "swin_v2_t", "vgg11", "vit_b_32", "wide_resnet50_2",
)  # fmt: skip
NAME = "squeezenet1_1"


def test_every_family_of_torchvision_is_here() -> None:
    def families(names: Iterable[str]) -> set[str]:
        return {models.get_model_builder(name).__module__ for name in names}

    assert families(zoo.names()) == families(FAMILIES)


@dataclass
class Preset:
    """What torchvision says of weights, for a net of our own."""

    side: int

    def transforms(self) -> SimpleNamespace:
        return SimpleNamespace(crop_size=[self.side], mean=[0.4, 0.5, 0.6], std=[0.2, 0.25, 0.5])


# Nets of torchvision's parts, with few of them, by a name of their family.
TINY: dict[str, Callable[[], nn.Module]] = {
    "convnext_tiny": lambda: models.ConvNeXt([CNBlockConfig(6, 8, 1), CNBlockConfig(8, None, 1)]),
    "densenet121": lambda: models.DenseNet(4, (2, 2), 8),
    "maxvit_t": lambda: models.MaxVit((64, 64), 8, 2, [8, 16], [1, 1], 4, 0.0),
    "regnet_y_400mf": lambda: models.RegNet(BlockParams.from_init_params(2, 8, 8, 2, 8, se_ratio=0.25)),
    "resnet18": lambda: models.ResNet(BasicBlock, [1, 1, 1, 1], width_per_group=64),
    "swin_t": lambda: models.SwinTransformer([4, 4], 8, [1, 2], [2, 2], [2, 2], stochastic_depth_prob=0.0),
    "vit_b_32": lambda: models.VisionTransformer(64, 16, 2, 2, 8, 16),
}


def tiny(name: str) -> nn.Module:
    with seeded(0):
        return zoo._ready(name, TINY[name](), Preset(64)).requires_grad_(False)  # type: ignore[arg-type]


def check_layers(net: nn.Module, views: Tensor) -> list[Layer]:
    """Every layer is recorded with the shape that is said, and is a map of the image or a row of units."""
    layers = list_layers(net, views.shape[1:])
    seen = record(net, views)
    assert list(seen) == [layer.name for layer in layers]
    # Swin V2 computes its places' weights once, for all images.
    assert all(seen[layer.name].shape[1:] == layer.shape for layer in layers)
    assert {len(found) for found in seen.values()} <= {1, len(views)}
    assert all(len(layer.shape) == 1 or layer.shape[1] == layer.shape[2] for layer in layers)
    assert layers[-1].units == 1000
    assert 2 <= len(landmarks(layers)) <= 14
    assert not any(weight.requires_grad for weight in net.parameters())
    return layers


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES[len(QUICK) :])]
)
def test_its_layers_are_listed_and_recorded(name: str) -> None:
    spec, net = find(name), load(name, weights="untrained")
    side = spec.input_shape[1]
    views = F.interpolate(sample_views()[1:4], (side, side), mode="bilinear")
    layers = check_layers(net, views)
    if any(isinstance(module, nn.BatchNorm2d) for module in net.modules()):  # its twin is alive in all of its maps
        seen = record(net, views)
        mapped = [layer.name for layer in layers if len(layer.shape) == 3 and layer.shape[1] > 1]
        assert min(signal_of(seen[layer]) for layer in mapped) > 1 / 3
        assert signal_of(seen[layers[-1].name]) > 0.15
    assert len(spec.labels) == 1000


@pytest.mark.parametrize("name", TINY)
def test_layers_of_small_nets_of_its_family_are_listed_and_recorded(name: str) -> None:
    layers = check_layers(tiny(name), torch.rand(2, 3, 64, 64))
    assert len({layer.name for layer in layers}) == len(layers) > 10
    depths = [layer.depth for layer in layers]
    assert depths == sorted(depths) and layers[-1].kind == "linear"


@pytest.mark.parametrize("name", ["convnext_tiny", "resnet18", "vit_b_32"])
def test_it_takes_images_and_computes_what_torchvision_computes(name: str) -> None:
    """Of the mean 0 and the deviation 1 that it was trained with, and of that size, where it takes one size only."""
    with seeded(0):
        theirs = TINY[name]().eval()
    net = tiny(name)
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in ((0.4, 0.5, 0.6), (0.2, 0.25, 0.5)))
    for side in (64, 32):
        picture = torch.rand(2, 3, side, side)
        sized = F.interpolate(picture, (64, 64), mode="bilinear") if name == "vit_b_32" else picture
        with torch.no_grad():
            torch.testing.assert_close(net(picture), theirs((sized - mean) / deviation), atol=1e-5, rtol=1e-4)
    assert net.state_dict().keys() == theirs.state_dict().keys()
    layer = list_layers(net, (3, 64, 64))[0]
    assert layer.reads == INPUT and not any(layer.kind == "standardised" for layer in list_layers(net, (3, 64, 64)))


@pytest.mark.parametrize(
    "name",
    ["resnet18", *(pytest.param(name, marks=pytest.mark.slow) for name in ("convnext_tiny", "vit_b_32", "maxvit_t"))],
)
def test_its_units_can_be_climbed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stimuli, "faster_dtype", lambda *_: torch.float32)  # timing both takes most of the time
    net = load(name, weights="untrained")
    climb_one(net, list_layers(net, find(name).input_shape))


@pytest.mark.parametrize("name", TINY)
def test_units_of_small_nets_of_its_family_can_be_climbed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stimuli, "faster_dtype", lambda *_: torch.float32)
    net = tiny(name)
    climb_one(net, list_layers(net, (3, 64, 64)))


def climb_one(net: nn.Module, layers: list[Layer]) -> None:
    layer = pre_activation(layers, landmarks(layers)[3].name)
    first, *_, last = climb(net, layer.name, [0, 1], replace(PHOTO_RECIPE, steps=4))
    assert (first.scores < last.scores).all()


def test_tokens_are_maps_and_the_class_token_is_left_out() -> None:
    """A picture of 64 x 64 pixels in patches of 16 x 16 has sixteen tokens, row by row, behind the one of the class."""
    net, picture = tiny("vit_b_32"), torch.rand(1, 3, 64, 64)
    layers = {layer.name: layer.shape for layer in list_layers(net, (3, 64, 64))}
    assert {shape for name, shape in layers.items() if "ln_" in name} == {(8, 4, 4)}
    held: list[Tensor] = []
    place = "encoder.layers.encoder_layer_0.ln_1"
    with torch.no_grad():
        handle = net.get_submodule(place).register_forward_hook(lambda *call: held.append(call[2]))
        net(picture)
        handle.remove()
    assert held[0].shape == (1, 17, 8)
    seen = record(net, picture, [place])[place]
    for token in range(16):
        assert torch.equal(seen[0, :, token // 4, token % 4], held[0][0, 1 + token])


def test_what_lies_in_windows_is_no_layer() -> None:
    """MaxViT attends within windows of 2 x 2 and over a grid: between, the places of the image are out of order."""
    names = {layer.name for layer in list_layers(tiny("maxvit_t"), (3, 64, 64))}
    assert not any("partition_op" in name or "attn_layer" in name for name in names)
    assert any("MBconv" in name for name in names)


@pytest.mark.slow
def test_tokens_are_maps_and_what_lies_in_windows_is_no_layer() -> None:
    net = load("vit_b_32", weights="untrained")
    layers = list_layers(net, (3, 224, 224))
    assert {layer.shape for layer in layers if "ln_" in layer.name} == {(768, 7, 7)}
    maxvit = list_layers(load("maxvit_t", weights="untrained"), (3, 224, 224))
    assert all(len(layer.shape) == 1 or layer.shape[1] == layer.shape[2] for layer in maxvit)


@pytest.fixture
def swag(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1
    monkeypatch.setattr(zoo, "_weights", lambda name: weights)


def test_a_twin_is_built_for_the_size_that_its_weights_want(swag: None) -> None:
    """Of 384 pixels in patches of 16: 24 x 24 tokens and the class's. Without values, as they take seconds to draw."""
    assert find("vit_b_16").input_shape == (3, 384, 384)
    with torch.device("meta"):
        net = zoo._untrained("vit_b_16")
    assert net.encoder.pos_embedding.shape == (1, 24 * 24 + 1, 768)
    assert (net.standardised.side, net.training) == (384, False)


@pytest.mark.slow
def test_a_twin_takes_images_of_the_size_that_its_weights_want(swag: None) -> None:
    with torch.no_grad():
        assert load("vit_b_16", weights="untrained")(torch.rand(1, 3, 384, 384)).shape == (1, 1000)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_a_twin_has_no_classifiers_on_the_side(name: str) -> None:
    with torch.device("meta"):
        net = zoo._untrained(name)
    assert not any("aux" in place.lower() for place, _ in net.named_modules())
    assert net.standardised.side is None


@pytest.mark.parametrize(
    ("name", "side", "resize", "millions"),
    [("resnet18", 224, 256, 12), ("vgg16", 224, 256, 138), ("inception_v3", 299, 342, 27), ("vit_b_16", 224, 256, 87)],
)
def test_sizes_and_labels_are_those_that_torchvision_documents(
    name: str, side: int, resize: int, millions: int, elsewhere: Path
) -> None:
    spec = zoo.spec(name)
    assert (spec.input_shape, spec.resize, spec.sees) == ((3, side, side), resize, "photos")
    assert f" {millions} million parameters" in spec.title
    assert (spec.labels[0], spec.labels[999]) == ("tench", "toilet tissue")
    assert spec.family == "cnn" and spec.name == name


def test_those_of_more_than_150_million_parameters_are_huge() -> None:
    assert [zoo.is_huge(name) for name in ("vgg19_bn", "convnext_large", "regnet_y_128gf")] == [False, True, True]


def test_weights_that_are_there_are_taken_before_the_best(elsewhere: Path) -> None:
    kinds = models.ResNet50_Weights
    assert zoo._weights("resnet50") == kinds.DEFAULT != kinds.IMAGENET1K_V1
    path = zoo._path(kinds.IMAGENET1K_V1)
    path.parent.mkdir(parents=True)
    path.touch()
    assert zoo._weights("resnet50") == kinds.IMAGENET1K_V1
    assert path == elsewhere.parent / "hub" / "checkpoints" / "resnet50-0676ba61.pth"


def test_another_name_is_refused_with_those_that_are_offered() -> None:
    with pytest.raises(ValueError, match="no classifier 'lenet'; it has alexnet, vgg16"):
        zoo.spec("lenet")
    assert set(zoo.OFFERED) < set(zoo.names())


def test_the_names_that_are_offered_are_torchvisions_but_for_the_huge_ones() -> None:
    there = [name for name in models.list_models(module=models) if not zoo.is_huge(name)]
    assert sorted((*zoo_names.OFFERED, *zoo_names.OTHERS)) == sorted(there)


def test_what_is_missing_is_said_with_where_it_comes_from_and_goes(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: elsewhere.parent)
    with pytest.raises(ValueError, match=rf"put the file {elsewhere.as_uri()} into the folder ~/hub/checkpoints of"):
        load(NAME)


@pytest.mark.parametrize(
    ("name", "whole"), [("a-{}.pth", True), ("a-0123456789.pth", False), ("a-0123456.pth", True), ("a.pth", True)]
)
def test_a_file_is_whole_if_its_digest_begins_as_its_name_says(name: str, whole: bool, tmp_path: Path) -> None:
    """A name that says nothing, or less than eight digits, is believed."""
    path = tmp_path / name.format(hashlib.sha256(b"weights").hexdigest()[:10])
    path.write_bytes(b"weights")
    assert zoo._is_whole(path) == whole


def test_a_cache_that_cannot_be_written_is_said(elsewhere: Path) -> None:
    (elsewhere.parent / "hub").write_text("a file where a folder should be")
    with pytest.raises(ValueError, match="weights of squeezenet1_1 cannot be downloaded"):
        list(zoo.download(NAME))


def test_units_come_first_where_the_net_has_them_last() -> None:
    """ConvNeXt's blocks widen to four times as many channels, which lie behind height and width there."""
    layers = {layer.name: layer.shape for layer in list_layers(tiny("convnext_tiny"), (3, 64, 64))}
    assert layers["features.1.0.block.0"] == layers["features.1.0.block.2"] == (6, 16, 16)
    assert layers["features.1.0.block.3"] == layers["features.1.0.block.4"] == (24, 16, 16)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with weights where torchvision's is said to lie; torch's hub cache is empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    net = models.squeezenet1_1()
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
    assert [step.done for step in steps[:-1]] == [2**18 * (place + 1) for place in range(len(steps) - 1)]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert load(NAME).get_submodule("classifier.1").bias[0] == 7  # type: ignore[index]
    assert torch.equal(torch.get_rng_state(), before)


def test_a_host_that_does_not_say_how_much_comes_is_believed_to_the_end(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is there already is brought anew."""
    list(zoo.download(NAME))
    source = io.BytesIO(elsewhere.read_bytes())
    source.headers = {}  # type: ignore[attr-defined]
    asked: list[tuple[str, int]] = []

    def answer(url: str, timeout: int) -> io.BytesIO:
        asked.append((url, timeout))
        return source

    monkeypatch.setattr("urllib.request.urlopen", answer)
    steps = list(zoo.download(NAME))
    assert {step.total for step in steps} == {0} and steps[-1].done == elsewhere.stat().st_size
    assert asked == [(elsewhere.as_uri(), 10)] and cached(elsewhere) == [elsewhere.name]


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
