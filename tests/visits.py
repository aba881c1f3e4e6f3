"""A visitor to the pages, through Streamlit's AppTest: comes by a link, and reads what stands there."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from tests.drawing import canvas_state

ROOT = Path(__file__).parent.parent
EMPTY = np.zeros((280, 280, 4), np.uint8)


def app(**link: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in link.items():
        at.query_params[name] = value
    return at


def page(name: str, linked: tuple[str, ...] = (), **values: object) -> AppTest:
    """Another page than the first: the `linked` of these values stand in its link, the others in its switches."""
    at = app().run()
    for key, value in values.items():
        if key in linked:
            at.query_params[key] = str(value)
        else:
            at.session_state[key] = value
    return at.switch_page(f"pages/{name}.py").run()


def drawn(rgba: np.ndarray, **link: str) -> AppTest:
    at = app(**link)
    at.session_state["canvas-1" if link.keys() & {"digit", "ink"} else "canvas-0"] = canvas_state(rgba)
    return at.run()


def answers(at: AppTest) -> list[str]:
    """The three answers in big letters, from left to right."""
    blocks = [block.proto.body for block in at.get("html") if 'class="answer"' in block.proto.body]
    return [block.split('class="label">')[1].split("<")[0] for block in blocks]


def charts(at: AppTest) -> list[str]:
    """Each chart's tables as text; they hold all captions, units and pictures."""
    return [
        "".join(pa.ipc.open_stream(table.data.data).read_pandas().to_csv() for table in chart.proto.datasets)
        for chart in at.get("vega_lite_chart")
    ]


def texts(at: AppTest) -> str:
    return "".join(charts(at))


def press(at: AppTest, label: str) -> AppTest:
    """The page after a click on its button of that name."""
    next(button for button in at.button if button.label == label).click()
    return at.run()


def said(at: AppTest) -> str:
    """The page's sentence to the visitor, without the backslashes that keep markup out of it."""
    (info,) = at.info
    return info.value.replace("\\", "")


def panel(at: AppTest) -> str:
    """The address of the unit whose panel is open; empty where none is."""
    opened = [block.proto.body for block in at.get("html") if 'class="unit"' in block.proto.body]
    return opened[0].split(">")[1].split("<")[0] if opened else ""


def until(at: AppTest, ended: Callable[[AppTest], bool]) -> AppTest:
    """The page as it is when something has come about, run again and again, 600 times at most."""
    for _ in range(600):
        if ended(at):
            return at
        time.sleep(0.1)
        fine(at.run())
    raise AssertionError("it did not come about")


def done(*labels: str) -> Callable[[AppTest], bool]:
    """Whether the button that started a job, or cancels it, is gone."""
    return lambda at: not any(button.label.startswith((*labels, "Cancel")) for button in at.button)


def fine(at: AppTest) -> AppTest:
    assert not at.exception
    assert not at.error
    return at


def maps(at: AppTest) -> dict[str, Any]:
    """What the browser is given to draw maps from."""
    (component,) = [part for part in at.get("bidi_component") if "lasso" in part.proto.component_name]
    return json.loads(component.proto.json)
