"""The receptive-field explorer against numbers measured by back-propagation."""

import re

import pytest
import torch
from torch import nn

NAME = "book-receptive-field"

# Layers as (kernel size, stride, dilation), the one at the input first.
STACKS = [
    [(1, 1, 1)],
    [(3, 1, 8)],
    [(3, 1, 1)] * 3,
    [(3, 1, 2)] * 3,
    [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    [(3, 1, 1), (3, 1, 2), (3, 1, 5)],
    [(5, 2, 1)] * 3,
    [(1, 3, 1), (3, 1, 1)],
    [(7, 3, 2), (3, 2, 1), (5, 1, 3)],
    [(3, 2, 1), (3, 2, 1), (3, 2, 1), (3, 2, 1), (3, 1, 2)],
    [(3, 1, 1), (3, 1, 2), (3, 1, 4), (3, 1, 8), (3, 1, 8), (1, 1, 1)],
]


def paths_to(layers):
    """Paths from each input pixel to one output pixel, (side, side), and the weights.

    With all weights one, an input pixel's gradient is its number of paths. The side is
    the smallest input that gives any output.
    """
    convolutions = [
        nn.Conv2d(1, 1, kernel_size, stride=stride, dilation=dilation, bias=False)
        for kernel_size, stride, dilation in layers
    ]
    stack = nn.Sequential(*convolutions).double()
    for weights in stack.parameters():
        nn.init.ones_(weights)
    side = 1
    while True:
        pixels = torch.zeros(1, 1, side, side, dtype=torch.float64, requires_grad=True)
        try:
            output = stack(pixels)
        except RuntimeError:  # smaller than a kernel
            side += 1
            continue
        output.sum().backward()
        return pixels.grad[0, 0], sum(w.numel() for w in stack.parameters())


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click()


def numbers(widget):
    return widget.locator(".bw-numbers").inner_text()


def message(widget):
    return widget.locator(".bw-message").inner_text()


def dilation_of(widget, layer):
    return widget.get_by_role("group", name=f"Layer {layer}").get_by_label("Dilation")


def set_stack(widget, layers):
    shown = widget.locator("fieldset")
    while shown.count() < len(layers):
        press(widget, "Add layer")
    while shown.count() > len(layers):
        press(widget, "Remove layer")
    for group, (kernel_size, stride, dilation) in zip(shown.all(), layers, strict=True):
        group.get_by_label("Kernel size").select_option(str(kernel_size))
        group.get_by_label("Stride").select_option(str(stride))
        group.get_by_label("Dilation").fill(str(dilation))


@pytest.mark.parametrize("layers", STACKS, ids=str)
def test_numbers_are_those_of_back_propagation(shown, layers):
    set_stack(shown, layers)
    paths, weights = paths_to(layers)
    side, seen = len(paths), int((paths > 0).sum())
    said = numbers(shown)
    assert said.startswith(f"{side} × {side} window, ")
    assert f" window, {seen:,} of {side**2:,} pixels seen (" in said
    assert f" Weights per channel pair: {weights}; " in said
    share = 100 * seen / side**2
    assert abs(float(re.search(r"\(([\d.]+) %\)", said)[1]) - share) <= 0.5
    caption = shown.locator("figcaption").inner_text()
    assert f"from 1 at a corner to {int(paths.max()):,}." in caption
    assert ("Hatched" in caption) == (seen < side**2)
    assert shown.locator(".bw-formula").inner_text().endswith(f" = {side}")


@pytest.mark.parametrize("layers", STACKS[3:7], ids=str)
def test_picture_shows_the_paths(shown, layers):
    set_stack(shown, layers)
    row = paths_to(layers)[0][0]  # the first row has one path from above
    squares = shown.locator("svg defs g rect").evaluate_all(
        "all => all.map(one => [Math.floor(one.getAttribute('x')),"
        " Number(one.getAttribute('opacity'))])"
    )
    assert [i for i, _ in squares] == row.nonzero().flatten().tolist()
    ink = torch.tensor([opacity for _, opacity in squares])
    paths = row[row > 0]
    assert torch.equal(ink[:, None] < ink, paths[:, None] < paths), "not ordered alike"
    rows = shown.locator("svg .bw-ink use")
    assert rows.count() == len(squares)
    faintest, strongest = ink.min() ** 2, ink.max() ** 2
    assert 0.1 < faintest <= strongest == 1
    alternative = shown.locator("svg").get_attribute("aria-label")
    assert " ".join(str(int(n)) for n in row) in alternative


def test_presets(shown):
    expected = {
        "3 plain": "7 × 7 window, 49 of 49 pixels seen (100 %)",
        "2-2-2 (gridding)": "13 × 13 window, 49 of 169 pixels seen (29 %)",
        "1-2-4": "15 × 15 window, 225 of 225 pixels seen (100 %)",
        "1-2-5": "17 × 17 window, 289 of 289 pixels seen (100 %)",
        "kernel 5, stride 2": "29 × 29 window, 841 of 841 pixels seen (100 %)",
    }
    for name, said in expected.items():
        press(shown, name)
        assert numbers(shown).startswith(said)
        pressed = shown.locator("[aria-pressed=true]").all_inner_texts()
        assert pressed == [name]


def test_large_field_is_scaled_and_its_numbers_stay_exact(shown):
    set_stack(shown, [(7, 3, 8)] * 4)
    side = 1 + 6 * 8 * (1 + 3 + 9 + 27)
    assert numbers(shown).startswith(f"{side:,} × {side:,} window, ")
    assert int(shown.locator("svg").get_attribute("viewBox").split()[2]) <= 127
    assert "One square stands for 16 × 16 pixels" in shown.inner_text()
    assert numbers(shown).endswith(f" size: {side**2:,}.")


@pytest.mark.parametrize(
    ("typed", "used"), [("12", 8), ("0", 1), ("-3", 1), ("2.5", 2), ("", 1)]
)
def test_wrong_dilation_is_set_right_and_said(shown, typed, used):
    press(shown, "3 plain")
    control = dilation_of(shown, 2)
    control.fill(typed)
    assert numbers(shown).startswith("7 × 7"), "nothing moves before it is right"
    control.press("Tab")
    assert control.input_value() == str(used)
    assert numbers(shown).startswith(f"{5 + 2 * used} × {5 + 2 * used} window")
    assert f"whole number from 1 to 8, so it is now {used}." in message(shown)
    dilation_of(shown, 1).fill("2")
    assert message(shown) == ""


def test_number_of_layers_has_its_limits(shown):
    press(shown, "3 plain")
    for _ in range(4):
        press(shown, "Add layer")
    assert shown.locator("fieldset").count() == 6
    assert message(shown) == "A stack has at most 6 layers here."
    for _ in range(6):
        press(shown, "Remove layer")
    assert shown.locator("fieldset").count() == 1
    assert message(shown) == "A stack has at least one layer."


def test_keyboard_alone_is_enough(shown):
    """Preset, kernel size, dilation and a layer more, without a mouse."""
    keyboard = shown.page.keyboard
    shown.get_by_role("button", name="3 plain").focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert numbers(shown).startswith("13 × 13 window")
    for _ in range(4):
        keyboard.press("Tab")  # the other presets, then the first layer
    keyboard.press("ArrowDown")
    assert numbers(shown).startswith("17 × 17 window"), "kernel size 5"
    outline = shown.locator("select:focus").evaluate(
        "focused => getComputedStyle(focused).outlineStyle"
    )
    assert outline == "solid"
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("ArrowUp")
    assert numbers(shown).startswith("21 × 21 window"), "dilation 3"
    for _ in range(7):
        keyboard.press("Tab")  # two layers of three controls, then Add layer
    keyboard.press("Space")
    assert shown.locator("fieldset").count() == 4
    focused = shown.page.evaluate("document.activeElement.textContent")
    assert focused == "Add layer", "the focus stays where it was"


def test_it_speaks_up(shown):
    assert shown.locator(".bw-numbers").get_attribute("aria-live") == "polite"
    assert shown.locator(".bw-message").get_attribute("aria-live") == "polite"
    assert shown.get_attribute("role") == "group"
    assert shown.get_attribute("aria-label")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_follows_the_theme(browser, site, page_with_widget, scheme):
    """From the folder, without a server."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme=scheme, has_touch=True
    )
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{page_with_widget}")
    widget = page.locator(NAME)
    press(widget, "2-2-2 (gridding)")
    assert "49 of 169 pixels" in numbers(widget)
    box = widget.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    inside = widget.locator("button, select, input, svg").evaluate_all(
        "all => all.every(one => one.getBoundingClientRect().right <= 360)"
    )
    assert inside
    ink, ground = (
        widget.locator(f".bw-{part}").evaluate("part => getComputedStyle(part).fill")
        for part in ("ink", "ground")
    )
    page_colour = page.evaluate(
        "getComputedStyle(document.body).getPropertyValue('background-color')"
    )
    assert ink != ground
    assert ground == page_colour
    context.close()


def test_words_stay_without_scripts(browser, address, page_with_widget):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    words = page.locator(NAME)
    assert words.is_visible()
    assert "49 of 169" in words.inner_text()
    assert words.locator("table").is_visible()
    context.close()
