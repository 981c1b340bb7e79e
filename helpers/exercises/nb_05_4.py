"""Checks of the exercises in notebook 05-4-residual-networks."""

from math import comb

import torch

from helpers.checks import exercise, expect
from helpers.cost import count_parameters
from helpers.models import ResidualBlock


@exercise(
    "05.4-block-count",
    hint="9 weights a pair of channels for each of two convolutions, 2 a channel for "
    "each normalisation; a 1x1 shortcut has both, and only where a shape changes",
)
def block_count(answer):
    for sizes in [(16, 16, 1), (16, 32, 2), (8, 8, 2), (64, 16, 1), (1, 1, 1)]:
        into, out, stride = sizes
        expected = count_parameters(ResidualBlock(into, out, stride=stride))
        given = f"in_channels={into}, out_channels={out}, stride={stride}"
        expect(answer(into, out, stride), expected, given=given)


@exercise(
    "05.4-preactivation",
    hint="maps + conv2(relu(bn2(conv1(relu(bn1(maps)))))), and the bare maps are added",
)
def preactivation(answer):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for channels in (4, 6):
            block = ResidualBlock(channels, channels)
            with torch.no_grad():
                for norm in (block.bn1, block.bn2):
                    norm.weight.uniform_(0.5, 2)
                    norm.bias.uniform_(-1, 1)
                    norm.running_mean.uniform_(-1, 1)
                    norm.running_var.uniform_(0.5, 2)
            block.eval()
            maps = torch.randn(2, channels, 5, 5)
            inner = block.conv1(block.bn1(maps).relu())
            expected = maps + block.conv2(block.bn2(inner).relu())
            given = f"ResidualBlock({channels}, {channels}), maps with both signs"
            expect(answer(block, maps.clone()), expected, given=given, atol=1e-4)


@exercise(
    "05.4-path-share",
    hint="comb(depth, k) paths go through exactly k blocks; both ends belong to it",
)
def path_share(answer):
    for depth, low, high in [(4, 0, 4), (4, 1, 2), (3, 3, 3), (54, 19, 35), (10, 0, 0)]:
        expected = sum(comb(depth, k) for k in range(low, high + 1)) / 2**depth
        given = f"depth={depth}, low={low}, high={high}"
        expect(answer(depth, low, high), expected, given=given)
