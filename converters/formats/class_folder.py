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
from converters.read.folder import ALL, Folder, Plan, Sides, Span, batched
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_FILES_A_SPAN = 2048
_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")


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
    for found in files.find(folder.base, options.images):
        split = found.values.get("split", ALL)
        if found.path.lower().endswith(_ENDINGS) and folder.wants(split):
            by_split.setdefault(split, []).append(found.path)
            classes.add(found.values["label"])
    loose = [
        entry.name
        for entry in files.listing(folder.base)
        if not entry.is_dir and entry.name.lower().endswith(_ENDINGS)
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
    return Plan(spans, pictures=(options.images,), classes=tuple(sorted(classes)))


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
