"""Wrong answers that the checks of notebook 03-5-cost must reject."""


def _break_even(look_bytes=8, mix_bytes=8, dense_bytes=8, factor=2, taps=9, most=False):
    """A search for the break-even that differs from the right one in one place."""

    def search(ridge):
        for c in range(1, 5000):
            dense = max(9 * c * c / ridge, dense_bytes * c)
            look = max(taps * c / ridge, look_bytes * c)
            mix = max(c * c / ridge, mix_bytes * c)
            if dense >= factor * (max(look, mix) if most else look + mix):
                return c
        return None

    return search


def _as_one_layer(ridge):
    """Puts the two factors under one roof."""
    for c in range(1, 5000):
        dense = max(9 * c * c / ridge, 8 * c)
        if dense >= 2 * max((9 * c + c * c) / ridge, 16 * c):
            return c
    return None


WRONG = {
    "03.5-intensity": {
        "four bytes a number": 49 / 8,
        "reads only": 49 / 2,
        "FLOPs": 49 / 2,
        "one side of the kernel": 7 / 4,
        "numbers, not bytes": 49 / 2,
        "FLOPs per number": 49,
        "upside down": 4 / 49,
    },
    "03.5-least-seconds": {
        "adds both needs": lambda layers, peak, bandwidth: sum(
            M / peak + Q / bandwidth for M, Q in layers
        ),
        "maximum outside the sum": lambda layers, peak, bandwidth: max(
            sum(M for M, _ in layers) / peak, sum(Q for _, Q in layers) / bandwidth
        ),
        "arithmetic only": lambda layers, peak, bandwidth: sum(
            M / peak for M, _ in layers
        ),
        "bytes only": lambda layers, peak, bandwidth: sum(
            Q / bandwidth for _, Q in layers
        ),
        "faster of the two": lambda layers, peak, bandwidth: sum(
            min(M / peak, Q / bandwidth) for M, Q in layers
        ),
        "slowest layer only": lambda layers, peak, bandwidth: max(
            max(M / peak, Q / bandwidth) for M, Q in layers
        ),
    },
    "03.5-break-even": {
        "faster at all": _break_even(factor=1),
        "numbers, not bytes": _break_even(2, 2, 2),
        "overlapping layers": _break_even(most=True),
        "forgets the map between": _break_even(4, 4),
        "under one roof": _as_one_layer,
        "arithmetic only": lambda ridge: 3,
    },
}
