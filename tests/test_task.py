"""What is to be made: its name hangs on every part of it, and it says where its pictures come from."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from core import stimuli
from core.data import photos
from core.data.canvas import to_text
from core.data.digits import test_set as digits
from core.models import load
from core.studio import commands, first, task
from core.studio.caricature import Caricature
from core.studio.dream import Dream
from core.studio.made import from_png, made
from core.studio.task import Task, pictures_of


@dataclass(frozen=True)
class Paler:
    """A technique's recipe: images become paler by so much a step."""

    steps: int = 2
    by: float = 0.5


def paler(model, images, recipe):
    for step in range(recipe.steps + 1):
        yield made(step, recipe.steps, images * recipe.by**step, by=recipe.by)


ONE = Task("paler", "cnn", "trained", Paler(), ("digit 84",))


@pytest.fixture(autouse=True)
def only_paler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(task.TECHNIQUES, "paler", paler)
    monkeypatch.setattr(task, "SHIPPED", tmp_path)
    monkeypatch.setattr(commands, "SHIPPED", tmp_path)
    monkeypatch.setattr(first, "FIRST", (ONE,))


def test_every_part_is_in_the_name() -> None:
    others = [replace(ONE, technique="other"), replace(ONE, model="dense"), replace(ONE, weights="untrained"),
              replace(ONE, recipe=Paler(by=0.25)), replace(ONE, sources=("digit 85",))]  # fmt: skip
    assert len({each.shipped_at() for each in [ONE, *others]}) == 6


def test_what_another_version_made_is_another_result(monkeypatch: pytest.MonkeyPatch) -> None:
    commands.make_shipped()
    place = ONE.shipped_at()
    _, about = from_png(place.read_bytes())
    assert about == ONE.about() and about["version"] == task.VERSION
    monkeypatch.setattr(task, "VERSION", task.VERSION + 1)
    assert ONE.shipped_at() != place and ONE.shipped() is None
    commands.make_shipped()
    assert not place.exists() and ONE.shipped() is not None
    assert from_png(ONE.shipped_at().read_bytes())[1]["version"] == about["version"] + 1


@pytest.mark.parametrize("recipe", [Dream("block1", octaves=1, steps=2), Caricature("block1", steps=2)])
def test_one_task_makes_one_picture_whichever_type_is_faster(
    recipe: Dream | Caricature, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, images, found = load("photo"), pictures_of(["cat"], 64), []
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr(stimuli, "faster_dtype", lambda *_, now=dtype: now)
        monkeypatch.setattr(stimuli, "_DTYPES", {})
        *_, last = Task(type(recipe).__name__.lower(), "photo", "trained", recipe, ("cat",)).run(net, images)
        found.append(last.pictures)
    assert (found[0] == found[1]).all()


def test_sources_are_pictures() -> None:
    ink = f"ink {to_text(digits().images[7])}"
    found = pictures_of(["digit 84", ink], 28)
    assert torch.equal(found[0], digits().images[84]) and (found[1] - digits().images[7]).abs().max() < 0.01
    assert torch.equal(pictures_of(["cat"], 64)[0], photos.to_input(photos.sample("cat"), 64))
    with pytest.raises(ValueError, match="no sample photo 'own'"):
        pictures_of(["own"], 64)


def test_pictures_are_as_large_as_the_recipe_or_the_net_wants() -> None:
    @dataclass(frozen=True)
    class Sided:
        side: int = 192

    assert (ONE.side, replace(ONE, recipe=Sided()).side, replace(ONE, model="photo").side) == (28, 192, 224)


def test_what_ships_is_made_once_with_its_twin_and_no_longer_than_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "paler-of-before.png").write_bytes(b"")
    commands.make_shipped()
    twin = replace(ONE, weights="untrained")
    assert set(tmp_path.iterdir()) == {ONE.shipped_at(), twin.shipped_at()}
    found = ONE.shipped()
    assert found is not None and found.numbers == {"by": 0.5} and (found.step, found.steps) == (2, 2)
    assert (found.images[0] - digits().images[84] / 4).abs().max() <= 0.5 / 255 + 1e-6
    ONE.shipped_at().write_bytes(replace(twin).shipped_at().read_bytes() + b"kept")
    commands.make_shipped()
    assert ONE.shipped_at().read_bytes().endswith(b"kept")


def test_a_visitors_own_photo_is_nobody_elses() -> None:
    own = replace(ONE, sources=("own",))
    own.shipped_at().write_bytes(ONE.shipped_at().read_bytes() if ONE.shipped_at().exists() else b"")
    assert own.shipped() is None and replace(ONE, recipe=Paler(steps=9)).shipped() is None
