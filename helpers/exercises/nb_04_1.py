"""Checks of the exercises in notebook 04-1-datasets-and-loaders."""

import torch

from helpers.checks import exercise, expect


@exercise(
    "04.1-time-a-batch",
    hint="without workers one process does both in turn; with W of them a batch is "
    "ready every load / W, and the slower side sets the pace",
)
def time_a_batch(answer):
    for load, train, workers, expected in [
        (3, 2, 0, 5),
        (3, 2, 1, 3),
        (3, 2, 2, 2),
        (12, 1, 4, 3),
        (1, 4, 1, 4),
    ]:
        given = f"load={load}, train={train}, workers={workers}"
        expect(answer(load, train, workers), expected, given=given)


@exercise(
    "04.1-pad-collate",
    hint="take the largest height and the largest width, each on its own; start from "
    "zeros of the pictures' own dtype; copy into [:, :height, :width]",
)
def pad_collate(answer):
    generator = torch.Generator().manual_seed(0)
    for sizes in [[(2, 3), (4, 1)], [(3, 3), (3, 3), (1, 2)], [(5, 2)]]:
        items, height, width = [], 0, 0
        for label, (h, w) in enumerate(sizes):
            image = torch.randint(1, 256, (3, h, w), generator=generator)
            items.append((image.byte(), 2 * label))
            height, width = max(height, h), max(width, w)
        images, labels = answer(list(items))
        given = f"pictures of {sizes}"
        expect(tuple(images.shape), (len(sizes), 3, height, width), given=given)
        expect(str(images.dtype), "torch.uint8", given=f"uint8 {given}")
        expect(labels, torch.tensor([2 * k for k in range(len(sizes))]), given=given)
        for k, (image, _) in enumerate(items):
            h, w = image.shape[1:]
            where = f"{given}: picture {k}"
            expect(images[k, :, :h, :w], image, given=where)
            expect(int(images[k].sum()), int(image.sum()), given=f"{where}, its sum")


class _Counting:
    """Squares as items; counts how often each was asked for."""

    def __init__(self, count: int) -> None:
        self.asked = [0] * count

    def __len__(self) -> int:
        return len(self.asked)

    def __getitem__(self, index: int) -> tuple[int, int]:
        self.asked[index] += 1
        return index * index, index % 2


@exercise(
    "04.1-cached",
    hint="keep a dict from index to item in the object itself; ask the wrapped data "
    "set only when the index is not in it",
)
def cached(answer):
    inner = _Counting(4)
    wrapped = answer(inner)
    expect(len(wrapped), 4, given="a data set of 4 items: len()")
    expect(sum(inner.asked), 0, given="nothing asked for yet: items made so far")
    order = [3, 0, 3, 0, 1]
    for index in order:
        given = f"item {index} of the squares"
        expect(tuple(wrapped[index]), (index * index, index % 2), given=given)
    expect(inner.asked, [1, 1, 0, 1], given=f"items {order}: how often each was made")
    other = answer(_Counting(2))
    expect(len(other), 2, given="a second data set, of 2 items: len()")
    expect(tuple(other[1]), (1, 1), given="item 1 of a second data set")
