"""What a page's link held stands in it again when the page comes back."""

from streamlit.testing.v1 import AppTest


def script() -> None:
    import streamlit as st

    from pages.frame import link

    link.arrive(st.session_state["at"])
    if st.session_state.get("cut short"):
        st.stop()
    if st.session_state.pop("close", False):
        link.put("unit", None)
    st.write(link.get("unit") or "none")


def visit(at: AppTest, page: str, link: dict[str, str], **state: bool) -> str:
    """Go to a page, as a switch of pages does: with a link of its own."""
    at.query_params.clear()
    at.query_params.update(link)
    at.session_state["at"] = page
    for name, value in {"cut short": False, **state}.items():
        at.session_state[name] = value
    at.run()
    return at.markdown[0].value if at.markdown else ""


def test_a_value_comes_back_with_its_page_and_not_with_another() -> None:
    at = AppTest.from_function(script)
    assert visit(at, "draw", {"unit": "cnn/relu1/0"}) == "cnn/relu1/0"
    assert visit(at, "nets", {}) == "none"
    assert visit(at, "draw", {}) == "cnn/relu1/0"
    assert at.query_params["unit"] in ("cnn/relu1/0", ["cnn/relu1/0"])


def test_it_comes_back_even_where_the_first_run_is_cut_short() -> None:
    at = AppTest.from_function(script)
    visit(at, "draw", {"unit": "cnn/relu1/0"})
    visit(at, "nets", {})
    assert visit(at, "draw", {}, **{"cut short": True}) == ""
    assert visit(at, "draw", {}) == "cnn/relu1/0"


def test_what_was_closed_stays_closed() -> None:
    at = AppTest.from_function(script)
    visit(at, "draw", {"unit": "cnn/relu1/0"})
    assert visit(at, "draw", {"unit": "cnn/relu1/0"}, close=True) == "none"
    visit(at, "nets", {})
    assert visit(at, "draw", {}) == "none"
    visit(at, "draw", {"unit": "dense/fc1/1"})
    assert visit(at, "draw", {}) == "none"  # the browser's Back went to a link without it


def test_a_widget_that_still_reports_with_the_old_link_takes_nothing_out_of_the_new_one() -> None:
    at = AppTest.from_function(script)
    visit(at, "draw", {"unit": "cnn/relu1/0"})
    visit(at, "nets", {})
    assert [visit(at, "draw", {}) for _ in range(3)] == ["cnn/relu1/0"] * 3
    assert visit(at, "draw", {"unit": "cnn/relu1/0"}) == "cnn/relu1/0"  # the browser has it now
    assert visit(at, "draw", {}) == "none"
