"""The directive that puts a widget on a page, and what every widget's script keeps to.

What a widget shows is tested in a browser: tests/browser.
"""

import re
from io import StringIO
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

BOOK = Path(__file__).resolve().parents[1] / "book"
SCRIPTS = sorted((BOOK / "_static" / "widgets").glob("*.js"))
SHARED = BOOK / "_static" / "widgets" / "widgets.js"
WIDGETS = [script for script in SCRIPTS if script != SHARED]

WIDGET = """
```{widget} receptive-field
:label: A "stack" & its field
:values: 1-2-4

Without scripts: *49 of 169* pixels.

| dilations | seen |
| --- | --- |
| 2, 2, 2 | 29 % |
```
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Builds pages given as Markdown; returns the output folder and the warnings."""
    monkeypatch.syspath_prepend(BOOK / "_ext")

    def run(builder="html", **pages):
        source, out = tmp_path / "source", tmp_path / builder
        source.mkdir(exist_ok=True)
        for name, text in pages.items():
            (source / f"{name}.md").write_text(text, "utf-8")
        settings = {
            "extensions": ["myst_parser", "widgets"],
            "html_static_path": [str(BOOK / "_static")],
            "html_theme": "basic",
        }
        said = StringIO()
        with docutils_namespace():
            app = Sphinx(
                source,
                confdir=None,
                outdir=out,
                doctreedir=tmp_path / "doctrees",
                buildername=builder,
                confoverrides=settings,
                status=None,
                warning=said,
            )
            app.build()
        return out, said.getvalue()

    return run


def test_words_stay_inside_the_element(build):
    out, said = build(index="# Page\n" + WIDGET)
    assert said == ""
    page = (out / "index.html").read_text("utf-8")
    element = re.search(
        r"<book-receptive-field(.*?)>(.*)</book-receptive-field>", page, re.S
    )
    attributes, words = element.groups()
    assert 'aria-label="A &quot;stack&quot; &amp; its field"' in attributes
    assert 'data-values="1-2-4"' in attributes
    assert 'role="group"' in attributes
    assert "<em>49 of 169</em>" in words
    assert "<table" in words


def test_script_is_loaded_only_where_it_is_used(build):
    pages = {
        "index": "# Page\n\n```{toctree}\nother\n```\n" + WIDGET + WIDGET,
        "other": "# Other page\n\nNothing moves here.\n",
    }
    out, said = build(**pages)
    assert said == ""
    page = (out / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script[^>]*widgets/([\w-]+)\.js[^>]*>", page)
    assert scripts == ["widgets", "receptive-field"], "once each, the shared one first"
    for tag in re.findall(r"<script[^>]*widgets/[^>]*>", page):
        assert "defer" in tag
        assert 'type="module"' not in tag, "modules do not run from a folder"
    assert page.count("widgets/widgets.css") == 1
    assert "widgets/" not in (out / "other.html").read_text("utf-8")
    assert (out / "_static" / "widgets" / "receptive-field.js").exists()


def test_other_formats_show_the_words(build):
    out, said = build("text", index="# Page\n" + WIDGET)
    assert said == ""
    text = (out / "index.txt").read_text("utf-8")
    assert "49 of 169" in text
    assert "29 %" in text


def test_unknown_widget_is_a_warning_and_its_words_stay(build):
    out, said = build(index="# Page\n" + WIDGET.replace("} receptive", "} perceptive"))
    assert "index.md:3: WARNING: unknown widget 'perceptive-field'" in said
    names = ", ".join(script.stem for script in WIDGETS)
    assert f"there is: {names}" in said, "the warning names the widgets there are"
    page = (out / "index.html").read_text("utf-8")
    assert "<em>49 of 169</em>" in page
    assert "book-perceptive-field" not in page


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("\nwords", "needs a :label:"),
        (":label: A stack\n", "Content block expected"),
        (":label: A stack\n:speed: 3\n\nwords", "speed"),
    ],
)
def test_incomplete_widget_is_reported(build, lines, complaint):
    _, said = build(index=f"# Page\n\n```{{widget}} receptive-field\n{lines}\n```\n")
    assert complaint in said


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script_is_small_and_self_contained(script):
    text = script.read_text("utf-8")
    assert len(text.encode()) <= 10_000
    assert max(map(len, text.splitlines())) <= 96, "written to be read"
    assert not re.search(r"^\s*(import|export)\b", text, re.M), "a classic script"
    assert not re.search(r"""https?:|["'`(]//""", text), "no address of another host"
    assert "Math.random" not in text


@pytest.mark.parametrize("script", WIDGETS, ids=lambda script: script.stem)
def test_script_defines_its_element_and_no_other(script):
    text = script.read_text("utf-8")
    defined = re.findall(r"customElements\.define\(\"([\w-]+)\"", text)
    assert defined == [f"book-{script.stem}"]


def test_style_is_small():
    assert SHARED.with_suffix(".css").stat().st_size <= 10_000
