"""What the README says is true: its Python runs, and its table is the one that its command prints."""

import re
from pathlib import Path

import pytest

from core import atlas
from core.measures import neighbours
from core.models import cards

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_the_tables_are_those_that_the_commands_print() -> None:
    assert cards.markdown() in README
    assert atlas.markdown() in README
    assert neighbours.markdown() in README


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    names: dict[str, object] = {}
    exec(code, names)
    printed = capsys.readouterr().out
    assert "relu2 · 24 maps · 14 x 14" in printed
    assert "torch.Size([3, 1, 28, 28])" in printed
    assert list(names["activations"]) == ["relu2"]  # type: ignore[call-overload]
