"""The table of what cells track: how it is made, and the sentences that it is turned into."""

import pandas as pd
import pytest

from core.cells import search, tracked
from core.cells.search import CELL, CHARACTER, DIRECTION, LAST, READOUT, RIVALS, SHUFFLED, TWIN_READOUT, TWINS, Texts
from core.data.text import corpus
from core.models import untrained
from core.models.text import Reader
from tests.readers import IN_LINE, counting_reader

KINDS = (CELL, *RIVALS, *LAST, READOUT, TWIN_READOUT)


def rows(feature: str, lead: float, seed: int = 0, **others: float) -> list[dict[str, object]]:
    """A feature with a cell of 0.9 and controls behind it by that much, or by what is said of one."""
    leads = {kind: others.get(kind.replace(" ", "_"), lead) for kind in KINDS} | {CELL: 0.0}
    return [{"seed": seed, "feature": feature, "kind": kind, "layer": "lstm2", "unit": 7, "sign": 1, "value": 0.9 - by,
             "low": 0.88 - by, "high": 0.92 - by, "lead": by, "lead_low": by - 0.02, "lead_high": by + 0.02,
             "share": 0.25} for kind, by in leads.items()]  # fmt: skip


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        *rows("position in line", 0.3, last_5_characters=-0.1), *rows("word end", 0.2),
        *rows("question", 0.1, untrained=0.0, shuffled=0.01), *rows("newline", 0.1, current_character=-0.1),
        *rows("position in line", 0.3, seed=1), *rows("word end", 0.0, seed=1), *rows("newline", 0.0, seed=1),
    ]  # fmt: skip
    monkeypatch.setattr(tracked, "table", lambda: pd.DataFrame(found))


@pytest.mark.usefixtures("table")
def test_a_cell_tracks_by_the_rule_and_the_sentence_says_it_with_its_controls() -> None:
    assert tracked.said("word end") == (
        "`text/lstm2/7` tracks the feature **word end**: AUC **0.90** on held-out text (95 % interval 0.88 to 0.92). "
        "Its controls: the current character alone 0.70, the best cell of five untrained twins 0.70, the best cell of "
        "shuffled weights 0.70, the best of 512 random directions 0.70. It tells more than the last 5 characters do "
        "(0.70). All of its layer, read out linearly: 0.70, the untrained twin's 0.70."
    )
    assert "rank correlation **0.90**" in tracked.said("position in line")
    assert "It tells no more than the last 5 characters do (1)" in tracked.said("position in line")


@pytest.mark.usefixtures("table")
def test_what_has_no_sure_lead_is_not_said_to_track() -> None:
    said = tracked.said("question")
    assert said.startswith(
        "No cell tracks the feature **question** by our rule. The best, `text/lstm2/7`, has AUC **0.90**"
    )
    assert (
        "no sure lead over the best cell of five untrained twins, nor over the best cell of shuffled weights." in said
    )


@pytest.mark.usefixtures("table")
def test_the_best_one_leads_on_the_scale_of_a_correlation() -> None:
    assert tracked.best_tracked(0) == "word end"  # 2 x 0.2 is more than 0.3
    assert tracked.best_tracked(1) == "position in line" and tracked.best_tracked(2) is None
    assert str(tracked.unit_of(tracked.of_seed()["word end"])) == "text/lstm2/7"


@pytest.mark.usefixtures("table")
def test_in_general_counts_seeds_and_names_what_a_character_says_itself() -> None:
    assert tracked.in_general() == (
        "Of 4 features a cell of all 2 nets, from different seeds, tracks 1: position in line; in some of the seeds "
        "also word end (1). Not so newline: the current character itself says it (AUC 0.999 and more), which an LSTM "
        "reads at each step, so no cell is needed to keep it."
    )


@pytest.mark.usefixtures("table")
def test_features_that_share_their_cell_are_named_together() -> None:
    assert tracked._shared(["word end"]) == ""
    assert tracked._shared(["word end", "question"]) == (
        "`text/lstm2/7` is the best cell for 2 of them, word end, question, which go together in the text."
    )


def test_without_a_table_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracked, "table", lambda: pd.DataFrame(columns=["seed", "feature", "kind"]))
    assert tracked.in_general() == "" and tracked.of_seed() == {} and tracked.best_tracked() is None
    assert "rare; the feature is there" in tracked.quotations()


def test_the_rows_are_of_each_seeds_cells_beside_all_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def net(weights: str) -> Reader:
        asked.append(weights)
        model = counting_reader() if weights == "seed-1" else untrained("text", len(asked)).eval()
        assert isinstance(model, Reader)
        return model

    monkeypatch.setattr(tracked, "net", net)
    monkeypatch.setattr(tracked, "controls", lambda _: ("untrained", "untrained-1"))
    texts = Texts(corpus()[:4000], corpus()[:2500], corpus()[-2500:])
    found = list(tracked.searched(texts, [0, 1]))
    assert asked == ["untrained-1", "untrained", "shuffled", "seed-0", "seed-1"]
    assert [bool(part) for part in found] == [False, False, False, True, True] and len(found) == tracked.reads([0, 1])
    table = pd.DataFrame(found[-1])
    assert set(table.kind) == set(KINDS) and (table.seed == 1).all()
    assert set(table.feature) == set(texts.features["asked"])
    line = table[table.feature == "position in line"].set_index("kind")
    assert (line.layer[CELL], line.unit[CELL]) == ("lstm1", IN_LINE) and line.value[CELL] > 0.999
    assert line.value[CELL] - line.value[DIRECTION] == pytest.approx(line.lead[DIRECTION])
    assert line.unit[CHARACTER] == -1 and line.layer[READOUT] == "lstm1"
    assert tracked.tracks(line) and line.lead_low[[TWINS, SHUFFLED]].min() > 0.1
    first = pd.DataFrame(found[-2])
    assert (first[first.kind == TWINS].value.values == table[table.kind == TWINS].value.values).all()
    assert list(table.columns) == ["seed", *search.Row.__dataclass_fields__]
