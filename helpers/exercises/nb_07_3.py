"""Checks of the exercises in notebook 07-3-recipes."""

from helpers.checks import exercise, expect


@exercise(
    "07.3-decay-for",
    hint="The memory is 1 / (1 - decay) steps; set it to share times steps.",
)
def decay_for(answer):
    for steps, share, expected in [
        (1000, 0.1, 0.99),
        (200, 0.1, 0.95),
        (100_000, 0.1, 0.9999),
        (400, 0.25, 0.99),
        (10, 0.1, 0.0),
    ]:
        given = f"steps={steps:,}, share={share}"
        expect(answer(steps, share), expected, given=given, atol=1e-9)


@exercise(
    "07.3-linear-rate",
    hint="Two straight lines: from peak / 100 at 0 to peak at warm, to 0 at steps.",
)
def linear_rate(answer):
    for t, peak, steps, warm, expected in [
        (0, 0.1, 1000, 100, 0.001),
        (50, 0.1, 1000, 100, 0.0505),
        (100, 0.1, 1000, 100, 0.1),
        (400, 0.1, 1000, 100, 0.1 * 2 / 3),
        (999, 0.1, 1000, 100, 0.1 / 900),
        (0, 0.2, 10, 0, 0.2),
        (5, 0.2, 10, 0, 0.1),
    ]:
        given = f"t={t}, peak={peak}, steps={steps}, warm={warm}"
        expect(answer(t, peak, steps, warm), expected, given=given, atol=1e-9)


@exercise(
    "07.3-seeds-needed",
    hint="|mean| > 2 stdev / sqrt(n) means n > (2 stdev / mean) ** 2.",
)
def seeds_needed(answer):
    for gains, expected in [
        ([1.0, 2.0, 3.0], 2),
        ([-1.0, -2.0, -3.0], 2),
        ([0.0, 1.0], 9),
        ([-1.0, 2.0, 0.5], 37),
        ([1.0, -1.0], None),
    ]:
        expect(answer(gains), expected, given=f"gains={gains}")
