"""Figures that read the same on white paper, in a dark theme and aloud.

``show`` ends every figure: it stores an opaque PNG together with the words a reader
who cannot see it needs. Colours are Okabe and Ito's, never the only sign: pair each
with a dash or a marker from ``LINES``.
"""

import hashlib
import html
import io
import math
import re
from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot as plt
import torch
from IPython.display import HTML, Image, display
from matplotlib.animation import Animation
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "COLORS",
    "LINES",
    "use_style",
    "show",
    "animate",
    "image_grid",
    "label_lines",
]

COLORS = {
    "black": "#000000",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
}
"""Okabe and Ito's colours, told apart by every common kind of colour vision."""

LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""Dash patterns to pair with the colours, in order."""

MAX_WIDTH = 7.0
"""Widest figure in inches: what a page column and a notebook cell can show."""


def use_style() -> None:
    """Set the book's look for every figure that follows."""
    matplotlib.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "savefig.dpi": 150,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.8,
            "legend.frameon": False,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "axes.prop_cycle": matplotlib.cycler(color=list(COLORS.values())[1:]),
        }
    )


def _alt(alt: str) -> str:
    alt = " ".join(alt.split())
    if len(alt) < 20:
        raise ValueError(
            f"alt must say what the figure shows in 20 characters or more, got {alt!r}"
        )
    if re.match(r"(an? )?(image|picture|figure|plot) (of|showing)\b", alt, re.I):
        raise ValueError(f"alt must say what is seen, not what it is, got {alt!r}")
    return alt


def show(fig: Figure, alt: str) -> None:
    """Display a figure as PNG with its alternative text, and close it.

    Args:
        fig: at most 7 inches wide.
        alt: what someone who cannot see it needs to believe the claim.

    Raises:
        ValueError: if the alt text is missing or says nothing, or the figure is
            too wide.
    """
    alt = _alt(alt)
    width = fig.get_figwidth()
    if width > MAX_WIDTH:
        raise ValueError(f"fig is {width:g} inches wide; {MAX_WIDTH:g} is the most")
    buffer = io.BytesIO()
    # The Software entry would carry matplotlib's version into every picture.
    fig.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    plt.close(fig)
    metadata = {"alt": alt, "width": round(width * 100)}
    display(Image(buffer.getvalue(), format="png", metadata=metadata))


_GLYPHS = {
    "minus": "−",
    "fast-backward": "«",
    "step-backward": "‹",
    "play fa-flip-horizontal": "◀",
    "pause": "‖",
    "play": "▶",
    "step-forward": "›",
    "fast-forward": "»",
    "plus": "+",
}


def animate(animation: Animation, alt: str, *, fps: int = 4) -> None:
    """Display a matplotlib animation as a player that needs no network.

    The player matplotlib writes loads an icon font from elsewhere, has no words for
    screen readers and a new random name at every run; this one has none of these.

    Args:
        animation: few frames; the stored player must stay under 1 MB.
        alt: as for :func:`show`.
        fps: frames a second.
    """
    alt = html.escape(_alt(alt), quote=True)
    with matplotlib.rc_context({"savefig.dpi": 100}):
        player = animation.to_jshtml(fps=fps, default_mode="once")
    plt.close(animation._fig)
    player = re.sub(r'<link rel="stylesheet"\s+href="https://[^"]*">\s*', "", player)
    player = re.sub(
        r'<i class="fa fa-([^"]+)"></i>', lambda icon: _GLYPHS[icon[1]], player
    )
    # Sphinx's pages and browsers know an Animation of their own.
    player = re.sub(r"\bAnimation\b(?=[(.])", "BookAnimation", player)
    name = re.search(r"_anim_img([0-9a-f]+)", player)[1]
    fixed = hashlib.sha256(player.replace(name, "").encode()).hexdigest()[:12]
    player = player.replace(name, fixed)
    # The first frame stands in the page itself, for readers without scripts.
    first = re.search(r'frames\[0\] = "([^"]+)"', player)[1].replace("\\\n", "")
    shown = f'<img alt="{alt}" src="{first}" id="_anim_img'
    player = player.replace('<img id="_anim_img', shown, 1)
    player = player.replace(
        'class="anim-slider"', 'class="anim-slider" aria-label="Frame"', 1
    )
    display(HTML(player))


def image_grid(
    images: torch.Tensor,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    scale: float | None = None,
) -> Figure:
    """Draw pictures in a grid.

    Args:
        images: ``(N, C, H, W)`` with C = 1 (grey) or 3 (colour), uint8, or float in
            [0, 1].
        titles: one short line over each picture.
        columns: pictures in a row.
        scale: inches a picture; by default the grid fills 6.6 inches.

    Raises:
        ValueError: if the shape or the number of titles does not fit.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"images must be (N, 1 or 3, H, W) with N > 0, got {tuple(images.shape)}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles must be {len(images)} strings, got {len(titles)}")
    rows = math.ceil(len(images) / columns)
    scale = scale or 6.6 / columns
    room = 0.22 if titles is not None else 0.0
    fig, axes = plt.subplots(
        rows,
        columns,
        figsize=(scale * columns, (scale + room) * rows),
        squeeze=False,
        layout="constrained",
    )
    top = 255 if images.dtype == torch.uint8 else 1.0
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, image) in enumerate(zip(axes.flat, images.cpu(), strict=False)):
        ax.imshow(image.permute(1, 2, 0).squeeze(-1).numpy(), vmin=0, vmax=top)
        if titles is not None:
            ax.set_title(titles[i], fontsize=8, pad=2)
    return fig


def label_lines(ax: Axes, *, gap: float = 0.055) -> None:
    """Write each line's label at its right end, in its colour, without overlaps.

    Args:
        ax: axes whose lines were drawn with ``label=``.
        gap: smallest distance between two labels, as a share of the axes' height.
    """
    lines = [ln for ln in ax.get_lines() if not ln.get_label().startswith("_")]
    to_axes = ax.transScale + ax.transLimits
    ends = []
    for line in lines:
        x, y = line.get_data()
        last = max(i for i, value in enumerate(y) if math.isfinite(float(value)))
        ends.append((float(to_axes.transform((x[last], y[last]))[1]), line))
    height = -math.inf
    for y, line in sorted(ends, key=lambda end: end[0]):
        height = max(y, height + gap)
        ax.annotate(
            line.get_label(),
            (1.01, height),
            xycoords="axes fraction",
            color=line.get_color(),
            va="center",
            fontsize=9,
            annotation_clip=False,
        )
