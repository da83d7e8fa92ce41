"""What `earthmix verify` looks for in a shard: rules of rows, their order, and their pictures."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from converters.read import images
from converters.read.images import PictureError
from converters.rows import identity
from converters.rows.check import check_rows
from pipelines.parquet import BYTES
from pipelines.storage import work_files
from schemas.table import ROW

_SCHEMA = ROW.remove_metadata()
_COLUMNS = ["id", "images", "conversations", "image_sha256", "sizes"]
_SHOWN = 10  # pictures named
Place = tuple[tuple[int, int], str, int]  # hash of the first picture, id, number of the repeat


def shard_faults(path: str, name: str, mode: str) -> list[str]:
    """A line for each rule that rows of a shard break, and for the first pictures that are wrong.

    The pictures of `embed` must have the sha256 that the row states. Those of `reencode` have bytes
    of their own, which no row states: their header and end must be there, and their size that of
    the row. mode: how the mix holds pictures.
    """
    if pq.ParquetFile(work_files.open_file(path)).schema_arrow.remove_metadata() != _SCHEMA:
        return [f"{name}: another schema than a row's"]
    # Bytes as a dictionary: each picture once, not once for each row that shows it.
    file = pq.ParquetFile(work_files.open_file(path), read_dictionary=[BYTES])
    broken = Counter[str]()
    wrong: dict[str, str] = {}
    last: Place | None = None
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=_COLUMNS).combine_chunks()
        for rows in table.to_batches():
            broken.update({rule: int(mask.sum()) for rule, mask in check_rows(rows).items()})
            for place in _places(rows):
                broken["the order of pictures and ids"] += last is not None and place <= last
                last = place
            if mode != "path":
                wrong.update(_wrong_pictures(rows, mode))
    lines = [f"{name}: {n:,} rows break {rule}" for rule, n in sorted(broken.items()) if n]
    lines += [f"{name}: {shown}: {why}" for shown, why in sorted(wrong.items())[:_SHOWN]]
    if len(wrong) > _SHOWN:
        lines.append(f"{name}: {len(wrong) - _SHOWN:,} more pictures are wrong")
    return lines


def _places(rows: pa.RecordBatch) -> Iterator[Place]:
    """Where rows with a picture stand in their shard.

    They stand by the hash of their first picture's identity, which is its sha256 where it was read,
    else its path; then by id, their repeats `<id>-2`, `<id>-3` behind them by number.
    """
    first = pc.coalesce(
        _first(rows["image_sha256"], rows["image_sha256"].values),
        _first(rows["images"], rows["images"].values.field("path")),
    )
    there = first.is_valid()
    homes = identity.hash128(first.filter(there)).tolist()
    for home, row_id in zip(homes, rows["id"].filter(there).to_pylist(), strict=True):
        head, _, copy = (row_id or "").partition("-")
        yield (home[0], home[1]), head, int(copy or 1)


def _first(lists: pa.ListArray, values: pa.Array) -> pa.Array:
    """The first of each list's values, null where there is none."""
    starts = np.asarray(lists.offsets)
    empty = (starts[1:] == starts[:-1]) | np.asarray(lists.is_null())
    return values.take(pa.array(np.where(empty, 0, starts[:-1]), mask=empty))


def _wrong_pictures(rows: pa.RecordBatch, mode: str) -> dict[str, str]:
    """Pictures whose bytes are not what their row says, by path, with what is wrong."""
    shown = rows["images"].flatten()
    paths = shown.field("path")
    data = shown.field("bytes")
    stated = rows["image_sha256" if mode == "embed" else "sizes"]
    if len(stated.flatten()) != len(shown) or data.null_count:
        return {"pictures": "some have no bytes, or their rows do not say what they are"}
    # Each distinct picture is looked at once.
    said = [_said(picture.as_buffer(), mode) for picture in data.dictionary]
    found = pa.array(said, stated.type.value_type).take(data.indices)
    if mode == "embed":
        same = pc.equal(found, stated.flatten())
    else:
        same = pc.and_(
            *(
                pc.equal(found.field(side), stated.flatten().field(side))
                for side in ("width", "height")
            )
        )
    bad = pc.invert(pc.fill_null(same, False))
    why = {
        "embed": "its bytes have another sha256 than image_sha256 says",
        "reencode": "its bytes are no picture of the size that sizes says",
    }
    return dict.fromkeys(paths.filter(bad).to_pylist(), why[mode])


def _said(data: pa.Buffer, mode: str) -> str | dict[str, int] | None:
    """A picture's sha256, or its size, or None where it has none."""
    if mode == "embed":
        return hashlib.sha256(data).hexdigest()
    try:
        width, height = images.check(data.to_pybytes())[:2]
    except PictureError:
        return None
    return {"width": width, "height": height}
