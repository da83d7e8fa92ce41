"""The card's plots, as PNG: what the mix is made of, lengths, boxes, and what was dropped."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.card.spreads import PICTURES, side_from, total, two_digits
from pipelines.card.summary import Summary, drops
from pipelines.spread import GRID

_DOTS = 120  # an inch
_LONGEST = 24  # bars of one plot
_PLAIN = "{x:,.0f}"  # of a logarithmic axis; powers would be set as formulas, which takes long


def prepare() -> None:
    """Imports what draws the plots, which takes a third of a second: beside other work."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401


def plots(summary: Summary) -> dict[str, bytes]:
    """PNG by name, where there is something to show: the same bytes for the same card."""
    # Imported here: only finished mixes need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    draws: dict[str, Callable[[Summary, Any], bool]] = {
        "composition": _composition,
        "lengths": _lengths,
        "boxes": _boxes,
        "rejects": _rejects,
    }
    found = {}
    for name in PICTURES:
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        if draws[name](summary, figure):
            sink = io.BytesIO()
            figure.savefig(sink, format="png", dpi=_DOTS, metadata={"Software": None})
            found[name] = sink.getvalue()
    return found


def _composition(summary: Summary, figure: Any) -> bool:
    axes = figure.add_subplot()
    slugs = sorted(summary["datasets"], key=lambda slug: -summary["datasets"][slug]["rows"])
    slugs = slugs[:_LONGEST][::-1]
    figure.set_figheight(1.4 + 0.24 * len(slugs))
    left = np.zeros(len(slugs))
    for task in sorted(summary["tasks"]):
        rows = np.array([summary["datasets"][slug]["tasks"].get(task, 0) for slug in slugs])
        if rows.any():
            axes.barh(slugs, rows, left=left, label=task)
            left += rows
    axes.set_xlabel("rows")
    axes.legend(fontsize="small", loc="lower right")
    return bool(left.any())


def _lengths(summary: Summary, figure: Any) -> bool:
    spread = summary.get("spread", {})
    shown = False
    for place, measure in enumerate(("request", "answer"), 1):
        axes = figure.add_subplot(1, 2, place)
        for task, bins in sorted(spread.get(measure, {}).items()):
            counts = sorted((max(0, int(number)), n) for number, n in bins.items())
            share = np.array([n for _, n in counts]) / sum(n for _, n in counts)
            axes.plot([2.0**number for number, _ in counts], share, marker=".", label=task)
            shown = True
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(_PLAIN)
        axes.set_xlabel(f"characters of the {measure}, from")
        axes.set_ylabel("share of the task's rows")
    if shown:
        axes.legend(fontsize="small")
    return shown


def _boxes(summary: Summary, figure: Any) -> bool:
    spread = summary.get("spread", {})
    sides = total(spread.get("box_side", {}))
    if not sides:
        return False
    axes = figure.add_subplot(1, 2, 1)
    numbers = list(range(min(sides), max(sides) + 1))
    names = [two_digits(side_from(number)) if number else "less" for number in numbers]
    axes.bar(names, [sides[number] for number in numbers])
    axes.tick_params(axis="x", labelrotation=60)
    axes.set_xlabel("side of a box, per cent of the picture's, from")
    axes.set_ylabel("boxes")
    cells = np.zeros(GRID * GRID)
    for number, n in total(spread.get("box_place", {})).items():
        cells[number] = n
    axes = figure.add_subplot(1, 2, 2)
    shown = axes.imshow(cells.reshape(GRID, GRID), extent=(0, 100, 100, 0))
    axes.set_title("centres of boxes", fontsize="medium")
    axes.set_xlabel("per cent of the width")
    axes.set_ylabel("per cent of the height")
    figure.colorbar(shown, ax=axes)
    return True


def _rejects(summary: Summary, figure: Any) -> bool:
    found = [drop for drop in drops(summary) if drop.total][:_LONGEST][::-1]
    if not found:
        return False
    figure.set_figheight(1.2 + 0.24 * len(found))
    axes = figure.add_subplot()
    colours = ["tab:red" if drop.fault else "tab:blue" for drop in found]
    axes.barh([drop.reason for drop in found], [drop.total for drop in found], color=colours)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_PLAIN)
    axes.set_xlabel("items and rows; red: a fault of the data, blue: a choice (policy)")
    return True
