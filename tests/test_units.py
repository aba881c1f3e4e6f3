"""The address of a unit."""

import pytest

from core.units import Unit


def test_an_address_and_its_unit_are_the_same() -> None:
    assert str(Unit("cnn", "conv3", 12)) == "cnn/conv3/12"
    assert Unit.parse("cnn/conv3/12") == Unit("cnn", "conv3", 12)


@pytest.mark.parametrize(
    "text", ["", "cnn", "cnn/conv3", "cnn/conv3/", "cnn/conv3/-1", "cnn/conv3/1.5", "a/b/c/1", "//1", "a/b/²"]
)
def test_other_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="cnn/conv3/12"):
        Unit.parse(text)
