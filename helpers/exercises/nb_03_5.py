"""Checks of the exercises in notebook 03-5-cost."""

from helpers.checks import exercise, expect


@exercise(
    "03.5-intensity",
    hint="for one pixel of one channel: how many products, how many bytes in and out?",
)
def intensity(answer):
    expect(answer, 12.25, given="K = 7 and two bytes a number")


@exercise(
    "03.5-least-seconds",
    hint="each layer waits for the slower of its two needs, then the next one starts.",
)
def least_seconds(answer):
    cases = [
        ([(600, 20)], 100, 10, 6.0),
        ([(100, 50)], 100, 10, 5.0),
        ([(100, 50), (600, 20)], 100, 10, 11.0),
        ([(7, 64), (103, 97), (925, 96)], 80, 14, 64 / 14 + 97 / 14 + 925 / 80),
    ]
    for layers, peak, bandwidth, expected in cases:
        given = f"layers={layers}, peak={peak}, bandwidth={bandwidth}"
        expect(answer(layers, peak, bandwidth), expected, given=given)


@exercise(
    "03.5-break-even",
    hint="per pixel, with bandwidth 1 and peak = ridge, a layer takes max(M/ridge, Q).",
)
def break_even(answer):
    # By hand, from dense = 2 · (look + mix) in the regime that applies.
    for ridge, expected in [(0.5, 3), (0.8, 4), (3, 11), (6, 22), (20, 72), (100, 356)]:
        expect(answer(ridge), expected, given=f"ridge={ridge}")
