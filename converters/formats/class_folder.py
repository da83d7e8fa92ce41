"""Scene classification by folder (NWPU-RESISC45, AID, UC Merced and their kin).

The native layout is the annotation::

    NWPU-RESISC45/airplane/airplane_001.jpg         label "airplane"
    AID/BaseballField/baseballfield_12.jpg          label "BaseballField"

Source: Cheng et al. 2017 (NWPU-RESISC45), Xia et al. 2017 (AID).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import (
    ALL,
    Folder,
    Plan,
    Sides,
    Span,
    batched,
    deeper,
    picture_ending,
)
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_FILES_A_SPAN = 2048
# What file managers leave in any folder.
_LITTER = frozenset({"thumbs.db", "desktop.ini"})


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    images: pattern of the picture files, with `{label}` and, where the authors split by folder,
    `{split}`.
    """

    images: str


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of some thousand pictures; the classes are the folders that hold them.

    Raises SourceError where no picture lies in a class folder.
    """
    by_split: dict[str, list[str]] = {}
    classes = set()
    others: list[files.Found] = []
    for found in files.find(folder.base, options.images):
        split = found.values.get("split", ALL)
        if not folder.wants(split):
            continue
        if picture_ending(found.path):
            by_split.setdefault(split, []).append(found.path)
            classes.add(found.values["label"])
        elif found.path.rpartition("/")[2].lower() not in _LITTER:
            others.append(found)
    loose = [
        entry.name
        for entry in files.listing(folder.base)
        if not entry.is_dir and picture_ending(entry.name)
    ]
    if not by_split:
        where = files.join(folder.base, options.images)
        hint = f"; {len(loose)} picture(s) outside a class folder, such as " if loose else ""
        raise SourceError(f"no class folders found: {where}{hint}{''.join(loose[:1])}")
    if loose and folder.wants(ALL):
        by_split.setdefault(ALL, []).extend(loose)
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(folder.slug, split, names, _FILES_A_SPAN, len(spans))
    notes = _passed_over(folder, options, others, classes)
    return Plan(spans, notes, pictures=(options.images,), classes=tuple(sorted(classes)))


def _passed_over(
    folder: Folder, options: Options, others: list[files.Found], classes: set[str]
) -> list[str]:
    """Notes of what is not read: other files, pictures one folder deeper, and whole classes."""
    below = [
        found
        for found in files.find(folder.base, deeper(options.images))
        if picture_ending(found.path) and folder.wants(found.values.get("split", ALL))
    ]
    notes = []
    for some, what in (
        (others, "file(s) in class folders have no picture's ending"),
        (below, "picture(s) lie one folder below their class folder"),
    ):
        if some:
            example = folder.relative(some[0].path)
            notes.append(f"{len(some)} {what} and are not read, such as {example}")
    if gone := sorted({found.values["label"] for found in [*others, *below]} - classes):
        notes.append(f"no picture is read of the class folder(s) {', '.join(gone)}")
    return notes


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a picture; its label is the folder's name."""
    for name in span.names:
        path = folder.relative(name)
        values = files.bind(options.images, name)
        if values is None:
            detail = "a picture outside any class folder"
            yield Reject(path, name, span.split, "no_label", detail)
            continue
        label = Label(name, (values["label"],))
        yield Sample(name, path, span.split, (Picture(path),), labels=(label,))
