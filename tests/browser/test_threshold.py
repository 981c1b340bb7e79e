"""The threshold explorer against scikit-learn: counts, measures, curves, areas."""

import re
import warnings

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

NAME = "book-threshold"
SCORES = {  # negatives and positives
    "easy": (100, 100),
    "overlapping": (100, 100),
    "rare positives": (190, 10),
    "useless": (100, 100),
}
THRESHOLDS = [at / 50 for at in range(51)]
RARE = "rare positives"


@pytest.fixture(scope="module")
def samples(shown):
    """{name: (labels, scores)}, from the widget's own counts."""
    found = {}
    for name in SCORES:
        press(shown, name)
        counts = np.array(shown.evaluate("one => one.counts"))
        labels, columns = np.nonzero(counts)
        many = counts[labels, columns]
        scores = (2 * columns + 1) / 100
        found[name] = np.repeat(labels, many), np.repeat(scores, many)
    return found


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click()


def move_to(widget, threshold):
    widget.get_by_role("slider", name="Threshold").fill(f"{threshold:g}")


def words(widget, part=".bw-numbers"):
    return widget.locator(part).inner_text()


def numbers_in(text):
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def measures(labels, called):
    """Accuracy, precision, recall and F1; precision is nan where it is undefined."""
    return [
        accuracy_score(labels, called),
        precision_score(labels, called, zero_division=np.nan),
        recall_score(labels, called),
        f1_score(labels, called),
    ]


def places_of(x, y):
    """Places in a picture, each once, as exact as they are drawn."""
    return np.unique(np.stack([x, y], axis=1).round(2), axis=0)


def test_the_classes_are_as_large_as_the_page_says(samples):
    for name, sizes in SCORES.items():
        labels, scores = samples[name]
        assert tuple(np.bincount(labels)) == sizes
        assert 0 < scores.min() <= scores.max() < 1


@pytest.mark.parametrize("name", SCORES)
def test_every_threshold_gives_the_measures_of_scikit_learn(shown, samples, name):
    press(shown, name)
    all_shown = shown.evaluate("one => one.all")
    labels, scores = samples[name]
    assert len(all_shown) == len(THRESHOLDS)
    for threshold, seen in zip(THRESHOLDS, all_shown, strict=True):
        called = scores >= threshold
        counts = [seen[one] for one in ("tn", "fp", "fn", "tp")]
        assert counts == confusion_matrix(labels, called).ravel().tolist(), threshold
        values = [seen[one] for one in ("accuracy", "precision", "recall", "f1")]
        true = measures(labels, called)
        assert values == pytest.approx(true, abs=1e-12, nan_ok=True), threshold


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("threshold", [0, 0.26, 0.5, 0.58, 0.94, 1])
def test_what_is_said_and_drawn_is_true(shown, samples, name, threshold):
    press(shown, name)
    move_to(shown, threshold)
    labels, scores = samples[name]
    called = scores >= threshold
    tn, fp, fn, tp = confusion_matrix(labels, called).ravel()
    true = measures(labels, called)

    said = words(shown)
    alarms = "1 false alarm" if fp == 1 else f"{fp} false alarms"
    found = f"{tp} of {tp + fn} positives found, {alarms}."
    assert said.startswith(f"Threshold {threshold:g}: {found} Accuracy ")
    for label, value in zip(["precision", "recall", "F1"], true[1:], strict=True):
        shown_value = re.search(rf"{label} (\w+(?:\.\d+)?)", said)[1]
        if np.isnan(value):
            assert shown_value == "undefined"
        else:
            assert float(shown_value) == pytest.approx(value, abs=5e-4)

    bars = shown.locator(".bw-bars p")
    for bar, value in zip(bars.all(), true, strict=True):
        part, whole = numbers_in(bar.locator("small").inner_text().split("=")[1])
        share = float(bar.evaluate("bar => parseFloat(bar.style.cssText.slice(8))"))
        if np.isnan(value):
            assert (part, whole, share) == (0, 0, 0)
            assert words(bar, "strong") == "undefined"
        else:
            assert part / whole == pytest.approx(value)
            assert share == pytest.approx(100 * value)
            assert float(words(bar, "strong")) == pytest.approx(value, abs=5e-4)

    picture, matrix, _ = shown.locator("svg").all()
    cells = matrix.locator(".bw-big").all_text_contents()
    assert cells == [str(count) for count in (tn, fp, fn, tp)]
    corners = picture.locator("text").all_text_contents()[:4]
    assert [corner.split()[-1] for corner in corners] == cells
    dots = picture.locator(".bw-dots").get_attribute("d").count("M")
    crosses = picture.locator(".bw-cross").get_attribute("d").count("M")
    assert (dots, crosses) == (tn + tp, fp + fn)
    line = picture.locator("path.bw-line").get_attribute("d")
    assert numbers_in(line)[0] == pytest.approx(10 + 300 * threshold)
    label = picture.get_attribute("aria-label")
    assert f"{fp} of {tn + fp} negatives, {tp} of {tp + fn} positives" in label


def test_marks_stand_where_the_scores_are(shown, samples):
    press(shown, "overlapping")
    move_to(shown, 0.5)
    labels, scores = samples["overlapping"]
    drawn = shown.locator(".bw-dots, .bw-cross").evaluate_all(
        "all => all.map(one => one.getAttribute('d'))"
    )
    dots = re.findall(r"M([\d.]+) ([\d.]+)h", drawn[1])
    crosses = re.findall(r"M([\d.]+) ([\d.]+)m", drawn[0])
    for marks, mistaken in [(dots, False), (crosses, True)]:
        x, y = np.array(marks, float).T
        of_these = ((scores >= 0.5) != labels) == mistaken
        for positive in (0, 1):
            places = np.sort((x[(y > 127) == positive] - 10) / 300)
            expected = np.sort(scores[of_these & (labels == positive)])
            assert places == pytest.approx(expected)
    assert len({*dots, *crosses}) == len(labels), "no two in one place"


@pytest.mark.parametrize("name", SCORES)
def test_roc_curve_is_that_of_scikit_learn(shown, samples, name):
    press(shown, name)
    press(shown, "ROC")
    labels, scores = samples[name]
    across, up, _ = roc_curve(labels, scores, drop_intermediate=False)
    d = shown.locator(".bw-curve .bw-ink").get_attribute("d")
    x, y = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", d), float).T
    assert places_of(x, y) == pytest.approx(
        places_of(44 + 200 * across, 210 - 200 * up)
    )
    assert (np.diff(x) >= 0).all()
    area = roc_auc_score(labels, scores)
    assert shown.evaluate("one => one.area") == pytest.approx(area)
    assert words(shown, ".bw-formula").startswith(f"Area under the curve: {area:.3g}.")


@pytest.mark.parametrize("name", SCORES)
def test_precision_recall_curve_is_that_of_scikit_learn(shown, samples, name):
    press(shown, name)
    press(shown, "precision-recall")
    labels, scores = samples[name]
    precision, recall, _ = precision_recall_curve(labels, scores)
    d = shown.locator(".bw-curve .bw-ink").get_attribute("d")
    y, x = np.array(re.findall(r"(?:V|M44 )([\d.]+)H([\d.]+)", d), float).T
    # scikit-learn's last point, precision 1, stands for no call at all.
    true = places_of(44 + 200 * recall[:-1], 210 - 200 * precision[:-1])
    assert places_of(x, y) == pytest.approx(true)
    area = average_precision_score(labels, scores)
    assert shown.evaluate("one => one.area") == pytest.approx(area)
    assert words(shown, ".bw-formula").startswith(f"Average precision: {area:.3g}.")
    rule = shown.locator(".bw-curve .bw-rule").get_attribute("d")
    assert numbers_in(rule)[1] == pytest.approx(210 - 200 * labels.mean())


def test_without_a_positive_call_precision_is_undefined(shown, samples):
    press(shown, RARE)
    move_to(shown, 1)
    labels, scores = samples[RARE]
    called = scores >= 1
    with pytest.warns(UndefinedMetricWarning, match="no predicted samples"):
        assert precision_score(labels, called) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert precision_score(labels, called, zero_division=0) == 0
    assert words(shown, ".bw-message") == (
        "None called positive: precision is 0 / 0, undefined. scikit-learn warns and "
        "says 0, or what zero_division names. Still 190 of 200 are right."
    )
    assert "Accuracy 0.95, precision undefined, recall 0, F1 0." in words(shown)
    press(shown, "precision-recall")
    assert shown.locator(".bw-curve circle").count() == 0, "no point on that curve"
    press(shown, "ROC")
    assert shown.locator(".bw-curve circle").count() == 1


def test_a_verdict_is_said_only_where_it_is_true(shown, samples):
    seen = set()
    for name in SCORES:
        press(shown, name)
        labels, scores = samples[name]
        common = (labels == 0).sum()
        for threshold in (0, 0.02, 0.3, 0.5, 0.52, 0.54, 0.7):
            move_to(shown, threshold)
            called = scores >= threshold
            right = (called == labels).sum()
            said = words(shown, ".bw-message")
            if called.all():
                assert said.startswith("All called positive: nothing is missed")
            elif right <= common:
                assert f"which is right for {common} of {len(labels)}." in said
            else:
                assert said == ""
            seen.add(said[:4])
    assert seen == {"All ", "No m", ""}


@pytest.mark.parametrize("name", SCORES)
def test_best_thresholds_are_best(shown, samples, name):
    press(shown, name)
    labels, scores = samples[name]
    for goal, score in {"most accurate": accuracy_score, "best F1": f1_score}.items():
        press(shown, goal)
        chosen = float(shown.get_by_role("slider", name="Threshold").input_value())
        values = [score(labels, scores >= threshold) for threshold in THRESHOLDS]
        assert score(labels, scores >= chosen) == max(values)
        assert chosen == THRESHOLDS[int(np.argmax(values))], "the lowest of several"
        pressed = shown.locator("[data-goal][aria-pressed=true]").all_inner_texts()
        assert goal in pressed
    press(shown, "0.5")
    assert words(shown).startswith("Threshold 0.5: ")
    move_to(shown, 0.98)
    assert shown.locator("[data-goal][aria-pressed=true]").count() == 0


def test_what_the_page_says_of_these_scores(samples):
    labels, scores = samples["useless"]
    best = max(THRESHOLDS, key=lambda t: f1_score(labels, scores >= t))
    assert (scores >= best).all(), "F1 is best with every picture called positive"
    labels, scores = samples[RARE]
    assert accuracy_score(labels, scores >= 1) == 0.95
    assert confusion_matrix(labels, scores >= 0.5).tolist() == [[182, 8], [4, 6]]


def test_line_and_point_can_be_dragged(shown):
    press(shown, "overlapping")
    move_to(shown, 0.5)
    mouse = shown.page.mouse
    picture = shown.locator("svg").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()

    def move(threshold):
        across = (10 + 300 * threshold) / 320 * box["width"]
        mouse.move(box["x"] + across, box["y"] + box["height"] / 2)

    move(0.5)
    mouse.down()
    move(0.7)
    assert words(shown).startswith("Threshold 0.7: 22 of 100 positives found")
    move(0)
    mouse.up()
    assert words(shown).startswith("Threshold 0: 100 of 100 positives found")
    move(0.3)
    assert words(shown).startswith("Threshold 0: "), "let go"

    press(shown, "ROC")
    curve = shown.locator(".bw-curve")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    here = shown.evaluate("one => one.place(one.all[20])")
    x, y = (at / 250 * box["width"] for at in here)
    curve.click(position={"x": x, "y": y})
    assert words(shown).startswith("Threshold 0.4: ")
    point = curve.locator("circle")
    drawn = [float(point.get_attribute(one)) for one in ("cx", "cy")]
    assert drawn == pytest.approx(here)


def test_a_finger_moves_the_line(browser, address, page_with_widget):
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    widget = page.locator(NAME)
    picture = widget.locator("svg").first
    box = picture.bounding_box()
    across = (10 + 300 * 0.8) / 320 * box["width"]
    picture.tap(position={"x": across, "y": box["height"] / 2})
    assert words(widget).startswith("Threshold 0.8: ")
    context.close()


def test_keyboard_alone_is_enough(shown):
    keyboard = shown.page.keyboard
    press(shown, "overlapping")
    move_to(shown, 0.5)
    shown.get_by_role("button", name="overlapping").focus()
    keyboard.press("Tab")
    keyboard.press("Enter")
    pressed = shown.locator("[data-scores][aria-pressed=true]")
    assert pressed.all_inner_texts() == [RARE]
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert words(shown).startswith("Threshold 0.52: ")
    outline = shown.locator("input:focus").evaluate(
        "focused => getComputedStyle(focused).outlineStyle"
    )
    assert outline == "solid"
    keyboard.press("End")
    assert words(shown).startswith("Threshold 1: 0 of 10 positives found")
    for _ in range(3):
        keyboard.press("Tab")
    keyboard.press("Space")
    assert words(shown).startswith("Threshold 0.52: "), "best F1"
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert words(shown, ".bw-formula").startswith("Average precision: ")
    focused = shown.page.evaluate("document.activeElement.textContent")
    assert focused == "precision-recall", "the focus stays where it was"


def test_marks_look_different_and_bars_are_filled(shown):
    """The site drops styles that no page uses: those of drawn parts must stay."""
    press(shown, "overlapping")
    move_to(shown, 0.5)

    def style(part, name):
        return shown.locator(part).first.evaluate(
            "(one, name) => getComputedStyle(one)[name]", name
        )

    assert style(".bw-dots", "strokeLinecap") == "round"
    assert style(".bw-dots", "stroke") != style(".bw-cross", "stroke")
    assert 0 < float(style(".bw-shade", "fillOpacity")) < 1
    assert float(style(".bw-big", "fontSize")[:-2]) > 16
    assert style(".bw-bars p", "backgroundImage").startswith("linear-gradient")
    assert style(".bw-bars p", "backgroundSize") == "77% 100%"


def test_table_without_scripts_holds_scikit_learns_numbers(
    browser, address, page_with_widget, samples
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{page_with_widget}")
    rows = [
        row.locator("td").all_inner_texts()
        for row in page.locator(f"{NAME} tbody tr").all()
    ]
    context.close()
    assert {name for name, *_ in rows} == set(SCORES)
    for name, threshold, *cells in rows:
        labels, scores = samples[name]
        called = scores >= float(threshold)
        counts = confusion_matrix(labels, called).ravel()
        assert cells[:4] == [str(count) for count in counts]
        for cell, value in zip(cells[4:], measures(labels, called), strict=True):
            expected = "undefined" if np.isnan(value) else f"{value:.3g}"
            assert cell == expected, f"{name}, threshold {threshold}"
