"""Native files of any size, of the records in `formats.toml`: one way for each kind of container.

A file that is not listed here is text: its head, its records, its tail.
"""

from __future__ import annotations

import functools
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
from msgspec import Struct
from PIL import Image, ImageDraw

_RECORDS = Path(__file__).with_name("formats.toml")
_MASK_SIDE = 512
_SHAPES_A_SIDE = 5  # of a mask
_JSON_ENDINGS = (".json", ".geojson")
_COMMAS = (*_JSON_ENDINGS, ".jsonl", ".parquet", ".arrow", ".npy", ".mat", ".tar")


class File(Struct, forbid_unknown_fields=True):
    """One file of a layout, or one for each record or picture; see `formats.toml`."""

    path: str
    record: str | None = None
    head: str = ""
    tail: str = ""
    inner: str = ""
    times: int = 1
    first: int = 0
    count: int | None = None
    of_pictures: bool = False
    painted: list[int | list[int]] | None = None
    class_names: list[str] = []

    @property
    def is_annotation(self) -> bool:
        """False for a picture."""
        return self.record is not None or self.painted is not None


class Layout(Struct, forbid_unknown_fields=True):
    """What a dataset of one format is written from. entry: the catalogue's, which reads it."""

    entry: str
    count: int
    files: list[File]
    group: int = 1


def layouts() -> dict[str, Layout]:
    """The layout of every format."""
    return msgspec.toml.decode(_RECORDS.read_bytes(), type=dict[str, Layout])


def write(layout: Layout, root: Path, share: float) -> list[Path]:
    """Writes a dataset below a new folder and gives its annotation files.

    share: of the layout's count, which is written.
    """
    written: list[Path] = []
    for path, files in groupby(layout.files, key=lambda file: file.path):
        parts = list(files)
        for place, data in _files(path, parts, layout, share):
            file = root / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            if parts[0].is_annotation:
                written.append(file)
    return written


def _files(
    path: str, parts: list[File], layout: Layout, share: float
) -> Iterator[tuple[str, bytes]]:
    """(path, content) of the files that one path of a layout stands for."""
    numbers = range(max(1, int(layout.count * share)))
    if "%n" in path or "%g" in path:
        for n in numbers if "%n" in path else range(-(-len(numbers) // layout.group)):
            place = path.replace("%n", str(n)).replace("%g", str(n))
            yield place, _content(parts[0], range(n, n + 1), layout.group)
        return
    data = b""
    for part in parts:
        counted = numbers if part.count is None else range(max(1, int(part.count * share)))
        if part.of_pictures:
            counted = range(-(-len(numbers) // layout.group))
        data += _content(part, counted, layout.group)
    yield path, data


def _content(file: File, numbers: range, group: int) -> bytes:
    if not file.is_annotation:
        return b""
    ending = Path(file.path).suffix
    if file.record is None:
        return _painted(json.dumps(file.painted))
    records = [_filled(file, file.record, n, group) for n in numbers]
    if ending in _WRITERS:
        return _WRITERS[ending](file, records)
    between = ",\n" if ending in _JSON_ENDINGS else "\n"
    head = _filled(file, file.head, numbers[0], group)
    tail = _filled(file, file.tail, numbers[0], group)
    return (head + between.join(records) + tail).encode()


def _filled(file: File, text: str, n: int, group: int) -> str:
    if "%inner" in text:
        between = "," if file.path.endswith(_COMMAS) else ""
        counted = range(file.first, file.first + file.times)
        text = text.replace(
            "%inner", between.join(file.inner.replace("%m", str(m)) for m in counted)
        )
    return text.replace("%n", str(n)).replace("%g", str(n // group))


@functools.cache
def _painted(values: str) -> bytes:
    """A PNG of discs on a background. values: as JSON, numbers of one band or colours."""
    background, *others = (
        one if isinstance(one, int) else tuple(one) for one in json.loads(values)
    )
    mode = "L" if isinstance(background, int) else "RGB"
    picture = Image.new(mode, (_MASK_SIDE, _MASK_SIDE), background)
    pen = ImageDraw.Draw(picture)
    step = _MASK_SIDE // _SHAPES_A_SIDE
    for i in range(_SHAPES_A_SIDE**2):
        x, y = i % _SHAPES_A_SIDE * step, i // _SHAPES_A_SIDE * step
        pen.ellipse((x + 4, y + 9, x + step - 9, y + step - 4), others[i % len(others)])
    sink = io.BytesIO()
    picture.save(sink, "PNG")
    return sink.getvalue()


def _table(file: File, records: list[str]) -> pa.Table:
    rows = [json.loads(record) for record in records]
    for row in rows:
        for cell in row.values():
            if isinstance(cell, dict) and "bytes" in cell:
                word = cell["bytes"]
                is_mask = word == "painted"
                cell["bytes"] = _painted(json.dumps(file.painted)) if is_mask else word.encode()
    table = pa.Table.from_pylist(rows)
    if not file.class_names:
        return table
    features = {"label": {"names": file.class_names, "_type": "ClassLabel"}}
    return table.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )


def _parquet(file: File, records: list[str]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_table(file, records), sink)
    return sink.getvalue()


def _arrow(file: File, records: list[str]) -> bytes:
    """Arrow's stream format, as `datasets` saves it."""
    table = _table(file, records)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)
    return sink.getvalue()


def _npy(file: File, records: list[str]) -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.array(json.loads(records[0])))
    return sink.getvalue()


def _mat(file: File, records: list[str]) -> bytes:
    sink = io.BytesIO()
    arrays = json.loads(records[0])
    scipy.io.savemat(sink, {name: np.array(rows, float) for name, rows in arrays.items()})
    return sink.getvalue()


def _hdf5(file: File, records: list[str]) -> bytes:
    """A group an event, with pictures of two dates; or one array of pictures and one of classes."""
    sink = io.BytesIO()
    with h5py.File(sink, "w") as whole:
        first: dict[str, Any] = json.loads(records[0])
        if "label" in first:
            classes = np.zeros((len(records), first["label"]))
            classes[:, 2] = 1
            whole["label"] = classes
            whole["sen2"] = np.zeros((len(records), *first["sen2"]))
            return _closed(whole, sink)
        for record in map(json.loads, records):
            event = whole.create_group(record["event"])
            event.attrs.update({"split": record["split"], "magnitude": record["magnitude"]})
            for patch in range(record["patches"]):
                for date in record["dates"]:
                    event[f"patch_{patch}/{date}"] = np.zeros((4, 4, 2), np.float32)
        return _closed(whole, sink)


def _closed(whole: h5py.File, sink: io.BytesIO) -> bytes:
    whole.close()
    return sink.getvalue()


def _tar(file: File, records: list[str]) -> bytes:
    """A picture and a JSON file for each record."""
    sink = io.BytesIO()
    picture = _painted("[0, 255]")
    with tarfile.open(fileobj=sink, mode="w") as whole:
        for n, record in enumerate(records):
            for name, data in ((f"{n}.jpg", picture), (f"{n}.json", record.encode())):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                whole.addfile(member, io.BytesIO(data))
    return sink.getvalue()


_WRITERS: dict[str, Callable[[File, list[str]], bytes]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".npy": _npy,
    ".mat": _mat,
    ".h5": _hdf5,
    ".tar": _tar,
}
