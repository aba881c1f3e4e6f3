"""The navigation in a real browser: pages stand in groups, whose menus open with a click."""

from playwright.sync_api import Page

from pages.frame.navigation import PAGES


def go_to(page: Page, title: str) -> None:
    """Choose a page by its title, as a visitor at a desk does."""
    group = next(group for group, its in PAGES.values() if its == title)
    page.get_by_test_id("stTopNavSection").filter(has_text=group).click()
    page.get_by_role("menuitem", name=title, exact=True).click()
