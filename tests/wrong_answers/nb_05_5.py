"""Plausible wrong answers to the exercises of notebook 05-5-segmentation."""

import torch
from torch import nn


def _iou(masks, answers, num_classes):
    pairs = (num_classes * masks + answers).flatten()
    counts = torch.bincount(pairs, minlength=num_classes**2)[: num_classes**2]
    counts = counts.reshape(num_classes, num_classes).double()
    hits = counts.diag()
    return hits / (counts.sum(0) + counts.sum(1) - hits)


def _void_is_background(masks, answers, num_classes):
    masks = masks.where(masks != 255, 0)
    return _iou(masks, answers, num_classes).nanmean()


def _absent_counts_zero(masks, answers, num_classes):
    judged = masks != 255
    return _iou(masks[judged], answers[judged], num_classes).nan_to_num(0).mean()


def _absent_counts_one(masks, answers, num_classes):
    judged = masks != 255
    return _iou(masks[judged], answers[judged], num_classes).nan_to_num(1).mean()


def _plain_mean(masks, answers, num_classes):
    judged = masks != 255
    return _iou(masks[judged], answers[judged], num_classes).mean()


def _accuracy(masks, answers, num_classes):
    judged = masks != 255
    return (masks == answers)[judged].double().mean()


def _by_picture(masks, answers, num_classes):
    each = []
    for mask, answer in zip(masks, answers, strict=True):
        judged = mask != 255
        each.append(_iou(mask[judged], answer[judged], num_classes).nanmean())
    return torch.stack(each).mean()


def _void_still_answered(masks, answers, num_classes):
    """The void pixels leave the rows, not the columns."""
    judged = masks != 255
    pairs = (num_classes * masks + answers)[judged]
    counts = torch.bincount(pairs, minlength=num_classes**2)
    counts = counts.reshape(num_classes, num_classes).double()
    hits, called = counts.diag(), torch.bincount(answers.flatten()).double()
    called = torch.cat([called, torch.zeros(num_classes - len(called))])
    return (hits / (counts.sum(1) + called - hits)).nanmean()


def _conv(weight, bias):
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    conv.weight.data, conv.bias.data = weight.contiguous(), bias.clone()
    return conv


def _channels_last(linear, channels, size):
    weight = linear.weight.data.reshape(-1, size, size, channels)
    return _conv(weight.permute(0, 3, 1, 2), linear.bias.data)


def _turned(linear, channels, size):
    weight = linear.weight.data.reshape(-1, channels, size, size)
    return _conv(weight.flip(2, 3), linear.bias.data)


def _no_bias(linear, channels, size):
    weight = linear.weight.data.reshape(-1, channels, size, size)
    return _conv(weight, torch.zeros_like(linear.bias.data))


def _one_by_one(linear, channels, size):
    weight = linear.weight.data.reshape(-1, channels, size, size)
    return _conv(weight.sum((2, 3), keepdim=True), linear.bias.data)


def _columns_first(linear, channels, size):
    weight = linear.weight.data.reshape(-1, channels, size, size)
    return _conv(weight.transpose(2, 3), linear.bias.data)


WRONG = {
    "05.5-dice": {
        "the same": lambda iou: iou,
        "forgets the sum": lambda iou: 2 * iou,
        "the other way round": lambda iou: iou / (2 - iou),
        "halves": lambda iou: iou / (1 + iou),
        "root": lambda iou: iou**0.5,
    },
    "05.5-void": {
        "void is background": _void_is_background,
        "an absent class counts 0": _absent_counts_zero,
        "an absent class counts 1": _absent_counts_one,
        "nan": _plain_mean,
        "accuracy": _accuracy,
        "mean of the pictures": _by_picture,
        "void still counted as answered": _void_still_answered,
    },
    "05.5-as-convolution": {
        "channels last": _channels_last,
        "kernel turned": _turned,
        "no bias": _no_bias,
        "one by one": _one_by_one,
        "rows and columns exchanged": _columns_first,
    },
}
