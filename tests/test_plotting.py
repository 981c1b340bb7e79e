"""helpers.plotting: pictures with words, the same bytes every time, no network."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.animation import FuncAnimation
from PIL import Image

from helpers import plotting

WORDS = "The loss falls from 2.3 to 0.1 in four epochs."


@pytest.fixture
def shown(monkeypatch):
    """What ``display`` was given."""
    seen = []
    monkeypatch.setattr(plotting, "display", seen.append)
    plotting.use_style()
    return seen


def figure(width=4.0):
    fig, ax = plt.subplots(figsize=(width, 2))
    ax.plot([1, 2, 4])
    return fig


def test_a_figure_is_an_opaque_png_with_words(shown):
    plotting.show(figure(), alt=WORDS)
    data, metadata = shown[0]._repr_png_()
    assert metadata["alt"] == WORDS
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert "Software" not in picture.info
    assert picture.convert("RGBA").getextrema()[3] == (255, 255)
    assert not plt.get_fignums()


def test_the_same_figure_has_the_same_bytes(shown):
    plotting.show(figure(), alt=WORDS)
    plotting.show(figure(), alt=WORDS)
    assert shown[0].data == shown[1].data


@pytest.mark.parametrize("alt", ["", "   ", "loss", "Image of the training loss curve"])
def test_words_that_say_nothing_are_refused(alt, shown):
    with pytest.raises(ValueError, match="alt must say what"):
        plotting.show(figure(), alt=alt)
    assert not shown


def test_too_wide_for_the_page(shown):
    with pytest.raises(ValueError, match="8 inches wide; 7 is the most"):
        plotting.show(figure(8), alt=WORDS)


def test_the_player_needs_nothing_from_elsewhere(shown):
    for _ in range(2):
        fig, ax = plt.subplots(figsize=(2, 2))
        (dot,) = ax.plot([0], [0], "o")
        frames = FuncAnimation(
            fig, lambda i, dot=dot: dot.set_data([i], [i]), frames=3, blit=False
        )
        plotting.animate(frames, alt=WORDS)
    player = shown[0].data
    assert player == shown[1].data
    assert "https://" not in player
    assert f'alt="{WORDS}"' in player
    assert 'aria-label="Frame"' in player
    picture = re.search(r"<img [^>]*>", player)[0]
    assert 'src="data:image/png;base64,' in picture, "the first frame needs no script"
    assert not re.search(r"\bAnimation\(", player)
    assert "BookAnimation" in player


def test_image_grid(shown):
    fig = plotting.image_grid(torch.zeros(5, 1, 4, 4, dtype=torch.uint8), columns=3)
    assert sum(len(ax.images) for ax in fig.axes) == 5
    assert fig.get_figwidth() <= plotting.MAX_WIDTH
    plotting.image_grid(torch.rand(2, 3, 4, 4), ["a", "b"])
    plt.close("all")
    with pytest.raises(ValueError, match=r"images must be \(N, 1 or 3, H, W\)"):
        plotting.image_grid(torch.zeros(2, 2, 4, 4))
    with pytest.raises(ValueError, match="titles must be 2 strings, got 1"):
        plotting.image_grid(torch.zeros(2, 1, 4, 4), ["a"])


def test_labels_stand_apart_and_in_order(shown):
    _, ax = plt.subplots()
    for i, height in enumerate([1.0, 1.001, 3.0]):
        ax.plot([0, 1], [0, height], label=f"line {i}")
    plotting.label_lines(ax)
    heights = {text.get_text(): text.xy[1] for text in ax.texts}
    plt.close("all")
    assert heights["line 0"] + 0.05 < heights["line 1"] < heights["line 2"]


def test_colours_differ_for_every_reader():
    values = [
        np.array(plt.matplotlib.colors.to_rgb(c)) for c in plotting.COLORS.values()
    ]
    assert len({tuple(v) for v in values}) == len(plotting.COLORS) == 8
