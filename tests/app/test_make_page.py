"""The frame of the page Make: jobs, what is kept, and what can be taken along, by a technique of one line."""

import io
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import images
from core.data.digits import test_set as digits
from core.studio import task
from core.studio.made import Made, made
from core.studio.task import Task
from pages.jobs.long_work import scheduler
from pages.studio import beside_twin, in_a_row, making
from tests.visits import done, press, said, until


@dataclass(frozen=True)
class Paler:
    """A recipe: images become paler by so much a step."""

    steps: int = 3
    by: float = 0.5


def paler(model: torch.nn.Module, images: torch.Tensor, recipe: Paler) -> Iterator[Made]:
    if recipe.by > 1:
        raise ValueError("Nothing becomes paler by more than itself.")
    for step in range(recipe.steps + 1):
        yield made(step, recipe.steps, images * recipe.by**step, by=recipe.by)


@pytest.fixture(autouse=True)
def only_paler(empty_store: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(task.TECHNIQUES, "paler", paler)


def shown(source: str = "digit 84", by: float = 0.5) -> AppTest:
    def script(source: str, by: float) -> None:
        import streamlit as st

        from core.data.digits import test_set
        from core.studio.task import Task
        from pages.studio.making import show, with_twin
        from tests.app.test_make_page import Paler

        image = test_set().images[84]
        works = with_twin(Task("paler", "photo", "trained", Paler(by=by), (source,)), [image])
        show(works, lambda lasts: st.text(" ".join(str(each and each.step) for each in lasts)))

    at = AppTest.from_function(script, default_timeout=60, kwargs={"source": source, "by": by}).run()
    assert not at.exception
    return at


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A technique that goes on until the test is over."""
    over = threading.Event()

    def slowly(model: torch.nn.Module, images: torch.Tensor, recipe: Paler) -> Iterator[Made]:
        for step in range(10_000):
            if over.wait(0.01):
                return
            yield made(step, 10_000, images)

    monkeypatch.setitem(task.TECHNIQUES, "slowly", slowly)
    monkeypatch.setitem(task.TECHNIQUES, "as slowly", slowly)
    yield
    over.set()
    if thread := scheduler()._thread:
        thread.join(10)


def by_itself() -> AppTest:
    """Six jobs that begin without a button, by a recipe that a slider sets, and a technique."""

    def script() -> None:
        import streamlit as st

        from core.data.digits import test_set
        from core.studio.task import Task
        from pages.jobs.long_work import scheduler, watcher
        from pages.studio.making import making, show
        from tests.app.test_make_page import Paler

        recipe, image = Paler(st.slider("Steps", 1, 100, 1, key="steps")), test_set().images[84]
        technique = st.segmented_control("Technique", ["slowly", "as slowly"], default="slowly", key="technique")
        works = [making(Task(technique, "cnn", "trained", recipe, (f"digit {number}",)), [image])
                 for number in range(6)]  # fmt: skip
        show(works, lambda lasts: None)
        views = [scheduler().look(each, watcher()) for each in works]
        st.text(" ".join(view.state if view else "none" for view in views))

    return AppTest.from_function(script, default_timeout=60).run()


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def test_nothing_is_there_until_it_is_asked_for_and_then_it_is_kept_for_everybody() -> None:
    at = shown()
    assert at.text[0].value == "None None" and labels(at) == ["Make it"] and not at.get("download_button")
    at = until(press(at, "Make it"), done("Make it"))
    assert at.text[0].value == "3 3" and [each.proto.label for each in at.get("download_button")] == [
        "trained (PNG)", "trained (GIF)", "untrained twin (PNG)", "untrained twin (GIF)"]  # fmt: skip
    making.scheduler.clear()  # as after a restart
    again = shown()
    assert again.text[0].value == "3 3" and labels(again) == ["Watch it form"]
    assert [each.proto.label for each in again.get("download_button")] == ["trained (PNG)", "untrained twin (PNG)"]
    assert shown(by=0.25).text[0].value == "None None"


def test_of_a_visitors_own_photo_nothing_is_kept(empty_store: Path) -> None:
    at = until(press(shown("own"), "Make it"), done("Make it"))
    assert at.text[0].value == "3 3" and not list(empty_store.iterdir())
    making.scheduler.clear()
    assert shown("own").text[0].value == "None None"


def test_what_cannot_be_made_is_said() -> None:
    at = until(press(shown(by=2.0), "Make it"), lambda at: "Cancel" not in labels(at))
    assert "Nothing becomes paler" in said(at) and at.text[0].value == "None None"


def test_files_hold_what_was_made_and_the_recipe() -> None:
    one = Task("paler", "cnn", "trained", Paler(), ("digit 84",))
    image = digits().images[84]
    records = list(making.making(one, [image]).run())
    assert [record.step for record in records] == [0, 1, 2, 3]
    about = one.about() | {"numbers": dict(records[-1].numbers)}
    with Image.open(io.BytesIO(making._png(records[-1], about))) as picture:
        assert json.loads(picture.info["Layerscope"]) == about and picture.size == (28 * 8, 28 * 8)
    with Image.open(io.BytesIO(making._gif(records, about))) as moving:
        assert json.loads(moving.info["comment"]) == about and moving.n_frames == 4


def test_a_visitors_photo_is_in_no_log() -> None:
    one = making.making(Task("paler", "cnn", "trained", Paler(), ("own",)), [digits().images[84]])
    assert len(repr(one)) < 300


def test_a_long_job_keeps_some_of_its_records_and_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "FRAMES", 4)
    one = Task("paler", "cnn", "trained", Paler(steps=10, by=0.9), ("own",))
    steps = [record.step for record in making.making(one, [digits().images[84]]).run()]
    assert steps == [0, 2, 4, 6, 8, 10]


def test_what_was_cancelled_is_not_begun_again_by_itself(slow: None) -> None:
    at = by_itself()
    assert labels(at) == ["Cancel"]
    at = press(at, "Cancel")
    for _ in range(3):
        assert labels(at) == ["Make it"] and at.text[0].value == " ".join(6 * ["stopped"])
        time.sleep(0.1)
        at.run()
    at = press(at, "Make it")
    assert labels(at) == ["Cancel"] and "stopped" not in at.text[0].value
    press(at, "Cancel").slider[0].set_value(2).run()  # another recipe was not cancelled
    assert labels(at) == ["Cancel"] and "stopped" not in at.text[0].value


def test_who_moves_a_slider_takes_no_more_room_in_the_queue(slow: None) -> None:
    at = by_itself()
    for steps in range(2, 8):
        at.slider[0].set_value(steps).run()
        assert not at.warning and labels(at) == ["Cancel"] and "none" not in at.text[0].value
        assert len(scheduler()._line()) <= 6
    until(at, lambda at: len(scheduler()._round) + len(scheduler()._line()) == 6)
    at.session_state["technique"] = "as slowly"
    until(at.run(), lambda at: len(scheduler()._round) + len(scheduler()._line()) == 6)
    at.slider[0].set_value(2).run()  # what was given up is begun anew
    assert labels(at) == ["Cancel"] and "stopped" not in at.text[0].value


def test_a_visitors_own_result_stays_while_others_compute() -> None:
    at = until(press(shown("own"), "Make it"), done("Make it"))
    for number in range(10):
        scheduler().start(number, lambda: (step for step in range(3)), "another")
        until(at, lambda at: (view := scheduler().look(number, "another")) is not None and view.over)  # noqa: B023
    at.run()
    assert at.text[0].value == "3 3" and labels(at) == ["Watch it form"]
    assert [each.proto.label for each in at.get("download_button")] == ["trained (PNG)", "untrained twin (PNG)"]
    assert shown("own").text[0].value == "None None"  # it is this visitor's


def test_a_session_holds_so_much_of_its_own_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest go last, and one is there however large."""
    monkeypatch.setattr(making, "OWN_KEPT", 3 * 784)
    own, image = making.Own(), digits().images[:1]
    tasks = [Task("paler", "cnn", "trained", Paler(steps), ("own",)) for steps in range(5)]
    works = [making.making(each, [image[0]]) for each in tasks]
    for each in works:
        own.keep(each, made(1, 1, image))
    assert [own.get(each) is not None for each in works] == [False, False, True, True, True]
    own.keep(works[0], made(1, 1, image.expand(9, -1, -1, -1)))
    assert [own.get(each) is not None for each in works] == [True, False, False, False, False]


def test_pictures_in_a_row_are_as_large_on_the_page_as_they_are() -> None:
    image = digits().images[84]
    for width in (in_a_row.WIDTH, beside_twin.SMALL):
        picture = np.asarray(in_a_row.drawn(image, width).convert("RGB"))
        times = width // 28
        assert picture.shape == (width, width, 3) and in_a_row.drawn(None, width).size == (width, width)
        assert (picture == images.paper(image, times).convert("RGB")).all()
