"""Checks of the exercises in notebook 04-2-cleaning-and-splitting."""

import torch

from helpers.checks import exercise, expect

NAN = torch.nan


@exercise(
    "04.2-fill",
    hint="the means of the columns of `train`, gaps left out, fill the gaps of both; "
    "values that are there stay",
)
def fill(answer):
    for train, other, expected in [
        (
            [[1.0, NAN], [3.0, 4.0]],
            [[NAN, NAN], [9.0, 8.0]],
            ([[1.0, 4.0], [3.0, 4.0]], [[2.0, 4.0], [9.0, 8.0]]),
        ),
        ([[NAN], [1.0], [5.0]], [[NAN]], ([[3.0], [1.0], [5.0]], [[3.0]])),
    ]:
        got = answer(torch.tensor(train), torch.tensor(other))
        expect(len(got), 2, given="any two tables: how many are returned")
        for name, table, right in zip(("train", "other"), got, expected, strict=True):
            given = f"train={train}, other={other}: {name}"
            expect(table, torch.tensor(right), given=given)


@exercise(
    "04.2-by-group",
    hint="draw patients, not rows: shuffle `groups.unique()` with the generator, and "
    "find the rows of the first round(test * patients) with torch.isin",
)
def by_group(answer):
    groups = torch.tensor([5, 5, 5, 5, 5, 5, 2, 2, 9, 9, 7, 1, 1, 1, 3, 4, 4, 8, 6, 0])
    seen = set()
    asked = [(seed, 0.3, 3) for seed in range(4)]
    for seed, share, expected in [*asked, (4, 0.5, 5), (5, 0.18, 2)]:
        given = f"10 patients in {len(groups)} rows, test={share}, seed {seed}"
        generator = torch.Generator().manual_seed(seed)
        train, test = answer(groups.clone(), share, generator)
        rows = sorted([*train.tolist(), *test.tolist()])
        expect(rows, list(range(len(groups))), given=f"{given}: rows of both parts")
        both = set(groups[train].tolist()) & set(groups[test].tolist())
        expect(both, set(), given=f"{given}: patients in both parts")
        count = len(groups[test].unique())
        expect(count, expected, given=f"{given}: patients in the second part")
        if share == 0.3:
            seen.add(tuple(sorted(test.tolist())))
    expect(len(seen) > 1, True, given="four seeds: not always the same patients")


@exercise(
    "04.2-alone",
    hint="count how often each tuple occurs; a patient is alone if hers occurs once, "
    "and the share is of all patients",
)
def alone(answer):
    for rows, expected in [
        ([("north", 13), ("north", 13), ("south", 13), ("east", 9)], 0.5),
        ([("north", 1), ("north", 1), ("north", 1)], 0.0),
        ([("north", 1), ("south", 1)], 1.0),
        ([("a", 1), ("a", 1), ("b", 1), ("b", 1), ("c", 1)], 0.2),
    ]:
        expect(answer(list(rows)), expected, given=f"rows={rows}")
