"""Wrong answers that the checks of notebook 06-1-speed must reject."""


def lost_of_all(weights, updates):
    before, change = weights.bfloat16(), updates.bfloat16()
    return ((before + change == before) & (change != 0)).float().mean().item()


def zeros_are_lost_too(weights, updates):
    before, change = weights.bfloat16(), updates.bfloat16()
    return (before + change == before).float().mean().item()


def in_float32(weights, updates):
    some = updates != 0
    return (((weights + updates == weights) & some).sum() / some.sum()).item()


def absolute(weights, updates):
    some = updates != 0
    return ((updates.abs() < 2**-8) & some).sum().item() / some.sum().item()


def share_kept(weights, updates):
    before, change = weights.bfloat16(), updates.bfloat16()
    kept = (before + change != before) & (change != 0)
    return (kept.sum() / (change != 0).sum()).item()


WRONG = {
    "06.1-speedup": {
        "forgets what stays": lambda p, s: s / p if p else 1,
        "the new time": lambda p, s: 1 - p + p / s,
        "multiplies": lambda p, s: 1 + p * (s - 1),
        "the limit": lambda p, s: 1 / (1 - p) if p < 1 else s,
    },
    "06.1-part-factors": {
        "one for each": lambda n, k: [1.0] * -(-n // k),
        "equal shares": lambda n, k: [1 / -(-n // k)] * -(-n // k),
        "forgets the last part": lambda n, k: [k / n] * (n // k),
        "the last part is full": lambda n, k: [k / n] * -(-n // k),
    },
    "06.1-share-lost": {
        "of all weights": lost_of_all,
        "zeros are lost too": zeros_are_lost_too,
        "in float32": in_float32,
        "absolute": absolute,
        "the share kept": share_kept,
    },
}
