"""Every taught layer and network, wherever PyTorch's own would work.

A new one joins by a line in CASES, and a test says so until it does.
"""

import copy
import inspect
import io
from dataclasses import dataclass
from itertools import product

import pytest
import torch
from torch import nn
from torch.func import functional_call

from helpers import layers, models

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
NOT_A_SIZE = [0, -1, True, 3.0, "3", None]


@dataclass(frozen=True)
class Case:
    """What to build, one sample's shape, and the keys of the state.

    In ``keys`` the name of a batch normalisation, which ends in a dot, stands for
    its five entries.
    """

    kind: type[nn.Module]
    given: dict
    shape: tuple[int, ...]
    keys: str

    def make(self, **changed):
        return self.kind(**{**self.given, **changed})

    def inputs(self, count=2, **how):
        generator = torch.Generator().manual_seed(1)
        return torch.randn(count, *self.shape, generator=generator, **how)

    def sizes(self):
        """The arguments that are whole numbers."""
        parameters = inspect.signature(self.kind).parameters.values()
        return [p.name for p in parameters if p.annotation is int]


CASES = [
    Case(
        layers.SeparableDilatedConv2d,
        {"in_channels": 4, "out_channels": 6, "stride": 2, "dilation": 2},
        (4, 9, 8),
        "conv_dw.weight conv_pw.weight",
    ),
    Case(
        layers.ASPP,
        {"in_channels": 4, "out_channels": 6, "rates": (1, 3)},
        (4, 9, 8),
        "branches.0.0.weight branches.0.1. "
        "branches.1.0.weight branches.1.1.weight branches.1.2. "
        "branches.2.0.weight branches.2.1.weight branches.2.2. "
        "pooled.1.weight pooled.1.bias project.0.weight project.1.",
    ),
    Case(
        layers.InvertedResidual,
        {"in_channels": 4, "out_channels": 4, "expansion": 3},
        (4, 9, 8),
        "layers.0.weight layers.1. layers.3.weight layers.4. layers.6.weight layers.7.",
    ),
    Case(
        layers.CausalConv1d,
        {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "dilation": 2},
        (4, 15),
        "weight bias",
    ),
    Case(
        models.LeNet,
        {"num_classes": 5},
        (1, 28, 28),
        "features.0.weight features.0.bias features.3.weight features.3.bias "
        "classifier.1.weight classifier.1.bias classifier.3.weight classifier.3.bias "
        "classifier.5.weight classifier.5.bias",
    ),
    Case(
        models.SmallConvNet,
        {"num_classes": 5},
        (1, 28, 28),
        "features.0.weight features.1. features.3.weight features.4. "
        "features.6.weight features.7. classifier.1.weight classifier.1.bias",
    ),
    Case(
        models.PictureNet,
        {"num_classes": 5, "width": 4},
        (3, 17, 12),
        "features.0.weight features.1. features.3.weight features.4. "
        "features.6.weight features.7. features.9.weight features.10. "
        "features.12.weight features.13. classifier.weight classifier.bias",
    ),
    Case(
        models.ResidualBlock,
        {"in_channels": 4, "out_channels": 4},
        (4, 9, 8),
        "conv1.weight bn1. conv2.weight bn2.",
    ),
    Case(
        models.SmallResNet,
        {"num_classes": 5, "width": 4, "blocks": (1, 1)},
        (3, 9, 8),
        "features.0.weight features.1. "
        "features.3.conv1.weight features.3.bn1. "
        "features.3.conv2.weight features.3.bn2. "
        "features.4.conv1.weight features.4.bn1. "
        "features.4.conv2.weight features.4.bn2. "
        "features.4.downsample.0.weight features.4.downsample.1. "
        "head.weight head.bias",
    ),
]
LAYERS = [case for case in CASES if case.kind.__module__ == layers.__name__]


def name_of(value):
    return value.kind.__name__ if isinstance(value, Case) else repr(value)


each = pytest.mark.parametrize("case", CASES, ids=name_of)
each_layer = pytest.mark.parametrize("case", LAYERS, ids=name_of)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def run(model, inputs):
    """Output, and the gradients of inputs and weights."""
    inputs = inputs.detach().clone(memory_format=torch.preserve_format)
    output = model(inputs.requires_grad_())
    output.square().sum().backward()
    return output, inputs.grad, *(p.grad for p in model.parameters())


def same(ours, theirs, **tolerance):
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, **tolerance)


def test_none_is_missing():
    public = [getattr(module, n) for module in (layers, models) for n in module.__all__]
    modules = {x for x in public if inspect.isclass(x) and issubclass(x, nn.Module)}
    assert {case.kind for case in CASES} == modules, "give each its line in CASES"


# --- what is said when it is used wrongly --------------------------------------------


@each
def test_other_channels_are_refused_with_both_numbers(case):
    channels, *sides = case.shape
    said = f"to have {channels} channels, but got {channels + 1} channels"
    with pytest.raises(RuntimeError, match=said):
        case.make()(torch.zeros(2, channels + 1, *sides))


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [(c, n, v) for c in LAYERS for n, v in product(c.sizes(), NOT_A_SIZE)],
    ids=name_of,
)
def test_what_is_no_size_is_refused_by_name(case, name, value):
    with pytest.raises(ValueError, match=f"{name} must be an int .*got {value!r}"):
        case.make(**{name: value})


@pytest.mark.parametrize(
    ("case", "name"), [(c, n) for c in CASES for n in c.sizes()], ids=name_of
)
def test_every_size_can_be_read_from_the_printed_layer(case, name):
    default = inspect.signature(case.kind).parameters[name].default
    value = case.given.get(name, default)
    assert repr(case.make()) != repr(case.make(**{name: value + 2}))


def test_printed_block_says_whether_it_skips():
    assert "skips=True" in repr(layers.InvertedResidual(4, 4))
    assert "skips=False" in repr(layers.InvertedResidual(4, 4, stride=2))


# --- saved and loaded ----------------------------------------------------------------


@each
def test_keys_of_the_state_stay(case):
    """A change here makes files that readers saved unreadable."""
    keys = []
    for key in case.keys.split():
        keys += [key + part for part in NORM] if key.endswith(".") else [key]
    assert list(case.make().state_dict()) == keys


@each
def test_state_is_saved_and_loaded(case):
    model, file = case.make(), io.BytesIO()
    model(case.inputs())  # moves what batch normalisation remembers
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = case.make()
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(model.eval()(case.inputs()), other.eval()(case.inputs()))


# --- number formats and layouts ------------------------------------------------------


@each
def test_double_precision(case):
    model, inputs = case.make(), case.inputs()
    exact = copy.deepcopy(model).double()(inputs.double())
    assert exact.dtype == torch.float64
    torch.testing.assert_close(model(inputs).double(), exact, atol=1e-5, rtol=1e-4)


@each
@pytest.mark.parametrize("training", [True, False])
def test_gradients(case, training):
    model = case.make().double().train(training)
    names, weights = zip(*model.named_parameters(), strict=True)
    with torch.no_grad():
        for weight in weights:  # so that no sum is 0, where a ReLU has no slope
            weight += 0.1 * torch.randn_like(weight)
    inputs = case.inputs(dtype=torch.float64).requires_grad_()

    def through(inputs, *weights):
        return functional_call(model, dict(zip(names, weights, strict=True)), inputs)

    assert torch.autograd.gradcheck(through, (inputs, *weights), fast_mode=True)


@each
def test_mixed_precision(case):
    model = case.make().eval()
    plain, *_ = run(model, case.inputs())
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, *gradients = run(model, case.inputs())
    skips = getattr(model, "skips", False)  # adding float32 gives float32
    assert output.dtype == (torch.float32 if skips else torch.bfloat16)
    assert {gradient.dtype for gradient in gradients} == {torch.float32}
    error = (output.float() - plain).abs().max()
    assert error < 0.03 * plain.abs().max(), "eight bits: 0.4 % a layer"


@each
def test_channels_last(case):
    if len(case.shape) != 3:
        pytest.skip("the format is one of pictures")
    model, inputs = case.make(), case.inputs()
    other = copy.deepcopy(model).to(memory_format=torch.channels_last)
    ours = run(other, inputs.to(memory_format=torch.channels_last))
    same(ours, run(model, inputs), atol=1e-4, rtol=1e-4)
    if ours[0].ndim == 4:
        assert ours[0].is_contiguous(memory_format=torch.channels_last)


@each
def test_a_batch_of_none(case):
    """It gives an empty output, zero gradients, and leaves the statistics alone."""
    model = case.make()
    before = {name: value.clone() for name, value in model.named_buffers()}
    shape = model(case.inputs()).shape[1:]
    model.load_state_dict(before, strict=False)
    output, _, *gradients = run(model, case.inputs(0))
    assert output.shape == (0, *shape)
    assert all(not gradient.any() for gradient in gradients)
    for name, value in model.named_buffers():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(value, before[name]), name


@each
def test_shapes_without_numbers(case):
    with torch.device("meta"):
        model = case.make()
        output = model(torch.empty(2, *case.shape))
    assert output.is_meta
    assert output.shape == case.make()(case.inputs()).shape


# --- compiled and exported -----------------------------------------------------------


@each
def test_compiled_whole(case):
    """Forward, backward and statistics; without a compiler of machine code."""
    torch.compiler.reset()
    model, other = (copy.deepcopy(case.make()) for _ in range(2))
    other.load_state_dict(model.state_dict())
    compiled = torch.compile(other, backend="aot_eager", fullgraph=True)
    same(run(compiled, case.inputs()), run(model, case.inputs()))
    same(other.buffers(), model.buffers())


@each
def test_exported_for_any_batch(case):
    model = case.make().eval()
    free = ({0: torch.export.Dim("batch", min=2, max=64)},)
    program = torch.export.export(model, (case.inputs(3),), dynamic_shapes=free)
    for count in (2, 5):
        inputs = case.inputs(count)
        torch.testing.assert_close(program.module()(inputs), model(inputs))
