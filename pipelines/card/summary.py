"""What `card.json` says of a mix, as types, and what of it needs adding up."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple, TypedDict, cast

import msgspec

from converters.ledger import Ledger
from converters.read.images import deep_note, loader_note, stretched_note
from converters.rows.pictures import DISAGREEING
from pipelines import __version__, tokens
from pipelines.card.citations import bibtex
from pipelines.card.markdown import counted
from pipelines.overlap import EVALUATION
from pipelines.plan import RunPlan
from pipelines.result import Done
from schemas.entry import Entry
from schemas.sample import is_fault

# What a run counts of pictures, in words.
_NOTES: dict[str, Callable[[int], str]] = {
    "large_pictures": loader_note,
    "deep_pictures": deep_note,
    "stretched_pictures": stretched_note,
    "odd_sizes": lambda n: (
        f"{counted(n, 'picture')} whose records state a size that no picture has: it is not used"
    ),
    "either_way_up": lambda n: (
        f"{counted(n, 'picture')} that loaders turn or mirror as the file's EXIF orientation says, "
        "where no annotation tells which way up it was made: regions are taken as of the shown one"
    ),
    "without_georeference": lambda n: (
        f"{counted(n, 'picture')} without a georeference that says where on Earth"
    ),
    "other_gsd": lambda n: (
        f"{counted(n, 'picture')} whose georeference is more than {DISAGREEING:g} times as fine or "
        "coarse as the stated metres a pixel, which stay"
    ),
}
_PACKAGES = ("apache-beam", "pyarrow", "pillow", "shapely", "numpy", "msgspec")


class LicenceSummary(TypedDict):
    """The catalogue's licence facts: SPDX identifiers, the authors' own words, or `unstated`."""

    annotations: str
    images: str
    source: str
    conflict: str
    note: str
    url: str


class DatasetSummary(TypedDict):
    """One dataset of a mix: its catalogue entry in short, and what the written rows hold of it."""

    name: str
    home: str
    paper: str
    format: str
    evidence: str
    licence: LicenceSummary
    rows: int
    pictures: int
    turns: int
    regions: int
    tasks: dict[str, int]
    splits: dict[str, int]
    repairs: dict[str, int]
    citation: str


class ItemCounts(TypedDict):
    """Where the items of one kind of a split ended."""

    read: int
    used: int
    rejected: dict[str, int]
    filtered: dict[str, int]


class RowCounts(TypedDict):
    """Where the rows of a split ended."""

    built: int
    written: int
    repeated: int
    duplicate: int
    sampled_out: int
    rejected: dict[str, int]
    filtered: dict[str, int]


class PictureCounts(TypedDict):
    """The pictures that the records of a split name."""

    read: int
    without_items: int
    rejected: dict[str, int]


class Page(TypedDict):
    """The ledger of one split: items by kind, rows, pictures."""

    items: dict[str, ItemCounts]
    rows: RowCounts
    pictures: PictureCounts


class OverlapSummary(TypedDict):
    """What two splits have in common (see `pipelines.overlap`).

    leak: one of them is for training and the other for evaluation.
    """

    dataset: str
    split: str
    other_dataset: str
    other_split: str
    count: int
    leak: bool


class _Summary(TypedDict):
    name: str
    version: str
    description: str
    left_out: list[str]
    mix: dict[str, Any]
    images: str
    rows: int
    tasks: dict[str, int]
    text_origin: dict[str, int]
    dialects: dict[str, int]
    datasets: dict[str, DatasetSummary]
    ledger: dict[str, dict[str, Page]]
    notes: list[str]
    versions: dict[str, str]
    rebuild: str


class Summary(_Summary, total=False):
    """The content of `card.json`.

    rows, and the rows of tasks, text origins, dialects and datasets, count the rows of the Parquet
    files, repeated ones too. version: earthmix's own. shards: how many Parquet files there are,
    where that is known. content: a hash over the shards' hashes, where they are known.
    download_size: bytes of the Parquet files; dataset_size: of the rows as `datasets` expands them
    in its cache, where they are known. spread: counts by measure, group and bin (see
    `pipelines.spread`). tokenizer: the file's name and its sha256, where tokens were counted.
    overlaps: what splits have in common, by measure: rows or pictures.
    """

    shards: int
    download_size: int
    dataset_size: int
    content: str
    spread: dict[str, dict[str, dict[str, int]]]
    tokenizer: dict[str, str]
    overlaps: dict[str, list[OverlapSummary]]


class Drop(NamedTuple):
    """How many items and rows one reason took, over all datasets."""

    reason: str
    fault: bool
    items: int
    rows: int

    @property
    def total(self) -> int:
        """Items and rows added."""
        return self.items + self.rows


def drops(summary: Summary) -> list[Drop]:
    """Every reason that took something: faults first, each kind from the most frequent."""
    items: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for page in (page for splits in summary["ledger"].values() for page in splits.values()):
        for ended in page["items"].values():
            items.update(ended["rejected"])
            items.update(ended["filtered"])
        rows.update(page["rows"]["rejected"])
        rows.update(page["rows"]["filtered"])
        rows.update(duplicate=page["rows"]["duplicate"], sampled_out=page["rows"]["sampled_out"])
    found = [
        Drop(reason, is_fault(reason), items[reason], rows[reason])
        for reason in items.keys() | rows.keys()
    ]
    return sorted(
        (drop for drop in found if drop.total),
        key=lambda drop: (not drop.fault, -drop.total, drop.reason),
    )


def repairs(summary: Summary) -> Counter[str]:
    """How many regions each repair changed, over all datasets."""
    total: Counter[str] = Counter()
    for dataset in summary["datasets"].values():
        total.update(dataset["repairs"])
    return total


def filled(summary: Summary) -> int:
    """How many datasets gave rows."""
    return sum(1 for dataset in summary["datasets"].values() if dataset["rows"])


def summarise(
    plan: RunPlan,
    done: Done,
    book: Ledger,
    disk: int,
    content: str,
    command: Sequence[str],
) -> Summary:
    """The content of `card.json`.

    disk: bytes of the shards; content: hash of the shards' hashes; command: the words that build
    the mix again.
    """
    datasets = {slug: _about(dataset.entry) for slug, dataset in plan.datasets.items()}
    for counter, n in sorted(done.counts.items()):
        if counter.level == "repairs":
            datasets[counter.dataset]["repairs"][counter.bucket] = n
    totals = _count_rows(done, datasets)
    mix = {
        key: value
        for key, value in msgspec.to_builtins(plan.mix).items()
        if value not in (None, [], "")
    }
    summary = {
        "name": plan.mix.name,
        "version": __version__,
        "description": plan.mix.description,
        "left_out": plan.mix.left_out,
        "mix": mix | {"images": plan.images},
        "images": plan.images,
        "rows": sum(n for key, n in done.holds.items() if key.measure == "rows"),
        **totals,
        "datasets": datasets,
        "ledger": book,
        "notes": [*plan.notes, *picture_notes(done), *_absent_notes(done)],
        "versions": {name: version(name) for name in _PACKAGES},
        "rebuild": shlex.join(command),
        "shards": plan.shards,
        "download_size": disk,
        "dataset_size": sum(n for key, n in done.holds.items() if key.measure == "bytes"),
        "spread": _spread(done),
        "overlaps": _overlaps(plan, done),
        **({"tokenizer": tokens.facts(plan.tokenizer)} if plan.tokenizer else {}),
        "content": content,
    }
    return cast(Summary, summary)


def _count_rows(done: Done, datasets: dict[str, dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Writes what rows hold into the parts of their datasets.

    Gives the rows of all datasets by task, origin of the text, and dialect.
    """
    tasks: Counter[str] = Counter()
    text_origin: Counter[str] = Counter()
    dialects: Counter[str] = Counter()
    for key, n in sorted(done.holds.items()):
        if key.measure == "bytes":
            continue
        about = datasets[key.dataset]
        about[key.measure] += n
        if key.measure == "rows":
            about["tasks"][key.task] = about["tasks"].get(key.task, 0) + n
            about["splits"][key.split] = about["splits"].get(key.split, 0) + n
            tasks[key.task] += n
            text_origin[key.text_origin] += n
            if key.dialect:
                dialects[key.dialect] += n
    totals = {"tasks": tasks, "text_origin": text_origin, "dialects": dialects}
    return {name: dict(sorted(counter.items())) for name, counter in totals.items()}


def picture_notes(done: Done) -> list[str]:
    """What there is to say of the pictures of each dataset."""
    noted: dict[str, Counter[str]] = {bucket: Counter() for bucket in _NOTES}
    for counter, n in sorted(done.counts.items()):
        if counter.level == "notes":
            noted[counter.bucket][counter.dataset] += n
    return [
        f"{slug}: {_NOTES[bucket](n)}"
        for bucket, numbers in noted.items()
        for slug, n in numbers.items()
        if n
    ]


def _absent_notes(done: Done) -> list[str]:
    """Rows of each dataset whose picture is not on disk."""
    return [
        f"{slug}: {counted(n, 'row')} name a picture that is not on disk (`earthmix check {slug}`)"
        for slug, n in sorted(done.absent.items())
    ]


def _spread(done: Done) -> dict[str, dict[str, dict[str, int]]]:
    """Counts by measure, group and bin (see `pipelines.spread`)."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for key, n in sorted(done.spread.items()):
        found.setdefault(key.measure, {}).setdefault(key.group, {})[str(key.bin)] = n
    return found


def _overlaps(plan: RunPlan, done: Done) -> dict[str, list[OverlapSummary]]:
    """What splits have in common, by measure."""
    found: dict[str, list[OverlapSummary]] = {"rows": [], "pictures": []}
    for key, n in sorted(done.overlaps.items()):
        ends = ((key.dataset, key.split), (key.other_dataset, key.other_split))
        evaluates = {
            split.startswith(EVALUATION) or "train" not in plan.datasets[slug].entry.role
            for slug, split in ends
        }
        found[key.measure].append(
            {
                "dataset": key.dataset,
                "split": key.split,
                "other_dataset": key.other_dataset,
                "other_split": key.other_split,
                "count": n,
                "leak": len(evaluates) == 2,
            }
        )
    return found


def _about(entry: Entry) -> dict[str, Any]:
    """A dataset's part of the card before anything is counted."""
    return {
        "name": entry.name,
        "home": entry.home,
        "paper": entry.paper,
        "format": entry.format,
        "evidence": entry.evidence,
        "licence": msgspec.to_builtins(entry.licence),
        "rows": 0,
        "pictures": 0,
        "turns": 0,
        "regions": 0,
        "tasks": {},
        "splits": {},
        "repairs": {},
        "citation": bibtex(entry),
    }
