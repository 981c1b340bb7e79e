"""The built site: complete, self-contained, light, and honest about what it links.

What a browser sees of it is tested in tests/browser.
"""

import functools
import gzip
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
EXTRA_PAGES = {"index.html", "search.html"}  # made by the build, not in _toc.yml
KILOBYTES_A_PAGE = 400

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import accessible  # noqa: E402
import offline  # noqa: E402
import pages as pages_extension  # noqa: E402
import repository  # noqa: E402
import status  # noqa: E402


@dataclass
class Page(html.parser.HTMLParser):
    """What the tests need to know of one page."""

    path: Path
    text: str = ""
    language: str | None = None
    description: str = ""
    title: str = ""
    headings: int = 0
    images: list[dict] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self.text = self.path.read_text("utf-8")
        self.feed(self.text)
        self.title = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)[1]

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "html":
            self.language = values.get("lang")
        elif tag == "meta" and values.get("name") == "description":
            self.description = values["content"]
        elif tag == "h1":
            self.headings += 1
        elif tag == "img":
            self.images.append(values)
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "script" and "src" in values:
            self.files.append(values["src"])
        elif tag == "link" and values.get("rel") in {"stylesheet", "icon"}:
            self.files.append(values["href"])

    def target(self, link):
        """The file a relative link leads to, and the anchor in it."""
        parts = urlsplit(link)
        path = unquote(parts.path)
        file = (self.path.parent / path).resolve() if path else self.path.resolve()
        return file, unquote(parts.fragment)


@functools.cache
def read_pages(folder):
    paths = sorted(p for p in folder.rglob("*.html") if "_static" not in p.parts)
    return {p.relative_to(folder).as_posix(): Page(p) for p in paths}


@pytest.fixture
def pages(site):
    return read_pages(site)


def files_in_toc(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"root", "file"}:
                yield value
            else:
                yield from files_in_toc(value)
    elif isinstance(node, list):
        for value in node:
            yield from files_in_toc(value)


def build(folder, **environment):
    """Build the book in ``folder``: exit status, and all it said."""
    program = Path(sysconfig.get_path("scripts"), "jupyter-book")
    inherited = {k: v for k, v in os.environ.items() if k != "GITHUB_REPOSITORY"}
    done = subprocess.run(
        [str(program), "build", ".", "-W", "-n", "--keep-going", "-q"],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


EQUATIONS = """# A book

$$a = b$$ (first)

See {eq}`first`.

$$c = d \\tag{3.2}$$

| head $x_1$ |
| --- |
| cell $y_1$ |

See [the cell](../notebooks/09-9-small.ipynb#one).
"""


@pytest.fixture
def small_book(tmp_path):
    """A book of one page and one notebook with our settings; its folder."""
    return write_book(tmp_path)


@pytest.fixture(scope="module")
def small_site(tmp_path_factory):
    """The pages of the small book, built where no repository is known."""
    folder = write_book(tmp_path_factory.mktemp("book"))
    code, said = build(folder)
    assert code == 0, said
    return read_pages(folder / "_build" / "html")


def write_book(tmp_path):
    shutil.copy(ROOT / "_config.yml", tmp_path)
    for folder in ("book/_ext", "book/_static", "book/_templates", "tools", "helpers"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    (tmp_path / "book" / "references.bib").write_text("")
    write_page(tmp_path, "index", EQUATIONS)
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n  - file: notebooks/09-9-small\n"
    )
    cells = [
        {
            "cell_type": "markdown",
            "id": "title",
            "metadata": {},
            "source": "# 9.9 Small\n\n**Claim.** It is small.\n",
        },
        {
            "cell_type": "code",
            "id": "one",
            "metadata": {},
            "execution_count": 1,
            "outputs": [],
            "source": "x = 1",
        },
    ]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    notebook = {
        "cells": cells,
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "09-9-small.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def write_page(folder, name, text):
    head = "---\nmyst:\n  html_meta:\n    description: A page.\n---\n\n"
    (folder / "book" / f"{name}.md").write_text(head + text, "utf-8")


# ---- The book as it is ---------------------------------------------------------


def test_every_page_of_the_contents_is_built_and_no_other(pages):
    listed = {
        f"{file}.html"
        for file in files_in_toc(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8")))
    }
    assert set(pages) == listed | EXTRA_PAGES


def test_every_notebook_is_in_the_contents():
    toc = (ROOT / "_toc.yml").read_text("utf-8")
    assert [slug for slug in NOTEBOOKS if f"notebooks/{slug}" not in toc] == []


def test_nothing_is_loaded_from_elsewhere(site):
    found = [
        (path.relative_to(site).as_posix(), url)
        for pattern in ("*.html", "*.css", "*.js")
        for path in site.rglob(pattern)
        for url in offline.external_assets(path)
    ]
    assert found == []


def test_every_formula_is_drawn(pages):
    assert [name for name, page in pages.items() if "mjx-merror" in page.text] == []
    undrawn = re.compile(r"\\\(|\\\[|\$\$")
    left = [
        name
        for name, page in pages.items()
        if undrawn.search(
            re.sub(r"<(pre|script|code)\b.*?</\1>", "", page.text, flags=re.DOTALL)
        )
    ]
    assert left == []


def test_every_internal_link_and_anchor_leads_somewhere(site, pages):
    ids = {page.path.resolve(): set(page.ids) for page in pages.values()}
    broken = []
    for name, page in pages.items():
        for link in page.links + page.files + [i["src"] for i in page.images]:
            if re.match(r"[a-z]+:", link):
                continue
            file, anchor = page.target(link)
            inside = file.is_relative_to(site.resolve())
            lost = anchor and anchor not in ids.get(file, {anchor})
            if not inside or not file.is_file() or lost:
                broken.append((name, link))
    assert broken == []


def test_links_are_relative_so_the_site_works_wherever_it_lies(pages):
    absolute = [
        (name, link)
        for name, page in pages.items()
        for link in page.links + page.files
        if link.startswith(("/", "file:", "http://localhost"))
    ]
    assert absolute == []


def test_ids_are_unique_on_a_page(pages):
    twice = [
        (name, identifier)
        for name, page in pages.items()
        for identifier in set(page.ids)
        if page.ids.count(identifier) > 1
    ]
    assert twice == []


def test_every_image_has_words_for_those_who_do_not_see_it(pages):
    mute = [
        (name, image["src"][:60])
        for name, page in pages.items()
        for image in page.images
        # The mark beside the book's name says nothing that the name does not.
        if not image.get("alt") and "logo__mark" not in image.get("class", "")
    ]
    assert mute == []


def test_every_page_has_one_heading_a_language_and_a_description(pages):
    problems = [
        (name, page.headings, page.language, page.description)
        for name, page in pages.items()
        if page.headings != 1
        or page.language != "en"
        or not 20 <= len(page.description) <= 200
    ]
    assert problems == []


def test_titles_are_told_apart(pages):
    titles = [page.title for name, page in pages.items() if name != "index.html"]
    assert len(titles) == len(set(titles))


def weight(page):
    """Bytes over the wire: the page, its styles, scripts and fonts, without figures."""
    total = len(gzip.compress(page.path.read_bytes()))
    styles = ""
    for link in page.files:
        file, _ = page.target(link)
        total += len(gzip.compress(file.read_bytes()))
        if file.suffix == ".css":
            styles += file.read_text("utf-8")
    if "mjx-container" in page.text:  # the fonts a formula can ask for, at worst
        fonts = set(re.findall(r'url\("?(mathjax/[^")]+)', styles))
        classes = set(re.findall(r"TEX-\w+", page.text)) | {"TEX"}
        for font in fonts:
            family = re.search(
                rf'font-family:\s*MJX([\w-]+);\s*src:\s*url\("?{re.escape(font)}',
                styles,
            )
            if family and (family[1] == "ZERO" or family[1] in classes):
                static = page.target(page.files[0])[0].parents[1]
                total += (next(static.rglob(Path(font).name))).stat().st_size
    return total


def test_no_page_is_heavy(pages):
    heavy = {name: weight(page) // 1000 for name, page in pages.items()}
    assert {n: kb for n, kb in heavy.items() if kb > KILOBYTES_A_PAGE} == {}


def test_every_notebook_offers_its_edition(site, pages):
    assert NOTEBOOKS, "there are notebooks"
    for slug in NOTEBOOKS:
        edition = json.loads((site / "colab" / f"{slug}.ipynb").read_text("utf-8"))
        assert edition["nbformat"] == 4
        assert f"../colab/{slug}.ipynb" in pages[f"notebooks/{slug}.html"].links


def test_the_licences_stand_on_every_page(pages):
    for name, page in pages.items():
        if name != "index.html":
            assert "MIT" in page.text, name
            assert "https://creativecommons.org/licenses/by/4.0/" in page.links, name


# ---- Where the book lives ------------------------------------------------------


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://github.com/some/book.git", "some/book"),
        ("https://github.com/some/book", "some/book"),
        ("https://user:secret@github.com/some/book.git", "some/book"),
        ("git@github.com:some/book.git", "some/book"),
        ("ssh://git@github.com/some/book.name.git", "some/book.name"),
        ("https://example.org/some/book.git", None),
        ("https://notgithub.com/some/book.git", None),
        ("/srv/git/book", None),
    ],
)
def test_repository_of_a_remote(tmp_path, origin, expected):
    git(tmp_path, "init")
    git(tmp_path, "remote", "add", "origin", origin)
    assert repository.find_repository(tmp_path, {}) == expected


def test_repository_without_git(tmp_path):
    assert repository.find_repository(tmp_path, {}) is None


def test_repository_of_the_environment_comes_first(tmp_path):
    git(tmp_path, "init")
    git(tmp_path, "remote", "add", "origin", "https://github.com/some/book")
    found = repository.find_repository(tmp_path, {"GITHUB_REPOSITORY": "other/fork"})
    assert found == "other/fork"
    found = repository.find_repository(tmp_path, {"GITHUB_REPOSITORY": "not a name"})
    assert found == "some/book"


def test_addresses():
    assert repository.colab_url("some/book", "03-4-x") == (
        "https://colab.research.google.com/github/some/book"
        "/blob/gh-pages/colab/03-4-x.ipynb"
    )
    assert repository.site_url("Some/book") == "https://some.github.io/book"
    assert repository.site_url("Some/some.github.io") == "https://some.github.io"


def test_a_book_without_a_repository_offers_nothing_dead(small_site):
    for page in small_site.values():
        elsewhere = {urlsplit(link).netloc for link in page.links} - {""}
        assert elsewhere <= {"creativecommons.org"}


def test_a_book_with_a_repository_links_it_and_its_editions(small_book):
    code, said = build(small_book, GITHUB_REPOSITORY="some/book")
    assert code == 0, said
    pages = read_pages(small_book / "_build" / "html")
    links = pages["notebooks/09-9-small.html"].links
    assert repository.colab_url("some/book", "09-9-small") in links
    assert "../colab/09-9-small.ipynb" in links
    assert "https://github.com/some/book" in links
    assert not any("colab.research" in link for link in pages["book/index.html"].links)


def test_a_notebook_is_described_by_its_claim(small_site):
    assert small_site["notebooks/09-9-small.html"].description == "It is small."


def test_a_cell_can_be_linked_to(small_site):
    assert "../notebooks/09-9-small.html#one" in small_site["book/index.html"].links
    assert "one" in small_site["notebooks/09-9-small.html"].ids


# ---- What must fail a build ----------------------------------------------------


def test_faults_fail_the_build_by_name(small_book):
    write_page(
        small_book,
        "index",
        "# A book\n\nA bad formula $\\frac{1$ and $\\unheardof x$.\n\n"
        '<script src="https://cdn.example.org/x.js"></script>\n'
        '<p style="background: url(https://img.example.org/x.png)">x</p>\n\n'
        "```{execution-table}\n```\n\n"
        "[No such cell](../notebooks/09-9-small.ipynb#two)\n",
    )
    code, said = build(small_book)
    assert code != 0
    assert "local id not found in doc 'notebooks/09-9-small': 'two'" in said
    assert r"book/index: formula does not parse: Missing close brace: \frac{1" in said
    assert r"Undefined control sequence \unheardof" in said
    assert "book/index.html loads https://cdn.example.org/x.js" in said
    assert "book/index.html loads https://img.example.org/x.png" in said
    assert "book/status.json is missing" in said


def test_equations_are_numbered_and_referred_to(small_site):
    page = small_site["book/index.html"]
    assert page.text.count("<mjx-container") == 4
    assert page.text.count("<math ") == 4, "each formula speaks to screen readers"
    assert '<span class="eqno">(1)' in page.text
    assert "#equation-first" in page.links
    assert "(3.2)" in page.text


# ---- The extensions' parts -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.html", '<img src="https://a.org/x.png">', ["https://a.org/x.png"]),
        ("x.html", '<img srcset="x.png 1x, //a.org/y.png 2x">', ["//a.org/y.png"]),
        (
            "x.html",
            '<link rel="stylesheet" href="http://a.org/x.css">',
            ["http://a.org/x.css"],
        ),
        ("x.html", '<link rel="canonical" href="https://a.org/">', []),
        ("x.html", '<iframe src="//a.org/x"></iframe>', ["//a.org/x"]),
        ("x.html", '<a href="https://a.org/">a link</a>', []),
        (
            "x.html",
            '<script>import x from "https://a.org/x.js"</script>',
            ["https://a.org/x.js"],
        ),
        ("x.html", '<style>@import "//a.org/x.css";</style>', ["//a.org/x.css"]),
        ("x.html", '<img src="data:image/png;base64,//a.b/c">', []),
        (
            "x.css",
            "@font-face { src: url(https://a.org/x.woff2) }",
            ["https://a.org/x.woff2"],
        ),
        ("x.css", "p { background: url('data:image/svg+xml,xmlns=http://w3') }", []),
        (
            "x.js",
            'const m = await import("https://a.org/x.js")',
            ["https://a.org/x.js"],
        ),
    ],
)
def test_external_assets(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text)
    assert offline.external_assets(path) == expected


def test_style_sheets_keep_what_is_used():
    css = (
        ".a{x:1}.b,.a .c{x:2}.b:not(.zzz){x:3}p{x:4}@media print{.b{x:5}.zzz{x:6}}"
        '.zzz::before{content:"}"}@font-face{font-family:"Font Awesome 6";src:url(f)}'
        "@media screen{.zzz{x:7}}"
    )
    kept = offline.keep_used(css, {"b"})
    assert kept == ".b{x:2}.b:not(.zzz){x:3}p{x:4}@media print{.b{x:5}}"


def test_the_button_that_unfolds_a_chapter_is_named_after_it():
    page = (
        '<li><a class="reference internal" href="x.html">Notation</a></li>'
        '<li><a class="reference internal" href="y.html">3 <em>Convolution</em></a>'
        "<details><summary>v</summary></details></li>"
    )
    assert '<summary aria-label="Sections of 3 Convolution">' in accessible.mend(page)


def test_the_empty_corner_of_a_table_is_no_heading():
    row = '<tr><th class="head"><p></p></th><th class="head"><p>a</p></th></tr>'
    assert accessible.mend(row) == '<tr><td></td><th class="head"><p>a</p></th></tr>'


def test_figures_state_their_size(tmp_path):
    (tmp_path / "_images").mkdir()
    png = "89504e470d0a1a0a0000000d4948445200000003000000020802000000"
    (tmp_path / "_images" / "x.png").write_bytes(bytes.fromhex(png))
    folder = tmp_path / "notebooks"
    folder.mkdir()
    sized = pages_extension.with_size('<img alt="A" src="../_images/x.png"/>', folder)
    assert 'loading="lazy"' in sized
    assert 'width="3" height="2"' in sized
    assert pages_extension.with_size(sized, folder) == sized


def test_status_records(tmp_path):
    path = tmp_path / "status.json"
    with pytest.raises(ValueError, match="is missing: run the notebooks first"):
        status.read_status(path)
    path.write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        status.read_status(path)
    path.write_text('{"03-4-x": {"seconds": 1}}')
    with pytest.raises(ValueError, match="03-4-x lacks data, date, device, versions"):
        status.read_status(path)
    record = {
        "seconds": 31.4,
        "data": "none",
        "versions": {"torch": "2.15.0"},
        "device": "cpu",
        "date": "2026-01-02",
    }
    path.write_text(json.dumps({"03-4-x": record, "99-9-gone": record}))
    lines = list(status.table_lines(status.read_status(path), {"03-4-x"}.__contains__))
    assert lines[2] == (
        "| [](/notebooks/03-4-x.ipynb) | 31 | none | 2026-01-02 | cpu | torch 2.15.0 |"
    )
    assert lines[3].startswith("| 99-9-gone |")
