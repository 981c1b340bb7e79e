"""A training that is ended at any moment goes on to the same weights, bit for bit."""

import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

from helpers.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from helpers.data import Batches, DataError
from helpers.training import fit


class Jitter:
    """A transform with a generator of its own."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(5)

    def __call__(self, inputs, labels):
        return inputs + torch.randn(inputs.shape, generator=self.generator), labels


class Ended(Exception):
    """What stands for a kill inside one process."""


def make(*, end=None, rate=0.01, width=16):
    """Everything of a run, with dropout, batch norm, momentum, schedule, transform."""
    torch.manual_seed(1)
    inputs, labels = torch.randn(90, 8), torch.randint(3, (90,))
    model = nn.Sequential(
        nn.Linear(8, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(width, 3),
    )
    optimizer = AdamW(model.parameters(), lr=rate)
    steps = 0

    def loss(outputs, targets):
        nonlocal steps
        if model.training:
            steps += 1
            if steps == end:
                raise Ended
        return F.cross_entropy(outputs, targets)

    batches = Batches(
        inputs,
        labels,
        20,
        shuffle=True,
        generator=torch.Generator().manual_seed(2),
        transform=Jitter(),
    )
    return {
        "model": model,
        "batches": batches,
        "loss": loss,
        "optimizer": optimizer,
        "num_epochs": 4,
        "valid": Batches(inputs, labels, 50),
        "schedule": OneCycleLR(optimizer, 0.02, total_steps=20),
    }


def trained(run, **options):
    history = fit(**{**run, **options})
    return history, {k: v.clone() for k, v in run["model"].state_dict().items()}


@pytest.fixture(scope="module")
def whole():
    return trained(make())


def same(one, other):
    assert one[0] == other[0]  # losses, accuracies, rates and steps, bit for bit
    assert one[1].keys() == other[1].keys()
    assert all(torch.equal(one[1][k], other[1][k]) for k in one[1])


def test_writing_checkpoints_changes_nothing(whole, tmp_path):
    same(trained(make(), checkpoint=tmp_path / "run.pt", save_every=2), whole)


@pytest.mark.parametrize("save_every", [1, 3, None])
@pytest.mark.parametrize("end", [1, 2, 5, 6, 7, 13, 20])
def test_ended_at_any_step_it_goes_on_to_the_same_weights(
    whole, tmp_path, end, save_every
):
    options = {"checkpoint": tmp_path / "run.pt", "save_every": save_every}
    with pytest.raises(Ended):
        fit(**make(end=end), **options)
    torch.manual_seed(77)  # the new process knows nothing of the old one's numbers
    same(trained(make(), **options), whole)


def test_ended_again_and_again(whole, tmp_path):
    options = {"checkpoint": tmp_path / "run.pt", "save_every": 1}
    for _ in range(19):
        with pytest.raises(Ended):
            fit(**make(end=2), **options)
    same(trained(make(), **options), whole)


def test_a_finished_run_is_not_trained_again(whole, tmp_path):
    path = tmp_path / "run.pt"
    trained(make(), checkpoint=path)
    same(trained(make(end=1), checkpoint=path), whole)


def test_a_run_can_be_made_longer(whole, tmp_path):
    path = tmp_path / "run.pt"
    fit(**{**make(), "num_epochs": 2}, checkpoint=path)
    same(trained(make(), checkpoint=path), whole)


def test_a_stopped_run_stays_stopped(tmp_path):
    path = tmp_path / "run.pt"
    first = trained(make(), checkpoint=path, after_epoch=lambda epoch, _: epoch == 2)
    assert len(first[0].train_loss) == 2
    same(trained(make(end=1), checkpoint=path), first)


def test_killed_at_random_moments(tmp_path):
    """The real thing: SIGKILL, in the middle of whatever the process does."""
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
        import hashlib, sys, time
        import torch
        from torch import nn
        from torch.nn import functional as F
        from helpers.data import Batches
        from helpers.training import fit

        torch.manual_seed(0)
        inputs, labels = torch.randn(600, 8), torch.randint(3, (600,))
        model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Dropout(0.5),
                              nn.Linear(64, 3))
        path = sys.argv[1] if len(sys.argv) > 1 else None
        def loss(outputs, targets):
            if path:
                time.sleep(0.002)
            return F.cross_entropy(outputs, targets)

        history = fit(
            model,
            Batches(inputs, labels, 8, shuffle=True),
            loss=loss,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
            num_epochs=6,
            checkpoint=path,
            save_every=1 if path else None,
        )
        numbers = b"".join(w.numpy().tobytes() for w in model.state_dict().values())
        print(history.steps, hashlib.sha256(numbers).hexdigest())
        """)
    )
    command = [sys.executable, str(script)]
    expected = subprocess.run(command, capture_output=True, text=True, check=True)
    moments = random.Random(0)
    path = tmp_path / "run.pt"
    command.append(str(path))
    reached = [0]
    for _ in range(4):
        date = path.stat().st_mtime_ns if path.exists() else None
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not path.exists() or path.stat().st_mtime_ns == date:
            time.sleep(0.001)
            assert process.poll() is None
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        assert process.wait() == -signal.SIGKILL
        reached.append(load_checkpoint(path)["history"]["steps"])
    assert reached == sorted(set(reached))  # each got further
    assert reached[-1] < 450
    got = subprocess.run(command, capture_output=True, text=True, check=True)
    assert got.stdout == expected.stdout
    assert expected.stdout.split()[0] == "450"


def test_a_run_that_diverges_is_not_kept(tmp_path):
    run = make()
    path = tmp_path / "run.pt"
    with pytest.raises(RuntimeError, match="not finite at step 3"):
        fit(
            **{**run, "loss": diverging(run["loss"], 3)},
            checkpoint=path,
            save_every=1,
        )
    assert load_checkpoint(path)["history"]["steps"] == 2


def diverging(loss, step):
    count = 0

    def bad(outputs, targets):
        nonlocal count
        count += 1
        return loss(outputs, targets) * (float("nan") if count == step else 1)

    return bad


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: run | {"optimizer": SGD(run["model"].parameters())}, "AdamW"),
        (
            lambda run: (
                run | {"schedule": CosineAnnealingLR(run["optimizer"], T_max=20)}
            ),
            "OneCycleLR",
        ),
        (lambda run: run | {"schedule": None}, "OneCycleLR"),
        (lambda run: run | {"num_epochs": 3}, "holds 4 epochs, num_epochs is 3"),
        (lambda run: make(width=17), "of another shape"),
        (
            lambda run: (
                run
                | {"batches": Batches(torch.randn(80, 8), torch.randint(3, (80,)), 20)}
            ),
            "does not fit: the state's count is 90, here 80",
        ),
    ],
)
def test_another_run_is_refused_and_nothing_changes(tmp_path, change, message):
    path = tmp_path / "run.pt"
    fit(**make(), checkpoint=path)
    file = path.read_bytes()
    run = change(make())
    before = {k: v.clone() for k, v in run["model"].state_dict().items()}
    rate = run["optimizer"].param_groups[0]["lr"]
    with pytest.raises(CheckpointError, match=message):
        fit(**run, checkpoint=path)
    assert all(torch.equal(v, before[k]) for k, v in run["model"].state_dict().items())
    assert run["optimizer"].param_groups[0]["lr"] == rate
    assert not run["optimizer"].state
    assert path.read_bytes() == file


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    save_checkpoint(tmp_path / "run.pt", {"model": {}})
    with pytest.raises(CheckpointError, match=r"written with None, this run has"):
        fit(**make(), checkpoint=tmp_path / "run.pt")


def test_arguments_that_make_no_sense(tmp_path):
    run = make()
    with pytest.raises(ValueError, match="batches is a list, which cannot be taken"):
        fit(**{**run, "batches": list(run["batches"])}, checkpoint=tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"save_every must be at least 1.*got 0"):
        fit(**run, checkpoint=tmp_path / "a.pt", save_every=0)
    with pytest.raises(ValueError, match=r"got 5 and checkpoint None"):
        fit(**run, save_every=5)


@pytest.mark.parametrize("shuffle", [True, False])
def test_batches_go_on_where_they_were(shuffle):
    def new():
        generator = torch.Generator().manual_seed(3) if shuffle else None
        inputs = torch.arange(23)
        return Batches(inputs, inputs, 5, shuffle=shuffle, generator=generator)

    first = new()
    expected = [x.tolist() for _ in range(3) for x, _ in first]
    for place in range(15):
        batches, got = new(), []
        while len(got) < place:
            for x, _ in batches:
                got.append(x.tolist())
                if len(got) == place:
                    break
        state, other = batches.state_dict(), new()
        other.load_state_dict(state)
        loops = 3 - (place - 1) // 5 if place else 3
        got += [x.tolist() for _ in range(loops) for x, _ in other]
        assert got[:15] == expected


def test_batches_refuse_the_state_of_others():
    inputs = torch.arange(23)
    state = Batches(inputs, inputs, 5).state_dict()
    with pytest.raises(DataError, match="batch_size is 5, here 4"):
        Batches(inputs, inputs, 4).load_state_dict(state)
    with pytest.raises(DataError, match="0 generators, here 1"):
        Batches(
            inputs, inputs, 5, shuffle=True, generator=torch.Generator()
        ).load_state_dict(state)
