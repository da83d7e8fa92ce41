"""Regions of a row as its text tells them, which is all that a model sees of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from converters import dialects
from pipelines.preview.outlines import Ring, Size, of_points

_BRACKETS = re.compile(r"[\[{][^\[\]{}]*[\]}]")


class Read(NamedTuple):
    """A region read back from a text: its rings in pixels, and where it stands in the text."""

    rings: list[Ring]
    start: int
    end: int


def regions_in(dialect: str | None, text: str, size: Size) -> list[Read]:
    """The regions of a text in its row's dialect, in order; none where the row names no dialect."""
    if dialect not in dialects.NAMES:
        return []
    return [
        Read(of_points(box.points), piece.start(), piece.end())
        for piece in _BRACKETS.finditer(text)
        for box in dialects.parse(dialect, piece[0], size)
    ]
