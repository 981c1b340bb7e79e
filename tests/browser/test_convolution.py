"""The convolution explorer against nn.Conv2d: sizes, what is read, what it costs."""

import math
import re
from itertools import product

import pytest
import torch
from torch import nn

from helpers.cost import measure

NAME = "book-convolution"
SLIDERS = {
    "Picture side": "side",
    "Kernel size": "kernel",
    "Stride": "stride",
    "Padding": "padding",
    "Dilation": "dilation",
}
LISTS = {"In, C_in": "inputs", "Out, C_out": "outputs", "Groups": "groups"}

# Picture side, then what nn.Conv2d takes: kernel size, stride, padding, dilation,
# channels in and out, groups.
LAYERS = [
    (7, 3, 1, 1, 1, 3, 16, 1),
    (8, 3, 2, 0, 1, 1, 1, 1),
    (8, 3, 2, 1, 1, 16, 64, 4),
    (9, 3, 1, 2, 2, 16, 16, "all"),
    (32, 7, 2, 3, 1, 3, 3, 3),
    (12, 5, 3, 4, 3, 8, 32, 8),
    (10, 1, 2, 0, 5, 64, 64, 2),
    (11, 3, 2, 0, 4, 8, 16, "all"),
    (5, 2, 3, 8, 5, 1, 3, "all"),
    (7, 4, 3, 1, 1, 32, 8, 2),
]


def set_to(widget, layer):
    labels = [*SLIDERS, *LISTS]
    for label, value in zip(labels, layer, strict=True):
        if label in SLIDERS:
            widget.get_by_role("slider", name=label).fill(str(value))
        else:
            widget.get_by_label(label).select_option(str(value))


def convolution(layer, *, channels=True):
    """nn.Conv2d of a layer, its weights one; one channel where these do not matter."""
    _, kernel_size, stride, padding, dilation, in_channels, out_channels, groups = layer
    if groups == "all":
        groups = in_channels
    if not channels:
        in_channels = out_channels = groups = 1
    made = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        dilation,
        groups,
        bias=False,
    )
    nn.init.ones_(made.weight)
    return made


def read_by(layer, place=None):
    """Which pixels one output place reads, or any place: (side, side), by gradient."""
    pixels = torch.zeros(1, 1, layer[0], layer[0], requires_grad=True)
    output = convolution(layer, channels=False)(pixels)
    (output if place is None else output[0, 0][place]).sum().backward()
    return pixels.grad[0, 0] > 0


def words(widget, part):
    return widget.locator(part).first.inner_text().replace("−", "-")


def go_to(widget, row, column):
    widget.get_by_role("slider", name="Output row").fill(str(row))
    widget.get_by_role("slider", name="Output column").fill(str(column))


def taps_drawn(widget):
    """Rows and columns of the window's taps, and which are drawn as padding."""
    drawn = (
        widget.locator("svg")
        .first.locator(".bw-ink")
        .evaluate_all(
            "all => all.map(one => [one.getAttribute('d'), one.getAttribute('class')])"
        )
    )
    cells = [
        re.match(r"M(-?\d+) (-?\d+)h1v1h-1z$", shape).groups() for shape, _ in drawn
    ]
    places = [(int(y), int(x)) for x, y in cells]
    return places, ["bw-faint" in look for _, look in drawn]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_numbers_are_those_of_torch(shown, layer):
    set_to(shown, layer)
    side, in_channels = layer[0], layer[5]
    made = convolution(layer)
    pixels = torch.zeros(1, in_channels, side, side)
    cost = measure(made, pixels)
    size = made(pixels).shape[-1]
    assert words(shown, ".bw-numbers").startswith(f"Output {size} × {size}. Place (")
    assert words(shown, "strong + strong") == f"Output {size} × {size}"
    cell = words(shown, ".bw-cost")
    assert cell.startswith(f"{cost.weights:,} weights = C_out · C_in / g · K² = ")
    assert f"\n{cost.multiply_adds:,} multiply-adds: each weight at {size} × " in cell
    with torch.device("meta"):
        numbers = made.out_channels * size**2
        dense = nn.Linear(pixels.numel(), numbers, bias=False).weight.numel()
    assert f" = {dense:,} of both: here are " in cell
    shares = [float(share) for share in re.findall(r"([\d.]+(?:e-\d+)?) %", cell)]
    true = [1 / made.groups, cost.weights / dense, cost.multiply_adds / dense]
    assert shares == pytest.approx([100 * share for share in true], rel=0.05)
    counted = re.search(r"K² = ([\d ·/]+) · (\d)²,", cell).expand(r"\1*\2**2")
    assert eval(counted.replace("·", "*")) == cost.weights


@pytest.mark.parametrize("layer", LAYERS[::3], ids=str)
def test_call_is_the_layer_and_formula_is_right(shown, layer):
    set_to(shown, layer)
    said = words(shown, ".bw-formula")
    call = said[said.index("nn.Conv2d") :]
    made = eval(call)
    assert repr(made) == repr(convolution(layer))
    size = made(torch.zeros(1, layer[5], layer[0], layer[0])).shape[-1]
    formula, *steps = said[: said.index("nn.Conv2d")].strip().split(" = ")
    assert formula == "Side: floor((n + 2p - d(K - 1) - 1) / s) + 1"
    for step in steps:
        value = eval(step.replace("·", "*"), {"floor": math.floor})
        assert value == size


def test_every_size_and_every_gap_is_that_of_torch(shown):
    """All of a grid of windows at once: sizes, and pixels that no place reads."""
    windows = list(
        product((5, 8, 15), (1, 3, 4, 7), (1, 2, 3), (0, 1, 3, 8), (1, 2, 5))
    )
    seen = shown.evaluate(
        """(one, windows) => windows.map((window) => {
          one.querySelectorAll("fieldset input").forEach((slider, i) => {
            slider.value = window[i];
          });
          one.show();
          const drawn = [...one.querySelectorAll("path[fill*=cross]")][0]
            .getAttribute("d");
          return [one.view.size, one.view.unread, drawn,
            one.querySelector(".bw-message").textContent];
        })""",
        windows,
    )
    kinds = set()
    for window, (size, unread, drawn, said) in zip(windows, seen, strict=True):
        side, kernel_size, stride, padding, dilation = window
        layer = (*window, 1, 1, 1)
        if size == 0:
            with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
                read_by(layer)
            span = dilation * (kernel_size - 1) + 1
            assert f"K_eff = d(K − 1) + 1 = {span} but" in said
            assert f"the padded picture has {side + 2 * padding}: no place fits" in said
            kinds.add("no place")
            continue
        made = convolution(layer, channels=False)
        assert made(torch.zeros(1, 1, side, side)).shape[-2:] == (size, size), window
        assert "no place" not in said
        lines = torch.ones(side, dtype=torch.bool)
        lines[[at for at in unread if 0 <= at < side]] = False
        assert torch.equal(read_by(layer), lines[:, None] & lines), window
        assert drawn.count("M") == 2 * len(unread)
        assert all(f"M{-padding} {at}h" in drawn for at in unread)
        rest = (side + 2 * padding - dilation * (kernel_size - 1) - 1) % stride
        assert ("The stride does not fit" in said) == bool(rest)
        assert ("of the padding are never read" in said) == (0 < rest <= padding)
        assert ("No tap falls" in said) == (len(unread) > rest)
        last = range(side + padding - rest, side + padding)
        assert set(last) <= set(unread), "those at the end are among the unread"
        kinds.add("rest" if rest else "fits")
    assert kinds == {"no place", "rest", "fits"}


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_window_reads_what_back_propagation_says(shown, layer):
    set_to(shown, layer)
    side, kernel_size = layer[:2]
    last = int(shown.get_by_role("slider", name="Output row").get_attribute("max"))
    for place in {(0, 0), (last, 0), (last // 2, last), (last // 3, last // 2)}:
        go_to(shown, *place)
        places, faint = taps_drawn(shown)
        assert len(places) == kernel_size**2
        on_picture = torch.zeros(side, side, dtype=torch.bool)
        for (row, column), padding in zip(places, faint, strict=True):
            assert padding != (0 <= row < side and 0 <= column < side)
            if not padding:
                on_picture[row, column] = True
        true = read_by(layer, place)
        assert torch.equal(on_picture, true)
        said = words(shown, ".bw-numbers")
        zeros = kernel_size**2 - int(true.sum())
        rows, columns = (
            ", ".join(map(str, sorted(set(lines))))
            for lines in zip(*places, strict=True)
        )
        assert f"Place ({place[0]}, {place[1]}) reads rows {rows} and " in said
        end = f"columns {columns}: {int(true.sum())} pixels"
        assert said.endswith(
            end + (f" and {zeros} zeros of padding." if zeros else ".")
        )
        label = shown.locator("svg").first.get_attribute("aria-label")
        assert label.replace("−", "-").endswith(said)
        output = shown.locator("svg").first.locator("path.bw-second:not(.bw-edge)")
        x, y = re.match(r"M([\d.]+) (\S+?)h1", output.get_attribute("d")).groups()
        padded = shown.evaluate("one => one.view.whole") * 1.2 - layer[3]
        assert float(y) == place[0] - layer[3]
        assert float(x) == pytest.approx(padded + place[1])


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "groups", "said"),
    [
        (16, 32, 3, "16 channels in or 32 channels out"),
        (64, 3, 2, "3 channels out"),
        (1, 64, 8, "1 channels in"),
        (16, 8, "all", "8 channels out"),
    ],
)
def test_groups_that_do_not_divide_are_explained(
    shown, in_channels, out_channels, groups, said
):
    layer = (7, 3, 1, 1, 1, in_channels, out_channels, groups)
    set_to(shown, layer)
    number = in_channels if groups == "all" else groups
    with pytest.raises(ValueError, match="must be divisible by groups"):
        convolution(layer)
    assert words(shown, ".bw-message") == (
        f"groups = {number} do not divide {said}: PyTorch raises an error."
    )
    assert words(shown, ".bw-cost") == ""
    assert words(shown, ".bw-numbers").startswith("Output 7 × 7.")


@pytest.mark.parametrize("layer", [LAYERS[i] for i in (0, 2, 3, 4)], ids=str)
def test_picture_of_the_groups_is_that_of_the_weights(shown, layer):
    """An output channel's gradient says which input channels it reads."""
    set_to(shown, layer)
    made = convolution(layer)
    drawn = torch.zeros(made.out_channels, made.in_channels, dtype=torch.bool)
    blocks = shown.locator(".bw-small .bw-ink").get_attribute("d")
    for x, y, wide, high in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h", blocks):
        x, y, wide, high = map(int, (x, y, wide, high))
        drawn[y : y + high, x : x + wide] = True
    side = max(layer[0], made.dilation[0] * (made.kernel_size[0] - 1) + 1)
    for channel in range(made.out_channels):
        pixels = torch.zeros(1, made.in_channels, side, side, requires_grad=True)
        made(pixels)[0, channel].sum().backward()
        read = pixels.grad[0].flatten(1).sum(1) > 0
        assert torch.equal(drawn[channel], read)
    assert drawn.sum() * made.kernel_size[0] ** 2 == made.weight.numel()
    label = shown.locator(".bw-small").get_attribute("aria-label")
    assert label == (
        f"Each channel out reads {made.in_channels // made.groups} of "
        f"{made.in_channels} channels in."
    )


def test_presets(shown):
    expected = {
        "padded": "Output 7 × 7",
        "plain": "Output 5 × 5",
        "stride 2": "Output 3 × 3",
        "dilated": "Output 9 × 9",
        "depthwise": "Output 7 × 7",
        "pointwise": "Output 7 × 7",
        "too large": "No output",
    }
    for name, output in expected.items():
        shown.get_by_role("button", name=name, exact=True).click()
        assert words(shown, ".bw-numbers").startswith(f"{output}.")
        assert shown.locator("[aria-pressed=true]").all_inner_texts() == [name]
        place = shown.get_by_role("slider", name="Output row")
        assert place.is_disabled() == (output == "No output")
    shown.get_by_role("slider", name="Padding").fill("2")
    assert words(shown, ".bw-numbers").startswith("Output 1 × 1.")
    assert shown.locator("[aria-pressed=true]").count() == 0, "no preset any more"


def test_parts_of_the_picture_look_different(shown):
    """The site drops styles that no page uses: those of drawn parts must stay."""
    shown.get_by_role("button", name="stride 2").click()
    looks = {
        "pale": "fillOpacity",
        "cells": "stroke",
        "sign": "stroke",
        "faint": "opacity",
        "edge": "vectorEffect",
    }
    shown.get_by_role("slider", name="Padding").fill("1")
    styles = {
        part: shown.locator(f"svg .bw-{part}").first.evaluate(
            "(one, style) => getComputedStyle(one)[style]", style
        )
        for part, style in looks.items()
    }
    assert 0 < float(styles["pale"]) < 1
    assert 0 < float(styles["faint"]) < 1
    assert styles["edge"] == "non-scaling-stroke"
    assert "none" not in (styles["cells"], styles["sign"])


def test_click_and_drag_move_the_window(shown):
    set_to(shown, (8, 3, 2, 1, 1, 1, 1, 1))  # output 4 x 4, picture padded to 10
    mouse = shown.page.mouse
    picture = shown.locator("svg").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    cell = box["height"] / 10

    def move(x, y):
        mouse.move(box["x"] + x * cell, box["y"] + y * cell)

    move(12 + 2.5, 1.5)
    mouse.down()
    mouse.up()
    assert "Place (1, 2) reads" in words(shown, ".bw-numbers")
    move(5.5, 7.5)  # the middle of the window at place (3, 2)
    mouse.down()
    assert "Place (3, 2) reads" in words(shown, ".bw-numbers")
    move(1.7, 5.4)
    assert "Place (2, 0) reads" in words(shown, ".bw-numbers")
    move(-1, -1)
    mouse.up()
    assert "Place (2, 0) reads" in words(shown, ".bw-numbers"), "outside nothing moves"


def test_keyboard_alone_is_enough(shown):
    keyboard = shown.page.keyboard
    shown.get_by_role("button", name="padded").click()
    go_to(shown, 3, 3)
    for name in ("Output row", "Output column"):
        shown.get_by_role("slider", name=name).focus()
        for key, place in {
            "ArrowDown": "4, 3",
            "ArrowRight": "4, 4",
            "ArrowUp": "3, 4",
            "ArrowLeft": "3, 3",
        }.items():
            keyboard.press(key)
            assert f"Place ({place})" in words(shown, ".bw-numbers"), "where it points"
    keyboard.press("Home")
    assert "Place (3, 0)" in words(shown, ".bw-numbers")
    keyboard.press("ArrowLeft")
    assert "Place (3, 0)" in words(shown, ".bw-numbers"), "it stops at the edge"
    keyboard.press("Tab")
    keyboard.press("ArrowUp")
    assert words(shown, "strong") == "Input 8 × 8, padded 10 × 10"
    for _ in range(4):
        keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert "dilation=2" in words(shown, ".bw-formula")
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.press("End")
    assert "groups=3" in words(shown, ".bw-formula"), "all: one for each channel in"
    assert "3 do not divide 16 channels out" in words(shown, ".bw-message")


def test_table_without_scripts_holds_torchs_numbers(browser, address, page_with_widget):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    rows = [
        row.locator("td").all_inner_texts()
        for row in page.locator(f"{NAME} tbody tr").all()
    ]
    context.close()
    assert len(rows) >= 5
    for call, picture, output, weights, multiply_adds in rows:
        made = eval(f"nn.{call[:-1]}, bias=False)")
        side = int(picture.split(" × ")[0])
        pixels = torch.zeros(1, made.in_channels, side, side)
        assert weights == f"{made.weight.numel():,}", call
        if output == "none":
            assert multiply_adds == "none"
            with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
                made(pixels)
        else:
            assert output == "{} × {}".format(*made(pixels).shape[2:]), call
            assert multiply_adds == f"{measure(made, pixels).multiply_adds:,}", call
