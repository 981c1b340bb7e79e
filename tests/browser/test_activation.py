"""The activation explorer against PyTorch's functions and their slopes by autograd."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

NAME = "book-activation"
FUNCTIONS = {
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "ReLU": F.relu,
    "leaky ReLU": F.leaky_relu,
    "ELU": F.elu,
    "GELU": F.gelu,
    "SiLU": F.silu,
    "none": lambda z: z,
}
GRID = torch.linspace(-5, 5, 201, dtype=torch.float64)


def value_and_slope(name, z):
    """The function and its derivative, by autograd, at each number of z."""
    z = torch.as_tensor(z, dtype=torch.float64).clone().requires_grad_()
    value = FUNCTIONS[name](z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), slope


def steepest(name):
    return value_and_slope(name, GRID)[1].max().item()


def set_to(widget, name, z, layers):
    widget.get_by_role("button", name=name, exact=True).click()
    widget.get_by_label("Pre-activation z").fill(str(z))
    widget.get_by_label("Layers n").fill(str(layers))


def said(widget, part=".bw-numbers"):
    return widget.locator(part).inner_text().replace("−", "-")


def numbers_in(text):
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?", text)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_curves_are_those_of_pytorch(shown, name):
    """The points drawn, where they are in the picture, are read back in its units."""
    set_to(shown, name, 0, 1)
    for look, true in zip(
        ["bw-ink", "bw-second"], value_and_slope(name, GRID), strict=True
    ):
        points = shown.locator(f"polyline.{look}").get_attribute("points")
        x, y = np.array([point.split(",") for point in points.split()], float).T
        inside = (true > -1.2) & (true < 2.8)
        assert np.allclose((x - 160) / 30, GRID[inside], atol=1e-2)
        assert np.allclose((145 - y) / 50, true[inside], atol=2e-4)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("z", [-5, -1.35, -0.05, 0, 0.05, 1.4, 3])
def test_value_and_slope_are_those_of_pytorch(shown, name, z):
    set_to(shown, name, z, 1)
    at, value, slope = numbers_in(said(shown, ".bw-formula"))
    assert at == z
    true_value, true_slope = value_and_slope(name, z)
    assert value == pytest.approx(true_value.item(), rel=5e-3, abs=1e-12)
    assert slope == pytest.approx(true_slope.item(), rel=5e-3, abs=1e-12)


def test_gelu_is_exact(shown):
    """Not its tanh form, which is up to 5e-4 away."""
    slope = numbers_in(shown_power(shown, "GELU", -0.7, 1))[0]
    assert slope == pytest.approx(value_and_slope("GELU", -0.7)[1].item(), abs=5e-6)


def shown_power(widget, name, z, layers):
    set_to(widget, name, z, layers)
    return re.search(r": (.*)\.$", said(widget, "strong"))[1]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("z", "layers"), [(0, 20), (-0.75, 7), (1.4, 50), (2, 1)])
def test_share_left_is_the_power_of_the_slope(shown, name, z, layers):
    words = shown_power(shown, name, z, layers).replace("(", "").replace(")", "")
    base, n, share = numbers_in(words.replace("^", " "))
    slope = value_and_slope(name, z)[1].item()
    assert n == layers
    assert base == pytest.approx(slope, rel=1e-4)
    assert share == pytest.approx(slope**layers, rel=5e-3)
    best = steepest(name) ** layers
    assert numbers_in(said(shown))[-1] == pytest.approx(best, rel=5e-3)
    assert shown.locator("svg rect").count() == layers


@pytest.mark.parametrize(
    ("name", "z", "layers", "words"),
    [
        ("sigmoid", 0, 11, "The gradient shrinks with every layer."),
        ("sigmoid", 0, 12, "Nothing left: float32 loses it beside 1."),
        ("tanh", 2, 6, "The gradient shrinks with every layer."),
        ("tanh", 2, 7, "Nothing left: float32 loses it beside 1."),
        ("ReLU", 0, 3, "Nothing left: a slope of 0 lets nothing pass."),
        ("ReLU", 0.05, 50, "The gradient passes as it came."),
        ("GELU", 1.4, 20, "The gradient grows with every layer."),
    ],
)
def test_verdict_is_true(shown, name, z, layers, words):
    set_to(shown, name, z, layers)
    assert words in said(shown)
    share = value_and_slope(name, z)[1].item() ** layers
    one = torch.tensor(1, dtype=torch.float32)
    assert ("Nothing left" in words) == (one + share == one).item()
    pale = shown.locator("svg rect[opacity]").count()
    assert (pale > 0) == ("Nothing left" in words)


def test_at_its_best_the_sigmoid_leaves_nothing(shown):
    set_to(shown, "sigmoid", 0, 20)
    assert said(shown).startswith(
        "Left after 20 layers: 0.25^20 = 9.09e-13. Nothing left"
    )


def test_keyboard_alone_is_enough(shown):
    keyboard = shown.page.keyboard
    set_to(shown, "sigmoid", 0.5, 20)
    shown.get_by_role("button", name="sigmoid").focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert shown.locator("[aria-pressed=true]").all_inner_texts() == ["tanh"]
    for _ in range(7):
        keyboard.press("Tab")  # the other functions, then z
    keyboard.press("ArrowRight")
    assert said(shown, ".bw-formula").startswith(
        "At z = 0.55: value 0.501, slope 0.749"
    )
    outline = shown.locator("input:focus").evaluate(
        "focused => getComputedStyle(focused).outlineStyle"
    )
    assert outline == "solid"
    keyboard.press("Tab")
    keyboard.press("End")
    assert said(shown).startswith("Left after 50 layers: ")
    keyboard.press("Home")
    assert said(shown).startswith("Left after 1 layer: ")


def test_z_can_be_dragged_in_the_picture(shown):
    box = shown.locator("svg").first.bounding_box()
    mouse, middle = shown.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] / 2, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * (0.5 + 2 * 30 / 320), middle)
    mouse.up()
    assert shown.get_by_label("Pre-activation z").input_value() == "2"
    mouse.move(box["x"], middle)
    assert shown.get_by_label("Pre-activation z").input_value() == "2", "let go"


def test_table_without_scripts_holds_pytorchs_numbers(
    browser, address, page_with_widget
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    rows = page.locator(f"{NAME} tbody tr").all()
    table = {
        name: row
        for name, *row in (row.locator("td").all_inner_texts() for row in rows)
    }
    context.close()
    assert list(table) == list(FUNCTIONS)
    for name, row in table.items():
        at_0, at_2 = value_and_slope(name, [0, 2])[1].tolist()
        best = steepest(name)
        true = [at_0, at_2, best, best**20]
        assert [float(one) for one in row] == pytest.approx(true, rel=5e-3), name
