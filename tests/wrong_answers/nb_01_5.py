"""Wrong answers that the checks of notebook 01-5-autograd must reject."""

import torch


def lost_repeats(table, ids):
    def pull(g):
        blame = torch.zeros_like(table)
        blame[ids] = g
        return (blame,)

    return table[ids], pull


def breadth_first(last):
    order = [last]
    seen = {last}
    for node in order:
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order


def recursive(last):
    seen, order = set(), []

    def visit(node):
        seen.add(node)
        for parent in node.parents:
            if parent not in seen:
                visit(parent)
        order.append(node)

    visit(last)
    return order[::-1]


def depth_first(last):
    order, stack, seen = [], [last], set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            stack.extend(node.parents)
    return order


WRONG = {
    "01.5-sigmoid-rule": {
        "forgets the blame": lambda a: (
            a.sigmoid(),
            lambda g: (a.sigmoid() * (1 - a.sigmoid()),),
        ),
        "slope of the input": lambda a: (a.sigmoid(), lambda g: (g * a * (1 - a),)),
        "slope of tanh": lambda a: (
            a.sigmoid(),
            lambda g: (g * (1 - a.sigmoid() ** 2),),
        ),
    },
    "01.5-rows-rule": {
        "keeps one of two blames": lost_repeats,
        "blame for the rows only": lambda t, i: (t[i], lambda g: (g,)),
        "blames every row": lambda t, i: (
            t[i],
            lambda g: (g.sum(0).expand(t.shape),),
        ),
    },
    "01.5-without-recursion": {
        "breadth first": breadth_first,
        "calls itself": recursive,
        "depth first": depth_first,
        "first to last": lambda last: breadth_first(last)[::-1],
    },
}
