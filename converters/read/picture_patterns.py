"""The patterns of a dataset's pictures, and notes on pictures that lie otherwise than they say."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from converters.read import files
from converters.read.archives import is_sequential
from converters.read.endings import picture_ending, picture_stem, rank
from converters.read.files import SourceError
from converters.read.folder import DEEPER, BySplit, Folder, deeper


def picture_patterns(images: BySplit | Sequence[str]) -> tuple[str, ...]:
    """Patterns for `Plan.pictures`: one for each picture of a record, or one for each split."""
    if isinstance(images, Mapping):
        return tuple(dict.fromkeys(images.values()))
    return (images,) if isinstance(images, str) else tuple(images)


def pictures_elsewhere(folder: Folder, images: BySplit | Sequence[str]) -> list[str]:
    """Notes of pictures that have another ending than their template, or lie one folder deeper.

    `PicturePaths` takes them. Only templates that end as a picture does are looked at: where
    records name whole files, their rows show what was taken.
    """
    if isinstance(images, Mapping):
        images = [pattern for split, pattern in images.items() if folder.wants(split)]
    readings = [
        reading
        for pattern in picture_patterns(images)
        for reading in files.expand(pattern)
        if picture_ending(reading) and files.variables(reading) and not is_sequential(reading)
    ]
    # Fast way: readings that differ in their ending alone have the others in common.
    looked_for = functools.cache(lambda pattern: _pictures(folder, pattern))
    in_place = [looked_for(reading) for reading in readings]
    expected = {path for found in in_place for path in found.values()}
    notes: dict[str, None] = {}
    for reading, there in zip(readings, in_place, strict=True):
        other = f"{picture_stem(reading)}.{{ending}}"
        for pattern, what in ((other, "have another ending"), (deeper(other), "lie deeper")):
            found = looked_for(pattern)
            paths = [found[key] for key in found.keys() - there.keys()]
            if paths := sorted(path for path in paths if path not in expected):
                example = folder.relative(paths[0])
                expectation = f"than {folder.relative(reading)} says"
                note = (
                    f"{len(paths)} picture(s) {what} {expectation} and are taken, such as {example}"
                )
                notes[note] = None
    return [*notes]


def _pictures(folder: Folder, pattern: str) -> dict[frozenset[tuple[str, str]], str]:
    """Paths of the wanted splits' pictures that a pattern finds, by what its names stand for.

    Of several endings the one that `PicturePaths` takes.
    """
    out: dict[frozenset[tuple[str, str]], str] = {}
    try:
        there = [*files.find(folder.base, pattern)]
    except SourceError:  # a damaged archive: where its pictures are needed, they are missed
        there = []
    for found in there:
        split = found.values.get("split", "")
        if picture_ending(found.path) and (not split or folder.wants(split)):
            names = found.values.items()
            key = frozenset(item for item in names if item[0] not in ("ending", DEEPER))
            first = out.setdefault(key, found.path)
            out[key] = min(first, found.path, key=rank)
    return out
