"""What the verdicts say in sentences, the objections, and what else was measured: on made and shipped tables."""

import math
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import torch

from core import freezing
from core.evidence import curves, objections, order, others, sentences, tested, verdicts
from core.evidence.claims import CLAIMS
from core.evidence.report import COLUMNS
from core.evidence.tested import HELD, NUMBERS, TOO
from core.measures.performance_correlation import performance_correlation
from core.measures.similarity import similarity
from core.models import DIGIT_NETS, load, snapshots
from tests.test_report import MNIST
from tests.test_verdicts import GROWS, report


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[pd.DataFrame]:
    """Tests of one claim: in dense training does it, in cnn the twin shows it too."""

    def mean(model: str, training: str, depth: int) -> float:
        return float(depth if model == "cnn" or training else 0)

    table = tested.tested(GROWS, tested.Numbers(report(mean)))
    monkeypatch.setattr(verdicts, "table", lambda: table)
    for module in (sentences, objections):
        monkeypatch.setattr(module, "table", lambda: table)
    empty = pd.DataFrame(columns=[*curves.BY, "value"])
    monkeypatch.setattr(curves, "table", lambda: empty)
    verdicts.verdicts.cache_clear()
    yield table
    verdicts.verdicts.cache_clear()


def test_the_answer_counts_the_verdicts_and_names_what_training_adds(made: pd.DataFrame) -> None:
    first, adds, without = sentences.answer()
    assert first == (
        "By experiment: of 1 claims about depth, put to 4 tests with controls that could refute them, 1 holds in some "
        "only; 10 more wait for theirs."
    )
    assert adds.endswith(": none.") and without.endswith(": none.")
    made["outcome"] = HELD
    verdicts.verdicts.cache_clear()
    first, adds, without = sentences.answer()
    assert "1 holds in all of them;" in first and adds.endswith(": nonlinearity.") and without.endswith(": none.")


def test_an_effect_is_its_numbers_beside_the_controls() -> None:
    numbers = dict(zip(NUMBERS, (0.5, 0.25, 0.75, -0.0004, -0.02, 0.03), strict=False))
    row = pd.Series({"subject": "dense", "training": "plain", "recipe": "", "measure": "nonlinearity", "says": "a rise",
                     "against": "untrained"} | numbers)  # fmt: skip
    said = "`dense` plain: nonlinearity, a rise: +0.50 (+0.25 to +0.75)"
    assert sentences.effect(row) == f"{said}; its untrained twins 0 (-0.020 to +0.030)"
    row["recipe"], row["against"] = "bare", ""
    assert sentences.effect(row) == said.replace("plain:", "plain, bare:")
    row["against"] = "forced choice, another unit's picture"
    assert "; another unit's picture 0 (" in sentences.effect(row)


def test_the_strongest_support_and_counterexample_are_named(made: pd.DataFrame) -> None:
    support, against = sentences.support("C4"), sentences.against("C4")
    assert support is not None and support.startswith("`dense`") and against is not None
    assert against[0].startswith("`cnn`") and against[0].endswith("not beyond its control.") and against[1] == "cnn"
    assert sentences.support("C5") is None and sentences.against("C5") is None


def test_the_clearest_support_is_the_one_of_most_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pd.DataFrame({"claim": "C4", "counts": True, "outcome": HELD, "errors": [3.0, 9.0, 5.0],
                         "subject": ["a", "b", "c"], "training": "plain", "recipe": "", "measure": "probe", "says": "",
                         "against": "", "value": 1.0, "low": 0.5, "high": 1.5})  # fmt: skip
    monkeypatch.setattr(sentences, "table", lambda: rows)
    found = sentences.support("C4")
    assert found is not None and found.startswith("`b` plain")


def test_fields_that_training_makes_smaller_are_counted(made: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"measure": "effective radius", "model": "cnn"}
    rows = [
        own | {"layer": layer, "training": training, "weights": weights, "low": low, "high": high}
        for layer, sizes in (("conv1", ((1, 2), (3, 4))), ("conv2", ((2, 5), (4, 6))), ("conv3", ((2, 3), (4, 5))))
        for (training, weights), (low, high) in zip((("trained", "trained"), ("", "untrained")), sizes, strict=True)
    ]
    monkeypatch.setattr(curves, "table", lambda: pd.DataFrame(rows))
    assert objections._smaller() == "Training makes it smaller than in every twin in 2 of 3 layers of `cnn`."


def test_objections_count_pairs_and_lost_tests(made: pd.DataFrame) -> None:
    found = dict(objections.objections())
    said = found["Nets trained against adversaries are special."]
    same = made[made.training == "trained"].outcome.tolist() == made[made.training == "plain"].outcome.tolist()
    assert ("2 of 2 pairs" in said) == same
    assert "A random net's probe rises, too." not in found
    lost = int((made.alone & (made.outcome != HELD)).sum())
    assert f"takes {lost} of {int(made.alone.sum())} tests" in found["Of many comparisons some succeed."]


def made_cuts(outcomes: dict[str, list[str]]) -> pd.DataFrame:
    """C11's tests of cutting, by net and replacement, and by what the named eighth costs beyond the twins."""
    rows = [
        {"claim": "C11", "measure": measure, "says": "named eighth less as many at random", "subject": net,
         "training": "trained", "recipe": "", "replacement": name, "counts": True, "outcome": outcome}
        for net, own in outcomes.items()
        for (name, measure), outcome in zip((("mean", sentences.CUT), ("zero", "lost by cutting, zero")), own,
                                            strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_objections_to_cutting_count_replacements_and_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made_cuts({"dense": [HELD, HELD], "cnn": [TOO, HELD], "rnn": ["against", TOO]})
    monkeypatch.setattr(objections, "table", lambda: rows)
    said = objections._off_the_data()
    assert "holds in 2 of 3 comparisons; not in `cnn` trained (named eighth less as many at random)." in said
    assert "in 5 of 6 tests, and by more than in the untrained twins in 3." in objections._arithmetic()
    numbers = pd.DataFrame(dict.fromkeys(NUMBERS, 0.5), index=rows.index).assign(control_high=[1, 2, 1, 9, 3, 1])
    monkeypatch.setattr(objections, "table", lambda: rows.join(numbers).assign(against="untrained"))
    assert "shown: `cnn` trained: lost by cutting the named eighth, zero in its place" in objections._small_responses()


@pytest.mark.parametrize(("outcomes", "said"), [
    ((TOO, TOO), "in 2 of 2 nets and trainings, and more than in the twins in 0: that a later unit hangs on few "
                 "earlier ones is the architecture's doing."),
    ((HELD, HELD), "in 2: that a later unit hangs on few earlier ones is the training's doing."),
    ((HELD, TOO), "in 1: that a later unit hangs on few earlier ones is in part the training's doing."),
    (("not shown", "against"), "in 0 of 2 nets and trainings, and more than in the twins in 0: that a later unit hangs "
                               "on few earlier ones is not shown."),
])  # fmt: skip
def test_whose_doing_it_is_that_a_unit_hangs_on_few(
    outcomes: tuple[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = {("lost by cutting", "trained"): 0.5, ("lost by cutting, random", "trained"): 0.2,
              ("lost by cutting", "untrained"): 0.7, ("lost by cutting, random", "untrained"): 0.1}  # fmt: skip
    found = pd.DataFrame([
        {"model": net, "measure": measure, "weights": weights, "training": "trained" if weights == "trained" else "",
         "value": value + away}
        for (measure, weights), value in levels.items() for net in ("dense", "cnn") for away in (-0.1, 0.1)
    ])  # fmt: skip
    rows = made_cuts({"dense": [outcomes[0], HELD], "cnn": [outcomes[1], HELD]})
    kept = rows.assign(measure="kept", says="less at random", beyond_low=[0.1, 0.1, -0.3, -0.3],
                       beyond_high=[0.2, 0.2, -0.1, -0.1])  # fmt: skip
    over = kept.assign(says="over one half", beyond_low=-9.0, beyond_high=9.0)
    monkeypatch.setattr(curves, "table", lambda: found)
    monkeypatch.setattr(sentences, "table", lambda: pd.concat([rows, kept, over]))
    told = sentences.built()
    assert said in told and "0.50 / 0.20 (`dense`)" in told and "twins 0.70 / 0.10 (`dense`)" in told
    assert "smaller than in the twins in `cnn`, where" in told and "larger in `dense`." in told


def test_agreement_is_a_rank_correlation_over_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"training": "plain", "weights": "trained", "model": "cnn"}
    rows = [own | {"measure": name, "layer": f"relu{depth}", "depth": depth, "value": value}
            for name, values in (("a", (1, 2, 9)), ("b", (3, 5, 4)), ("c", (2, 1, 0)))
            for depth, value in enumerate(values, start=1)]  # fmt: skip
    monkeypatch.setattr(curves, "table", lambda: pd.DataFrame(rows))
    found = objections.agreement().set_index(["first", "second"]).correlation
    assert found.to_dict() == pytest.approx({("a", "b"): 0.5, ("a", "c"): -1.0, ("b", "c"): -0.5})


def test_what_freezing_took_is_won_back_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [("cnn", 0, 0, 0.0, 99.0), ("cnn", 0, 1, 0.0, 89.0), ("cnn", 0, 1, 0.25, 97.0), ("cnn", 0, 1, 1.0, 99.0)]
    columns = ["model", "seed", "layers", "epoch", "accuracy"]
    monkeypatch.setattr(freezing, "table", lambda: pd.DataFrame(made, columns=columns))
    rows = others.rows()
    (row,) = rows[rows.measure == "recovered before freezing"].to_dict("records")
    assert row["value"] == pytest.approx(0.8) and row["depth"] == 1 and list(rows) == COLUMNS


def test_forced_choices_are_rows_of_seed_0() -> None:
    rows = others.rows()
    choice = rows[(rows.measure == "forced choice") & (rows.model == "cnn") & (rows.weights == "trained")]
    assert set(choice.training) == {"trained", "plain"} and set(choice.seed) == {0}
    assert choice[choice.layer == "conv3"].depth.unique().tolist() == [3]
    twin = rows[(rows.measure == "forced choice") & (rows.weights == "untrained")]
    assert set(twin.training) == {""}


def test_a_layer_is_settled_from_where_it_stays_like_its_end() -> None:
    values = {"a": (0.95, 0.5, 0.95, 1.0), "b": (0.1, 0.2, 0.3, 1.0), "c": (0.91, 0.92, 0.93, 1.0)}
    rows = [{"model": "cnn", "layer": layer, "depth": depth, "epoch": epoch, "value": value}
            for depth, (layer, own) in enumerate(values.items(), start=1)
            for epoch, value in zip((0, 1, 2, 3), own, strict=True)]  # fmt: skip
    found = order.settled(pd.DataFrame(rows)).set_index("layer").epoch
    assert found.to_dict() == {"a": 2, "b": 3, "c": 0}


def test_units_that_are_left_out_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though two measures say nothing of them; random labels and other claims' nets do not count."""
    own = {"model": "dense", "layer": "relu1", "weights": "trained", "measure": "eta squared"}
    rows = [own | {"training": "plain", "dead": 3}, own | {"training": "plain", "dead": 2, "measure": "sparsity"},
            own | {"training": "", "weights": "untrained", "dead": 4}, own | {"training": "random-labels", "dead": 9},
            own | {"training": "plain", "dead": 0, "model": "cnn"},
            own | {"training": "plain", "dead": 7, "model": "dense-1"}]  # fmt: skip
    monkeypatch.setattr(curves, "table", lambda: pd.DataFrame(rows))
    said = sentences.left_out("C2")
    assert said is not None and "3 in trained nets and 4 in untrained twins" in said and said.endswith(" in dense.")
    assert sentences.left_out("C3") is None


# The shipped tables.


def test_the_shipped_order_is_measured_again() -> None:
    table = order.table()
    rows = table[(table.model == "dense-video") & (table.epoch == 1)].set_index(["measure", "layer"]).value
    images = MNIST.images[::5]
    now, end = (load("dense-video", weights=weights) for weights in ("epoch-1", snapshots("dense-video")[-1]))
    states = [net.sigmoid1(net.fc1(images.flatten(1))) for net in (now, end)]
    assert rows[order.TO_THE_END, "sigmoid1"] == pytest.approx(similarity(*states), abs=1e-3)
    held = torch.arange(3, 10_000, 4)
    said, labels = now(MNIST.images[held]).argmax(1), MNIST.labels[held]
    assert rows["accuracy", "logits"] == pytest.approx(float((said == labels).float().mean()), abs=1e-3)
    assert set(table.model) == set(DIGIT_NETS)
    last = table[table.measure == order.TO_THE_END].groupby(["model", "layer"]).value.last()
    assert last.to_numpy() == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_what_a_linear_classifier_explains_is_measured_again() -> None:
    table = order.table()
    rows = (
        table[(table.model == "dense") & (table.epoch == 0.25) & (table.layer == "logits")].set_index("measure").value
    )
    held = torch.arange(3, 10_000, 4)
    said = load("dense", weights="epoch-0.25")(MNIST.images[held]).argmax(1)
    found = performance_correlation(said, order.linear(), MNIST.labels[held])
    assert rows[order.EXPLAINED] == pytest.approx(found, abs=0.005)


def test_the_shipped_pairs_are_symmetric_and_1_with_themselves() -> None:
    table = pd.read_csv(order.PAIRS)
    for weights in order.WEIGHTS:
        matrix = table[table.weights == weights].pivot_table("cka", "first", "second")
        np.testing.assert_allclose(matrix, matrix.T)
        np.testing.assert_allclose(np.diag(matrix), 1, atol=1e-3)
        assert len(matrix) == 1 + sum({"dense": 3, "dense-video": 3, "cnn": 5, "rnn": 3}.values())
    plain = table[table.weights == "plain"].set_index(["first", "second"]).cka
    net, images = load("dense", weights="plain"), MNIST.images[::5]
    expected = similarity(net.fc1(images.flatten(1)).relu(), images)
    assert plain["dense/relu1", "pixels"] == pytest.approx(expected, abs=1e-3)


def test_shipped_tests_follow_from_the_shipped_report() -> None:
    """Of one claim; the statistics are exact, the intervals from the same draws."""
    from core.evidence.report import table as whole

    shipped = verdicts.table()
    wanted = CLAIMS["C7"]
    measures = {test.measure for test in wanted.tests} | {"field"}
    rows = whole()[whole().measure.isin(measures)]
    found = tested.tested(wanted, tested.Numbers(rows)).reset_index(drop=True)
    own = shipped[shipped.claim == "C7"].reset_index(drop=True)
    assert found.outcome.tolist() == own.outcome.tolist() and len(own)
    np.testing.assert_allclose(found[list(NUMBERS)], own[list(NUMBERS)], rtol=2e-3, atol=1e-6)


def test_every_claim_has_its_verdict_and_every_sentence_its_numbers() -> None:
    found = verdicts.verdicts()
    assert list(found) == list(CLAIMS)
    assert {name for name, verdict in found.items() if verdict.kind == verdicts.LATER} == {
        name for name, claim in CLAIMS.items() if claim.later
    }
    answers = dict(objections.objections())
    assert set(answers) == set(objections.OBJECTIONS)
    for said in (*sentences.answer(), *answers.values(), order.sentence()):
        assert said.endswith(".") and not re.search(r"nan|inf\b|None", said)
    assert all(math.isfinite(value) for value in objections.agreement().correlation)


def test_outcomes_of_the_shipped_tests_are_of_their_own_numbers() -> None:
    for row in verdicts.table().itertuples():
        assert tested.outcome(row.p, row.p_beyond, row.sign, row.low, row.high) == row.outcome
        assert row.low <= row.value <= row.high and row.beyond_low <= row.beyond <= row.beyond_high
        if row.outcome in (HELD, TOO):
            assert row.sign * row.value > 0
        if row.against:
            assert row.value - row.control == pytest.approx(row.beyond, abs=2e-3 * max(1, abs(row.value)))
