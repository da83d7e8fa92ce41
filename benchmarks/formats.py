"""Each format's reader beside the bare parse of the same files: `python -m benchmarks.formats`.

The files are those of `formats.toml`, all records whole. The reader is what a run calls: the
listing and the spans, then every span to Samples or columns (`converters.dataset`), a span's held
together as a run holds them. The bare parse lists the folder and parses the same annotation files
to Python values: JSON by msgspec without a type, CSV by `csv`, Parquet and Arrow by pyarrow, XML by
ElementTree, masks by Pillow, text by `split`. Both on one core, without the garbage collector, as
a run converts a span; in turns, and the best of each counts. The times are the processor's, since
others may work on the machine.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import h5py
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
from PIL import Image

from benchmarks import native
from converters.catalogue import catalogue, format_names
from converters.dataset import open_dataset, read_sides, read_span
from schemas.entry import Entry
from schemas.sample import Reject, Sample

_QUICK = 0.02


class Read(NamedTuple):
    """What a reader gave: Samples and rows of columns, Rejects, and seconds for the listing."""

    rows: int
    rejects: list[Reject]
    listing: float


def read(entry: Entry, root: Path) -> Read:
    """Reads a dataset as a run does, without making rows of it."""
    started = time.process_time()
    folder, plan = open_dataset(entry, str(root))
    listing = time.process_time() - started
    sides = read_sides(entry, folder, plan)
    rows, rejects = 0, list[Reject]()
    for span in plan.spans:
        found = list(read_span(entry, folder, span, sides.get(span.split, {})))
        for item in found:
            if isinstance(item, Reject):
                rejects.append(item)
            else:
                rows += 1 if isinstance(item, Sample) else item.table.num_rows
    return Read(rows, rejects, listing)


def bare(files: Sequence[Path], root: Path) -> None:
    """Lists a folder and parses its annotation files, one after the other."""
    for _ in os.walk(root):
        pass
    for file in files:
        _PARSERS.get(file.suffix, _text)(file)


def _json(file: Path) -> Any:
    return msgspec.json.decode(file.read_bytes())


def _json_lines(file: Path) -> Any:
    return msgspec.json.Decoder().decode_lines(file.read_bytes())


def _csv(file: Path) -> Any:
    text = file.read_text()
    return list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text[:200] else ","))


def _text(file: Path) -> Any:
    return [line.split() for line in file.read_text().splitlines()]


def _xml(file: Path) -> Any:
    return ElementTree.fromstring(file.read_bytes())


def _parquet(file: Path) -> Any:
    """The rows; where they have masks, those decoded."""
    rows = pq.read_table(file, use_threads=False).to_pylist()
    masks = [row["label"] for row in rows if isinstance(row.get("label"), dict)]
    return rows, [np.asarray(Image.open(io.BytesIO(mask["bytes"]))) for mask in masks]


def _arrow(file: Path) -> Any:
    with pa.OSFile(str(file)) as source:
        return pa.ipc.open_stream(source).read_all().to_pylist()


def _mask(file: Path) -> Any:
    with Image.open(file) as picture:
        return np.asarray(picture)


def _tar(file: Path) -> Any:
    with tarfile.open(file) as whole:
        members = ((member, whole.extractfile(member)) for member in whole)
        return [
            msgspec.json.decode(data.read())
            for member, data in members
            if data is not None and member.name.endswith(".json")
        ]


def _hdf5(file: Path) -> Any:
    """The names of all arrays, and the classes; pictures are left where they are."""
    with h5py.File(file) as whole:
        names: list[str] = []
        whole.visit(names.append)
        return (
            names,
            [group.attrs.get("split") for group in whole.values()],
            whole["label"][:].tolist() if "label" in whole else [],
        )


_PARSERS: dict[str, Callable[[Path], Any]] = {
    ".json": _json,
    ".geojson": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
    ".xml": _xml,
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".png": _mask,
    ".tar": _tar,
    ".h5": _hdf5,
    ".npy": np.load,
    ".mat": lambda file: scipy.io.loadmat(str(file)),
}


def _seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    gc.freeze()
    gc.disable()
    started = time.process_time()
    found = call()
    seconds = time.process_time() - started
    gc.enable()
    gc.unfreeze()
    return seconds, found


def measure(name: str, work: Path, share: float, rounds: int) -> str:
    """A line of the table. Raises SystemExit where the reader does not take every record."""
    layout = native.layouts()[name]
    entry = catalogue()[layout.entry]
    root = work / name
    shutil.rmtree(root, ignore_errors=True)
    files = native.write(layout, root, share)
    reader, parse = float("inf"), float("inf")
    listing = float("inf")
    for _ in range(rounds):
        seconds, _ = _seconds(lambda: bare(files, root))
        parse = min(parse, seconds)
        seconds, found = _seconds(lambda: read(entry, root))
        if seconds < reader:
            reader, listing = seconds, found.listing
    shutil.rmtree(root)
    if found.rejects or not found.rows:
        raise SystemExit(f"{name}: {found.rows} read, rejected: {found.rejects[:1]}")
    each = [seconds * 1e6 / found.rows for seconds in (reader, listing, parse)]
    times = " ".join(f"{microseconds:>9.1f}" for microseconds in each)
    return (
        f"{name:<20} {found.rows:>8,} {found.rows / reader:>9,.0f} {times} {reader / parse:>7.2f}"
    )


def main() -> None:
    """Command line of the measurement."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    known = native.layouts()
    parser.add_argument("names", nargs="*", metavar="NAME", help="formats; all where none is named")
    parser.add_argument(
        "--quick", action="store_true", help="small inputs, once: does it run at all"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path(".bench/formats"))
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in known]:
        parser.error(f"no such format: {', '.join(unknown)}")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    print("microseconds of one core an item (of listing in them); ratio: reader to bare parse")
    columns = ("items", "a second", "reader", "listing", "bare", "ratio")
    print(f"{'format':<20} {columns[0]:>8} {' '.join(f'{one:>9}' for one in columns[1:])}")
    if not args.names and (missing := sorted({*format_names()} - known.keys())):
        print(f"without a record in formats.toml, so not measured: {', '.join(missing)}")
    for name in args.names or known:
        share, rounds = (_QUICK, 1) if args.quick else (1.0, args.rounds)
        print(measure(name, args.work.resolve(), share, rounds), flush=True)


if __name__ == "__main__":
    main()
