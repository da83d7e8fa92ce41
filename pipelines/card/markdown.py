"""Markdown that any text can go into: cells, tables, links, fenced code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

NONE = "-"
Row = Sequence[str | int]  # cells: Markdown already, or a count
_SPECIAL = re.compile(r"([\\`*\[\]<|])")
_URL_SAFE = "%/:=&?~#+!$,;'@"


def cell(text: str) -> str:
    """Text as one table cell or one line.

    What Markdown or HTML would read as markup is escaped, and line breaks become spaces.
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())) or NONE


def number(n: int) -> str:
    """A count with thousands separators."""
    return f"{n:,}"


def byte_size(n: int) -> str:
    """A size in decimal units, as disks and hubs state it: `812 bytes`, `7.3 GB`."""
    amount, unit = float(n), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"


def counted(n: int, noun: str) -> str:
    """A count with its noun: `1 row`, `2,000 rows`."""
    return f"{number(n)} {noun}" + ("" if n == 1 else "s")


def tally(counts: Mapping[str, int]) -> str:
    """Named counts in one cell, largest first: `train 8,734, test 1,093`."""
    return ", ".join(f"{cell(name)} {number(n)}" for name, n in ranked(counts)) or NONE


def ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts without the zeros, largest first, equal ones by name."""
    return sorted(
        ((name, n) for name, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0])
    )


def link(text: str, url: str) -> str:
    """A link, or the text alone where there is no address."""
    return f"[{cell(text)}]({quote(url, safe=_URL_SAFE)})" if url else cell(text)


def table(head: Sequence[str], rows: Iterable[Row]) -> str:
    """A table. head: column titles, with a leading `>` for columns of numbers."""
    lines = [
        [title.lstrip(">") for title in head],
        ["---:" if title.startswith(">") else "---" for title in head],
    ]
    lines += [[number(value) if isinstance(value, int) else value for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list, one line each; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text.strip()}\n{fence}"
