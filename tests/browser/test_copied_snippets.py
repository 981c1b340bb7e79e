"""The page of snippets: what its copy buttons copy is the file that was tested."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import snippets  # noqa: E402


def test_every_snippet_is_copied_whole(tab, address):
    want = []
    for home, slugs in snippets.taught(ROOT / "notebooks").items():
        piece = snippets.snippet(ROOT / "helpers", *home, slugs)
        want += [piece.example, piece.text]
    tab.goto(f"{address}/book/snippets.html")
    tab.wait_for_selector("button.copybtn", state="attached")
    blocks = tab.locator("article div.highlight")
    buttons = blocks.locator("button.copybtn")
    assert blocks.count() == buttons.count() == len(want)
    for button, text in zip(buttons.all(), want, strict=True):
        tab.evaluate("navigator.clipboard.writeText('')")
        button.click(force=True)
        assert tab.evaluate("navigator.clipboard.readText()").rstrip("\n") == (
            text.rstrip("\n")
        )
