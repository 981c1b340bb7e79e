"""What a training step keeps in memory between its two halves."""

from collections.abc import Callable, Iterable

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

__all__ = ["saved_bytes"]


def saved_bytes(
    function: Callable[[], object], *, without: Iterable[Tensor] = ()
) -> int:
    """Count the bytes that autograd keeps for the backward pass of one call.

    The count is exact and the same at every run: each block of memory counts once,
    however many operations saved it or a view of it, and as a whole. What a
    checkpointed part computes anew later is not kept and not counted.

    Args:
        function: takes nothing and returns what ``backward`` would be called on.
        without: tensors that are in memory anyway, such as the weights; they do not
            count.

    Taught in notebook 06-1.

    Example:
        x = torch.ones(1000, requires_grad=True)
        assert saved_bytes(lambda: x.exp().sum()) == 4000
    """
    blocks = {}

    def keep(tensor: Tensor) -> Tensor:
        block = tensor.untyped_storage()
        blocks[block.data_ptr()] = block.nbytes()
        return tensor.detach()  # the tensor itself would hold its own graph

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        graph = function()  # held, so that no address is used twice
    for tensor in without:
        blocks.pop(tensor.untyped_storage().data_ptr(), None)
    del graph
    return sum(blocks.values())
