"""Data sets: where they are found, what damage is named, and the stand-ins.

Small made-up files stand for the real ones, and no test touches the network. With
BOOK_DATA pointing at real data, those are read too.
"""

import gzip
import hashlib
import io
import os
import pickle
import socket
import struct
from pathlib import Path
from typing import ClassVar
from urllib.error import URLError

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from helpers import _readers
from helpers._digits import draw_digits
from helpers._pets import draw_pets
from helpers._readers import CIFAR_CLASSES, stratified
from helpers.data import Batches, DataError, Part, load

REAL = os.environ.get("BOOK_DATA", "")


@pytest.fixture(autouse=True)
def quiet_place(monkeypatch, tmp_path):
    """No data set of this machine's, an empty cache, and no network."""
    monkeypatch.delenv("BOOK_DATA", raising=False)
    monkeypatch.setenv("BOOK_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def refuse(*args, **kwargs):
        raise URLError("tests have no network")

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", refuse)
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refuse)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "large-models-from-scratch"


def idx(array):
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def mnist_files(train=100, test=20, seed=0):
    """The four idx files as {name: bytes}."""
    random = np.random.default_rng(seed)
    files = {}
    for part, count in (("train", train), ("t10k", test)):
        images = random.integers(0, 256, (count, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    return files


def write_mnist(root, **options):
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, content in mnist_files(**options).items():
        (folder / name).write_bytes(content)
    return folder


class Python2(pickle._Pickler):
    """Pickles as the published batches are: byte strings, and numpy's old module."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, content):
        self.write(b"T" + struct.pack("<i", len(content)) + content)

    dispatch[bytes] = save_bytes

    @classmethod
    def dumps(cls, content):
        file = io.BytesIO()
        cls(file, protocol=2).dump(content)
        return file.getvalue().replace(b"numpy._core", b"numpy.core")


def cifar_batches(root, dumps=Python2.dumps):
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
        data = random.integers(0, 256, (20, 3072), np.uint8)
        batch = {"data": data, "labels": [k % 10 for k in range(20)]}
        (folder / name).write_bytes(dumps(batch))
    return folder


def cifar_tree(root, suffix=".png", count=2):
    random = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in CIFAR_CLASSES:
            folder = root / "cifar10" / part / name
            folder.mkdir(parents=True)
            for k in range(count):
                pixels = random.integers(0, 256, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{k:04}{suffix}")
    return root / "cifar10"


def same(one, other):
    return all(
        torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
        for a, b in zip(parts(one), parts(other), strict=True)
    )


def parts(splits):
    return splits.train, splits.valid, splits.test


# --- reading -----------------------------------------------------------------------


def test_mnist_is_read_and_cut(tmp_path, capsys):
    write_mnist(tmp_path, train=200, test=30)
    splits = load("mnist", root=tmp_path)
    assert [len(part) for part in parts(splits)] == [180, 20, 30]
    for part in parts(splits):
        assert part.images.dtype == torch.uint8
        assert part.labels.dtype == torch.int64
        assert part.images.shape == (len(part), 1, 28, 28)
    assert torch.bincount(splits.valid.labels).tolist() == [2] * 10
    raw = mnist_files(train=200, test=30)["t10k-images-idx3-ubyte"][16:]
    assert splits.test.images.numpy().tobytes() == raw
    assert splits.classes == tuple("0123456789")
    assert not splits.standin
    assert str(tmp_path) not in repr(splits)
    assert capsys.readouterr().out == ""


def test_gzipped_idx_files_are_the_same(tmp_path):
    write_mnist(tmp_path / "plain")
    for path in write_mnist(tmp_path / "packed").iterdir():
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = load("mnist", root=tmp_path / "packed")
    assert same(packed, load("mnist", root=str(tmp_path / "plain")))
    packed.train.images.zero_()  # the memory is ours to write to


def cut(content):
    return content[:-1]


DAMAGE = {
    "truncated": ("train-images-idx3-ubyte", cut, "78399 bytes of data"),
    "too long": ("train-images-idx3-ubyte", lambda c: c + b"x", "78401 bytes"),
    "empty": ("t10k-images-idx3-ubyte", lambda c: b"", "0 bytes; the header alone"),
    "magic": ("t10k-labels-idx1-ubyte", lambda c: b"P" + c[1:], "begins with 50 00"),
    "labels as images": (
        "train-images-idx3-ubyte", lambda c: idx(np.zeros(500)), "00 00 08 03",
    ),
    "size": (
        "train-images-idx3-ubyte", lambda c: idx(np.zeros((100, 8, 8))), r"\(28, 28\)",
    ),
    "nothing in it": (
        "train-images-idx3-ubyte", lambda c: idx(np.zeros((0, 28, 28))), "0 × 28",
    ),
    "fewer labels": (
        "train-labels-idx1-ubyte", lambda c: idx(np.zeros(99)), "100 images, but",
    ),
    "label 10": (
        "train-labels-idx1-ubyte", lambda c: idx(np.full(100, 10)), "a label is 10",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_idx_file_is_named(tmp_path, kind):
    name, damage, message = DAMAGE[kind]
    path = write_mnist(tmp_path) / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        load("mnist", root=tmp_path)
    assert name.split("-")[0] in str(caught.value)
    assert str(path.parent) in str(caught.value)


def test_missing_and_broken_gz_idx_file_is_named(tmp_path):
    path = write_mnist(tmp_path) / "t10k-labels-idx1-ubyte"
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: no such file"):
        load("mnist", root=tmp_path)
    path.with_name(path.name + ".gz").write_bytes(packed[:-9])
    with pytest.raises(DataError, match=r"ubyte\.gz: no whole gzip file"):
        load("mnist", root=tmp_path)


@pytest.mark.parametrize("dumps", [Python2.dumps, pickle.dumps])
def test_cifar_batches_are_read(tmp_path, dumps):
    folder = cifar_batches(tmp_path, dumps)
    splits = load("cifar10", root=tmp_path)
    assert [len(part) for part in parts(splits)] == [90, 10, 20]
    assert splits.test.images.shape == (20, 3, 32, 32)
    content = (folder / "test_batch").read_bytes()
    assert splits.test.images.numpy().tobytes() in content
    assert splits.test.labels.tolist() == [k % 10 for k in range(20)]
    assert splits.classes[3] == "cat"


def test_a_batch_that_runs_code_is_refused(tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    (cifar_batches(tmp_path) / "data_batch_2").write_bytes(pickle.dumps(Attack()))
    with pytest.raises(DataError, match=r"data_batch_2.*asks for .*mkdir"):
        load("cifar10", root=tmp_path)
    assert not (tmp_path / "ran").exists()


BATCHES = {
    "no dict": ([1, 2], "no CIFAR-10 batch"),
    "no labels": ({"data": np.zeros((2, 3072), np.uint8)}, "no CIFAR-10 batch"),
    "shape": ({"data": np.zeros((2, 9), np.uint8), "labels": [0, 1]}, r"\(2, 9\)"),
    "count": ({"data": np.zeros((2, 3072), np.uint8), "labels": [0]}, "2 images, but"),
    "range": ({"data": np.zeros((1, 3072), np.uint8), "labels": [-1]}, "label is -1"),
    "text": ({"data": np.zeros((1, 3072), np.uint8), "labels": ["a"]}, "labels of"),
}


@pytest.mark.parametrize("kind", BATCHES)
def test_damaged_cifar_batch_is_named(tmp_path, kind):
    content, message = BATCHES[kind]
    path = cifar_batches(tmp_path) / "data_batch_4"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(DataError, match=f"data_batch_4.*{message}"):
        load("cifar10", root=tmp_path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="data_batch_4"):
        load("cifar10", root=tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="data_batch_4: no such file"):
        load("cifar10", root=tmp_path)


def test_folder_of_pictures_goes_round_the_classes(tmp_path):
    folder = cifar_tree(tmp_path, count=10)
    splits = load("cifar10", root=tmp_path)
    assert [len(part) for part in parts(splits)] == [90, 10, 100]
    assert splits.valid.labels.sort().values.tolist() == list(range(10))
    assert splits.test.labels.tolist() == list(range(10)) * 10
    pixels = np.asarray(Image.open(folder / "test" / "cat" / "0001.png"))
    assert np.array_equal(splits.test.images[13].permute(1, 2, 0), pixels)


def test_decoded_pictures_are_kept_until_they_change(tmp_path, cache, monkeypatch):
    folder = cifar_tree(tmp_path, suffix=".jpg")
    first = load("cifar10", root=tmp_path)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]
    with monkeypatch.context() as patch:
        patch.setattr(_readers.Image, "open", None)  # decoding again would fail
        assert same(load("cifar10", root=tmp_path), first)
    picture = folder / "test" / "airplane" / "0000.jpg"
    Image.new("RGB", (32, 32), "white").save(picture)
    assert load("cifar10", root=tmp_path).test.images[0].min() == 255


@pytest.mark.parametrize("damage", [cut, lambda c: b"", lambda c: b"junk" * 9])
def test_damaged_decoded_copy_is_made_anew(tmp_path, cache, damage):
    cifar_tree(tmp_path)
    first = load("cifar10", root=tmp_path)
    (kept,) = cache.iterdir()
    content = kept.read_bytes()
    kept.write_bytes(damage(content))
    assert same(load("cifar10", root=tmp_path), first)
    assert kept.read_bytes() == content
    middle = bytearray(content)
    middle[len(content) // 2] ^= 255
    kept.write_bytes(middle)
    assert same(load("cifar10", root=tmp_path), first)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cifar_tree(tmp_path)
    assert len(load("cifar10", root=tmp_path).test) == 20


def test_damaged_pictures_are_named(tmp_path):
    picture = cifar_tree(tmp_path, suffix=".jpg") / "train" / "dog" / "0001.jpg"
    whole = picture.read_bytes()
    for content in (whole[:200], b"", b"not a picture"):
        picture.write_bytes(content)
        with pytest.raises(DataError, match=r"train/dog/0001\.jpg: no whole picture"):
            load("cifar10", root=tmp_path)
    Image.new("RGB", (31, 32)).save(picture)
    with pytest.raises(DataError, match=r"0001\.jpg: 31×32 pixels; should be 32×32"):
        load("cifar10", root=tmp_path)
    for path in picture.parent.iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"train/dog: no .jpg or .png picture"):
        load("cifar10", root=tmp_path)
    picture.parent.rmdir()
    with pytest.raises(DataError, match="train/dog: no such folder"):
        load("cifar10", root=tmp_path)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300), st.floats(0, 1))
def test_stratified_takes_from_each_class_its_share(labels, fraction):
    labels = np.array(labels)
    count = int(fraction * len(labels))
    chosen = stratified(labels, count)
    assert chosen.sum() == count
    for label in np.unique(labels):
        share = (labels == label).sum() * count / len(labels)
        assert abs((chosen & (labels == label)).sum() - share) < 1


# --- where it looks ----------------------------------------------------------------


def test_unknown_name_says_which_exist():
    with pytest.raises(DataError, match=r"'minst'.*mnist, cifar10"):
        load("minst")


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_folder_that_is_named_is_never_replaced(tmp_path, monkeypatch, name):
    with pytest.raises(DataError, match=r"root is .*nowhere.*no such folder"):
        load(name, root=tmp_path / "nowhere")
    monkeypatch.setenv("BOOK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"BOOK_DATA is .*nowhere.*no such folder"):
        load(name)
    monkeypatch.setenv("BOOK_DATA", str(tmp_path))
    with pytest.raises(DataError, match="it should hold"):
        load(name)


def test_root_then_book_data_then_cache(tmp_path, monkeypatch, cache, capsys):
    for seed, root in enumerate([tmp_path / "a", tmp_path / "b", cache / "mnist"]):
        write_mnist(root, seed=seed)
    wanted = [load("mnist", root=tmp_path / "a"), load("mnist", root=tmp_path / "b")]
    assert same(load("mnist"), load("mnist", root=cache / "mnist"))
    assert not same(load("mnist"), wanted[1])
    monkeypatch.setenv("BOOK_DATA", str(tmp_path / "b"))
    assert same(load("mnist"), wanted[1])
    assert same(load("mnist", root=tmp_path / "a"), wanted[0])
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("BOOK_DATA", "stand-in")
    assert load("mnist").standin


def test_a_damaged_cache_is_named_and_not_used(cache, capsys):
    path = write_mnist(cache / "mnist") / "train-images-idx3-ubyte"
    path.write_bytes(cut(path.read_bytes()))
    assert load("mnist").standin
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("cached mnist not used: ")
    assert str(path) in first
    assert second.startswith("offline stand-in")


# --- the download ------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch):
    """A network that holds a small MNIST: server.files, server.fetched, server.fail."""
    from torchvision import datasets

    class Server:
        def __init__(self):
            self.files = {
                f"{name}.gz": gzip.compress(content, mtime=0)
                for name, content in mnist_files().items()
            }
            self.fetched, self.fail = [], {}

        def send(self, url, filename):
            name = Path(filename).name
            self.fetched.append(name)
            assert socket.getdefaulttimeout() is not None
            half = name in self.fail
            content = self.files[name]
            Path(filename).write_bytes(content[: len(content) // 2 if half else None])
            if half:
                raise self.fail[name]

    server = Server()
    sums = [(n, hashlib.md5(c).hexdigest()) for n, c in server.files.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", server.send)
    monkeypatch.setattr(
        "torchvision.datasets.utils._get_redirect_url", lambda url, max_hops: url
    )
    monkeypatch.delenv("BOOK_OFFLINE")
    return server


def test_download_fills_the_cache_once(server, cache, tmp_path, capsys):
    splits = load("mnist")
    assert not splits.standin
    assert server.fetched == list(server.files)
    write_mnist(tmp_path / "same")
    assert same(splits, load("mnist", root=tmp_path / "same"))
    assert [path.name for path in cache.iterdir()] == ["mnist"]
    assert {path.name for path in (cache / "mnist/MNIST/raw").iterdir()} == set(
        mnist_files()
    )
    assert same(load("mnist"), splits)
    assert len(server.fetched) == 4
    assert "stand-in" not in capsys.readouterr().out
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), URLError("cable pulled")])
def test_interrupted_download_is_taken_up_again(server, cache, capsys, failure):
    third, fourth = list(server.files)[2:]
    server.fail = {third: failure}
    if isinstance(failure, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            load("mnist")
    else:
        assert load("mnist").standin
        assert "cable pulled" in capsys.readouterr().out
    assert [path.name for path in cache.iterdir()] == ["mnist.partial"]
    raw = cache / "mnist.partial" / "MNIST" / "raw"
    for name in server.files:  # unpacking was cut short as well
        (raw / name.removesuffix(".gz")).write_bytes(b"half")
    server.fail, server.fetched[:] = {}, []
    assert not load("mnist").standin
    assert server.fetched == [third, fourth]
    assert [path.name for path in cache.iterdir()] == ["mnist"]


def test_wrong_bytes_from_the_network_are_not_used(server, cache, capsys):
    name = next(iter(server.files))
    server.files[name] = gzip.compress(b"a page that says no")
    assert load("mnist").standin
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert not (cache / "mnist").exists()


def test_a_damaged_cache_is_fetched_again(server, cache, capsys):
    path = write_mnist(cache / "mnist") / "train-images-idx3-ubyte"
    path.write_bytes(b"")
    assert not load("mnist").standin
    assert capsys.readouterr().out.startswith("cached mnist not used")
    assert not load("mnist").standin
    assert capsys.readouterr().out == ""


def test_book_offline_reads_the_cache_but_fetches_nothing(server, cache, monkeypatch):
    monkeypatch.setenv("BOOK_OFFLINE", "1")
    assert load("mnist").standin
    assert server.fetched == []
    assert not cache.exists()
    write_mnist(cache / "mnist")
    assert not load("mnist").standin


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_without_network_one_line_says_so(name, monkeypatch, capsys):
    monkeypatch.delenv("BOOK_OFFLINE")
    assert load(name).standin
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"offline stand-in for {name}")
    assert "tests have no network" in line
    assert "BOOK_DATA" in line


# --- the stand-ins -----------------------------------------------------------------


def test_digits_are_whole_balanced_and_do_not_leak(capsys):
    splits = load("mnist")
    assert [len(part) for part in parts(splits)] == [12_000, 297, 300]
    assert splits.standin
    assert splits.train.images.shape[1:] == (1, 28, 28)
    for part in parts(splits):
        shares = torch.bincount(part.labels, minlength=10) / len(part)
        assert shares.min() > 0.09
        assert shares.max() < 0.11
    assert len(capsys.readouterr().out.splitlines()) == 1
    # no digit of the test part is, unwarped or nearly so, in the training part
    train = splits.train.images.flatten(1).float()
    test = splits.test.images.flatten(1).float()
    nearest = torch.cdist(test, train).min(1).values
    assert nearest.min() > 255  # more than one pixel's worth of ink apart


def test_digits_sit_as_mnist_places_them():
    images = load("mnist").test.images[:, 0].float()
    assert images.max() == 255
    ink = images.sum((1, 2))
    axis = torch.arange(28.0)
    for centre in (images.sum(1) @ axis / ink, images.sum(2) @ axis / ink):
        assert (centre - 13.5).abs().max() < 1
    edge = images.clone()
    edge[:, 2:-2, 2:-2] = 0
    assert (edge.sum((1, 2)) / ink).mean() < 0.01


def test_pets_are_balanced_and_differ():
    splits = load("cifar10")
    assert [len(part) for part in parts(splits)] == [8_000, 1_000, 2_000]
    assert splits.train.images.shape[1:] == (3, 32, 32)
    assert splits.classes == CIFAR_CLASSES
    for part in parts(splits):
        assert torch.bincount(part.labels).tolist() == [len(part) // 10] * 10
    everything = torch.cat([part.images for part in parts(splits)])
    assert len({image.numpy().tobytes() for image in everything}) == 11_000
    assert 90 < everything.float().mean() < 165


@pytest.mark.parametrize("draw", [draw_digits, draw_pets])
def test_stand_ins_are_the_same_bytes_each_time(draw):
    first = draw()
    threads = torch.get_num_threads()
    torch.set_num_threads(threads % 2 + 1)
    again = draw.__wrapped__()
    torch.set_num_threads(threads)
    for (images, labels), (images_again, labels_again) in zip(
        first, again, strict=True
    ):
        assert np.array_equal(images, images_again)
        assert np.array_equal(labels, labels_again)


def test_what_is_loaded_is_the_callers_own():
    load("mnist").train.images.zero_()
    assert load("mnist").train.images.any()


# --- batches -----------------------------------------------------------------------


@given(count=st.integers(1, 40), size=st.integers(1, 50), shuffle=st.booleans())
def test_every_sample_comes_once_an_epoch(count, size, shuffle):
    inputs = torch.arange(2 * count).reshape(count, 2)
    batches = Batches(inputs, inputs[:, 0] + 1, size, shuffle=shuffle)
    seen = list(batches)
    assert len(seen) == len(batches) == -(-count // size)
    assert all(len(labels) == size for _, labels in seen[:-1])
    for images, labels in seen:
        assert torch.equal(images[:, 0] + 1, labels)
    together = torch.cat([images for images, _ in seen])
    assert torch.equal(together if not shuffle else together.sort(0).values, inputs)


def test_the_generator_decides_the_order():
    inputs = torch.arange(100)

    def orders(seed, epochs=2):
        generator = torch.Generator().manual_seed(seed)
        batches = Batches(inputs, inputs, 7, shuffle=True, generator=generator)
        return [torch.cat([x for x, _ in batches]).tolist() for _ in range(epochs)]

    assert orders(0) == orders(0)
    assert orders(0) != orders(1)
    first, second = orders(0)
    assert first != second
    torch.manual_seed(3)
    one = torch.cat([x for x, _ in Batches(inputs, inputs, 7, shuffle=True)])
    torch.manual_seed(3)
    assert torch.equal(one, torch.randperm(100))


def test_batches_in_order_are_views():
    inputs = torch.zeros(5, 2)
    images, _ = next(iter(Batches(inputs, torch.zeros(5), 2)))
    assert images.data_ptr() == inputs.data_ptr()


X = torch.zeros(3, 1)
BAD_BATCHES = {
    "zero": ((X, X, 0), "batch_size is 0"),
    "negative": ((X, X, -4), "batch_size is -4"),
    "float": ((X, X, 2.0), r"batch_size is 2\.0"),
    "true": ((X, X, True), "batch_size is True"),
    "empty": ((X[:0], X[:0], 1), "inputs is empty"),
    "no samples": ((torch.tensor(1.0), X, 1), "inputs is empty"),
    "lengths": ((X, X[:2], 1), "3 samples"),
    "scalar": ((X, torch.tensor(1), 1), "3 samples"),
    "devices": ((X, X.to("meta"), 1), "inputs is on cpu and labels on meta"),
    "lists": (([1, 2], X, 1), "inputs is a list"),
}


@pytest.mark.parametrize("kind", BAD_BATCHES)
def test_batches_check_their_arguments(kind):
    arguments, message = BAD_BATCHES[kind]
    with pytest.raises(DataError, match=message):
        Batches(*arguments)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_come_in_the_same_order():
    inputs = torch.arange(50)
    with pytest.raises(DataError, match="generator is on cuda"):
        Batches(inputs, inputs, 7, generator=torch.Generator("cuda"))
    orders = [
        [
            x.tolist()
            for x, _ in Batches(
                inputs.to(device),
                inputs.to(device),
                7,
                shuffle=True,
                generator=torch.Generator().manual_seed(0),
            )
        ]
        for device in ("cpu", "cuda")
    ]
    assert orders[0] == orders[1]


def test_transform_is_called_afresh_for_every_batch():
    inputs, calls = torch.arange(10.0), []

    def transform(images, labels):
        calls.append(len(images))
        return images + len(calls), labels * 2

    batches = Batches(inputs, inputs.long(), 4, transform=transform)
    first, second = ([x for x, _ in batches] for _ in range(2))
    assert calls == [4, 4, 2] * 2
    assert first[0].tolist() == [1, 2, 3, 4]
    assert second[0].tolist() == [4, 5, 6, 7]
    assert [y.tolist() for _, y in batches][2] == [16, 18]
    assert torch.equal(batches.inputs, torch.arange(10.0))


def test_only_some_classes():
    whole = load("cifar10", root="stand-in")
    pets = whole.only("dog", "cat")
    assert pets.classes == ("dog", "cat")
    assert (pets.source, pets.standin) == (whole.source, whole.standin)
    for part, all_of in zip(parts(pets), parts(whole), strict=True):
        for new, old in ((0, 5), (1, 3)):
            assert torch.equal(
                part.images[part.labels == new], all_of.images[all_of.labels == old]
            )
        assert len(part) == ((all_of.labels == 3) | (all_of.labels == 5)).sum()
        assert part.labels.dtype == torch.int64


@pytest.mark.parametrize("classes", [(), ("cat",), ("cat", "cat"), ("cat", "cow")])
def test_only_refuses(classes):
    with pytest.raises(DataError, match="two or more different names of"):
        load("cifar10", root="stand-in").only(*classes)


def test_part_is_short_to_print():
    part = Part(torch.zeros(4, 1, 2, 2), torch.zeros(4))
    assert repr(part) == "Part(images (4, 1, 2, 2), 4 labels)"
    assert len(part) == 4


def test_errors_survive_pickling():
    error = pickle.load(io.BytesIO(pickle.dumps(DataError("a"))))
    assert type(error) is DataError
    assert isinstance(error, ValueError)


# --- the real data, where BOOK_DATA says they are -----------------------------------


@pytest.mark.skipif(
    not (Path(REAL) / "MNIST").is_dir() or not REAL, reason="BOOK_DATA has no MNIST"
)
def test_real_mnist():
    splits = load("mnist", root=REAL)
    assert [len(part) for part in parts(splits)] == [54_000, 6_000, 10_000]
    assert splits.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert abs(splits.train.images.float().mean() / 255 - 0.1307) < 0.001
    whole = sum(torch.bincount(part.labels) for part in parts(splits)[:2])
    assert (torch.bincount(splits.valid.labels) - whole / 10).abs().max() < 1


@pytest.mark.skipif(
    not (Path(REAL) / "cifar10").is_dir() or not REAL,
    reason="BOOK_DATA has no CIFAR-10",
)
def test_real_cifar10():
    splits = load("cifar10", root=REAL)
    assert [len(part) for part in parts(splits)] == [45_000, 5_000, 10_000]
    assert torch.bincount(splits.valid.labels).tolist() == [500] * 10
    means = splits.train.images.float().mean((0, 2, 3)) / 255
    assert (means - torch.tensor([0.4914, 0.4822, 0.4465])).abs().max() < 0.003
