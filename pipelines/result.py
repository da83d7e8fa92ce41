"""What the workers counted and wrote, as they hand it to the launcher in `result.json`."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec
from msgspec import Struct

from converters.ledger import Counts, Key
from pipelines.spread import Spread
from pipelines.storage import work_files


class File(NamedTuple):
    """A file of the output: path below OUT, rows, bytes, sha256."""

    path: str
    rows: int
    size: int
    sha256: str


class Holds(NamedTuple):
    """What is counted of the written rows, for the card.

    dialect: empty where the text has no boxes. measure: rows, turns, pictures, regions or bytes.
    """

    dataset: str
    split: str
    task: str
    text_origin: str
    dialect: str
    measure: str


class Overlap(NamedTuple):
    """One pair of splits.

    measure: `rows`, those of the first split that were dropped since they repeat one of the other;
    or `pictures`, those that written rows of both show, the smaller name first.
    """

    measure: str
    dataset: str
    split: str
    other_dataset: str
    other_split: str


class Done(NamedTuple):
    """What a step counted, and the files it wrote.

    spread: how the written rows' lengths, boxes and resolutions spread, for the card's plots.
    sources: rows written, by the name of the mix's source. absent: rows that name a picture that
    is not there, by dataset; counted in path mode only. overlaps: rows and pictures that splits
    have in common.
    """

    counts: Counts
    holds: Counter[Holds]
    sources: Counter[str]
    absent: Counter[str]
    files: list[File]
    spread: Counter[Spread]
    overlaps: Counter[Overlap]


def counted(counts: Counts) -> Done:
    """Counts of a step that writes no file of the output."""
    return Done(counts, Counter(), Counter(), Counter(), [], Counter(), Counter())


class _Saved(Struct):
    counts: list[tuple[str, str, str, str, str, str, int]]
    holds: list[tuple[str, str, str, str, str, str, int]]
    sources: dict[str, int]
    absent: dict[str, int]
    files: list[File]
    spread: list[tuple[str, str, int, int]]
    overlaps: list[tuple[str, str, str, str, str, int]]


def save(work: str, done: Done) -> None:
    """Writes the sums of a whole run to its working folder, sorted."""
    saved = _Saved(
        [(*key, n) for key, n in sorted(done.counts.items())],
        [(*key, n) for key, n in sorted(done.holds.items())],
        dict(sorted(done.sources.items())),
        dict(sorted(done.absent.items())),
        sorted(done.files),
        [(*key, n) for key, n in sorted(done.spread.items())],
        [(*key, n) for key, n in sorted(done.overlaps.items())],
    )
    work_files.write_bytes(f"{work}/result.json", msgspec.json.encode(saved))


def load(work: str) -> Done:
    """Reads what `save` wrote."""
    saved = msgspec.json.decode(work_files.read_bytes(f"{work}/result.json"), type=_Saved)
    return Done(
        Counter({Key(*line[:6]): line[6] for line in saved.counts}),
        Counter({Holds(*line[:6]): line[6] for line in saved.holds}),
        Counter(saved.sources),
        Counter(saved.absent),
        saved.files,
        Counter({Spread(*line[:3]): line[3] for line in saved.spread}),
        Counter({Overlap(*line[:5]): line[5] for line in saved.overlaps}),
    )
