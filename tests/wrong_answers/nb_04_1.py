"""Plausible wrong answers to the exercises of notebook 04-1-datasets-and-loaders."""

import torch


def _pad(items, *, corner=True, dtype=None, square=False, labels=True):
    height = max(image.shape[1] for image, _ in items)
    width = max(image.shape[2] for image, _ in items)
    if square:
        height = width = max(height, width)
    images = torch.zeros(len(items), 3, height, width, dtype=dtype or torch.uint8)
    for place, (image, _) in zip(images, items, strict=True):
        h, w = image.shape[1:]
        if corner:
            place[:, :h, :w] = image
        else:
            place[:, height - h :, width - w :] = image
    return images, torch.tensor([label if labels else 0 for _, label in items])


def _smallest(items):
    height = min(image.shape[1] for image, _ in items)
    width = min(image.shape[2] for image, _ in items)
    images = torch.stack([image[:, :height, :width] for image, _ in items])
    return images, torch.tensor([label for _, label in items])


class _NoMemory:
    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


class _Eager(_NoMemory):
    def __init__(self, dataset):
        super().__init__(dataset)
        self.kept = [dataset[index] for index in range(len(dataset))]

    def __getitem__(self, index):
        return self.kept[index]


class _LengthOfMemory(_NoMemory):
    def __init__(self, dataset):
        super().__init__(dataset)
        self.kept = {}

    def __len__(self):
        return len(self.kept)


class _NoLabel(_NoMemory):
    def __init__(self, dataset):
        super().__init__(dataset)
        self.kept = {}

    def __getitem__(self, index):
        if index not in self.kept:
            self.kept[index], _ = self.dataset[index]
        return (self.kept[index],)


class _AlwaysTheFirst(_NoMemory):
    def __init__(self, dataset):
        super().__init__(dataset)
        self.kept = None

    def __getitem__(self, index):
        if self.kept is None:
            self.kept = self.dataset[index]
        return self.kept


WRONG = {
    "04.1-time-a-batch": {
        "adds up always": lambda load, train, workers: load + train,
        "shares the training too": lambda load, train, workers: (
            max(train, load) / max(workers, 1)
        ),
        "forgets one process": lambda load, train, workers: max(
            train, load / max(workers, 1)
        ),
        "adds the shared load": lambda load, train, workers: (
            train + load / max(workers, 1)
        ),
        "the faster side": lambda load, train, workers: (
            min(train, load / workers) if workers else load + train
        ),
    },
    "04.1-pad-collate": {
        "lower right corner": lambda items: _pad(items, corner=False),
        "makes floats": lambda items: _pad(items, dtype=torch.float32),
        "makes squares": lambda items: _pad(items, square=True),
        "cuts to the smallest": _smallest,
        "forgets the labels": lambda items: _pad(items, labels=False),
    },
    "04.1-cached": {
        "keeps nothing": _NoMemory,
        "asks for all at once": _Eager,
        "counts what is kept": _LengthOfMemory,
        "drops the label": _NoLabel,
        "keeps one item": _AlwaysTheFirst,
    },
}
