"""Measures against their definitions, written out, and against what can be seen by eye."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor, nn
from torchvision import models

from core.layers import run_to
from core.measures.colourfulness import colourfulness
from core.measures.receptive_field import Field, receptive_fields
from core.measures.spatial_frequency import mean_frequency
from core.models import load
from core.models.explicit import explicit
from core.models.lite import lite0
from tests import references
from tests.nets import Fickle


@pytest.mark.parametrize(
    ("build", "layer", "size"),
    [
        (models.alexnet, "features.12", 195),
        (models.vgg16, "features.30", 212),
        (models.resnet18, "layer4.1.conv2", 435),
    ],
)
def test_receptive_fields_are_the_published_ones(build: Callable[[], nn.Module], layer: str, size: int) -> None:
    """Araujo, Norris, Sim 2019, table 1, for AlexNet and VGG-16; ResNet-18's is the same arithmetic."""
    down, across = receptive_fields(explicit(build().eval()))[layer]
    assert down.size == across.size == size


class Branches(nn.Module):
    """A 5 x 5 and a dilated, strided 3 x 1 convolution, padded unevenly, added, and pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.pad, self.wide = nn.ZeroPad2d((0, 3, 1, 2)), nn.Conv2d(1, 2, 5, stride=2)
        self.tall = nn.Conv2d(1, 2, (3, 1), stride=2, padding=(2, 0), dilation=(2, 1))
        self.pool = nn.MaxPool2d(2)
        self.last = nn.Conv2d(2, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        wide, tall = self.wide(self.pad(x)), self.tall(x)
        return self.last(self.pool(wide[..., :9, :9] + tall[..., :9, :9]))


def seen(model: nn.Module, layer: str, side: int, channels: int) -> tuple[list[int], list[int], int]:
    """Which rows and columns the middle unit's gradient reaches, for noise of either sign; and that unit's index."""
    reached = torch.zeros(side, side, dtype=torch.bool)
    for seed in range(6):
        x = torch.randn(1, channels, side, side, generator=Generator().manual_seed(seed)).requires_grad_()
        out = run_to(model, x, [layer])[layer]
        index = out.shape[-1] // 2
        (gradient,) = torch.autograd.grad(out[0, :, index, index].sum(), x)
        reached |= (gradient != 0)[0].any(0)
    return reached.any(1).nonzero()[:, 0].tolist(), reached.any(0).nonzero()[:, 0].tolist(), index


@pytest.mark.parametrize(("model", "layer", "side", "channels"), [
    (Branches(), "last", 20, 1), (load("cnn"), "conv3", 28, 1), (lite0().eval(), "block2.depthwise", 64, 3),
    (lite0().eval(), "block3", 64, 3), (lite0().eval(), "block4", 96, 3),
    (explicit(models.densenet121().eval()), "features.denseblock1.denselayer3.conv2", 96, 3),
    (explicit(models.googlenet(init_weights=False, aux_logits=False).eval()), "inception3a.branch3.1.conv", 128, 3),
], ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else str(value))  # fmt: skip
def test_receptive_fields_are_where_gradients_reach(model: nn.Module, layer: str, side: int, channels: int) -> None:
    rows, columns, index = seen(model, layer, side, channels)
    down, across = receptive_fields(model)[layer]
    assert down.rows(index, side) == (rows[0], rows[-1] + 1)
    assert across.rows(index, side) == (columns[0], columns[-1] + 1)


def test_a_dense_layer_and_a_squeezed_one_see_everything() -> None:
    assert receptive_fields(load("dense"))["fc1"][0].size == math.inf
    fields = receptive_fields(explicit(models.mobilenet_v3_small().eval()))
    assert fields["features.1.block.0.0"][0].size < math.inf == fields["features.2.block.0.0"][0].size


def test_a_field_at_the_border_is_cut_off_there() -> None:
    field = Field(size=7, stride=2, first=-2)
    assert [field.rows(index, 10) for index in (0, 1, 4)] == [(0, 5), (0, 7), (6, 10)]
    assert Field(math.inf).rows(3, 10) == (0, 10)


def test_a_net_that_cannot_be_traced_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="Fickle cannot be traced"):
        receptive_fields(Fickle())


@pytest.mark.parametrize(("down", "across"), [(0, 8), (12, 0), (6, 8)])
def test_a_grating_has_its_own_frequency(down: int, across: int) -> None:
    y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    grating = (0.5 + 0.4 * torch.cos(2 * math.pi * (down * y + across * x) / 64)).expand(1, 3, 64, 64)
    assert mean_frequency(grating).item() == pytest.approx(math.hypot(down, across) / 64, rel=0.02)


def test_the_mean_frequency_is_its_definition() -> None:
    images = torch.rand(2, 3, 12, 16, generator=Generator().manual_seed(0))
    torch.testing.assert_close(mean_frequency(images).tolist(), [references.mean_frequency(image) for image in images])
    assert mean_frequency(torch.full((1, 3, 8, 8), 0.3)).item() == pytest.approx(0, abs=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(3, 64), st.integers(3, 64), st.floats(0, 1))
def test_an_even_image_has_the_frequency_0_at_any_size(height: int, width: int, value: float) -> None:
    assert mean_frequency(torch.full((1, 3, height, width), value)).item() == 0


@pytest.mark.parametrize("contrast", [1.0, 1e-2, 1e-5])
def test_the_frequency_of_a_faint_pattern_is_that_of_a_strong_one(contrast: float) -> None:
    images = torch.rand(2, 3, 9, 10, generator=Generator().manual_seed(1))
    found = mean_frequency(0.5 + contrast * (images - 0.5))
    torch.testing.assert_close(found, mean_frequency(images), atol=1e-3, rtol=0)
    assert found.dtype == images.dtype


def test_colourfulness_is_its_definition() -> None:
    images = torch.rand(2, 3, 5, 7, generator=Generator().manual_seed(0))
    torch.testing.assert_close(colourfulness(images).tolist(), [references.colourfulness(image) for image in images],
                               atol=1e-3, rtol=1e-4)  # fmt: skip
    assert colourfulness(torch.rand(1, 1, 6, 6).expand(1, 3, 6, 6)).item() == pytest.approx(0, abs=1e-4)
