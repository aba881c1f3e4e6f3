"""Which mutants are drawn, which are left out as equivalent, and which tests a mutant meets."""

import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from cosmic_ray.commands import init
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkItem
from coverage import CoverageData

from tests import mutants

SOURCE = """LIMIT = 3


def grow(x, by=2):
    for _ in range(LIMIT):
        x = x * by
    return x


def shrink(x):
    return max(x - 1,
               0)
"""
ENTRY = {"file": "code.py", "line": "return max(x - 1,", "becomes": "return max(x + 1,"}


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    mutants._lines.cache_clear()
    Path("code.py").write_text(SOURCE)
    return tmp_path


def all_mutants(folder: Path) -> list[WorkItem]:
    mutants._lines.cache_clear()
    with use_db(folder / "session.sqlite") as database:
        init([Path("code.py")], database, {})
        return list(database.work_items)


def names(items: list[WorkItem], among: list[WorkItem]) -> list[str]:
    by_job = {item.job_id: name for name, item in mutants.identities(among)}
    return [by_job[item.job_id] for item in items]


def test_the_draw_depends_on_the_seed_alone(code: Path) -> None:
    items = all_mutants(code)
    shuffled = random.Random(1).sample(items, len(items))
    assert mutants.drawn(items, 10, 0) == mutants.drawn(shuffled, 10, 0)
    assert mutants.drawn(items, 5, 0) == mutants.drawn(items, 10, 0)[:5]
    assert names(mutants.drawn(items, 10, 0), items) != names(mutants.drawn(items, 10, 1), items)


def test_every_mutant_has_a_name_of_its_own_that_outlives_a_shift(code: Path) -> None:
    items = all_mutants(code)
    before = names(mutants.drawn(items, 10, 0), items)
    assert len({name for name, _ in mutants.identities(items)}) == len(items) > 20
    Path("code.py").write_text("A = 'more'\n\n\n" + SOURCE)
    items = all_mutants(code)
    assert names(mutants.drawn(items, 10, 0), items) == before


def test_an_equivalent_is_never_drawn_and_no_other_is_missing(code: Path) -> None:
    items = all_mutants(code)
    left, unmet = mutants.without_equivalents(items, [ENTRY])
    (gone,) = [item for item in items if item not in left]
    assert mutants.changed(gone.mutations[0]) == (ENTRY["line"], ENTRY["becomes"])
    assert unmet == []


def test_an_entry_without_a_result_stands_for_every_mutant_of_its_line(code: Path) -> None:
    items = all_mutants(code)
    left, _ = mutants.without_equivalents(items, [{"file": "code.py", "line": "LIMIT = 3"}])
    assert {item.mutations[0].start_pos[0] for item in items if item not in left} == {1}
    assert 1 not in {item.mutations[0].start_pos[0] for item in left}


@pytest.mark.parametrize("changes", [{"line": "gone"}, {"becomes": "no"}, {"file": "other.py"}, {"within": "grow"}])
def test_an_entry_that_fits_no_mutant_is_named(code: Path, changes: dict[str, str]) -> None:
    items = all_mutants(code)
    assert mutants.without_equivalents(items, [ENTRY | changes]) == (items, [ENTRY | changes])
    assert mutants.without_equivalents(items, [ENTRY | {"within": "shrink"}])[1] == []


def test_every_equivalent_has_its_line_and_a_reason() -> None:
    for entry in mutants.equivalents():
        lines = [line.strip() for line in Path(entry["file"]).read_text().splitlines()]
        assert set(entry["line"].split("\n")) <= set(lines), entry
        assert entry["reason"].endswith(".")


@pytest.mark.parametrize(
    ("row", "lines", "at_import"),
    [
        (1, {1}, True),
        (4, {4, 5, 6, 7}, False),  # a default is seen by whoever calls the function
        (5, {5}, False),
        (6, {6}, False),
        (12, {11, 12}, False),  # a continued line has its statement's tests
    ],
)
def test_a_row_is_shown_by_its_statements_lines(row: int, lines: set[int], at_import: bool) -> None:
    assert mutants.reach(SOURCE, row) == (lines, at_import)


def test_a_decorator_is_seen_by_whoever_calls_its_function() -> None:
    assert mutants.reach("@cache\ndef two():\n    return 2\n", 1) == ({1, 2, 3}, False)


@pytest.mark.parametrize(
    ("row", "tests"),
    [(6, {"one"}), (4, {"one", "two"}), (12, {"three"}), (1, {"one", "two", "three"}), (2, {"one", "two", "three"})],
)
def test_a_mutant_meets_the_tests_that_run_its_line(tmp_path: Path, row: int, tests: set[str]) -> None:
    data = CoverageData(str(tmp_path / "coverage"))
    for context, rows in {"": [1, 4, 10], "one": [5, 6], "two": [7], "three": [11]}.items():
        data.set_context(f"tests/test_code.py::{context}|run" if context else "")
        data.add_lines({"/elsewhere/code.py": rows, "/elsewhere/no_code.py": [6, 12]})
    data.write()
    names = {"one", "two", "three", "kept"}  # the last looks at what was made before it
    cases = "".join(f'<testcase file="tests/test_code.py" name="{name}" time="1"/>' for name in names)
    (tmp_path / "durations.xml").write_text(f"<testsuite>{cases}</testsuite>")
    found, others = mutants.tests_of(tmp_path, "code.py", SOURCE, [row])
    assert found == {f"tests/test_code.py::{name}" for name in tests}
    assert others == {f"tests/test_code.py::{name}" for name in names - tests}


def test_the_modules_own_tests_come_before_others_and_the_budget_holds() -> None:
    seconds = {"tests/test_maps.py::slow": 59, "tests/test_maps.py::slower": 60}
    seconds |= {"tests/test_pages.py::fast": 0.5, "tests/test_pages.py::fair": 0.6}
    kept = mutants.chosen("core/maps.py", seconds, seconds, 60)
    assert kept == ["tests/test_maps.py::slow", "tests/test_pages.py::fast"]
    assert mutants.fast_first(seconds, seconds) == ["tests/test_pages.py", "tests/test_maps.py"]


@pytest.mark.parametrize(
    ("module", "test", "own"),
    [
        ("core/maps.py", "maps", True),
        ("core/trust/table.py", "trust", True),
        ("core/maps.py", "maps_page", False),
        ("core/maps.py", "core", True),
    ],
)
def test_a_module_is_tested_by_the_file_of_its_name_or_its_folders(module: str, test: str, own: bool) -> None:
    assert mutants.is_own(module, f"tests/test_{test}.py::test_it[a/b::c]") is own


@pytest.mark.parametrize(
    ("outcome", "output", "word"),
    [("killed", "E assert\nkilled", "killed"), ("killed", "F.F", "out of time"), ("killed", "", "undecided"),
     ("killed", "timeout", "undecided"), ("survived", "..\nundecided: no memory", "undecided"),
     ("survived", "..\nsurvived 2 tests", "survived")],
)  # fmt: skip
def test_a_run_that_was_broken_off_decides_nothing(outcome: str, output: str, word: str) -> None:
    result = SimpleNamespace(worker_outcome="normal", output=output, test_outcome=TestOutcome(outcome))
    assert mutants.verdict(result) == word
