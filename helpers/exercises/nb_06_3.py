"""Checks of the exercises in notebook 06-3-distributed."""

from fractions import Fraction
from math import ceil

from torch.utils.data import DistributedSampler

from helpers.checks import exercise, expect


@exercise(
    "06.3-ring-bytes",
    hint="2(n - 1) steps, and in each one piece of weights / n numbers goes out",
)
def ring_bytes(answer):
    for weights, processes, size in [(1200, 1, 4), (1200, 2, 4), (1200, 8, 2)]:
        expected = 2 * (processes - 1) * (weights / processes) * size
        given = f"weights={weights}, processes={processes}, size={size}"
        expect(answer(weights, processes, size), expected, given=given)
    expect(answer(1200, 4), 7200.0, given="weights=1200, processes=4")


@exercise(
    "06.3-indices",
    hint="every world-th index from rank on; all hands are of one length",
)
def indices_of(answer):
    for length, world in [(10, 2), (11, 2), (11, 4), (3, 3), (5, 1), (2, 5)]:
        for rank in range(world):
            dealt = DistributedSampler(range(length), world, rank, shuffle=False)
            given = f"length={length}, world={world}, rank={rank}"
            expect(list(answer(length, world, rank)), list(dealt), given=given)


@exercise(
    "06.3-rows",
    hint="computing a row takes 3P/speed; set the waiting to share of the sum of both",
)
def rows_needed(answer):
    for share, gpus, wire, speed in [
        (0.1, 8, 3 * 10**11, 2 * 10**14),
        (0.25, 64, 5 * 10**10, 2 * 10**14),
        (0.7, 1000, 10**9, 10**13),
    ]:
        part = Fraction(str(share))
        waiting = Fraction(8 * (gpus - 1), gpus * wire)
        expected = ceil(waiting * (1 - part) / part * speed / 3)
        given = f"share={share}, gpus={gpus}, wire={wire:g}, speed={speed:g}"
        expect(answer(share, gpus, wire, speed), expected, given=given)
