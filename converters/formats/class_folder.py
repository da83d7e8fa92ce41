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
from converters.read.folder import ALL, Plan, Source, Span, batched
from schemas.sample import Picture, Reject, Sample, Unit

UNIT: Unit = "image"
_FILES_A_SPAN = 2048
_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")


class Options(Struct, forbid_unknown_fields=True):
    """images: pattern of the picture files, with `{label}` and, where the authors split by folder, `{split}`."""

    images: str


def plan(source: Source, options: Options) -> Plan:
    """Spans of some thousand pictures. Raises SourceError where no picture lies in a class folder."""
    by_split: dict[str, list[str]] = {}
    for found in files.find(source.base, options.images):
        if found.path.lower().endswith(_ENDINGS) and source.wants(
            split := found.values.get("split", ALL)
        ):
            by_split.setdefault(split, []).append(found.path)
    loose = [
        e.name
        for e in files.listing(source.base)
        if not e.is_dir and e.name.lower().endswith(_ENDINGS)
    ]
    if not by_split:
        hint = (
            f"; {len(loose)} picture(s) outside a class folder, such as {loose[0]}" if loose else ""
        )
        raise SourceError(
            f"no class folders found: {files.join(source.base, options.images)}{hint}"
        )
    if loose and source.wants(ALL):
        by_split.setdefault(ALL, []).extend(loose)
    spans: list[Span] = []
    for split, names in sorted(by_split.items()):
        spans += batched(source.slug, split, names, _FILES_A_SPAN, len(spans))
    return Plan(spans, [])


def read(source: Source, options: Options, span: Span) -> Iterator[Sample | Reject]:
    """One Sample a picture; its label is the folder's name."""
    depth = options.images.split("/").index("{label}")
    for name in span.names:
        path = source.relative(name)
        parts = name.split("/")
        if len(parts) <= depth + 1:
            yield Reject(
                path, parts[-1], span.split, "no_label", "a picture outside any class folder"
            )
            continue
        yield Sample(name, path, span.split, (Picture(path),), label=parts[depth])
