"""Wrong answers that the checks of notebook 04-3-augmentation must reject."""

import torch


def _met(views, num_epochs):
    return views * (1 - (1 - 1 / views) ** num_epochs)


def _mirror(images, labels, coins, *, axis=3, swap=True):
    chosen = coins[:, None, None, None]
    mirrored = torch.where(chosen, images.flip(axis), images)
    return mirrored, torch.where(coins, 1 - labels, labels) if swap else labels


def _whole_batch(change):
    return lambda images, labels: (change(images), labels)


def _one_draw(change):
    def transform(images, labels):
        difference = change(images[0]) - images[0]
        return images + difference, labels

    return transform


def _at_once(change):
    return lambda images: torch.stack([change(image) for image in images])


WRONG = {
    "04.3-views-met": {
        "one an epoch": lambda padding, num_epochs: float(num_epochs),
        "no mirror": lambda p, num_epochs: _met((2 * p + 1) ** 2, num_epochs),
        "shifts one way": lambda p, num_epochs: _met(2 * (p + 1) ** 2, num_epochs),
        "all of them": lambda p, num_epochs: 2 * (2 * p + 1) ** 2,
        "the missed ones": lambda p, num_epochs: (
            2 * (2 * p + 1) ** 2 - _met(2 * (2 * p + 1) ** 2, num_epochs)
        ),
    },
    "04.3-mirror-both": {
        "labels kept": lambda i, y, c: _mirror(i, y, c, swap=False),
        "upside down": lambda i, y, c: _mirror(i, y, c, axis=2),
        "all mirrored": lambda i, y, c: (i.flip(3), 1 - y),
        "all labels turned": lambda i, y, c: (_mirror(i, y, c)[0], 1 - y),
        "pictures kept": lambda i, y, c: (i, _mirror(i, y, c)[1]),
    },
    "04.3-one-by-one": {
        "the whole batch": _whole_batch,
        "one draw for all": _one_draw,
        "forgets the labels": _at_once,
        "changes nothing": lambda change: lambda images, labels: (images, labels),
    },
}
