"""What a run will do, worked out before it starts: datasets, spans, the number of shards.

A plan is small, and the launcher holds it.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence

from msgspec import Struct

from converters.catalogue import LISTING, catalogue, place_to_get
from converters.convert import Dataset
from converters.dataset import open_dataset
from converters.read import files
from converters.read.files import MissingExtra, SourceError
from converters.read.folder import UNKNOWN, Folder, Plan, Span
from converters.read.georeference import has_rasterio
from converters.regions.attributes import spoken
from converters.rows.assemble import Job
from converters.tasks import TASKS
from converters.tasks.wordings import pools
from pipelines import tokens
from pipelines.load import without_missing
from schemas.entry import Entry
from schemas.mix import ImageMode, Mix, SourceSpec
from schemas.names import known_names
from schemas.toml import ConfigError

SHARD_BYTES = 500_000_000
SHARD_ROWS = 250_000
_ROW_BYTES = 800
_TILE_SHARE = 0.5  # of a scene's bytes: what its tiles hold together, at most about
MAX_SHARDS = 4096


class RunPlan(Struct, frozen=True):
    """A run, planned.

    size: bytes that will be written, about. out: the output folder; work: its temporary folder;
    name: of that folder in an object store, where a worker of a dead run may still write.
    columnar: datasets whose byte ranges are decoded as columns. tokenizer: a file, where the card
    is to give lengths in tokens. The limits of capped sources are
    found later, from the data.
    """

    mix: Mix
    images: ImageMode
    datasets: dict[str, Dataset]
    spans: list[Span]
    sides: list[Span]
    notes: list[str]
    shards: int
    size: float
    out: str
    name: str = ""
    columnar: frozenset[str] = frozenset()
    tokenizer: str = ""

    @property
    def work(self) -> str:
        """The folder for the run's temporary files, which all workers see."""
        return files.join(self.out, f".work/{self.name}" if self.name else ".work")

    @property
    def capped(self) -> bool:
        """Whether a source has a cap; then all its rows are looked at before any is written."""
        return any(source.take is not None for source in self.mix.sources)

    @property
    def roots(self) -> dict[str, str]:
        """The folder of each dataset, by slug."""
        return {slug: dataset.folder.root for slug, dataset in self.datasets.items()}

    def picture_file(self, slug: str, path: str) -> str:
        """The file of a dataset's picture. path: as rows hold it, the dataset's folder first."""
        return self.datasets[slug].place(path.partition("/")[2])


def make_plan(
    mix: Mix,
    data_root: str,
    out: str,
    image_mode: ImageMode | None = None,
    verify: bool = False,
    paths: Mapping[str, str] | None = None,
    skip_missing: bool = False,
    tokenizer: str = "",
) -> RunPlan:
    """Looks at every source of a mix.

    skip_missing: leaves out the datasets that cannot be read here, which the card then lists.
    tokenizer: the file of one, to count the texts' tokens.

    Raises ConfigError or SourceError with one line for each source that cannot be read.
    """
    if tokenizer:
        tokens.load(tokenizer)
    mode = image_mode or mix.images
    if mode == "path" and (cut := [source.name for source in mix.sources if source.tile]):
        raise ConfigError(
            f"--images path cannot hold tiles, which are no files of the dataset (sources "
            f"{', '.join(cut)}): use --images embed, or --tile off"
        )
    name = uuid.uuid4().hex[:8] if files.scheme(out) else ""
    check_paths(paths or {}, [catalogue()[source.dataset] for source in mix.sources])
    opened, missing = _open_all(mix, data_root, paths or {})
    if missing and skip_missing:
        mix, missing = without_missing(mix, missing), {}
    faults = list(dict.fromkeys(missing.values()))
    datasets: dict[str, Dataset] = {}
    patterns: dict[str, tuple[str, ...]] = {}
    spans, sides, notes = [], [], []
    for slug, (folder, found) in opened.items():
        entry = catalogue()[slug]
        classes = _classes(entry, found.classes)
        jobs = _jobs(mix, entry, mode, classes)
        faults += [
            _named(slug, _unlisted(job)) for job in jobs if not classes and _lists_classes(job.spec)
        ]
        # What is encoded anew is decoded in the end, too late for a Reject.
        verify_all = verify or mode == "reencode"
        asked = entry.georeference or mix.georeference
        if asked and not has_rasterio():
            notes.append(f"{slug}: where pictures lie is not read: pip install 'earthmix[geo]'")
        datasets[slug] = Dataset(entry, folder, jobs, mode, verify_all, asked and has_rasterio())
        patterns[slug] = found.pictures if mode != "path" else ()
        spans += found.spans
        sides += found.sides
        notes += [f"{slug}: {note}" for note in found.notes]
    if faults:
        raise SourceError("\n".join(faults))
    rows, size = expected(datasets, spans, patterns)
    shards = shard_count(rows, size)
    columnar = frozenset(slug for slug, (_, found) in opened.items() if found.columnar)
    return RunPlan(
        mix, mode, datasets, spans, sides, notes, shards, size, out, name, columnar, tokenizer
    )


def _open_all(
    mix: Mix, data_root: str, paths: Mapping[str, str]
) -> tuple[dict[str, tuple[Folder, Plan]], dict[str, str]]:
    """Each dataset's folder and what its reader finds there, and why others cannot be read."""
    opened: dict[str, tuple[Folder, Plan]] = {}
    missing: dict[str, str] = {}
    extras: dict[tuple[str, str], list[str]] = {}
    for slug in dict.fromkeys(source.dataset for source in mix.sources):
        entry = catalogue()[slug]
        try:
            folder, found = _open(mix, entry, data_root, paths)
            _check_splits(folder, found.spans)
        except MissingExtra as error:
            extras.setdefault((error.extra, error.package), []).append(slug)
            continue
        except SourceError as error:
            missing[slug] = (
                f"{_named(slug, str(error))}. Get it from {place_to_get(entry)} (see `earthmix "
                f"check {slug}`)"
            )
            continue
        opened[slug] = folder, found
    # The data are there, and one command is enough for all of them.
    for (extra, package), slugs in extras.items():
        line = f"{', '.join(slugs)}: needs {package}: pip install 'earthmix[{extra}]'"
        missing.update(dict.fromkeys(slugs, line))
    return opened, missing


def check_paths(paths: Mapping[str, str], entries: Sequence[Entry]) -> None:
    """Raises ConfigError with one line for each path of a dataset that is not among `entries`.

    paths: by slug or folder.
    """
    known = dict.fromkeys(name for entry in entries for name in (entry.slug, entry.folder))
    if faults := [
        f'--path {name}={paths[name]}: no dataset "{name}" here; '
        f"{known_names(name, known, LISTING)}"
        for name in paths
        if name not in known
    ]:
        raise ConfigError("\n".join(faults))


def _check_splits(folder: Folder, spans: Sequence[Span]) -> None:
    """Raises SourceError where a split that was asked for is missing and others are there.

    Files that hold several splits are not known before they are read.
    """
    there = {span.split for span in spans}
    missing = sorted((folder.splits or frozenset()) - there)
    if missing and there and UNKNOWN not in there:
        raise SourceError(f"no annotations of split {', '.join(missing)} in {folder.root}")


def _named(slug: str, text: str) -> str:
    return text if text.startswith(f"{slug}: ") else f"{slug}: {text}"


def _open(mix: Mix, entry: Entry, data_root: str, paths: Mapping[str, str]) -> tuple[Folder, Plan]:
    """A dataset's folder and plan, with the splits that the mix's sources want.

    A source that names none wants all.
    """
    wanted = [spec.split for spec in mix.sources if spec.dataset == entry.slug]
    splits = (
        None
        if any(split is None for split in wanted)
        else frozenset(name for splits in wanted for name in splits or [])
    )
    root = paths.get(entry.slug) or paths.get(entry.folder) or files.join(data_root, entry.folder)
    return open_dataset(entry, root, splits)


def _jobs(mix: Mix, entry: Entry, mode: ImageMode, classes: tuple[str, ...]) -> list[Job]:
    """What the mix makes of one dataset: a job for each of its sources."""
    return [
        Job(
            number,
            spec,
            entry,
            mix.seed,
            mix.dialect,
            mix.fallback_dialect,
            mix.group,
            mode != "path",
            classes,
            mix.unsayable,
            mix.unread,
        )
        for number, spec in enumerate(mix.sources)
        if spec.dataset == entry.slug
    ]


def _classes(entry: Entry, found: Sequence[str]) -> tuple[str, ...]:
    """Class names for prompts that list them: the catalogue's in its order, else those that the
    reader found, sorted."""
    if entry.classes:
        return tuple(spoken(name, entry.spoken) for name in entry.classes)
    # A folder's name need not be UTF-8; its pictures cannot be in a row either.
    written = [name for name in found if name == name.encode("utf-8", "ignore").decode()]
    return tuple(sorted({spoken(name, entry.spoken) for name in written}))


def _lists_classes(spec: SourceSpec) -> bool:
    """True where a wording of the source's task lists the classes."""
    pool = pools(spec.templates).get(spec.task, {})
    return any("{classes}" in text for texts in pool.values() for text in texts)


def _unlisted(job: Job) -> str:
    return (
        f'templates "{job.spec.templates}" list the classes of task "{job.spec.task}", '
        "and neither the entry (`classes`) nor its reader names any"
    )


def expected(
    datasets: Mapping[str, Dataset],
    spans: Sequence[Span],
    patterns: Mapping[str, tuple[str, ...]],
) -> tuple[float, float]:
    """Rows and bytes that will be written, about: a function of the input alone, never of workers.

    patterns: of each dataset's pictures, where they are written (see `Plan.pictures`).
    """
    rows = size = 0.0
    for slug, dataset in datasets.items():
        records = sum(span.records for span in spans if span.slug == slug)
        made = 0.0
        for job in dataset.jobs:
            of_job = records * TASKS[job.spec.task].rows_each * job.spec.weight
            made += min(of_job, job.spec.take or of_job)
        rows += made
        share = _TILE_SHARE if all(job.spec.tile for job in dataset.jobs) else 1.0
        pictures = _picture_bytes(dataset.folder, patterns[slug], made)
        size += made * _ROW_BYTES + share * pictures
    return rows, size


def shard_count(rows: float, size: float) -> int:
    """How many shards so many rows and bytes make."""
    return max(1, min(MAX_SHARDS, math.ceil(max(rows / SHARD_ROWS, size / SHARD_BYTES))))


def _picture_bytes(folder: Folder, patterns: Sequence[str], rows: float) -> float:
    """Bytes of the pictures that so many rows show, about: each is written once, whatever the
    number of its rows."""
    total = 0.0
    seen: set[str] = set()
    for pattern in patterns:
        try:
            sizes = {file.path: file.size for file in files.find(folder.base, pattern)}
        except PermissionError:  # each of its pictures will be a Reject
            continue
        new = [size for path, size in sizes.items() if path not in seen]
        total += sum(new) * min(1.0, rows / max(1, len(new)))
        seen.update(sizes)
    return total
