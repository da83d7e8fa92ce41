"""`earthmix verify`: whether a mix is what its manifest says."""

from __future__ import annotations

import msgspec
import pyarrow.parquet as pq

from converters.read import files
from pipelines.card.markdown import counted
from pipelines.card.render import card_faults
from pipelines.place import MANIFEST, FileEntry, Manifest, read_manifest
from pipelines.shard_check import shard_faults
from pipelines.storage import work_files


def verify_mix(out: str) -> tuple[list[str], bool]:
    """Lines on a mix, and whether it is what its manifest says."""
    try:
        manifest = read_manifest(out)
        card = msgspec.json.decode(work_files.read_bytes(f"{out}/card.json"))
    except (FileNotFoundError, NotADirectoryError) as error:
        return [f"{out}: no mix: {error.filename or error} is missing"], False
    except msgspec.DecodeError as error:
        return [f"{out}: {MANIFEST} or card.json is not that of a mix: {error}"], False
    mode = manifest.mix.get("images", "path")
    faults = [
        fault
        for name, about in manifest.files.items()
        for fault in _file_faults(out, name, about, mode)
    ]
    there = {
        f"{folder}/{entry.name}"
        for folder in ("data", "rejects", "preview", "plots")
        for entry in files.listing(f"{out}/{folder}")
    }
    faults += [f"{name}: not in {MANIFEST}" for name in sorted(there - manifest.files.keys())]
    wrong = card_faults(card)
    faults += wrong or _row_faults(manifest, card["rows"])
    if faults:
        return faults, False
    return [
        f"{out}: {counted(manifest.rows, 'row')} in {counted(len(_shards(manifest)), 'shard')}, as "
        "the manifest says"
    ], True


def _shards(manifest: Manifest) -> list[FileEntry]:
    return [about for name, about in manifest.files.items() if name.startswith("data/")]


def _row_faults(manifest: Manifest, rows: int) -> list[str]:
    """Compares the number of rows in the card, the manifest and the manifest's shards."""
    listed = sum(about.rows or 0 for about in _shards(manifest))
    stated = {"card.json says": rows, f"the shards of {MANIFEST} hold": listed}
    return [
        f"{who} {n:,} rows, {MANIFEST} says {manifest.rows:,}"
        for who, n in stated.items()
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
