"""Results are found again, or missing; never broken."""

import hashlib
import json
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import write_whole
from core.store import FOLDER_VARIABLE, Result, Store, address

RESULT = Result(b"a picture", {"reached": 1.5, "unit": "cnn/conv3/12"})
NAME = address(weights="abc", unit="cnn/conv3/12", recipe={"steps": 128})


def test_what_was_put_is_got_in_another_store_of_the_same_folder(tmp_path: Path) -> None:
    Store(str(tmp_path)).put(NAME, RESULT)
    assert Store(str(tmp_path)).get(NAME) == RESULT
    assert Store(str(tmp_path)).get(address(weights="other")) is None


def test_equal_parts_give_equal_addresses_in_any_order() -> None:
    assert address(a=1, b={"x": 2, "y": 3}) == address(b={"y": 3, "x": 2}, a=1)
    assert len({address(a=1), address(a=2), address(b=1), address(a="1")}) == 4


def test_an_address_is_half_a_digest_of_its_parts_without_spaces() -> None:
    """Results outlive a version: what an earlier one kept has to be found."""
    text = '{"recipe":{"jitter":2,"steps":128},"unit":"cnn/conv3/12"}'
    expected = hashlib.sha256(text.encode()).hexdigest()[: 64 // 2]
    assert address(unit="cnn/conv3/12", recipe={"steps": 128, "jitter": 2}) == expected


def test_the_folder_is_the_one_named_else_the_environments_else_among_the_users_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERSCOPE_STORE", str(tmp_path / "environment"))
    Store(str(tmp_path / "named")).put(NAME, RESULT)
    assert [path.name for path in tmp_path.iterdir()] == ["named"]
    Store().put(NAME, RESULT)
    assert sorted(path.name for path in (tmp_path / "environment").iterdir()) == [f"{NAME}.content", f"{NAME}.json"]
    for content in (None, ""):
        monkeypatch.setenv(FOLDER_VARIABLE, "") if content == "" else monkeypatch.delenv(FOLDER_VARIABLE)
        Store().put(NAME, RESULT)
    cached = tmp_path / "home" / ".cache" / "layerscope" / "results"
    assert (cached / f"{NAME}.content").read_bytes() == RESULT.content


def test_a_new_result_takes_the_place_of_the_old(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(NAME, RESULT)
    store.put(NAME, Result(b"another", {}))
    assert store.get(NAME) == Result(b"another", {})
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".content", ".json"]


@pytest.mark.parametrize("kind", ["json", "content"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"content": "x"}', b"\xff\xfe", None])
def test_a_truncated_foreign_or_missing_file_counts_as_missing(
    tmp_path: Path, kind: str, content: bytes | None
) -> None:
    store = Store(str(tmp_path))
    store.put(NAME, RESULT)
    path = tmp_path / f"{NAME}.{kind}"
    path.unlink() if content is None else path.write_bytes(content)
    assert store.get(NAME) is None
    store.put(NAME, RESULT)
    assert store.get(NAME) == RESULT


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_killed_between_any_two_steps_leaves_the_old_result_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """A put writes and renames twice: here it dies before the first, second, third and fourth of these."""
    store = Store(str(tmp_path))
    left = iter(range(calls))

    def dying(original: object) -> object:
        def step(*arguments: object, **more: object) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            original(*arguments, **more)  # type: ignore[operator]

        return step

    for name in ("pipe_file", "mv"):
        monkeypatch.setattr(LocalFileSystem, name, dying(getattr(LocalFileSystem, name)))
    with pytest.raises(KeyboardInterrupt):
        store.put(NAME, RESULT)
    assert Store(str(tmp_path)).get(NAME) is None
    assert not list(tmp_path.glob("*.unfinished"))


def test_a_folder_that_cannot_be_read_or_written_has_no_results(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = Store(str(tmp_path / "file"))
    store.put(NAME, RESULT)
    assert store.get(NAME) is None


def test_the_folder_may_be_named_by_the_environment_and_be_anything_that_fsspec_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "memory://results")
    Store().put(NAME, RESULT)
    assert Store("memory://results").get(NAME) == RESULT
    assert Store(str(tmp_path)).get(NAME) is None


@settings(max_examples=40)
@given(content=st.binary(), about=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()))
def test_any_content_and_any_words_survive(content: bytes, about: dict[str, object]) -> None:
    store = Store("memory://any")
    store.put(NAME, Result(content, about))
    assert store.get(NAME) == Result(content, about)


def test_a_result_that_does_not_match_what_vouches_for_it_is_none(tmp_path: Path) -> None:
    """Two stores that wrote at once: the content is one's, the words are the other's."""
    store = Store(str(tmp_path))
    store.put(NAME, Result(b"one", {"reached": 1}))
    words = (tmp_path / f"{NAME}.json").read_bytes()
    store.put(NAME, Result(b"two", {"reached": 2}))
    (tmp_path / f"{NAME}.json").write_bytes(words)
    assert store.get(NAME) is None
    (tmp_path / f"{NAME}.content").write_bytes(b"one")
    assert store.get(NAME) == Result(b"one", {"reached": 1})


@pytest.mark.parametrize("about", [None, [], "words", 3])
def test_what_is_said_about_a_result_is_a_dictionary_or_somebody_elses(tmp_path: Path, about: object) -> None:
    store = Store(str(tmp_path))
    store.put(NAME, RESULT)
    entry = {"content": hashlib.sha256(RESULT.content).hexdigest(), "about": about}
    (tmp_path / f"{NAME}.json").write_text(json.dumps(entry))
    assert store.get(NAME) is None


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def half(self: LocalFileSystem, name: str, content: bytes) -> None:
        Path(name).write_bytes(content[:2])
        raise OSError("the disk is full")

    monkeypatch.setattr(LocalFileSystem, "pipe_file", half)
    with pytest.raises(OSError, match="disk is full"):
        write_whole(path, b"new and longer")
    assert [file.name for file in tmp_path.iterdir()] == ["file"] and path.read_bytes() == b"old"


def test_each_unfinished_file_has_a_name_of_its_own_beside_the_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    write = LocalFileSystem.pipe_file

    def noting(self: LocalFileSystem, name: str, content: bytes) -> None:
        names.append(name)
        write(self, name, content)

    monkeypatch.setattr(LocalFileSystem, "pipe_file", noting)
    for content in (b"first", b"second"):
        write_whole(str(tmp_path / "file"), content)
        assert (tmp_path / "file").read_bytes() == content
    assert len(set(names)) == 2 and not any(name == str(tmp_path / "file") for name in names)
    assert all(Path(name).parent == tmp_path for name in names)


def test_a_file_is_written_whole_into_a_new_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "file", b"content")
    assert (tmp_path / "new" / "file").read_bytes() == b"content"
    assert len(list((tmp_path / "new").iterdir())) == 1
