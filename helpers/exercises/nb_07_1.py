"""Checks of the exercises in notebook 07-1-transfer-learning."""

import torch
from torch import nn

from helpers.checks import exercise, expect


@exercise(
    "07.1-trained-share",
    hint="Frozen weights count in the whole, but the old head is no longer there.",
)
def trained_share(answer):
    for body, features, num_classes, expected in [
        (100, 4, 2, 10 / 110),
        (0, 3, 5, 1.0),
        (23_508_032, 2048, 2, 4098 / 23_512_130),
    ]:
        given = f"body={body:,}, features={features}, num_classes={num_classes}"
        expect(answer(body, features, num_classes), expected, given=given)


class _Small(nn.Module):
    """A body with batch normalisation and a head called fc."""

    def __init__(self, features: int, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, features, 3, bias=False)
        self.bn = nn.BatchNorm2d(features)
        self.fc = nn.Linear(features, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.fc(self.bn(self.conv(images)).relu().mean((2, 3)))


@exercise(
    "07.1-adapt",
    hint="Freeze first; then model.fc becomes a new layer, whose weights move.",
)
def adapt(answer):
    for features, old_classes, classes in [
        (6, 10, ("cat", "dog")),
        (5, 1000, ("ash", "beech", "oak")),
        (4, 3, ("a", "b", "c")),
    ]:
        torch.manual_seed(features)
        model = _Small(features, old_classes)
        old_fc = model.fc
        body = [model.conv.weight.detach().clone(), model.bn.weight.detach().clone()]
        given = f"{old_classes} old classes, own classes {classes}"
        new = answer(model, classes)
        new = model if new is None else new
        outputs = new(torch.ones(2, 3, 8, 8))
        expect(tuple(outputs.shape), (2, len(classes)), given=f"{given}: output shape")
        moving = sorted(n for n, p in new.named_parameters() if p.requires_grad)
        expect(moving, ["fc.bias", "fc.weight"], given=f"{given}: what will move")
        expect(new.fc is old_fc, False, given=f"{given}: whether the old head is kept")
        expect(new.fc.in_features, features, given=f"{given}: inputs of the head")
        for was, now in zip(body, (new.conv.weight, new.bn.weight), strict=True):
            expect(now, was, given=f"{given}: the body's weights")


@exercise(
    "07.1-labels-needed",
    hint="Between two measured points, go along a line in log(labels).",
)
def labels_needed(answer):
    curve = {10: 0.5, 1000: 0.7, 10_000: 0.8}
    for target, expected in [
        (0.6, 100.0),
        (0.7, 1000.0),
        (0.75, 10**3.5),
        (0.5, 10.0),
        (0.4, 10.0),
        (0.9, None),
    ]:
        given = f"the curve {curve}, target {target}"
        expect(answer(curve, target), expected, given=given, atol=1e-3)
