"""The schedule explorer against PyTorch: the code it shows, run, gives its curve."""

import re
import warnings
from itertools import product

import numpy as np
import pytest
import torch
from torch.optim import SGD, lr_scheduler

NAME = "book-schedule"
SCHEDULES = ["constant", "step", "cosine", "linear", "one-cycle"]
SHAPES = [(10, 100), (2, 20), (3, 70), (7, 90)]  # epochs, batches of each
SETTINGS = [  # warm-up in percent, log10 of the peak rate, epochs, batches
    *((warm_up, -1, *shape) for warm_up in (0, 5, 10, 35, 50) for shape in SHAPES),
    *((20, power, 3, 50) for power in (-4, -2.35, 0)),
    (5, -1, 30, 100),  # PyTorch goes from one rate to the next: rounding adds up
]


class Recorded(SGD):
    """Keeps the rate and the momentum that each of its steps had."""

    made = None

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        Recorded.made = self
        self.rates, self.momenta = [], []

    def step(self, closure=None):
        (group,) = self.param_groups
        self.rates.append(float(group["lr"]))
        self.momenta.append(group["momentum"])
        return super().step(closure)


def run(code, batches):
    """Rate and momentum at every step of the code shown; a warning is an error."""
    torch.manual_seed(0)
    names = {
        "model": torch.nn.Linear(1, 2),
        "loader": [(torch.zeros(1, 1), torch.zeros(1, dtype=torch.long))] * batches,
    }
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(torch.optim, "SGD", Recorded)
        warnings.simplefilter("error")
        exec(compile(code, "shown", "exec"), names)
    return np.array(Recorded.made.rates), np.array(Recorded.made.momenta)


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click()


def slide(widget, label, value):
    widget.get_by_role("slider", name=label).fill(str(value))


def set_to(widget, schedule, warm_up=10, shape=(10, 100), peak=-1, every="batch"):
    press(widget, schedule)
    press(widget, every)
    slide(widget, "Warm-up", warm_up)
    slide(widget, "Epochs", shape[0])
    slide(widget, "Batches", shape[1])
    slide(widget, "Peak rate", peak)


def words(widget, part=".bw-numbers"):
    return widget.locator(part).inner_text()


def code_of(widget):
    return widget.locator("code").text_content()


def rates_of(widget):
    return np.array(widget.evaluate("one => one.rates"))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_code_shown_gives_the_curve_drawn(shown, schedule):
    """All settings at once: the code that stands there is run, every rate compared."""
    set_to(shown, schedule)
    seen = shown.evaluate(
        """(one, settings) => settings.map((values) => {
          ["warmth", "power", "epochs", "batches"].forEach((name, i) => {
            one.control(name).value = values[i];
          });
          one.show();
          return [one.querySelector("code").textContent, one.rates,
            one.querySelector("svg path.bw-ink").getAttribute("d")];
        })""",
        SETTINGS,
    )
    for (warm_up, power, epochs, batches), (code, drawn, d) in zip(
        SETTINGS, seen, strict=True
    ):
        rates, _ = run(code, batches)
        assert len(rates) == len(drawn) == epochs * batches
        np.testing.assert_allclose(drawn, rates, rtol=1e-6, err_msg=code)
        peak = float(f"{10**power:.1e}")
        if warm_up == 0 and schedule == "one-cycle":
            assert 0.9 * peak < rates.max() < peak, "its first step is past the peak"
        else:
            assert rates.max() == pytest.approx(peak, rel=0.01)
        x, y = np.array([place.split() for place in d[1:].split("L")], float).T
        assert np.allclose((x - 40) / 270, np.arange(len(x)) / len(x), atol=1e-3)
        assert np.allclose((190 - y) / 170 * peak, rates, atol=1e-4 * peak)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_stepped_once_an_epoch_most_of_it_is_never_reached(shown, schedule):
    set_to(shown, schedule, 10, (10, 100), every="epoch (a mistake)")
    code = code_of(shown)
    assert "\n    scheduler.step()  # after every epoch: a mistake" in code
    rates, _ = run(code, 100)
    drawn = rates_of(shown)
    np.testing.assert_allclose(drawn, rates, rtol=1e-6)
    assert drawn.max() < 0.011, "the warm-up never ends"
    said = words(shown, ".bw-message")
    assert "moved once an epoch: 10 of its 1,000 steps are taken, and no error" in said
    meant = shown.locator("svg path.bw-dashed").get_attribute("d")
    press(shown, "batch")
    assert shown.locator("svg path.bw-ink").get_attribute("d") == meant
    assert "moved once" not in words(shown, ".bw-message")


@pytest.mark.parametrize("every", ["batch", "epoch (a mistake)"])
def test_constant_rate_needs_no_scheduler(shown, every):
    set_to(shown, "constant", 0, (2, 20), every=every)
    code = code_of(shown)
    assert "scheduler" not in code
    assert set(run(code, 20)[0]) == {0.1}
    assert words(shown).startswith("From 0.1. Average over 40 steps: 0.1.")
    assert words(shown, ".bw-message") == ""


@pytest.mark.parametrize(("schedule", "warm_up"), list(product(SCHEDULES, [0, 20])))
def test_what_is_said_is_true(shown, schedule, warm_up):
    set_to(shown, schedule, warm_up)
    rates, _ = run(code_of(shown), 100)
    said = words(shown).replace("−", "-")
    number = r"(\d[\d.]*(?:e-\d+)?)"
    assert float(re.match(f"From {number}", said)[1].rstrip(".")) == pytest.approx(
        rates[0], rel=5e-3
    )
    average = float(re.search(f"1,000 steps: {number}$", said)[1].rstrip("."))
    assert average == pytest.approx(rates.mean(), rel=5e-3)
    top = re.search(rf"up to {number} at step (\d+)", said)
    at = int(top[2]) if top else 0
    assert rates[at] == pytest.approx(rates.max())
    if top:
        assert float(top[1]) == pytest.approx(rates.max(), rel=5e-3)
    if rates[-1] < rates.max() * 0.999:
        last = re.search(f"down to {number} at the last step, 999\\.", said)[1]
        assert float(last) == pytest.approx(rates[-1], rel=5e-3)
    else:
        assert "down" not in said
    assert said.split(". Average")[0] in (
        shown.locator("svg").get_attribute("aria-label").replace("−", "-")
    )


def test_one_cycle_moves_the_momentum_as_said(shown):
    set_to(shown, "one-cycle", 30)
    rates, momenta = run(code_of(shown), 100)
    assert "0.95, falling to 0.85 at the peak, and back" in words(shown, ".bw-message")
    assert momenta[0] == pytest.approx(0.95)
    assert momenta.min() == pytest.approx(0.85)
    assert momenta.argmin() == rates.argmax()
    assert momenta[-1] == pytest.approx(0.95)
    set_to(shown, "cosine", 30)
    assert set(run(code_of(shown), 100)[1]) == {0.9}
    assert words(shown, ".bw-message") == ""


def test_second_scheduler_starts_at_the_peak(shown):
    """Whatever the first has left: SequentialLR starts it as if newly made."""
    for schedule in ("step", "cosine", "linear"):
        set_to(shown, schedule, 10)
        rates, _ = run(code_of(shown), 100)
        assert rates[99] < rates[100] == 0.1


def test_counted_in_epochs_and_stepped_every_batch_a_cosine_swings():
    """What the page says of the other way to mix up the two."""
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    rates = []
    for _ in range(1000):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    swings = np.sign(np.diff(rates))
    assert ((swings[:-1] < 0) & (swings[1:] > 0)).sum() == 50, "times at the bottom"


def test_copied_code_is_the_code_shown(tab, address, page_with_widget):
    tab.goto(f"{address}/{page_with_widget}")
    widget = tab.locator(NAME)
    button = widget.get_by_role("button", name="Copy this code")
    for schedule in SCHEDULES:
        press(widget, schedule)
        assert words(widget, ".bw-copied") == ""
        tab.evaluate("navigator.clipboard.writeText('')")
        button.focus()
        tab.keyboard.press("Enter")
        widget.get_by_text("Copied.").wait_for()
        assert tab.evaluate("navigator.clipboard.readText()") == code_of(widget)
        assert button.get_attribute("aria-pressed") is None, "it does, it is not chosen"
    assert widget.locator(".bw-copied").get_attribute("aria-live") == "polite"


def test_without_a_clipboard_the_code_is_selected(browser, address, page_with_widget):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
    )
    page.goto(f"{address}/{page_with_widget}")
    widget = page.locator(NAME)
    widget.get_by_role("button", name="Copy this code").click()
    selected = page.evaluate("getSelection().toString()")
    assert selected.strip() == code_of(widget).strip()
    assert words(widget, ".bw-copied") == ""
    context.close()


def test_warm_up_can_be_dragged(shown):
    set_to(shown, "cosine", 0)
    mouse = shown.page.mouse
    picture = shown.locator("svg")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()

    def move(share):
        across = (40 + 270 * share) / 320 * box["width"]
        mouse.move(box["x"] + across, box["y"] + box["height"] / 2)

    move(0.1)
    mouse.down()
    move(0.3)
    assert "milestones=[300]" in code_of(shown)
    mouse.up()
    move(0.2)
    assert "milestones=[300]" in code_of(shown), "let go"


def test_keyboard_alone_is_enough(shown):
    keyboard = shown.page.keyboard
    set_to(shown, "cosine")
    shown.get_by_role("button", name="cosine").focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert "LinearLR(optimizer, start_factor=1.0, end_factor=0.0" in code_of(shown)
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert "milestones=[150]" in code_of(shown)
    outline = shown.locator("input:focus").evaluate(
        "focused => getComputedStyle(focused).outlineStyle"
    )
    assert outline == "solid"
    keyboard.press("Tab")
    keyboard.press("End")
    assert "lr=1," in code_of(shown)
    for _ in range(4):
        keyboard.press("Tab")
    keyboard.press("Space")
    assert "a mistake" in code_of(shown)
    keyboard.press("Tab")
    keyboard.press("Tab")
    focused = shown.page.evaluate("document.activeElement.textContent")
    assert focused == "Copy this code", "after the code itself, which may scroll"


def test_table_without_scripts_holds_torchs_rates(browser, address, page_with_widget):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    table = page.locator(f"{NAME} table")
    steps = [int(one.split()[1]) for one in table.locator("th").all_inner_texts()[2:]]
    rows = [
        row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()
    ]
    context.close()
    assert [name for name, *_ in rows] == SCHEDULES
    for name, call, *cells in rows:
        optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
        if name == "one-cycle":
            scheduler = made(call, optimizer)
        else:
            warm_up = lr_scheduler.LinearLR(optimizer, 0.01, total_iters=100)
            scheduler = warm_up
            if "(" in call:
                both = [warm_up, made(call, optimizer)]
                scheduler = lr_scheduler.SequentialLR(optimizer, both, milestones=[100])
        rates = []
        for _ in range(1000):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        for step, cell in zip(steps, cells, strict=True):
            assert cell == f"{rates[step]:.3g}", f"{name}, step {step}"


def made(call, optimizer):
    """A scheduler from the words of the table, which leave out the optimiser."""
    kind, options = call.split("(", 1)
    return eval(
        f"lr_scheduler.{kind}(optimizer, {options}",
        {"lr_scheduler": lr_scheduler, "optimizer": optimizer},
    )
