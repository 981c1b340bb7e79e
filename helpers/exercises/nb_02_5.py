"""Checks of the exercises in notebook 02-5-regularization."""

import torch
from torch import nn

from helpers.checks import exercise, expect


@exercise("02.5-one-step", hint="the slope of λw² is 2λw; the step subtracts η of it")
def one_step(answer):
    for w, rate, strength in [(2.0, 0.1, 0.1), (-3.0, 0.5, 0.2), (1.0, 0.1, 0.0)]:
        weight = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        (strength * weight**2).backward()
        there = (weight - rate * weight.grad).item()
        given = f"w={w}, rate={rate}, strength={strength}"
        expect(answer(w, rate, strength), there, given=given)


@exercise(
    "02.5-as-line",
    hint="write out γ · (z − mean) / sqrt(var + ε) + b and sort it by z",
)
def as_line(answer):
    generator = torch.Generator().manual_seed(0)
    for eps in (1e-5, 0.1):
        mean, var, weight, bias, z = torch.rand(5, 4, generator=generator).double()
        norm = nn.BatchNorm1d(4, eps=eps).double().eval()
        norm.running_mean, norm.running_var = mean, var
        norm.weight, norm.bias = nn.Parameter(weight), nn.Parameter(bias)
        scale, shift = answer(mean, var, weight, bias, eps)
        given = f"four units, eps={eps}: scale * z + shift"
        expect(scale * z + shift, norm(z[None])[0].detach(), given=given)
        zero = norm(torch.zeros_like(z)[None])[0].detach()
        expect(shift, zero, given=f"four units, eps={eps}: shift")


@exercise(
    "02.5-dropout-variance",
    hint="the masks are independent, so the variances of w_i ã_i add up",
)
def dropout_variance(answer):
    for w, a, p in [
        ([2.0], [3.0], 0.5),
        ([1.0, -2.0], [3.0, 1.0], 0.5),
        ([1.0, 1.0, 0.5], [1.0, -1.0, 4.0], 0.2),
    ]:
        one, two = torch.tensor(w).double(), torch.tensor(a).double()
        sums, chances = torch.zeros(1).double(), torch.ones(1).double()
        for part in one * two:  # every mask with its probability
            sums = torch.cat([sums, sums + part / (1 - p)])
            chances = torch.cat([chances * p, chances * (1 - p)])
        mean = (chances * sums).sum()
        variance = (chances * (sums - mean) ** 2).sum()
        expect(answer(one, two, p), variance, given=f"w={w}, a={a}, p={p}")
