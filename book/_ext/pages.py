"""What every page needs and neither Sphinx nor the theme adds.

* a description for search engines: a page of Markdown states its own
  (``myst: html_meta: description:``), a notebook's is its claim;
* figures that state their size and load when they come near: the text does not wait
  for them, and does not jump when they come;
* hidden cells tagged ``solution`` are called so on what opens them;
* a front page at the site's root that leads to the landing page.
"""

import html
import re
from pathlib import Path
from urllib.parse import unquote

import imagesize
from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

FRONT = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="description" content="{description}" />
    <meta http-equiv="refresh" content="0; url={root}.html" />
    <link rel="icon" href="_static/favicon.svg" />
    <title>{title}</title>
  </head>
  <body>
    <main><h1>{title}</h1><p><a href="{root}.html">Open the book</a></p></main>
  </body>
</html>
"""


def claim_of(doctree):
    """The paragraph that starts with **Claim.**, without that word."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if text.startswith("Claim. ") and next(paragraph.findall(nodes.strong), None):
            return text.removeprefix("Claim. ")
    return None


def shorten(text, limit=160):
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0] + "…"


def describe(app, pagename, templatename, context, doctree):
    # docutils adds a second viewport where the page states meta data.
    tags = re.sub(r'<meta name="viewport"[^>]*>\s*', "", context.get("metatags", ""))
    context["metatags"] = tags
    if 'name="description"' in tags:
        return
    claim = claim_of(doctree) if doctree else None
    if claim is None and pagename in app.env.found_docs:
        logger.warning("%s has no description", pagename, type="pages")
    text = shorten(claim or f"{pagename.title()}: {app.config.html_title}")
    context["metatags"] += (
        f'<meta name="description" content="{html.escape(text)}" />\n'
    )


def name_solutions(app, doctree):
    for cell in doctree.findall(nodes.container):
        if "tag_solution" in cell["classes"]:
            cell["prompt_show"] = "Show the solution"
            cell["prompt_hide"] = "Hide the solution"


FIGURE = re.compile(r'<img (?=[^>]*\bsrc="([^"]*/_images/[^"]*)")(?![^>]*\bloading=)')


def with_size(page, folder):
    """The page's HTML with size and lazy loading on its figures."""

    def attributes(match):
        width, height = imagesize.get(folder / unquote(match[1]))
        size = f'width="{width}" height="{height}" ' if width > 0 else ""
        return f'<img loading="lazy" decoding="async" {size}'

    return FIGURE.sub(attributes, page)


def size_figures(app, error):
    if error or app.builder.format != "html":
        return
    for path in (Path(app.outdir) / "notebooks").glob("*.html"):
        page = path.read_text("utf-8")
        sized = with_size(page, path.parent)
        if sized != page:
            path.write_text(sized, "utf-8")


def write_front_page(app, error):
    if error or app.builder.name != "html":
        return
    out = Path(app.outdir)
    root = app.config.root_doc
    page = (out / f"{root}.html").read_text("utf-8")
    (tag,) = re.findall(r'<meta [^>]*name="description"[^>]*>', page)
    front = FRONT.format(
        language=app.config.language,
        description=re.search(r'content="([^"]*)"', tag)[1],
        root=root,
        title=html.escape(app.config.html_title),
    )
    (out / "index.html").write_text(front, "utf-8")


def setup(app):
    app.connect("doctree-read", name_solutions)
    app.connect("html-page-context", describe, priority=900)
    app.connect("build-finished", write_front_page, priority=100)
    app.connect("build-finished", size_figures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
