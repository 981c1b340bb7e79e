"""Plausible wrong answers to the exercises of notebook 03-2-depthwise-separable."""

import torch


def _by_inputs(output, in_channels, out_channels, groups):
    """Finds the group of the output in the inputs' count."""
    each = in_channels // groups
    group = min(output // each, groups - 1)
    return list(range(group * each, (group + 1) * each))


def _dealt_out(output, in_channels, out_channels, groups):
    """Deals the channels to the groups in turn, as a shuffle would."""
    return list(range(output % groups, in_channels, groups))


def _as_many_as_outputs(output, in_channels, out_channels, groups):
    each = out_channels // groups
    group = output // each
    return list(range(group * each, (group + 1) * each))


def _from_one(output, in_channels, out_channels, groups):
    group, each = output // (out_channels // groups), in_channels // groups
    return list(range(group * each + 1, (group + 1) * each + 1))


def _undone(maps, groups):
    """The inverse of the shuffle."""
    return maps.unflatten(1, (-1, groups)).transpose(1, 2).flatten(1, 2)


def _view_only(maps, groups):
    """Views the channels as a table and forgets to turn it."""
    return maps.unflatten(1, (groups, -1)).flatten(1, 2)


def _rolled(maps, groups):
    return maps.roll(maps.shape[1] // groups, dims=1)


def _reshaped(maps, groups):
    """Reshapes to the turned sizes, which moves nothing."""
    return maps.reshape(len(maps), -1, groups, *maps.shape[2:]).flatten(1, 2)


def _look_then_mix(pointwise, depthwise):
    """One filter for each input channel, as in this page's layer."""
    filters = depthwise[torch.arange(pointwise.shape[1]) % len(depthwise)]
    return pointwise * filters.transpose(0, 1)


def _without_mixing(pointwise, depthwise):
    return depthwise.repeat(1, pointwise.shape[1], 1, 1)


def _inputs_first(pointwise, depthwise):
    return (pointwise * depthwise).transpose(0, 1)


def _normalised(pointwise, depthwise):
    """Shares the filter among the inputs."""
    return pointwise * depthwise / pointwise.shape[1]


def _squares(kernel):
    """Squared singular values (C_in, min(C_out, K²))."""
    return torch.linalg.svdvals(kernel.flatten(2).transpose(0, 1)).square()


def _count(kept, share):
    return int((kept < share).sum()) + 1


def _off_by_one(kernel, share):
    squares = _squares(kernel).sum(0)
    return int((squares.cumsum(0) / squares.sum() < share).sum())


def _not_squared(kernel, share):
    sizes = _squares(kernel).sqrt().sum(0)
    return _count(sizes.cumsum(0) / sizes.sum(), share)


def _of_outputs(kernel, share):
    """Tables of the output channels."""
    squares = torch.linalg.svdvals(kernel.flatten(2)).square().sum(0)
    return _count(squares.cumsum(0) / squares.sum(), share)


def _of_the_whole(kernel, share):
    """One table for all pairs of channels."""
    squares = torch.linalg.svdvals(kernel.flatten(2).flatten(0, 1)).square()
    return _count(squares.cumsum(0) / squares.sum(), share)


def _lost_instead(kernel, share):
    """Takes the share for the one that may be lost."""
    squares = _squares(kernel).sum(0)
    return _count(squares.cumsum(0) / squares.sum(), 1 - share)


WRONG = {
    "03.2-channels-read": {
        "group counted in inputs": _by_inputs,
        "channels dealt out": _dealt_out,
        "as many inputs as outputs": _as_many_as_outputs,
        "counts from one": _from_one,
        "the group's number alone": lambda o, i, out, g: [o // (out // g)],
        "all inputs": lambda o, i, out, g: list(range(i)),
    },
    "03.2-shuffle": {
        "the inverse": _undone,
        "forgets to turn the table": _view_only,
        "rolls the channels": _rolled,
        "reshapes only": _reshaped,
        "reverses": lambda maps, groups: maps.flip(1),
    },
    "03.2-mix-then-look": {
        "look, then mix": _look_then_mix,
        "forgets the mixing": _without_mixing,
        "inputs first": _inputs_first,
        "divides by the inputs": _normalised,
        "adds": lambda pointwise, depthwise: pointwise + depthwise,
    },
    "03.2-fewest-filters": {
        "off by one": _off_by_one,
        "sizes not squared": _not_squared,
        "tables of the outputs": _of_outputs,
        "one table for all": _of_the_whole,
        "share lost, not kept": _lost_instead,
        "always exact": lambda k, share: min(len(k), k.shape[2] * k.shape[3]),
    },
}
