"""The card's section on what was dropped and repaired, and why; and the closing lines of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pipelines.card.markdown import NONE, Row, cell, counted, number, ranked, table, tally
from pipelines.card.sections import splits
from pipelines.card.summary import DatasetSummary, Page, Summary, drops, filled, repairs
from schemas.sample import REASONS

REPAIRS = {
    "scaled": "the picture is a smaller or larger copy of the one that was annotated",
    "turned": "the picture is stored on its side, and the region was drawn on the stored pixels",
    "clipped": "the region reached beyond its picture and was cut at the edge",
    "swapped": "the box's corners were given in the wrong order and were put right",
    "uncrossed": "the corners or the outline crossed and were put in turn",
    "enclosed": "the box format cannot write the shape, and the closest one around it was written",
    "clamped": "the box format cannot write what lies beyond the picture; corners moved to edges",
    "picture_tokens": "a conversation without <image> got one a picture, before its first words",
    "video_tokens": "<video> became one <image> for each picture",
    "rewritten": "a box in a ready-made text was written anew in the mix's box format",
    "phrases": "marks around a phrase in a ready-made text became those of the mix's box format",
    "unread": "what looks like a box in a ready-made text could not be read and stays as text",
    "unsized": "a box in a ready-made text of several pictures, or of unknown size, stays as it is",
    "line_breaks": "a line break in a ready-made text was written as a backslash and an n",
    "quoted_texts": "a ready-made text stood in quotes as a whole",
    "spoken_answers": "an answer that is a code was put into the words of the catalogue for it",
    "leads": "words of command before a phrase (find) were taken away",
    "white_space": "a turn had white space at its edges, tabs or carriage returns",
}


def dropped(summary: Summary) -> str:
    """The ledger: reasons in words, where every item and row of each split ended, and repairs."""
    found = drops(summary)
    parts = [
        "## What was dropped, and why",
        "Every item of a source and every row built from it ends in exactly one place, "
        "and the sums balance. A *fault* is something wrong with the data; "
        "a *policy* is a choice, of the source's authors or of this mix. Each dropped "
        "record stands in `rejects/` with its origin and reason.",
    ]
    if found:
        lines: list[Row] = [
            [
                f"`{drop.reason}`",
                "fault" if drop.fault else "policy",
                REASONS[drop.reason],
                drop.items,
                drop.rows,
            ]
            for drop in found
        ]
        parts.append(table(("Reason", "Kind", "Meaning", ">Items", ">Rows"), lines))
    else:
        parts.append("Nothing was dropped.")
    pages = list(_pages(summary))
    if pages:
        parts += [
            "### Items: what was read",
            table(_ITEMS, [line for page in pages for line in _items(*page)]),
        ]
        parts += ["### Rows: what was built", table(_ROWS, [_rows(*page) for page in pages])]
    if repairs(summary):
        parts += [
            "### Repairs",
            "Kept, but changed:",
            table(("Dataset", "Repair", "Meaning", ">Times"), _repairs(summary["datasets"])),
        ]
    return "\n\n".join(parts)


_ITEMS = ("Dataset", "Split", "Kind", ">Read", ">Used", "Faults", "Policies")
_ROWS = (
    "Dataset",
    "Split",
    ">Built",
    ">Written",
    ">Repeated",
    ">Duplicates",
    ">Sampled out",
    "Faults",
    "Policies",
)


def _pages(summary: Summary) -> Iterator[tuple[str, str, Page]]:
    for slug, pages in sorted(summary["ledger"].items()):
        for split, page in sorted(pages.items()):
            yield f"`{slug}`", cell(split), page


def _items(slug: str, split: str, page: Page) -> list[Row]:
    """One line for each kind of item."""
    return [
        [
            slug,
            split,
            kind,
            items["read"],
            items["used"],
            tally(items["rejected"]),
            tally(items["filtered"]),
        ]
        for kind, items in page["items"].items()
    ]


def _rows(slug: str, split: str, page: Page) -> Row:
    rows = page["rows"]
    counts = [
        rows["built"],
        rows["written"],
        rows["repeated"],
        rows["duplicate"],
        rows["sampled_out"],
    ]
    return [slug, split, *counts, tally(rows["rejected"]), tally(rows["filtered"])]


def _repairs(datasets: Mapping[str, DatasetSummary]) -> list[Row]:
    return [
        [f"`{slug}`", cell(name), REPAIRS.get(name, NONE), n]
        for slug, dataset in sorted(datasets.items())
        for name, n in ranked(dataset["repairs"])
    ]


def closing_lines(summary: Summary, out: str, remarks: Sequence[str] = ()) -> list[str]:
    """The last lines of a run: what was written to `out`, what was dropped and why.

    remarks: lines of `pipelines.remarks`. The last line loads the mix.
    """
    shards = f" in {counted(summary['shards'], 'shard')}" if "shards" in summary else ""
    lines = [
        f"wrote {counted(summary['rows'], 'row')} of "
        f"{counted(filled(summary), 'dataset')}{shards} to {out}"
    ]
    found = drops(summary)
    for fault, title in ((True, "dropped for a fault"), (False, "dropped by choice (policy)")):
        reasons = [f"{drop.reason} {number(drop.total)}" for drop in found if drop.fault is fault]
        if reasons:
            lines.append(f"{title}: {', '.join(reasons)}")
    if notes := len(summary["notes"]):
        noted = counted(notes, "note")
        lines.append(f"{noted} on what was not read, or not read as expected: see the card")
    elif not found:
        lines.append("dropped nothing")
    if changed := ranked(repairs(summary)):
        lines.append(f"repaired: {', '.join(f'{name} {number(n)}' for name, n in changed)}")
    there = splits(summary)
    shown = "train" if "train" in there else there[0]
    loaded = f'load it: datasets.load_dataset({json.dumps(out, ensure_ascii=False)})["{shown}"]'
    return [*lines, *remarks, loaded]
