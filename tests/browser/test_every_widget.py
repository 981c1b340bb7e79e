"""What every widget promises, whatever it shows."""

from pathlib import Path

import pytest

SCRIPTS = (Path(__file__).resolve().parents[2] / "book/_static/widgets").glob("*.js")
NAMES = sorted(f"book-{script.stem}" for script in SCRIPTS if script.stem != "widgets")
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module", params=NAMES)
def widget_page(request, pages, site):
    """The name of a widget and a page that has it."""
    for page in pages:
        if f"<{request.param}" in (site / page).read_text("utf-8"):
            return request.param, page
    pytest.fail(f"no page of the site has a {request.param}")


def test_it_has_a_name_and_says_what_changes(tab, address, widget_page):
    name, page = widget_page
    tab.goto(f"{address}/{page}")
    widget = tab.locator(name)
    assert widget.get_attribute("role") == "group"
    assert widget.get_attribute("aria-label")
    assert widget.locator("[aria-live=polite]").first.inner_text()
    for picture in widget.locator("svg").all():
        assert picture.get_attribute("role") == "img"
        assert picture.get_attribute("aria-label")


def test_two_on_a_page_keep_apart(tab, address, widget_page):
    name, page = widget_page
    tab.goto(f"{address}/{page}")
    ids = tab.evaluate(
        """name => {
          const [one] = document.getElementsByTagName(name);
          one.after(document.createElement(name));
          return [...document.querySelectorAll(`${name} [id]`)].map(({id}) => id);
        }""",
        name,
    )
    assert tab.locator(name).count() == 2
    assert len(ids) == len(set(ids))


def test_moved_on_the_page_it_keeps_its_state(tab, address, widget_page):
    name, page = widget_page
    tab.goto(f"{address}/{page}")
    widget = tab.locator(name)
    widget.get_by_role("button").nth(2).click()
    before = widget.inner_text()
    widget.evaluate("one => document.querySelector('h1').after(one)")
    assert widget.inner_text() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_a_finger(browser, site, widget_page, scheme):
    """From the folder, without a server."""
    name, page = widget_page
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, has_touch=True)
    tab = context.new_page()
    tab.goto(f"{site.as_uri()}/{page}")
    parts = tab.locator(f"{name} :is(button, input, select, svg)")
    boxes = parts.evaluate_all(
        """all => all.map(one => {
          const {left, right, height} = one.getBoundingClientRect();
          return [left, right, height];
        })"""
    )
    context.close()
    assert min(left for left, _, _ in boxes) >= 0
    assert max(right for _, right, _ in boxes) <= PHONE["width"]
    assert min(height for *_, height in boxes) >= 44


def test_its_colours_follow_the_theme(browser, site, widget_page):
    name, page = widget_page
    seen = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        tab = context.new_page()
        tab.goto(f"{site.as_uri()}/{page}")
        ink = "one => getComputedStyle(one).getPropertyValue('--bw-ink')"
        seen.append(tab.locator(name).evaluate(ink))
        context.close()
    assert seen[0] != seen[1]


def test_words_stay_without_scripts(browser, address, widget_page):
    name, page = widget_page
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{address}/{page}")
    words = tab.locator(name)
    assert words.locator("table").is_visible()
    assert "With scripts on" in words.inner_text()
    context.close()


def test_it_prints_its_words(tab, address, widget_page):
    name, page = widget_page
    tab.goto(f"{address}/{page}")
    tab.emulate_media(media="print")
    widget = tab.locator(name)
    assert widget.locator("svg").first.is_visible()
    assert widget.locator(".bw-numbers").is_visible()
