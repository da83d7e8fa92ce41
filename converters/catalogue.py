"""The catalogue: entries from `datasets/*.toml`, each bound to the reader of its format."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Iterable, Sequence
from importlib import import_module, resources
from typing import Any, cast, get_args

import msgspec

from converters import formats
from converters.dialects import DIALECTS, DIALECTS_LISTED
from converters.read.folder import ALL, Format
from converters.tasks import TASKS, possible
from converters.tasks.wordings import pools, slot_faults, wordings
from schemas.entry import (
    Entry,
    Evidence,
    Group,
    Recipe,
    Status,
    entry_keys,
    options_of,
    parse_entry,
)
from schemas.mix import Mix, SourceSpec, TileSpec
from schemas.names import known_names
from schemas.sample import Kind
from schemas.toml import ConfigError, load_toml, option_faults

LISTING = "earthmix datasets"  # where all slugs are


def format_names() -> Sequence[str]:
    """Every format there is a reader for: each module of `converters.formats` is one."""
    return _modules(tuple(formats.__path__))


@functools.cache
def _modules(folders: tuple[str, ...]) -> Sequence[str]:
    return sorted(module.name for module in pkgutil.iter_modules(folders))


@functools.cache
def format_module(name: str) -> Format:
    """The module of a format."""
    return cast(Format, import_module(f"converters.formats.{name}"))


def reader(entry: Entry) -> tuple[Format, Any]:
    """The entry's reader and its options. Raises ConfigError where it has nothing to convert."""
    if reason := unreadable(entry):
        raise ConfigError(reason)
    module = format_module(entry.format)
    return module, msgspec.convert(entry.options, module.Options)


def yields(entry: Entry) -> tuple[Kind, ...]:
    """The kinds of items that the entry's format yields, without those that the entry lacks."""
    module = format_module(entry.format)
    lacks = getattr(module, "lacks", None)
    missing = lacks(entry.options) if lacks else ()
    return tuple(kind for kind in module.YIELDS if kind not in missing)


def tasks_of_all(entry: Entry) -> list[str]:
    """The tasks that make a row of each item once: the first of the entry's for every kind.

    Words that a format makes of class names say nothing that its other items do not say: they
    count where the entry names their task first.
    """
    ours = getattr(format_module(entry.format), "OURS", ())
    by_kind: dict[Kind | None, str] = {}
    for name in entry.tasks:
        by_kind.setdefault(TASKS[name].kind(yields(entry)), name)
    first = entry.tasks[0]
    return [name for kind, name in by_kind.items() if name == first or kind not in ours]


@functools.cache
def catalogue() -> dict[str, Entry]:
    """All entries by slug. Raises ConfigError with every fault of every file."""
    entries: dict[str, Entry] = {}
    faults: list[str] = []
    folder = resources.files("converters").joinpath("datasets")
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            found, wrong = parse_file(str(path), f"datasets/{path.name}")
            faults += wrong
            faults += [
                f"datasets/{path.name} [{slug}] stands in another file too"
                for slug in sorted(found.keys() & entries.keys())
            ]
            entries |= found
    if faults:
        raise ConfigError("\n".join(faults))
    return entries


def add_entries(path: str) -> None:
    """Adds the entries of a user's own TOML file to the catalogue of this process.

    Raises ConfigError with every fault, and for a slug that is taken.
    """
    found, faults = parse_file(path, path)
    faults += [
        f"{path} [{slug}] is a slug of the catalogue that comes with earthmix; choose another"
        for slug in sorted(found.keys() & catalogue().keys())
        if found[slug] != catalogue()[slug]
    ]
    if faults:
        raise ConfigError("\n".join(faults))
    catalogue().update(found)


def parse_file(path: str, where: str) -> tuple[dict[str, Entry], list[str]]:
    """Entries of one TOML file and all its faults, one a line."""
    entries, faults = {}, []
    for slug, table in load_toml(path).items():
        place = f"{where} [{slug}]"
        entry, wrong = parse_entry(slug, table, place)
        name = table.get("format") if isinstance(table, dict) else None
        if name in format_names():
            options = format_module(name).Options
            listed = f"converters/formats/{name}.py and schemas/entry.schema.json"
            wrong += option_faults(options_of(table), options, place, listed, entry_keys())
        elif name and isinstance(name, str):
            known = known_names(name, format_names(), "docs/formats.md")
            wrong.append(f'{place} unknown format "{name}"; {known}')
        if entry is not None and (not entry.format or entry.format in format_names()):
            wrong += _entry_faults(entry, place)
        faults += wrong
        if entry is not None and not wrong:
            entries[slug] = entry
    return entries, faults


def _entry_faults(entry: Entry, where: str) -> list[str]:
    """What is wrong with an entry whose shape is right: what its keys say of one another."""
    lines = []
    if not entry.home and not entry.why:
        lines.append(f'{where} key "home" is missing; where there is none, "why" says so')
    if entry.recipe and not _is_sound(entry.recipe):
        rule = "takes 1 or 3 bands, all by number or all by name, and black below white"
        lines.append(f"{where} recipe: {rule}")
    if not entry.format:
        if not entry.why:
            lines.append(f'{where} key "why" is missing: there is no format to convert it by')
        if entry.evidence != "none":
            lines.append(f'{where} evidence: "{entry.evidence}" of a dataset without a format')
        lines += [f'{where} key "{key}" belongs to a format' for key in entry.options]
        return lines
    if not entry.tasks:
        return [*lines, f'{where} key "tasks" is missing']
    known = possible(yields(entry))
    lines += [
        f'{where} tasks: format "{entry.format}" cannot make "{task}"; it can: {", ".join(known)}'
        for task in entry.tasks
        if task not in known
    ]
    return lines


def _is_sound(recipe: Recipe) -> bool:
    ends, kinds = recipe.stretch, {type(band) for band in recipe.bands}
    return (
        len(recipe.bands) in (1, 3)
        and len(kinds) == 1
        and (isinstance(ends, str) or ends[0] < ends[1])
    )


def entry_of(slug: str) -> Entry:
    """One entry. Raises ConfigError with slugs like it where there is none."""
    entries = catalogue()
    if slug not in entries:
        raise ConfigError(f'unknown dataset "{slug}"; {known_names(slug, entries, LISTING)}')
    return entries[slug]


def chosen(
    entries: Iterable[Entry],
    task: str | None = None,
    group: str | None = None,
    licence: str | None = None,
    evidence: str | None = None,
    status: str | None = None,
) -> list[Entry]:
    """Entries of which all that is asked for holds. licence: words in one of the two licences.

    Raises ConfigError for a task, group, evidence or status that no entry could have.
    """
    known: dict[str, tuple[str | None, Sequence[str]]] = {
        "task": (task, list(TASKS)),
        "group": (group, get_args(Group)),
        "evidence": (evidence, get_args(Evidence)),
        "status": (status, get_args(Status)),
    }
    if faults := [
        f'--{name}: unknown {name} "{asked}"; known: {", ".join(words)}'
        for name, (asked, words) in known.items()
        if asked is not None and asked not in words
    ]:
        raise ConfigError("\n".join(faults))
    words = (licence or "").casefold()
    return [
        entry
        for entry in entries
        if (task is None or task in entry.tasks)
        and (group is None or group in entry.groups)
        and (evidence is None or entry.evidence == evidence)
        and (status is None or entry.status == status)
        and words in f"{entry.licence.annotations}\n{entry.licence.images}".casefold()
    ]


def unreadable(entry: Entry) -> str:
    """Why nothing of an entry can be converted, or nothing where it has a reader."""
    if entry.format:
        return ""
    return f'dataset "{entry.slug}" cannot be converted: {entry.status}: {entry.why}'


def place_to_get(entry: Entry) -> str:
    """The page of a dataset, or else what its authors say of how to get it."""
    return entry.home or entry.get or entry.paper or "nowhere that is known"


def mix_faults(mix: Mix, where: str) -> list[str]:
    """What is wrong with a mix whose shape is right: unknown names, wordings without slots."""
    faults = []
    for key, value in (("dialect", mix.dialect), ("fallback_dialect", mix.fallback_dialect)):
        if value is not None and value not in DIALECTS:
            known = known_names(value, DIALECTS, DIALECTS_LISTED)
            faults.append(f'{where} unknown {key} "{value}"; {known}')
    fallback = DIALECTS.get(mix.fallback_dialect or "")
    if fallback and fallback.needs_size:
        faults.append(
            f'{where} fallback_dialect "{fallback.name}" needs the size it is to do without'
        )
    for name in dict.fromkeys(source.templates for source in mix.sources):
        try:
            faults += slot_faults(name, pools(name), TASKS)
        except ConfigError:
            continue  # each source that uses it says so below
    for source in mix.sources:
        faults += _source_faults(source, f"{where} [sources.{source.name}]")
    return faults


def _source_faults(source: SourceSpec, where: str) -> list[str]:
    if source.dataset not in catalogue():
        known = known_names(source.dataset, catalogue(), LISTING)
        return [f'{where} unknown dataset "{source.dataset}"; {known}']
    entry = catalogue()[source.dataset]
    if reason := unreadable(entry):
        return [f"{where} {reason}"]
    if source.task not in TASKS:
        return [f'{where} unknown task "{source.task}"; known: {", ".join(TASKS)}']
    faults = []
    if source.task not in entry.tasks:
        has = ", ".join(entry.tasks)
        faults.append(
            f'{where} dataset "{source.dataset}" has no task "{source.task}"; it has: {has}'
        )
    if source.tile is not None:
        faults += _tile_faults(source, source.tile, entry, where)
    faults += [
        f'{where} dataset "{source.dataset}" has no split "{split}"; '
        f"it has: {', '.join(entry.splits)}"
        for split in source.split or []
        if split not in {*entry.splits, *_folder_splits(entry)}
    ]
    if TASKS[source.task].worded:
        try:
            wordings(source.templates, source.task)
        except ConfigError as error:
            faults.append(f"{where} {error}")
    return faults


def _folder_splits(entry: Entry) -> tuple[str, ...]:
    """Splits that folders may tell of a dataset whose authors made none."""
    if [*entry.splits] != [ALL]:
        return ()
    splits: tuple[str, ...] = getattr(format_module(entry.format), "FOLDER_SPLITS", ())
    return splits


def _tile_faults(source: SourceSpec, tile: TileSpec, entry: Entry, where: str) -> list[str]:
    if TASKS[source.task].kind(yields(entry)) != "region":
        return [f'{where} tile: task "{source.task}" is not made of regions; only such can be cut']
    if tile.overlap >= tile.size:
        return [f"{where} tile: overlap {tile.overlap} must be smaller than size {tile.size}"]
    return []
