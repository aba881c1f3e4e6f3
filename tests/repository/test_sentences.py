"""Every sentence of a page or of the README that states a result, beside the table or the code that it has to follow.

What is generated from a table is tested where it is generated; here stand the others: file, sentence, condition.
"""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core import by_depth
from core.attribution.backwards import conductance
from core.attribution.outcome import Target
from core.data.digits import test_set as mnist
from core.layers import list_layers, record
from core.measures import neighbours
from core.models import DIGIT_NETS, load
from core.models.cards import cards
from core.training import PLAIN, RECIPES
from core.trust import numbers, table
from core.trust.controls import CONTROLS
from core.trust.examine import SENSITIVE

ROOT = Path(__file__).parents[2]
Condition = Callable[[], bool]


def words_of(path: Path) -> str:
    """All that a file says: of Python its strings, as the parser joins them; white space is folded."""
    text = path.read_text()
    if path.suffix == ".py":
        text = " ".join(node.value for node in ast.walk(ast.parse(text))
                        if isinstance(node, ast.Constant) and isinstance(node.value, str))  # fmt: skip
    return " ".join(text.split())


def parameters() -> dict[str, int]:
    return dict(zip(cards().model, cards().parameters, strict=True))


def three_are_of_similar_size() -> bool:
    sizes = [parameters()[name] for name in ("dense", "cnn", "rnn")]
    return max(sizes) < 1.25 * min(sizes) and (min(sizes), max(sizes)) == (46_826, 57_994)


def shares_rise_in_three_nets_of_four() -> bool:
    rows = neighbours.table().query("metric == 'cosine' and weights == 'trained' and depth > 0")
    by_layer = rows.groupby(["model", "depth"]).share.mean()
    return sum(by_layer.loc[model].is_monotonic_increasing for model in DIGIT_NETS) == 3


def conductance_adds_up_within_two_percent() -> bool:
    """Over the first 20 test digits, in the hidden layers of two nets."""
    gaps = []
    for model, layer in (("cnn", "relu2"), ("dense", "relu1")):
        net, x = load(model), mnist().images[:20]
        for label in range(10):
            target = Target("logits", label)
            own = x[mnist().labels[:20] == label]
            if len(own):
                whole = numbers.difference(net, own, target)
                gaps.append((conductance(net, own, target, layer).sum(1) - whole).abs() / whole.abs())
    return float(torch.cat(gaps).mean()) < 0.02


def up_to_nine_of_ten_rectified_units_are_silent_at_the_start() -> bool:
    """At the map's centre, on even grey of MNIST's ink."""
    silent = []
    for model in ("dense", "cnn"):
        net = load(model)
        names = [layer.name for layer in list_layers(net, (1, 28, 28)) if layer.kind == "relu"]
        for values in record(net, torch.full((1, 1, 28, 28), 0.13), names).values():
            centre = values if values.ndim == 2 else values[:, :, values.shape[2] // 2, values.shape[3] // 2]
            silent.append(float((centre <= 0).float().mean()))
    return 0.85 < max(silent) < 0.97


def only_some_pay() -> bool:
    return (
        {name for name in DIGIT_NETS if RECIPES[name].smoothness} == {"dense"}
        and {name for name in DIGIT_NETS if RECIPES[name].sparsity} == {"dense", "dense-video"}
        and {name for name in DIGIT_NETS if RECIPES[name].epsilon} == {"cnn", "rnn"}
        and {name for name in DIGIT_NETS if RECIPES[name].augmentation} == {"dense", "cnn", "rnn"}
    )


def plain_is_without_any() -> bool:
    return not (PLAIN.smoothness or PLAIN.sparsity or PLAIN.epsilon or PLAIN.augmentation) and PLAIN.epochs == 8


def trust_is_measured_over_as_many_as_is_said() -> bool:
    images = table.table().query("number == 'deletion'").set_index(["weights", "method"]).images
    trained = images["trained"].groupby(level=0).max().to_dict()
    others = {count for name, count in trained.items() if name not in ("Shapley sampling", "kernel SHAP")}
    return (
        others == {200} and set(images["plain"]) == {100}
        and (trained["Shapley sampling"], trained["kernel SHAP"]) == (100, 50)
    )  # fmt: skip


def sensitivity_searches_sixteen_corners_of_twenty_digits() -> bool:
    rows = table.table().query("number == 'sensitivity'")
    return numbers.NEARBY == 16 and numbers.RADIUS == 0.02 and 10 * SENSITIVE == 20 == rows.images.max()


def controls_play_at_chance() -> bool:
    """In 2 x 2 and 2 x 1 digits."""
    rows = table.table().query("number == 'pointing' and model != 'photo'")
    own = rows[rows.method.isin(list(CONTROLS))]
    return all(abs(row.value - (0.25 if row.model == "cnn" else 0.5)) < 0.03 for _, row in own.iterrows())


def the_first_rule_is_not_met() -> bool:
    rows = by_depth.table().query("weights == 'trained'")
    everyone = by_depth.rank(rows[rows.layer.isin(by_depth.WALL[2:-1])])
    last = rows.layer.isin(["block14", "block16"]) & rows.layer.str.startswith("block")
    share = last.sum() / rows.layer.isin(by_depth.WALL[2:-1]).sum()
    return everyone > min(by_depth.ranks()[1]) and 0.6 < share < 0.7


NETS, TRUSTED = "pages/nets.py", "pages/attributions/trust.py"
SENTENCES: list[tuple[str, str, Condition]] = [
    (NETS, "Three nets of nearly the same size, one of each family", three_are_of_similar_size),
    ("pages/draw.py", "on the same handwritten digits and nearly equal in size", three_are_of_similar_size),
    ("README.md", "have 46,826 to 57,994 parameters, so that comparing them means", three_are_of_similar_size),
    ("README.md", "`dense-video`, with 13,002,", lambda: parameters()["dense-video"] == 13_002),
    ("CHANGELOG.md", "with 13,002", lambda: parameters()["dense-video"] == 13_002),
    (
        "pages/neighbours.py",
        "In three of the four nets, the deeper a trained layer, the more of them do.",
        shares_rise_in_three_nets_of_four,
    ),
    (
        "pages/attribution.py",
        "In 256 steps a layer's sum is off by less than 2 % on the mean.",
        conductance_adds_up_within_two_percent,
    ),
    (
        "pages/features.py",
        "behind the ReLU up to nine of ten units of a layer are silent at the start",
        up_to_nine_of_ten_rectified_units_are_silent_at_the_start,
    ),
    (
        NETS,
        "All three nets see shifted, turned, resized, thinner and thicker digits. The dense net also pays for rough "
        "and for large first-layer weights. The CNN and the recurrent net learn from images that one adversarial step "
        "has moved against them",
        only_some_pay,
    ),
    (
        NETS,
        "The video's net pays a little for large first-layer weights. **Plain** is the same net without any of it, "
        "after 8 epochs",
        plain_is_without_any,
    ),
    (
        TRUSTED,
        "Shapley sampling over 100 digits, kernel SHAP over 50, all others over 200, and over 100 for the plain nets",
        trust_is_measured_over_as_many_as_is_said,
    ),
    (
        TRUSTED,
        "in 16 random corners of the box of 0.02 a pixel round the image, a lower bound (Yeh et al. 2019, over up "
        "to 20 digits)",
        sensitivity_searches_sixteen_corners_of_twenty_digits,
    ),
    (TRUSTED, "Chance is 0.25, or 0.5.", controls_play_at_chance),
    ("README.md", "two thirds of which are in the last two blocks, it would not be met", the_first_rule_is_not_met),
]


@pytest.mark.parametrize(("file", "sentence", "condition"), SENTENCES, ids=[row[1][:40] for row in SENTENCES])
def test_a_sentence_stands_where_it_is_said_to_and_holds(file: str, sentence: str, condition: Condition) -> None:
    assert " ".join(sentence.split()) in words_of(ROOT / file)
    assert condition()
