"""Checks of the exercises in notebook 06-2-checkpoints."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from helpers.checks import exercise, expect


@exercise(
    "06.2-goes-on-after",
    hint="two clocks tick: one every save_every steps of the whole training, one at "
    "each end of an epoch; the later of their last ticks counts",
)
def goes_on_after(answer):
    for done, save_every, steps_per_epoch, expected in [
        (23, 7, 20, 21),
        (20, 7, 20, 20),
        (41, 7, 20, 40),
        (6, 7, 20, 0),
        (27, 50, 20, 20),
        (14, 7, 20, 14),
    ]:
        given = (
            f"{done} steps done, save_every={save_every}, {steps_per_epoch} an epoch"
        )
        expect(answer(done, save_every, steps_per_epoch), expected, given=given)


class _FullDiskError(Exception):
    """What stands for a disk that is full."""


def _breaking() -> Iterator[str]:
    yield "new "
    raise _FullDiskError


@exercise(
    "06.2-write-safely",
    hint="write to a second file; ExitStack().callback(second.unlink, missing_ok=True) "
    "removes it at the end; second.replace(path) is the last step",
)
def write_safely(answer):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "notes.txt"
        for parts, text in [(["a", "b"], "ab"), (["new"], "new")]:
            answer(path, iter(parts))
            written = path.read_text("utf-8") if path.exists() else None
            expect(written, text, given=f"parts {parts}: the file")
            found = sorted(p.name for p in Path(folder).iterdir())
            expect(found, ["notes.txt"], given=f"parts {parts}: the folder")
        raised = False
        try:
            answer(path, _breaking())
        except _FullDiskError:
            raised = True
        given = "parts that raise an error in the middle"
        written = path.read_text("utf-8") if path.exists() else None
        expect(written, "new", given=f"{given}: the old file")
        found = sorted(p.name for p in Path(folder).iterdir())
        expect(found, ["notes.txt"], given=f"{given}: the folder")
        expect(raised, True, given=f"{given}: the error came out")


@exercise(
    "06.2-without-prefix",
    hint="str.removeprefix takes the whole word away, once, and only at the front",
)
def without_prefix(answer):
    weight = torch.ones(2)
    for names, prefix, expected in [
        (["module.0.weight", "module.0.bias"], "module.", ["0.weight", "0.bias"]),
        (
            ["module.model.weight", "head.bias"],
            "module.",
            ["model.weight", "head.bias"],
        ),
        (["net.net.weight"], "net.", ["net.weight"]),
        (["a.net.weight"], "net.", ["a.net.weight"]),
    ]:
        given = f"names {names}, prefix {prefix!r}"
        got = answer(dict.fromkeys(names, weight), prefix)
        expect(list(got), expected, given=given)
        expect(got[expected[0]], weight, given=f"{given}: the first weights")
