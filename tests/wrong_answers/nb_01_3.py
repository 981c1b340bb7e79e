"""Wrong answers that the checks of notebook 01-3-losses must reject."""

import math

import torch
import torch.nn.functional as F


def _term(p):
    return -p * math.log(p) if p > 0 else 0.0


WRONG = {
    "01.3-lowest-loss": {
        "only the ones": lambda share: _term(share),
        "in bits": lambda share: (_term(share) + _term(1 - share)) / math.log(2),
        "a fair coin always": lambda share: math.log(2),
        "variance": lambda share: share * (1 - share),
        "ln 0 at the ends": lambda share: (
            -share * math.log(share) - (1 - share) * math.log(1 - share)
        ),
    },
    "01.3-best-gap": {
        "forgets epsilon/K of the truth": lambda e, k: math.log((1 - e) * k / e),
        "epsilon shared by the others": lambda e, k: math.log((1 - e) * (k - 1) / e),
        "ratio without the logarithm": lambda e, k: (1 - e + e / k) * k / e,
        "logarithm of the target": lambda e, k: math.log(1 - e + e / k),
        "never enough": lambda e, k: math.inf,
    },
    "01.3-weighted-bce": {
        "through the sigmoid": lambda z, y, w: (
            -(
                w * y * torch.sigmoid(z).log() + (1 - y) * (1 - torch.sigmoid(z)).log()
            ).mean()
        ),
        "weighs the zeros": lambda z, y, w: (
            -(y * F.logsigmoid(z) + w * (1 - y) * F.logsigmoid(-z)).mean()
        ),
        "weighs every sample": lambda z, y, w: (
            w * F.binary_cross_entropy_with_logits(z, y)
        ),
        "divides by the sum of weights": lambda z, y, w: (
            F.binary_cross_entropy_with_logits(
                z, y, pos_weight=torch.tensor(w), reduction="sum"
            )
            / (w * y + 1 - y).sum()
        ),
        "forgets the weight": lambda z, y, w: F.binary_cross_entropy_with_logits(z, y),
        "only the ones": lambda z, y, w: -(w * y * F.logsigmoid(z)).mean(),
    },
    "01.3-quantile-loss": {
        "the absolute error": lambda guess, y, q: F.l1_loss(guess, y),
        "sides exchanged": lambda guess, y, q: torch.maximum(
            q * (guess - y), (q - 1) * (guess - y)
        ).mean(),
        "q on both sides": lambda guess, y, q: q * F.l1_loss(guess, y),
        "squared, sides weighted": lambda guess, y, q: (
            torch.where(y > guess, q, 1 - q) * (y - guess) ** 2
        ).mean(),
        "only what is too low": lambda guess, y, q: F.relu(y - guess).mean() * q,
    },
}
