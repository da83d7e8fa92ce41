"""Reads the native files of tests/data (or any other folder) the way a run does, without Beam."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from PIL import Image

from converters.catalogue import catalogue
from converters.convert import Dataset, convert_span
from converters.dataset import open_dataset, plan_of, read_items, read_sides
from converters.ledger import Counts, Key, check_balance, ledger
from converters.read.folder import Folder, open_folder
from converters.rows.assemble import Job
from schemas.entry import Entry
from schemas.mix import Filter, ImageMode, SourceSpec
from schemas.sample import Reject, Sample
from schemas.table import Columns

DATA = Path(__file__).parent / "data"
ROOTS = {
    "rsicd": "karpathy/rsicd",
    "levir_cc": "karpathy/levir_cc",
    "rsvqa_lr": "rsvqa/rsvqa_lr",
    "floodnet_vqa": "vqa_json/floodnet_vqa",
    "aid": "class_folder/aid",
    "dota_v1": "dota/dota_v1",
    "dior": "voc_xml/dior",
    "dior_r": "voc_xml/dior",
    "fair1m": "voc_xml/fair1m",
    "geochat_instruct": "llava_json/geochat_instruct",
}


class Native(NamedTuple):
    """What a reader yields over all spans."""

    samples: list[Sample]
    columns: list[Columns]
    rejects: list[Reject]
    notes: list[str]


class Result(NamedTuple):
    """What converting all spans gives.

    rows and rejects as dicts, without order; book: the ledger's page of each split.
    """

    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    book: dict[str, dict[str, Any]]
    counts: Counts


def opened(
    entry: Entry, root: Path | str | None = None, splits: Sequence[str] | None = None
) -> Folder:
    place = str(DATA / ROOTS[entry.slug] if root is None else root)
    wanted = None if splits is None else frozenset(splits)
    return open_folder(entry.slug, entry.folder, place, entry.inside, wanted, entry.size)


def read(
    entry: Entry, root: Path | str | None = None, splits: Sequence[str] | None = None
) -> Native:
    """Everything that the entry's reader finds."""
    place = str(DATA / ROOTS[entry.slug] if root is None else root)
    folder, plan = open_dataset(entry, place, None if splits is None else frozenset(splits))
    found = Native([], [], [], plan.notes)
    for item in read_items(entry, folder, plan):
        if isinstance(item, Sample):
            found.samples.append(item)
        elif isinstance(item, Reject):
            found.rejects.append(item)
        else:
            found.columns.append(item)
    return found


def changed(slug: str, /, **values: Any) -> Entry:
    """A catalogue entry with some values of its own."""
    return msgspec.structs.replace(catalogue()[slug], **values)


def dataset(
    entry: Entry,
    tasks: Sequence[str],
    root: Path | str | None = None,
    images: ImageMode = "path",
    splits: Sequence[str] | None = None,
    dialect: str = "geochat",
    fallback: str | None = None,
    group: str = "item",
    templates: str = "plain",
    keep: Filter | None = None,
    seed: int = 0,
    classes: Sequence[str] = (),
    verify: bool = False,
    unsayable: Literal["enclose", "reject"] = "enclose",
    unread: Literal["keep", "reject"] = "keep",
) -> Dataset:
    """An entry with one source a task."""
    jobs = [
        Job(
            i,
            msgspec.convert({"name": task, "dataset": entry.slug, "task": task}, SourceSpec),
            entry,
            seed,
            dialect,
            fallback,
            group,
            images != "path",
            tuple(classes),
            unsayable,
            unread,
        )
        for i, task in enumerate(tasks)
    ]
    spec = {
        "templates": templates,
        "filter": keep or Filter(),
        "split": None if splits is None else list(splits),
    }
    jobs = [
        msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, **spec)) for job in jobs
    ]
    return Dataset(
        entry,
        opened(entry, root, splits),
        jobs,
        images,
        verify,
        georeferenced=entry.georeference,
    )


def convert(data: Dataset) -> Result:
    """Rows, rejects and a balanced ledger of all spans of a dataset; before dedup, so every row
    that was kept counts as written."""
    rows: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    counts: Counts = Counter()
    plan = plan_of(data.entry, data.folder)
    sides = read_sides(data.entry, data.folder, plan)
    for span in plan.spans:
        out = convert_span(data, span, sides.get(span.split))
        rows += [row for batch in out.rows for row in batch.to_pylist()]
        rejects += out.rejects.table().to_pylist()
        counts.update(out.counts)
    for row in rows:
        counts[Key(data.entry.slug, row["split"], "rows", "written")] += 1
    book = ledger(counts)
    check_balance(book)
    return Result(rows, rejects, book.get(data.entry.slug, {}), counts)


def repairs(found: Result) -> dict[str, int]:
    """How often each repair was made."""
    return {key.bucket: n for key, n in found.counts.items() if key.level == "repairs"}


def words(row: Mapping[str, Any]) -> list[str]:
    """What the turns of a row say, human and gpt in turn."""
    return [turn["value"] for turn in row["conversations"]]


def picture(
    path: Path, width: int = 8, height: int = 6, colour: tuple[int, int, int] = (90, 120, 60)
) -> Path:
    """A small real picture of the kind that the path's ending names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)
    return path


def encoded(kind: str, width: int = 8, height: int = 6, mode: str = "RGB", **options: Any) -> bytes:
    """The bytes of a small picture."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 80).convert(mode).save(out, kind, **options)
    return out.getvalue()
