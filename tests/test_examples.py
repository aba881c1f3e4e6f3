"""Which images excite a unit."""

import torch

from core import examples
from core.measures.receptive_field import Field, receptive_fields
from core.models import load
from tests.nets import Shift


def test_the_peak_is_the_strongest_value_over_map_or_time() -> None:
    assert examples.peak(torch.tensor([[1.0, -2.0]])).tolist() == [[1, -2]]
    assert examples.peak(torch.tensor([[[1.0, 5.0], [-3.0, -4.0]]])).tolist() == [[5, -3]]
    assert examples.peak(torch.arange(8.0).view(1, 2, 2, 2)).tolist() == [[3, 7]]


def test_peaks_of_many_images_come_in_batches_and_in_order() -> None:
    images = torch.rand(600, 1, 4, 4)
    parts = list(examples.peaks(Shift(), images, "conv"))
    assert [len(part) for part in parts] == [250, 250, 100]
    expected = torch.nn.functional.pad(images[:, 0, :, 1:], (0, 1)).flatten(1).amax(1)
    torch.testing.assert_close(torch.cat(parts)[:, 0], expected)
    few = list(examples.peaks(Shift(), images[:7], "conv", 3))
    assert [len(part) for part in few] == [3, 3, 1] and torch.equal(torch.cat(few), torch.cat(parts)[:7])


def test_the_first_of_each_label() -> None:
    assert examples.first_of_each(torch.tensor([2, 0, 2, 1, 0])).tolist() == [1, 3, 0]


def test_the_most_different_units_are_taken_farthest_first() -> None:
    """a varies most; b is a's mirror image, c half like a, d unlike a, e never changes."""
    a, d = torch.tensor([4.0, -4, 4, -4]), torch.tensor([1.0, 1, -1, -1])
    c = a / 8 + d / 2
    peaks = torch.stack([a, -a / 2, c, d, torch.full((4,), 3.0)], dim=1)
    assert examples.most_different(peaks, 1) == [0]
    assert examples.most_different(peaks, 2) == [0, 3]
    assert examples.most_different(peaks, 3) == [0, 2, 3]
    assert examples.most_different(peaks, 4) == [0, 1, 2, 3]
    assert examples.most_different(peaks, 9) == [0, 1, 2, 3, 4]


def test_of_a_layer_of_one_unit_that_one_is_taken() -> None:
    assert examples.most_different(torch.tensor([[1.0], [2.0], [4.0]]), 3) == [0]


def test_units_that_never_change_are_left_for_last() -> None:
    """Alike are the first two, which vary; the others are as dead as units behind a ReLU can be."""
    a = torch.tensor([1.0, -1, 2])
    peaks = torch.stack([torch.zeros(3), a, torch.full((3,), -7.0), 2 * a + 1], dim=1)
    assert [examples.most_different(peaks, k) for k in (1, 2, 3, 4)] == [[3], [1, 3], [0, 1, 3], [0, 1, 2, 3]]


def test_a_patch_is_what_the_unit_sees_also_at_the_border() -> None:
    image = torch.arange(100.0).view(1, 10, 10)
    fields = Field(5, 2, -2), Field(3, 2, 0)
    assert torch.equal(examples.patch(image, fields, (2, 1)), image[:, 2:7, 2:5])
    assert torch.equal(examples.patch(image, fields, (0, 4)), image[:, 0:3, 8:10])
    for tall in (image.view(1, 5, 20), image.view(1, 20, 5)):  # below and right of it there is nothing
        rows, columns = (side // 2 for side in tall.shape[1:])
        seen = examples.patch(tall, (Field(3, 2, 0), Field(5, 2, 0)), (rows, columns))
        assert torch.equal(seen, tall[:, 2 * rows :, 2 * columns :])


def test_a_digit_is_faint_where_the_unit_does_not_look() -> None:
    image = torch.ones(1, 6, 6)
    shown = examples.faded(image, examples.window((Field(3, 1, -1), Field(3, 1, -1)), (0, 3), (6, 6)))
    expected = torch.full((1, 6, 6), 0.2)  # a fifth of the ink
    expected[0, 0:2, 2:5] = 1
    assert torch.equal(shown, expected)
    assert torch.equal(image, torch.ones(1, 6, 6))


def test_a_whole_patch_is_what_the_unit_sees_with_nothing_outside_the_image() -> None:
    image = torch.arange(1.0, 29).outer(torch.arange(1.0, 29))[None]
    fields = receptive_fields(load("cnn"), (1, 28, 28))["conv1"]
    inside, corner = (examples.whole_patch(image, fields, place) for place in ((10, 12), (0, 27)))
    assert torch.equal(inside, examples.patch(image, fields, (10, 12))) and inside.shape == (1, 5, 5)
    clipped = examples.patch(image, fields, (0, 27))
    assert clipped.shape == (1, 3, 3) and torch.equal(corner[:, 2:, :3], clipped)
    assert float(corner.sum()) == float(clipped.sum())


def test_what_a_unit_can_see_is_a_window_the_rows_so_far_or_everything() -> None:
    fields = Field(5, 2, -2), Field(3, 1, 0)
    assert examples.seen(fields, (1, 4), (28, 20)) == examples.window(fields, (1, 4), (28, 20))
    assert examples.seen(fields, (4,), (28, 20)) == (slice(0, 5), slice(0, 20))
    assert examples.seen(fields, (), (28, 20)) == (slice(0, 28), slice(0, 20))
