"""Conversation rules, stated once.

A JSON Schema for shape and text, and named checks for what a schema cannot say. `faults(row)`
applies both to one row, slowly, by the `jsonschema` library; `converters.rows.check.check_rows`
applies the same rules to columns. Each rule has the name of the Reject it causes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

IMAGE_TOKEN = "<image>"


@functools.cache
def load_schema(name: str) -> dict[str, Any]:
    """A JSON Schema of this package by name: conversation, entry, mix, card."""
    text = resources.files("schemas").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@functools.cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load_schema("conversation"))


def roles_alternate(row: Mapping[str, Any]) -> bool:
    """Human first, then gpt, in turn, gpt last; one system turn may come before them."""
    roles = [turn["from"] for turn in row["conversations"]]
    if roles[:1] == ["system"]:
        roles = roles[1:]
    return bool(roles) and roles == ["human", "gpt"] * (len(roles) // 2)


def image_tokens(row: Mapping[str, Any]) -> bool:
    """`<image>` once for each picture, over the human turns, and never in another turn."""
    counts = {"human": 0, "gpt": 0, "system": 0}
    for turn in row["conversations"]:
        counts[turn["from"]] += (turn["value"] or "").count(IMAGE_TOKEN)
    return counts == {"human": len(row["images"]), "gpt": 0, "system": 0}


CHECKS = {"bad_roles": roles_alternate, "image_tokens": image_tokens}


def faults(row: Mapping[str, Any]) -> set[str]:
    """Names of the rules that a row breaks; empty where it is good.

    row: `id`, `images` (list), `conversations` (list of {from, value}), as JSON values.
    """
    found = {rule for error in _validator().iter_errors(row) for rule in _rules(error)}
    # Counting tokens by role means nothing where the roles are wrong.
    for name, holds in CHECKS.items():
        if not found & {"bad_roles", name} and not holds(row):
            found.add(name)
    return found


def _rules(error: Any) -> set[str]:
    """The rules that a schema error breaks.

    They are its subschema's `$comment`, or those of the keys that the row lacks.
    """
    if "$comment" in error.schema:
        return {error.schema["$comment"]}
    properties = error.schema["properties"]
    return {
        properties[key]["$comment"] for key in error.validator_value if key not in error.instance
    }
