"""Checks of the exercises in notebook 01-5-autograd."""

from dataclasses import dataclass, field

import torch

from helpers.checks import exercise, expect


@exercise("01.5-sigmoid-rule", hint="Its slope is s (1 - s), where s is the value.")
def sigmoid_rule(answer):
    a = torch.tensor([-2.0, 0.0, 0.5, 3.0], dtype=torch.float64, requires_grad=True)
    right = torch.sigmoid(a)
    for factor in (1.0, -0.5):
        given = f"a = {a.tolist()}, g = {factor}"
        value, pull = answer(a.detach())
        expect(value, right.detach(), given=f"{given}: value")
        blame = torch.full_like(right, factor)
        (slope,) = torch.autograd.grad(right, a, blame, retain_graph=True)
        expect(pull(blame)[0], slope, given=f"{given}: blame of a")


@exercise("01.5-rows-rule", hint="A row that is read twice is used twice.")
def rows_rule(answer):
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(4, 2, generator=generator, dtype=torch.float64)
    for ids in ([0, 2], [1, 1, 3], [2]):
        given, rows = f"ids = {ids}", torch.tensor(ids)
        leaf = table.clone().requires_grad_()
        value, pull = answer(table.clone(), rows)
        expect(value, table[rows], given=f"{given}: value")
        blame = torch.randn(len(ids), 2, generator=generator, dtype=torch.float64)
        (slope,) = torch.autograd.grad(leaf[rows], leaf, blame)
        expect(pull(blame)[0], slope, given=f"{given}: blame of the table")


@dataclass(eq=False)
class Node:
    """What an order needs to know of a node."""

    parents: list["Node"] = field(default_factory=list)


def _chain(length: int, *, skip: int) -> Node:
    """Return the last of a chain in which each node also skips some links back."""
    nodes = [Node()]
    for number in range(1, length):
        parents = [nodes[-1]]
        if number >= skip:
            parents.insert(number % 2, nodes[-skip])
        nodes.append(Node(parents))
    return nodes[-1]


@exercise("01.5-without-recursion", hint="Ready is who has no user left to wait for.")
def without_recursion(answer):
    for length, skip in [(1, 2), (6, 3), (40, 7), (5000, 2)]:
        given = f"a chain of {length} nodes with steps of {skip}"
        order = list(answer(_chain(length, skip=skip)))
        expect(len(set(order)), length, given=f"{given}: different nodes listed")
        expect(len(order), length, given=f"{given}: nodes listed")
        place = {node: number for number, node in enumerate(order)}
        early = sum(place[p] < place[n] for n in order for p in n.parents)
        expect(early, 0, given=f"{given}: nodes listed before a user of theirs")
