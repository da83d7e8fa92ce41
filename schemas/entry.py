"""Typed catalogue entries: what a dataset says of itself."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.conversation import load_schema
from schemas.toml import schema_faults

Evidence = Literal["real", "documented", "none"]
Status = Literal["released", "partly", "unreleased", "request", "gone"]
Group = Literal[
    "instruction",
    "benchmark",
    "caption",
    "vqa",
    "grounding",
    "detection",
    "segmentation",
    "classification",
    "change",
    "other",
]
Role = Literal["train", "benchmark"]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern="^https?://")]
Slug = Annotated[str, Meta(pattern="^[a-z0-9_]+$")]
Side = Annotated[int, Meta(ge=1)]
DEFAULT_MAX_REJECT = 0.05


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """Annotations and pictures apart: SPDX identifiers, the authors' own words, or `unstated`.

    source: who states it; conflict: what others state instead.
    """

    annotations: Text
    images: Text
    source: str = ""
    conflict: str = ""
    note: str = ""
    url: Url | Literal[""] = ""


class Citation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a BibTeX entry is made of, as far as known."""

    title: Text | None = None
    year: Annotated[int, Meta(ge=1990, le=2100)] | None = None
    authors: Text | None = None
    venue: Text | None = None


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """How pictures of several bands, or of more than 8 bits, become 8-bit RGB.

    bands: what is red, green and blue, or grey alone: numbers from 1, or what tells the bands'
    files apart in their names. stretch: the values that become black and white, or `percentile` of
    each picture's own.
    """

    bands: list[Annotated[int, Meta(ge=1)] | Text]
    stretch: tuple[float, float] | Literal["percentile"]


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dataset of the catalogue. `entry.schema.json` says what each key means.

    format: its reader, empty where nothing public can be converted (`status` and `why` say more).
    options: the format's own keys, which the format checks.
    """

    slug: str
    name: Text
    licence: Licence
    evidence: Evidence
    system: Slug = ""
    home: Url | Literal[""] = ""
    paper: Url | Literal[""] = ""
    citation: Citation | None = None
    groups: list[Group] = []
    role: tuple[Role, ...] = ("train",)
    status: Status = "released"
    why: str = ""
    get: str = ""
    tasks: list[Text] = []
    format: str = ""
    folder: Slug = ""
    inside: str = ""
    splits: dict[str, Annotated[int, Meta(ge=0)]] = {}
    classes: list[Text] = []
    parents: list[Slug] = []
    size: tuple[Side, Side] | None = None
    gsd: Annotated[float, Meta(gt=0)] | None = None
    sensor: Text | None = None
    text_origin: Literal["human", "template", "model"] = "human"
    spoken: dict[str, Text] = {}
    spoken_answers: dict[str, Text] = {}
    leads: list[Text] = []
    dates: bool = False
    recipe: Recipe | None = None
    georeference: bool = False
    max_reject: Annotated[float, Meta(ge=0, le=1)] = DEFAULT_MAX_REJECT
    options: dict[str, Any] = {}


def parse_entry(slug: str, table: Mapping[str, Any], where: str) -> tuple[Entry | None, list[str]]:
    """A catalogue entry from its TOML table, or None and its faults of shape."""
    if isinstance(table, dict):
        fields = {
            "slug": slug,
            **{key: value for key, value in table.items() if key in entry_keys()},
            "system": table.get("system", slug),
            "folder": table.get("folder", slug),
            "options": options_of(table),
        }
        # Fast way: the types hold the rules of the schema, so that a good entry needs no schema
        # (of 225 entries 0.3 s). A bad one goes to the schema, which names all its faults at once.
        with suppress(msgspec.ValidationError):
            return msgspec.convert(fields, Entry), []
    faults = schema_faults("entry", table, where)
    return None, faults or [f"{where} is no entry"]


@functools.cache
def entry_keys() -> tuple[str, ...]:
    """Keys that every entry may have."""
    return tuple(load_schema("entry")["properties"])


def options_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry's table says to its format."""
    return {key: value for key, value in table.items() if key not in entry_keys()}
