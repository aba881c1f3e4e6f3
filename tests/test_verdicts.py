"""Verdicts on made tables: every outcome, and none out of nothing."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.evidence import claims, tested, verdicts
from core.evidence.claims import Claim, Test, cells
from core.evidence.gains import GAINS
from core.evidence.statistics import (
    Estimate,
    estimate,
    holm,
    level,
    means,
    no_worse,
    over_chance,
    over_half,
    over_line,
    over_pixels,
    rank,
    resampled,
    rise,
)
from core.evidence.tested import AGAINST, HELD, NOT_SHOWN, TOO, Numbers

SEEDS, UNITS, DEPTHS = 5, 20, (1, 2, 3)
GROWS = Claim("C4", "It grows.", "maps", (Test("nonlinearity", rise, 1, ("dense", "cnn")),))

Mean = Callable[[str, str, int], float]  # of a net, its training and a depth


def report(
    mean: Mean, spread: float = 0.1, seed: int = 0, between: float = 0.02, models: tuple[str, ...] = ("dense", "cnn")
) -> pd.DataFrame:
    """A made report of two nets: units about a mean, which differs a little from seed to seed."""
    generator, rows = np.random.default_rng(seed), []
    for model in models:
        for training, weights in (("trained", "trained"), ("plain", "trained"), ("", "untrained")):
            for number in range(SEEDS):
                own = {"model": model, "training": training, "weights": weights, "seed": number}
                for depth in DEPTHS:
                    rows.append(own | {"measure": "field", "depth": depth, "unit": "", "value": 28.0})
                    centre = mean(model, training, depth) + between * generator.normal()
                    values = centre + spread * generator.normal(size=UNITS)
                    rows += [own | {"measure": "nonlinearity", "depth": depth, "unit": unit, "value": value}
                             for unit, value in enumerate(values)]  # fmt: skip
    return pd.DataFrame(rows)


def outcomes(mean: Mean, claim: Claim = GROWS, **made: float) -> tuple[dict[tuple[str, str], str], str]:
    tests = tested.tested(claim, Numbers(report(mean, **made)))
    found = {(str(row.subject), str(row.training)): str(row.outcome) for row in tests.itertuples()}
    return found, str(verdicts.verdict("C4", tests))


def only(*names: str) -> Mean:
    """It grows by 1 from depth to depth in the nets, or by the trainings, that are named; else it does not."""
    return lambda model, training, depth: float(depth if {model, training} & set(names) else 0)


def test_what_grows_in_all_trained_nets_and_in_no_twin_holds() -> None:
    found, said = outcomes(only("trained", "plain"))
    assert set(found.values()) == {HELD} and len(found) == 4 and said == "holds"


def test_what_grows_in_the_twins_as_well_is_not_the_trainings_doing() -> None:
    found, said = outcomes(only("dense", "cnn"))
    assert set(found.values()) == {TOO} and said == "holds, but the control shows it too"


def test_what_grows_less_than_in_the_twins_is_no_more_than_shown() -> None:
    found, said = outcomes(lambda model, training, depth: (1 if training else 3) * depth)
    assert set(found.values()) == {TOO} and said == "holds, but the control shows it too"


def test_what_does_not_grow_does_not_hold_and_what_falls_goes_against_it() -> None:
    found, said = outcomes(only())
    assert set(found.values()) == {NOT_SHOWN} and said == "does not hold"
    found, said = outcomes(lambda model, training, depth: -depth)
    assert set(found.values()) == {AGAINST} and said == "does not hold"


def test_what_grows_in_one_net_holds_only_for_it() -> None:
    found, said = outcomes(lambda model, training, depth: float(depth if model == "cnn" and training else 0))
    assert found["cnn", "plain"] == HELD and found["dense", "plain"] == NOT_SHOWN and said == "holds only for cnn"


def test_what_grows_by_one_training_depends_on_it() -> None:
    found, said = outcomes(only("plain"))
    assert found["cnn", "plain"] == HELD and found["cnn", "trained"] == NOT_SHOWN
    assert said == "depends on an assumption: the training is plain"


def test_what_grows_by_one_recipe_of_ascent_depends_on_it() -> None:
    """The second test is of the same measure, turned round."""
    test = GROWS.tests[0]
    both = replace(GROWS, tests=(replace(test, recipe="regularised"), replace(test, recipe="bare", sign=-1)))
    tests = tested.tested(both, Numbers(report(only("trained", "plain"))))
    said = str(verdicts.verdict("C4", tests))
    assert said == "depends on an assumption: the recipe is regularised"
    worst = verdicts.counterexample(tests)
    assert worst is not None and worst.recipe == "bare" and worst.errors == tests.errors.min()


def test_what_holds_here_and_there_is_counted() -> None:
    here = {("dense", "trained"), ("cnn", "plain")}
    _, said = outcomes(lambda model, training, depth: float(depth if (model, training) in here else 0))
    assert said == "holds only for 2 of 4 tests"


def test_beside_what_holds_stands_what_the_control_shows_too() -> None:
    """Of one kind or another: a verdict alone would not say what a control explains away."""
    tests = made_tests(*[("a", "dense", outcome, 1.0) for outcome in (HELD, HELD, TOO, NOT_SHOWN, TOO)])
    assert verdicts.verdict("C4", tests).counts == "2 of 5 tests hold; in 2 the control shows it too"
    assert verdicts.verdict("C4", tests[:2]).counts == "2 of 2 tests hold"
    assert verdicts.verdict("C4", tests[2:]).counts == "0 of 3 tests hold; in 2 the control shows it too"
    assert verdicts.verdict("C4", tests[:0]).counts == ""


def test_one_net_of_a_training_is_not_the_training() -> None:
    _, said = outcomes(lambda model, training, depth: float(depth if (model, training) == ("cnn", "plain") else 0))
    assert said == "holds only for 1 of 4 tests"


def made_tests(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Subject, measure, outcome and standard errors."""
    columns = ["subject", "measure", "outcome", "errors"]
    return pd.DataFrame(rows, columns=columns).assign(counts=True, training="plain", recipe="", replacement="", says="")


def test_where_less_than_half_is_shown_it_does_not_hold() -> None:
    one, half = (("a", "m", TOO, 0.0), *((name, "m", NOT_SHOWN, 0.0) for name in "bc")), ("d", "m", TOO, 0.0)
    assert str(verdicts.verdict("C4", made_tests(*one))) == "does not hold"
    assert str(verdicts.verdict("C4", made_tests(*one, half))) == "does not hold"
    assert verdicts.verdict("C4", made_tests(*one, half, ("e", "m", TOO, 0.0))).kind == verdicts.ALSO


def test_what_does_not_agree_over_replacements_depends_on_them() -> None:
    """Two nets, three replacements: by all in one and by none in the other they agree, by some in one they do not."""
    rows = [(net, f"m, {other}", outcome, 1.0) for net, outcome in (("a", HELD), ("b", AGAINST))
            for other in ("mean", "zero", "another")]  # fmt: skip
    tests = made_tests(*rows, ("a", "kept", NOT_SHOWN, 1.0)).assign(replacement=["mean", "zero", "another"] * 2 + [""])
    assert str(verdicts.verdict("C4", tests)) == "holds only for 3 of 7 tests"
    tests.loc[1, "outcome"] = TOO
    said = "depends on an assumption: what stands in for a unit that is cut, in 1 of 2 comparisons"
    assert str(verdicts.verdict("C4", tests)) == said
    tests.loc[:, "outcome"] = [TOO, NOT_SHOWN, AGAINST] * 2 + [TOO]
    assert str(verdicts.verdict("C4", tests)) == "does not hold"  # by none of them
    apart = tests.assign(says=list("abcdefg"), outcome=[HELD, TOO, HELD, HELD, HELD, HELD, HELD])
    assert verdicts.verdict("C4", apart).kind == verdicts.ONLY  # tests of different numbers need not agree


def test_of_three_replacements_each_has_a_test_beside_each_rival() -> None:
    cut = [test for test in claims.CLAIMS["C11"].tests if test.replacement]
    assert len({(test.replacement, test.beside.split(", ")[-1]) for test in cut}) == len(cut) == 9
    assert all(test.beside.startswith(f"{test.measure}, ") and test.control == "untrained" for test in cut)
    for says in {test.says for test in cut}:
        assert {test.replacement for test in cut if test.says == says} == {"mean", "zero", "another image"}


def test_nets_are_named_before_measures_and_these_by_their_titles() -> None:
    rows = [("a", "probe", HELD, 1.0), ("a", "dimension", HELD, 1.0), ("b", "probe", HELD, 1.0)]
    tests = made_tests(*rows, ("b", "dimension", NOT_SHOWN, 1.0))
    assert str(verdicts.verdict("C4", tests)) == "holds only for a"
    tests = made_tests(*rows, ("b", "dimension", NOT_SHOWN, 1.0), ("a", "flips", AGAINST, 1.0))
    assert str(verdicts.verdict("C4", tests)) == "holds only for linear probe"


def test_measures_that_differ_behind_their_comma_alone_are_named_together() -> None:
    rows = [("a", f"CNN less dense, {reading}", HELD, 1.0) for reading in ("300 images", "3,000 images", "100 updates")]
    rows += [("a", "windows less dense, 300 images", NOT_SHOWN, 0.0), ("a", "probe", HELD, 1.0)]
    said = "holds only for CNN less dense (300 images, 3,000 images and 100 updates) and linear probe"
    assert str(verdicts.verdict("C6", made_tests(*rows))) == said


def test_a_counterexample_is_one_that_counts() -> None:
    tests = made_tests(("a", "m", NOT_SHOWN, 2.0), ("b", "m", NOT_SHOWN, -9.0), ("c", "m", HELD, -10.0))
    tests.loc[1, "counts"] = False
    found = verdicts.counterexample(tests)
    assert found is not None and found.subject == "a"
    assert verdicts.counterexample(tests[tests.outcome == HELD]) is None


def test_what_a_claim_says_falls_is_counted_downwards() -> None:
    falls = replace(GROWS, tests=(replace(GROWS.tests[0], sign=-1),))
    slopes = {"cnn": -1.0, "dense": 1.0}
    made = report(lambda model, training, depth: slopes[model] * depth if training else 0.0)
    errors = tested.tested(falls, Numbers(made)).set_index("subject").errors
    assert errors["dense"].max() < 0 < errors["cnn"].min()


def test_all_p_values_of_a_claim_are_corrected_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tested, "holm", lambda ps: (asked.append(len(ps)), [1.0] * len(ps))[1])
    tests = tested.tested(GROWS, Numbers(report(only("trained", "plain"))))
    assert asked == [8] and set(tests.outcome) == {NOT_SHOWN} and tests.alone.all()
    tests = tested.tested(GROWS, Numbers(report(only("dense", "cnn"))))
    assert not tests.alone.any()


def test_a_net_is_put_beside_the_rival_of_as_many_layers() -> None:
    claim = replace(GROWS, tests=(Test("nonlinearity", level, 1, ("cnn series",), rival="dense"),))
    nets = ("cnn-3", "dense-3", "cnn-4", "dense-4", "dense")
    high = {"cnn-3": 5.0, "dense-3": 4.0, "cnn-4": 9.0, "dense-4": 6.0, "dense": 100.0}
    made = report(lambda model, training, depth: high[model] if training else 0.0, models=nets)
    (row,) = tested.tested(claim, Numbers(made)).to_dict("records")
    assert row["value"] == pytest.approx(2, abs=0.1) and row["control"] == pytest.approx(0, abs=0.1)


def test_a_claim_that_nothing_tests_yet_says_so() -> None:
    assert str(verdicts.verdict("C5", pd.DataFrame())) == "not tested yet"


def test_of_a_claim_about_the_difference_alone_its_sign_counts() -> None:
    """The level is positive on both sides; trained it is lower."""
    test = Test("nonlinearity", level, -1, ("dense", "cnn"))
    for relative, expected in ((False, {AGAINST}), (True, {HELD})):
        claim = replace(GROWS, tests=(replace(test, relative=relative),))
        found, _ = outcomes(lambda model, training, depth: 3.0 if training else 5.0, claim)
        assert set(found.values()) == expected
        tests = tested.tested(claim, Numbers(report(lambda model, training, depth: 3.0 if training else 5.0)))
        assert (tests.against == ("" if relative else "untrained")).all() and (tests.control.isna() == relative).all()


def test_out_of_nothing_nearly_nothing_holds() -> None:
    """A hundred reports without any effect, in which nets of one kind differ more than their units would."""
    held = 0
    for seed in range(100):
        found, _ = outcomes(only(), seed=seed, between=0.1)
        held += HELD in found.values()
    assert held <= 5


def test_a_net_whose_units_are_dead_is_left_out() -> None:
    made = report(only("trained", "plain"))
    made.loc[(made.model == "dense") & (made.depth == 2), "value"] = np.nan
    tests = tested.tested(GROWS, Numbers(made)).set_index(["subject", "training"])
    assert tests.value["dense", "plain"] == 0  # one hidden layer is left


def test_statistics_by_hand() -> None:
    own = {0: np.array([0.5]), 1: np.array([1.0, 3.0]), 2: np.array([4.0]), 3: np.array([3.0])}
    beside = {1: np.array([1.0]), 2: np.array([1.0])}
    by_depth, other = means(own), means(beside)
    assert rise(by_depth, None) == 1 and over_pixels(by_depth, None) == 2.5
    assert rank(by_depth, None)[0] == pytest.approx(0.5)  # 2, 4, 3
    assert level(by_depth, None)[0] == 3 and level(by_depth, other)[0] == 2
    assert rank(means({1: np.ones(2), 2: np.ones(3)}), None)[0] == 0
    shares, real = means({1: np.array([0.7, 0.9])}), means({1: np.array([0.85])})
    assert over_chance(shares, None)[0] == pytest.approx(0.3)
    assert over_half(shares, None)[0] == pytest.approx(0.3)
    assert no_worse(shares, real)[0] == pytest.approx(-0.03)


def test_what_is_over_a_line_is_over_three_of_four_in_the_deepest_layer() -> None:
    one = np.array([1.0])
    assert over_line({1: 0.75 * one, 2: 0.5 * one, 3: one}, None).tolist() == [0.25]


def test_a_net_of_which_no_field_is_measured_has_all_its_layers() -> None:
    """So the logit of a net in the plane counts, and that of a net for digits does not."""
    rows = [{"model": model, "training": "plain", "weights": "trained", "seed": 0, "measure": measure, "depth": depth,
             "unit": "", "value": 1.0} for model, measures in (("plane", ("m",)), ("digits", ("m", "field")))
            for measure in measures for depth in (1, 2)]  # fmt: skip
    numbers = Numbers(pd.DataFrame(rows))
    found = {model: sorted(numbers.of(tested.Kind(model, "plain", "trained"), 0, "m")) for model in ("plane", "digits")}
    assert found == {"plane": [1, 2], "digits": [1]}


def test_units_are_drawn_with_replacement() -> None:
    drawn = resampled({1: np.array([0.0, 1.0])}, np.random.default_rng(0), 4000)[1]
    shares = [float((drawn == value).mean()) for value in (0, 0.5, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    many = resampled({1: np.arange(50.0)}, np.random.default_rng(0), 4000)[1]
    assert many.std() == pytest.approx(np.arange(50).std() / math.sqrt(50), rel=0.05)


def test_the_error_over_nets_is_that_of_a_mean() -> None:
    """Of nets without any spread of units, n - 1 of n drawn: the sample's deviation over sqrt(n)."""
    values = np.random.default_rng(1).normal(size=6)
    found = estimate(values, np.repeat(values[:, None], 20_000, 1), units=10)
    assert found.value == pytest.approx(values.mean()) and found.freedom == 5
    assert found.error == pytest.approx(values.std(ddof=1) / math.sqrt(6), rel=0.03)
    alone = estimate(values[:1], np.random.default_rng(2).normal(size=(1, 20_000)), units=10)
    assert alone.error == pytest.approx(1, rel=0.03) and alone.freedom == 9


def test_an_interval_and_a_p_value_are_students() -> None:
    found = Estimate(2.0, 1.0, 4)
    low, high = found.interval()
    assert (low, high) == pytest.approx((2 - 2.7764, 2 + 2.7764), abs=1e-3)
    assert found.p(1) == pytest.approx(0.0581, abs=1e-3) and found.p(-1) == pytest.approx(1 - 0.0581, abs=1e-3)
    assert Estimate(1.0, 0.0, 3).p(1) == 0 and Estimate(0.0, 0.0, 3).p(1) == 1
    apart = found.less(Estimate(1.0, 1.0, 4))
    assert (apart.value, apart.error, apart.freedom) == pytest.approx((1, math.sqrt(2), 8))


def test_holms_correction_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03, 0.9]) == pytest.approx([0.09, 0.04, 0.09, 0.9])
    assert holm([0.5, 0.6]) == [1, 1]


def test_every_test_of_a_claim_names_a_measure_that_there_is() -> None:
    from core.evidence.measured import MEASURES

    elsewhere = {"forced choice", "purity", "coherence", "recovered before freezing", "best unit at XOR", *GAINS,
                 *(test.measure for test in claims.CLAIMS["C8"].tests)}  # fmt: skip
    named = {cell.test.measure for claim in claims.CLAIMS.values() for cell in cells(claim)}
    assert named <= {*MEASURES, *elsewhere}
    assert not [name for name, claim in claims.CLAIMS.items() if claim.later]
