"""The page Guess in a real Chromium: the same ten from the same link, by mouse and by the arrow keys."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def by_mouse(page: Page, left: bool) -> None:
    page.get_by_role("button", name="This one").nth(0 if left else 1).click()
    at_rest(page, "it answers")
    page.locator(".st-key-choice").get_by_role("button", name="Next").click()


def by_keys(page: Page, left: bool) -> None:
    page.keyboard.press("ArrowLeft" if left else "ArrowRight")
    at_rest(page, "it answers")
    page.keyboard.press("ArrowRight" if left else "Enter")


def at_rest(page: Page, words: str) -> None:
    """Wait for the words, and until the page is drawn: what is pressed while a button takes its place is lost."""
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator('[data-test-script-state="notRunning"]')).to_have_count(1)
    page.wait_for_timeout(100)


def play(page: Page, press: Callable[[Page, bool], None]) -> tuple[list[str], list[str]]:
    """Choose the left one again and again, and now and then the right one: units, and which answers were right."""
    units = []
    for number in range(1, 11):
        at_rest(page, f"question {number} of 10")
        units.append(page.locator("code.unit").inner_text())
        press(page, number % 3 > 0)
    expect(page.get_by_role("heading", name="You")).to_be_visible()
    expect(page.locator(".st-key-again button")).to_have_count(10)
    return units, page.locator(".st-key-again button").all_inner_texts()


def test_the_same_link_asks_the_same_ten_by_mouse_and_by_keys(server: str, open_page: Open) -> None:
    first, second = (open_page(f"{server}/guess?round=4") for _ in range(2))
    clicked, pressed = play(first, by_mouse), play(second, by_keys)
    assert clicked == pressed and len(set(clicked[0])) == 10
    said = [page.locator(".st-key-result").inner_text() for page in (first, second)]
    assert said[0] == said[1]
    at_rest(second, "With the same pictures")
    second.keyboard.press("Enter")
    expect(second.get_by_text("Round 5, question 1 of 10")).to_be_visible()
    second.wait_for_url("**round=5&question=1")


def test_after_a_click_on_the_switch_the_arrow_keys_answer(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/guess?round=4")
    at_rest(page, "question 1 of 10")
    page.get_by_text("Which square?").click()
    at_rest(page, "Which square, erased")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("without this square it answers")).to_be_visible()
    page.wait_for_url("**ask=square**question=1")


def test_a_phone_shows_pictures_and_both_images_on_its_first_screen(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/guess?round=1", width=390, height=844, touch=True)
    buttons = page.get_by_role("button", name="This one")
    expect(buttons).to_have_count(2)
    for number in (0, 1):
        box = buttons.nth(number).bounding_box()
        assert box is not None and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
