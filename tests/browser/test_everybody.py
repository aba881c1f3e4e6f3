"""Every page for everybody: with a reader that reads aloud, by the keyboard, on a phone, and back again."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.images import Theme
from pages.frame import navigation
from tests.browser.menu import go_to
from tests.drawing import draw_with_mouse

Open = Callable[..., Page]
THEMES: tuple[Theme, ...] = ("light", "dark")
LINKS = [
    "/", "/?digit=none", "/?digit=7", "/?digit=7&unit=cnn%2Frelu3%2F7", "/?digit=7&erase=true&unit=rnn%2Flstm2%2F5",
    "/?digit=7&weights=in+training",
    "/photo", "/photo?photo=cat&unit=photo%2Fblock8%2F3",
    "/weights", "/weights?deep=rnn&unit=cnn%2Fconv1%2F1",
    "/features", "/features?unit=cnn%2Fconv3%2F5", "/features?sees=photos",
    "/attribution", "/attribution?digit=none", "/attribution?digit=7", "/attribution?digit=7&unit=cnn%2Frelu3%2F7",
    "/attribution?images=photos&photo=cat",
    "/circuits", "/circuits?unit=dense%2Flogits%2F3&closer=turn+a+unit", "/circuits?unit=photo%2Fblock2%2F6&photo=cat",
    "/circuits?unit=rnn%2Flstm2%2F12&closer=cut+units+out", "/circuits?closer=put+it+together",
    "/make?make=DeepDream", "/make?make=Caricature", "/make?make=DeepDream&made-from=a+digit&digit=7",
    "/guess?round=1", "/neighbours", "/neighbours?digit=7", "/neighbours?images=photos&photo=cat",
    "/maps", "/maps?digit=7", "/memory", "/memory?digit=7&layer=lstm1&influence=one+row+blanked&read=28",
    "/memory?reads=a+text", "/memory?reads=a+text&tracks=a+cell+by+its+number&cell-number=7&behind=9",
    "/memory?reads=three+nets",
    "/evidence", "/evidence?claim=C4", "/evidence?claim=C2&yourself=true",
    "/evidence?touch=true&depth=1&twin=true", "/evidence?touch=true&images=photos&layer=head",
    "/xor", "/xor?points=own&own=aauuUAAU", "/xor?points=own",
    "/xor?points=spirals&hidden=4&units1=16&activation=ReLU&unit=hidden1%2F0",
    "/symmetry", "/symmetry?move=turn&by-turn=-40", "/symmetry?digit=7&kind=trained&layer-cnn=relu3", "/nets",
]  # fmt: skip
AT_ONCE = {"/?digit=7&unit=cnn%2Frelu3%2F7"}  # the others take minutes
# The menu of a group of pages opens outside of all landmarks, as in a bare app of two pages in two groups.
STREAMLITS = ("region", "data-floating-ui-portal")
AT_REST = """() => document.querySelector('[data-test-script-state="notRunning"]') &&
!document.querySelector('[data-testid="stSpinner"], [data-stale="true"]') && document.querySelector("h1")"""


def slowly(links: list[str], at_once: set[str]) -> list[object]:
    return [link if link in at_once else pytest.param(link, marks=pytest.mark.slow) for link in links]


def at_rest(page: Page) -> Page:
    """The page when nothing has changed for a second."""
    still = 0
    while still < 5:
        page.wait_for_timeout(200)
        still = still + 1 if page.evaluate(AT_REST) else 0
    return page


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    every = [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
    return [f"{rule}: {html[:200]}" for rule, html in every if rule != STREAMLITS[0] or STREAMLITS[1] not in html]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("link", slowly(LINKS, AT_ONCE))
def test_axe_finds_nothing_on_any_page(server: str, open_page: Open, link: str, theme: Theme) -> None:
    page = at_rest(open_page(server + link, height=1000, theme=theme))
    assert violations(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("link", ["/", "/features", "/attribution", "/attribution?images=photos", "/neighbours"])
def test_axe_finds_nothing_in_what_opens(server: str, open_page: Open, link: str, theme: Theme) -> None:
    page = at_rest(open_page(server + link, height=1000, theme=theme))
    more = page.get_by_role("button", name="More")
    assert more.count()
    for place in range(more.count()):
        more.nth(place).click()
        page.wait_for_timeout(500)
        assert violations(at_rest(page)) == []
        page.keyboard.press("Escape")
    page.get_by_text("How this is computed").click()
    page.get_by_test_id("stTopNavSection").first.click()
    expect(page.get_by_role("menuitem").first).to_be_visible()
    assert violations(at_rest(page)) == []


def test_axe_finds_what_is_put_on_the_page(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/nets"))
    page.evaluate("document.querySelector('h1').after(document.createElement('img'))")
    assert [found.split(":")[0] for found in violations(page)] == ["image-alt"]


def test_every_chart_and_every_picture_says_what_it_shows(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/?digit=7&unit=cnn%2Frelu3%2F7"))
    charts = page.locator('[data-testid="stVegaLiteChart"]')
    said = [charts.nth(place).get_attribute("aria-label") for place in range(charts.count())]
    assert len(said) > 4 and all(said)
    assert "It answers 9 with" in " ".join(filter(None, said))
    described = page.locator('[data-testid="stImage"] img').evaluate_all("every => every.map(one => one.alt)")
    assert len(described) > 4 and all(described) and "trained: what it looks for" in described


@pytest.mark.parametrize(
    "link", slowly([link for link in LINKS if "unit=" not in link], {"/?digit=none", "/attribution?digit=none"})
)
def test_a_phone_shows_every_page_within_its_width(server: str, open_page: Open, link: str) -> None:
    page = at_rest(open_page(server + link, width=390, height=844, touch=True))
    for box in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{box}.scrollWidth") == page.evaluate("visualViewport.width") == 390


def test_a_phone_shows_what_one_draws_and_three_answers_at_once(server: str, open_page: Open) -> None:
    page = open_page(server, width=390, height=844, touch=True)
    draw_with_mouse(page, 3)
    answers = page.locator(".answers-in-short")
    expect(answers.locator("b")).to_have_text(["3", "3", "3"])
    boxes = [part.bounding_box() for part in (page.locator("canvas.upper-canvas"), answers)]
    assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= 844 for box in boxes)
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)


def tab_to(page: Page, key: str) -> None:
    """Press Tab until the keyboard is on something inside what has that key."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.locator(f".st-key-{key} :focus").count():
            return
    raise AssertionError(f"the keyboard does not come to {key}")


def width(page: Page, key: str) -> float:
    box = page.locator(f'[data-testid="stLayoutWrapper"]:has(> .st-key-{key})').bounding_box()
    assert box is not None
    return box["width"]


def choose(page: Page, words: str) -> None:
    """Write into the list that the keyboard is on, and take the first that fits."""
    page.keyboard.type(words)
    expect(page.get_by_role("option").first).to_have_text(words)
    page.keyboard.press("Enter")


def test_a_unit_is_opened_and_closed_by_the_keyboard(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/?digit=7"))
    assert width(page, "keys-column-cnn") <= 1  # until the keyboard comes
    tab_to(page, "keys-column-cnn")
    assert width(page, "keys-column-cnn") > 100
    choose(page, "cnn/relu3/7")
    expect(page.locator("code.unit")).to_have_text("cnn/relu3/7")
    page.get_by_role("button", name="Close").focus()
    page.keyboard.press("Enter")
    expect(page.locator("code.unit")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "key", "unit"),
    [
        ("/photo", "keys-wall", "photo/stem/0"),
        ("/weights", "keys-weights-cnn-conv1-input-", "cnn/conv1/3"),
        ("/features", "keys-row-cnn-conv2", "cnn/conv2/3"),
    ],
)
def test_units_of_other_pages_are_opened_by_the_keyboard(
    server: str, open_page: Open, link: str, key: str, unit: str
) -> None:
    page = at_rest(open_page(server + link))
    tab_to(page, key)
    choose(page, unit)
    expect(page.locator("code.unit")).to_have_text(unit)


@pytest.mark.slow
def test_a_place_is_chosen_by_the_keyboard(server: str, open_page: Open) -> None:
    page = at_rest(open_page(f"{server}/evidence?touch=true"))
    tab_to(page, "keys-touch-cnn-trained")
    choose(page, "row 2, column 6")
    page.wait_for_url("**place=4-12*")
    expect(page.locator(".st-key-fields")).to_contain_text("at row 2, column 6")


@pytest.mark.slow
@pytest.mark.parametrize(("net", "place"), [("cnn", "8-8"), ("rnn", "8-14")])
def test_a_click_in_a_picture_chooses_its_place(server: str, open_page: Open, net: str, place: str) -> None:
    """A quarter from the top and from the left; a row leaves the column."""
    page = at_rest(open_page(f"{server}/evidence?touch=true"))
    picture = page.locator(f".st-key-touch-{net}-trained svg.marks")
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": box["width"] / 4 + 3, "y": box["height"] / 4 + 3})
    page.wait_for_url(f"**place={place}*")


@pytest.mark.parametrize("name", slowly([name for name in navigation.PAGES if name != "draw"], {"features", "guess"}))
def test_back_needs_one_press_and_the_drawing_is_there(server: str, open_page: Open, name: str) -> None:
    page = open_page(server)
    draw_with_mouse(page, 3)
    expect(page.locator(".answer .label")).to_have_text(["3", "3", "3"])
    page.wait_for_url("**ink=*")
    drawn, entries = at_rest(page).url, page.evaluate("history.length")
    go_to(page, navigation.PAGES[name][1])
    page.wait_for_url(f"**/{name}*")
    at_rest(page)
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    expect(page.locator(".answer .label")).to_have_text(["3", "3", "3"])
    assert at_rest(page).url == drawn
