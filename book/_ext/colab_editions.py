"""Write a self-contained edition of every notebook into the site.

``colab/NN-M-slug.ipynb`` carries the helpers package with it, so it runs in Colab or
in any other folder. Each notebook page links its own; a page whose edition could not
be written is a warning.
"""

import sys
from pathlib import Path

from repository import site_url
from sphinx.util import logging

logger = logging.getLogger(__name__)


def slug_of(app, pagename):
    """``03-4-...`` for the page of that notebook, else ``None``."""
    folder, _, slug = pagename.rpartition("/")
    path = app.env.doc2path(pagename) if pagename in app.env.found_docs else ""
    return slug if folder == "notebooks" and str(path).endswith(".ipynb") else None


def add_links(app, pagename, templatename, context, doctree):
    slug = slug_of(app, pagename)
    up = "../" * pagename.count("/")
    context["edition_url"] = f"{up}colab/{slug}.ipynb" if slug else None


def write(app, error):
    if error or app.builder.format != "html":
        return
    root = Path(app.srcdir)
    repository = app.book_repository
    base_url = site_url(repository) if repository else None
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    from tools.colab import write_editions

    paths = write_editions(
        root / "notebooks",
        root / "helpers",
        Path(app.outdir) / "colab",
        base_url=base_url,
    )
    written = {Path(path).stem for path in paths}
    for pagename in sorted(app.env.found_docs):
        slug = slug_of(app, pagename)
        if slug and slug not in written:
            logger.warning(
                "%s has no Colab edition", pagename, type="colab", subtype="missing"
            )


def setup(app):
    app.connect("html-page-context", add_links)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
