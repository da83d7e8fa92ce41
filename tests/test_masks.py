"""Masks as run lengths: from arrays and polygons, cut, taken apart, outlined; COCO's strings."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from converters.regions.outlines import outer_rings
from converters.regions.shapes import (
    crop_mask,
    decode_coco_counts,
    mask_box,
    mask_fault,
    mask_from_array,
    mask_of_polygons,
    mask_parts,
    mask_polygons,
    mask_to_array,
)
from schemas.sample import Mask, Polygon

Pixels = npt.NDArray[np.bool_]
NUMBER = st.integers(-400, 600).map(lambda n: n / 4)
POINTS = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=9, unique=True)
POLYGONS = POINTS.map(lambda corners: Polygon(tuple(v for corner in corners for v in corner)))


def pixels(*rows: str) -> Pixels:
    return np.array([[letter == "#" for letter in row] for row in rows])


RING = pixels("#####", "#...#", "#.#.#", "#...#", "#####")


@pytest.mark.parametrize(
    "array, counts",
    [
        (pixels(".#.", ".##"), (2, 2, 1, 1)),
        (pixels("#..", "..."), (0, 1, 5)),
        (pixels("...", "..."), (6,)),
        (pixels("###", "###"), (0, 6)),
        (pixels("..#"), (2, 1)),
    ],
)
def test_run_lengths_go_down_the_columns_zeros_first(
    array: Pixels, counts: tuple[int, ...]
) -> None:
    mask = mask_from_array(array)
    assert mask.counts == counts
    assert (mask.width, mask.height) == array.shape[::-1]
    assert (mask_to_array(mask) == array).all()


ARRAYS = (
    st.integers(1, 9)
    .flatmap(
        lambda width: st.lists(
            st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=9
        )
    )
    .map(np.array)
)


@given(ARRAYS)
def test_a_mask_comes_back_from_its_run_lengths(array: Pixels) -> None:
    mask = mask_from_array(array)
    assert mask_fault(mask) == ""
    assert (mask_to_array(mask) == array).all()


@given(ARRAYS, st.integers(-3, 10), st.integers(-3, 10), st.integers(1, 9), st.integers(1, 9))
def test_a_window_of_a_mask_holds_its_pixels(
    array: Pixels, x: int, y: int, width: int, height: int
) -> None:
    rows, columns = array.shape
    wide = np.zeros((40, 40), bool)
    wide[10 : 10 + rows, 10 : 10 + columns] = array
    expected = wide[10 + y : 10 + y + height, 10 + x : 10 + x + width]
    window = crop_mask(mask_from_array(array), x, y, width, height)
    assert mask_fault(window) == ""
    assert (mask_to_array(window) == expected).all()


def test_the_box_of_a_mask_is_half_open() -> None:
    assert mask_box(mask_from_array(pixels("....", ".##.", "..#."))) == (1, 1, 3, 3)
    assert mask_box(Mask(4, 3, (12,))) == (0, 0, 0, 0)


def test_parts_hold_together_at_corners_too() -> None:
    mask = mask_from_array(pixels("#..#", ".#.#", "....", "#.#."))
    assert [mask_to_array(part).tolist() for part in mask_parts(mask)] == [
        pixels("#...", ".#..", "....", "....").tolist(),
        pixels("....", "....", "....", "#...").tolist(),
        pixels("....", "....", "....", "..#.").tolist(),
        pixels("...#", "...#", "....", "....").tolist(),
    ]


def test_parts_that_meet_at_last_are_one() -> None:
    assert len(mask_parts(mask_from_array(pixels("###", "#.#", "#.#", "#.#")))) == 1
    assert len(mask_parts(mask_from_array(RING))) == 2
    assert mask_parts(Mask(4, 3, (12,))) == []


@given(ARRAYS)
def test_parts_are_all_of_a_mask_and_share_nothing(array: Pixels) -> None:
    total = np.zeros(array.shape, int)
    for part in mask_parts(mask_from_array(array)):
        total += mask_to_array(part)
    assert (total == array).all()


def test_outlines_run_along_the_pixels_edges() -> None:
    mask = mask_from_array(pixels("##..", "##..", ".#.#"))
    assert mask_polygons(mask) == [
        Polygon((0, 0, 2, 0, 2, 3, 1, 3, 1, 2, 0, 2)),
        Polygon((3, 2, 4, 2, 4, 3, 3, 3)),
    ]


def test_holes_are_not_outlined() -> None:
    assert mask_polygons(mask_from_array(RING)) == [
        Polygon((0, 0, 5, 0, 5, 5, 0, 5)),
        Polygon((2, 2, 3, 2, 3, 3, 2, 3)),
    ]


def test_a_mask_without_pixels_has_no_outline() -> None:
    nothing = np.zeros(0, np.int64)
    assert outer_rings(nothing, nothing, nothing) == []
    assert mask_polygons(Mask(2, 2, (4,))) == []


def test_pixels_that_meet_at_a_corner_are_apart() -> None:
    assert mask_polygons(mask_from_array(pixels("#.", ".#"))) == [
        Polygon((0, 0, 1, 0, 1, 1, 0, 1)),
        Polygon((1, 1, 2, 1, 2, 2, 1, 2)),
    ]


@given(ARRAYS)
def test_outlines_enclose_a_mask_and_what_they_enclose_beyond_it_is_holes(array: Pixels) -> None:
    height, width = array.shape
    outlines = mask_polygons(mask_from_array(array))
    found = mask_to_array(mask_of_polygons(outlines, width, height, rule="union"))
    assert (found | array == found).all()
    # No pixel on the picture's border is a hole.
    border = np.ones(array.shape, bool)
    border[1:-1, 1:-1] = False
    assert (found[border] == array[border]).all()


@pytest.mark.parametrize(
    "parts, rule, rows",
    [
        ([(1, 1, 3, 1, 3, 3, 1, 3)], "even_odd", ("....", ".##.", ".##.", "....")),
        # Half pixels: a centre on the left and upper side belongs, on the others it does not.
        ([(0.5, 0.5, 2.5, 0.5, 2.5, 1.5, 0.5, 1.5)], "even_odd", ("##..", "....", "....", "....")),
        ([(0, 0, 4, 0, 0, 4)], "even_odd", ("###.", "##..", "#...", "....")),
        (
            [(0, 0, 4, 0, 4, 4, 0, 4), (1, 1, 3, 1, 3, 3, 1, 3)],
            "even_odd",
            ("####", "#..#", "#..#", "####"),
        ),
        (
            [(0, 0, 4, 0, 4, 4, 0, 4), (1, 1, 3, 1, 3, 3, 1, 3)],
            "union",
            ("####", "####", "####", "####"),
        ),
        ([(-5, -5, 9, -5, 9, 2, -5, 2)], "even_odd", ("####", "####", "....", "....")),
        ([], "even_odd", ("....", "....", "....", "....")),
        ([(9, 9, 12, 9, 12, 12)], "union", ("....", "....", "....", "....")),
    ],
)
def test_a_pixel_belongs_where_its_centre_lies_within(
    parts: list[tuple[float, ...]], rule: Literal["even_odd", "union"], rows: tuple[str, ...]
) -> None:
    mask = mask_of_polygons(parts, 4, 4, rule=rule)
    assert mask_to_array(mask).tolist() == pixels(*rows).tolist()
    assert mask_fault(mask) == ""


@given(POLYGONS)
def test_pixels_are_those_whose_centres_a_simple_polygon_covers(polygon: Polygon) -> None:
    ring = shapely.Polygon(np.array(polygon.points).reshape(-1, 2))
    assume(ring.is_valid)
    y, x = np.mgrid[0:40, 0:40] + 0.5
    found = mask_to_array(mask_of_polygons([polygon], 40, 40))
    inside = shapely.contains_xy(ring, x, y)
    edge = shapely.distance(ring.exterior, shapely.points(x, y)) < 1e-9
    assert (found[~edge] == inside[~edge]).all()


@given(st.integers(1, 39), st.integers(0, 60))
def test_polygons_side_by_side_share_no_pixel_and_leave_none(split: int, lean: int) -> None:
    left = mask_of_polygons([(0, 0, split, 0, lean, 40, 0, 40)], 40, 40)
    right = mask_of_polygons([(split, 0, 80, 0, 80, 40, lean, 40)], 40, 40)
    covered = mask_to_array(left).astype(int) + mask_to_array(right)
    assert (covered == 1).all()


@pytest.mark.parametrize("ring", [(1, 2, 3, 4), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, math.nan)])
def test_a_ring_without_three_corners_is_an_error(ring: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="three corners"):
        mask_of_polygons([ring], 10, 10)


# COCO's run lengths


@pytest.mark.parametrize(
    "counts, expected",
    [
        ([6, 3, 1], (6, 3, 1)),
        ([0, 3, 7], (0, 3, 7)),
        ("631", (6, 3, 1)),
        (b"631", (6, 3, 1)),
        ("0T1", (0, 36)),  # T: 36 = 4 + 32 "more"; 1: 1 x 32
        ("6312O", (6, 3, 1, 5, 0)),  # from the fourth on differences: 3 + 2, and 1 - 1
        ("", ()),
    ],
)
def test_coco_counts_are_read(counts: str | bytes | list[int], expected: tuple[int, ...]) -> None:
    assert decode_coco_counts(counts) == expected


@pytest.mark.parametrize(
    "counts, message",
    [
        ("6T", "middle of a number"),
        ("6\x7f", "cannot be read"),
        ("6 ", "cannot be read"),
        ("6é", "cannot be read"),
        ("T" * 40, "cannot be read"),
        ("O", "negative"),
        ([3, -1], "whole number"),
        ([3, 1.5], "whole number"),
    ],
)
def test_coco_counts_that_are_none_are_an_error(counts: str | list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_coco_counts(counts)


@given(st.text(max_size=30))
def test_any_text_is_run_lengths_or_a_value_error(text: str) -> None:
    try:
        counts = decode_coco_counts(text)
    except ValueError:
        return
    assert all(count >= 0 for count in counts)
