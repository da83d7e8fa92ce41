"""One span of a dataset to checked rows, rejects and counts: what a worker does, without Beam.

    read -> gather -> look -> items -> build -> settle -> check

Samples are gathered by split, their pictures looked at once, and their items taken apart by kind.
Each kind goes to the tasks that take it; whatever no source asks for is `unselected`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter

import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from converters.catalogue import yields
from converters.dataset import read_span
from converters.dialects import dialect
from converters.ledger import Book, Counts, Rejects, escaped
from converters.read import files, images, recipes
from converters.read.folder import Folder, Sides, Span
from converters.read.georeference import Georeference, georeference
from converters.read.images import Facts, PictureError
from converters.read.nearby import Nearby
from converters.regions.shapes import LIMIT
from converters.rows.assemble import Job
from converters.rows.check import check_rows
from converters.rows.pictures import Pictures, path_lists
from converters.tasks import TASKS
from converters.tasks.items import Items, columns_items, columns_pictures, count, sample_items
from schemas.entry import Entry
from schemas.mix import ImageMode
from schemas.sample import KINDS, Kind, Picture, Reject, Sample
from schemas.table import Columns

# Of a file as of `..\up.jpg`, which a folder of this system may hold.
_OUTSIDE = Facts(fault="unreadable_image", detail="its name leads out of its folder")


class Dataset(Struct, frozen=True):
    """One dataset of a run: where it lies and the mix's sources that use it.

    georeferenced: whether its pictures are asked where they lie.
    """

    entry: Entry
    folder: Folder
    jobs: list[Job]
    images: ImageMode
    verify: bool = False
    georeferenced: bool = False

    def place(self, path: str) -> str:
        """Where the picture of a path is read: its file, or what the entry's recipe makes of it.

        Rows that only name pictures name files.
        """
        file, recipe = self.folder.absolute(path), self.entry.recipe
        return file if recipe is None else f"{file}!{recipes.words(recipe.bands, recipe.stretch)}"

    def jobs_of(self, split: str) -> dict[Kind, list[Job]]:
        """The sources that want a split, by the kind of item that their task is made of."""
        found: dict[Kind, list[Job]] = {}
        for job in self.jobs:
            kind = TASKS[job.spec.task].kind(yields(self.entry))
            if kind is not None and job.spec.wants(split):
                found.setdefault(kind, []).append(job)
        return found


class Converted(Struct):
    """Rows in the segment schema, rejects, and what was counted."""

    rows: list[pa.RecordBatch]
    rejects: Rejects
    counts: Counts


def convert_span(dataset: Dataset, span: Span, sides: Sides | None = None) -> Converted:
    """Reads one span and builds the rows of every source of its dataset.

    sides: the joined tables of its split by name, for formats that have them.
    """
    book = Book(dataset.entry.slug, yields(dataset.entry)[0])
    rows: list[pa.RecordBatch] = []
    for found in _gather(read_span(dataset.entry, dataset.folder, span, sides or {}), book):
        for batch, jobs in _items(dataset, found, book):
            built = [TASKS[job.spec.task].build(job, batch) for job in jobs]
            book.settle(batch, [one.reasons for one in built])
            for one in built:
                book.repaired(one.repairs)
                if one.rows is not None:
                    rows.append(book.keep(one.rows, check_rows(one.rows)))
    return Converted([batch for batch in rows if batch.num_rows], book.rejects, book.counts)


def _gather(
    found: Iterable[Sample | Columns | Reject], book: Book
) -> Iterator[list[Sample] | Columns]:
    """Samples of one split together, columns as they come; the reader's rejects are booked."""
    samples: dict[str, list[Sample]] = {}
    for item in found:
        if isinstance(item, Reject):
            book.unread(item)
        elif isinstance(item, Sample):
            item = _escaped(item)
            samples.setdefault(item.split, []).append(item)
        else:
            yield item._replace(file=escaped(item.file), split=escaped(item.split))
    for split in sorted(samples):
        yield samples[split]


def _escaped(sample: Sample) -> Sample:
    if f"{sample.file}{sample.key}{sample.split}".isascii():
        return sample
    names = {name: escaped(getattr(sample, name)) for name in ("file", "key", "split")}
    return replace(sample, **names)


def _items(
    dataset: Dataset, found: list[Sample] | Columns, book: Book, looked: Pictures | None = None
) -> Iterator[tuple[Items, list[Job]]]:
    """The items of samples or columns, one batch a kind, with the sources that take them.

    looked: their pictures, where these were looked at before.
    """
    if isinstance(found, Columns):
        jobs = dataset.jobs_of(found.split)
        pictures = _look(dataset, columns_pictures(found), jobs)
        # Fast way: where each item may become a row, columns say all that is needed. What drops
        # whole records, a picture's fault or a mix that does not ask for them, takes Samples.
        if found.samples is not None and (
            found.kind not in jobs or any(map(pictures.fault, pictures.stated))
        ):
            every = map(_escaped, found.samples())
            samples = [one for one in every if one.split == found.split]
            yield from _items(dataset, samples, book, pictures)
            return
        book.read(found.split, found.kind, found.table.num_rows)
        _book_pictures(book, found.split, pictures, jobs, dataset)
        yield columns_items(found, pictures, book), jobs.get(found.kind, [])
        return
    split = found[0].split
    jobs = dataset.jobs_of(split)
    said = {picture.path: picture for sample in found for picture in sample.pictures}
    stated = {path: _believed(picture) for path, picture in said.items()}
    odd = sum(stated[path] is not picture for path, picture in said.items())
    book.add(split, "notes", "odd_sizes", odd)
    spoken = {talk.dialect for sample in found for talk in sample.conversations if talk.dialect}
    pictures = looked or _look(dataset, stated, jobs, spoken, _largest_whole(jobs, found))
    _book_pictures(book, split, pictures, jobs, dataset, _without_items(found))
    for kind in KINDS:
        if not (number := sum(map(len, map(attrgetter(f"{kind}s"), found)))):
            continue
        book.read(split, kind, number)
        if kind in jobs:
            batch = sample_items(dataset.entry, found, kind, pictures, book, jobs)
            if batch is not None:
                yield batch, jobs[kind]
        else:
            for sample in found:
                if number := count(sample, kind):
                    book.drop(_unselected(sample, kind, number))


def _believed(picture: Picture) -> Picture:
    """A picture as its record states it, without a size that no picture has."""
    if max(picture.width or 0, picture.height or 0) <= LIMIT:
        return picture
    return replace(picture, width=None, height=None)


def _book_pictures(
    book: Book,
    split: str,
    pictures: Pictures,
    jobs: Mapping[Kind, list[Job]],
    dataset: Dataset,
    without_items: int = 0,
) -> None:
    faults = [fault for path in pictures.stated if (fault := pictures.fault(path))]
    book.pictures(split, len(pictures.stated), faults, without_items)
    if any(job.spec.tile is None for some in jobs.values() for job in some):
        facts = pictures.facts.values()
        book.add(split, "notes", "large_pictures", images.beyond_loaders(facts))
        if dataset.images != "path":
            note = "deep_pictures" if dataset.images == "embed" else "stretched_pictures"
            book.add(split, "notes", note, sum(one.deep for one in facts))
    if jobs.keys() & {"region", "expression"}:
        book.add(split, "notes", "either_way_up", pictures.either_way_up())
    if dataset.georeferenced:
        readable = [path for path in pictures.stated if not pictures.fault(path)]
        missing = sum(pictures.position(path) is None for path in readable)
        book.add(split, "notes", "without_georeference", missing)
        book.add(split, "notes", "other_gsd", pictures.disagreeing())


def _unselected(sample: Sample, kind: Kind, number: int) -> Reject:
    detail = f"no source of the mix is made of items of kind {kind}"
    return Reject(sample.file, sample.key, sample.split, "unselected", detail, number, kind)


def _without_items(samples: list[Sample]) -> int:
    """Pictures of samples that hold no item of any kind."""
    held = [map(len, map(attrgetter(f"{kind}s"), samples)) for kind in KINDS]
    counts = map(sum, zip(*held, strict=True))
    return sum(
        len(sample.pictures) for sample, count in zip(samples, counts, strict=True) if not count
    )


def _look(
    dataset: Dataset,
    stated: dict[str, Picture],
    jobs: dict[Kind, list[Job]],
    spoken: Collection[str] = (),
    largest: int | None = None,
) -> Pictures:
    """The pictures of a batch, with what reading them says.

    All are read where their bytes are wanted; in path mode only those whose size a source needs and
    that annotation and catalogue do not tell, or tell in two ways, and then only their heads.
    spoken: dialects in which ready-made texts of the batch have boxes. largest: pixels of the
    longer side of pictures that rows may hold whole.
    """
    outside = {path: _OUTSIDE for path in stated if not files.inside(path)}
    within = [path for path in stated if path not in outside] if outside else list(stated)
    facts: dict[str, Facts] = {}
    if dataset.images != "path" or dataset.verify:
        facts = _read(dataset, within, sizes_only=False, largest=largest)
    elif any(_needs_size(job, spoken) for some in jobs.values() for job in some):
        unsized = [path for path in within if _unsure(stated[path], dataset.entry)]
        facts = _read(dataset, unsized, sizes_only=True) if unsized else {}
    facts |= outside
    for path in stated.keys() - facts.keys():
        if fault := images.unwritable(path):
            facts[path] = fault
    absent = frozenset[str]()
    if dataset.images == "path" and not dataset.verify:
        # There a picture that is not on disk costs only what needs its size.
        absent = frozenset(path for path, one in facts.items() if one.fault == "missing_image")
    lies = _lies(dataset, [path for path in stated if path not in facts or not facts[path].fault])
    return Pictures(dataset.entry, path_lists([]), stated, facts, absent, lies=lies)


def _largest_whole(jobs: Mapping[Kind, list[Job]], samples: list[Sample]) -> int | None:
    """The longer side in pixels beyond which pictures of samples are shown in tiles alone; None
    where rows may hold each of them whole (see `tiles.cut`)."""
    tiles = [job.spec.tile for some in jobs.values() for job in some]
    if jobs.keys() != {"region"} or any(len(sample.pictures) != 1 for sample in samples):
        return None
    sizes = [tile.size for tile in tiles if tile is not None]
    return max(sizes) if len(sizes) == len(tiles) else None


def _lies(dataset: Dataset, paths: list[str]) -> dict[str, Georeference]:
    """How pictures lie on the map: of those that say so, where that was asked."""
    if not dataset.georeferenced or not paths:
        return {}

    def read(path: str) -> Georeference | None:
        try:
            return georeference(dataset.folder.absolute(path))
        except PictureError:  # none, or not to be read: counted where pictures are booked
            return None

    readers = images.readers(dataset.folder.absolute(paths[0]))
    found = images.in_threads(read, paths, readers)
    return {path: lies for path, lies in zip(paths, found, strict=True) if lies is not None}


def _unsure(picture: Picture, entry: Entry) -> bool:
    """True where a picture's size must be read: nobody states it, or two state different ones."""
    if not picture.width:
        return not entry.size
    return bool(entry.size) and (picture.width, picture.height) != entry.size


def _read(
    dataset: Dataset, paths: list[str], sizes_only: bool, largest: int | None = None
) -> dict[str, Facts]:
    places = [dataset.place(path) for path in paths]
    found = images.read_all(places, dataset.verify, sizes_only, largest)
    if dataset.entry.recipe and dataset.images == "path":
        # The row names the file, so what is made of it has no hash and no bytes there.
        found = [facts._replace(sha256="", size=0) for facts in found]
    facts = dict(zip(paths, found, strict=True))
    if sizes_only:  # a picture that is not there is no fault by itself
        return facts
    nearby = Nearby(dataset.folder.root)
    for path in [path for path, one in facts.items() if one.fault == "missing_image"]:
        facts[path] = facts[path]._replace(detail=nearby.instead_of(path))
    return facts


def _needs_size(job: Job, spoken: Collection[str]) -> bool:
    """True where a source cannot do without the size of a picture: for its dialect, for words of
    place and size, or for its filter; for ready-made texts, to read their boxes and write them."""
    task = TASKS[job.spec.task]
    if not task.worded:
        others = [name for name in spoken if name != job.dialect]
        needed = [*spoken, *([job.dialect] if others else [])]
        return any(dialect(name).needs_size for name in needed)
    boxes = task.boxed and dialect(job.dialect).needs_size
    return task.sized or boxes or (task.boxed and job.spec.filter.min_side > 0)
