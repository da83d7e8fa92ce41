"""What dialects do at the edge of a picture, and where its size is unknown."""

from __future__ import annotations

import numpy as np
import pytest

from converters.dialects import DIALECTS, dialect, render
from schemas.sample import Box

BOX = Box(10, 20, 30, 40)
UNKNOWN = np.full((1, 2), np.inf)


@pytest.mark.parametrize(
    "box, clamped",
    [
        (Box(0, 0, 100, 80), 0),
        (Box(-0.5, 0, 100, 80), 1),
        (Box(0, -0.5, 100, 80), 1),
        (Box(0, 0, 100.5, 80), 1),
        (Box(0, 0, 100, 80.5), 1),
    ],
)
def test_a_corner_any_bit_beyond_the_picture_moves_to_its_edge(box: Box, clamped: int) -> None:
    bounded = next(one for one in DIALECTS.values() if one.bounded)
    texts, _, counts = render(bounded, [box], np.array([[100.0, 80.0]]))
    [whole], _, _ = render(bounded, [Box(0, 0, 100, 80)], np.array([[100.0, 80.0]]))
    assert (texts, dict(counts)) == ([whole], {"clamped": 1} if clamped else {})


def test_four_dialects_move_what_leaves_the_picture_to_its_edge() -> None:
    leaving, size = [Box(-5, 10, 50, 40)], np.array([[100.0, 80.0]])
    moving = {name for name in DIALECTS if render(dialect(name), leaving, size)[2]["clamped"]}
    assert moving == {"falcon", "geopixel", "lmmrotate", "vhm"}


@pytest.mark.parametrize("name", ["pixel", "rscovlm"])
def test_numbers_in_pixels_need_no_size(name: str) -> None:
    [text], reasons, _ = render(dialect(name), [BOX], UNKNOWN)
    assert ("10" in text, reasons.tolist()) == (True, [""])


@pytest.mark.parametrize("name", [one.name for one in DIALECTS.values() if one.needs_size])
def test_numbers_in_shares_of_the_picture_need_its_size(name: str) -> None:
    texts, reasons, _ = render(dialect(name), [BOX], UNKNOWN)
    assert (texts, reasons.tolist()) == ([""], ["no_size"])
