"""`earthmix show`: one row of a mix as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from converters.read import files
from pipelines.errors import RunError
from pipelines.preview.text import visible
from pipelines.storage import work_files

_FACTS = (
    "dataset",
    "split",
    "task",
    "text_origin",
    "dialect",
    "template",
    "recipe",
    "gsd",
    "lon",
    "lat",
    "sensor",
    "license_annotations",
    "license_images",
)
_MOST_NUMBERS = 16  # of a region's outline
_BOX = ("bbox", "points")


def show_row(out: str, row_id: str) -> list[str]:
    """Lines on the row of an id, without a control character; of a dropped row, on its reject.

    Raises RunError where the mix has neither.
    """
    for row in _found(f"{out}/data", row_id):
        return list(_row_lines(row))
    for reject in _found(f"{out}/rejects", row_id):
        return list(_reject_lines(reject))
    raise RunError(f"{out}: neither a row nor a reject has the id {visible(row_id)}")


def _found(folder: str, row_id: str) -> Iterator[dict[str, Any]]:
    """Rows of an id. Only their row groups are read, and of pictures only the paths."""
    for entry in sorted(files.listing(folder), key=lambda entry: entry.name):
        if not entry.name.endswith(".parquet"):
            continue
        with pq.ParquetFile(work_files.open_file(files.join(folder, entry.name))) as file:
            columns = [
                path
                for path in (file.schema.column(i).path for i in range(len(file.schema)))
                if path != "images.list.element.bytes"
            ]
            for number in range(file.num_row_groups):
                ids = file.read_row_group(number, columns=["id"])["id"]
                row = pc.index(ids, pa.scalar(row_id, pa.string())).as_py()
                if row >= 0:
                    yield file.read_row_group(number, columns=columns).slice(row, 1).to_pylist()[0]


def _row_lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"id: {visible(row['id'])}"
    for name in _FACTS:
        if row[name] is not None:
            value = f"{row[name]:g}" if isinstance(row[name], float) else row[name]
            yield f"{name}: {visible(value)}"
    yield f"origin: {visible(row['origin']['file'])} {visible(row['origin']['key'] or '')}"
    if scene := row.get("scene"):
        place = f"at {scene['x']}, {scene['y']} of {scene['width']} x {scene['height']}"
        yield f"scene: {visible(scene['path'] or '')} {place}"
    for number, image in enumerate(row["images"]):
        size = (row["sizes"] or [None] * len(row["images"]))[number]
        frame = f" ({size['width']} x {size['height']})" if size else ""
        yield f"image {number}: {visible(image['path'])}{frame}"
    for region in row["regions"] or []:
        yield _region_line(region)
    for turn in row["conversations"]:
        yield ""
        yield f"{visible(turn['from'])}:"
        yield from (f"  {line}" for line in visible(turn["value"], lines=True).split("\n"))


def _region_line(region: Mapping[str, Any]) -> str:
    numbers: list[float] = next((region[name] for name in reversed(_BOX) if region[name]), [])
    words = " ".join(f"{number:g}" for number in numbers[:_MOST_NUMBERS])
    if len(numbers) > _MOST_NUMBERS:
        words += f" ... ({len(numbers) // 2} corners)"
    mask = f", mask of {len(region['counts'])} runs" if region.get("counts") else ""
    phrase = f' "{visible(region["phrase"])}"' if region["phrase"] else ""
    label = visible(region["label"] or "")
    return f"region in image {region['image']}: {label} {region['shape']} {words}{mask}{phrase}"


def _reject_lines(reject: Mapping[str, Any]) -> Iterator[str]:
    yield f"id: {visible(reject['id'])} was dropped: {reject['reason']} ({reject['kind']})"
    for name in ("dataset", "split", "file", "key", "detail", "survivor"):
        if reject[name]:
            yield f"{name}: {visible(reject[name])}"
