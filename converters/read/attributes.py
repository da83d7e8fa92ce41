"""What authors say of an object in a JSON object, as text by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_UNSAID = frozenset({"", "unknown", "none", "null"})
_LEFT_OUT = "confidence"


def attributes_of(said: Mapping[str, Any]) -> dict[str, str]:
    """Attributes as text; those of an object in an object are called `a.b`, lists become `1, 2`.

    What is called "confidence", and what is null, empty or unknown, is left out.
    """
    return dict(_flat(said, ""))


def _flat(said: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for name, value in said.items():
        key = f"{above}{name}"
        if name.lower() == _LEFT_OUT:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{key}.")
            continue
        values = value if isinstance(value, list) else [value]
        text = ", ".join(str(item) for item in values if item is not None)
        if text.lower() not in _UNSAID:
            yield key, text
