"""helpers.augmentation against torchvision, plain loops and known distributions."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as vision

from helpers.augmentation import Mixup, RandomCropFlip
from helpers.data import Batches


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count, channels=3, height=7, width=9, seed=0):
    images = torch.randn(count, channels, height, width, generator=source(seed))
    return images, torch.arange(count) % 10


def every_view(image, padding):
    """The views of one picture, each made by torchvision."""
    framed = vision.pad(image, padding)
    height, width = image.shape[-2:]
    places = range(2 * padding + 1)
    for top, left in itertools.product(places, places):
        view = vision.crop(framed, top, left, height, width)
        yield view
        yield vision.horizontal_flip(view)


def assert_views(images, varied, padding):
    """Each picture equals exactly one of its own views."""
    for image, new in zip(images, varied, strict=True):
        views = torch.stack(list(every_view(image, padding)))
        assert (views == new).flatten(1).all(1).sum() == 1


# --- shift and mirror ----------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    padding=st.integers(0, 4),
    channels=st.integers(1, 4),
    height=st.integers(5, 9),  # some of the picture stays in every window
    width=st.integers(5, 9),
    seed=st.integers(0, 1000),
)
def test_every_picture_becomes_one_view_of_torchvision(
    padding, channels, height, width, seed
):
    images, labels = pictures(5, channels, height, width, seed)
    varied, same = RandomCropFlip(padding, generator=source(seed))(images, labels)
    assert varied.shape == images.shape
    assert same is labels
    assert_views(images, varied, padding)


def test_every_view_comes_equally_often():
    image = pictures(1)[0].expand(18_000, -1, -1, -1)
    varied, _ = RandomCropFlip(1, generator=source())(image, torch.zeros(18_000))
    views = torch.stack(list(every_view(image[0], 1)))
    equal = (views[None] == varied[:, None]).flatten(2).all(2)
    counts = equal.sum(0).double()
    assert counts.sum() == 18_000
    expected = 1000.0  # of 18 views
    chi = ((counts - expected) ** 2 / expected).sum()
    assert chi < 50  # 17 degrees of freedom: more once in 100,000 seeds


def test_pictures_of_one_batch_are_drawn_apart():
    image = pictures(1)[0].expand(400, -1, -1, -1)
    varied, _ = RandomCropFlip(4, generator=source())(image, torch.zeros(400))
    # 162 views: 400 draws meet 162 · (1 - (161/162)**400) = 148.4 of them
    assert 135 <= len(torch.unique(varied.flatten(1), dim=0)) <= 160


def test_a_batch_is_what_its_draws_say():
    """The same draws, one picture at a time, with torchvision's functions."""
    images, labels = pictures(12)
    varied, _ = RandomCropFlip(2, generator=source(3))(images, labels)
    again = source(3)
    tops, lefts = torch.randint(5, (2, 12), generator=again).tolist()
    mirrored = (torch.rand(12, generator=again) < 0.5).tolist()
    for n in range(12):
        view = vision.crop(vision.pad(images[n], 2), tops[n], lefts[n], 7, 9)
        view = vision.horizontal_flip(view) if mirrored[n] else view
        assert torch.equal(varied[n], view)


def test_without_padding_it_only_mirrors():
    images, labels = pictures(64)
    varied, _ = RandomCropFlip(0, generator=source())(images, labels)
    kept = (varied == images).flatten(1).all(1)
    mirrored = (varied == images.flip(3)).flatten(1).all(1)
    assert (kept ^ mirrored).all()
    assert 16 < kept.sum() < 48


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.float64])
def test_dtype_is_kept(dtype):
    images = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4).to(dtype)
    varied, _ = RandomCropFlip(1)(images, torch.zeros(2))
    assert varied.dtype == dtype


def test_what_was_given_is_not_changed():
    images, labels = pictures(4)
    before = images.clone()
    varied, _ = RandomCropFlip(0, generator=source())(images, labels)
    varied.zero_()
    assert torch.equal(images, before)


def test_padding_may_exceed_the_picture():
    images, labels = pictures(3, height=2, width=2)
    varied, _ = RandomCropFlip(5, generator=source())(images, labels)
    assert varied.shape == images.shape


def test_other_memory_formats_give_the_same_numbers():
    images, labels = pictures(6)
    last = images.to(memory_format=torch.channels_last)
    plain, _ = RandomCropFlip(2, generator=source())(images, labels)
    other, _ = RandomCropFlip(2, generator=source())(last, labels)
    assert torch.equal(plain, other)


def test_an_empty_batch_stays_empty():
    images, labels = pictures(2)
    varied, same = RandomCropFlip()(images[:0], labels[:0])
    assert varied.shape == (0, 3, 7, 9)
    assert len(same) == 0


@pytest.mark.parametrize("make", [RandomCropFlip, lambda **kw: Mixup(0.2, 10, **kw)])
def test_a_generator_decides_all(make):
    images, labels = pictures(20)
    torch.manual_seed(1)
    first, _ = make(generator=source(5))(images, labels)
    torch.manual_seed(2)
    second, _ = make(generator=source(5))(images, labels)
    other, _ = make(generator=source(6))(images, labels)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    state = torch.get_rng_state()
    make(generator=source(5))(images, labels)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("make", [RandomCropFlip, lambda: Mixup(0.2, 10)])
def test_without_a_generator_the_global_one_decides(make):
    images, labels = pictures(20)
    torch.manual_seed(1)
    first, _ = make()(images, labels)
    torch.manual_seed(1)
    second, _ = make()(images, labels)
    assert torch.equal(first, second)


def test_every_epoch_is_drawn_anew():
    images, labels = pictures(30, height=12, width=12)
    batches = Batches(images, labels, 8, transform=RandomCropFlip(4))
    epochs = [torch.cat([inputs for inputs, _ in batches]) for _ in range(2)]
    assert (epochs[0] != epochs[1]).flatten(1).any(1).sum() > 25


@pytest.mark.parametrize("padding", [-1, 1.5, "4", True, None])
def test_padding_is_checked(padding):
    with pytest.raises(ValueError, match=r"padding must be an int >= 0, got"):
        RandomCropFlip(padding)


def test_one_picture_is_no_batch():
    with pytest.raises(ValueError, match=r"images must be \(N, C, H, W\), got shape"):
        RandomCropFlip()(torch.zeros(3, 32, 32), torch.tensor(0))


# --- mixing --------------------------------------------------------------------------


def shares(alpha, count, seed=0):
    """The lambdas of a Mixup: picture i is the unit vector i, so they can be read."""
    mixer = Mixup(alpha, 2, generator=source(seed))
    images = torch.ones(count, 1, dtype=torch.float64)
    labels = torch.arange(count) % 2
    # two values, 0 and 1: what comes out is the share of ones
    mixed, soft = mixer(images * labels[:, None], labels)
    assert torch.allclose(mixed[:, 0], soft[:, 1])
    alone = (mixed[:, 0] != 0) & (mixed[:, 0] != 1)  # mixed with the other class
    return torch.where(labels == 1, mixed[:, 0], 1 - mixed[:, 0])[alone]


def test_equals_the_formula_picture_by_picture():
    images, labels = pictures(16)
    mixed, soft = Mixup(0.7, 10, generator=source(2))(images, labels)
    again = source(2)
    partner = torch.randperm(16, generator=again)
    assert soft.shape == (16, 10)
    for i in range(16):
        j = int(partner[i])
        if labels[i] == labels[j]:
            assert soft[i, labels[i]] == pytest.approx(1)
            continue
        share = soft[i, labels[i]].item()
        assert torch.allclose(mixed[i], share * images[i] + (1 - share) * images[j])
        assert soft[i, labels[j]].item() == pytest.approx(1 - share, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.5, 1, 2.5, 20])
def test_the_shares_are_drawn_from_a_beta_distribution(alpha):
    """Moments of Beta(a, a), and torch's own sampler."""
    drawn = shares(alpha, 40_000)
    torch.manual_seed(0)
    theirs = torch.distributions.Beta(alpha, alpha).sample((len(drawn),)).double()
    variance = 1 / (4 * (2 * alpha + 1))
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.02)
    assert drawn.var().item() == pytest.approx(variance, rel=0.05)
    at = torch.linspace(0.02, 0.98, 25, dtype=torch.float64)
    ours = (drawn[:, None] <= at).double().mean(0)
    assert (ours - (theirs[:, None] <= at).double().mean(0)).abs().max() < 0.02


@settings(max_examples=40, deadline=None)
@given(
    alpha=st.floats(1e-3, 1e3),
    count=st.integers(1, 9),
    shape=st.sampled_from([(), (4,), (3, 5, 5)]),
    num_classes=st.integers(1, 6),
)
def test_labels_stay_probabilities(alpha, count, shape, num_classes):
    images = torch.rand(count, *shape)
    labels = torch.arange(count) % num_classes
    mixed, soft = Mixup(alpha, num_classes)(images, labels)
    assert mixed.shape == images.shape
    assert torch.isfinite(mixed).all()
    assert (soft >= 0).all()
    assert torch.allclose(soft.sum(1), torch.ones(count))
    assert mixed.min() >= images.min() - 1e-6
    assert mixed.max() <= images.max() + 1e-6


def test_the_loss_is_the_mix_of_two_losses():
    images, labels = pictures(8)
    logits = torch.randn(8, 10, generator=source(9))
    _, soft = Mixup(1.0, 10, generator=source(4))(images, labels)
    partner = torch.randperm(8, generator=source(4))
    share = torch.stack([soft[i, labels[i]] for i in range(8)])
    one, two = (
        F.cross_entropy(logits, target, reduction="none")
        for target in (labels, labels[partner])
    )
    expected = (share * one + (1 - share) * two).mean()
    assert F.cross_entropy(logits, soft).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_mixed_numbers_keep_their_kind(dtype):
    images, labels = pictures(4)
    mixed, soft = Mixup(0.4, 10)(images.to(dtype), labels)
    assert mixed.dtype == soft.dtype == dtype


def test_one_picture_is_mixed_with_itself():
    images, labels = pictures(1)
    mixed, soft = Mixup(0.4, 10)(images, labels)
    assert torch.allclose(mixed, images)
    assert torch.equal(soft.argmax(1), labels)


@pytest.mark.parametrize("alpha", [0, -1, float("inf"), float("nan")])
def test_alpha_is_checked(alpha):
    with pytest.raises(ValueError, match="alpha must be above 0 and finite, got"):
        Mixup(alpha, 10)


@pytest.mark.parametrize("num_classes", [0, -2, 1.5, True])
def test_num_classes_is_checked(num_classes):
    with pytest.raises(ValueError, match="num_classes must be an int >= 1, got"):
        Mixup(0.2, num_classes)


def test_bytes_are_not_mixed():
    with pytest.raises(ValueError, match=r"floating point, got torch\.uint8"):
        Mixup(0.2, 2)(torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.tensor([0, 1]))
