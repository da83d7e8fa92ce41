"""The kit for masks: which mask belongs to which pictures, and to which split.

A mask and its pictures are matched by the names that their patterns share: `{stem}` of
`label/{stem}.png` is that of `A/{stem}.jpg`. A name that stands in the pattern of pictures alone
(a date, say) may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from converters.read import files
from converters.read.encodings import text_of
from converters.read.files import Found, SourceError
from converters.read.folder import (
    ALL,
    DEEPER,
    BySplit,
    Folder,
    Plan,
    Span,
    batched,
    deeper,
    picture_ending,
    picture_stem,
)
from converters.read.picture_patterns import picture_patterns, pictures_elsewhere
from converters.read.plans import absent, chosen_files

_NAMED = 5  # entries of a folder that a message names
_ENDING = "ending"  # what a picture's ending is bound to
_HEADING = re.compile(r"\s*(\w+)\s*:\s*")  # `train:` above the names of a split
Key = tuple[tuple[str, str], ...]


class Listed(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What an entry says of splits that are no folders.

    files: pattern of text files that name the masks of a split, one a line; of one file with a
    heading `train:` above the names of each; or a pattern for each split. splits: which of these
    lists are splits (a list of train and val together is none); all, where it is empty. members:
    the same in the entry. by: which name of the masks' pattern lists and members give. unlisted:
    the split of masks that none of them names; where it is empty, those are not read.
    """

    files: BySplit = ""
    splits: list[str] = []
    members: dict[str, list[str]] = {}
    by: str = "stem"
    unlisted: str = ""


def masks_plan(
    folder: Folder,
    masks: BySplit,
    images: Sequence[BySplit],
    listed: Listed,
    *,
    classes: Sequence[str],
    others: Sequence[BySplit] = (),
    files_a_span: int,
) -> Plan:
    """Spans of some mask files, by split.

    images: a pattern of pictures for each that a mask is shown with. others: patterns of further
    masks, which are no pictures.

    Raises SourceError where there is no mask; it says how many pictures are there.
    """
    notes: list[str] = []
    found = _masks(folder, masks, images, notes)
    placed = _by_split(folder, listed, found, notes)
    spans: list[Span] = []
    for split, some in sorted(placed.items()):
        names = [mask.path for mask in some]
        spans += batched(folder.slug, split, names, files_a_span, len(spans))
    notes += [*absent(folder, masks, found), *_unmatched(folder, masks, images, others, found)]
    for pattern in images:
        notes += pictures_elsewhere(folder, pattern)
    patterns = tuple(picture_patterns(pattern)[0] for pattern in images)
    return Plan(spans, [*dict.fromkeys(notes)], patterns, classes=tuple(classes))


def _masks(
    folder: Folder, masks: BySplit, images: Sequence[BySplit], notes: list[str]
) -> list[tuple[str, Found]]:
    """(split, mask) of the wanted splits; with another ending where none has the entry's."""
    fault: SourceError | None = None
    for pattern in (masks, _by_split_any_ending(masks)):
        try:
            found = chosen_files(folder, pattern, notes)
        except SourceError as error:
            fault = fault or error
            continue
        kept = [item for item in found if _is_mask(item[1].path)]
        if len(kept) < len(found):
            notes.append(f"{len(found) - len(kept)} file(s) beside the masks are no picture")
        if kept and pattern is not masks:
            example = folder.relative(kept[0][1].path)
            notes.append(f"{len(kept)} mask(s) have another ending than the entry says: {example}")
        if kept:
            return kept
    there = [found for pattern in images for found in listed_pictures(folder, pattern)]
    hint = ", ".join(entry.name for entry in files.listing(folder.base)[:_NAMED]) or "nothing"
    if there:
        hint = f"{len(there)} picture(s), such as {there[0].path}, among {hint}"
    kind = SourceError if fault is None else type(fault)
    raise kind(f"no masks: {fault or 'no picture among the files of masks'}; there: {hint}")


def _is_mask(path: str) -> bool:
    return bool(picture_ending(path)) or path.endswith(".npy")


def any_ending(pattern: str) -> str:
    """A pattern of pictures, whatever their ending."""
    stem = picture_stem(pattern)
    return pattern if stem == pattern else f"{stem}.{{{_ENDING}}}"


def _by_split_any_ending(pattern: BySplit) -> BySplit:
    if isinstance(pattern, str):
        return any_ending(pattern)
    return {split: any_ending(one) for split, one in pattern.items()}


def _by_split(
    folder: Folder, listed: Listed, found: Sequence[tuple[str, Found]], notes: list[str]
) -> dict[str, list[Found]]:
    """Masks by split: the path's, else that of the list that names them, else `ALL`."""
    known = {name: split for split, names in listed.members.items() for name in names}
    if listed.files:
        names = {mask.values.get(listed.by, "") for _, mask in found}
        known = {**_read_lists(folder, listed, names, notes), **known}
    rest = listed.unlisted or ("" if known else ALL)
    placed: dict[str, list[Found]] = {}
    unlisted = []
    for split, mask in found:
        split = split or known.get(mask.values.get(listed.by, ""), rest)
        if not split:
            unlisted.append(mask)
        elif folder.wants(split):
            placed.setdefault(split, []).append(mask)
    if unlisted:
        example = folder.relative(unlisted[0].path)
        notes.append(
            f"{len(unlisted)} mask(s) stand in no list and are not read, such as {example}"
        )
    absent_names = sorted(known.keys() - {mask.values.get(listed.by, "") for _, mask in found})
    if absent_names:
        notes.append(f"{len(absent_names)} listed mask(s) are not there, such as {absent_names[0]}")
    if not placed:
        asked = ", ".join(sorted(folder.splits or ())) or "any list"
        raise SourceError(f"no mask of {asked} is there: {len(found)} mask(s) of other splits")
    return placed


def _read_lists(
    folder: Folder, listed: Listed, names: Collection[str], notes: list[str]
) -> dict[str, str]:
    """The split of each listed name; the first list that has it counts.

    names: of the masks that are there: the first line of a CSV file that is none heads its columns.
    """
    known: dict[str, str] = {}
    repeated = 0
    patterns = {"": listed.files} if isinstance(listed.files, str) else listed.files
    lists = [
        (named or found.values.get("split", ALL), found)
        for named, pattern in patterns.items()
        for found in files.find(folder.base, pattern)
    ]
    for split, found in lists:
        lines = text_of(folder.bytes_of(found.path)).splitlines()
        if found.path.lower().endswith(".csv") and lines and _listed_stem(lines[0]) not in names:
            del lines[0]
        for line in lines:
            if heading := _HEADING.fullmatch(line):
                split = heading[1]
            elif listed.splits and split not in listed.splits:
                continue
            elif name := _listed_stem(line):
                repeated += known.setdefault(name, split) != split
    if not lists:
        wanted = " or ".join(folder.relative(files.shown(one)) for one in patterns.values())
        notes.append(f"{wanted} is not there: masks are of no split")
    if repeated:
        notes.append(f"{repeated} name(s) stand in several lists; the first counts")
    return known


def _listed_stem(line: str) -> str:
    """The stem of a line's first file or field: `train_1.png`, `A/1.png B/1.png`, `scene_1,0,0`."""
    line = line.partition(",")[0]
    first = line.split()[0] if line.split() else ""
    whole = first if picture_ending(first) else line.strip()
    return picture_stem(whole.replace("\\", "/").rpartition("/")[2])


def listed_pictures(folder: Folder, images: BySplit) -> Iterator[Found]:
    """The pictures of a pattern, with any ending, in their folder or one deeper."""
    by_split = {"": images} if isinstance(images, str) else images
    seen = set()
    for split, pattern in by_split.items():
        known = {"split": split} if split else {}
        for reading in (any_ending(pattern), deeper(any_ending(pattern))):
            try:
                there = [*files.find(folder.base, reading, **known)]
            except SourceError:  # a damaged archive: where its pictures are needed, they are missed
                continue
            for found in there:
                if _is_mask(found.path) and found.path not in seen:
                    seen.add(found.path)
                    yield found


def key_of(found: Found, names: frozenset[str]) -> Key:
    return tuple(sorted((name, found.values.get(name, "")) for name in names))


def _unmatched(
    folder: Folder,
    masks: BySplit,
    images: Sequence[BySplit],
    others: Sequence[BySplit],
    found: Sequence[tuple[str, Found]],
) -> list[str]:
    """Notes of pictures without a mask, and of masks without a picture."""
    notes = []
    taken = {mask.path for _, mask in found}
    taken |= {
        one.path
        for pattern in (masks, *others)
        for reading in picture_patterns(pattern)
        for one in files.find(folder.base, reading)
    }
    bound = set().union(*({*mask.values} for _, mask in found)) - {DEEPER, _ENDING}
    matches = []
    for pattern in images:
        names = frozenset(_all_names(pattern) & bound)
        there = {
            key_of(one, names): one.path
            for one in listed_pictures(folder, pattern)
            if one.path not in taken and _wanted(folder, one)
        }
        asked = {
            key_of(mask._replace(values={**mask.values, "split": split}), names): mask.path
            for split, mask in found
        }
        matches.append((there, asked))
    shown = {path for there, asked in matches for key, path in there.items() if key in asked}
    for there, asked in matches:
        alone = sorted(
            path for key, path in there.items() if key not in asked and path not in shown
        )
        blind = sorted(path for key, path in asked.items() if key not in there)
        if alone:
            example = folder.relative(alone[0])
            notes.append(
                f"{len(alone)} picture(s) have no mask and are not read, such as {example}"
            )
        if blind:
            example = folder.relative(blind[0])
            notes.append(f"{len(blind)} mask(s) have no picture in its place, such as {example}")
    return notes


def _wanted(folder: Folder, picture: Found) -> bool:
    split = picture.values.get("split", "")
    return not split or folder.wants(split)


def _all_names(pattern: BySplit) -> set[str]:
    names = set().union(*(files.variables(one) for one in picture_patterns(pattern)))
    return names | (set() if isinstance(pattern, str) else {"split"})
