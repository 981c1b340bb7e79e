"""A skeleton notebook with its exercise files: make new NB=03-5-slug.

It already runs and keeps the contract, but for what only its author can write.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools import notebooks as tool

NOTEBOOK = """\
# %% [markdown] cell_id="title"
# # {number} {title}
#
# **Claim.** A linear layer is one matrix product and one sum.
#
# **You will**
#
# - compute a linear layer by hand;
# - count its weights.
#
# *About 20 s on two CPU cores · data: none, made here · builds on school algebra*

# %% cell_id="imports"
import matplotlib.pyplot as plt
import torch
from torch import nn

from helpers.checks import between, check, close
from helpers.cost import count_parameters
from helpers.env import pick_device, set_seed
from helpers.plotting import show, use_style

# %% cell_id="setup"
use_style()
set_seed(0)
device = pick_device()

# %% [markdown] cell_id="predict"
# Before you run anything: how many weights has a layer with 4 inputs and 3 outputs?

# %% [markdown] cell_id="by-hand"
# ## By hand
#
# A layer with weights $W$ and biases $b$ turns the rows of $A$ into
#
# $$Z = A W^T + b \\tag{{{number}.1}}$$
#
# Look for the transpose in the code.

# %% cell_id="claim-by-hand" tags=["claim"]
layer = nn.Linear(4, 3).to(device)
inputs = torch.randn(5, 4, device=device)  # (N, inputs)
by_hand = inputs @ layer.weight.T + layer.bias
close(by_hand, layer(inputs), what="a linear layer by hand")

# %% [markdown] cell_id="counted"
# The two agree.
# Now count what the layer has learned to hold.

# %% cell_id="claim-weights" tags=["claim"]
weights = count_parameters(layer)
assert weights == 4 * 3 + 3
print(weights, "weights")

# %% [markdown] cell_id="drawn"
# ## Drawn
#
# Look for the sign of each weight.

# %% cell_id="draw-weights"
fig, ax = plt.subplots(figsize=(5, 3))
ax.bar(range(12), layer.weight.detach().cpu().flatten())
ax.set_xlabel("weight")
ax.set_ylabel("value")
show(fig, alt="Twelve bars, one each weight, between minus and plus one half.")

# %% [markdown] cell_id="weights-drawn"
# **Figure {number}.1.** The twelve weights of the layer lie on both sides of zero.
#
# Their size follows from the number of inputs.

# %% cell_id="claim-small-weights" tags=["claim"]
largest = layer.weight.abs().max().item()
between(largest, 0.2, 0.5, what="largest weight")

# %% [markdown] cell_id="what-goes-wrong"
# ## What goes wrong
#
# Without the transpose the sizes do not fit.

# %% cell_id="no-transpose" tags=["raises-exception"]
inputs @ layer.weight + layer.bias

# %% [markdown] cell_id="summary"
# ## Summary
#
# - A linear layer is one matrix product and one sum.
# - Its weights are counted from its two sizes.

# %% [markdown] cell_id="exercises"
# ## Exercises
#
# **1.** How many weights has a linear layer with biases?

# %% cell_id="ex-1"
def count_weights(inputs, outputs): ...


check("{prefix}-count-weights", count_weights)

# %% [markdown] cell_id="ex-2-statement"
# **2.** How many multiplications does one sample cost?

# %% cell_id="ex-2"
def count_products(inputs, outputs): ...


check("{prefix}-count-products", count_products)

# %% [markdown] cell_id="ex-3-statement"
# **3.** What are the sizes of the output for a batch?

# %% cell_id="ex-3"
def output_shape(samples, inputs, outputs): ...


check("{prefix}-output-shape", output_shape)

# %% [markdown] cell_id="solutions"
# ## Solutions
#
# **1.** One weight for each pair, one bias for each output.

# %% cell_id="sol-1" tags=["solution", "hide-cell"]
def count_weights(inputs, outputs):
    return inputs * outputs + outputs


check("{prefix}-count-weights", count_weights, strict=True)

# %% [markdown] cell_id="sol-2-reason"
# **2.** Each weight is used once.

# %% cell_id="sol-2" tags=["solution", "hide-cell"]
def count_products(inputs, outputs):
    return inputs * outputs


check("{prefix}-count-products", count_products, strict=True)

# %% [markdown] cell_id="sol-3-reason"
# **3.** The batch stays first.

# %% cell_id="sol-3" tags=["solution", "hide-cell"]
def output_shape(samples, inputs, outputs):
    return (samples, outputs)


check("{prefix}-output-shape", output_shape, strict=True)

# %% [markdown] cell_id="sources"
# ## Sources
#
# - [torch.nn.Linear](https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html)
"""
EXERCISES = '''\
"""Checks of the exercises in notebook {slug}."""

from helpers.checks import exercise, expect


@exercise("{prefix}-count-weights", hint="Biases are weights too.")
def count_weights(answer):
    for inputs, outputs, expected in [(4, 3, 15), (1, 1, 2), (10, 2, 22)]:
        expect(answer(inputs, outputs), expected, given=f"{{inputs}}, {{outputs}}")


@exercise("{prefix}-count-products", hint="Adding the bias is not a product.")
def count_products(answer):
    for inputs, outputs, expected in [(4, 3, 12), (1, 1, 1), (10, 2, 20)]:
        expect(answer(inputs, outputs), expected, given=f"{{inputs}}, {{outputs}}")


@exercise("{prefix}-output-shape", hint="The batch comes first, as in the input.")
def output_shape(answer):
    for samples, inputs, outputs in [(5, 4, 3), (1, 2, 7)]:
        given = f"{{samples}}, {{inputs}}, {{outputs}}"
        expect(answer(samples, inputs, outputs), (samples, outputs), given=given)
'''
WRONG_ANSWERS = '''\
"""Wrong answers that the checks of notebook {slug} must reject."""

WRONG = {{
    "{prefix}-count-weights": {{
        "forgets the biases": lambda n, m: n * m,
        "a bias an input": lambda n, m: n * m + n,
        "adds": lambda n, m: n + m,
    }},
    "{prefix}-count-products": {{
        "counts the biases": lambda n, m: n * m + m,
        "inputs only": lambda n, m: n,
        "adds": lambda n, m: n + m,
    }},
    "{prefix}-output-shape": {{
        "features first": lambda samples, n, m: (m, samples),
        "keeps the inputs": lambda samples, n, m: (samples, n),
        "forgets the batch": lambda samples, n, m: (m,),
    }},
}}
'''


def create(slug: str, root: Path = tool.ROOT) -> list[Path]:
    """Write the three files of a new notebook; NotebookError where one exists."""
    match = re.fullmatch(r"(\d\d)-(\d+)-([a-z0-9]+(?:-[a-z0-9]+)*)", slug)
    if not match:
        raise tool.NotebookError(
            f"{slug!r}: name it NN-M-slug, such as NB=03-5-residual-blocks"
        )
    chapter, part, words = match.groups()
    facts = {
        "slug": slug,
        "number": f"{int(chapter)}.{int(part)}",
        "prefix": f"{chapter}.{part}",
        "title": words.replace("-", " ").capitalize(),
    }
    module = f"nb_{chapter}_{part}.py"
    path = root / "notebooks" / f"{slug}.ipynb"
    files = {
        root / "helpers" / "exercises" / module: EXERCISES.format(**facts),
        root / "tests" / "wrong_answers" / module: WRONG_ANSWERS.format(**facts),
    }
    cells = tool.from_text(NOTEBOOK.format(**facts), slug)
    files = {path: tool.dumps(tool.combine(cells, None)), **files}
    same = sorted(root.glob(f"notebooks/{chapter}-{part}-*.ipynb"))
    taken = [target for target in files if target.exists()] + same
    if taken:
        raise tool.NotebookError(f"{taken[0]} exists; nothing was written")
    for target, text in files.items():
        tool.write_text(target, text)
    return list(files)


def main(arguments: list[str]) -> int:
    slug = arguments[0] if arguments else ""
    try:
        files = create(slug)
    except tool.NotebookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in files:
        print(f"wrote {tool.show_path(path)}")
    print(
        f"Next: add '- file: notebooks/{slug}' to _toc.yml, make text NB={slug}, "
        f"write, make sync NB={slug}, make run NB={slug}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
