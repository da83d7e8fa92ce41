"""`earthmix check` and `earthmix verify`: what of a dataset is there, and whether a mix is what its manifest says."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from converters.catalogue import reader
from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Source, open_source
from converters.rows.check import check_rows
from pipelines.card.render import card_faults
from pipelines.place import MANIFEST, FileEntry, Manifest, read_manifest
from pipelines.plan import check_paths
from pipelines.storage import work_files
from schemas.entry import Entry
from schemas.sample import Reject, Sample
from schemas.table import ROW, Questions

_BATCH = 10_000


def check_dataset(entry: Entry, data_root: str, paths: Mapping[str, str]) -> tuple[list[str], bool]:
    """Lines on a dataset's folder, and whether all that the annotations name is there. Reads annotations, opens no picture."""
    check_paths(paths, [entry])
    root = paths.get(entry.slug) or paths.get(entry.folder) or files.join(data_root, entry.folder)
    lines = [f"{entry.slug} ({entry.name}) in {root}"]
    try:
        source = open_source(entry.slug, entry.folder, root, entry.inside)
        module, options = reader(entry)
        plan = module.plan(source, options)
        lines += [f"  note: {note}" for note in plan.notes]
        pictures, rejects = _survey(entry, source, plan.spans)
    except SourceError as error:
        return [*lines, f"  {error}", f"  get it from {entry.home}"], False
    complete = True
    for split in sorted({*pictures, *entry.splits}):
        found, expected = pictures.get(split, set()), entry.splits.get(split)
        there = sum(all(files.exists(source.absolute(path)) for path in paths) for paths in found)
        told = f" of {expected:,} published" if expected else ""
        missing = f", {len(found) - there:,} missing on disk" if there < len(found) else ""
        lines.append(f"  {split}: {len(found):,}{told} pictures in the annotations{missing}")
        complete &= there == len(found) and len(found) == (expected or len(found))
    lines += [f"  {reason}: {n:,} records" for reason, n in sorted(rejects.items())]
    if not complete:
        lines.append(f"  get it from {entry.home}")
    return lines, complete


def _survey(
    entry: Entry, source: Source, spans: Any
) -> tuple[dict[str, set[tuple[str, ...]]], Counter[str]]:
    """Pictures (pairs) by split, and rejects by reason."""
    module, options = reader(entry)
    sides: dict[str, dict[str, list[pa.Table]]] = {}
    if hasattr(module, "plan_sides"):
        for span in module.plan_sides(source, options):
            sides.setdefault(span.split, {}).setdefault(span.table, []).append(
                module.read_side(source, options, span)
            )
    joined = {
        split: {name: pa.concat_tables(parts).sort_by("id") for name, parts in tables.items()}
        for split, tables in sides.items()
    }
    pictures: dict[str, set[tuple[str, ...]]] = {}
    rejects: Counter[str] = Counter()
    for span in spans:
        for item in module.read(source, options, span, *([joined[span.split]] if sides else [])):
            if isinstance(item, Reject):
                rejects[item.reason] += item.items
            elif isinstance(item, Sample):
                pictures.setdefault(item.split, set()).add(
                    tuple(picture.path for picture in item.pictures)
                )
            elif isinstance(item, Questions):
                pictures.setdefault(item.split, set()).update(
                    (path,) for path in item.table["picture"].unique().to_pylist()
                )
    return pictures, rejects


def verify_mix(out: str) -> tuple[list[str], bool]:
    """Lines on a mix, and whether it is what its manifest says."""
    try:
        manifest = read_manifest(out)
        card = msgspec.json.decode(work_files.read_bytes(f"{out}/card.json"))
    except (FileNotFoundError, NotADirectoryError) as error:
        return [f"{out}: no mix: {error.filename or error} is missing"], False
    except msgspec.DecodeError as error:
        return [f"{out}: {MANIFEST} or card.json is none of a mix: {error}"], False
    faults = [
        fault for name, about in manifest.files.items() for fault in _file_faults(out, name, about)
    ]
    there = {
        f"{folder}/{entry.name}"
        for folder in ("data", "rejects")
        for entry in files.listing(f"{out}/{folder}")
    }
    faults += [f"{name}: not in {MANIFEST}" for name in sorted(there - manifest.files.keys())]
    wrong = card_faults(card)
    faults += wrong or _row_faults(manifest, card["rows"])
    if faults:
        return faults, False
    return [
        f"{out}: {manifest.rows:,} rows in {len(_shards(manifest))} shards, as the manifest says"
    ], True


def _shards(manifest: Manifest) -> list[FileEntry]:
    return [about for name, about in manifest.files.items() if name.startswith("data/")]


def _row_faults(manifest: Manifest, rows: int) -> list[str]:
    """Rows of a mix, as its card, its manifest and its manifest's shards tell them."""
    listed = sum(about.rows or 0 for about in _shards(manifest))
    told = {"card.json says": rows, f"the shards of {MANIFEST} hold": listed}
    return [
        f"{who} {n:,} rows, {MANIFEST} says {manifest.rows:,}"
        for who, n in told.items()
        if n != manifest.rows
    ]


def _file_faults(out: str, name: str, about: FileEntry) -> list[str]:
    path = files.join(out, name)
    if not files.exists(path):
        return [f"{name}: missing"]
    digest, size = work_files.sha256(path)
    if digest != about.sha256:
        return [
            f"{name}: {size:,} bytes of another sha256 than {MANIFEST} says ({about.bytes:,} bytes)"
        ]
    if not name.endswith(".parquet"):
        return []
    file = pq.ParquetFile(work_files.open_file(path))
    rows = file.metadata.num_rows
    faults = _shard_faults(file, name) if name.startswith("data/") else []
    return (
        faults
        if rows == about.rows
        else [*faults, f"{name}: {rows:,} rows, {MANIFEST} says {about.rows or 0:,}"]
    )


def _shard_faults(file: pq.ParquetFile, name: str) -> list[str]:
    if file.schema_arrow.remove_metadata() != ROW.remove_metadata():
        return [f"{name}: another schema than a row's"]
    last, broken = ("", 0), Counter[str]()
    for batch in file.iter_batches(_BATCH, columns=["id", "images", "conversations"]):
        broken.update({rule: int(mask.sum()) for rule, mask in check_rows(batch).items()})
        ids = [last, *map(_place, batch["id"].to_pylist())]
        broken["the order of ids"] += sum(a >= b for a, b in itertools.pairwise(ids))
        last = ids[-1]
    return [f"{name}: {n:,} rows break {rule}" for rule, n in sorted(broken.items()) if n]


def _place(row_id: str | None) -> tuple[str, int]:
    """Where a row stands in its shard: by id, its repeats `<id>-2`, `<id>-3` behind it by number."""
    head, _, copy = (row_id or "").partition("-")
    return head, int(copy or 1)
