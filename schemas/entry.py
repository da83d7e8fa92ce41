"""Typed catalogue entries: what a dataset says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from schemas.conversation import load_schema
from schemas.toml import schema_faults

Evidence = Literal["real", "documented"]
DEFAULT_MAX_REJECT = 0.05


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """SPDX identifiers or the authors' own words; `unstated` where they say nothing. Annotations and pictures apart."""

    annotations: str
    images: str
    note: str = ""
    url: str = ""


class Entry(Struct, frozen=True, kw_only=True):
    """One dataset of the catalogue. options: its format's own keys, checked by the format."""

    slug: str
    name: str
    home: str
    tasks: list[str]
    format: str
    licence: Licence
    evidence: Evidence
    paper: str = ""
    folder: str = ""
    inside: str = ""
    splits: dict[str, int] = {}
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
