"""Checks of the exercises in notebook 03-3-dilated."""

import torch

from helpers.checks import exercise, expect
from helpers.layers import CausalConv1d


@exercise(
    "03.3-how-many-layers",
    hint="K - 1 = 4, and the dilations 1 + 2 + 4 + ... of L layers add up to 2^L - 1.",
)
def how_many_layers(answer):
    expect(answer, 6, given="K = 5 and 224 pixels")


@exercise(
    "03.3-stream",
    hint="put now behind memory: a convolution without padding gives one number.",
)
def stream(answer):
    generator = torch.Generator().manual_seed(0)
    for kernel_size, dilation, bias in [(2, 1, True), (2, 4, False), (3, 2, True)]:
        layer = CausalConv1d(3, 4, kernel_size, dilation=dilation, bias=bias).double()
        with torch.no_grad():
            for weight in layer.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))
        shape = (2, 3, 12)
        inputs = torch.randn(shape, generator=generator, dtype=torch.float64)
        expected = layer(inputs).detach()
        memory = torch.zeros(2, 3, layer.past, dtype=torch.float64)
        for t in range(12):
            given = f"kernel_size={kernel_size}, dilation={dilation}, step {t}"
            output, memory = answer(layer, memory, inputs[:, :, t : t + 1])
            expect(
                tuple(output.shape), (2, 4, 1), given=f"{given}, shape of the output"
            )
            expect(
                tuple(memory.shape),
                (2, 3, layer.past),
                given=f"{given}, shape of the memory",
            )
            expect(output.detach(), expected[:, :, t : t + 1], given=given)


@exercise(
    "03.3-widest",
    hint="what is the largest dilation that the rule allows, layer by layer?",
)
def widest(answer):
    for num_layers in (1, 2, 3, 5):
        given = f"num_layers={num_layers}"
        dilations = [int(d) for d in answer(num_layers)]
        expect(len(dilations), num_layers, given=f"{given}, number of dilations")
        offsets = {0}
        for d in dilations:
            offsets = {offset + step for offset in offsets for step in (-d, 0, d)}
        window = 1 + 2 * sum(dilations)
        expect(window - len(offsets), 0, given=f"{given}, unseen pixels along a side")
        expect(window, 3**num_layers, given=f"{given}, side of the window")
