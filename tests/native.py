"""Reads the native files of tests/data (or any other folder) the way a run does, without Beam."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
from PIL import Image

from converters.catalogue import catalogue, reader
from converters.convert import Dataset, convert_span
from converters.ledger import Counts, check_balance, ledger
from converters.read.folder import Source, open_source
from converters.rows.assemble import Job
from schemas.entry import Entry
from schemas.mix import Filter, ImageMode, SourceSpec
from schemas.sample import Reject, Sample
from schemas.table import Questions

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
}


class Native(NamedTuple):
    """What a reader yields over all spans."""

    samples: list[Sample]
    questions: list[Questions]
    rejects: list[Reject]
    notes: list[str]


class Result(NamedTuple):
    """What converting all spans gives. rows and rejects as dicts, without order; book: the ledger's page of each split."""

    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    book: dict[str, dict[str, Any]]
    counts: Counts


def opened(
    entry: Entry, root: Path | str | None = None, splits: Sequence[str] | None = None
) -> Source:
    place = str(DATA / ROOTS[entry.slug] if root is None else root)
    return open_source(
        entry.slug, entry.folder, place, entry.inside, None if splits is None else frozenset(splits)
    )


def read(
    entry: Entry, root: Path | str | None = None, splits: Sequence[str] | None = None
) -> Native:
    """Everything that the entry's reader finds."""
    source = opened(entry, root, splits)
    module, options = reader(entry)
    plan = module.plan(source, options)
    found = Native([], [], [], plan.notes)
    for span in plan.spans:
        sides = [joined(entry, source)[span.split]] if hasattr(module, "plan_sides") else []
        for item in module.read(source, options, span, *sides):
            place: list[Any] = (
                found.samples
                if isinstance(item, Sample)
                else found.rejects
                if isinstance(item, Reject)
                else found.questions
            )
            place.append(item)
    return found


def joined(entry: Entry, source: Source) -> dict[str, dict[str, pa.Table]]:
    """Side tables by split and name, each sorted by id."""
    module, options = reader(entry)
    parts: dict[str, dict[str, list[pa.Table]]] = {}
    for span in module.plan_sides(source, options):
        parts.setdefault(span.split, {}).setdefault(span.table, []).append(
            module.read_side(source, options, span)
        )
    return {
        split: {name: pa.concat_tables(tables).sort_by("id") for name, tables in sides.items()}
        for split, sides in parts.items()
    }


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
    return Dataset(entry, opened(entry, root, splits), jobs, images, verify, tuple(classes))


def convert(data: Dataset) -> Result:
    """Rows, rejects and a balanced ledger of all spans of a dataset; before dedup, so every row that was kept counts as written."""
    module, options = reader(data.entry)
    rows: list[dict[str, Any]] = []
    rejects: list[dict[str, Any]] = []
    counts: Counts = Counter()
    for span in module.plan(data.source, options).spans:
        sides: Mapping[str, pa.Table] | None = (
            joined(data.entry, data.source)[span.split] if hasattr(module, "plan_sides") else None
        )
        out = convert_span(data, span, sides)
        rows += [row for batch in out.rows for row in batch.to_pylist()]
        rejects += out.rejects.table().to_pylist()
        counts.update(out.counts)
    for row in rows:
        counts[(data.entry.slug, row["split"], "rows", "written", "")] += 1
    book = ledger(counts, {data.entry.slug: module.UNIT})
    check_balance(book)
    return Result(rows, rejects, book.get(data.entry.slug, {}), counts)


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
