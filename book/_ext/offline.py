"""Keep the site self-contained, and free of what no reader needs.

* A page or style sheet that would load anything from another host is a warning.
* What the theme brings along but no page of this book needs is neither linked nor
  kept: its icon fonts (``book.css`` draws the few icons), its scripts (``book.js``
  does what they did) and Bootstrap's, tabs where there are none, source maps.
* The style sheets lose the rules for classes that occur on no page.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

UNUSED = (
    "_static/**/*.map",
    "_static/**/*.LICENSE.txt",
    "_static/scripts/*",
    "_static/vendor/fontawesome/webfonts/*",
    "_static/locales/**/*.*",
    "_static/images/logo_*",
    "_static/sbt-webpack-macros.html",
    "_static/webpack-macros.html",
)

# What loads something, by element and attribute. Links to click are not assets.
LOADS = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
LOADING_LINKS = {
    "stylesheet",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "icon",
    "modulepreload",
    "manifest",
    "apple-touch-icon",
}
HOST = r"(?:https?:)?//[^\s\"')]+"
EXTERNAL = re.compile(HOST)
IN_CSS = re.compile(rf"""(?:url\(\s*["']?|@import\s+["'])({HOST})""")
IN_SCRIPT = re.compile(
    rf"""\b(?:import\s*\(?|from|importScripts\s*\()\s*["']({HOST})"""
)


class Assets(HTMLParser):
    """Collects what a page would load from other hosts."""

    def __init__(self):
        super().__init__()
        self.external = []
        self.inside = None

    def handle_starttag(self, tag, attributes):
        self.inside = tag if tag in {"script", "style"} else None
        values = {name: value or "" for name, value in attributes}
        candidates = [values.get(name, "") for name in LOADS.get(tag, ())]
        if tag == "link" and LOADING_LINKS & set(values.get("rel", "").split()):
            candidates.append(values.get("href", ""))
        for value in candidates:
            # A srcset lists several; a data: URL never leaves the page.
            parts = [] if value.startswith("data:") else value.split(",")
            self.external += [p.split()[0] for p in parts if EXTERNAL.match(p.strip())]
        self.external += IN_CSS.findall(values.get("style", ""))

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "style":
            self.external += IN_CSS.findall(data)
        elif self.inside == "script":
            self.external += IN_SCRIPT.findall(data)


def external_assets(path):
    """What the page, style sheet or script at ``path`` loads from other hosts."""
    text = path.read_text("utf-8")
    if path.suffix == ".css":
        return IN_CSS.findall(text)
    if path.suffix == ".js":
        return IN_SCRIPT.findall(text)
    page = Assets()
    page.feed(text)
    return page.external


def choose_scripts(app, pagename, templatename, context, doctree):
    """Drop the scripts this page has no use for; let the others wait for the text."""
    # The search page's own scripts do not wait, and they need the others.
    waiting = {} if pagename == "search" else {"defer": "defer"}
    body = context.get("body") or ""
    chosen = []
    for script in context["script_files"]:
        name = Path(str(script.filename or "")).name
        if name in {"", "sphinx-book-theme.js"}:
            continue  # unnamed ones only set up the theme's scripts
        if name == "design-tabs.js" and "sd-tab-set" not in body:
            continue
        if name in {"clipboard.min.js", "copybutton.js"} and "<pre" not in body:
            continue
        options = script.attributes | waiting | {"priority": script.priority}
        chosen.append(type(script)(script.filename, **options))
    context["script_files"] = chosen


def report_external_assets(folder):
    for pattern in ("*.html", "*.css", "*.js"):
        for path in sorted(folder.rglob(pattern)):
            for url in external_assets(path):
                logger.warning(
                    "%s loads %s",
                    path.relative_to(folder),
                    url,
                    type="offline",
                    subtype="external",
                )


def delete_unused(folder):
    for pattern in UNUSED:
        for path in folder.glob(pattern):
            path.unlink()


def words_in_use(folder):
    """Every word a class could be: of the pages' markup, and of the scripts."""
    words = set()
    for path in folder.rglob("*.html"):
        for value in re.findall(r'\bclass="([^"]*)"', path.read_text("utf-8")):
            words.update(value.split())
    for path in folder.rglob("*.js"):
        if path.name != "searchindex.js":
            words.update(re.findall(r"[\w-]+", path.read_text("utf-8")))
    return words


def split_rules(css):
    """``[(selector or at-rule, body or None), ...]`` of one nesting level."""
    rules, start, depth, opened = [], 0, 0, 0
    for match in re.finditer(r"""[{};]|"[^"]*"|'[^']*'""", css):
        sign = match[0]
        if sign == "{":
            depth += 1
            if depth == 1:
                opened = match.start()
        elif sign == "}":
            depth -= 1
            if depth == 0:
                rules.append(
                    (css[start:opened].strip(), css[opened + 1 : match.start()])
                )
                start = match.end()
        elif sign == ";" and depth == 0:
            rules.append((css[start : match.start()].strip(), None))
            start = match.end()
    return rules


CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
LIST = re.compile(r",(?![^(]*\))")  # commas between selectors, not inside :is()


def keep_used(css, words):
    """The style sheet without rules that only concern classes nobody uses."""
    kept = []
    for head, body in split_rules(css):
        if body is None:
            kept.append(head + ";")
        elif head.startswith(("@media", "@supports")):
            inner = keep_used(body, words)
            if inner:
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@font-face"):
            if "Font Awesome" not in body and "FontAwesome" not in body:
                kept.append(f"{head}{{{body}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            # Alternatives inside :is(), :not() ... are left alone.
            used = [
                selector
                for selector in LIST.split(head)
                if set(CLASS.findall(re.sub(r"\([^)]*\)", "", selector))) <= words
            ]
            if used:
                kept.append(f"{','.join(used)}{{{body}}}")
    return "".join(kept)


def trim_style_sheets(folder):
    words = words_in_use(folder)
    for path in (folder / "_static").rglob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        path.write_text(keep_used(css, words), "utf-8")


def finish(app, error):
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    delete_unused(folder)
    trim_style_sheets(folder)
    report_external_assets(folder)


def setup(app):
    app.connect("html-page-context", choose_scripts, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
