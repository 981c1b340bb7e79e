"""Wrong answers that the checks of notebook 02-5-regularization must reject."""

WRONG = {
    "02.5-one-step": {
        "weight_decay's factor": lambda w, rate, strength: w * (1 - rate * strength),
        "forgets the rate": lambda w, rate, strength: w - 2 * strength * w,
        "uphill": lambda w, rate, strength: w * (1 + 2 * rate * strength),
        "L1's step": lambda w, rate, strength: (
            w - rate * strength * (1 if w > 0 else -1)
        ),
    },
    "02.5-as-line": {
        "variance for deviation": lambda mean, var, weight, bias, eps=1e-5: (
            weight / (var + eps),
            bias - weight * mean / (var + eps),
        ),
        "forgets the mean": lambda mean, var, weight, bias, eps=1e-5: (
            weight / (var + eps).sqrt(),
            bias,
        ),
        "forgets gamma in the shift": lambda mean, var, weight, bias, eps=1e-5: (
            weight / (var + eps).sqrt(),
            bias - mean / (var + eps).sqrt(),
        ),
        "eps outside the root": lambda mean, var, weight, bias, eps=1e-5: (
            weight / (var.sqrt() + eps),
            bias - weight * mean / (var.sqrt() + eps),
        ),
    },
    "02.5-dropout-variance": {
        "no scaling by 1 / (1 - p)": lambda w, a, p: p * (1 - p) * (w**2 * a**2).sum(),
        "square of the sum": lambda w, a, p: p / (1 - p) * (w * a).sum() ** 2,
        "a plain L2 penalty": lambda w, a, p: p / (1 - p) * (w**2).sum(),
        "p and 1 - p swapped": lambda w, a, p: (1 - p) / p * (w**2 * a**2).sum(),
    },
}
