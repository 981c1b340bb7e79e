"""``{widget} NAME``: a small figure moved by the reader, with words for the rest.

In a page::

    ```{widget} receptive-field
    :label: Receptive field of a stack of convolutions
    :values: 1-2-4

    What a reader without scripts needs to know, in Markdown.
    ```

The words become the body of an element ``<book-receptive-field>``, so they stay where
scripts are off, in print and in the search index. The script
``book/_static/widgets/NAME.js`` defines the element and replaces the words once it
runs. It is loaded only on the pages that use it, after ``widgets.js`` and with
``widgets.css``, the script and the style all widgets share. ``:values:`` reaches the
script as ``data-values``; each script says what it reads there.

A new widget is one such script: a classic script, since browsers refuse modules on
pages opened from a folder.
"""

from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

SCRIPTS = Path(__file__).resolve().parents[1] / "_static" / "widgets"

SHARED = "widgets"

log = logging.getLogger(__name__)


class widget(nodes.General, nodes.Element):  # docutils names nodes in lower case
    """A widget's place on a page; its children are the words without scripts."""


class WidgetDirective(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "label": directives.unchanged_required,
        "values": directives.unchanged_required,
    }

    def run(self):
        self.assert_has_content()
        name = self.arguments[0]
        if "label" not in self.options:
            raise self.error(f"widget {name!r} needs a :label:, its name to listeners")
        words = nodes.container(classes=["widget-words"])
        self.set_source_info(words)
        self.state.nested_parse(self.content, self.content_offset, words)
        known = sorted({script.stem for script in SCRIPTS.glob("*.js")} - {SHARED})
        if name not in known:
            log.warning(
                "unknown widget %r; there is: %s",
                name,
                ", ".join(known) or "none",
                location=self.get_location(),
                type="widget",
            )
            return [words]
        return [widget("", words, name=name, **self.options)]


def visit_html(translator, node):
    attributes = {"CLASS": "book-widget", "role": "group", "aria-label": node["label"]}
    if "values" in node:
        attributes["data-values"] = node["values"]
    tag = translator.starttag({}, f"book-{node['name']}", **attributes)
    translator.body.append(tag)


def depart_html(translator, node):
    translator.body.append(f"</book-{node['name']}>\n")


def words_alone(translator, node):
    """Formats without scripts show the children and nothing else."""


def load_scripts(app, pagename, templatename, context, doctree):
    names = {node["name"] for node in doctree.findall(widget)} if doctree else ()
    if not names:
        return
    app.add_css_file(f"widgets/{SHARED}.css")
    for name in [SHARED, *sorted(names)]:  # deferred scripts run in this order
        app.add_js_file(f"widgets/{name}.js", loading_method="defer")


def setup(app):
    plain = (words_alone, words_alone)
    app.add_node(
        widget,
        html=(visit_html, depart_html),
        latex=plain,
        text=plain,
        man=plain,
        texinfo=plain,
    )
    app.add_directive("widget", WidgetDirective)
    app.connect("html-page-context", load_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
