"""How long the pages' work takes, on one core: `make bench`. Medians; nothing here passes or fails by time."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from captum import attr
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest
from torch import Generator, Tensor, nn

from core import examples, images
from core.attribution import ATTRIBUTIONS, why_not
from core.attribution.backwards import COPIES, PIECES, STEPS
from core.attribution.outcome import Target
from core.attribution.removal import superpixels
from core.cells.agreement import agreements
from core.cells.features import FEATURES
from core.cells.reading import along
from core.circuits.contributions import Run, stages
from core.circuits.cuts import cut
from core.circuits.graph import graph
from core.circuits.together import put_together
from core.data import canvas, digits, photos
from core.data.text import encode, held_out_text, one_hot
from core.evidence import report
from core.evidence.measured import MEASURES
from core.layers import list_layers, record
from core.maps import METHODS, Basis
from core.measures.neighbours import ENOUGH
from core.measures.spaces import Space, vectors
from core.memory.influence import influence
from core.memory.unrolled import all_unrolled
from core.models import MODELS, load
from core.process import settle
from core.stimuli import PHOTO_RECIPE, RECIPE, WITH_PRIOR, Frame, climb, climb_layers
from core.studio import style, texture
from core.studio.caricature import RECIPES as CARICATURES
from core.studio.caricature import Caricature, caricature
from core.studio.dream import RECIPES as DREAMS
from core.studio.dream import Dream, dream
from core.studio.fooling import ON_PHOTOS, Fooling, fool
from core.studio.inversion import ONE_LAYER, Inversion, invert
from core.studio.inversion import WITH_PRIOR as INVERTED_WITHIN
from core.studio.inversion_table import layers_of
from core.studio.task import pictures_of
from core.studio.techniques import TECHNIQUES
from core.survey import shipped, survey
from pages.jobs.long_work import scheduler
from tests.drawing import draw_with_mouse, drawing

ROOT = Path(__file__).parent.parent
NAMES = ("dense", "cnn", "rnn")

settle()


@pytest.fixture(scope="module")
def nets() -> dict[str, torch.nn.Module]:
    return {name: load(name) for name in NAMES}


@pytest.fixture(scope="module")
def names() -> dict[str, list[str]]:
    return {name: [layer.name for layer in list_layers(load(name), MODELS[name].input_shape)] for name in NAMES}


def test_drawing_to_input(benchmark: Any) -> None:
    rgba = drawing(3)
    benchmark(lambda: canvas.to_input(rgba))


def test_picture_to_every_activation_of_three_nets(benchmark: Any, nets: Any, names: Any) -> None:
    image = digits.test_set().images[:1]
    benchmark(lambda: [record(nets[name], image, names[name]) for name in NAMES])


def test_activations_to_pictures_of_three_nets(benchmark: Any, nets: Any) -> None:
    image = digits.test_set().images[:1]
    seen = [record(nets[name], image) for name in NAMES]
    benchmark(
        lambda: [
            images.data_url(images.tiles(activation[0], 264, "light").picture)
            for activations in seen
            for activation in activations.values()
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_peaks_of_a_layer_over_the_test_set(benchmark: Any, nets: Any, name: str) -> None:
    layer = {"dense": "relu2", "cnn": "relu4", "rnn": "lstm2"}[name]
    everything = digits.test_set().images
    benchmark.pedantic(lambda: list(examples.peaks(nets[name], everything, layer)), rounds=3)


@pytest.mark.parametrize(("name", "layer", "units"), [("cnn", "conv3", 48), ("rnn", "lstm2", 16)])
def test_an_ascent_of_128_steps(benchmark: Any, nets: Any, name: str, layer: str, units: int) -> None:
    benchmark.pedantic(lambda: list(climb(nets[name], layer, range(units), RECIPE)), rounds=3)


def test_an_ascent_of_24_units_of_block_8(benchmark: Any) -> None:
    net = load("photo")
    list(climb(net, "block8", range(24), replace(PHOTO_RECIPE, steps=1)))  # the type is timed
    benchmark.pedantic(lambda: list(climb(net, "block8", range(24), PHOTO_RECIPE)), rounds=3)


@pytest.mark.parametrize("prior", ["none", "generator"])
@pytest.mark.parametrize("name", NAMES)
def test_all_layers_of_a_digit_net_inverted(benchmark: Any, nets: Any, name: str, prior: str) -> None:
    recipe = Inversion(layers_of(name)) if prior == "none" else replace(INVERTED_WITHIN, layers=layers_of(name))
    image = digits.test_set().images[:1]
    benchmark.pedantic(lambda: list(invert(nets[name], image, recipe)), rounds=3)


def test_one_layer_of_a_photo_inverted_at_224_pixels(benchmark: Any) -> None:
    image = photos.to_input(photos.sample("cat"))[None]
    benchmark.pedantic(lambda: list(invert(photo_net(), image, replace(ONE_LAYER, starts=1))), rounds=1)


def few_steps(threads: int) -> Iterator[Frame]:
    """Of 16 units of block 8, as a job of the app climbs them."""
    recipe = replace(PHOTO_RECIPE, steps=16)
    return climb_layers({"photo": photo_net()}, {"photo/block8": range(16)}, recipe, threads=threads)


@cache
def photo_net() -> nn.Module:
    return load("photo")


@pytest.mark.parametrize("threads", [1, 2])
def test_16_steps_of_16_units_of_block_8(benchmark: Any, threads: int) -> None:
    benchmark.pedantic(lambda: list(few_steps(threads)), rounds=7, warmup_rounds=1)


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_rerun_of_the_draw_page_beside_an_ascent(benchmark: Any, threads: int) -> None:
    """What other visitors wait while a job climbs on so many threads."""
    at, jobs = draw_page(), scheduler()
    for number in range(8 if threads else 0):
        jobs.start(number, partial(few_steps, threads), "bench")
    benchmark.pedantic(lambda: another_digit(at), rounds=40, warmup_rounds=3)
    for number in range(8):
        jobs.cancel(number, "bench")


def draw_page() -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params["digit"] = "0"
    return at.run()


def another_digit(at: AppTest) -> None:
    at.button[0].click().run()
    assert not at.exception


def test_an_uploaded_photo_to_every_activation(benchmark: Any) -> None:
    """From the bytes of a JPEG of 600 x 400 pixels to the answer and to the activations of all layers."""
    net, buffer = load("photo"), io.BytesIO()
    photos.sample("coffee").save(buffer, "JPEG")
    names = [layer.name for layer in list_layers(net, MODELS["photo"].input_shape)]
    benchmark(lambda: record(net, photos.to_input(photos.read(buffer.getvalue()))[None], names))


def test_the_photo_page(benchmark: Any) -> None:
    """The script and its charts as the server runs them, with a layer's maps and a unit's panel."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.query_params["photo"], at.query_params["unit"] = "cat", "photo/block5/3"
    at.switch_page("pages/photo.py").run()

    def rerun() -> None:
        at.run()
        assert not at.exception

    benchmark.pedantic(rerun, rounds=10, warmup_rounds=1)


@pytest.mark.parametrize("way", ["one pass", "all stored, then sorted"])
def test_the_top_16_of_every_unit_of_the_cnn_over_the_test_set(benchmark: Any, nets: Any, names: Any, way: str) -> None:
    net, images, layers = nets["cnn"], digits.test_set().images, names["cnn"]

    def naive() -> list[Any]:
        everything = record(net, images, layers).values()
        peaks = [examples.peak(activation) for activation in everything]
        return [peak.sort(0, descending=True).values[:16] for peak in peaks]

    benchmark.pedantic((lambda: list(survey(net, images.split(250), layers))) if way == "one pass" else naive, rounds=3)


def test_the_neighbours_of_a_point_among_60000_of_1024_numbers(benchmark: Any) -> None:
    points = torch.randn(60_000, 1024, generator=torch.Generator().manual_seed(0))
    space = Space(points, "cosine")
    benchmark(lambda: space.nearest(points[:1], 12))


def test_click_to_first_picture_in_chromium(benchmark: Any, server: str, open_page: Callable[..., Page]) -> None:
    """From the click on Start until the first picture of an ascent in three nets stands on the page."""
    seeds = iter(range(100, 120))

    def prepare() -> tuple[tuple[Page], dict[str, Any]]:
        page = open_page(f"{server}/features?steps=32&seed={next(seeds)}")
        page.get_by_role("button", name="Start").wait_for()
        page.wait_for_timeout(1000)
        return (page,), {}

    def click(page: Page) -> None:
        page.get_by_role("button", name="Start").click()
        page.locator(".st-key-ascents img").first.wait_for()

    benchmark.pedantic(click, setup=prepare, rounds=7, warmup_rounds=1)


def test_a_rerun_of_the_draw_page(benchmark: Any) -> None:
    """The script and its charts as the server runs them; a new test image each time."""
    at = draw_page()
    benchmark.pedantic(lambda: another_digit(at), rounds=20, warmup_rounds=3)


@pytest.mark.parametrize("claim", ["", "C2", "C4"])
def test_a_rerun_of_the_evidence_page(benchmark: Any, claim: str) -> None:
    """With a claim closed or open, once its charts are kept."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    at.query_params["claim"] = claim
    at.switch_page("pages/evidence.py").run()

    def rerun() -> None:
        at.run()
        assert not at.exception

    benchmark.pedantic(rerun, rounds=20, warmup_rounds=3)


@pytest.mark.parametrize("unit", ["cnn/relu3/5", "rnn/lstm2/5"])
def test_a_rerun_of_the_draw_page_with_a_units_panel(benchmark: Any, unit: str) -> None:
    """Once its survey is loaded; what the panel takes is the difference to the page without it."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    at.query_params["digit"], at.query_params["unit"] = "0", unit
    at.run()

    def rerun() -> None:
        at.run()
        assert not at.exception

    benchmark.pedantic(rerun, rounds=20, warmup_rounds=3)


def test_a_shipped_survey_is_read(benchmark: Any) -> None:
    """What the first panel of a net takes more than all later ones."""
    benchmark(lambda: shipped("cnn", "trained"))


@pytest.mark.parametrize("layer", ["relu1", "relu4"])
def test_the_principal_axes_of_a_layer(benchmark: Any, nets: Any, layer: str) -> None:
    points = vectors(nets["cnn"], digits.test_set().images[:ENOUGH], layer)
    benchmark.pedantic(lambda: Basis(points), rounds=3)


@pytest.mark.parametrize("name", METHODS)
def test_a_map_of_2000_points(benchmark: Any, nets: Any, name: str) -> None:
    basis = Basis(vectors(nets["cnn"], digits.test_set().images[:ENOUGH], "relu4"))
    benchmark.pedantic(lambda: list(METHODS[name].fit(basis.coordinates, basis.coordinates[:, :2])), rounds=2,
                       warmup_rounds=1)  # fmt: skip


@pytest.mark.parametrize("name", ["saliency", "integrated gradients", "SmoothGrad", "DeepLift", "LRP", "occlusion"])
def test_an_attribution_in_three_nets(benchmark: Any, nets: Any, name: str) -> None:
    x, target = digits.test_set().images[7:8], Target("logits", 9)
    able = [net for net in nets.values() if why_not(name, net) is None]
    benchmark(lambda: [ATTRIBUTIONS[name](net, x, target) for net in able])


def test_all_fifteen_attributions_in_three_nets(benchmark: Any, nets: Any) -> None:
    x, target = digits.test_set().images[7:8], Target("logits", 9)
    cells = [
        (explain, net) for name, explain in ATTRIBUTIONS.items() for net in nets.values() if not why_not(name, net)
    ]
    benchmark.pedantic(lambda: [explain(net, x, target) for explain, net in cells], rounds=3, warmup_rounds=1)


CAT = 285
PLAIN: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {
    "saliency": lambda net, x: attr.Saliency(net).attribute(x, target=CAT),
    "integrated gradients": lambda net, x: attr.IntegratedGradients(net).attribute(
        x, target=CAT, n_steps=STEPS, internal_batch_size=16),
    "SmoothGrad": lambda net, x: attr.NoiseTunnel(attr.Saliency(net)).attribute(
        x, target=CAT, nt_samples=PIECES[3][0] * COPIES[3], nt_samples_batch_size=COPIES[3], stdevs=0.15),
    "guided backprop": lambda net, x: attr.GuidedBackprop(net).attribute(x, target=CAT),
    "DeepLift": lambda net, x: attr.DeepLift(net).attribute(x, target=CAT),
    "occlusion": lambda net, x: attr.Occlusion(net).attribute(
        x, (3, 16, 16), strides=(3, 8, 8), target=CAT, perturbations_per_eval=16),
    "feature ablation": lambda net, x: attr.FeatureAblation(net).attribute(
        x, target=CAT, feature_mask=superpixels(x), perturbations_per_eval=16),
    "Shapley sampling": lambda net, x: attr.ShapleyValueSampling(net).attribute(
        x, target=CAT, feature_mask=superpixels(x), perturbations_per_eval=16),
    "Grad-CAM": lambda net, x: attr.LayerGradCam(net, net.get_submodule("head_relu")).attribute(x, target=CAT),
}  # fmt: skip


@pytest.mark.parametrize("who", ["ours", "Captum called plainly"])
@pytest.mark.parametrize("name", PLAIN)
def test_an_attribution_of_a_photo(benchmark: Any, name: str, who: str) -> None:
    """Captum called plainly: weights not frozen, channels first, as many steps in batches of as many.

    Grad-CAM is told its layer, as the page does.
    """
    net, x = load("photo"), photos.to_input(photos.sample("cat"))[None]
    options = {"layer": "head_relu"} if name == "Grad-CAM" else {}
    if who == "ours":
        work = partial(ATTRIBUTIONS[name], net, x, Target("logits", CAT), **options)
    else:
        work = partial(PLAIN[name], net.requires_grad_(True), x)
    slow = name in ("occlusion", "Shapley sampling")
    benchmark.pedantic(work, rounds=1 if slow else 5, warmup_rounds=0 if slow else 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_report_of_a_net_and_seed(benchmark: Any, name: str) -> None:
    """Every measure of every layer, of 2,000 images."""
    net = report.Net(name, "trained", "trained", 0, "seed-0")
    benchmark.pedantic(lambda: list(report.of_net(net, report.measures_of(name))), rounds=1)


@pytest.mark.parametrize("name", NAMES)
def test_c11_of_a_net_and_seed(benchmark: Any, name: str) -> None:
    """What the named eighth of what each unit reads is good for, with all that it is put beside."""
    net = report.Net(name, "trained", "trained", 0, "seed-0")
    names = [measure for measure, own in MEASURES.items() if own.longest]
    benchmark.pedantic(lambda: list(report.of_net(net, names)), rounds=1)


@pytest.mark.parametrize("name", ["dense", "cnn", "rnn", "photo"])
def test_a_graph_of_three_rows_of_five(benchmark: Any, name: str) -> None:
    image = photos.sample_views()[:1] if name == "photo" else digits.test_set().images[84:85]
    net, layers = load(name), list_layers(load(name), MODELS[name].input_shape)
    own = stages(layers, "logits", MODELS[name].landmarks)
    benchmark(lambda: graph(Run(net, image, own), 8, k=5, rows=3))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("deep", [False, True])
def test_a_cut_in_64_variants(benchmark: Any, nets: Any, name: str, deep: bool) -> None:
    """Of the layer before the logits, or of the first one."""
    layer = {"dense": ("relu2", "relu1"), "cnn": ("relu4", "relu1"), "rnn": ("lstm2", "lstm1")}[name][deep]
    image = digits.test_set().images[84:85]
    fill = torch.zeros_like(record(nets[name], image, [layer])[layer][0])
    sets = [[number % len(fill)] for number in range(64)]
    benchmark(lambda: cut(nets[name], image, layer, sets, fill, ["logits"]))


def test_the_influence_of_every_row_on_every_state(benchmark: Any, nets: Any) -> None:
    """Of a digit, in both layers, exactly."""
    image = digits.test_set().images[84:85]
    benchmark(lambda: influence(nets["rnn"], image))


def test_all_gates_and_states_over_300_characters(benchmark: Any) -> None:
    net, text = load("text"), one_hot(encode(held_out_text()[:300])[None])
    benchmark(lambda: all_unrolled(net, text))


def test_the_influence_of_30_characters(benchmark: Any) -> None:
    """As the page shows it: from eight random directions, behind 60 characters more."""
    net, text = load("text"), one_hot(encode(held_out_text()[:90])[None])
    benchmark(lambda: influence(net, text, 30, 8, Generator().manual_seed(0)))


def test_the_search_for_cells_over_100000_characters(benchmark: Any) -> None:
    """What cells put out along the text, and their agreement with every feature."""
    net, text = load("text"), held_out_text()[:100_000]

    def search() -> None:
        outputs = torch.cat([part.activations["lstm2"] for part in along(net, text, ["lstm2"])], 1)
        agreements(outputs, {name: feature.of(text) for name, feature in FEATURES.items()})

    benchmark.pedantic(search, rounds=3)


TOGETHER = {"dense": "fc2", "cnn": "conv4", "rnn": "lstm2"}


@pytest.mark.parametrize("way", ["by itself", "put together"])
@pytest.mark.parametrize("name", NAMES)
def test_the_picture_of_a_unit(benchmark: Any, nets: Any, name: str, way: str) -> None:
    """128 steps either way."""
    image, last, recipe = digits.test_set().images[84:85], TOGETHER[name], replace(WITH_PRIOR, steps=128)
    run = Run(nets[name], image, stages(list_layers(nets[name], (1, 28, 28)), last))
    stage, place = run.stages[-1], run.strongest(run.stages[-1], 8)
    weights, named = run.weights(stage, 8, place), range(8)
    benchmark.pedantic(
        (lambda: list(climb(nets[name], last, [8], recipe))) if way == "by itself"
        else lambda: list(put_together(nets[name], stage.reads, weights, [named], last, 8, recipe)), rounds=5,
    )  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, "photo"])
def test_a_net_fooled_by_the_smallest_epsilon(benchmark: Any, name: str) -> None:
    photo = name == "photo"
    image = photos.to_input(photos.sample("cat"))[None] if photo else digits.test_set().images[84:85]
    net, recipe = load(name), ON_PHOTOS if photo else Fooling()
    benchmark.pedantic(lambda: list(fool(net, image, recipe)), rounds=1 if photo else 5)


@pytest.mark.parametrize("name", ["photo", *NAMES])
@pytest.mark.parametrize("technique", [dream, caricature])
def test_a_dream_and_a_caricature(benchmark: Any, technique: Callable[..., Iterator[Any]], name: str) -> None:
    """A photo of 224 pixels in four octaves of ten steps, and a caricature in 96; digits by the usual recipes."""
    net = load(name)
    if name == "photo":
        image, recipe = photos.to_input(photos.sample("cat"))[None], Dream(octaves=4, steps=10)
    else:
        image, recipe = digits.test_set().images[84:85], replace(DREAMS["digits"], layer=TOGETHER[name])
    if technique is caricature:
        recipe = Caricature() if name == "photo" else replace(CARICATURES["digits"], layer=TOGETHER[name])
    benchmark.pedantic(lambda: list(technique(net, image, recipe)), rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("name", ["cnn", "photo"])
@pytest.mark.parametrize("technique", ["texture", "style"])
def test_a_texture_of_four_depths_and_a_picture_in_a_style(benchmark: Any, name: str, technique: str) -> None:
    """Of photos 192 pixels, 200 steps."""
    sources, sees = (["cat", "tissue"], "photos") if name == "photo" else (["digit 84", "digit 3"], "digits")
    recipe = {"texture": texture, "style": style}[technique].RECIPES[sees]
    net, pictures = load(name), pictures_of(sources, recipe.side)
    benchmark.pedantic(lambda: list(TECHNIQUES[technique](net, pictures, recipe)), rounds=1 if name == "photo" else 3)


def test_mouse_up_to_new_pictures_in_chromium(benchmark: Any, server: str, open_page: Callable[..., Page]) -> None:
    """From letting go of a stroke until the last net's pictures have changed; the page itself measures it."""
    page = open_page(server)
    draw_with_mouse(page, 7)
    page.locator(".st-key-column-rnn svg.marks image").first.wait_for()
    page.wait_for_timeout(2000)
    seen = "document.querySelector('.st-key-column-rnn svg.marks image')?.getAttribute('href')"
    places = iter(range(20, 260, 8))
    corner = page.locator("canvas.upper-canvas").bounding_box()
    assert corner is not None

    def press() -> tuple[tuple[str], dict[str, Any]]:
        page.wait_for_timeout(700)
        y = corner["y"] + next(places)
        page.mouse.move(corner["x"] + 40, y)
        page.mouse.down()
        page.mouse.move(corner["x"] + 60, y, steps=3)
        return (page.evaluate(seen),), {}

    def release(before: str) -> None:
        page.mouse.up()
        page.wait_for_function(f"before => {seen} !== before", arg=before, polling=5)

    benchmark.pedantic(release, setup=press, rounds=15)
