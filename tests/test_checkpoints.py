"""Checkpoints: whole or not at all, and nothing in them runs."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from helpers.checkpoints import (
    CheckpointError,
    check_whole,
    load_checkpoint,
    load_weights,
    random_state,
    save_checkpoint,
    set_random_state,
)

VERSION = 1


class Evil:
    """Asks the reader to make a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def equal(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


STATE = {
    "weights": {"a": torch.arange(600.0).view(20, 30), "b": torch.ones(3).bfloat16()},
    "numbers": [1, 2.5, None, True, "words", (1, 2)],
}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, STATE)
    assert equal(load_checkpoint(path), {"version": VERSION, **STATE})
    save_checkpoint(str(path), {"other": 1})
    assert load_checkpoint(str(path)) == {"version": VERSION, "other": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_tensors_go_where_they_are_wanted(tmp_path):
    save_checkpoint(tmp_path / "run.pt", STATE)
    state = load_checkpoint(tmp_path / "run.pt", map_location="meta")
    assert state["weights"]["a"].device.type == "meta"


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, STATE)
    whole = path.read_bytes()
    for length in [0, 1, 4, *range(50, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"run\.pt: not what torch.save"):
            load_checkpoint(path)


@given(data=st.data())
def test_a_changed_bit_is_noticed_or_does_not_matter(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("bits") / "run.pt"
    save_checkpoint(path, STATE)
    changed = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(changed))
    try:
        state = load_checkpoint(path)
    except CheckpointError:
        return
    assert equal(state, {"version": VERSION, **STATE})


def strange(path, kind, folder):
    if kind == "text":
        path.write_text("epoch 3\n")
    elif kind == "archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme", "hello")
    else:
        content = {
            "weights": nn.Linear(2, 1).state_dict(),
            "number": 7,
            "module": nn.Linear(2, 1),
            "newer": {"version": VERSION + 1},
            "code": {"version": VERSION, "model": Evil(folder)},
        }[kind]
        torch.save(content, path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("text", r"not what torch.save writes, or cut short \(8 bytes\)"),
        ("archive", "not tensors and numbers alone"),
        (
            "weights",
            "no version; bare weights: torch.load",
        ),
        ("number", "no version; bare weights"),
        ("module", "not tensors and numbers alone.*torch.nn.modules.linear.Linear"),
        ("newer", f"version {VERSION + 1}, newer than this code"),
        ("code", "not tensors and numbers alone.*mkdir"),
    ],
)
def test_strange_files_get_one_clear_error(tmp_path, kind, message):
    strange(tmp_path / "run.pt", kind, tmp_path / "made")
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(tmp_path / "run.pt")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_the_code_would_have_run(tmp_path):
    """Else the test above proves nothing."""
    strange(tmp_path / "run.pt", "code", tmp_path / "made")
    torch.load(tmp_path / "run.pt", weights_only=False)
    assert (tmp_path / "made").exists()


def test_no_file_and_no_folder(tmp_path):
    with pytest.raises(CheckpointError, match="no such file"):
        load_checkpoint(tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match=r"not written.*No such file"):
        save_checkpoint(tmp_path / "none" / "run.pt", {})


def test_what_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, STATE)
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(path, {"function": lambda: None})
    assert equal(load_checkpoint(path), {"version": VERSION, **STATE})
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs POSIX limits")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, STATE)
    script = f"""
        import resource, signal, torch
        from helpers.checkpoints import CheckpointError, save_checkpoint
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            save_checkpoint({str(path)!r}, {{"big": torch.zeros(100_000)}})
        except CheckpointError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not written ([Errno" in done.stdout
    assert "what was there before is untouched" in done.stdout
    assert equal(load_checkpoint(path), {"version": VERSION, **STATE})
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


def test_weights_of_another_network_change_nothing():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    other = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 5), nn.Linear(5, 2))
    with pytest.raises(CheckpointError) as caught:
        load_weights(model, other.state_dict())
    assert str(caught.value) == (
        "the weights are not those of this Sequential: 2 unexpected (2.weight, "
        "2.bias); 2 of another shape (1.weight (5, 3) for (2, 3), 1.bias (5,) for "
        "(2,))"
    )
    assert equal(dict(model.state_dict()), before)
    weights = model.state_dict()
    del weights["0.bias"]
    with pytest.raises(CheckpointError, match=r"1 missing \(0\.bias\)"):
        load_weights(model, weights)


def test_weights_of_the_same_network():
    model, other = nn.Linear(4, 3), nn.Linear(4, 3)
    load_weights(model, other.state_dict())
    assert equal(dict(model.state_dict()), dict(other.state_dict()))


def test_every_global_generator_comes_back():
    def numbers():
        return torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()  # noqa: NPY002

    random_numbers = numbers()
    state = random_state()
    first = numbers()
    assert first != random_numbers
    set_random_state(state)
    assert numbers() == first


def test_random_state_passes_through_a_file(tmp_path):
    save_checkpoint(tmp_path / "run.pt", {"random": random_state()})
    expected = torch.rand(3), random.random()
    set_random_state(load_checkpoint(tmp_path / "run.pt")["random"])
    assert torch.equal(torch.rand(3), expected[0])
    assert random.random() == expected[1]


def test_a_process_without_numpy_keeps_none_of_its_numbers(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy")
    assert random_state()["numpy"] is None


def test_the_reason_is_the_error_at_hand_not_one_being_handled(tmp_path):
    def within_another():
        try:
            raise ValueError("another matter")
        except ValueError:
            save_checkpoint(tmp_path / "none" / "run.pt", {})

    with pytest.raises(CheckpointError, match=r"\(\[Errno 2\] No such file"):
        within_another()


def test_an_archive_with_a_password_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, STATE)
    content = bytearray(path.read_bytes())
    at = 0
    while (at := content.find(b"PK\1\2", at)) >= 0:  # each member's entry
        content[at + 8] |= 1
        at += 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match=r"run\.pt: "):
        check_whole(path)


def test_an_error_without_words_is_still_one_line(tmp_path, monkeypatch):
    def silent(*args, **kwargs):
        raise OSError

    save_checkpoint(tmp_path / "run.pt", {"epoch": 3})
    monkeypatch.setattr(torch, "load", silent)
    monkeypatch.setattr(torch, "save", silent)
    with pytest.raises(CheckpointError, match="not tensors and numbers alone"):
        load_checkpoint(tmp_path / "run.pt")
    with pytest.raises(CheckpointError, match="not written"):
        save_checkpoint(tmp_path / "run.pt", {"epoch": 4})
