"""Typed mixes: which sources, and how much of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from schemas.toml import ConfigError, schema_faults

ImageMode = Literal["embed", "path", "reencode"]


class Filter(Struct, frozen=True):
    """What a source keeps. choices: questions with options or those without; both, where absent.
    min_side: per cent of the picture's sides."""

    types: list[str] | None = None
    choices: bool | None = None
    labels: list[str] | None = None
    min_side: float = 0.0
    max_regions: int | None = None
    ignored: bool = True


class TileSpec(Struct, frozen=True):
    """How large scenes are cut into tiles.

    size, overlap: pixels; a scene no larger than `size` stays whole. min_visible: a region of which
    a tile shows a smaller share is left out of that tile. keep_empty: share of the tiles without
    any region that become rows. format: how tiles are encoded; jpeg has quality 95.
    """

    size: int
    overlap: int = 200
    min_visible: float = 0.5
    keep_empty: float = 0.0
    format: Literal["jpeg", "png"] = "jpeg"


class SourceSpec(Struct, frozen=True, kw_only=True):
    """One source of a mix: a dataset, a task, and how much of it.

    answers, shuffle: of multiple choice, whether the letter or the text is answered, and whether
    the options' order follows from (seed, id) instead of being the native one.
    """

    name: str
    dataset: str
    task: str
    split: list[str] | None = None
    templates: str = "plain"
    weight: float = 1.0
    take: int | None = None
    filter: Filter = Filter()
    tile: TileSpec | None = None
    answers: Literal["letter", "text"] = "letter"
    shuffle: bool = False

    def wants(self, split: str) -> bool:
        """True where the source reads a split."""
        return self.split is None or split in self.split


class Mix(Struct, frozen=True, kw_only=True):
    """A mix: sources in order of priority.

    dialect: how regions are written as text; unsayable: what happens to a shape that it cannot
    write; unread: what happens to a box in a ready-made text that cannot be read. splits: whether
    the files give `datasets` one split, `train`, or those of the authors. georeference: whether the
    pictures of all datasets are asked where they lie, and not only those whose entry says so.
    """

    name: str
    sources: list[SourceSpec]
    description: str = ""
    left_out: list[str] = []
    seed: int = 0
    dialect: str = "geochat"
    fallback_dialect: str | None = None
    unsayable: Literal["enclose", "reject"] = "enclose"
    unread: Literal["keep", "reject"] = "keep"
    images: ImageMode = "embed"
    group: Literal["item", "image"] = "item"
    max_reject: float | None = None
    splits: Literal["one", "native"] = "one"
    georeference: bool = False


def parse_mix(table: Mapping[str, Any], where: str) -> Mix:
    """A mix from its TOML table. Raises ConfigError with every fault of shape, one a line."""
    faults = schema_faults("mix", table, where)
    if str(table.get("name", "")).endswith("\n"):  # which the pattern's end lets pass
        faults.append(f"{where} name: it ends with a line break")
    if faults:
        raise ConfigError("\n".join(faults))
    sources = [{"name": name, "dataset": name, **spec} for name, spec in table["sources"].items()]
    return msgspec.convert(
        {**table, "sources": sources}, Mix, strict=False
    )  # to JSON Schema 1e3 is an integer
