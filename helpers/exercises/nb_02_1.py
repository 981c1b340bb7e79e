"""Checks of the exercises in notebook 02-1-gradient-descent."""

import torch

from helpers.checks import exercise, expect


@exercise(
    "02.1-largest-rate",
    hint="2 divided by the largest curvature; the curvatures are eigenvalues",
)
def largest_rate(answer):
    for rows, expected in [
        ([[4.0, 0.0], [0.0, 1.0]], 0.5),
        ([[3.0, 1.0], [1.0, 3.0]], 0.5),
        ([[2.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 2.0]], 2 - 2**0.5),
    ]:
        hessian = torch.tensor(rows, dtype=torch.float64)
        expect(answer(hessian), expected, given=f"hessian={rows}")


@exercise(
    "02.1-look-ahead",
    hint="ask for the gradient at theta - rate * beta * m, with the old m",
)
def look_ahead(answer):
    curvature = torch.tensor([1.0, 25.0], dtype=torch.float64)
    start = torch.tensor([-9.5, 1.5], dtype=torch.float64)
    for rate, beta in [(0.02, 0.9), (0.01, 0.5)]:
        weights = start.clone().requires_grad_()
        options = {"momentum": beta, "nesterov": True}
        optimizer = torch.optim.SGD([weights], lr=rate, **options)
        theta, m = start, torch.zeros_like(start)
        for step in range(1, 101):
            weights.grad = curvature * weights.detach()
            optimizer.step()
            theta, m = answer(theta, m, lambda place: curvature * place, rate, beta)
            given = f"rate={rate}, beta={beta}, phi after step {step} in the bowl"
            expect(theta - rate * beta * m, weights.detach(), given=given)


@exercise(
    "02.1-momentum-bounds",
    hint="walk many rates at once for some hundred steps on bowl(theta, 1.0) "
    "and see which stay small",
)
def momentum_bounds(answer):
    beta = 0.9
    bounds = [2 * (1 + beta), 2 * (1 + beta) / (1 + 2 * beta)]
    expected = torch.tensor(bounds, dtype=torch.float64)
    expect(answer, expected, given="curvature 1, beta 0.9", atol=0.0101)
