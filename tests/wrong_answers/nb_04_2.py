"""Plausible wrong answers to the exercises of notebook 04-2-cleaning-and-splitting."""

from collections import Counter

import torch


def _filled(table, values):
    return torch.where(table.isnan(), values, table)


def _each_by_itself(train, other):
    return tuple(_filled(table, table.nanmean(0)) for table in (train, other))


def _both_together(train, other):
    means = torch.cat([train, other]).nanmean(0)
    return _filled(train, means), _filled(other, means)


def _zeros(train, other):
    return train.nan_to_num(0.0), other.nan_to_num(0.0)


def _one_mean(train, other):
    return _filled(train, train.nanmean()), _filled(other, train.nanmean())


def _by_row(groups, test, generator):
    order = torch.randperm(len(groups), generator=generator)
    cut = round(test * len(groups))
    return order[cut:], order[:cut]


def _first_groups(groups, test, generator):
    names = groups.unique()
    held = torch.isin(groups, names[: round(test * len(names))])
    return torch.nonzero(~held)[:, 0], torch.nonzero(held)[:, 0]


def _patients(groups, test, generator, *, rows=False, names_only=False, swap=False):
    names = groups.unique()
    names = names[torch.randperm(len(names), generator=generator)]
    count = round(test * (len(groups) if rows else len(names)))
    held = torch.isin(groups, names[:count])
    if names_only:
        return names[count:], names[:count]
    parts = torch.nonzero(~held)[:, 0], torch.nonzero(held)[:, 0]
    return parts[::-1] if swap else parts


WRONG = {
    "04.2-fill": {
        "each table its own means": _each_by_itself,
        "means of both together": _both_together,
        "zeros": _zeros,
        "one mean for all columns": _one_mean,
        "the other only": lambda train, other: (
            train,
            _filled(other, train.nanmean(0)),
        ),
        "all values replaced": lambda train, other: (
            train.nanmean(0).expand_as(train),
            train.nanmean(0).expand_as(other),
        ),
    },
    "04.2-by-group": {
        "cut by row": _by_row,
        "always the first patients": _first_groups,
        "share of the rows": lambda g, t, r: _patients(g, t, r, rows=True),
        "returns patients": lambda g, t, r: _patients(g, t, r, names_only=True),
        "parts swapped": lambda g, t, r: _patients(g, t, r, swap=True),
    },
    "04.2-alone": {
        "share of different tuples": lambda rows: len(set(rows)) / len(rows),
        "share of the different ones": lambda rows: (
            sum(count == 1 for count in Counter(rows).values()) / len(set(rows))
        ),
        "a number, no share": lambda rows: sum(
            count == 1 for count in Counter(rows).values()
        ),
        "those with company": lambda rows: (
            1 - sum(count == 1 for count in Counter(rows).values()) / len(rows)
        ),
    },
}
