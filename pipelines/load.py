"""Mixes as users name and change them: by name or file, or from datasets alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec

from converters.catalogue import (
    catalogue,
    entry_of,
    mix_faults,
    tasks_of_all,
    unreadable,
    yields,
)
from converters.tasks import TASKS
from schemas.mix import Mix, SourceSpec, TileSpec, parse_mix
from schemas.names import known_names
from schemas.toml import ConfigError, load_toml

_NAMED = 3  # datasets that a conversion's name names


def mix_names() -> list[str]:
    """Mixes that come with earthmix."""
    return sorted(
        p.name.removesuffix(".toml").replace("_", "-")
        for p in _mixes().iterdir()
        if p.name.endswith(".toml")
    )


def _mixes() -> Any:
    return resources.files("pipelines").joinpath("mixes")


def load_mix(name: str, changes: Sequence[str] = ()) -> Mix:
    """A mix by name or file, with `key=value` changes applied.

    Raises ConfigError with every fault.
    """
    if name.endswith(".toml") or os.sep in name:
        path, where = name, name
    elif name in mix_names():
        path, where = str(_mixes().joinpath(f"{name.replace('-', '_')}.toml")), f"mixes/{name}"
    else:
        raise ConfigError(
            f'unknown mix "{name}"; known: {", ".join(mix_names())}, or the path of a .toml file'
        )
    table = load_toml(path)
    _change(table, changes)
    return checked(table, where)


def checked(table: Mapping[str, Any], where: str) -> Mix:
    """A mix from its table, checked against schema and catalogue.

    Raises ConfigError with every fault.
    """
    mix = parse_mix(table, where)
    if faults := mix_faults(mix, where):
        raise ConfigError("\n".join(faults))
    return mix


def _change(table: dict[str, Any], changes: Sequence[str]) -> None:
    """Applies changes such as `sources.rsvqa_lr.take=100`.

    A value is read as JSON where it is JSON, else as text.
    """
    for change in changes:
        path, mark, text = change.partition("=")
        *parents, key = path.strip().split(".")
        if not mark or not key:
            raise ConfigError(f'--set "{change}" is not key=value')
        try:
            change.encode()
            value = msgspec.json.decode(text)
        except UnicodeEncodeError:
            raise ConfigError(f'--set "{path.strip()}": its value is not UTF-8') from None
        except RecursionError:
            raise ConfigError(f'--set "{path.strip()}": its value lies too deep') from None
        except msgspec.DecodeError:
            value = text
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise ConfigError(f'--set "{change}": "{parent}" is no table')
        place[key] = value


def convert_mix(targets: Sequence[str], group: str, changes: Sequence[str] = ()) -> Mix:
    """A mix in which every item of the named datasets (`slug` or `slug:split`) is kept once.

    A dataset's source has its slug as name; where its authors give items of several kinds, those of
    each other kind have a source of the name `slug-task`, and questions without options beside a
    multiple choice have `slug-vqa`. Boxes of a picture whose size nobody knows are written in
    pixels. Raises ConfigError for a dataset that is unknown or cannot be read.
    """
    sources: dict[str, Any] = {}
    for target in dict.fromkeys(targets):
        slug, _, split = target.partition(":")
        entry = entry_of(slug)
        if reason := unreadable(entry):
            raise ConfigError(reason)
        tasks = tasks_of_all(entry)
        own: list[dict[str, Any]] = [{"dataset": slug, "task": task} for task in tasks]
        if "choice" in tasks and "vqa" in entry.tasks:
            own.append({"dataset": slug, "task": "vqa", "filter": {"choices": False}})
        for number, spec in enumerate(own):
            source = sources.setdefault(f"{slug}-{spec['task']}" if number else slug, spec)
            if split and slug not in targets:  # the whole holds its parts
                source.setdefault("split", []).append(split)
    slugs = [*dict.fromkeys(source["dataset"] for source in sources.values())]
    shown = slugs[:_NAMED]
    left = len(slugs) - len(shown)
    rest = [f"and-{left}-more"] if left else []
    name = "-".join([*shown, *rest]).replace("_", "-")
    table = {
        "name": f"convert-{name}",
        "group": group,
        "dialect": "geochat",
        "fallback_dialect": "pixel",
        "sources": sources,
    }
    _change(table, changes)
    return checked(table, "convert")


def narrowed(
    mix: Mix, only: Sequence[str] = (), take: int | None = None, tile: TileSpec | str | None = ""
) -> Mix:
    """A mix of some of its sources, of fewer rows, or with other tiles.

    only: names of sources or datasets. take: at most so many rows of each source. tile: for every
    source made of regions; None for no tiles at all, "" for those of the mix. The card says what
    was left out.

    Raises ConfigError for a name that is neither.
    """
    known = [name for source in mix.sources for name in (source.name, source.dataset)]
    if unknown := [name for name in only if name not in known]:
        place = f"the file of {mix.name}"
        raise ConfigError(
            "\n".join(
                f"--only {name}: no such source; {known_names(name, known, place)}"
                for name in unknown
            )
        )
    kept = [s for s in mix.sources if not only or s.name in only or s.dataset in only]
    left_out = list(mix.left_out)
    if gone := [source.name for source in mix.sources if source not in kept]:
        left_out.append(f"Sources left out by --only: {', '.join(gone)}.")
    if take is not None:
        left_out.append(f"All rows beyond the first {take:,} of each source (--take).")
    sources = [_narrower(source, take, tile) for source in kept]
    return msgspec.structs.replace(mix, sources=sources, left_out=left_out)


def _narrower(source: SourceSpec, take: int | None, tile: TileSpec | str | None) -> SourceSpec:
    if take is not None:
        source = msgspec.structs.replace(source, take=min(take, source.take or take))
    if isinstance(tile, str):
        return source
    entry = catalogue()[source.dataset]
    of_regions = TASKS[source.task].kind(yields(entry)) == "region"
    return msgspec.structs.replace(source, tile=tile if of_regions else None)


def without_missing(mix: Mix, missing: Mapping[str, str]) -> Mix:
    """A mix without the datasets that are not there, which the card lists.

    missing: by slug, why a dataset cannot be read. Raises ConfigError where nothing is left.
    """
    sources = [source for source in mix.sources if source.dataset not in missing]
    reasons = list(dict.fromkeys(missing.values()))  # datasets that lack one extra share a line
    if not sources:
        raise ConfigError("\n".join(["--skip-missing leaves no source", *reasons]))
    lines = [f"{reason} (--skip-missing)" for reason in reasons]
    return msgspec.structs.replace(mix, sources=sources, left_out=[*mix.left_out, *lines])


def tile_of(text: str) -> TileSpec | str | None:
    """What `--tile` says: a size in pixels, `off` for no tiles, nothing for those of the mix.

    Raises ConfigError for anything else.
    """
    if text in ("", "off"):
        return None if text else ""
    if not text.isdecimal() or not int(text):
        raise ConfigError(f'--tile takes a size in pixels, or "off", not "{text}"')
    size = int(text)
    return TileSpec(size, overlap=min(TileSpec(size).overlap, size // 4))
