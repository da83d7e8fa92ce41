"""Regions as JSON with their label inside: Qwen2.5-VL, Qwen3-VL and RSCoVLM."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence

import numpy as np

from converters.dialects import kit
from converters.regions.geometry import Floats, from_rotated
from schemas.sample import Box, Quad, Shape
from schemas.toml import ConfigError

_COMMA = r"\s{0,9},\s{0,9}"


def _list_of(count: int) -> str:
    return rf"\[\s{{0,9}}({kit.DECIMAL}(?:{_COMMA}{kit.DECIMAL}){{{count - 1}}})\s{{0,9}}\]"


_BOX = rf'"bbox_2d"\s{{0,9}}:\s{{0,9}}{_list_of(4)}'
_ORIENTED = rf'"oriented bbox"\s{{0,9}}:\s{{0,9}}{_list_of(5)}'
_LIKE = '"(?:bbox_2d|oriented bbox|quadrant bbox)"'
_CORNERS = rf'"quadrant bbox"\s{{0,9}}:\s{{0,9}}{_list_of(8)}'


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _object(key: str, numbers: Sequence[int]) -> str:
    return f'{{"{key}": [{", ".join(map(str, numbers))}]}}'


def _labelled(around: tuple[str, str], joint: str) -> Callable[[str, Sequence[str]], str]:
    """Writes the words into each object, and the objects as one list."""

    def label(words: str, texts: Sequence[str]) -> str:
        said = json.dumps(words, ensure_ascii=False)
        return (
            around[0] + joint.join(f'{text[:-1]}, "label": {said}}}' for text in texts) + around[1]
        )

    return label


def _write(frame_of: kit.FrameOf) -> kit.Write:
    def write(boxes: Floats, sizes: Floats) -> list[str]:
        frame = frame_of(sizes)
        cells = kit.whole_boxes(kit.to_steps(boxes, frame), np.rint, frame.steps)
        return [_object("bbox_2d", row) for row in cells.tolist()]

    return kit.writer(write)


def _read(frame_of: kit.FrameOf) -> kit.Read:
    def shape(match: re.Match[str], size: kit.Size) -> Shape:
        return Box(*kit.back(_numbers(match[1]), size, frame_of))

    return kit.reader(_BOX, shape)


def smart_resize(sizes: Floats, factor: int, min_pixels: int, max_pixels: int) -> Floats:
    """The sizes (n, 2) to which Qwen2.5-VL brings pictures: multiples of `factor` within bounds.

    Source: `smart_resize` of https://github.com/QwenLM/Qwen2.5-VL, qwen-vl-utils. It refuses
    sides of more than 200 to 1; here they are written all the same.
    """
    near = np.maximum(np.rint(sizes / factor) * factor, factor)
    area, given = near.prod(axis=1), sizes.prod(axis=1)
    shrink = np.sqrt(given / max_pixels)[:, None]
    small = np.maximum(np.floor(sizes / shrink / factor) * factor, factor)
    grow = np.sqrt(min_pixels / given)[:, None]
    large = np.ceil(sizes * grow / factor) * factor
    resized: Floats = np.where(
        (area > max_pixels)[:, None], small, np.where((area < min_pixels)[:, None], large, near)
    )
    return resized


def qwen2_5_vl(*, factor: int, min_pixels: int, max_pixels: int) -> kit.Dialect:
    """Qwen2.5-VL with the sizes that its preparation of pictures is set to.

    Raises ConfigError where min_pixels is above max_pixels.
    """
    if min_pixels > max_pixels:
        raise ConfigError(
            f'dialect "qwen2_5_vl": min_pixels {min_pixels} is above max_pixels {max_pixels}'
        )
    resize = functools.partial(
        smart_resize, factor=factor, min_pixels=min_pixels, max_pixels=max_pixels
    )
    return kit.Dialect(
        name="qwen2_5_vl",
        about='`[{"bbox_2d": [x1, y1, x2, y2], "label": "words"}]`: pixels of the resized picture',
        source=(
            "Bai et al. 2025, https://github.com/QwenLM/Qwen2.5-VL; max_pixels differs between "
            "its own programs (12,845,056 and 1,003,520), so it is a setting"
        ),
        grid=None,
        frame="resized",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=_write(kit.resized(resize)),
        read=_read(kit.resized(resize)),
        like=_LIKE,
        around=("[", "]"),
        label=_labelled(("[", "]"), ", "),
        settings={"factor": factor, "min_pixels": min_pixels, "max_pixels": max_pixels},
        vary=qwen2_5_vl,
    )


# RSCoVLM fences its answers and truncates every number (its geoground dataset module).
_FENCE = ("```json\n[\n\t", "\n]\n```")


def _whole_boxes(boxes: Floats, sizes: Floats) -> list[str]:
    return [_object("bbox_2d", row) for row in kit.truncate(boxes).astype(np.int64).tolist()]


def _whole_quads(quads: Floats, sizes: Floats) -> list[str]:
    cells = kit.truncate(kit.by_long_side(quads)).astype(np.int64)
    cells[:, 2:4] = np.maximum(cells[:, 2:4], 1)
    return [_object("oriented bbox", row) for row in cells.tolist()]


def _read_rscovlm(match: re.Match[str], size: kit.Size) -> Shape:
    if match[1] is not None:
        return Box(*_numbers(match[1]))
    if match[3] is not None:
        return Quad(tuple(_numbers(match[3])))
    return Quad(tuple(from_rotated(np.array([_numbers(match[2])]))[0].tolist()))


DIALECTS = (
    qwen2_5_vl(factor=28, min_pixels=4 * 28 * 28, max_pixels=16384 * 28 * 28),
    kit.Dialect(
        name="qwen3_vl",
        about=('`[{"bbox_2d": [x1, y1, x2, y2], "label": "words"}]`: thousandths of the picture'),
        source="Qwen team 2025, https://github.com/QwenLM/Qwen3-VL",
        grid=1000,
        frame="image",
        rounding="nearest, halves to the even neighbour; never less than one step wide",
        order="x1 y1 x2 y2",
        angle=None,
        shapes=frozenset({Box}),
        write=_write(kit.picture(1000)),
        read=_read(kit.picture(1000)),
        like=_LIKE,
        around=("[", "]"),
        label=_labelled(("[", "]"), ", "),
        settled=False,
        unsettled="0 to 1000 and 0 to 999 are both said of it; chosen: 0 to 1000",
    ),
    kit.Dialect(
        name="rscovlm",
        about=(
            'fenced JSON: `{"bbox_2d": [x1, y1, x2, y2], "label": "words"}` or '
            '`{"oriented bbox": [cx, cy, w, h, angle], "label": "words"}`, in whole pixels'
        ),
        source="Li et al. 2025, https://github.com/VisionXLab/RSCoVLM",
        grid=None,
        frame="image",
        rounding="towards zero, sides of 1 or more, the angle too",
        order="x1 y1 x2 y2; centre, longer side, shorter side",
        angle="whole degrees of the longer side, -90 to 89, clockwise on screen",
        shapes=frozenset({Box, Quad}),
        write=kit.writer(_whole_boxes, _whole_quads),
        read=kit.reader(f"{_BOX}|{_ORIENTED}|{_CORNERS}", _read_rscovlm),
        like=_LIKE,
        around=_FENCE,
        joint=",\n\t",
        label=_labelled(_FENCE, ",\n\t"),
        needs_size=False,
        settled=False,
        unsettled=(
            "pixels of the picture itself, or of the resized one where its program resizes; "
            "chosen: the picture itself"
        ),
    ),
)
