"""`earthmix check`: what of a dataset is there, what is missing, and where to get it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from converters.catalogue import catalogue, place_to_get, unreadable
from converters.dataset import open_dataset, read_items
from converters.read import files
from converters.read.files import MissingExtra, SourceError
from converters.read.folder import ALL
from converters.read.numbered_parts import GONE
from pipelines.card.markdown import counted
from pipelines.plan import check_paths
from schemas.entry import Entry
from schemas.sample import Reject, Sample

_TRIED = 20  # folders nearby that are tried where a dataset's own is not as expected


class SplitSurvey(NamedTuple):
    """Pictures of one split: named by the annotations, on disk, and published (0: unknown)."""

    named: int
    there: int
    published: int


class Survey(NamedTuple):
    """What a dataset's folder holds: the plan's notes, pictures by split, rejects by reason."""

    notes: list[str]
    splits: dict[str, SplitSurvey]
    rejects: Counter[str]

    @property
    def missing(self) -> int:
        """Pictures that the annotations name and that are not on disk."""
        return sum(split.named - split.there for split in self.splits.values())

    @property
    def unlike(self) -> dict[str, SplitSurvey]:
        """Splits with another number of pictures than was published, or with none at all."""
        return {
            name: split
            for name, split in self.splits.items()
            if (split.named != split.published if split.published else not split.named)
        }

    @property
    def ready(self) -> bool:
        """True where nothing is missing."""
        return not self.missing and not self.unlike and not self.parts_gone

    @property
    def parts_gone(self) -> bool:
        """True where files say that they are some of several, and others are not there."""
        return any(GONE in note for note in self.notes)


def check_dataset(entry: Entry, data_root: str, paths: Mapping[str, str]) -> tuple[list[str], bool]:
    """Lines on a dataset's folder, and whether all that the annotations name is there.

    Reads the annotations and opens no picture.
    """
    check_paths(paths, [entry])
    if reason := unreadable(entry):
        return [reason, f"  {_get(entry)}"], False
    root = _root(entry, data_root, paths)
    lines = [f"{entry.slug} ({entry.name}) in {root}"]
    try:
        survey = _survey(entry, root)
    except MissingExtra as error:
        return [*lines, f"  {error}"], False
    except SourceError as error:
        hints = _hints(entry, data_root, root)
        return [*lines, f"  {error}", *(f"  {hint}" for hint in hints), f"  {_get(entry)}"], False
    lines += [f"  note: {note}" for note in survey.notes]
    for name, split in survey.splits.items():
        named = counted(split.named, "picture")
        if split.published:
            named = f"{split.named:,} of {split.published:,} published pictures"
        gone = split.named - split.there
        missing = f", {gone:,} missing on disk" if gone else ""
        lines.append(f"  {name}: {named} in the annotations{missing}")
    lines += [f"  {reason}: {counted(n, 'record')}" for reason, n in sorted(survey.rejects.items())]
    return [*lines, f"  {_verdict(entry, survey)}"], survey.ready


def check_all(data_root: str, paths: Mapping[str, str]) -> tuple[list[str], bool]:
    """One line with a verdict for each dataset that is there, and what the rest is.

    A folder may hold one of several forms of a dataset: the forms that it does not hold are named
    in one line. Also gives whether at least one dataset is there, and every one that is there is
    ready.
    """
    entries = {slug: entry for slug, entry in catalogue().items() if entry.format}
    check_paths(paths, list(entries.values()))
    found: list[tuple[str, str, list[str]]] = []
    verdicts: list[bool] = []
    read: set[str] = set()
    unread: list[tuple[str, str, str]] = []
    absent: list[str] = []
    extras: dict[str, list[str]] = {}
    for slug, entry in entries.items():
        root = _root(entry, data_root, paths)
        try:
            survey = _survey(entry, root)
            found.append((slug, _verdict(entry, survey), []))
            verdicts.append(survey.ready)
            read.add(root)
        except MissingExtra as error:
            extras.setdefault(error.extra, []).append(slug)
            found.append((slug, f"there, but needs the extra {error.extra}", []))
            verdicts.append(False)
        except SourceError as error:
            unread.append((slug, root, str(error).removeprefix(f"{slug}: ")))
    other_forms = []
    for slug, root, why in unread:
        entry = entries[slug]
        if root in read:
            other_forms.append(slug)
        elif (hints := _hints(entry, data_root, root)) or files.listing(root):
            found.append((slug, f"{why}; {_get(entry)}", hints))
            verdicts += [False] if files.listing(root) else []
        else:
            absent.append(slug)
    order = list(entries)
    lines = _table(sorted(found, key=lambda line: order.index(line[0])))
    if other_forms:
        lines.append(
            f"other forms of these, which the folders do not hold: {', '.join(other_forms)}"
        )
    if absent:
        lines.append(
            f"not in {data_root}: {counted(len(absent), 'dataset')}, such as {absent[0]}; "
            f"`earthmix check {absent[0]} --data-root ...` says where to get it"
        )
    if not found:
        lines.append("each dataset lies in a folder named by its slug: earthmix datasets")
    lines += [
        f"to read {', '.join(slugs)}: pip install 'earthmix[{extra}]'"
        for extra, slugs in extras.items()
    ]
    return lines, bool(verdicts) and all(verdicts)


def _table(found: Sequence[tuple[str, str, list[str]]]) -> list[str]:
    """Verdicts beside their slugs, each with its hints below it."""
    width = max((len(slug) for slug, _, _ in found), default=0)
    lines = []
    for slug, verdict, hints in found:
        lines.append(f"{slug:<{width}}  {verdict}")
        lines += [f"{'':<{width}}  {hint}" for hint in hints]
    return lines


def _root(entry: Entry, data_root: str, paths: Mapping[str, str]) -> str:
    given = paths.get(entry.slug) or paths.get(entry.folder)
    return given or files.join(data_root, entry.folder)


def _get(entry: Entry) -> str:
    return f"get it from {place_to_get(entry)}"


def _verdict(entry: Entry, survey: Survey) -> str:
    if survey.ready:
        return "ready"
    missing = f"{counted(survey.missing, 'picture')} missing on disk" if survey.missing else ""
    if not survey.unlike and survey.parts_gone:
        more = f"; {missing}" if missing else ""
        return f"incomplete: parts of its files are missing{more}; {_get(entry)}"
    if not survey.unlike:
        return f"usable with --images path: {missing}; {_get(entry)}"
    splits = [
        f"{name} has {split.named:,} of {split.published:,} pictures"
        if split.published
        else f"{name} has no pictures"
        for name, split in survey.unlike.items()
    ]
    fewer = any(split.named < (split.published or 1) for split in survey.unlike.values())
    what = "incomplete" if fewer or missing else "more than was published"
    return f"{what}: {', '.join([*splits, *([missing] if missing else [])])}; {_get(entry)}"


def _survey(entry: Entry, root: str) -> Survey:
    """Raises SourceError where the folder cannot be read as this dataset."""
    folder, plan = open_dataset(entry, root)
    pictures: dict[str, set[tuple[str, ...]]] = {}
    rejects: Counter[str] = Counter()
    for item in read_items(entry, folder, plan):
        if isinstance(item, Reject):
            rejects[item.reason] += item.items
        elif isinstance(item, Sample):
            shown = tuple(picture.path for picture in item.pictures)
            pictures.setdefault(item.split, set()).add(shown)
        else:
            shown_once = {tuple(paths) for paths in item.table["pictures"].to_pylist()}
            pictures.setdefault(item.split, set()).update(shown_once)
    splits = {}
    for split in sorted(_expected(entry, pictures)):
        found = pictures.get(split, set())
        there = sum(all(files.exists(folder.absolute(path)) for path in paths) for paths in found)
        splits[split] = SplitSurvey(len(found), there, entry.splits.get(split) or 0)
    return Survey(plan.notes, splits, rejects)


def _expected(entry: Entry, there: Collection[str]) -> set[str]:
    """The splits to tell of. A dataset that others split is of the split `all`, or of theirs."""
    named = {*entry.splits}
    if ALL in named and there:
        named = {ALL} if ALL in there else named - {ALL}
    return {*there, *named}


def _hints(entry: Entry, data_root: str, root: str) -> list[str]:
    """What may be meant where a dataset cannot be read: another of its forms, or another place."""
    for other in catalogue().values():
        if other.system != entry.system or other.slug == entry.slug or unreadable(other):
            continue
        try:
            open_dataset(other, root)
        except SourceError:
            continue
        return [f"hint: {other.slug} ({other.name}) reads it: use --path {other.slug}={root}"]
    return _places(entry, data_root, root)


def _places(entry: Entry, data_root: str, root: str) -> list[str]:
    """Where a dataset lies that is not in its folder: one level deeper, or in another case."""
    name = root.rstrip("/").rpartition("/")[2]
    above = root.rstrip("/").rpartition("/")[0]
    places = [
        files.join(above, found.name)
        for found in files.listing(above)
        if found.is_dir and found.name != name and found.name.casefold() == name.casefold()
    ]
    deeper = [root, *places] if places or files.listing(root) else []
    for place in deeper:
        places += [files.join(place, f.name) for f in files.listing(place) if f.is_dir]
    for outer in files.listing(data_root):
        place = files.join(data_root, outer.name)
        if outer.is_dir and place not in deeper:
            places += [
                files.join(place, inner.name)
                for inner in files.listing(place)
                if inner.is_dir and inner.name.casefold() == entry.folder.casefold()
            ]
    for place in places[:_TRIED]:
        try:
            open_dataset(entry, place)
        except SourceError:
            continue
        return [f"hint: its files seem to lie in {place}: use --path {entry.slug}={place}"]
    return []
