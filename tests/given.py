"""Datasets whose records a test writes out: a format of no files, converted as any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import native
import pytest
from msgspec import Struct

from converters import catalogue
from converters.read.folder import Folder, Plan, Sides, Span
from schemas.entry import Entry, Licence
from schemas.sample import KINDS, Kind, Picture, Reject, Sample
from schemas.table import Columns

Record = Sample | Columns | Reject


class Given:
    """A format of one span, which holds the records it is made with."""

    class Options(Struct, forbid_unknown_fields=True):
        """No keys."""

    def __init__(self, yields: Sequence[Kind], records: Sequence[Record]) -> None:
        self.YIELDS = tuple(yields)
        self._records = records

    def plan(self, folder: Folder, options: Any) -> Plan:
        return Plan([Span(folder.slug, "train", 0, ("records",), records=len(self._records))])

    def read(
        self, folder: Folder, options: Any, span: Span, sides: Sides
    ) -> Iterator[Sample | Columns | Reject]:
        return iter(self._records)


def entry(**values: Any) -> Entry:
    """A catalogue entry of the format, with some values of its own."""
    plain: dict[str, Any] = {
        "slug": "given",
        "name": "Given",
        "licence": Licence("unstated", "unstated"),
        "evidence": "documented",
        "format": "given",
        "folder": "given",
    }
    return Entry(**plain | values)


def sample(key: str = "a", **items: Any) -> Sample:
    """A record of split train that shows one picture of 100 x 80 pixels, unless it says so."""
    pictures = items.pop("pictures", (Picture(f"{key}.png", 100, 80),))
    return Sample(key, "records.json", items.pop("split", "train"), pictures, **items)


def convert(
    records: Sequence[Record],
    tasks: Sequence[str],
    *,
    root: Path | str | None = None,
    yields: Sequence[Kind] | None = None,
    values: Mapping[str, Any] | None = None,
    sources: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    **settings: Any,
) -> native.Result:
    """What converting the records gives, with one source a task.

    yields: kinds of the format, those of the records where absent. values: of the entry; sources:
    of all sources, or of each; settings: see `native.dataset`.
    """
    kinds = yields or [
        kind for kind in KINDS if any(isinstance(r, Sample) and _held(r, kind) for r in records)
    ]
    each = [sources or {}] * len(tasks) if not isinstance(sources, Sequence) else sources
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "format_module", lambda name: Given(kinds, records))
        data = native.dataset(entry(**values or {}), tasks, root or native.DATA, **settings)
        jobs = [
            msgspec.structs.replace(job, spec=msgspec.structs.replace(job.spec, **dict(some)))
            for job, some in zip(data.jobs, each, strict=True)
        ]
        return native.convert(msgspec.structs.replace(data, jobs=jobs))


def _held(record: Sample, kind: Kind) -> bool:
    return bool(getattr(record, f"{kind}s"))


def said(result: native.Result) -> list[list[str]]:
    """What the turns of each row say."""
    return [native.words(row) for row in result.rows]


def items(result: native.Result, split: str = "train") -> dict[str, dict[str, Any]]:
    """Items of a split by kind, without the buckets that are empty."""
    found: dict[str, dict[str, Any]] = result.book[split]["items"]
    return {
        kind: {bucket: number for bucket, number in ended.items() if number}
        for kind, ended in found.items()
    }
