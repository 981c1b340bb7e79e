"""Intervals, reliability and temperature against independent truths."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from torch import nn
from torch.nn import functional as F

from helpers.data import Batches
from helpers.evaluation import (
    Reliability,
    accuracy_interval,
    fit_temperature,
    predict,
    reliability,
)


def made_up(count=400, classes=5, scale=3.0, seed=0):
    """Logits, and labels drawn from their softmax at temperature ``scale``."""
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(count, classes, generator=generator)
    chances = (logits / scale).softmax(1)
    return logits, torch.multinomial(chances, 1, generator=generator)[:, 0]


# --- predict -------------------------------------------------------------------------


class Mixed(nn.Module):
    """Depends on its mode, and may be told to fail."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.fails = False

    def forward(self, inputs):
        if self.fails:
            raise RuntimeError("as told")
        return self.drop(self.norm(inputs))


@pytest.fixture
def inputs():
    return torch.randn(23, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [1, 5, 23, 100])
def test_predict_keeps_the_order_and_needs_no_batch_size(inputs, size):
    model = Mixed().train()
    labels = torch.arange(23)
    logits, same = predict(model, Batches(inputs, labels, size))
    expected = Mixed().eval()(inputs)
    assert torch.allclose(logits, expected, atol=1e-6)
    assert torch.equal(same, labels)


def test_predict_restores_every_mode(inputs):
    model = Mixed().train()
    model.norm.eval()  # frozen, as in fine-tuning
    before = {name: value.clone() for name, value in model.state_dict().items()}
    predict(model, [(inputs, torch.zeros(23))])
    assert [m.training for m in model.modules()] == [True, False, True]
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_predict_restores_modes_after_an_error(inputs):
    model = Mixed().train()
    model.fails = True
    with pytest.raises(RuntimeError, match="as told"):
        predict(model, [(inputs, torch.zeros(23))])
    assert all(m.training for m in model.modules())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_predictions_can_be_used_in_later_training(inputs):
    model = Mixed()
    logits, _ = predict(model, [(inputs, torch.zeros(23))])
    assert not logits.requires_grad
    assert not logits.is_inference()
    scale = torch.ones((), requires_grad=True)
    (logits * scale).sum().backward()
    assert scale.grad.isfinite()


def test_predict_takes_any_output_shape(inputs):
    logits, labels = predict(nn.Linear(4, 1), [(inputs, inputs)] * 2)
    assert logits.shape == (46, 1)
    assert labels.shape == (46, 4)


def test_predict_needs_a_batch():
    with pytest.raises(ValueError, match="no batch"):
        predict(Mixed(), [])


# --- accuracy_interval ---------------------------------------------------------------


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("correct", "count"), [(0, 1), (1, 1), (0, 50), (50, 50), (7, 9), (9_900, 10_000)]
)
def test_interval_equals_scipy(correct, count, level):
    truth = stats.binomtest(correct, count).proportion_ci(level, method="wilson")
    low, high = accuracy_interval(correct, count, confidence=level)
    assert math.isclose(low, truth.low, abs_tol=1e-9)
    assert math.isclose(high, truth.high, abs_tol=1e-9)


@given(
    st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
)
def test_interval_holds_the_share_and_is_symmetric(pair):
    correct, count = pair
    low, high = accuracy_interval(correct, count)
    assert 0 <= low <= correct / count + 1e-12
    assert correct / count - 1e-12 <= high <= 1
    assert low < high
    other = accuracy_interval(count - correct, count)
    assert math.isclose(1 - low, other[1], abs_tol=1e-9)


def test_interval_shrinks_with_samples_and_grows_with_confidence():
    few, many = accuracy_interval(90, 100), accuracy_interval(9_000, 10_000)
    sure = accuracy_interval(90, 100, confidence=0.99)
    assert sure[0] < few[0] < many[0] < 0.9 < many[1] < few[1] < sure[1]


@pytest.mark.parametrize(("correct", "count"), [(-1, 10), (11, 10), (0, 0), (0, -3)])
def test_interval_refuses_impossible_counts(correct, count):
    with pytest.raises(ValueError, match=f"got {correct} of {count}"):
        accuracy_interval(correct, count)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
def test_interval_refuses_impossible_confidence(level):
    with pytest.raises(ValueError, match="confidence must be between 0 and 1"):
        accuracy_interval(1, 2, confidence=level)


# --- reliability ---------------------------------------------------------------------


def slow_reliability(probabilities, labels, bins):
    """The definition, one bin after the other; the error as its sum."""
    confidence, answers = probabilities.double().max(1)
    error, counts = 0.0, []
    for b in range(bins):
        inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
        counts.append(int(inside.sum()))
        if counts[-1]:
            right = (answers == labels)[inside].double().mean()
            gap = (right - confidence[inside].mean()).abs().item()
            error += counts[-1] / len(labels) * gap
    return counts, error


@pytest.mark.parametrize("bins", [1, 2, 7, 10, 15])
def test_reliability_is_its_definition(bins):
    logits, labels = made_up()
    probabilities = logits.softmax(1)
    found = reliability(probabilities, labels, bins=bins)
    counts, error = slow_reliability(probabilities, labels, bins)
    assert found.count.tolist() == counts
    assert math.isclose(found.error, error, abs_tol=1e-9)
    filled = found.count > 0
    assert torch.equal(found.confidence.isnan(), ~filled)
    assert torch.equal(found.accuracy.isnan(), ~filled)
    gaps = (found.accuracy - found.confidence).abs()[filled]
    shares = found.count[filled].double() / len(labels)
    assert math.isclose((gaps * shares).sum().item(), error, abs_tol=1e-9)


def test_one_bin_is_the_gap_of_the_means():
    logits, labels = made_up()
    probabilities = logits.softmax(1).double()
    found = reliability(probabilities, labels, bins=1)
    accuracy = (probabilities.argmax(1) == labels).double().mean()
    gap = (accuracy - probabilities.max(1).values.mean()).abs()
    assert math.isclose(found.error, gap.item(), abs_tol=1e-12)


def test_edges_belong_to_the_lower_bin():
    p = torch.tensor([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], dtype=torch.float64)
    found = reliability(torch.stack([p, 1 - p], 1), torch.zeros(6).long())
    assert found.count.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_sure_and_right_has_no_error_and_sure_and_wrong_all():
    one_hot = torch.eye(3)
    assert reliability(one_hot, torch.arange(3)).error == 0
    assert reliability(one_hot, torch.tensor([1, 2, 0])).error == 1


def test_reliability_of_true_probabilities_is_small():
    logits, labels = made_up(count=20_000, scale=1.0)
    assert reliability(logits.softmax(1), labels).error < 0.02
    assert reliability((3 * logits).softmax(1), labels).error > 0.2


def test_reliability_takes_half_precision_and_gradients():
    logits, labels = made_up()
    half = logits.bfloat16().requires_grad_().softmax(1)
    found = reliability(half, labels)
    assert found.count.sum() == len(labels)
    assert not found.accuracy.requires_grad


@pytest.mark.parametrize("bins", [0, -1, 2.0, True, None])
def test_reliability_refuses_bins(bins):
    with pytest.raises(ValueError, match="bins must be an int >= 1, got"):
        reliability(torch.eye(3), torch.arange(3), bins=bins)


@pytest.mark.parametrize(
    ("shape", "labels"),
    [((3,), (3,)), ((3, 3), (2,)), ((3, 3), (3, 1)), ((0, 3), (0,))],
)
@pytest.mark.parametrize("function", [reliability, fit_temperature])
def test_shapes_are_checked(function, shape, labels):
    with pytest.raises(ValueError, match=r"must be \(N, K\) and \(N,\)"):
        function(torch.ones(shape), torch.zeros(labels).long())


@pytest.mark.parametrize(
    "rows", [[[3.0, -2.0]], [[0.5, 0.2]], [[math.nan, 1.0]], [[1.5, -0.5]]]
)
def test_reliability_refuses_logits(rows):
    with pytest.raises(ValueError, match="rows in"):
        reliability(torch.tensor(rows), torch.zeros(1).long())


def test_a_diagram_is_frozen():
    diagram = Reliability(torch.ones(1), torch.ones(1), torch.ones(1), 0.0)
    with pytest.raises(AttributeError):
        diagram.error = 1.0


# --- fit_temperature -----------------------------------------------------------------


def nll(logits, labels, temperature):
    return F.cross_entropy(logits.double() / temperature, labels).item()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0])
def test_temperature_equals_a_general_minimiser(scale, seed):
    logits, labels = made_up(scale=scale, seed=seed)
    truth = optimize.minimize_scalar(
        lambda log: nll(logits, labels, math.exp(log)),
        bounds=(math.log(0.01), math.log(100)),
        options={"xatol": 1e-10},
    )
    assert math.isclose(
        fit_temperature(logits, labels), math.exp(truth.x), rel_tol=1e-5
    )


def test_temperature_finds_what_was_put_in():
    logits, labels = made_up(count=50_000, scale=4.0)
    assert math.isclose(fit_temperature(logits, labels), 4, rel_tol=0.05)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0.2, 5),
    st.floats(-50, 50, allow_subnormal=False),
    st.integers(0, 1000),
)
def test_temperature_scales_with_the_logits_and_ignores_shifts(factor, shift, seed):
    logits, labels = made_up(count=100, scale=2.0, seed=seed)
    once = fit_temperature(logits.double(), labels)
    moved = fit_temperature(factor * logits.double() + shift, labels)
    if 0.1 < once < 10:  # away from the ends
        assert math.isclose(moved, factor * once, rel_tol=1e-6)


def test_temperature_changes_no_answer_and_never_raises_the_loss():
    for seed in range(5):
        logits, labels = made_up(seed=seed)
        warmth = fit_temperature(logits, labels)
        cooled = logits / warmth
        assert torch.equal(cooled.argmax(1), logits.argmax(1))
        assert nll(logits, labels, warmth) <= nll(logits, labels, 1.0) + 1e-12


def test_temperature_ends_where_there_is_no_best():
    logits = 5 * torch.eye(4)
    assert math.isclose(fit_temperature(logits, torch.arange(4)), 0.01, rel_tol=1e-6)
    never = torch.tensor([1, 2, 3, 0])
    assert math.isclose(fit_temperature(logits, never), 100, rel_tol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_temperature_refuses_what_is_not_finite(bad):
    logits = torch.tensor([[bad, 0.0]])
    with pytest.raises(ValueError, match="finite"):
        fit_temperature(logits, torch.zeros(1).long())
