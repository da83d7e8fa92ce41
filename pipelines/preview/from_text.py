"""Regions of a row as its text tells them, which is all that a model sees of them."""

from __future__ import annotations

from typing import NamedTuple

from converters.dialects import DIALECTS
from pipelines.preview.outlines import Ring, Size, of_shape


class Read(NamedTuple):
    """A region read back from a text: its rings in pixels, and where it stands in the text."""

    rings: list[Ring]
    start: int
    end: int


def regions_in(dialect: str | None, text: str, size: Size) -> list[Read]:
    """The regions of a text in its row's dialect, in order; none where the row names no dialect."""
    if dialect not in DIALECTS:
        return []
    found = DIALECTS[dialect].read(text, size)
    return [Read(of_shape(region.shape), region.start, region.end) for region in found]
