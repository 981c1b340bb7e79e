"""Checks of the exercises of notebook 01-4, backpropagation."""

import torch
import torch.nn.functional as F

from helpers.checks import exercise, expect


@exercise(
    "01.4-other-label",
    hint="p stays 0.27; delta2 = p - y, then times the outgoing weight and the slope.",
)
def other_label(answer):
    given = "y = 0"
    expected = [0.2689, -0.2689, 0.1345, 0.0]
    names = ["delta2", "delta1 of neuron 1", "of neuron 2", "of neuron 3"]
    expect(len(answer), 4, given=f"{given}, how many numbers")
    for got, right, name in zip(answer, expected, names, strict=True):
        expect(got, right, given=f"{given}, {name}", atol=0.006)


@exercise(
    "01.4-silu-slope",
    hint="the product rule: (z · s(z))' = s(z) + z · s'(z), with s' = s (1 - s).",
)
def silu_slope(answer):
    for value in (0.0, 1.0, -2.0, 5.0):
        z = torch.tensor([value], dtype=torch.float64, requires_grad=True)
        (expected,) = torch.autograd.grad(F.silu(z).sum(), z)
        expect(answer(z.detach()), expected, given=f"z = {value:g}")
    z = torch.linspace(-3, 3, 6, dtype=torch.float64).view(2, 3).requires_grad_()
    (expected,) = torch.autograd.grad(F.silu(z).sum(), z)
    expect(answer(z.detach()), expected, given="z of shape (2, 3)")


@exercise(
    "01.4-softmax-delta",
    hint="softmax over the classes of each sample, minus 1 at its label, over N.",
)
def softmax_delta(answer):
    generator = torch.Generator().manual_seed(0)
    for samples, classes in [(1, 3), (4, 3), (3, 3), (6, 2)]:
        shape = (samples, classes)
        logits = torch.randn(shape, generator=generator, dtype=torch.float64)
        labels = torch.randint(classes, (samples,), generator=generator)
        leaf = logits.clone().requires_grad_()
        (expected,) = torch.autograd.grad(F.cross_entropy(leaf, labels), leaf)
        expect(
            answer(logits, labels),
            expected,
            given=f"logits of shape {shape}, labels {labels.tolist()}",
        )


@exercise(
    "01.4-planted-fault",
    hint="layer 2 is right and layer 1 is not: look at the slope of tanh in delta1.",
)
def planted_fault(answer):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for samples in (1, 5):
        inputs, labels = draw(samples, 2), (draw(samples, 1) > 0).double()
        weights = [draw(4, 2), draw(4), draw(1, 4), draw(1)]
        leaves = [w.clone().requires_grad_() for w in weights]
        hidden = torch.tanh(F.linear(inputs, *leaves[:2]))
        logits = F.linear(hidden, *leaves[2:])
        loss = F.binary_cross_entropy_with_logits(logits, labels)
        expected = torch.autograd.grad(loss, leaves)
        got = answer(inputs, labels, *weights)
        expect(len(got), 4, given=f"N = {samples}, how many gradients")
        for name, ours, right in zip(
            ["W1", "b1", "W2", "b2"], got, expected, strict=True
        ):
            expect(ours, right, given=f"N = {samples}, the gradient of {name}")
