"""What a mix will give, before it is made (`earthmix plan`).

Spans are read and their rows built as a run would, but no picture is opened that need not be, and
nothing is written. Where all spans are read within the time that is given, rows are exact but for
pictures that turn out to be unreadable; where not, the spans that were read stand for the rest.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.convert import convert_span
from converters.dataset import read_sides
from converters.read import cutting, files, images, pixels
from converters.read.folder import Plan, Span
from pipelines import parquet, shards
from pipelines.plan import RunPlan
from pipelines.shards import Chosen
from schemas.table import SEGMENT_ROW

_TRIED = 24  # pictures that are read and encoded anew, and scenes that are cut, to see the cost
_FULL_ROWS = 5_000  # of a dataset: rows that are written, to memory, to see how long they are
_COLUMNS = ("id", "images", "scene", "dataset", "source", "dedup", "home")
_START = 2.5  # seconds that a run takes before it reads anything


class SourceForecast(NamedTuple):
    """Rows that one source of a mix will give, exactly or about."""

    name: str
    dataset: str
    task: str
    rows: int
    exact: bool


class DatasetForecast(NamedTuple):
    """Items of a dataset, and the pictures of its rows.

    pictures, size: pictures that rows will show, tiles among them, and their bytes. absent: those
    that are not on disk, whose rows an embedding run drops; example: the path of one.
    """

    items: int
    pictures: int
    size: float
    absent: int
    example: str


class Forecast(NamedTuple):
    """sizes: bytes of the output in each image mode. seconds: on this machine, about."""

    sources: list[SourceForecast]
    datasets: dict[str, DatasetForecast]
    sizes: dict[str, float]
    seconds: float

    @property
    def rows(self) -> int:
        """Rows of all sources."""
        return sum(source.rows for source in self.sources)

    @property
    def exact(self) -> bool:
        """Whether every span was read."""
        return all(source.exact for source in self.sources)


class _Sampled(NamedTuple):
    """Rows of the spans of a dataset that were read.

    full: the first of them with all columns. share: of the dataset's records. items: read in them.
    """

    rows: list[pa.RecordBatch]
    full: list[pa.RecordBatch]
    share: float
    items: int


class _Cost(NamedTuple):
    """Of the pictures of a dataset: bytes in all, bytes when encoded anew, seconds of work."""

    size: float
    anew: float
    seconds: float


def forecast(plan: RunPlan, budget: float) -> Forecast:
    """What a plan gives.

    plan: made for pictures that are embedded. budget: seconds that reading may take; one span of
    each dataset is read in any case. Raises SourceError where a run would.
    """
    begun = time.monotonic()
    sampled = {}
    for left, slug in enumerate(reversed(plan.datasets), 1):
        until = time.monotonic() + max(0.0, budget - (time.monotonic() - begun)) / (
            len(plan.datasets) - left + 1
        )
        sampled[slug] = _sample(plan, slug, until)
    reading = sum(1 / one.share for one in sampled.values()) / len(sampled)
    seconds = (time.monotonic() - begun) * reading
    schema = pa.schema([SEGMENT_ROW.field(name) for name in _COLUMNS])
    batches = [batch for one in sampled.values() for batch in one.rows]
    rows = pa.Table.from_batches(batches, schema).unify_dictionaries().combine_chunks()
    gone, example = _absent(plan, rows)
    rows = rows.filter(pa.array(~gone))
    chosen = _choose(plan, rows)
    kept = rows.take(pa.array(chosen.kept))
    sources, growth = _sources(plan, kept, sampled)
    datasets: dict[str, DatasetForecast] = {}
    sizes = dict.fromkeys(("embed", "reencode", "path"), 0.0)
    for slug in plan.datasets:
        mine = kept.filter(pc.equal(kept["dataset"].cast(pa.string()), slug))
        pictures, cost = _pictures(plan, slug, mine)
        absent = example.get(slug, (0, ""))
        datasets[slug] = DatasetForecast(
            round(sampled[slug].items / sampled[slug].share),
            round(pictures * growth[slug]),
            cost.size * growth[slug],
            round(absent[0] / sampled[slug].share),
            absent[1],
        )
        text = len(mine) * growth[slug] * _row_bytes(plan, sampled[slug].full)
        sizes["path"] += text
        sizes["embed"] += text + cost.size * growth[slug]
        sizes["reencode"] += text + cost.anew * growth[slug]
        seconds += cost.seconds * growth[slug]
    return Forecast(sources, datasets, sizes, _START + seconds / (os.cpu_count() or 1))


def _sample(plan: RunPlan, slug: str, until: float) -> _Sampled:
    """Reads spans in an order any beginning of which stands for the whole, up to a moment."""
    # No picture is opened but for its size: an embedding run's rows, but for its bad pictures.
    dataset = msgspec.structs.replace(plan.datasets[slug], images="path", verify=False)
    spans = [span for span in plan.spans if span.slug == slug]
    own = [span for span in plan.sides if span.slug == slug]
    sides = read_sides(dataset.entry, dataset.folder, Plan(spans, sides=own))
    rows: list[pa.RecordBatch] = []
    full: list[pa.RecordBatch] = []
    done, items = 0, 0
    for number, span in enumerate(sorted(spans, key=_shuffled)):
        if number and time.monotonic() > until:
            break
        converted = convert_span(dataset, span, sides.get(span.split))
        for batch in converted.rows:
            rows.append(batch.select(list(_COLUMNS)))
            if sum(one.num_rows for one in full) < _FULL_ROWS:
                full.append(batch.slice(0, _FULL_ROWS))
        items += sum(
            n for key, n in converted.counts.items() if (key.level, key.bucket) == ("items", "read")
        )
        done += max(1, span.records)
    records = sum(max(1, span.records) for span in spans)
    return _Sampled(rows, full, done / records if records else 1.0, items)


def _shuffled(span: Span) -> bytes:
    return hashlib.sha256(f"{span.slug} {span.split} {span.index}".encode()).digest()


def _absent(
    plan: RunPlan, rows: pa.Table
) -> tuple[npt.NDArray[np.bool_], dict[str, tuple[int, str]]]:
    """Which rows show a picture that is not on disk; by dataset how many pictures, and one."""
    lists = rows["images"].combine_chunks() if len(rows) else pa.array([], rows["images"].type)
    owner = np.asarray(pc.list_parent_indices(lists))
    paths = lists.flatten().field("path").dictionary_encode()
    scene = pc.struct_field(rows["scene"].combine_chunks(), "path").cast(pa.string()).to_pylist()
    slugs = rows["dataset"].cast(pa.string()).to_pylist()
    gone = np.zeros(len(rows), bool)
    there: dict[str, bool] = {}
    found: dict[str, tuple[int, str]] = {}
    for row, path in zip(owner.tolist(), paths.to_pylist(), strict=True):
        file = plan.picture_file(slugs[row], scene[row] or path)
        if file not in there:
            there[file] = files.exists(file)
            if not there[file]:
                number, first = found.get(slugs[row], (0, scene[row] or path))
                found[slugs[row]] = number + 1, first
        gone[row] |= not there[file]
    return gone, found


def _choose(plan: RunPlan, rows: pa.Table) -> Chosen:
    """The rows that a run would write of these."""
    queues = shards.queue(rows, plan.mix.sources, plan.mix.seed)
    limits = {source: int(ranks[-1]) for source, ranks in queues.items()}
    return shards.choose(rows, plan.mix.sources, plan.mix.seed, limits)


def _sources(
    plan: RunPlan, kept: pa.Table, sampled: Mapping[str, _Sampled]
) -> tuple[list[SourceForecast], dict[str, float]]:
    """Rows of each source; and of each dataset, how many rows of the mix stand behind one here."""
    source = np.asarray(kept["source"].combine_chunks()) if len(kept) else np.zeros(0, np.int16)
    sources, seen, expected = [], Counter[str](), Counter[str]()
    for number, spec in enumerate(plan.mix.sources):
        here = int((source == number).sum())
        rows = round(here / sampled[spec.dataset].share)
        rows = rows if spec.take is None else min(rows, spec.take)
        exact = sampled[spec.dataset].share == 1
        sources.append(SourceForecast(spec.name, spec.dataset, spec.task, rows, exact))
        seen[spec.dataset] += here
        expected[spec.dataset] += rows
    growth = {slug: expected[slug] / seen[slug] if seen[slug] else 0.0 for slug in plan.datasets}
    return sources, growth


def _pictures(plan: RunPlan, slug: str, rows: pa.Table) -> tuple[int, _Cost]:
    """How many pictures the rows of a dataset show, tiles among them, and what they cost."""
    lists = rows["images"].combine_chunks()
    owner = np.asarray(pc.list_parent_indices(lists)).tolist()
    paths = lists.flatten().field("path").cast(pa.string()).to_pylist()
    scenes = rows["scene"].to_pylist()
    whole: dict[str, None] = {}
    tiles: dict[str, dict[tuple[int, int], int]] = {}
    sides = {n: spec.tile.size for n, spec in enumerate(plan.mix.sources) if spec.tile}
    source = rows["source"].to_pylist()
    for row, path in zip(owner, paths, strict=True):
        if scenes[row]:
            file = plan.picture_file(slug, scenes[row]["path"])
            tiles.setdefault(file, {})[scenes[row]["x"], scenes[row]["y"]] = sides[source[row]]
        else:
            whole[plan.picture_file(slug, path)] = None
    number = len(whole) + sum(len(some) for some in tiles.values())
    costs = [_cost_of_pictures(list(whole)), _cost_of_tiles(plan, slug, tiles)]
    return number, _Cost(*(sum(values) for values in zip(*costs, strict=True)))


def _cost_of_pictures(paths: Sequence[str]) -> _Cost:
    """Bytes are those of the files; a few are read and encoded anew to see what that takes."""
    size = float(sum(files.store(path).size(path) for path in paths))
    tried = sorted(paths, key=lambda path: hashlib.sha256(path.encode()).digest())[:_TRIED]
    begun = time.monotonic()
    data = [files.store(path).read(path) for path in tried]
    for one in data:
        hashlib.sha256(one).digest()
    seconds = time.monotonic() - begun
    before = after = 0
    for one in data:
        try:
            after += len(images.reencode(one))
            before += len(one)
        except images.PictureError:
            continue  # the run rejects it
    read = sum(len(one) for one in data)
    # Each is read for its facts and once more for the shard, which is written.
    work = 3 * seconds * size / read if read else 0.0
    return _Cost(size, size * after / before if before else 0.0, work)


def _cost_of_tiles(
    plan: RunPlan, slug: str, tiles: Mapping[str, Mapping[tuple[int, int], int]]
) -> _Cost:
    """A few scenes are cut, and stand for the others by the number of their tiles."""
    kinds = [s.tile.format for s in plan.mix.sources if s.dataset == slug and s.tile]
    cut, size, begun = 0, 0, time.monotonic()
    tried = sorted(tiles, key=lambda path: hashlib.sha256(path.encode()).digest())[:_TRIED]
    for path in tried:
        windows = [(x, y, side, side) for (x, y), side in tiles[path].items()]
        data = files.store(path).read(path)
        found = images.check(data)
        inside = [
            (x, y, min(w, found.width - x), min(h, found.height - y)) for x, y, w, h in windows
        ]
        encoded = cutting.cut(data, [(window, kinds[0]) for window in inside], pixels.written)
        cut, size = cut + len(encoded), size + sum(len(one) for one in encoded)
    if not cut:
        return _Cost(0.0, 0.0, 0.0)
    growth = sum(len(some) for some in tiles.values()) / cut
    return _Cost(size * growth, size * growth, (time.monotonic() - begun) * growth)


def _row_bytes(plan: RunPlan, full: Sequence[pa.RecordBatch]) -> float:
    """Bytes of a row without its pictures in Parquet."""
    table = pa.Table.from_batches(full, SEGMENT_ROW).unify_dictionaries() if full else None
    if table is None or not table.num_rows:
        return 0.0
    sink = io.BytesIO()
    every = np.arange(len(table))
    none = np.zeros(0, np.int64)
    order = every[np.lexsort(shards.words(table["home"]).T[::-1])]
    chosen = Chosen(order, np.zeros(len(table), np.int64), none, none, none)
    parquet.write_rows(sink, table, chosen, "path", plan.picture_file)
    return len(sink.getvalue()) / len(table)
