"""GeoChat's boxes and pixels as text and back.

GeoChat: per cent of the unpadded picture, the box before turning about its centre, degrees
clockwise on screen.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.dialects import dialect, render
from converters.regions.geometry import from_rotated
from schemas.sample import Box, Mask, Polygon, Quad, Shape

Numbers = tuple[float, ...]
Floats = npt.NDArray[np.float64]
# 40 x 20 about (100, 100), its right end turned 30 degrees down: clockwise on screen.
TURNED = (87.67949, 81.33975, 122.32051, 101.33975, 112.32051, 118.66025, 77.67949, 98.66025)


def write(name: str, shape: Shape, size: tuple[float, float]) -> str:
    [text] = dialect(name).write([shape], np.array([size], float))
    return text


def boxes(name: str, box: Numbers, size: tuple[int, int]) -> str:
    return write(name, Box(*box), size)


def quads(name: str, quad: Numbers, size: tuple[int, int]) -> str:
    return write(name, Quad(tuple(quad)), size)


def numbers(shape: Shape) -> Numbers:
    if isinstance(shape, Box):
        return (shape.x1, shape.y1, shape.x2, shape.y2)
    assert not isinstance(shape, Mask)
    return shape.points


def points(text: str, size: tuple[int, int] = (100, 100), name: str = "geochat") -> list[Numbers]:
    return [numbers(found.shape) for found in dialect(name).read(text, size)]


# GeoChat, written


@pytest.mark.parametrize(
    "box, size, text",
    [
        ((20, 10, 60, 50), (200, 100), "{<10><10><30><50>|<0>}"),
        ((0, 0, 200, 100), (200, 100), "{<0><0><100><100>|<0>}"),
        (
            (132, 236, 684, 672),
            (800, 800),
            "{<16><30><86><84>|<0>}",
        ),  # 16.5 and 85.5 go to the even neighbour
        ((40, 40, 42, 60), (1000, 100), "{<4><40><5><60>|<0>}"),  # a fifth of a step wide: one step
        ((998, 40, 1000, 60), (1000, 100), "{<99><40><100><60>|<0>}"),  # and never off the grid
        ((0, 40, 2, 60), (1000, 100), "{<0><40><1><60>|<0>}"),
        ((0, 996, 4, 1000), (1000, 1000), "{<0><99><1><100>|<0>}"),
    ],
)
def test_an_upright_box_is_written_in_per_cent_of_the_picture(
    box: Numbers, size: tuple[int, int], text: str
) -> None:
    assert boxes("geochat", box, size) == text


@pytest.mark.parametrize(
    "quad, size, text",
    [
        (TURNED, (200, 200), "{<40><45><60><55>|<30>}"),  # 80..120 and 90..110 before turning
        (TURNED, (400, 200), "{<20><45><30><55>|<30>}"),
        (
            (10, 10, 18, 16, 15, 20, 7, 14),
            (100, 100),
            "{<8><12><18><18>|<37>}",
        ),  # 7.5, 12.5, 17.5, 17.5 before turning
        (
            (10, 20, 18, 14, 21, 18, 13, 24),
            (100, 100),
            "{<13><14><18><24>|<53>}",
        ),  # runs up to the right: the short side leads
        ((5, 0, 10, 5, 5, 10, 0, 5), (10, 10), "{<15><15><85><85>|<45>}"),
        ((10, 20, 50, 20, 50, 40, 10, 40), (100, 100), "{<10><20><50><40>|<0>}"),
        (
            (0, -30, 20, -30, 20, 30, 0, 30),
            (100, 100),
            "{<0><-30><20><30>|<0>}",
        ),  # beyond the picture
        ((90, 40, 130, 40, 130, 60, 90, 60), (100, 100), "{<90><40><130><60>|<0>}"),
        (
            (-52, 40, -51, 40, -51, 60, -52, 60),
            (500, 100),
            "{<-11><40><-10><60>|<0>}",
        ),  # beyond it and thin
        ((511, 40, 512, 40, 512, 60, 511, 60), (500, 100), "{<102><40><103><60>|<0>}"),
    ],
)
def test_an_oriented_box_is_written_as_it_stood_before_turning(
    quad: Numbers, size: tuple[int, int], text: str
) -> None:
    assert quads("geochat", quad, size) == text


@pytest.mark.parametrize("degrees, written", [(0.4, 0), (0.6, 1), (89.4, 89), (89.6, 90)])
def test_angles_are_whole_degrees_from_0_to_90(degrees: float, written: int) -> None:
    quad = tuple(from_rotated(np.array([[50, 50, 40, 20, degrees]]))[0])
    assert quads("geochat", quad, (100, 100)) == f"{{<30><40><70><60>|<{written}>}}"


def test_a_batch_is_written_box_by_box() -> None:
    found = dialect("geochat").write(
        [Box(0, 0, 10, 10), Box(5, 5, 10, 10)], np.array([(10, 10), (100, 50)], float)
    )
    assert found == ["{<0><0><100><100>|<0>}", "{<5><10><10><20>|<0>}"]


# GeoChat, read


@pytest.mark.parametrize(
    "text, expected",
    [
        ("{<10><20><30><40>|<0>}", (10, 20, 30, 40)),
        ("{<10><20><30><40>}", (10, 20, 30, 40)),
        ("{<-3><96><7><104>|<0>}", (-3, 96, 7, 104)),
        ("{<77><981><83><100>|<0>}", (77, 981, 83, 100)),  # real dirt: read as it stands
        ("{<0><-0><131><5>|<0>}", (0, 0, 131, 5)),
        ("{<40><45><60><55>|<90>}", (55, 40, 55, 60, 45, 60, 45, 40)),
        ("{<40><45><60><55>|<-90>}", (45, 60, 45, 40, 55, 40, 55, 60)),
    ],
)
def test_a_box_is_read_with_its_minus_signs_and_off_the_grid(text: str, expected: Numbers) -> None:
    assert points(text) == [pytest.approx(expected)]


def test_a_positive_angle_turns_the_right_end_down() -> None:
    assert points("{<40><45><60><55>|<30>}", (200, 200)) == [pytest.approx(TURNED, abs=1e-5)]


def test_per_cent_are_of_each_side_of_the_picture() -> None:
    assert points("{<10><20><30><40>|<0>}", (200, 1000)) == [(20, 200, 60, 400)]


@pytest.mark.parametrize(
    "text, count",
    [
        ("two <p>ships</p> {<1><2><3><4>|<5>}<delim>{<6><7><8><9>|<10>} and a pier", 2),
        ("{<1><2><3><4>|<5>}{<6><7><8><9>|<10>}", 2),
        ("{<1><2><3>|<4>}", 0),
        ("{<1><2><3><4>|<5>", 0),
        ("{<1.5><2><3><4>|<5>}", 0),
        ("[1, 2, 3, 4]", 0),
        ("no box at all", 0),
    ],
)
def test_every_whole_box_of_a_text_is_read(text: str, count: int) -> None:
    assert len(points(text)) == count


# GeoChat, there and back

SIDE = st.integers(20, 12_000)
SIZE = st.tuples(SIDE, SIDE)
GRID = st.tuples(
    st.integers(-33, 98),
    st.integers(-33, 98),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(0, 89),
)


@given(st.lists(GRID, min_size=1, max_size=4), SIZE)
def test_what_was_read_is_written_again_letter_by_letter(
    grid: list[tuple[int, int, int, int, int]], size: tuple[int, int]
) -> None:
    for x, y, width, height, degrees in grid:
        text = f"{{<{x}><{y}><{x + width}><{y + height}>|<{degrees}>}}"
        [found] = points(text, size)
        # An angle of 0 comes back as an upright box. Where a side is hundreds of times the other,
        # as pixels, a corner's rounding is far below half a step.
        assert (boxes if degrees == 0 else quads)("geochat", found, size) == text


def steps(scaled: Floats) -> Floats:
    """The largest error in steps of each axis (x, y).

    Half a step, or a whole one where a box would round to no extent and is made one step wide.
    """
    flat = np.rint(scaled[2:]) <= np.rint(scaled[:2])
    return np.where(flat, 1.0, 0.5)


@given(SIZE, st.tuples(*[st.floats(0, 1)] * 4))
def test_an_upright_box_comes_back_within_half_a_step_or_one_where_it_is_thin(
    size: tuple[int, int], shares: Numbers
) -> None:
    low, high = np.sort(np.array(shares).reshape(2, 2), axis=0)
    width = np.array(size, float)
    box = np.concatenate(
        [low * (width - 1), low * (width - 1) + 1 + (high - low) * (width - 1)]
    ).clip(0, np.tile(width, 2))
    [found] = points(boxes("geochat", tuple(box), size), size)
    error = np.abs(np.array(found) - box).reshape(2, 2).max(axis=0)
    assert (error <= steps(box / np.tile(width, 2) * 100) * width / 100 + 1e-9).all()


@given(
    SIZE,
    st.tuples(*[st.floats(0, 1)] * 2),
    st.tuples(*[st.floats(0.0005, 1)] * 2),
    st.floats(0, 89.999),
)
def test_an_oriented_box_comes_back_within_the_stated_bound(
    size: tuple[int, int], centre: Numbers, sides: Numbers, degrees: float
) -> None:
    """No corner moves further than dx + dy + 2 r sin(0.25 degrees).

    dx, dy: half a step (one where thin) of the picture's width and height, by which the edges
    before turning may be off: the centre by (a + b) / 2 and half the side by (a - b) / 2, together
    never more than dx along one axis and dy along the other, in any direction once turned.
    r: half the diagonal, whose end moves on a circle when the angle is off by half a degree.
    """
    width = np.array(size, float)
    half = np.array(sides) * width.min() / 2
    middle = np.array(centre) * width
    corners = from_rotated(np.array([[*middle, *(2 * half), degrees]]))[0]
    [found] = points(quads("geochat", tuple(corners), size), size)
    if len(found) == 4:
        x1, y1, x2, y2 = found
        found = (x1, y1, x2, y1, x2, y2, x1, y2)
    off = np.linalg.norm((np.array(found) - corners).reshape(4, 2), axis=1).max()
    scaled = np.concatenate([middle - half, middle + half]) / np.tile(width, 2) * 100
    bound = (steps(scaled) * width / 100).sum() + 2 * np.linalg.norm(half) * math.sin(
        math.radians(0.25)
    )
    assert off <= bound + 1e-6


# Pixels


@pytest.mark.parametrize(
    "box, text",
    [
        ((10, 20, 30, 40), "[10, 20, 30, 40]"),
        ((10.4, 20.6, 30.5, 40.49), "[10, 21, 31, 40]"),
        ((1.5, 0, 2.5, 1), "[2, 0, 3, 1]"),
        ((-3, 0, 2, 1), "[-3, 0, 2, 1]"),
    ],
)
def test_pixels_are_whole_and_never_less_than_one_wide(box: Numbers, text: str) -> None:
    assert boxes("pixel", box, (100, 100)) == text


def test_oriented_pixels_are_eight_numbers() -> None:
    assert quads("pixel", TURNED, (200, 200)) == "[88, 81, 122, 101, 112, 119, 78, 99]"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[10, 20, 30, 40] and [1, 2, 3, 4]", [(10, 20, 30, 40), (1, 2, 3, 4)]),
        ("[-10, 20, 30, 40]", [(-10, 20, 30, 40)]),
        ("[1, 2, 3, 4, 5, 6, 7, 8]", [(1, 2, 3, 4, 5, 6, 7, 8)]),
        ("[1, 2, 3, 4, 5, 6]", [(1, 2, 3, 4, 5, 6)]),
        ("[1, 2, 3]", []),
        ("[1, 2, 3, 4, 5]", []),
        ("[1,2,3,4]", []),
    ],
)
def test_pixels_are_read_back(text: str, expected: list[Numbers]) -> None:
    assert points(text, name="pixel") == expected


@given(st.lists(st.integers(-1000, 20_000), min_size=4, max_size=4))
def test_whole_pixels_come_back_as_they_were(box: list[int]) -> None:
    assert points(boxes("pixel", tuple(box), (10, 10)), name="pixel") == [tuple(box)]


def test_pixels_of_a_polygon_are_its_corners() -> None:
    polygon = Polygon((1.5, 2, 8, 3.4, 4, 8, 2, 7, 1, 5))
    assert write("pixel", polygon, (10, 10)) == "[2, 2, 8, 3, 4, 8, 2, 7, 1, 5]"
    assert points("[2, 2, 8, 3, 4, 8, 2, 7, 1, 5]", name="pixel") == [
        (2, 2, 8, 3, 4, 8, 2, 7, 1, 5)
    ]


@pytest.mark.parametrize("name, needed", [("geochat", True), ("pixel", False)])
def test_only_pixels_can_be_written_without_the_pictures_size(name: str, needed: bool) -> None:
    assert dialect(name).needs_size is needed


@pytest.mark.parametrize(
    "name, expected",
    [("geochat", "<p>two ships</p> a<delim>b"), ("pixel", "two ships a, b")],
)
def test_words_stand_before_their_regions(name: str, expected: str) -> None:
    assert dialect(name).named("two ships", ["a", "b"]) == expected


# What is enclosed


@pytest.mark.parametrize(
    "points, expected",
    [
        # From corner to corner: a turned rectangle around it would be 4 % smaller.
        ((0, 0, 48, 0, 100, 52, 100, 100, 52, 100, 0, 48), "[50, 50, 100, 100, 0]"),
        # A bar cut off at a corner: an upright box around it would be five times as large.
        ((0, 80, 0, 60, 60, 0, 80, 0), "[35, 35, 113, 14, -45]"),
    ],
)
def test_a_rectangle_around_a_shape_leaves_the_picture_for_much_gain_only(
    points: tuple[float, ...], expected: str
) -> None:
    texts, _, _ = render(dialect("rscovlm"), [Polygon(points)], np.array([[100.0, 100.0]]))
    assert texts == [f'{{"oriented bbox": {expected}}}']
