"""What a box dialect is, and what dialects share.

A dialect is one object: how it writes regions in pixels as text for a model, and reads them back.
Its numbers are steps of a frame: the picture, the square that it is padded to, or the picture
after resizing. The frames and the roundings are functions of this module; a dialect names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from converters.regions.geometry import Floats, to_rotated
from converters.regions.numbers import box_array, by_kind, quad_array, ring_list, taken
from schemas.sample import Box, Polygon, Quad, Shape

Size = tuple[int, int]  # width, height in pixels
Ints = npt.NDArray[np.int64]
Rounding = Callable[[Floats], Floats]
Write = Callable[[Sequence[Shape], Floats], list[str]]
WriteArray = Callable[[Floats, Floats], list[str]]
WriteRings = Callable[[Sequence[Floats], Floats], list[str]]

# A whole number as models write them. Nine digits bound the work on text that is no number.
WHOLE = r"-?[0-9]{1,9}"
DECIMAL = r"-?(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})"

# What looks like a region, whatever is wrong with it: for `Dialect.like`.
BRACED = r"\{<[^{}]*\}?"
BRACKETED = r"\[[-+0-9.\s]*(?:[,;][-+0-9.\s]*){2,}\]?"


class Found(NamedTuple):
    """A region read back from text, in pixels.

    start, end: where its numbers stand in the text, with the marks that belong to each region; what
    encloses several of them (`Dialect.around`), or holds their label, is not counted.
    """

    shape: Shape
    start: int
    end: int


Read = Callable[[str, Size], list[Found]]


class Dialect(Struct, frozen=True, kw_only=True):
    """How regions are written as text.

    about: one sentence for cards and docs. source: who states the convention. grid: steps across
    the frame (100 for fractions of two decimals), None where numbers are pixels. frame: what the
    numbers are relative to. rounding, order, angle: the rules in words (angle None where it has
    none). shapes: what it can write; other shapes are enclosed or rejected, as the mix says.
    bounded: it cannot say what lies beyond the picture, so corners there move to the edge.
    needs_size: whether a picture's size must be known to write. settled: False where no source
    settles a rule; `unsettled` then says which, and what was chosen. settings: whole numbers that
    change what is written, as this object holds them; `vary` makes the dialect with others.

    write: one text a region, for n shapes of kinds in `shapes`, with their pictures' sizes (n, 2);
    the sizes are ignored where `needs_size` is False. read: the regions of a text, in order; it
    passes over what is no region and never raises. aside: where regions travel beside the text
    and not in it, the JSON value of each.

    The regions of one phrase are written by `join`, or by `named` together with its words.
    phrase: marks up the words. gap: stands between the words and their regions. around: what
    encloses the regions of one phrase. joint: what stands between them. label: writes words
    and regions together, for dialects that carry the words inside (Qwen's JSON).
    """

    name: str
    about: str
    source: str
    grid: int | None
    frame: Literal["image", "padded", "resized"]
    rounding: str
    order: str
    angle: str | None
    shapes: frozenset[type]
    write: Write
    read: Read
    phrase: Callable[[str], str] = str
    gap: str = " "
    around: tuple[str, str] = ("", "")
    joint: str = ", "
    label: Callable[[str, Sequence[str]], str] | None = None
    like: str = ""
    aside: Callable[[Sequence[Shape], Floats], list[Any]] | None = None
    mark: str | None = None
    bounded: bool = False
    needs_size: bool = True
    settled: bool = True
    unsettled: str = ""
    settings: Mapping[str, int] = {}
    vary: Callable[..., Dialect] | None = None

    def join(self, texts: Sequence[str]) -> str:
        """The regions of one phrase, from what `write` gave for each."""
        return f"{self.around[0]}{self.joint.join(texts)}{self.around[1]}"

    def named(self, words: str, texts: Sequence[str], one: str = "") -> str:
        """Words with the regions that they name. one: what they call each of them, if they do."""
        if self.label is not None:
            return self.label(one or words, texts)
        return f"{self.phrase(words)}{self.gap}{self.join(texts)}"


class Frame(NamedTuple):
    """Where the numbers of n pictures count from, each (n, 2).

    A point p in pixels is (p + offset) / extent * steps.
    """

    offset: Floats
    extent: Floats
    steps: Floats


FrameOf = Callable[[Floats], Frame]  # of sizes (n, 2)


def picture(steps: int) -> FrameOf:
    """The picture without padding, each side in as many steps."""

    def frame(sizes: Floats) -> Frame:
        return Frame(np.zeros_like(sizes), sizes, np.full_like(sizes, steps))

    return frame


def padded_square(steps: int) -> FrameOf:
    """The picture in the middle of a square with its longer side.

    LLaVA's `expand2square` pastes at half the difference, rounded down.
    """

    def frame(sizes: Floats) -> Frame:
        side = np.repeat(sizes.max(axis=1, keepdims=True), 2, axis=1)
        return Frame(np.floor((side - sizes) / 2), side, np.full_like(sizes, steps))

    return frame


def resized(resize: Callable[[Floats], Floats]) -> FrameOf:
    """Pixels of the picture after resizing. resize: sizes (n, 2) to sizes (n, 2)."""

    def frame(sizes: Floats) -> Frame:
        return Frame(np.zeros_like(sizes), sizes, resize(sizes))

    return frame


def to_steps(points: Floats, frame: Frame) -> Floats:
    """Points (n, 2k) x, y, ... in pixels as steps of a frame."""
    return (
        (points + _each(frame.offset, points))
        / _each(frame.extent, points)
        * _each(frame.steps, points)
    )


def to_pixels(steps: Floats, frame: Frame) -> Floats:
    """Points (n, 2k) in steps of a frame as pixels of the picture."""
    return steps * _each(frame.extent, steps) / _each(frame.steps, steps) - _each(
        frame.offset, steps
    )


def _each(pair: Floats, points: Floats) -> Floats:
    return np.tile(pair, points.shape[1] // 2)


def half_up(values: Floats) -> Floats:
    """To the nearest whole number, halves always upwards: what is a pixel wide stays so.

    values: of any shape, which is that of the result.
    """
    return np.floor(values + 0.5)


def truncate(values: Floats) -> Floats:
    """Towards zero; what falls short of a whole number by the arithmetic alone counts as one.

    values: of any shape, which is that of the result.
    """
    whole: Floats = np.trunc(np.round(values, 9))
    return whole


def whole_boxes(scaled: Floats, rounding: Rounding, last: Floats) -> Ints:
    """Upright boxes (n, 4) in steps as whole numbers.

    What would round to no extent is one step wide, about where it is. last: (n, 2) the greatest
    number of each axis; a box within 0 and it stays there.
    """
    cells = rounding(scaled).astype(np.int64)
    low, high = cells[:, :2], cells[:, 2:]
    middle = np.floor((scaled[:, :2] + scaled[:, 2:]) / 2)
    within = (scaled[:, :2] >= 0) & (scaled[:, 2:] <= last)
    middle = np.where(within, np.clip(middle, 0, last - 1), middle).astype(np.int64)
    flat = high <= low
    return np.hstack([np.where(flat, middle, low), np.where(flat, middle + 1, high)])


def unturned(rotated: Floats) -> Floats:
    """Boxes before turning about their centre: (n, 4) of (n, 5) cx, cy, w, h, degrees."""
    centre, half = rotated[:, :2], rotated[:, 2:4] / 2
    return np.hstack([centre - half, centre + half])


def by_long_side(quads: Floats) -> Floats:
    """Quads as (n, 5) cx, cy, longer side, shorter side, degrees.

    degrees: of the longer side, clockwise on screen, in [-90, 90).
    """
    rotated = to_rotated(quads)
    upright = rotated[:, 2] < rotated[:, 3]
    rotated[upright, 2:4] = rotated[upright, 3:1:-1]
    rotated[upright, 4] -= 90
    return rotated


def writer(
    boxes: WriteArray | None = None,
    quads: WriteArray | None = None,
    polygons: WriteRings | None = None,
) -> Write:
    """A dialect's `write` from one function a kind of shape, each called once a batch.

    They take boxes (n, 4), quads (n, 8), or rings of polygons, each (k, 2), with sizes (n, 2).
    """

    def write(shapes: Sequence[Shape], sizes: Floats) -> list[str]:
        texts = [""] * len(shapes)
        for kind, indices in by_kind(shapes).items():
            chosen = indices.tolist()
            group = taken(shapes, indices)
            if kind is Box and boxes is not None:
                said = boxes(box_array(group), sizes[chosen])
            elif kind is Quad and quads is not None:
                said = quads(quad_array(group), sizes[chosen])
            elif kind is Polygon and polygons is not None:
                said = polygons(ring_list(group), sizes[chosen])
            else:
                raise TypeError(f"the dialect cannot write a {kind.__name__}")
            for place, text in zip(chosen, said, strict=True):
                texts[place] = text
        return texts

    return write


def reader(pattern: str, shape_of: Callable[[re.Match[str], Size], Shape | None]) -> Read:
    """A dialect's `read`: the shapes of all matches of a pattern, None for what is no region."""
    compiled = re.compile(pattern)

    def read(text: str, size: Size) -> list[Found]:
        return list(found(compiled.finditer(text), shape_of, size))

    return read


def found(
    matches: Iterator[re.Match[str]],
    shape_of: Callable[[re.Match[str], Size], Shape | None],
    size: Size,
) -> Iterator[Found]:
    """Found regions of matches, in order."""
    for match in matches:
        shape = shape_of(match, size)
        if shape is not None:
            yield Found(shape, match.start(), match.end())


def back(numbers: Sequence[float], size: Size, frame: FrameOf) -> list[float]:
    """Numbers x, y, ... of one region in steps of a frame, as pixels of a picture of a size."""
    at = frame(np.array([size], float))
    pixels: list[float] = to_pixels(np.array([numbers], float), at)[0].tolist()
    return pixels


def shape_from(points: Sequence[float]) -> Shape | None:
    """The shape of 4 numbers (a box), 8 (a quad), or 6, 10, 12, ... (a polygon)."""
    if len(points) == 4:
        return Box(*points)
    if len(points) == 8:
        return Quad(tuple(points))
    if len(points) >= 6 and len(points) % 2 == 0:
        return Polygon(tuple(points))
    return None
