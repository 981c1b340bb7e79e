"""Every page of the built site, as a reader's browser sees it.

Each page is opened twice: over HTTP in the light theme, and from the folder, without
a server, in the dark theme. Both times on a desktop and on a small phone.
"""

import json
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
RULES = {  # the dark theme differs in its colours only
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

# Words of code and formulas come in few kinds and by the thousand; axe, which needs
# milliseconds for each, gets the first of every kind, and the rest as plain text.
THIN_OUT = """() => {
  const met = new Set();
  for (const part of document.querySelectorAll(".highlight span, mjx-container")) {
    const block = part.closest(".highlight")?.parentElement.className;
    const kind = [part.className, part.getAttribute("display"), block].join();
    if (met.has(kind)) part.replaceWith(part.textContent);
    met.add(kind);
  }
  document.body.normalize();
}"""

VIOLATIONS = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.target.join(" ")}`));
}"""

TOO_WIDE = """() => document.documentElement.scrollWidth
  - document.documentElement.clientWidth"""

# Formulas in a closed block have no size; the reader opens it first.
FORMULAS = """() => [...document.querySelectorAll("mjx-container")]
  .filter((formula) => !formula.closest("details:not([open])"))
  .map((formula) => Math.min(formula.getBoundingClientRect().width,
                             formula.getBoundingClientRect().height))"""


@dataclass
class Visit:
    """What was seen when a page was opened."""

    theme: str = ""
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: int = 0


def watch(page, visit):
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("pageerror", lambda error: visit.errors.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: (
            visit.errors.append(f"console: {message.text}")
            if message.type == "error"
            else None
        ),
    )
    page.on(
        "response",
        lambda response: (
            visit.errors.append(f"{response.status}: {response.url}")
            if response.status >= 400
            else None
        ),
    )


def open_all(browser, start, pages, scheme):
    """Opens every page; returns {page: Visit}."""
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    visits = {}
    context = browser.new_context(
        color_scheme=scheme,
        reduced_motion="reduce",
        viewport=DESKTOP,
    )
    for name in pages:
        visit = visits[name] = Visit()
        page = context.new_page()
        watch(page, visit)
        page.goto(f"{start}/{name}", wait_until="load")
        page.wait_for_selector("h1:visible")  # index.html leads on
        visit.theme = page.evaluate("document.documentElement.dataset.theme")
        page.set_viewport_size(PHONE)
        visit.too_wide = page.evaluate(TOO_WIDE)
        page.set_viewport_size(DESKTOP)
        page.evaluate(THIN_OUT)
        page.evaluate(axe)
        visit.violations = page.evaluate(VIOLATIONS, RULES[scheme])
        page.close()
    context.close()
    return visits


@pytest.fixture(scope="module")
def over_http(browser, address, pages):
    return open_all(browser, address, pages, "light")


@pytest.fixture(scope="module")
def from_folder(browser, site, pages):
    return open_all(browser, site.as_uri(), pages, "dark")


@pytest.fixture(params=["over_http", "from_folder"])
def visits(request):
    return request.getfixturevalue(request.param)


def listed(problems):
    return "\n" + "\n".join(f"{page}: {problem}" for page, problem in problems)


def notebook_pages(pages):
    return [page for page in pages if page.startswith("notebooks/")]


def test_themes_are_what_they_should_be(over_http, from_folder):
    assert {visit.theme for visit in over_http.values()} == {"light"}
    assert {visit.theme for visit in from_folder.values()} == {"dark"}


def test_no_request_leaves_the_site(visits, address, site):
    inside = (f"{address}/", f"{site.as_uri()}/", "data:", "blob:")
    problems = [
        (page, url)
        for page, visit in visits.items()
        for url in visit.requests
        if not url.startswith(inside)
    ]
    assert not problems, listed(problems)


def test_no_error_in_the_console_and_nothing_missing(visits):
    problems = [(page, said) for page, visit in visits.items() for said in visit.errors]
    assert not problems, listed(problems)


def test_no_accessibility_rule_is_broken(visits):
    problems = [
        (page, rule) for page, visit in visits.items() for rule in visit.violations
    ]
    assert not problems, listed(problems)


def test_nothing_is_wider_than_a_small_phone(visits):
    problems = [
        (page, f"{visit.too_wide} px too wide")
        for page, visit in visits.items()
        if visit.too_wide > 0
    ]
    assert not problems, listed(problems)


def test_text_and_formulas_need_no_script(browser, address, pages):
    context = browser.new_context(java_script_enabled=False)
    problems, formulas = [], 0
    page = context.new_page()
    for name in pages:
        page.goto(f"{address}/{name}")
        page.wait_for_selector("h1:visible")
        sizes = page.evaluate(FORMULAS)
        formulas += len(sizes)
        if empty := sum(size <= 1 for size in sizes):
            problems.append((name, f"{empty} of {len(sizes)} formulas are empty"))
    context.close()
    assert not problems, listed(problems)
    assert formulas > 20, "the book has formulas"


def test_copy_buttons_copy_the_cell(tab, address, pages):
    problems = []
    for name in notebook_pages(pages):
        source = NOTEBOOKS / Path(name).with_suffix(".ipynb").name
        cells = json.loads(source.read_text("utf-8"))["cells"]
        want = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
        tab.goto(f"{address}/{name}")
        tab.wait_for_selector("button.copybtn", state="attached")
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        got = []
        for button in tab.locator(".cell button.copybtn").all():
            tab.evaluate("navigator.clipboard.writeText('')")
            button.click(force=True)
            got.append(tab.evaluate("navigator.clipboard.readText()"))
        if len(got) != len(want):
            problems.append((name, f"{len(got)} buttons for {len(want)} code cells"))
        for i, (copied, cell) in enumerate(zip(got, want, strict=False)):
            if copied.rstrip("\n") != cell.rstrip("\n"):
                problems.append((name, f"cell {i} is copied as {copied!r}"))
    assert not problems, listed(problems)


@pytest.mark.parametrize("word", ["receptive", "SeparableDilatedConv2d"])
def test_search_finds_prose_and_code(tab, address, site, word):
    for start in (address, site.as_uri()):
        tab.goto(f"{start}/search.html?q={quote(word)}")
        hits = tab.locator("ul.search li a[href]")
        hits.first.wait_for()
        links = hits.evaluate_all("links => links.map(link => link.href)")
        assert any("03-4-separable-dilated.html" in link for link in links), links


def test_first_tab_stop_skips_to_the_text(tab, address, pages):
    tab.goto(f"{address}/{notebook_pages(pages)[0]}")
    tab.keyboard.press("Tab")
    link = tab.evaluate("document.activeElement.getAttribute('href')")
    assert link == "#main-content"
    assert tab.locator(":focus").is_visible()
    tab.keyboard.press("Enter")
    assert tab.locator("#main-content:target h1:visible").count() == 1
