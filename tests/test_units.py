"""The address of a unit."""

import pytest

from core.units import Unit


def test_an_address_and_its_unit_are_the_same() -> None:
    assert str(Unit("cnn", "conv3", 12)) == "cnn/conv3/12"
    assert Unit.parse("cnn/conv3/12") == Unit("cnn", "conv3", 12)


def test_units_are_in_the_order_of_model_layer_and_number() -> None:
    units = [Unit("cnn", "conv10", 2), Unit("cnn", "conv1", 10), Unit("cnn", "conv1", 9), Unit("a", "z", 99)]
    assert [str(unit) for unit in sorted(units)] == ["a/z/99", "cnn/conv1/9", "cnn/conv1/10", "cnn/conv10/2"]


def test_an_error_quotes_no_more_than_sixty_characters() -> None:
    with pytest.raises(ValueError, match=f"'{60 * 'x'}' does not"):
        Unit.parse(80 * "x")


@pytest.mark.parametrize(
    "text", ["", "cnn", "cnn/conv3", "cnn/conv3/", "cnn/conv3/-1", "cnn/conv3/1.5", "a/b/c/1", "//1", "a/b/²"]
)
def test_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="cnn/conv3/12"):
        Unit.parse(text)
