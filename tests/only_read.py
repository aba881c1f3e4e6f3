"""No test may write into the checkout: a plugin for pytest that lets the test fail that tries to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = tuple(str(ROOT / name) for name in ("app.py", "core", "pages", "docs", "tests", ".streamlit", "README.md"))
# What Python reports before it does it (PEP 578); the paths come first.
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
BEFORE = pytest.StashKey[str]()


def only_read(event: str, arguments: tuple[object, ...]) -> None:
    """Refuses a change of the sources before it is made."""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
    changed = arguments[:1] if writes else arguments[:2] if event in CHANGES else ()
    for path in changed:
        name = os.path.abspath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else ""
        if name.startswith(SOURCES) and "__pycache__" not in name:
            raise PermissionError(f"a test may not write into the checkout: {event} of {name}")


sys.addaudithook(only_read)


def status() -> str:
    """What git sees changed, or nothing where the sources do not lie in a repository."""
    return subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[BEFORE] = status()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What compiled code and other processes have written shows in git, once all workers are through."""
    before, after = session.config.stash[BEFORE], status()
    if not hasattr(session.config, "workerinput") and before != after:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write(f"\nThe tests have changed the checkout. Before:\n{before}After:\n{after}")
