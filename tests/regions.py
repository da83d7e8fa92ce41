"""What the tests of dialects share: the names, examples, and one region written or read."""

from __future__ import annotations

import numpy as np

from converters.dialects import DIALECTS, dialect
from converters.regions.geometry import from_rotated
from schemas.sample import Box, Mask, Polygon, Quad, Shape

Numbers = tuple[float, ...]
NAMES = [
    "earthdial",
    "falcon",
    "fit_rs",
    "geochat",
    "geopixel",
    "internvl",
    "lhrs",
    "llava_padded",
    "lmmrotate",
    "minigpt_v2",
    "mmrs",
    "ms_swift",
    "pixel",
    "qwen2_5_vl",
    "qwen2_vl",
    "qwen3_vl",
    "rscovlm",
    "sarchat",
    "teochat",
    "vhm",
    "vrsbench",
    "vrsbench_obb_v1",
    "vrsbench_obb_v2",
]
BESIDE = ("geopixel", "ms_swift")  # their text holds no numbers
UPRIGHT = [name for name in NAMES if Box in DIALECTS[name].shapes and name not in BESIDE]


def turned(*rotated: float) -> Quad:
    return Quad(tuple(from_rotated(np.array([rotated], float))[0].tolist()))


# 41 x 21 about (100.5, 100.5), its right end turned 30 degrees down; and the same on its side.
LYING, STANDING = turned(100.5, 100.5, 41, 21, 30), turned(100.5, 100.5, 21, 41, 30)
BOX = Box(80, 90, 300, 210)
POLYGON = Polygon((160, 330, 400, 330, 400, 420, 300, 420, 300, 540, 160, 540))


def write(name: str, shape: Shape, size: Numbers) -> str:
    [text] = dialect(name).write([shape], np.array([size], float))
    return text


def numbers(shape: Shape) -> Numbers:
    if isinstance(shape, Box):
        return (shape.x1, shape.y1, shape.x2, shape.y2)
    assert not isinstance(shape, Mask)
    return shape.points


def read(name: str, text: str, size: tuple[int, int] = (1000, 1000)) -> list[Numbers]:
    return [numbers(found.shape) for found in dialect(name).read(text, size)]
