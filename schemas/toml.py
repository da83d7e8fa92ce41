"""TOML files and JSON Schemas: read with every fault of a file at once."""

from __future__ import annotations

import functools
import math
import os
import re
import stat
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from schemas.conversation import load_schema
from schemas.names import known_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_MOST_BYTES = 64 << 20
# The parser takes memory by the square of a dotted key's parts.
_DEEP_KEY = re.compile(rb"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){64}")


class ConfigError(Exception):
    """A catalogue entry or a mix is wrong: one line a fault."""


def load_toml(path: str) -> dict[str, Any]:
    """A TOML file. Raises ConfigError naming the file where it is missing or no TOML."""
    try:
        found = os.stat(path)
        # A FIFO would never open, and a device never end.
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: no regular file of at most {_MOST_BYTES >> 20} MB")
        with open(path, "rb") as file:
            text = file.read()
        if _DEEP_KEY.search(text):
            raise RecursionError
        table: dict[str, Any] = tomllib.loads(text.decode(), parse_float=_finite)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except RecursionError:
        raise ConfigError(f"{path}: its tables lie too deep in one another") from None
    except ValueError as error:  # no TOML, no UTF-8, or not a finite number
        raise ConfigError(f"{path}: {error}") from None
    return table


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text} is no finite number")
    return value


@functools.cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    schema = load_schema(name)
    registry = Registry().with_resource(
        "earthmix/entry.schema.json", Resource.from_contents(load_schema("entry"))
    )
    return Draft202012Validator(schema, registry=registry)


def schema_faults(schema: str, instance: Any, where: str) -> list[str]:
    """One line for each fault that a JSON Schema finds.

    where: file and table, as in `mixes/a.toml [sources.x]`.
    """
    lines = []
    for error in sorted(
        _validator(schema).iter_errors(instance), key=lambda e: [str(p) for p in e.absolute_path]
    ):
        path = _keys(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known, listed = error.schema["properties"], f"schemas/{schema}.schema.json"
            lines += [
                f"{_place(where, path)} {unknown_key(key, known, listed)}"
                for key in error.instance
                if key not in known
            ]
        elif error.validator == "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            lines += [
                line
                for key in missing
                if (line := f'{_place(where, path)} key "{key}" is missing') not in lines
            ]
        else:
            at, key = (path[:-1], f"{path[-1]}: ") if path else (path, "")
            lines.append(f"{_place(where, at)} {key}{error.message}")
    return lines


def unknown_key(key: str, known: Iterable[str], listed: str) -> str:
    """The words for a key that is not among those known. listed: the file that has all of them."""
    return f'unknown key "{key}"; {known_names(key, known, listed)}'


def _keys(path: Iterable[str | int]) -> list[str]:
    """Keys from the outermost in; a place in a list belongs to the list's key: `types[0]`."""
    keys: list[str] = []
    for part in path:
        if isinstance(part, int):
            keys[-1] += f"[{part}]"
        else:
            keys.append(part)
    return keys


def _place(where: str, path: list[str]) -> str:
    """`where` with the tables of `path` in its brackets."""
    if not path:
        return where
    head = f"{where[:-1]}." if where.endswith("]") else f"{where} ["
    return f"{head}{'.'.join(path)}]"


@functools.cache
def _fields(kind: type[Struct]) -> dict[str, FieldInfo]:
    """The fields of a Struct by name; looking them up evaluates its annotations anew."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def option_faults(
    options: Mapping[str, Any],
    kind: type[Struct],
    where: str,
    listed: str,
    common: Iterable[str] = (),
) -> list[str]:
    """Faults of a format's options against the Struct that describes them, all at once.

    listed: the files that have all the known keys. common: keys that are known besides.
    """
    fields = _fields(kind)
    lines = [
        f"{where} {unknown_key(key, [*fields, *common], listed)}"
        for key in options
        if key not in fields
    ]
    for name, field in fields.items():
        if name not in options:
            if field.required:
                lines.append(f'{where} key "{name}" is missing')
            continue
        if (
            isinstance(options[name], dict)
            and isinstance(field.type, type)
            and issubclass(field.type, Struct)
        ):
            lines += option_faults(options[name], field.type, _place(where, [name]), listed)
            continue
        try:
            msgspec.convert(options[name], field.type)
        except msgspec.ValidationError as error:
            lines.append(f"{where} {name}: {error}")
    return lines
