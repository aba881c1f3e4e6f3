"""What the README says is true: its Python runs, and its table is the one that its command prints."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from core import by_depth, readability, telling
from core.cells import tracked
from core.circuits import scores
from core.evidence import objections, order, sentences
from core.evidence.claims import CLAIMS
from core.measures import neighbours, signal
from core.memory import contexts, of_text
from core.memory import sentences as memory
from core.models import cards
from core.relevance import orders
from core.sequences import compare
from core.studio import caricature_table, dream_table, fooling_said, inversion_table, texture_table
from core.studio.commands import TABLES
from core.studio.first import FIRST
from core.studio.techniques import TECHNIQUES
from core.trust import advice
from core.vanishing import lengths
from core.vanishing import sentences as vanishing

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_tables_are_those_that_the_commands_print() -> None:
    for table in (cards.markdown(), by_depth.markdown(), neighbours.markdown(), signal.markdown(), orders.markdown()):
        assert table in README and len(table.splitlines()) > 4
    assert advice.markdown("cnn") in README
    assert telling.markdown() in README
    assert sentences.markdown() in README and memory.markdown() in README
    assert tracked.markdown() in README and compare.markdown() in README


def test_the_sentences_are_those_that_the_tables_say() -> None:
    words = README.replace("\n", " ")
    for said in (neighbours.headline(), neighbours.headline("silhouette"), neighbours.dimensions(), neighbours.rise(),
                 by_depth.sentence(), telling.headline(), orders.headline(), *sentences.answer(), order.sentence(),
                 readability.sentence(), memory.horizons(), memory.capacities(), memory.delays(),
                 memory.orders(), contexts.sentence(), of_text.sentence(), tracked.in_general(), tracked.quotations(),
                 compare.sentence(), compare.beyond_random(),
                 *map(fooling_said.sentence, ("dense", "cnn", "rnn", "photo")),
                 dream_table.sentence("photo", "block9"), *map(inversion_table.sentence, ("photo", "dense", "cnn")),
                 inversion_table.sentence("cnn", "generator"), caricature_table.sentence("photo"),
                 texture_table.sentence()):  # fmt: skip
        assert said in words


def test_it_says_how_many_techniques_were_measured_over_several_pictures() -> None:
    words, said = " ".join(README.split()), {5: "Five", 6: "Six"}
    assert f"{said[len(TECHNIQUES)]} techniques change a picture" in words
    assert f"{said[len(TABLES)]} were measured over several pictures" in words
    assert TECHNIQUES.keys() - TABLES.keys() == {"style"} and "*Style* is judged on the page only" in words


@pytest.mark.parametrize("name", ["dream", "caricature", "style", "texture"])
def test_the_gallery_came_out_of_the_app_with_its_recipe(name: str) -> None:
    with Image.open(ROOT / "docs" / f"{name}.png") as picture:
        about = json.loads(picture.info["Layerscope"])
    assert about["technique"] == name and name in TECHNIQUES and about["sources"][0] == "cat"
    assert f"docs/{name}.png" in README
    shipped = [task for task in FIRST if task.technique == name]
    assert [json.loads(json.dumps(task.about())) for task in shipped] == [
        {key: about[key] for key in shipped[0].about()}
    ]


def test_rnn_lstm_and_gru_are_told_of_as_their_table_has_it() -> None:
    words, best = " ".join(README.split()), lengths.best(lengths.table())
    for _, rows in best.groupby("task"):
        length = int(rows.length.max())
        for said in (vanishing.by_length(rows), vanishing.gates_or_start(rows),
                     vanishing.gradients(rows, length, ("RNN", "LSTM", "GRU"))):  # fmt: skip
            assert said in words


def test_the_evidence_is_said_with_its_numbers() -> None:
    words = " ".join(README.split())
    for name in CLAIMS:
        if support := sentences.support(name):
            assert support in words
        if counterexample := sentences.against(name):
            assert counterexample[0] in words
    for objection, answer in objections.objections():
        assert f"- *{objection}* {answer}" in words


def test_what_a_unit_is_built_of_is_said_with_its_numbers() -> None:
    words = " ".join(README.split())
    for said in (sentences.built(), scores.predicted(), scores.meaning(), scores.influence(), scores.parts(),
                 scores.extremes()):  # fmt: skip
        assert said and said in words
    assert scores.markdown() in README


def test_the_recurrent_and_the_videos_twins_hardly_answer() -> None:
    rows = signal.table().query("weights == 'untrained' and layer == 'logits'").set_index("model").round(2)
    low, high = rows.loc["rnn", ["lowest", "highest"]]
    videos = set(rows.loc["dense-video", ["lowest", "highest"]])
    said = f"untrained twins differ by {low:.2f} to {high:.2f} of their mean, the video's net's by {videos.pop():.2f}"
    assert said in README.replace("\n", " ") and not videos


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = "".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    names: dict[str, object] = {}
    exec(code, names)
    printed = capsys.readouterr().out
    assert "relu2 · 24 maps · 14 x 14" in printed
    assert "torch.Size([3, 1, 28, 28])" in printed
    assert list(names["activations"]) == ["relu2"]  # type: ignore[call-overload]
