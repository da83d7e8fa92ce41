"""`earthmix check` and `earthmix verify`: what of a dataset is there, and whether a mix is what its manifest says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec
import pyarrow.parquet as pq

from converters.dataset import plan_of, read_items
from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Folder, Plan, open_folder
from pipelines.card.render import card_faults
from pipelines.plan import check_paths
from pipelines.run import MANIFEST, FileEntry, Manifest, read_manifest
from pipelines.storage import work_files
from pipelines.verify import shard_faults
from schemas.entry import Entry
from schemas.sample import Reject, Sample


def check_dataset(entry: Entry, data_root: str, paths: Mapping[str, str]) -> tuple[list[str], bool]:
    """Lines on a dataset's folder, and whether all that the annotations name is there. Reads annotations, opens no picture."""
    check_paths(paths, [entry])
    root = paths.get(entry.slug) or paths.get(entry.folder) or files.join(data_root, entry.folder)
    lines = [f"{entry.slug} ({entry.name}) in {root}"]
    try:
        folder = open_folder(entry.slug, entry.folder, root, entry.inside)
        plan = plan_of(entry, folder)
        lines += [f"  note: {note}" for note in plan.notes]
        pictures, rejects = _survey(entry, folder, plan)
    except SourceError as error:
        return [*lines, f"  {error}", f"  get it from {entry.home}"], False
    complete = True
    for split in sorted({*pictures, *entry.splits}):
        found, expected = pictures.get(split, set()), entry.splits.get(split)
        there = sum(all(files.exists(folder.absolute(path)) for path in paths) for paths in found)
        told = f" of {expected:,} published" if expected else ""
        missing = f", {len(found) - there:,} missing on disk" if there < len(found) else ""
        lines.append(f"  {split}: {len(found):,}{told} pictures in the annotations{missing}")
        complete &= there == len(found) and len(found) == (expected or len(found))
    lines += [f"  {reason}: {n:,} records" for reason, n in sorted(rejects.items())]
    if not complete:
        lines.append(f"  get it from {entry.home}")
    return lines, complete


def _survey(
    entry: Entry, folder: Folder, plan: Plan
) -> tuple[dict[str, set[tuple[str, ...]]], Counter[str]]:
    """Pictures (pairs) by split, and rejects by reason."""
    pictures: dict[str, set[tuple[str, ...]]] = {}
    rejects: Counter[str] = Counter()
    for item in read_items(entry, folder, plan):
        if isinstance(item, Reject):
            rejects[item.reason] += item.items
            continue
        if isinstance(item, Sample):
            found = {tuple(picture.path for picture in item.pictures)}
        else:
            found = {tuple(paths) for paths in item.table["pictures"].to_pylist()}
        pictures.setdefault(item.split, set()).update(found)
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
    mode = manifest.mix.get("images", "path")
    faults = [
        fault
        for name, about in manifest.files.items()
        for fault in _file_faults(out, name, about, mode)
    ]
    there = {
        f"{folder}/{entry.name}"
        for folder in ("data", "rejects", "preview")
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


def _file_faults(out: str, name: str, about: FileEntry, mode: str) -> list[str]:
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
    rows = pq.ParquetFile(work_files.open_file(path)).metadata.num_rows
    faults = shard_faults(path, name, mode) if name.startswith("data/") else []
    return (
        faults
        if rows == about.rows
        else [*faults, f"{name}: {rows:,} rows, {MANIFEST} says {about.rows or 0:,}"]
    )
