"""The house: a newcomer finds a line of code by the names of folders and files alone."""

import ast
import re
from pathlib import Path

import pytest

from pages.frame.glossary import GLOSSARY

PAGES = Path(__file__).parents[2] / "pages"
FOLDERS = sorted(path for path in PAGES.iterdir() if path.is_dir() and path.name != "__pycache__")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_of_pages_is_small_and_says_in_one_sentence_what_belongs_there(folder: Path) -> None:
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "__init__.py"]
    assert len(files) <= 8
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    assert said and said.endswith(".") and said.count(". ") == 0
    assert not any(path.is_dir() for path in folder.iterdir() if path.name != "__pycache__")


def test_a_file_in_pages_is_a_page() -> None:
    """Streamlit takes every file there for one."""
    from pages.frame.navigation import PAGES as NAMED

    assert {path.stem for path in PAGES.iterdir() if path.is_file()} == set(NAMED)


STRANGE = re.compile(r"\b(sums of|by lot|shun|foretells?|listens to|make of it)\b", re.IGNORECASE)


def strings(path: Path) -> list[str]:
    """What a file says: all of its strings."""
    tree = ast.parse(path.read_text())
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: str(path.relative_to(PAGES)))
def test_pages_speak_the_fields_language(path: Path) -> None:
    said = " ".join(strings(path)).replace("\n", " ")
    assert not STRANGE.findall(said)


def test_the_glossary_has_a_plain_sentence_for_each_of_the_fields_terms() -> None:
    assert len(GLOSSARY) >= 20
    for term, meaning in GLOSSARY.items():
        assert meaning.endswith(".") and len(meaning) < 250 and term.lower() not in meaning.lower()[: len(term)]
