"""The kit for class folders: where they lie, whatever is around them, and what is in them.

Class folders lie where the entry's pattern says, or in folders around them that it does not name,
or in an archive that was not unpacked. Folders `train`, `val` and `test` around them are splits,
where the entry's pattern tells none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from converters.read import files
from converters.read.archives import split_member
from converters.read.captions import split_name
from converters.read.files import Found, SourceError
from converters.read.folder import ALL, Folder, picture_ending

_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_SPLIT = "split_folder"  # what a folder of a split is bound to
# Folders around the class folders that the entry does not name, in the order they are tried.
_AROUND = (
    *(f"{{{_SPLIT}}}/", "{outer}/"),
    *(f"{{{_SPLIT}}}/{{inner}}/", f"{{outer}}/{{{_SPLIT}}}/", "{outer}/{inner}/"),
    f"{{outer}}/{{{_SPLIT}}}/{{inner}}/",
)
PACKED = (".rar", ".7z", ".zst", ".001", ".z01", ".aa", ".part1")

Patterns = Sequence[tuple[str, str]]  # (split, pattern); the split is empty where its path tells it


class Place(NamedTuple):
    """A folder or archive around class folders, as its path begins; the split that it is of."""

    lead: str
    split: str = ""


class Looked(NamedTuple):
    """What lies in the class folders: pictures by (split, pattern), and what is no picture.

    left: pictures that `every` leaves out. places: what lies around the class folders.
    """

    pictures: dict[tuple[str, str], list[str]]
    classes: set[str]
    others: list[Found]
    left: list[str]
    places: list[Place]


class _Seen(NamedTuple):
    """rank: the first of a pattern's alternatives that finds pictures there."""

    rank: int
    classes: set[str]


def class_pictures(folder: Folder, patterns: Patterns, every: int, *, all_splits: bool) -> Looked:
    """The pictures of the class folders.

    Of a pattern's `{a|b}` alternatives the first that finds pictures is read. What lies around
    the class folders is looked into where it is the only such folder or archive, and holds two
    classes at least: else what lies in class folders would be taken for them. Several archives
    are read where each class is in one of them.

    every: see the entry's option. all_splits: also pictures of splits that are not wanted.
    """
    here = _look(folder, patterns, [Place("")], every, all_splits)
    if here.pictures or here.left:
        return here
    tells_split = any(split or "split" in files.variables(pattern) for split, pattern in patterns)
    around = [lead for lead in _AROUND if not (tells_split and _SPLIT in lead)]
    for lead in around:
        if places := _chosen(_seen(folder, patterns, [lead]), is_archive=False):
            return _look(folder, patterns, places, every, all_splits)
    packed = [f"{name}!" for name in _archives(folder)]
    for lead in ("", *around) if packed else ():
        leads = [f"{archive}{lead}" for archive in packed]
        if places := _chosen(_seen(folder, patterns, leads), is_archive=True):
            return _look(folder, patterns, places, every, all_splits)
    return here


def _archives(folder: Folder) -> list[str]:
    """Archives that can be read in place: in the dataset's folder, or in one below it."""
    found = []
    for pattern in ("{file}", "{outer}/{file}"):
        for entry in files.find(folder.base, pattern):
            if split_member(f"{entry.path}!") and _is_sound(folder, entry.path):
                found.append(entry.path)
    return found


def _is_sound(folder: Folder, archive: str) -> bool:
    try:
        files.members(files.join(folder.base, archive))
    except SourceError:  # `instead` says so
        return False
    return True


def _seen(folder: Folder, patterns: Patterns, leads: Sequence[str]) -> dict[Place, _Seen]:
    """What lies around class folders, each with the classes there."""
    out: dict[Place, _Seen] = {}
    for lead in leads:
        for split, pattern in patterns:
            for rank, reading in enumerate(files.expand(pattern)):
                for found in _find(folder, f"{lead}{reading}", split):
                    if not picture_ending(found.path):
                        continue
                    place = Place(files.fill(lead, found.values), found.values.get(_SPLIT, ""))
                    if place.split and place.split.lower() not in _SPLITS:
                        continue
                    seen = out.setdefault(place, _Seen(rank, set()))
                    seen.classes.add(found.values["label"])
                    if rank < seen.rank:
                        out[place] = seen._replace(rank=rank)
    return out


def _chosen(seen: dict[Place, _Seen], *, is_archive: bool) -> list[Place]:
    """The places to read; none where it cannot be told which."""
    best = min((one.rank for one in seen.values()), default=0)
    places = [place for place, one in seen.items() if one.rank == best]
    classes = [one.classes for one in seen.values() if one.rank == best]
    together = set().union(*classes)
    roots = {_above_split(place) for place in places}
    is_split = len({place.split for place in places if place.split}) == len(places)
    is_shared = is_archive and sum(map(len, classes)) == len(together)
    is_told = len(roots) == 1 and (len(places) == 1 or is_split)
    return places if len(together) > 1 and (is_told or is_shared) else []


def _above_split(place: Place) -> str:
    parts = place.lead.replace("!", "!/").split("/")
    return "/".join(parts[: parts.index(place.split)]) if place.split else place.lead


def _find(folder: Folder, pattern: str, split: str) -> Iterator[Found]:
    return files.find(folder.base, pattern, **({"split": split} if split else {}))


def _look(
    folder: Folder, patterns: Patterns, places: Sequence[Place], every: int, all_splits: bool
) -> Looked:
    looked = Looked({}, set(), [], [], [*places])
    in_folder: dict[str, int] = {}
    for place in places:
        for named, pattern in patterns:
            for reading in files.expand(pattern):
                whole = f"{place.lead}{reading}"
                shown = False
                for found in _find(folder, whole, named):
                    split = split_name(place.split) or named or found.values.get("split", ALL)
                    if not all_splits and not folder.wants(split):
                        continue
                    if not picture_ending(found.path):
                        looked.others.append(found)
                        continue
                    shown = True
                    within = found.path.rpartition("/")[0]
                    at = in_folder[within] = in_folder.get(within, -1) + 1
                    if at % every:
                        looked.left.append(found.path)
                        continue
                    looked.pictures.setdefault((split, whole), []).append(found.path)
                    looked.classes.add(found.values["label"])
                if shown:
                    break
    return looked


def around_notes(folder: Folder, looked: Looked) -> list[str]:
    """Notes of what lies around the class folders, and of members of archives not served."""
    leads = [place.lead for place in looked.places if place.lead]
    if not leads:
        return []
    there = ", ".join(folder.relative(lead) for lead in leads[:3])
    more = f" and {len(leads) - 3} more" if len(leads) > 3 else ""
    notes = [f"the class folders lie in {there}{more}"]
    archives = [parts[0] for parts in map(split_member, leads) if parts]
    for archive in dict.fromkeys(archives):
        if gone := files.passed_over(files.join(folder.base, archive)):
            what = f"{len(gone)} member(s) of {folder.relative(archive)}"
            notes.append(f"{what} are not read, such as {gone[0]}")
    return notes


def instead(folder: Folder) -> str:
    """What lies in the folder that no class folder can be read from; empty where nothing does."""
    found = [*files.find(folder.base, "{file}"), *files.find(folder.base, "{outer}/{file}")]
    hints = []
    packed = [one.path for one in found if one.path.lower().endswith(PACKED)]
    if packed:
        hints.append(f"{len(packed)} archive(s) to be unpacked first, such as {packed[0]}")
    broken = [
        one.path
        for one in found
        if split_member(f"{one.path}!") and not _is_sound(folder, one.path)
    ]
    if broken:
        hints.append(f"{len(broken)} archive(s) that cannot be read, such as {broken[0]}")
    tables = [one.path for one in found if one.path.lower().endswith(".parquet")]
    if tables:
        hints.append(f"{len(tables)} Parquet file(s), such as {tables[0]}, but no folders")
    if names := [entry.name for entry in files.listing(folder.base)]:
        more = ", ..." if len(names) > 5 else ""
        hints.append(f"there: {', '.join(names[:5])}{more}")
    return "".join(f"; {hint}" for hint in hints)
