"""By which pixels a unit is moved, and how much."""

import math
from collections import OrderedDict

import pytest
import torch
from torch import Generator, Tensor, nn

from core.data.digits import test_set as mnist
from core.examples import seen
from core.layers import list_layers, run_to
from core.measures.effective_field import area, effective_field, fewest, radius
from core.measures.receptive_field import ALL, receptive_fields
from core.models import load
from tests import references
from tests.nets import Powers, Shift


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=Generator().manual_seed(seed))


def stack(kernel: int, layers: int) -> nn.Sequential:
    """Convolutions by even kernels, with nothing between them."""
    convs = [nn.Conv2d(1, 1, kernel, padding=kernel // 2, bias=False) for _ in range(layers)]
    for conv in convs:
        nn.init.constant_(conv.weight, 1 / kernel**2)
    return nn.Sequential(OrderedDict((f"conv{place}", conv) for place, conv in enumerate(convs)))


@pytest.mark.parametrize(("kernel", "layers"), [(3, 1), (3, 4), (5, 3)])
def test_of_stacked_even_kernels_the_field_is_their_convolution_and_the_variances_add_up(
    kernel: int, layers: int
) -> None:
    """Luo et al. 2016: the variance along an axis is layers (kernel^2 - 1) / 12."""
    found = effective_field(stack(kernel, layers), noise(3, 1, 33, 33), f"conv{layers - 1}", [0])
    expected = torch.tensor(references.effective_field(kernel, layers, 33))
    torch.testing.assert_close(found[0], expected, atol=1e-6, rtol=1e-4)
    assert float(radius(found)) == pytest.approx(math.sqrt(2 * layers * (kernel**2 - 1) / 12), rel=1e-4)
    assert float(area(found)) == int((expected > (1 - 0.9545) * expected.max()).sum())


def test_of_many_layers_it_is_a_gaussian_much_smaller_than_what_can_be_seen() -> None:
    found = effective_field(stack(3, 20), noise(1, 1, 61, 61), "conv19", [0])
    variance = 20 * 8 / 12
    places = torch.arange(61.0) - 30
    gaussian = torch.exp(-(places.square() + places[:, None].square()) / (2 * variance)) / (2 * math.pi * variance)
    torch.testing.assert_close(found[0], gaussian, atol=3e-4, rtol=0)  # 2 % of its peak
    inside = math.pi * -2 * variance * math.log(1 - 0.9545)  # a Gaussian falls to 4.55 % there
    assert float(area(found)) == pytest.approx(inside, rel=0.05) and inside < 41**2 / 5


def test_gradients_of_unlike_sign_do_not_cancel_over_images_or_channels() -> None:
    images = torch.cat([noise(2, 2, 2, 2), -noise(2, 2, 2, 2)])
    found = effective_field(Powers(), images, "logits", [0, 1])  # whose gradients are x and x^2
    torch.testing.assert_close(found[0], images.abs().sum(1).mean(0))
    torch.testing.assert_close(found[1], images.square().sum(1).mean(0))


def test_it_is_the_unit_in_the_middle_of_its_map() -> None:
    for unit in (0, 1):
        found = effective_field(Shift(), noise(2, 1, 7, 9), "conv", [unit])  # the pixel to the right of it
        assert found[0].nonzero().tolist() == [[3, 5]] and float(radius(found)) == 0 and float(area(found)) == 1


def test_of_a_recurrent_net_it_is_what_stands_behind_the_last_row() -> None:
    net, images = load("rnn"), mnist().images[:3]
    found = effective_field(net, images, "lstm2", [5])
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(run_to(net, x, ["lstm2"])["lstm2"][:, 5, 27].sum(), x)
    torch.testing.assert_close(found[0], gradient.abs().mean((0, 1)))


def test_batches_are_averaged_by_how_many_images_they_hold() -> None:
    net, images = load("dense"), mnist().images[:130]
    whole = effective_field(net, images, "fc2", [3])
    parts = [effective_field(net, images[begin : begin + 65], "fc2", [3]) for begin in (0, 65)]
    torch.testing.assert_close(whole, (parts[0] + parts[1]) / 2)


def test_a_unit_sees_nothing_outside_what_it_can_see() -> None:
    """Of 5 x 5 pixels and 14 x 14 ones, as the CNN's are."""
    net, images = load("cnn"), mnist().images[:20]
    assert [layer.name for layer in list_layers(net, (1, 28, 28))][3] == "conv2"
    for layer, side in (("conv1", 5), ("conv2", 10)):
        reached = (effective_field(net, images, layer, range(12)) > 0).any(0)
        assert int(reached.any(1).sum()) <= side and int(reached.any(0).sum()) <= side


# Of each family layers of every depth, and of each a place: in the corner, at the border, in the middle, after a row.
HERE = [
    ("dense", "fc1", 3, ()), ("dense", "fc2", 5, ()), ("dense", "logits", 9, ()),
    ("cnn", "conv1", 2, (0, 0)), ("cnn", "conv2", 7, (6, 13)), ("cnn", "conv3", 30, (3, 3)),
    ("cnn", "conv4", 11, (2, 1)), ("cnn", "logits", 4, ()),
    ("rnn", "lstm1", 8, (0,)), ("rnn", "lstm1", 8, (13,)), ("rnn", "lstm2", 40, (20,)), ("rnn", "logits", 1, ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "layer", "unit", "place"), HERE)
def test_of_one_image_at_one_place_it_is_what_changing_each_pixel_does(
    name: str, layer: str, unit: int, place: tuple[int, ...]
) -> None:
    """In double precision, so that a pixel can be moved by a millionth."""
    net, image = load(name).double(), mnist().images[7].double()
    found = effective_field(net, image[None], layer, [unit], place)[0]
    expected = references.moved_here(net, image, layer, unit, place)
    assert float(expected.max()) > 1e-3
    torch.testing.assert_close(found.double(), expected, atol=1e-5 * float(expected.max()), rtol=1e-4)


@pytest.mark.parametrize("weights", ["trained", "untrained"])
@pytest.mark.parametrize(("name", "layer", "unit", "place"), HERE)
def test_outside_what_a_unit_can_see_it_is_zero_bit_for_bit_and_inside_it_reaches_every_border(
    name: str, layer: str, unit: int, place: tuple[int, ...], weights: str
) -> None:
    net = load(name, weights=weights)
    fields = receptive_fields(net, (1, 28, 28))[layer] if name != "rnn" else (ALL, ALL)
    down, across = seen(fields, place, (28, 28))
    found = effective_field(net, noise(40, 1, 28, 28), layer, [unit], place)[0]
    inside = found[down, across]
    outside = found.clone()
    outside[down, across] = 0
    assert not outside.view(torch.int32).any()  # no -0.0 either
    for border in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
        assert border.any()


@pytest.mark.parametrize(
    ("name", "layer", "place", "has"),
    [("cnn", "conv2", (14, 0), "14 x 14"), ("cnn", "conv2", (0, -1), "14 x 14"), ("cnn", "conv2", (3,), "14 x 14"),
     ("rnn", "lstm1", (28,), "28"), ("rnn", "lstm1", (1, 1), "28"), ("dense", "fc1", (0,), "one value")],
)  # fmt: skip
def test_a_place_that_a_layer_does_not_have_is_refused(name: str, layer: str, place: tuple[int, ...], has: str) -> None:
    with pytest.raises(ValueError, match=f"{layer} has no place .* it has .*{has}"):
        effective_field(load(name), mnist().images[:1], layer, [0], place)


def test_the_fewest_pixels_that_hold_a_share() -> None:
    fields = torch.cat([noise(3, 9, 7) ** 4, torch.ones(1, 9, 7), torch.eye(9, 7)[None], torch.zeros(1, 9, 7)])
    for share in (0.1, 0.5, 0.9, 0.99):
        found = fewest(fields, share)
        assert found[:-1].tolist() == [references.fewest(field, share) for field in fields[:-1]]
        assert found[-1].isnan()
    ten = torch.zeros(1, 5, 5)
    ten.flatten()[:10] = 0.1
    assert fewest(ten).tolist() == [9]  # nine tenths, by the default


def test_where_a_field_lies_does_not_matter_and_nothing_has_none() -> None:
    fields = torch.zeros(3, 9, 12)
    fields[0, 1, 1] = fields[0, 5, 4] = 2  # 5 pixels apart
    fields[1, 4, 8] = fields[1, 8, 11] = 7
    torch.testing.assert_close(radius(fields)[:2], torch.full((2,), 2.5))
    assert area(fields)[:2].tolist() == [2, 2]
    assert radius(fields)[2].isnan() and area(fields)[2].isnan()
