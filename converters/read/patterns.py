"""The path patterns of the catalogue as text: their readings, their names, what they match.

`converters.read.files` says what a pattern looks like, and finds the files of one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from itertools import product

from converters.read.copies import unmarked
from converters.read.places import stands_for, unpacked

COMPONENT_END = re.compile(r"/|(?<=!)")  # between path components; an archive is one
_ALTERNATIVES = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_ADDRESSED = re.compile(r"(\.(?:json|jsonl|geojson|csv|tsv|txt|xml))\?[^/!]*$", re.IGNORECASE)
_SHOWN = 3  # readings of a pattern that a message can hold


def expand(pattern: str) -> list[str]:
    """All readings of a pattern's `{a|b}` alternatives, in the order written."""
    return [*_readings(pattern)]


# Fast way, here and below: an entry's few patterns are asked for each of its files; what does not
# depend on the file is found out once.
@functools.lru_cache(maxsize=1024)
def _readings(pattern: str) -> tuple[str, ...]:
    parts = _ALTERNATIVES.split(pattern)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return tuple("".join(choice) for choice in product(*choices))


def shown(pattern: str) -> str:
    """A pattern as messages say it: of many readings the first, and how many more there are."""
    readings = expand(pattern)
    if len(readings) <= _SHOWN:
        return pattern
    return f"{readings[0]} (or one of {len(readings) - 1} other places)"


@functools.lru_cache(maxsize=1024)
def variables(pattern: str) -> frozenset[str]:
    """Names that a pattern binds."""
    return frozenset(_VARIABLE.findall(_ALTERNATIVES.sub("", pattern)))


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """A pattern without alternatives, its variables replaced."""
    return _format(pattern).format_map(values)


@functools.lru_cache(maxsize=1024)
def _format(pattern: str) -> str:
    """A pattern whose every other brace is doubled, as str.format wants it."""
    parts = _VARIABLE.split(pattern)
    for i in range(0, len(parts), 2):
        parts[i] = parts[i].replace("{", "{{").replace("}", "}}")
    parts[1::2] = [f"{{{name}}}" for name in parts[1::2]]
    return "".join(parts)


def matcher(text: str, values: Mapping[str, str], flags: int = 0) -> re.Pattern[str]:
    """What the names of files and folders that a component stands for look like.

    values: names whose value is given. flags: of the module re.
    """
    known = {name: values[name] for name in variables(text) if name in values}
    return _built(text, known, flags) if known else _matcher(text, flags)


@functools.lru_cache(maxsize=1024)
def _matcher(text: str, flags: int) -> re.Pattern[str]:
    return _built(text, {}, flags)


def _built(text: str, values: Mapping[str, str], flags: int) -> re.Pattern[str]:
    parts = _VARIABLE.split(text)
    named = set()
    out = []
    for i, part in enumerate(parts):
        if i % 2 == 0:
            out.append(re.escape(part))
        elif part in values:
            out.append(re.escape(values[part]))
        elif part in named:
            out.append(f"(?P={part})")
        else:
            named.add(part)
            out.append(f"(?P<{part}>.+)")
    return re.compile("".join(out), flags | re.DOTALL)  # a name may hold a line break


@functools.lru_cache(maxsize=1024)
def _parts(text: str) -> list[str]:
    """Plain texts and names in turn."""
    return _VARIABLE.split(text)


def around_one(text: str, values: Mapping[str, str]) -> tuple[str, str, str] | None:
    """(before, name, behind) of a component with one name, once, whose value is not given.

    The name is empty where all are given: then the component is what stands before it. None for
    others.
    """
    parts = _parts(text)
    open_ones = [i for i in range(1, len(parts), 2) if parts[i] not in values]
    if len(open_ones) > 1:
        return None
    filled = [values.get(part, "") if i % 2 else part for i, part in enumerate(parts)]
    at = open_ones[0] if open_ones else len(parts)
    name = parts[at] if open_ones else ""
    return "".join(filled[:at]), name, "".join(filled[at + 1 :])


def match(text: str, name: str, values: Mapping[str, str]) -> dict[str, str] | None:
    """What the names in a component stand for in the name of a file or folder, else None."""
    # Fast way: where one name at most is open, its value stands between what is known. The plain
    # way is a regular expression, which has to be built anew for each set of given values.
    if (parts := around_one(text, values)) is None:
        found = matcher(text, values).fullmatch(name)
        return found.groupdict() if found else None
    before, of, behind = parts
    if not of:
        return {} if name == before else None
    size = len(before) + len(behind)
    if len(name) > size and name.startswith(before) and name.endswith(behind):
        return {of: name[len(before) : len(name) - len(behind)]}
    return None


def without_address(name: str) -> str:
    """The name of a text without the end of the address that it was fetched from, which `wget`
    leaves in it: `a.json?download=1`."""
    return _ADDRESSED.sub(r"\1", name) if "?" in name else name


def bind(pattern: str, path: str) -> dict[str, str] | None:
    """What a pattern's names stand for in a path that `find` finds by it, else None."""
    path = without_address(path)
    values = _bound(pattern, path)
    return _bound(pattern, unmarked(path)) if values is None else values


def _bound(pattern: str, path: str) -> dict[str, str] | None:
    plain = unpacked(path)
    # A file that is packed alone (`a.json.gz!a.json`) has the name that it unpacks to.
    as_written = plain if path.rpartition("!")[0].endswith(f"{plain}.gz") else path
    for name, is_exact in ((as_written, True), (plain, False), (once(plain), False)):
        for reading in _readings(pattern):
            values = _bind(reading.split("/"), name.split("/"), is_exact)
            if values is not None:
                return values
    return None


def once(path: str) -> str:
    """A path with each folder once that is in a folder of its own name (`images/images/1.png`)."""
    names = path.split("/")
    return "/".join(name for i, name in enumerate(names) if i == 0 or name != names[i - 1])


def _stands_for(name: str, component: str, values: Mapping[str, str]) -> bool:
    return variables(component) <= values.keys() and stands_for(name, fill(component, values))


def _bind(components: list[str], names: list[str], is_exact: bool) -> dict[str, str] | None:
    if len(components) != len(names):
        return None
    values: dict[str, str] = {}
    for component, name in zip(components, names, strict=True):
        if is_exact:
            own = match(component, name, values)
        else:
            found = matcher(component, values, re.IGNORECASE).fullmatch(name)
            own = found.groupdict() if found else None
        if own is not None:
            values.update(own)
        elif is_exact or not _stands_for(name, component, values):
            return None
    return values
