"""The catalogue: entries from `datasets/*.toml`, each bound to the reader of its format."""

from __future__ import annotations

import functools
import pkgutil
from importlib import import_module, resources
from types import ModuleType
from typing import Any

import msgspec

from converters import dialects, formats
from converters.tasks import wordings
from schemas.entry import Entry, entry_keys, options_of, parse_entry
from schemas.mix import Mix
from schemas.toml import ConfigError, load_toml, option_faults


def format_names() -> list[str]:
    """Every format there is a reader for."""
    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


@functools.cache
def _module(name: str) -> ModuleType:
    return import_module(f"converters.formats.{name}")


def reader(entry: Entry) -> tuple[ModuleType, Any]:
    """The reader's module and the entry's options for it."""
    module = _module(entry.format)
    return module, msgspec.convert(entry.options, module.Options)


def unit(entry: Entry) -> str:
    """What the entry's format counts in."""
    return str(_module(entry.format).UNIT)


@functools.cache
def catalogue() -> dict[str, Entry]:
    """All entries by slug. Raises ConfigError with every fault of every file."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    folder = resources.files("converters").joinpath("datasets")
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".toml"):
            found, wrong = parse_file(str(path), f"datasets/{path.name}")
            faults += wrong + [
                f"datasets/{path.name} [{slug}] stands in another file too"
                for slug in found.keys() & entries.keys()
            ]
            entries |= found
    if faults:
        raise ConfigError("\n".join(faults))
    return entries


def parse_file(path: str, where: str) -> tuple[dict[str, Entry], list[str]]:
    """Entries of one TOML file and all its faults, one a line."""
    entries, faults = {}, []
    for slug, table in load_toml(path).items():
        at = f"{where} [{slug}]"
        entry, wrong = parse_entry(slug, table, at)
        name = table.get("format") if isinstance(table, dict) else None
        if name in format_names():
            wrong += option_faults(options_of(table), _module(name).Options, at, entry_keys())
        elif name and isinstance(name, str):
            wrong.append(f'{at} unknown format "{name}"; known: {", ".join(format_names())}')
        faults += wrong
        if entry is not None and not wrong:
            entries[slug] = entry
    return entries, faults


def entry_of(slug: str) -> Entry:
    """One entry. Raises ConfigError with the nearest slugs where there is none."""
    entries = catalogue()
    if slug not in entries:
        raise ConfigError(f'unknown dataset "{slug}"; known: {", ".join(entries)}')
    return entries[slug]


def mix_faults(mix: Mix, where: str) -> list[str]:
    """What is wrong with a mix whose shape is right: unknown datasets, tasks, templates, dialects."""
    faults = []
    for key, value in (("dialect", mix.dialect), ("fallback_dialect", mix.fallback_dialect)):
        if value is not None and value not in dialects.NAMES:
            faults.append(f'{where} unknown {key} "{value}"; known: {", ".join(dialects.NAMES)}')
    if mix.fallback_dialect in dialects.NAMES and dialects.needs_size(mix.fallback_dialect or ""):
        faults.append(
            f'{where} fallback_dialect "{mix.fallback_dialect}" needs the size it is to do without'
        )
    for source in mix.sources:
        at = f"{where} [sources.{source.name}]"
        if source.dataset not in catalogue():
            faults.append(
                f'{at} unknown dataset "{source.dataset}"; known: {", ".join(catalogue())}'
            )
            continue
        entry = catalogue()[source.dataset]
        if source.task not in entry.tasks:
            faults.append(
                f'{at} dataset "{source.dataset}" has no task "{source.task}"; it has: {", ".join(entry.tasks)}'
            )
        unknown = [split for split in source.split or [] if split not in entry.splits]
        faults += [
            f'{at} dataset "{source.dataset}" has no split "{split}"; it has: {", ".join(entry.splits)}'
            for split in unknown
        ]
        try:
            wordings.wordings(source.templates, source.task)
        except ConfigError as error:
            faults.append(f"{at} {error}")
    return faults
