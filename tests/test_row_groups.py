"""Row groups of a shard: what they hold when decoded, and that they part no picture needlessly."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from shard_files import BYTES, bytes_of, column, groups, make_ponds, pictured, shows, written
from tables import key, row, table

from converters.read.images import quick_hash
from pipelines import parquet


@pytest.fixture
def ponds(tmp_path: Path) -> Path:
    return make_ponds(tmp_path)


@pytest.mark.parametrize(
    "limit, sizes",
    [(100_000_000, [4]), (3500, [2, 2]), (2000, [1, 1, 1, 1]), (10, [1, 1, 1, 1]), (4500, [3, 1])],
)
def test_a_row_group_holds_what_fits(
    ponds: Path, monkeypatch: pytest.MonkeyPatch, limit: int, sizes: list[int]
) -> None:
    # a row is 1,000 bytes of picture and some 380 of texts
    monkeypatch.setattr(parquet, "GROUP_BYTES", limit)
    assert groups(written(pictured(0, 1, 2, 3), mode="embed", root=ponds)) == sizes


def test_a_picture_that_does_not_fit_into_a_group_with_others_has_its_own(
    ponds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 3500)
    rows = table(shows(1, 0), *(shows(n, 1) for n in range(2, 7)), shows(7, 2))
    file = written(rows, mode="embed", root=ponds)
    assert (groups(file), bytes_of(file)) == ([1, 5, 1], [[0], *[[1]] * 5, [2]])


def test_rows_of_one_picture_are_parted_where_they_are_too_much_to_read_at_once(
    ponds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 3500)
    monkeypatch.setattr(parquet, "MOST_BYTES", 6000)
    file = written(table(*(shows(n, 1) for n in range(10))), mode="embed", root=ponds)
    assert (groups(file), bytes_of(file)) == ([4, 4, 2], [[1]] * 10)


SIZES = st.lists(st.lists(st.integers(1, 150), min_size=1, max_size=5), max_size=6)


@given(SIZES)
def test_row_groups_hold_whole_pictures_or_part_of_one(pictures: list[list[int]]) -> None:
    sizes = np.array([size for picture in pictures for size in picture], np.int64)
    starts = np.cumsum([0, *map(len, pictures)])[:-1]
    ends = {int(end) for end in np.cumsum([0, *map(len, pictures)])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_BYTES", 100)
        patch.setattr(parquet, "MOST_BYTES", 250)
        found = parquet.row_groups(sizes, starts)
    assert [i for start, end in found for i in range(start, end)] == list(range(len(sizes)))
    for start, end in found:
        held = int(sizes[start:end].sum())
        one = not any(start < bound < end for bound in ends)
        assert held <= 100 or (one and held <= 250) or end - start == 1
        assert one or {start, end} <= ends


@given(SIZES)
def test_row_groups_are_no_smaller_than_they_must_be(pictures: list[list[int]]) -> None:
    sizes = np.array([sum(picture) for picture in pictures], np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_BYTES", 100)
        found = parquet.row_groups(sizes, np.arange(len(sizes)))
    assert all(
        sizes[a[0] : b[0] + 1].sum() > 100 or sizes[a[0] : a[1]].sum() > 100
        for a, b in itertools.pairwise(found)
    )


def test_rows_of_later_groups_have_their_own_pictures(
    ponds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 3500)
    rows = table(*(shows(n, n // 2) for n in range(8)))
    file = written(rows, mode="embed", root=ponds)
    assert bytes_of(file) == [[0], [0], [1], [1], [2], [2], [3], [3]]
    assert [column(file, BYTES, group).total_compressed_size < 1200 for group in range(4)] == [
        True
    ] * 4


@pytest.mark.parametrize("name", ["images.list.element.path", "origin.file", "scene.path"])
def test_the_dictionary_of_a_row_group_holds_its_own_texts_alone(
    ponds: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 10)
    rows = [
        row(
            n,
            images=[{"bytes": None, "path": f"ponds/{n:0500d}.png"}],
            origin={"file": f"{n:0500d}.json", "key": ""},
            scene={"path": f"{n:0500d}.png", "x": 0, "y": 0, "width": 1, "height": 1},
        )
        for n in range(9)
    ]
    file = written(table(*rows))
    assert groups(file) == [1] * 9
    assert all(column(file, name, group).total_uncompressed_size < 1000 for group in range(9))


def test_pictures_that_grow_when_encoded_anew_have_smaller_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.effect_noise((64, 64), 90).save(tmp_path / "0.webp", quality=1)
    data = (tmp_path / "0.webp").read_bytes()
    grown = {
        "images": [{"bytes": None, "path": "0.webp"}],
        "image_sha256": [hashlib.sha256(data).hexdigest()],
        "image_bytes": len(data),
        "quick_hashes": [quick_hash(data)],
        "home": key(1),
    }
    monkeypatch.setattr(parquet, "MOST_BYTES", 10 * (len(data) + 500))
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)
    rows = table(*(row(n, **grown) for n in range(10)))
    shapes = [groups(written(rows, mode=m, root=tmp_path)) for m in ("embed", "reencode")]
    assert shapes[0] == [10] and len(shapes[1]) > 1 and sum(shapes[1]) == 10
