"""How far a number may be off in each dialect, and that no text is too strange or too long."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regions import BESIDE, NAMES, UPRIGHT, Numbers, numbers, read, turned, write

from converters.dialects import dialect
from converters.dialects.qwen import smart_resize
from schemas.sample import Box, Polygon, Quad, Shape

# How far a number may be off


def reference_resize(width: int, height: int) -> tuple[int, int]:
    """Qwen2.5-VL's smart_resize with its defaults, one number at a time."""
    new_height, new_width = (max(28, round(side / 28) * 28) for side in (height, width))
    if new_height * new_width > 12_845_056:
        beta = math.sqrt(height * width / 12_845_056)
        new_height, new_width = (
            max(28, math.floor(side / beta / 28) * 28) for side in (height, width)
        )
    elif new_height * new_width < 3136:
        beta = math.sqrt(3136 / (height * width))
        new_height, new_width = (math.ceil(side * beta / 28) * 28 for side in (height, width))
    return new_width, new_height


def step_of(name: str, size: tuple[int, int]) -> tuple[float, float]:
    """One step of a dialect's numbers in pixels along x and y."""
    grid = {"fit_rs": 10_000, **dict.fromkeys(("falcon", "lmmrotate", "internvl"), 1000)}
    grid |= dict.fromkeys(("qwen2_vl", "qwen3_vl", "vhm", "mmrs"), 1000)
    if name in ("pixel", "sarchat", "rscovlm"):
        return 1, 1
    if name == "qwen2_5_vl":
        width, height = reference_resize(*size)
        return size[0] / width, size[1] / height
    if name in ("llava_padded", "mmrs"):
        return max(size) / grid.get(name, 100), max(size) / grid.get(name, 100)
    return size[0] / grid.get(name, 100), size[1] / grid.get(name, 100)


TRUNCATED = ("vrsbench", "internvl", "rscovlm", "vrsbench_obb_v1", "vrsbench_obb_v2")
SIDE = st.integers(40, 6000)
SHARE = st.floats(0, 1)


@pytest.mark.parametrize("name", UPRIGHT)
@given(size=st.tuples(SIDE, SIDE), shares=st.tuples(SHARE, SHARE, SHARE, SHARE))
def test_a_box_comes_back_within_half_a_step_or_more_where_it_truncates_or_is_thin(
    name: str, size: tuple[int, int], shares: Numbers
) -> None:
    low, high = np.sort(np.array(shares).reshape(2, 2), axis=0)
    room = np.array(size) - 1.0
    corners = np.concatenate([low * room, 1 + high * room])
    [found] = read(name, write(name, Box(*corners.tolist()), size), size)
    step = np.array(step_of(name, size))
    thin = corners[2:] - corners[:2] < 1.0001 * step
    # Falcon's bins mean their middles: at the picture's edge two of them are 1.5 steps off.
    widest = 1.5 if name == "falcon" else 1.0
    bound = np.where(thin, widest, 1.0 if name in TRUNCATED else 0.5) * step
    assert (np.abs(np.array(found) - corners).reshape(2, 2) <= bound + 1e-6).all()


@pytest.mark.parametrize(
    "name, steps, degrees",
    [
        # Steps by which a corner may be off along each side, and degrees by which the angle may.
        ("geochat", 1, 0.5),
        ("earthdial", 1, 0.5),
        ("fit_rs", 1, 1),
        ("vrsbench_obb_v1", 1.5, 0.5),
        ("vrsbench_obb_v2", 2, 1),
        ("rscovlm", 1.5, 1),
        ("pixel", 0.5, 0),
        ("falcon", 0.5, 0),
        ("lmmrotate", 0.5, 0),
    ],
)
@given(
    size=st.tuples(SIDE, SIDE),
    sides=st.tuples(st.floats(0.05, 0.5), st.floats(0.05, 0.5)),
    angle=st.floats(0, 89.99),
)
def test_an_oriented_box_comes_back_within_the_bound_of_its_numbers(
    name: str, steps: float, degrees: float, size: tuple[int, int], sides: Numbers, angle: float
) -> None:
    short = min(size)
    middle = (size[0] / 2, size[1] / 2)
    shape = turned(*middle, sides[0] * short, sides[1] * short, angle)
    [found] = dialect(name).read(write(name, shape, size), size)
    corners = np.array(numbers(shape)).reshape(4, 2)
    ring = np.array(numbers(found.shape))
    if len(ring) == 4:
        ring = ring[[0, 1, 2, 1, 2, 3, 0, 3]]
    ring = ring.reshape(4, 2)
    off = min(
        np.abs(ring[list(order)] - corners).max()
        if not degrees
        else np.linalg.norm(ring[list(order)] - corners, axis=1).max()
        for order in permutations(range(4))
    )
    dx, dy = step_of(name, size)
    radius = math.hypot(*sides) * short / 2
    turn = 2 * radius * math.sin(math.radians(degrees / 2))
    assert off <= steps * (max(dx, dy) if not degrees else dx + dy) + turn + 1e-6


@pytest.mark.parametrize("name", ["falcon", "vhm", "pixel"])
@given(size=st.tuples(SIDE, SIDE), shares=st.lists(SHARE, min_size=10, max_size=10))
def test_a_polygon_comes_back_corner_by_corner(
    name: str, size: tuple[int, int], shares: list[float]
) -> None:
    corners = np.array(shares).reshape(5, 2) * size
    [found] = dialect(name).read(write(name, Polygon(tuple(corners.ravel())), size), size)
    assert isinstance(found.shape, Polygon)
    off = np.abs(np.array(found.shape.points).reshape(5, 2) - corners)
    assert (off <= 0.5 * np.array(step_of(name, size)) + 1e-6).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BESIDE])
@given(size=st.tuples(SIDE, SIDE), cells=st.tuples(*[st.integers(0, 90)] * 2))
def test_what_was_read_is_written_again_letter_by_letter(
    name: str, size: tuple[int, int], cells: tuple[int, int]
) -> None:
    x, y = (cell / 100 * side for cell, side in zip(cells, size, strict=True))
    shape: Shape = Box(x, y, x + size[0] / 20, y + size[1] / 30)
    if Box not in dialect(name).shapes:
        x1, y1, x2, y2 = numbers(shape)
        shape = Quad((x1, y1, x2, y1, x2, y2, x1, y2))
    text = write(name, shape, size)
    [found] = dialect(name).read(text, size)
    assert write(name, found.shape, size) == text


# Qwen2.5-VL's pictures


@pytest.mark.parametrize(
    "size, max_pixels, expected",
    [
        ((800, 600), 12_845_056, (812, 588)),
        ((20, 1000), 12_845_056, (28, 1008)),
        ((4000, 4000), 12_845_056, (3584, 3584)),
        ((4000, 4000), 1_003_520, (980, 980)),
    ],
)
def test_pictures_are_resized_as_qwen_does(
    size: Numbers, max_pixels: int, expected: Numbers
) -> None:
    found = smart_resize(np.array([size], float), 28, 3136, max_pixels)
    assert tuple(found[0].tolist()) == expected


@given(SIDE, SIDE)
def test_every_size_is_resized_as_by_the_rule_for_one(width: int, height: int) -> None:
    found = smart_resize(np.array([(width, height)], float), 28, 3136, 12_845_056)
    assert tuple(found[0].tolist()) == reference_resize(width, height)


# Any text

MARKS = ("<box>", "</box>", "<poly>", "</poly>", "<sep>", "<quad>")
PIECES = st.lists(
    st.sampled_from([*"[]{}<>|, 1-.()²", "<1>", "<loc_1>", '"bbox_2d": [', "9999999999", *MARKS]),
    max_size=60,
).map("".join)


@pytest.mark.parametrize("name", NAMES)
@given(text=PIECES)
def test_any_text_is_read_without_an_error(name: str, text: str) -> None:
    for found in dialect(name).read(text, (100, 100)):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "piece", ["[", "[1, ", "[1, 1, 1, 1, ", "{<1>", "<1>", "<poly><1>", "<loc_1>", "1", " "]
)
def test_a_long_text_of_no_region_is_read_in_time(name: str, piece: str) -> None:
    """Work that grew with the square of the text would not come to an end here."""
    found = dialect(name).read(piece * 200_000, (100, 100))
    assert piece == "<loc_1>" or not found
