"""The checkout is not written into by a test, and its files are as they were when one tries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.only_read import ROOT

README = ROOT / "README.md"


@pytest.mark.parametrize("change", [
    lambda: README.write_text("x"),
    lambda: README.open("a"),
    lambda: os.open(README, os.O_WRONLY),
    lambda: README.rename(ROOT / "core" / "README.md"),
    lambda: (ROOT / "core" / "new").mkdir(),
    lambda: (ROOT / "core" / "units.py").unlink(),
])  # fmt: skip
def test_a_change_of_the_sources_is_refused_and_not_made(change: object) -> None:
    before = README.read_bytes()
    with pytest.raises(PermissionError, match="may not write into the checkout"):
        change()  # type: ignore[operator]
    assert README.read_bytes() == before


def test_other_places_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "README.md").write_text("x")


def test_what_another_process_leaves_behind_fails_the_run(tmp_path: Path) -> None:
    """A small repository with a test that writes by another program, which no hook of this one sees."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "only_read.py").write_text((ROOT / "tests" / "only_read.py").read_text())
    (tmp_path / "tests" / "test_it.py").write_text("import os\ndef test_it(): os.system('touch core_left')\n")
    (tmp_path / ".gitignore").write_text("__pycache__\n.pytest_cache\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "pytest", "-p", "tests.only_read", "--rootdir", ".", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "?? core_left" in ended.stderr
    assert "1 passed" in ended.stdout
