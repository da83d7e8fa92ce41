"""What came of an export, and what a user is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from pipelines.card.markdown import counted
from pipelines.export import side
from pipelines.export.kit import REASONS, Place, Row, Target

_SHOWN = 5  # ids printed for each reason


class Result(Struct):
    """What came of an export.

    left_out: rows by reason; first: the ids of some of them; others: rows of splits not asked for.
    """

    place: Place
    target: Target
    others: Counter[str]
    paste: list[str] = []
    rows: int = 0
    pictures: int = 0
    boxes: Counter[str] = msgspec.field(default_factory=Counter)
    left_out: Counter[str] = msgspec.field(default_factory=Counter)
    first: dict[str, list[str]] = {}

    def book(self, rows: Sequence[Row], reasons: Sequence[str]) -> list[int | None]:
        """Counts rows, and gives their places in the export, None where one is left out."""
        places: list[int | None] = []
        for row, reason in zip(rows, reasons, strict=True):
            places.append(None if reason else self.rows)
            self.rows += not reason
            if reason:
                self.left_out[reason] += 1
                if self.left_out[reason] <= _SHOWN:
                    self.first.setdefault(reason, []).append(row.id)
        return places


def closing_lines(result: Result) -> list[str]:
    """What a user is told of an export."""
    place, chosen = result.place, result.target
    lines = [
        f"wrote {counted(result.rows, 'row')} and {counted(result.pictures, 'picture')} "
        f"for {chosen.program} to {place.final}"
    ]
    if boxes := result.boxes["boxes"]:
        lines.append(f"  boxes written from the regions: {boxes:,}")
    if enclosed := result.boxes["enclosed"]:
        lines.append(f"  of them around a shape that the program has no form for: {enclosed:,}")
    if clamped := result.boxes["clamped"]:
        lines.append(f"  of them moved to the picture's edge: {clamped:,}")
    lines += left_out(result)
    if result.others:
        named = ", ".join(
            f"{name} ({counted(n, 'row')})" for name, n in sorted(result.others.items())
        )
        lines.append(f"  not asked for: splits {named}; name them by --split")
    return [*lines, f"paste into {chosen.program}:", *(f"  {line}" for line in result.paste)]


def left_out(result: Result, kept: bool = True) -> list[str]:
    """A line for each reason why rows are left out. kept: whether the list of all rows stays."""
    lines = []
    for reason, n in sorted(result.left_out.items()):
        ids = ", ".join(result.first[reason])
        told = f" (all in {side.NAME})" if kept else ""
        more = f", ...{told}" if n > len(result.first[reason]) else ""
        lines.append(f"  left out {counted(n, 'row')}, {reason} ({REASONS[reason]}): {ids}{more}")
    return lines
