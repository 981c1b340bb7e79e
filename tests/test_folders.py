"""Pictures in folders: against torchvision's ImageFolder, and against bad files."""

import os
import pickle
import random
import struct
import zlib
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from helpers.folders import (
    Fault,
    PictureFolder,
    as_rgb,
    find_faults,
    make_loaders,
    read_picture,
    write_pictures,
)

CLASSES = ("cat", "dog", "emu")


def some(count=12, channels=3, side=8, seed=0):
    """Random pictures (count, channels, side, side + 2) and labels, all classes."""
    generator = torch.Generator().manual_seed(seed)
    shape = count, channels, side, side + 2
    images = torch.randint(256, shape, generator=generator).byte()
    return images, torch.arange(count) * 7 % 3


def a_picture(seed=0):
    image = some(1, seed=seed)[0][0]
    return Image.fromarray(image.permute(1, 2, 0).numpy())


@pytest.fixture
def root(tmp_path):
    write_pictures(tmp_path / "pets", *some(), CLASSES)
    return tmp_path / "pets"


def png(width, height, *, pixels=b""):
    """A PNG of 8-bit grey with this header and these raw bytes."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", crc(body))

    crc = zlib.crc32
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def gif(width, height):
    """The first 24 bytes of a GIF that promises this size."""
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + bytes(3) + b"," + bytes(4) + size + b"\0\x08"


# --- as_rgb --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
def test_16_bit_greys_are_scaled_and_rounded(mode):
    order = "big" if mode == "I;16B" else "little"
    content = b"".join(value.to_bytes(2, order) for value in range(65536))
    picture = as_rgb(Image.frombytes(mode, (256, 256), content))
    assert picture.mode == "RGB"
    expected = [int(value / 257 + 0.5) for value in range(65536)]
    for channel in range(3):
        assert list(picture.getchannel(channel).tobytes()) == expected


def test_pillow_alone_clips_16_bits(tmp_path):
    """The reason for the rule above; when it fails, the rule may go."""
    Image.new("I;16", (2, 2), 256 * 100).save(tmp_path / "grey.png")
    with Image.open(tmp_path / "grey.png") as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_usual_modes_go_by_pillow(mode):
    picture = a_picture().convert(mode)
    assert as_rgb(picture).tobytes() == picture.convert("RGB").tobytes()
    assert as_rgb(picture).mode == "RGB"


@pytest.mark.parametrize("mode", ["I", "F", "LAB"])
def test_modes_of_unknown_range_are_refused(mode):
    with pytest.raises(ValueError, match=f"mode '{mode}'"):
        as_rgb(Image.new(mode, (2, 2)))


def test_transparent_is_white():
    hidden = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    hidden.putpixel((1, 0), (200, 0, 0, 255))
    hidden = as_rgb(hidden)
    assert [hidden.getpixel((x, 0)) for x in (0, 1)] == [(255,) * 3, (200, 0, 0)]
    half = as_rgb(Image.new("LA", (1, 1), (0, 51))).getpixel((0, 0))
    assert half == (204, 204, 204)  # black, a fifth of it


def test_transparency_in_a_palette_and_in_one_grey(tmp_path):
    palette = Image.new("P", (1, 1), 3)
    palette.putpalette([10, 20, 30] * 4)
    palette.save(tmp_path / "palette.png", transparency=3)
    Image.new("L", (1, 1), 65).save(tmp_path / "grey.png", transparency=65)
    for name in ("palette.png", "grey.png"):
        picture, problem = read_picture(tmp_path / name)
        assert problem == ""
        assert picture.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_turn_is_made(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = a_picture()
    stored.save(tmp_path / "a.png", exif=exif)
    picture, _ = read_picture(tmp_path / "a.png")
    turns = {  # how a viewer must turn what is stored, by the EXIF standard
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90],
        6: [Image.Transpose.ROTATE_270],
        7: [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_270],
        8: [Image.Transpose.ROTATE_90],
    }
    for turn in turns[orientation]:
        stored = stored.transpose(turn)
    assert picture.size == stored.size
    assert picture.tobytes() == stored.tobytes()


def test_the_first_frame_of_an_animation(tmp_path):
    first, second = a_picture(0).quantize(8), a_picture(1).quantize(8)
    for name in ("a.gif", "a.png", "a.tif"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
        with Image.open(tmp_path / name) as picture:
            assert picture.n_frames == 2
        picture, problem = read_picture(tmp_path / name)
        assert problem == ""
        assert picture.tobytes() == first.convert("RGB").tobytes()


# --- read_picture --------------------------------------------------------------------


def cut(content):
    return content[: len(content) // 2]


def bytes_of(picture, tmp_path, suffix):
    path = tmp_path / f"whole{suffix}"
    picture.resize((64, 64)).save(path)
    return path.read_bytes()


def test_what_is_wrong_is_said(tmp_path):
    whole = {s: bytes_of(a_picture(), tmp_path, s) for s in (".png", ".jpg", ".gif")}
    cases = {
        b"": "empty file",
        b"a cat, they said": "no picture Pillow knows",
        b"\0" * 5000: "no picture Pillow knows",
        png(0, 0): "no picture Pillow knows",
        gif(0, 5): "no picture Pillow knows",
        gif(50_000, 50_000): "far over 80,000,000 pixels",
        cut(whole[".png"]): "cut short or damaged",
        cut(whole[".jpg"]): "cut short or damaged",
        cut(whole[".gif"]): "cut short or damaged",
        whole[".png"][:30]: "no picture Pillow knows",
        whole[".png"][:70]: "cut short or damaged",
        png(8, 8, pixels=b"\0" * 20): "cut short or damaged",
    }
    for number, (content, expected) in enumerate(cases.items()):
        (tmp_path / f"{number}.jpg").write_bytes(content)
        picture, problem = read_picture(tmp_path / f"{number}.jpg")
        assert picture is None
        assert problem == expected, content[:20]
    assert read_picture(tmp_path / "nothing.png") == (None, "cannot be opened")
    assert read_picture(tmp_path) == (None, "cannot be opened")
    Image.new("F", (3, 3)).save(tmp_path / "f.tif")
    assert read_picture(tmp_path / "f.tif") == (None, "no rule for mode F")


def test_the_size_is_looked_at_first(tmp_path, monkeypatch):
    """No pixel is decoded of what is too large or too small."""
    a_picture().save(tmp_path / "a.png")  # 10 × 8

    def never(*arguments):
        raise AssertionError("decoded")

    assert read_picture(tmp_path / "a.png", max_pixels=80, min_side=8)[1] == ""
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    _, problem = read_picture(tmp_path / "a.png", max_pixels=79)
    assert problem == "10 × 8: over 79 pixels"
    _, problem = read_picture(tmp_path / "a.png", min_side=9)
    assert problem == "10 × 8: a side under 9"


@pytest.mark.filterwarnings("error")
def test_a_bomb_is_no_warning_either(tmp_path):
    """Between its own two limits Pillow warns; as an error that must not get out."""
    (tmp_path / "a.gif").write_bytes(gif(10_000, 10_000))
    _, problem = read_picture(tmp_path / "a.gif")
    assert problem == "far over 80,000,000 pixels"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from([".png", ".jpg", ".gif", ".bmp", ".tif", ".webp"]),
    seed=st.integers(0, 10**6),
    flips=st.integers(1, 30),
    length=st.floats(0.05, 1),
)
def test_damage_of_any_kind_stops_nothing(tmp_path, suffix, seed, flips, length):
    content = bytearray(bytes_of(a_picture(), tmp_path, suffix))
    chance = random.Random(seed)
    content = content[: max(1, int(length * len(content)))]
    for _ in range(flips):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)
    picture, problem = read_picture(path, max_pixels=100_000)
    assert (picture is None) == bool(problem)
    if picture is not None:
        assert picture.mode == "RGB"


# --- PictureFolder, write_pictures ---------------------------------------------------


def test_equal_to_torchvisions(root):
    ours = PictureFolder(root)
    theirs = ImageFolder(root, transform=v2.PILToTensor())
    assert ours.classes == tuple(theirs.classes) == CLASSES
    assert ours.labels.tolist() == theirs.targets
    assert [str(path) for path in ours.paths] == [path for path, _ in theirs.samples]
    assert len(ours) == len(theirs) == 12
    for (image, label), (image_too, label_too) in zip(ours, theirs, strict=True):
        assert torch.equal(image, image_too)
        assert image.is_contiguous()
        assert (label, type(label)) == (label_too, int)


def test_pictures_come_back_as_they_were(tmp_path):
    images, labels = some(30)
    paths = write_pictures(tmp_path, images, labels, CLASSES)
    pictures = PictureFolder(tmp_path)
    assert sorted(paths) == pictures.paths
    for path, image, label in zip(paths, images, labels, strict=True):
        place = pictures.paths.index(path)
        assert torch.equal(pictures[place][0], image)
        assert pictures[place][1] == label
    for number, name in enumerate(CLASSES):
        files = [path.name for path in paths if path.parent.name == name]
        count = int((labels == number).sum())
        assert files == [f"{k:05}.png" for k in range(count)]


def test_greys_come_back_on_three_channels(tmp_path):
    images, labels = some(4, channels=1)
    [path, *_] = write_pictures(tmp_path, images, labels, CLASSES)
    pictures = PictureFolder(tmp_path)
    found, _ = pictures[pictures.paths.index(path)]
    assert torch.equal(found, images[0].expand(3, -1, -1))


def test_an_item_can_be_changed(root):
    image, _ = PictureFolder(root)[0]
    image += 1
    assert not torch.equal(image, PictureFolder(root)[0][0])


def test_transform_gets_the_picture(root):
    pictures = PictureFolder(root, transform=lambda picture: (picture.mode, 5))
    assert pictures[-1] == (("RGB", 5), 2)
    sized = PictureFolder(root, transform=ImageOps.mirror)[0][0]
    assert isinstance(sized, Image.Image)


def test_names_in_capitals_and_of_another_kind(tmp_path):
    (tmp_path / "cat").mkdir()
    a_picture().save(tmp_path / "cat" / "B.PNG")
    a_picture().save(tmp_path / "cat" / "a.jpg", "png")
    (tmp_path / "cat" / "c.txt").touch()
    (tmp_path / "cat" / ".hidden.png").touch()
    (tmp_path / ".ipynb_checkpoints").mkdir()
    pictures = PictureFolder(tmp_path)
    assert [path.name for path in pictures.paths] == ["B.PNG", "a.jpg"]
    assert pictures.classes == ("cat",)
    assert torch.equal(pictures[0][0], pictures[1][0])


def test_a_bad_file_is_named(root):
    bad = root / "dog" / "00001.png"
    bad.write_bytes(b"")
    pictures = PictureFolder(root)
    place = pictures.paths.index(bad)
    with pytest.raises(ValueError, match=r"00001\.png: empty file; see find_faults"):
        pictures[place]
    pictures.paths[place].unlink()
    with pytest.raises(ValueError, match="cannot be opened"):
        pictures[place]


def test_folders_that_hold_nothing(tmp_path):
    with pytest.raises(ValueError, match="no folder in it"):
        PictureFolder(tmp_path)
    with pytest.raises(ValueError, match="nowhere: no folder in it"):
        PictureFolder(tmp_path / "nowhere")
    (tmp_path / "yak").mkdir()
    with pytest.raises(ValueError, match="yak: no picture"):
        PictureFolder(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(2, 3, 4, 4)}, r"uint8 .* got torch.float32 \(2, 3"),
        ({"images": torch.zeros(2, 4, 4, 4).byte()}, r"got torch.uint8 \(2, 4, 4, 4"),
        ({"images": torch.zeros(2, 3, 4).byte()}, r"got torch.uint8 \(2, 3, 4\)"),
        ({"labels": torch.tensor([0])}, "labels must be N"),
        ({"labels": torch.tensor([0, 2])}, r"range\(0, 2\), got tensor\(\[0, 2\]\)"),
        ({"labels": torch.tensor([0, -1])}, "labels must be N"),
    ],
)
def test_write_pictures_refuses(tmp_path, change, message):
    fits = {"images": torch.zeros(2, 3, 4, 4).byte(), "labels": torch.tensor([0, 1])}
    with pytest.raises(ValueError, match=message):
        write_pictures(tmp_path, **(fits | change), classes=("cat", "dog"))
    assert list(tmp_path.iterdir()) == []


# --- find_faults ---------------------------------------------------------------------


def test_sound_folders_have_no_faults(root):
    assert find_faults(root) == []
    assert find_faults(str(root)) == []


def test_every_kind_of_fault(root):
    (root / "cat" / "00001.png").write_bytes(b"")
    (root / "cat" / "notes.txt").touch()
    (root / "cat" / "more").mkdir()
    (root / "cat" / "more" / "deep.png").touch()
    (root / "dog" / "link.png").symlink_to("nowhere.png")
    (root / "dog" / ".DS_Store").touch()
    (root / "README").touch()
    assert [
        (str(fault.path.relative_to(root)).replace(os.sep, "/"), fault.problem)
        for fault in find_faults(root)
    ] == [
        ("README", "in no class's folder: never read"),
        ("cat/00001.png", "empty file"),
        ("cat/more", "too deep: never read"),
        ("cat/notes.txt", "not named like a picture: never read"),
        ("dog/link.png", "cannot be opened"),
    ]
    small = find_faults(root, min_side=9)
    assert len(small) == 12 + 4
    assert len(find_faults(root, max_pixels=79)) == 12 + 4


def test_it_finds_what_the_data_set_refuses(root):
    contents = [b"", b"text", png(3, 3), gif(60_000, 60_000), png(1, 1, pixels=b"\0\7")]
    for number, content in enumerate(contents):
        (root / "emu" / f"x{number}.jpeg").write_bytes(content)
    faults = {fault.path for fault in find_faults(root)}
    pictures = PictureFolder(root)
    refused = set()
    for index, path in enumerate(pictures.paths):
        try:
            pictures[index]
        except ValueError:
            refused.add(path)
    assert faults == refused
    assert len(refused) == 4
    for path in faults:
        path.unlink()
    assert len(list(PictureFolder(root))) == 13


def test_no_folder_is_no_sound_folder(tmp_path):
    (tmp_path / "file").touch()
    for wrong in ("nowhere", "file"):
        with pytest.raises(ValueError, match=f"root must be a folder.*{wrong}"):
            find_faults(tmp_path / wrong)


def test_a_fault_is_fixed():
    fault = Fault(Path("cat/1.png"), "empty file")
    with pytest.raises(AttributeError):
        fault.problem = "none"
    assert fault == Fault(Path("cat/1.png"), "empty file")


# --- make_loaders --------------------------------------------------------------------


def drawn(turns, *, seed=0, workers=0, batch_size=4):
    """Batches of range(10), range(6), range(5) as loaders[turn] gives them, in turn."""
    parts = range(10), range(6), range(5)
    generator = torch.Generator().manual_seed(seed)
    loaders = make_loaders(*parts, batch_size, generator=generator, workers=workers)
    return [[batch.tolist() for batch in loaders[turn]] for turn in turns]


def test_train_is_shuffled_the_others_are_not():
    first, second, valid, test = drawn((0, 0, 1, 2))
    assert valid == [[0, 1, 2, 3], [4, 5]]
    assert test == [[0, 1, 2, 3], [4]]
    for epoch in (first, second):
        assert [len(batch) for batch in epoch] == [4, 4, 2]
        assert sorted(index for batch in epoch for index in batch) == list(range(10))
    assert first != second


def test_the_order_hangs_on_the_seed_alone():
    expected = drawn((0, 0, 0))
    assert drawn((0, 1, 0, 2, 0))[::2] == expected
    assert drawn((0, 0, 0), workers=2) == expected
    assert drawn((0, 0, 0), seed=1) != expected


def test_the_global_generator_is_left_alone():
    given = torch.Generator().manual_seed(0)
    loaders = make_loaders(range(9), range(9), range(9), 2, generator=given)
    before = torch.get_rng_state()
    for loader in loaders:
        assert len(list(loader)) == 5
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_generator_the_global_one_decides():
    orders = []
    for _ in range(2):
        torch.manual_seed(3)
        loader, _, _ = make_loaders(range(50), range(2), range(2), 50)
        orders.append(next(iter(loader)).tolist())
    assert orders[0] == orders[1]


def test_pictures_through_workers(root):
    """Also where a worker is a fresh process, to which the data set is sent."""
    pictures = PictureFolder(root)
    again = pickle.loads(pickle.dumps(pictures))
    assert again.paths == pictures.paths
    alone, there = (
        torch.cat([images for images, _ in make_loaders(*parts, 5, workers=workers)[1]])
        for parts, workers in (([pictures] * 3, 0), ([again] * 3, 2))
    )
    assert torch.equal(alone, there)
    assert alone.shape == (12, 3, 8, 10)


def test_loaders_are_torchs(root):
    loaders = make_loaders(*[PictureFolder(root)] * 3, 5)
    assert [type(loader) for loader in loaders] == [DataLoader] * 3
    assert isinstance(loaders, tuple)


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, None, True])
def test_batch_size_is_a_count(batch_size):
    with pytest.raises(ValueError, match="batch_size must be an int >= 1, got"):
        make_loaders(range(3), range(3), range(3), batch_size)


def test_workers_and_an_empty_part():
    with pytest.raises(ValueError, match="num_workers"):
        make_loaders(range(3), range(3), range(3), 2, workers=-1)
    with pytest.raises(ValueError, match="num_samples"):
        make_loaders([], range(3), range(3), 2)
