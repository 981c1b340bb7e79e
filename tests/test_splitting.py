"""Three parts: every row once, every class in its share."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from helpers.splitting import three_way_split


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def of(counts):
    """Labels with ``counts[k]`` rows of class k, in a fixed random order."""
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=seeded(9))]


def table(labels, parts):
    """Rows of each class, part by part: (3, classes)."""
    classes = labels.unique()
    return torch.stack([(labels[part, None] == classes).sum(0) for part in parts])


counts = st.lists(st.integers(3, 60), min_size=1, max_size=12)
shares = st.floats(0.01, 0.2)


@given(counts, st.integers(0, 9))
def test_every_row_is_in_one_part(counts, seed):
    labels = of(counts)
    parts = three_way_split(labels, generator=seeded(seed))
    assert torch.cat(parts).sort().values.equal(torch.arange(len(labels)))
    for part in parts:
        assert part.dtype == torch.int64
        assert part.equal(part.sort().values)


@given(counts, shares, shares, st.integers(0, 9))
def test_every_class_gets_its_share(counts, valid, test, seed):
    labels = of(counts)
    parts = three_way_split(labels, valid=valid, test=test, generator=seeded(seed))
    got = table(labels, parts)
    assert (got >= 1).all()
    for row, share in zip(got[1:], (valid, test), strict=True):
        wanted = share * torch.tensor(counts, dtype=torch.float64)
        assert ((row - wanted).abs() < 1 + 1e-9).all()


@given(st.lists(st.integers(20, 90), min_size=1, max_size=40), shares, shares)
def test_the_parts_have_their_sizes(counts, valid, test):
    valid, test = 0.05 + 0.7 * valid, 0.05 + 0.7 * test  # one row or more a class
    parts = three_way_split(of(counts), valid=valid, test=test, generator=seeded())
    total = sum(counts)
    assert [len(parts[1]), len(parts[2])] == [round(valid * total), round(test * total)]


def test_as_scikit_learn_splits():
    """Two of its stratified splits, one after the other, give the same counts."""
    labels = of([200, 60, 40])
    rest, test = train_test_split(range(300), test_size=45, stratify=labels)
    train, valid = train_test_split(rest, test_size=45, stratify=labels[rest])
    theirs = table(labels, [torch.tensor(part) for part in (train, valid, test)])
    assert table(labels, three_way_split(labels, generator=seeded())).equal(theirs)


def test_many_small_classes_do_not_swell_the_parts():
    sizes = [len(part) for part in three_way_split(of([10] * 100))]
    assert sizes == [700, 150, 150]  # rounding each class alone would give 200


def test_each_row_has_the_same_chance():
    labels = of([30, 10])
    generator, hits = seeded(), torch.zeros(40)
    for _ in range(2000):
        hits[three_way_split(labels, valid=0.2, test=0.1, generator=generator)[2]] += 1
    assert (hits / 2000 - 0.1).abs().max() < 0.03  # 4 standard deviations


def test_the_generator_decides():
    labels = of([40, 20])
    first, again, other = (
        three_way_split(labels, generator=seeded(seed)) for seed in (1, 1, 2)
    )
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    three_way_split(labels, generator=seeded())
    assert torch.get_rng_state().equal(before)


def test_classes_may_have_any_name_and_need_not_be_sorted():
    labels = torch.tensor([7, -1, 7, 7, -1, -1, 300, 300, 300])
    parts = three_way_split(labels, generator=seeded())
    assert table(labels, parts).tolist() == [[1, 1, 1]] * 3
    assert all(labels[part].unique().equal(labels.unique()) for part in parts)


def test_bool_and_small_integers():
    for dtype in (torch.bool, torch.uint8, torch.int32):
        labels = of([20, 20]).to(dtype)
        assert [len(p) for p in three_way_split(labels)] == [28, 6, 6]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"valid": 0}, "valid=0"),
        ({"test": -0.1}, r"test=-0\.1"),
        ({"valid": 0.6, "test": 0.4}, "sum below 1"),
        ({"valid": float("nan")}, "valid=nan"),
    ],
)
def test_shares_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        three_way_split(of([20, 20]), **options)


def test_labels_that_do_not_fit():
    with pytest.raises(ValueError, match=r"not \(4, 1\)"):
        three_way_split(torch.zeros(4, 1))
    with pytest.raises(ValueError, match=r"not \(0,\)"):
        three_way_split(torch.zeros(0))
    with pytest.raises(ValueError, match="class 1 has 2 rows: too few"):
        three_way_split(of([20, 2]))
    assert [len(p) for p in three_way_split(of([3]))] == [1, 1, 1]
