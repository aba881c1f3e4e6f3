"""The Evidence page: the answer, every claim open and closed, and what one measures oneself, on made tables."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import readability
from core.circuits import scores
from core.evidence import curves, objections, order, report, sentences, verdicts
from core.evidence.claims import CLAIMS
from core.evidence.figures import figures
from core.evidence.gains import PAIRS
from core.evidence.report import Net
from core.evidence.sentences import OUTCOMES
from core.models import DIGIT_NETS
from core.units import Unit
from pages.claims.formulas import FORMULAS
from pages.claims.measure_it import LEAST, MOST, Measurement
from pages.claims.open_claim import query_of
from pages.claims.tests_table import worded
from pages.frame.navigation import PAGES
from tests.evidence_tables import evidence, forget, made_curves, made_tests, ship  # noqa: F401 - a fixture
from tests.visits import app, charts, done, fine, page, press, said, until

pytestmark = pytest.mark.usefixtures("evidence")  # which writes its tables under tmp_path
TESTED = [name for name, claim in CLAIMS.items() if claim.tests]


def evidence_page(**link: str) -> AppTest:
    return page("evidence", tuple(link), **link)


def words(at: AppTest) -> str:
    """Everything but charts."""
    html = [block.proto.body for block in at.get("html")]
    return "\n".join([*(part.value for part in (*at.markdown, *at.caption)), *html])


def headers(at: AppTest) -> list[str]:
    return [header.value for header in at.header]


def test_the_first_screen_gives_the_answer_and_a_verdict_for_each_claim() -> None:
    at = fine(evidence_page())
    for sentence in sentences.answer():
        assert sentence in words(at)
    marked = [block.proto.body for block in at.get("html") if 'class="verdict"' in block.proto.body]
    assert len(marked) == len(CLAIMS)
    for body, (name, verdict) in zip(marked, verdicts.verdicts().items(), strict=True):
        assert f"<b>{verdict.kind}</b>" in body and 'class="mark' in body
        assert (CLAIMS[name].later in body) if CLAIMS[name].later else (f"{verdict.held} of {verdict.of} tests" in body)
    buttons = [button.label for button in at.button if str(button.key).startswith("open-")]
    assert buttons == [f"**{name}** {claim.says}" for name, claim in CLAIMS.items()]
    assert len(charts(at)) == len(TESTED) - 1 + 1  # C6 is about no layers; and how far measures agree
    for name in TESTED:
        assert (sentences.support(name) or "") in words(at)
    assert not at.dataframe and not at.selectbox


@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_opens_and_closes(name: str) -> None:
    at = fine(evidence_page())
    before = len(charts(at))
    at.button(key=f"open-{name}").click().run()
    assert fine(at).query_params["claim"] == name
    if name in TESTED:
        found = figures(CLAIMS[name])
        drawn = [figure for figure in found if figure.measure != "recovered before freezing"]
        over_training = 2 * len(DIGIT_NETS) if name == "C10" else 0
        by_depth = len(drawn) + sum(bool(figure.series) for figure in drawn)
        assert len(charts(at)) - before == by_depth + over_training + (len(PAIRS) if name == "C6" else 0)
        assert len(at.dataframe) == 1 and "Its tests" in headers(at)
        against = sentences.against(name)
        assert against is not None and against[0] in words(at)
        assert any(title in words(at) for title in (PAIRS if name == "C6" else [figure.title for figure in found]))
    else:
        assert len(charts(at)) == before and not at.dataframe
        assert f"it waits for {CLAIMS[name].later}" in words(at)
    at.button(key=f"open-{name}").click().run()
    assert "claim" not in fine(at).query_params and len(charts(at)) == before


def test_whose_doing_it_is_and_what_graphs_account_for_stands_at_c11() -> None:
    at = fine(evidence_page(claim="C11"))
    for told in (sentences.built(), scores.predicted(), scores.influence(), scores.parts()):
        assert told and told in words(at)
    assert scores.predicted() not in words(fine(evidence_page(claim="C10")))


def test_one_claim_at_a_time_is_open() -> None:
    at = fine(evidence_page(claim="C4"))
    at.button(key="open-C9").click().run()
    assert fine(at).query_params["claim"] == "C9" and len(at.dataframe) == 1


def test_plain_nets_take_the_trained_ones_place() -> None:
    at = fine(evidence_page(claim="C9"))
    trained = charts(at)
    at.session_state["training"] = "plain"
    plain = charts(fine(at.run()))
    changed = [place for place, (one, other) in enumerate(zip(trained, plain, strict=True)) if one != other]
    assert len(changed) == 1  # the series are plain anyway
    values = curves.table().query("model == 'cnn' and measure == 'neighbours' and training == 'plain' and depth == 1")
    assert str(values.value.iloc[0]) in plain[changed[0]]


@pytest.mark.parametrize("value", ["", "C12", "c4", "![x](http://host/x.png)", "<script>alert(1)</script>", "C4 " * 99])
def test_a_claim_that_is_not_there_gets_a_sentence(value: str) -> None:
    at = fine(evidence_page(claim=value))
    assert not at.dataframe and at.expander[-1].label == "How this is computed"
    if value:
        assert said(at).startswith("There is no claim ") and len(said(at)) < 150
        assert "](" not in at.info[0].value


def test_a_claim_links_to_where_one_sees_it_oneself_and_to_the_net_that_goes_against_it() -> None:
    for name in TESTED:
        at = fine(evidence_page(claim=name))
        links = [link.proto for link in at.get("page_link")]
        assert links[0].label.endswith(PAGES[CLAIMS[name].page][1])
        against = sentences.against(name)
        assert against is not None and against[1] in links[1].label


@pytest.mark.parametrize(("page_name", "model", "wanted"), [
    ("maps", "cnn", {"models": "cnn"}), ("weights", "dense", {"deep": "dense"}), ("draw", "cnn", {}),
    ("draw", "dense-video", {"dense": "dense-video"}), ("features", "photo", {}),
    ("neighbours", "rnn", {"models": "rnn"}),
])  # fmt: skip
def test_a_page_shows_the_net_that_is_linked_to(page_name: str, model: str, wanted: dict[str, str]) -> None:
    assert query_of(page_name, model) == wanted
    at = fine(app(**wanted).run() if page_name == "draw" else page(page_name, tuple(wanted), **wanted))
    for key, value in wanted.items():
        assert at.session_state[key] in (value, [value])


def test_circuits_shows_a_net_by_the_unit_that_its_parts_explain_worst() -> None:
    own = scores.units().query("model == 'cnn' and weights == 'trained' and by == 'direct parts'").dropna()
    unit = Unit.parse(query_of("circuits", "cnn")["unit"])
    worst = own.iloc[(own.value - 1).abs().argmax()]
    assert (unit.model, unit.layer, unit.index) == ("cnn", worst.layer, worst.unit)
    assert query_of("circuits", "photo") == {}


def test_tests_are_read_in_words_with_their_intervals() -> None:
    table = verdicts.table()
    rows = worded(table)
    assert len(rows) == len(table) and set(rows.outcome) <= set(OUTCOMES.values())
    first, row = table.iloc[0], rows.iloc[0]
    assert row.value == f"{first.value:+.3g} ({first.low:+.3g} to {first.high:+.3g})"
    assert row.difference.startswith(f"{first.beyond:+.3g} (")
    assert row.control.startswith(f"{first.against.split(', ')[-1]}: ")
    assert set(rows[table.against == ""].control) == {"none"}
    assert worded(table.assign(p=0.0)).p.unique().tolist() == ["< 0.001"]


def test_only_tests_that_count_are_shown() -> None:
    at = fine(evidence_page(claim="C10"))
    own = verdicts.table().query("claim == 'C10'")
    assert 0 < len(at.dataframe[0].value) == int(own.counts.sum()) < len(own)


def test_objections_stand_below_with_their_answers() -> None:
    at = fine(evidence_page())
    assert "What a referee will object" in headers(at)
    for objection, answer in objections.objections():
        assert f"- **{objection}** {answer}" in words(at)


@pytest.mark.parametrize("without", ["cnn", "dense", "photo"])
def test_nets_that_are_missing_in_the_tables_break_nothing(tmp_path: Path, without: str) -> None:
    tests = made_tests()
    ship(made_curves(without), tests[~tests.subject.str.startswith(without)], tmp_path)
    forget()
    for name in ("C3", "C4"):
        fine(evidence_page(claim=name))


def test_no_tests_and_no_curves_break_nothing(tmp_path: Path) -> None:
    ship(made_curves().head(0), made_tests().query("claim == 'C9'"), tmp_path)
    forget()
    for name in ("C1", "C9"):
        at = fine(evidence_page(claim=name))
    assert not charts(at)


def test_every_measure_of_the_claims_says_how_it_is_computed() -> None:
    measures = {figure.measure.split(",")[0] for claim in CLAIMS.values() for figure in figures(claim)}
    assert measures <= set(FORMULAS)


def test_what_one_measures_on_all_images_is_what_ships() -> None:
    found = [
        row for progress in Measurement("eta squared", "dense-video", "plain", MOST).run() for row in progress.rows
    ]
    net = Net("dense-video", "plain", "trained", 0, "plain")
    again = [row for progress in report.of_net(net, ["eta squared"]) for row in progress.rows]
    assert [row["value"] for row in found] == [row["value"] for row in again] and len(found) > 30


@pytest.mark.parametrize(("measurement", "words"), [
    (Measurement("nonlinearity", "dense", "trained", LEAST), "more images"),
    (Measurement("neighbours", "dense", "trained", LEAST - 1), "Choose 200 to 2,000 images"),
    (Measurement("neighbours", "dense", "trained", MOST + 1), "Choose 200 to 2,000 images"),
    (Measurement("neighbours", "dense", "epoch-999", LEAST), "epoch-999"),
])  # fmt: skip
def test_what_cannot_be_measured_so_is_a_sentence(measurement: Measurement, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list(measurement.run())


def test_one_measures_a_net_beside_what_ships(empty_store: Path) -> None:
    at = fine(evidence_page(yourself="true"))
    assert [box.label for box in at.selectbox] == ["Measure", "Net", "Weights"]
    shipped = charts(at)[-1]
    assert "your own" not in shipped and "dense" in shipped
    at.slider(key="n").set_value(LEAST)
    press(fine(at.run()), "Start")
    until(at, done("Start"))
    own = charts(fine(at))[-1]
    assert "your own" in own and "yours" in own


def test_a_series_net_has_its_own_weights_to_choose_from() -> None:
    at = fine(evidence_page(yourself="true", net="dense-3"))
    assert at.selectbox(key="weights-series").options == ["plain", "untrained"]
    assert "dense-3" in charts(at)[-1]
    at.selectbox(key="net").set_value("rnn").run()
    assert "plain" in fine(at).selectbox(key="weights").options and at.selectbox(key="net").value in DIGIT_NETS


def test_what_cannot_be_measured_gets_a_sentence_on_the_page(empty_store: Path) -> None:
    at = fine(evidence_page(yourself="true", measure="nonlinearity", n="200"))
    press(at, "Start")
    until(at, lambda at: bool(at.info))
    assert "more images" in said(fine(at))


def test_the_claim_about_training_shows_its_order() -> None:
    at = fine(evidence_page(claim="C10"))
    said = [block.value for block in at.markdown]
    assert order.sentence() in said and readability.sentence() in said
    titles = [caption.value for caption in at.caption]
    for model in DIGIT_NETS:
        assert (
            f"{model}: Similarity to the end: CKA" in titles and f"{model}: Right choices by a unit's picture" in titles
        )
    assert order.sentence() not in [block.value for block in fine(evidence_page(claim="C9")).markdown]
