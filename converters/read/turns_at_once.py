"""Turns of the usual form, decoded without a look at each: a role and a text.

`converters.read.turns` reads those of any form, and takes over where a turn is of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from converters.read.json_rows import record_type
from converters.read.turns import Names, Role, TurnFields, Turns, several


class TurnForm(NamedTuple):
    """kinds: what a list of turns is decoded to. absent: names that no turn may have, as they would
    come first."""

    kinds: Any
    absent: tuple[str, ...]


def form_of(head: bytes, fields: TurnFields) -> TurnForm | None:
    """The form of the turns in a text that begins so; None where it does not show them."""
    role, text = named_in(head, fields.role), named_in(head, fields.text)
    if not role or not text or role == text:
        return None
    absent = (*_before(role, fields.role), *_before(text, fields.text))
    turn: Any = record_type({role: str, text: str})
    return TurnForm(list[turn], absent)


def named_in(head: bytes, names: Names) -> str:
    """The first of some names that stands in quotes in a text, or nothing."""
    return next((name for name in several(names) if f'"{name}"'.encode() in head), "")


def told(turns: Sequence[Any], roles: Mapping[str, Role]) -> Turns:
    """(role, text) of decoded turns. Raises KeyError for a role that is none of `roles`."""
    return tuple([(roles[turn.f0], turn.f1) for turn in turns])


def _before(name: str, names: Names) -> tuple[str, ...]:
    """The names of a field that are taken before one of them."""
    return several(names)[: several(names).index(name)]
