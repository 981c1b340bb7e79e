"""The descent explorer against torch.optim: the same paths, steps and verdicts."""

import math

import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, RMSprop

NAME = "book-descent"
GOAL, MAX_STEPS, DIVERGED = 1e-3, 300, 1e8

SURFACES = {  # the loss, and where the widget starts
    "round bowl": (lambda x, y: (x**2 + y**2) / 2, (-1.6, 1.2)),
    "narrow valley": (lambda x, y: (x**2 + 50 * y**2) / 2, (-1.8, 0.8)),
    "bent valley": (lambda x, y: (1 - x) ** 2 + 10 * (y - x**2) ** 2, (-1.2, 1)),
    "two minima": (
        lambda x, y: ((x + 1) ** 2 * ((x - 1) ** 2 + 0.18) + y**2) / 2,
        (1.8, 1.2),
    ),
}
OPTIMISERS = {
    "gradient descent": lambda p, lr, beta: SGD(p, lr),
    "momentum": lambda p, lr, beta: SGD(p, lr, momentum=beta),
    "Nesterov": lambda p, lr, beta: SGD(p, lr, momentum=beta, nesterov=True),
    "Adagrad": lambda p, lr, beta: Adagrad(p, lr),
    "RMSprop": lambda p, lr, beta: RMSprop(p, lr),
    "Adam": lambda p, lr, beta: Adam(p, lr, betas=(beta, 0.999)),
}
VALLEY = "narrow valley"


def descend(surface, optimiser, rate, beta, start):
    """torch.optim's path, (steps + 1, 2), and how it ended; slopes by autograd."""
    loss_at = SURFACES[surface][0]
    place = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    step_rule = OPTIMISERS[optimiser]([place], rate, beta)
    path = []
    while True:
        path.append(place.detach().clone())
        loss = loss_at(*place)
        if loss < GOAL:
            return torch.stack(path), "reached"
        if not loss < DIVERGED:
            return torch.stack(path), "diverged"
        if len(path) > MAX_STEPS:
            return torch.stack(path), "unfinished"
        step_rule.zero_grad()
        loss.backward()
        step_rule.step()


def press(widget, name):
    widget.get_by_role("button", name=name).click()


def slide(widget, label, value):
    slider = widget.get_by_role("slider", name=label)
    slider.fill(f"{math.log10(value) if label == 'Learning rate' else value:.2f}")
    assert float(slider.get_attribute("aria-valuetext").replace("−", "-")) == value


def set_to(widget, surface, optimiser, rate, beta=0.9, start=None):
    press(widget, surface)
    press(widget, optimiser)
    slide(widget, "Learning rate", rate)
    slide(widget, "Momentum", beta)
    for label, value in zip(["Start x", "Start y"], start or (), strict=False):
        slide(widget, label, value)


def words(widget, part=".bw-numbers"):
    return widget.locator(part).inner_text().replace("−", "-")


def result_in_list(widget, optimiser):
    return widget.locator(f"[data-optimiser='{optimiser}'] span").inner_text()


def in_words(end, steps):
    counted = "1 step" if steps == 1 else f"{steps} steps"
    return {
        "reached": counted,
        "diverged": f"diverged at step {steps}",
        "unfinished": f"not in {MAX_STEPS} steps",
    }[end]


RUNS = [
    *(
        (VALLEY, optimiser, rate, 0.9)
        for optimiser in OPTIMISERS
        for rate in (0.02, 0.05)
    ),
    *(("bent valley", optimiser, 0.01, 0.8) for optimiser in OPTIMISERS),
    *(("two minima", optimiser, 0.1, 0.5) for optimiser in OPTIMISERS),
    ("round bowl", "gradient descent", 1, 0.9),
    ("round bowl", "gradient descent", 2.1, 0.9),
    ("round bowl", "momentum", 0.5, 0),
    ("bent valley", "Adam", 0.1, 0.99),
]


@pytest.mark.parametrize(("surface", "optimiser", "rate", "beta"), RUNS)
def test_path_is_that_of_torch(shown, surface, optimiser, rate, beta):
    set_to(shown, surface, optimiser, rate, beta)
    path, end = descend(surface, optimiser, rate, beta, SURFACES[surface][1])
    drawn = torch.tensor(shown.evaluate("one => one.run.path"), dtype=torch.float64)
    assert drawn.shape == path.shape
    torch.testing.assert_close(drawn, path, rtol=1e-9, atol=1e-9)
    assert shown.evaluate("one => one.run.end") == end
    assert shown.locator("svg circle.bw-second").count() == len(path)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("start", [(-0.5, 1.5), (1.95, -0.4)])
def test_list_holds_the_steps_of_all(shown, surface, start):
    set_to(shown, surface, "gradient descent", 0.06, 0.7, start)
    for optimiser in OPTIMISERS:
        path, end = descend(surface, optimiser, 0.06, 0.7, start)
        assert result_in_list(shown, optimiser) == in_words(end, len(path) - 1)


def test_divergence_is_said_with_its_reason(shown):
    set_to(shown, VALLEY, "gradient descent", 0.05)
    steps = (
        len(descend(VALLEY, "gradient descent", 0.05, 0.9, SURFACES[VALLEY][1])[0]) - 1
    )
    reason = "the rate is above 2 / h_max = 0.04."
    assert words(shown, "strong") == f"Diverged at step {steps}: {reason}"
    assert reason in shown.locator("svg").get_attribute("aria-label")
    assert words(shown, ".bw-formula").endswith("Stable below 2 / h_max = 0.04.")
    set_to(shown, "bent valley", "gradient descent", 0.5)
    assert words(shown, "strong").endswith("each step overshoots further.")


@pytest.mark.parametrize("beta", [0.3, 0.9])
@pytest.mark.parametrize("optimiser", ["gradient descent", "momentum", "Nesterov"])
def test_limit_of_the_rate_is_where_torch_diverges(shown, optimiser, beta):
    set_to(shown, VALLEY, optimiser, 0.01, beta)
    said = words(shown, ".bw-formula")
    limit = float(said.rsplit(" = ")[-1].rstrip("."))
    curvature = torch.autograd.functional.hessian(
        SURFACES[VALLEY][0], (torch.tensor(0.3), torch.tensor(0.2))
    )[1][1].item()
    assert float(said.split("below ")[1].split(" /")[0]) / curvature == pytest.approx(
        limit, rel=5e-3
    )
    for factor, grows in [(0.98, False), (1.02, True)]:
        path, _ = descend(VALLEY, optimiser, factor * limit, beta, (0.5, 0.1))
        assert (path[-1, 1].abs() > 0.1) == grows


def test_other_ends_are_told_apart(shown):
    set_to(shown, VALLEY, "gradient descent", 0.02)
    assert words(shown, "strong") == "Goal reached after 183 steps."
    path, _ = descend(VALLEY, "gradient descent", 0.02, 0.9, SURFACES[VALLEY][1])
    first, last = words(shown).split("Loss ")[1].rstrip(".").split(" → ")
    for said, place in [(first, path[0]), (last, path[-1])]:
        true = SURFACES[VALLEY][0](*place).item()
        assert float(said) == pytest.approx(true, rel=5e-3)
    set_to(shown, "two minima", "gradient descent", 0.03)
    assert words(shown, "strong") == "Stuck on level ground: the goal lies lower."
    set_to(shown, "two minima", "momentum", 0.03)
    assert words(shown, "strong") == "Goal reached after 46 steps.", "it rolls through"
    set_to(shown, VALLEY, "Adagrad", 0.02)
    assert words(shown, "strong") == "Not there after 300 steps."
    set_to(shown, "round bowl", "gradient descent", 1)
    assert words(shown, "strong") == "Goal reached after 1 step."


def test_surface_brings_its_start_and_a_click_moves_it(shown):
    set_to(shown, "bent valley", "Adam", 0.1, start=(0.5, 2.5))
    press(shown, VALLEY)
    assert shown.evaluate("one => one.run.path[0]") == [-1.8, 0.8]
    picture = shown.locator("svg")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.375})
    assert shown.evaluate("one => one.run.path[0]") == pytest.approx([1, 0.5], abs=0.05)
    ring = picture.locator("circle.bw-line")
    assert float(ring.get_attribute("cx")) == pytest.approx(240, abs=4)
    assert float(ring.get_attribute("cy")) == pytest.approx(120, abs=4)


def test_contours_lie_where_the_loss_is_equal(shown):
    """Each end of a contour's pieces has a loss of 2 to a whole power, nearly."""
    for surface, (loss_at, _) in SURFACES.items():
        press(shown, surface)
        floor = float(shown.get_by_role("slider", name="Start y").get_attribute("min"))
        line = shown.locator(".bw-contours").get_attribute("d")
        places = [place.split(",") for place in line[2:].replace("L", "M").split(" M ")]
        x, y = torch.tensor([[float(one) for one in place] for place in places]).T
        levels = loss_at(x / 80 - 2, floor + 4 - y / 80).log2()
        assert len(levels) > 1000
        assert (levels - levels.round()).abs().median() < 0.02, surface


def test_keyboard_alone_is_enough(shown):
    keyboard = shown.page.keyboard
    set_to(shown, VALLEY, "gradient descent", 0.035)
    shown.get_by_role("button", name="narrow valley").focus()
    keyboard.press("Tab")
    keyboard.press("Space")
    pressed = shown.locator(".bw-row [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["bent valley"]
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert shown.locator("output").first.inner_text() == "0.035", "log10: -1.45"
    keyboard.press("ArrowRight")
    assert shown.locator("output").first.inner_text() == "0.036"
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.press("ArrowLeft")
    assert shown.evaluate("one => one.run.path[0]") == [-1.2, 0.95]
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert words(shown, ".bw-formula").startswith("m ← β m + g")
    focused = shown.page.evaluate("document.activeElement.dataset.optimiser")
    assert focused == "momentum", "the focus stays where it was"


def test_table_without_scripts_holds_torchs_steps(browser, address, page_with_widget):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    table = page.locator(f"{NAME} table")
    rates = [
        float(head.split()[1]) for head in table.locator("th").all_inner_texts()[1:]
    ]
    rows = [
        row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()
    ]
    context.close()
    assert [name for name, *_ in rows] == list(OPTIMISERS)
    for name, *cells in rows:
        for rate, cell in zip(rates, cells, strict=True):
            path, end = descend(VALLEY, name, rate, 0.9, SURFACES[VALLEY][1])
            steps = str(len(path) - 1)
            true = {"reached": steps, "unfinished": "not in 300"}.get(end, end)
            assert cell == true, f"{name}, rate {rate}"
