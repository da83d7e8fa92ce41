"""The card's section on how lengths, boxes and resolutions spread, from counts of bins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pipelines.card.markdown import Row, cell, table
from pipelines.card.summary import Summary
from pipelines.spread import HALVES

Bins = Mapping[str, int]
PLOTS = "plots"
PICTURES = {
    "composition": "Rows by dataset and task",
    "lengths": "Characters of requests and answers",
    "boxes": "Sides of boxes against the picture's, and where their centres lie",
    "rejects": "What was dropped, by reason",
}


def section(summary: Summary, plots: Sequence[str]) -> str:
    """Tables of middle values and ends. plots: names of the pictures that lie beside the card."""
    spread = summary.get("spread", {})
    if not spread:
        return ""
    parts = ["## How it spreads"]
    texts: list[Row] = [
        [
            cell(task),
            summary["tasks"].get(task, 0),
            _span(spread.get("turns", {}).get(task, {}), _plain),
            _span(spread.get("request", {}).get(task, {}), _doubling),
            _span(spread.get("answer", {}).get(task, {}), _doubling),
        ]
        for task in sorted(spread.get("turns", {}))
    ]
    parts += [
        "Middle value and, between brackets, the ends of the middle nine tenths of rows or boxes. "
        "Lengths are characters of all requests and all answers of a row; they were counted in "
        "bins that double, so read them as orders of size.",
        table(("Task", ">Rows", "Turns", "Request", "Answer"), texts),
    ]
    if "tokenizer" in summary:
        parts += _tokens(summary)
    boxes = spread.get("box_side", {})
    gsd = spread.get("gsd", {})
    if boxes or gsd:
        lines: list[Row] = [
            [
                f"`{slug}`",
                sum(boxes.get(slug, {}).values()),
                _span(boxes.get(slug, {}), _share),
                _span(gsd.get(slug, {}), _metres),
            ]
            for slug in sorted(boxes.keys() | gsd.keys())
        ]
        head = ("Dataset", ">Boxes measured", "Side of a box", "Metres a pixel")
        parts += [
            "A box's side is the root of its area, in per cent of the picture's.",
            table(head, lines),
        ]
    if sensors := spread.get("sensor"):
        rows: list[Row] = [[cell(name), bins["0"]] for name, bins in sorted(sensors.items())]
        parts.append(table(("Sensor", ">Rows"), rows))
    parts += [f"![{PICTURES[name]}]({PLOTS}/{name}.png)" for name in plots]
    return "\n\n".join(parts)


def _tokens(summary: Summary) -> list[str]:
    """The table of lengths in tokens."""
    spread, tokenizer = summary["spread"], summary["tokenizer"]
    measures = ("request_tokens", "answer_tokens", "row_tokens")
    lines: list[Row] = [
        [cell(task), *(_span(spread.get(m, {}).get(task, {}), _doubling) for m in measures)]
        for task in sorted(spread.get("row_tokens", {}))
    ]
    about = (
        f"The same in tokens of `{tokenizer['name']}` (sha256 `{tokenizer['sha256'][:16]}`). "
        "Pictures and what a chat template adds come on top; `<image>` counts as text."
    )
    return [about, table(("Task", "Request", "Answer", "Whole row"), lines)]


def total(groups: Mapping[str, Bins]) -> Counter[int]:
    """The bins of all groups added."""
    found: Counter[int] = Counter()
    for bins in groups.values():
        found.update({int(number): n for number, n in bins.items()})
    return found


def _span(bins: Bins, say: Callable[[int], str]) -> str:
    """The middle value and the ends of the middle nine tenths, in words."""
    if not bins:
        return ""
    counts = sorted((int(number), n) for number, n in bins.items())
    everything = sum(n for _, n in counts)
    low, middle, high = (_quantile(counts, everything * part) for part in (0.05, 0.5, 0.95))
    return say(middle) if low == high else f"{say(middle)} ({say(low)} to {say(high)})"


def _quantile(counts: list[tuple[int, int]], wanted: float) -> int:
    seen = 0
    for number, n in counts:
        seen += n
        if seen >= wanted:
            return number
    return counts[-1][0]


def _plain(number: int) -> str:
    return str(number)


def _doubling(number: int) -> str:
    return "0" if number < 0 else f"{2**number:,}+"


def _share(number: int) -> str:
    return f"{two_digits(side_from(number))} %" if number else "less"


def _metres(number: int) -> str:
    return f"{two_digits(2.0**number)}+"


def side_from(number: int) -> float:
    """The smallest side of a box in a bin, in per cent of the picture's; bin 0 holds what is less.

    The sides of bins grow by the root of two.
    """
    return 100 * 2 ** ((number - HALVES) / 2)


def two_digits(value: float) -> str:
    """Two digits that count, and no power of ten: 0.0078, 8.8, 35, 100."""
    return f"{value:.2g}" if value < 99.5 else f"{value:,.0f}"
