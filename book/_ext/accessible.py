"""Mend what the theme and its companions leave unsaid, or say wrongly.

Most entries are faults that axe-core reports on pages nobody has touched. They are
mended in the written pages because they come from four different packages.
"""

import re
from pathlib import Path

#: The theme's button that unfolds a chapter has no name: name it after the chapter.
UNFOLD = re.compile(
    r'(<a class="[^"]*\breference internal\b[^"]*" href="[^"]*">((?:(?!</a>).)*)</a>'
    r"<details[^>]*>)<summary>",
    re.DOTALL,
)

#: The empty corner of a table of Markdown is no heading.
CORNER = re.compile(r'<th class="head[^"]*">\s*(?:<p>\s*</p>)?\s*</th>')

REPLACE = (
    # The theme: "auto" is no theme to a reader without scripts; with them, the script
    # in the head has the last word.
    ('data-theme="auto"', 'data-theme="light"'),
    # MyST-NB: the label of a hidden cell contradicts the words it shows.
    ('<summary aria-label="Toggle hidden content">', "<summary>"),
    # docutils: roles that are deprecated, or not allowed where they stand.
    (' role="doc-biblioentry"', ""),
    ('<div role="list" class="citation-list">', '<div class="citation-list">'),
)


def name_of(link):
    """The words of a link, without its markup and without drawn formulas."""
    text = re.sub(r"<mjx-container.*?</mjx-container>", "…", link, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", text).split()).replace('"', "&quot;")


def mend(page):
    page = UNFOLD.sub(
        lambda m: f'{m[1]}<summary aria-label="Sections of {name_of(m[2])}">', page
    )
    page = CORNER.sub("<td></td>", page)
    for old, new in REPLACE:
        page = page.replace(old, new)
    return page


def finish(app, error):
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text("utf-8")
        mended = mend(page)
        if mended != page:
            path.write_text(mended, "utf-8")


def setup(app):
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
