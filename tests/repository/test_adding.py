"""CONTRIBUTING's recipes for adding, done as they stand there in a copy of the sources, and what comes of them."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEW = {
    "wide": '''"""A dense net with one hidden layer."""

from torch import nn


def wide() -> nn.Sequential:
    """784 inputs, one hidden layer of 32, ten logits."""
    return nn.Sequential(
        OrderedDict(flatten=nn.Flatten(), fc1=nn.Linear(784, 32), relu1=nn.ReLU(), logits=nn.Linear(32, 10))
    )
'''.replace("from torch", "from collections import OrderedDict\n\nfrom torch", 1),
    "squared": '''"""The gradient's square."""

from torch import nn

from core.attribution.backwards import saliency
from core.attribution.outcome import Images, Target


def squared(model: nn.Module, x: Images, target: Target) -> Images:
    """How much each pixel matters, without a sign."""
    return saliency(model, x, target) ** 2
''',
    "contrast": '''"""How strongly a picture's brightness varies."""

from torch import Tensor


def contrast(images: Tensor) -> Tensor:
    """The standard deviation of the brightness, between 0 and 0.5: (n,)."""
    return images.mean(1).flatten(1).std(1)
''',
    "loudness": '''"""How loud a layer's units are."""

from torch import Tensor


def loudness(activation: Tensor) -> Tensor:
    """The root mean square of each unit, over images and places: (units,)."""
    return activation.transpose(0, 1).flatten(1).square().mean(1).sqrt()
''',
    "hello": '''"""A page of one's own."""

from pages.frame import navigation

navigation.enter("hello", "Hello", "What one is looking at, in one plain sentence.")
''',
}
# A training on a few digits: the weights say nothing, but all files are there.
TRAIN = """
from core import training
from core.models import CHECKPOINTS
from core.data.digits import Digits, test_set
few = Digits(test_set().images[:256], test_set().labels[:256])
training.training_set = training.test_set = lambda: few
training.PLAIN = training.Recipe(epochs=1)
for seed in range(5):
    list(training.make_checkpoint("wide", seed, "trained", CHECKPOINTS))
list(training.make_checkpoint("wide", 0, "plain", CHECKPOINTS))
"""
VISIT = """
from tests.visits import fine, page
for name, values in (("draw", {"dense": "wide"}), ("features", {"models": ["wide"]}), ("weights", {"deep": "wide"}),
                     ("attribution", {"models": ["wide"]}), ("neighbours", {"models": ["wide"]}), ("nets", {}),
                     ("maps", {"models": ["wide"]}), ("maps", {"models": ["wide"], "map": "PCA"})):
    at = fine(page(name, **values))
    assert len(at.title) == 1, name
at = fine(page("draw", ("unit",), dense="wide", unit="wide/fc1/3"))
assert any("wide/fc1/3" in block.proto.body for block in at.get("html"))
"""


@dataclass(frozen=True)
class Recipe:
    """A row of CONTRIBUTING's table."""

    file: Path
    line: str
    dictionary: str
    into: Path

    @property
    def name(self) -> str:
        return self.file.stem


def recipes() -> dict[str, Recipe]:
    found = {}
    for row in re.findall(r"^\| (?:a|an) .*$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE):
        file, line, dictionary, into = re.findall(r"`([^`]+)`", row)[:4]
        found[Path(file).stem] = Recipe(Path(file), line, dictionary, Path(into))
    return found


def add(recipe: Recipe, copy: Path) -> None:
    """The new file, the line at the end of the dict, and the import of its function."""
    (copy / recipe.file).write_text(NEW[recipe.name])
    changed = copy / recipe.into
    before, beginning, inside = re.split(rf"^({recipe.dictionary}\b.*\{{.*\n)", changed.read_text(), flags=re.MULTILINE)
    entries, behind = inside.split("\n}", 1)
    source = f"{before}{beginning}{entries}\n    {recipe.line}\n}}{behind}"
    module = str(recipe.file.with_suffix("")).replace("/", ".")
    if f"def {recipe.name}" in NEW[recipe.name]:
        source = re.sub(r"^from core", f"from {module} import {recipe.name}\nfrom core", source, count=1, flags=re.M)
    changed.write_text(source)


def run(copy: Path, code: str) -> None:
    """Ends at once: the pages' warm-up may still be loading, and dies noisily with the interpreter."""
    done = subprocess.run([sys.executable, "-c", f"{code}\nimport os\nos._exit(0)"], cwd=copy, capture_output=True,
                          text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources, and links to what ships: a test may write there."""
    for name in ("core", "pages", "tests", ".streamlit"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "browser"))
    shutil.copy(ROOT / "app.py", tmp_path)
    return tmp_path


def test_there_are_five_recipes_of_two_files_each() -> None:
    assert set(recipes()) == set(NEW)
    for recipe in recipes().values():
        assert not (ROOT / recipe.file).exists() and (ROOT / recipe.into).is_file()


@pytest.mark.slow
def test_a_net_for_digits_is_shown_on_every_page(copy: Path) -> None:
    add(recipes()["wide"], copy)
    run(copy, TRAIN)
    run(copy, VISIT)


def test_an_attribution_method_is_offered_and_drawn(copy: Path) -> None:
    add(recipes()["squared"], copy)
    run(copy, """
from tests.visits import fine, page
at = fine(page("attribution", **{"methods-digits": ["squared gradient"], "models": ["cnn"]}))
assert any(block.value == "**squared gradient**" for block in at.markdown)
assert any(caption.value.startswith("0 to") for caption in at.caption)
""")  # fmt: skip


def test_a_measure_by_depth_is_computed_and_drawn(copy: Path) -> None:
    add(recipes()["contrast"], copy)
    run(copy, """
from core import by_depth
from core.atlas import PHOTO, layers_of
from core.models import load
by_depth.units_of = lambda weights, layer: [0, 1]
net, stem = load(PHOTO), [layer for layer in layers_of(PHOTO) if layer.name == "stem"]
assert all(0 <= row["contrast"] < 0.5 for row in by_depth.measured(net, "trained", stem))
rows = by_depth.table().assign(contrast=0.1)
rows.to_csv(by_depth.TABLE, index=False)
by_depth.table.cache_clear()
from tests.visits import fine, page
at = fine(page("photo"))
assert any(caption.value == "How strongly their brightness varies" for caption in at.caption)
""")  # fmt: skip


def test_a_measure_of_layers_stands_in_the_report(copy: Path) -> None:
    add(recipes()["loudness"], copy)
    run(copy, """
from core.evidence import report
net = report.nets("dense-video", 1)[0]
rows = [row for progress in report.of_net(net, ["loudness"]) for row in progress.rows]
assert len(rows) == 16 + 16 + 10 and all(row["value"] > 0 for row in rows)
assert "loudness" in report.measures_of("cnn-2")
""")  # fmt: skip


def test_a_page_stands_in_the_navigation(copy: Path) -> None:
    add(recipes()["hello"], copy)
    run(copy, """
from tests.visits import fine, page
assert fine(page("hello")).title[0].value == "Hello"
""")  # fmt: skip
