"""Typed catalogue entries: what a dataset says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from schemas.conversation import load_schema
from schemas.toml import schema_faults

Evidence = Literal["real", "documented", "none"]
Status = Literal["released", "partly", "unreleased", "request", "gone"]
DEFAULT_MAX_REJECT = 0.05


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """Annotations and pictures apart: SPDX identifiers, the authors' own words, or `unstated`.

    source: who states it; conflict: what others state instead.
    """

    annotations: str
    images: str
    source: str = ""
    conflict: str = ""
    note: str = ""
    url: str = ""


class Citation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a BibTeX entry is made of, as far as known."""

    title: str
    year: int
    authors: str = ""
    venue: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One dataset of the catalogue.

    format: its reader, empty where nothing public can be converted (`status` and `why` say more).
    options: the format's own keys, which the format checks.
    """

    slug: str
    name: str
    licence: Licence
    evidence: Evidence
    system: str = ""
    home: str = ""
    paper: str = ""
    citation: Citation | None = None
    groups: list[str] = []
    role: tuple[str, ...] = ("train",)
    status: Status = "released"
    why: str = ""
    get: str = ""
    tasks: list[str] = []
    format: str = ""
    folder: str = ""
    inside: str = ""
    splits: dict[str, int] = {}
    classes: list[str] = []
    parents: list[str] = []
    size: tuple[int, int] | None = None
    gsd: float | None = None
    sensor: str | None = None
    text_origin: Literal["human", "template", "model"] = "human"
    spoken: dict[str, str] = {}
    max_reject: float = DEFAULT_MAX_REJECT
    options: dict[str, Any] = {}


def parse_entry(slug: str, table: Mapping[str, Any], where: str) -> tuple[Entry | None, list[str]]:
    """A catalogue entry from its TOML table, or None and its faults of shape."""
    if faults := schema_faults("entry", table, where):
        return None, faults
    common = {key: value for key, value in table.items() if key in entry_keys()}
    fields = {
        "slug": slug,
        **common,
        "system": table.get("system", slug),
        "folder": table.get("folder", slug),
        "options": options_of(table),
    }
    return msgspec.convert(fields, Entry, strict=False), []


def entry_keys() -> Iterable[str]:
    """Keys that every entry may have."""
    keys: Iterable[str] = load_schema("entry")["properties"]
    return keys


def options_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry's table says to its format."""
    return {key: value for key, value in table.items() if key not in entry_keys()}
