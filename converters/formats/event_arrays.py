"""Two dates of one place in HDF5, with or without an event between them (QuakeSet).

One group an event, in it one a patch, in that an array a date; the split is the event's attribute::

    earthquakes.h5
      611645  attributes split="train", magnitude=5.6
        patch_0  before, pre, post      rows x columns x bands
        x, y                            coordinates, no patches

The pair (pre, post) shows the event, the pair (before, pre) none. A patch may lack a date; then
it lacks a pair. Pictures are shown as `earthquakes.h5!611645/patch_0/pre@hwc.npy` (see
`converters.read.arrays`), which need a recipe to become colours.
Source: Cambrin and Garza 2024 (QuakeSet), https://huggingface.co/datasets/DarthReca/quakeset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from converters.read import files
from converters.read.arrays import Hdf5, open_arrays
from converters.read.files import SourceError
from converters.read.folder import UNKNOWN, BySplit, Folder, Plan, Sides, Span
from converters.read.plans import files_plan
from schemas.sample import Kind, Label, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("label",)
_EVENT_BYTES = 10_000_000


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the files. split: the attribute of an event that names its split.
    pairs: the names of two dates by the class that they show. axes: dimensions of a date's array.
    """

    annotations: BySplit
    split: str
    pairs: dict[str, tuple[str, str]]
    axes: str = "hwc"


def plan(folder: Folder, options: Options) -> Plan:
    """One span a file. Raises SourceError where there is none."""
    found = files_plan(
        folder,
        options.annotations,
        options.annotations,
        files_a_span=1,
        record_bytes=_EVENT_BYTES,
        unsplit=UNKNOWN,
    )
    return found._replace(classes=tuple(sorted(options.pairs)))


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a pair of dates, and a Reject for an event without a split or a pair."""
    file = folder.relative(span.names[0])
    path = files.join(folder.base, span.names[0])
    opened = open_arrays(path, files.opened(path))
    if not isinstance(opened, Hdf5):
        raise SourceError(f"{folder.slug}: {file} is no HDF5")
    for event in opened.names():
        patches = opened.below(event)
        if not patches:
            continue
        split = _text(opened.attribute(event, options.split))
        if not split:
            yield Reject(file, event, span.split, "missing_field", f"no {options.split}")
            continue
        if not folder.wants(split):
            continue
        for patch in patches:
            dates = opened.below(f"{event}/{patch}")
            key = f"{event}/{patch}"
            there = {
                name: pair for name, pair in options.pairs.items() if all(d in dates for d in pair)
            }
            if dates and not there:
                detail = f"dates {', '.join(dates)} make no pair"
                yield Reject(file, key, split, "missing_field", detail)
            for name, pair in there.items():
                pictures = tuple(
                    Picture(f"{file}!{key}/{date}@{options.axes}.npy") for date in pair
                )
                pair_key = f"{key} {pair[0]} {pair[1]}"
                yield Sample(pair_key, file, split, pictures, labels=(Label(pair_key, (name,)),))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    # h5py reads bytes that are not UTF-8 as lone surrogates, which no row can hold.
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else ""
