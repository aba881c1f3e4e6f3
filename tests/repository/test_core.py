"""What holds for every module of the library: its records, and what its commands do when they are called."""

import dataclasses
import gzip
import importlib
import pkgutil
import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest
import torch

import core
from core import atlas, by_depth, process, survey, training
from core.cells import commands as cells
from core.circuits import commands as circuits
from core.evidence import commands
from core.measures import neighbours
from core.memory import commands as memory
from core.models import cards
from core.relevance import orders
from core.sequences import compare as sequences
from core.training import commands as trainings
from core.trust import advice, table
from pages.jobs.scheduler import View

MODULES = [place.name for place in pkgutil.walk_packages(core.__path__, "core.") if not place.name.endswith("__main__")]


def test_every_record_is_frozen() -> None:
    """What is yielded, cached or a key must not change."""
    found = {"View": View}
    for module in MODULES:
        for name, kind in vars(importlib.import_module(module)).items():
            if isinstance(kind, type) and dataclasses.is_dataclass(kind):
                found[name] = kind
    assert len(found) > 20
    assert [name for name, kind in found.items() if not kind.__dataclass_params__.frozen] == []


class CalledError(Exception):
    """The work would begin here."""


def called(*_: object, **__: object) -> None:
    raise CalledError


# The modules that do something when they are run, what they are told, and what they do first.
COMMANDS: dict[str, list[str]] = {
    "core.ascent.priors": [],
    "core.atlas": ["build", "cnn"],
    "core.by_depth": [],
    "core.data.digits": [],
    "core.embeddings": [],
    "core.freezing": [],
    "core.learning_curves": [],
    "core.measures.neighbours": [],
    "core.memory.contexts": [],
    "core.memory.of_text": [],
    "core.measures.signal": [],
    "core.models.cards": [],
    "core.photo_examples": ["photographs"],
    "core.photo_paths": ["photographs"],
    "core.plane.xor": [],
    "core.readability": [],
    "core.survey": ["cnn"],
    "core.symmetry": [],
    "core.telling": [],
    "core.vanishing.lengths": [],
    "core.weights": [],
}


def test_every_command_is_known() -> None:
    sources = {name: Path(str(importlib.import_module(name).__file__)).read_text() for name in MODULES}
    assert {name for name, text in sources.items() if re.search(r"^if __name__ ", text, re.MULTILINE)} == set(COMMANDS)


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "core.models.cards"])
def test_a_module_that_is_run_does_its_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins by settling the process; the first digits are read before they are written."""
    monkeypatch.setattr(process, "settle", called)
    monkeypatch.setattr(gzip, "compress", called)
    monkeypatch.setattr("torchvision.datasets.MNIST", lambda *_, **__: SimpleNamespace(
        data=torch.zeros(9, 28, 28), targets=torch.zeros(9)))  # fmt: skip
    monkeypatch.setattr("sys.argv", [name, *COMMANDS[name]])
    with pytest.raises(CalledError):
        runpy.run_module(name, run_name="__main__")


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_the_cards_the_advice_and_the_orders_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_module("core.models.cards", run_name="__main__")
    assert capsys.readouterr().out == f"{cards.markdown()}\n"
    ran: list[str] = []
    monkeypatch.setattr(table, "main", lambda: ran.append("table"))
    runpy.run_module("core.trust", run_name="__main__")
    assert ran == ["table"] and capsys.readouterr().out == f"{advice.markdown('cnn')}\n"
    monkeypatch.setattr(orders, "main", lambda: ran.append("orders"))
    runpy.run_module("core.relevance", run_name="__main__")
    assert ran[1:] == ["orders"] and capsys.readouterr().out == f"{orders.headline()}\n\n{orders.markdown()}\n"


class Bar:
    """A progress bar that draws nothing and keeps where it stood."""

    def __init__(self, *_: object, total: float = 0.0, **__: object) -> None:
        self.n, self.total = 0.0, total
        self.stood: list[float] = []

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, by: float = 1) -> None:
        self.n += by
        self.stood.append(self.n)

    def set_description(self, said: str, refresh: bool = True) -> None:
        pass

    set_postfix_str = set_description


def climbing(model: str, weights: str) -> Iterator[atlas.Progress]:
    for step in (0, 1, 4, 7):
        yield atlas.Progress(model, weights, "relu1", step, 7)


def surveyed(*_: object) -> Iterator[survey.Progress]:
    yield from (survey.Progress(100), survey.Progress(250), survey.Progress(300), survey.Progress(300, {}))


# Each command that has a bar: its module, what it is told, what stands for its work, and where its bar has to end.
BARS: dict[str, tuple[ModuleType, list[str], dict[str, Callable[..., object]], float]] = {
    "atlas": (atlas, ["build", "cnn"], {"build": climbing}, 7),
    "survey": (survey, ["dense"], {
        "survey": surveyed, "test_set": lambda: SimpleNamespace(images=torch.zeros(300, 1, 28, 28)),
        "write_whole": lambda *_: None,
    }, 300),
    "training": (trainings, ["cnn"], {
        "make_checkpoint": lambda *_: (training.Step(step, 5, step / 2, 0.1) for step in range(1, 6)),
    }, 5),
    "by depth": (by_depth, [], {
        "measured": lambda net, weights, layers: ({"unit": unit} for layer in layers
                                                  for unit in by_depth.units_of(weights, layer)),
        "write_whole": lambda *_: None, "markdown": str, "sentence": str,
    }, 864 + 5 * 232),
    "report": (commands, ["report", "dense", "cnn", "--seeds", "1", "--parts", "none"], {
        "report": SimpleNamespace(
            nets=lambda model, seeds: [SimpleNamespace(model=model, source="plain")],
            written=lambda wanted, parts: ((wanted[1], SimpleNamespace(done=done, total=3)) for done in (1, 2, 3)),
        ),
        "Path": lambda _: SimpleNamespace(mkdir=lambda **_: None),
    }, 2),
    "order": (commands, ["order"], {
        "order": SimpleNamespace(measured=lambda model: ({"measure": name} for name in 11 * ["a", "explained"]),
                                 EXPLAINED="explained", WEIGHTS=(), TABLE=None, PAIRS=None),
        "write_whole": lambda *_: None, "pd": SimpleNamespace(DataFrame=pd.DataFrame, concat=lambda _: pd.DataFrame()),
    }, 44),
    "relevance": (orders, [], {
        "measure": lambda model, weights: iter((3, 4, 9)), "rounds": lambda model: 9, "tables": dict,
    }, 9),
    "circuits": (circuits, ["--parts", "none"], {
        "scores": SimpleNamespace(
            nets=lambda: [SimpleNamespace(model="cnn", source=f"plain-{seed}") for seed in range(3)],
            scored=lambda net: [[]], TABLE=None, UNITS=None, markdown=str,
            as_table=lambda net, rows: pd.DataFrame(rows), summed_up=lambda every: every,
            table=SimpleNamespace(cache_clear=lambda: None), units=SimpleNamespace(cache_clear=lambda: None),
        ),
        "Path": lambda _: SimpleNamespace(mkdir=lambda **_: None),
        "part": lambda net, parts: SimpleNamespace(exists=lambda: False), "write_whole": lambda *_: None,
        "pd": SimpleNamespace(read_csv=lambda *_, **__: None, concat=lambda _: pd.DataFrame(
            columns=["measure", "row", "seed"])),
    }, 3),
    "memory": (memory, ["--parts", "none"], {
        "tables": SimpleNamespace(
            nets=lambda: [SimpleNamespace(model="rnn", source=f"seed-{seed}") for seed in range(3)],
            Net=lambda *_: None,
            measured=lambda net: [], without=list, as_table=lambda net, rows: pd.DataFrame(rows), TABLE=None,
            RECURRENT="rnn", ROW="", table=SimpleNamespace(cache_clear=lambda: None),
            over_seeds=SimpleNamespace(cache_clear=lambda: None),
        ),
        "sentences": SimpleNamespace(markdown=str), "write_whole": lambda *_: None,
        "Path": lambda _: SimpleNamespace(mkdir=lambda **_: None),
        "part": lambda net, parts: SimpleNamespace(exists=lambda: net.source == "seed-1"),
        "pd": SimpleNamespace(read_csv=lambda _: None, concat=lambda _: pd.DataFrame()),
    }, 3),
    "cells": (cells, [], {
        "tracked": SimpleNamespace(
            seeds=lambda: [0], reads=lambda _: 7, searched=lambda *_: ([{"seed": place}] for place in range(7)),
            net=lambda _: None, TABLE="", table=SimpleNamespace(cache_clear=lambda: None)),
        "passages": SimpleNamespace(outermost=lambda *_: [SimpleNamespace(done=9, found=None)]),
        "write_whole": lambda *_: None,
    }, 8),
    "sequences": (sequences, [], {
        "TABLE": SimpleNamespace(exists=lambda: False), "_net": lambda weights: None, "write_whole": lambda *_: None,
        "strongest_passages": lambda net, layer, units, length: iter([SimpleNamespace(passages=[[None]] * len(units))]),
        "rows_of": lambda cell, judge, passage: iter([{"method": "beam"}]),
        "table": SimpleNamespace(cache_clear=lambda: None), "markdown": str, "usual_bits": float, "sentence": str,
    }, 64),
    "trust": (table, ["cnn", "photo"], {
        "build": lambda *_: (("LRP", share) for share in (0.0, 0.25, 0.5, 1.0)),
        "build_photo": lambda: (("LRP", share) for share in (0.5, 1.0)),
    }, 1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", BARS)
def test_a_bar_grows_to_its_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, told, work, end = BARS[name]
    bars: list[Bar] = []

    def bar(*args: object, **options: object) -> Bar:
        bars.append(Bar(*args, **options))  # type: ignore[arg-type]
        return bars[-1]

    for part, stands_for in ({"tqdm": bar, "settle": lambda: None} | work).items():
        monkeypatch.setattr(module, part, stands_for)
    if module is by_depth:
        monkeypatch.setattr(module, "TABLE", tmp_path / "none.csv")
    monkeypatch.setattr("sys.argv", [name, *told])
    module.main()
    assert bars
    for one in bars:
        assert one.stood == sorted(one.stood) and one.n == one.total == end


def test_neighbours_count_the_nets_that_they_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def bar(items: list[object], **_: object) -> list[object]:
        begun.append(len(items))
        raise CalledError

    monkeypatch.setattr(neighbours, "tqdm", bar)
    monkeypatch.setattr(neighbours, "settle", lambda: None)
    with pytest.raises(CalledError):
        neighbours.main()
    assert begun == [len(neighbours.DIGIT_NETS) * sum(map(len, neighbours.NETS.values()))]
