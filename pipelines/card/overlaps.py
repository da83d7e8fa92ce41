"""The card's section on rows and pictures that datasets and splits of a mix have in common."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.card.markdown import Row, cell, number, table
from pipelines.card.summary import OverlapSummary, Summary

_SHOWN = 40  # lines of a table
_MARK = "Training and evaluation"


def section(summary: Summary) -> str:
    """Which rows repeated which, and which pictures are in more than one split.

    A card made before these were counted has no such section.
    """
    if "overlaps" not in summary:
        return ""
    rows, pictures = summary["overlaps"]["rows"], summary["overlaps"]["pictures"]
    by = (
        "the paths in a dataset's folder, since no picture was read: the same picture in two "
        "folders is not seen"
        if summary["images"] == "path"
        else "the files' bytes, and tiles by scene and place: a picture that was saved anew is "
        "another one"
    )
    parts = ["## What sources have in common", f"Pictures are compared by {by}."]
    if rows:
        head = ("Dropped from", "Split", "Repeats a row of", "Split", ">Rows", _MARK)
        parts += ["Rows that were dropped as duplicates:", table(head, _lines(rows))]
    else:
        parts.append("No row was a duplicate of another.")
    if pictures:
        head = ("Dataset", "Split", "Dataset", "Split", ">Pictures", _MARK)
        parts += [
            "Pictures that written rows of two splits show, by the first picture of a row:",
            table(head, _lines(pictures)),
        ]
    else:
        parts.append("No picture is shown by rows of two splits.")
    parts += [
        f"{number(len(pairs) - _SHOWN)} more pairs stand in `card.json` under `overlaps`."
        for pairs in (rows, pictures)
        if len(pairs) > _SHOWN
    ]
    return "\n\n".join(parts)


def leaks(summary: Summary) -> list[OverlapSummary]:
    """The pairs of a split for training and one for evaluation that show the same pictures."""
    return [one for one in summary.get("overlaps", {}).get("pictures", []) if one["leak"]]


def _lines(pairs: Iterable[OverlapSummary]) -> list[Row]:
    """The largest pairs as lines of a table."""
    return [
        [
            f"`{one['dataset']}`",
            cell(one["split"]),
            f"`{one['other_dataset']}`",
            cell(one["other_split"]),
            one["count"],
            "yes" if one["leak"] else "",
        ]
        for one in sorted(pairs, key=lambda one: -one["count"])[:_SHOWN]
    ]
