"""Files that say of how many they are one: `train-00000-of-00003.parquet`, as the hub names them.

A download that was broken off leaves some of them, and nothing else tells that others are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "parts are not there, such as"  # in the note on them
# Older files of the hub have a hash behind their number, each its own.
_PART = re.compile(
    r"(?P<before>.*?)(?P<number>\d{2,})-of-(?P<total>\d{2,6})(-[0-9a-f]{16})?(?P<behind>\.[^/]*)",
    re.DOTALL,
)


def part_notes(paths: Iterable[str]) -> list[str]:
    """A note for each set of parts that is not whole, and for parts of two sets of one name."""
    sets: dict[tuple[str, str], dict[int, dict[int, str]]] = {}
    for path in paths:
        if part := _PART.fullmatch(path):
            around = part["before"], part["behind"]
            numbers = sets.setdefault(around, {}).setdefault(int(part["total"]), {})
            numbers[int(part["number"])] = part["number"]
    notes = []
    for (before, behind), totals in sorted(sets.items()):
        for total, numbers in sorted(totals.items()):
            first = 1 if total in numbers and 0 not in numbers else 0
            gone = [number for number in range(first, first + total) if number not in numbers]
            if gone:
                width = len(next(iter(numbers.values())))
                name = f"{before}{gone[0]:0{width}}-of-{total:0{width}}{behind}"
                notes.append(f"{len(gone)} of {total} {GONE} {name}")
        if len(totals) > 1:
            sizes = " and of ".join(map(str, sorted(totals)))
            notes.append(f"{before}*{behind}: parts of sets of {sizes}, which may hold the same")
    return notes
