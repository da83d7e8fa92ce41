"""Turns of the usual form, decoded without a look at each: a role and a text.

`converters.read.turns` reads those of any form, and takes over where a turn is of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from converters.read.folder import Span
from converters.read.json_rows import decoded, record_type
from converters.read.turns import (
    ROLES,
    Names,
    Role,
    TurnFields,
    Turns,
    image_names,
    several,
    without_beginning,
)

_HEAD_BYTES = 1 << 16
_FIELDS = 3  # of a record: its conversation, picture and id


class TurnForm(NamedTuple):
    """kinds: what a list of turns is decoded to. absent: names that no turn may have, as they would
    come first."""

    kinds: Any
    absent: tuple[str, ...]


class TalkAtOnce(NamedTuple):
    """A record: what it is called, the native paths of its pictures, its turns."""

    key: str
    images: list[str]
    turns: Turns


def talks_at_once(
    body: bytes,
    span: Span,
    fields: TurnFields,
    once: Iterable[str],
    roles: Mapping[str, Role],
    strip: Sequence[str],
) -> list[TalkAtOnce] | None:
    """The records of a span's text, decoded together; None where one is of another form.

    once: names that must not stand twice in a record. roles, strip: see `turns_of`, `images_of`.
    """
    head = body[:_HEAD_BYTES]
    form = form_of(head, fields)
    said = named_in(head, fields.conversations)
    image = named_in(head, tuple(names[0] for names in image_names(fields)))
    is_usual = all(len(names) == 1 for names in image_names(fields)) and said and image
    if form is None or not is_usual or fields.system or fields.times:
        return None
    types: dict[str, Any] = {
        said: form.kinds,
        image: str | list[str] | None,
        fields.id: str | int | None,
    }
    others = {*once, *form.absent} - types.keys()
    values = decoded(body, span, types, others) if len(types) == _FIELDS else None
    if values is None or not all(values[0]):
        return None
    known = {**ROLES, **roles}
    lists = [[one] if type(one) is str else one or [] for one in values[1]]
    lists = [[without_beginning(one.strip(), strip) for one in images] for images in lists]
    keys = [
        " ".join([*images[:1], *([] if own in (None, "") else [str(own)])])
        for images, own in zip(lists, values[2], strict=True)
    ]
    if not all(map(all, lists)) or not all(keys):
        return None
    try:
        turns = [told(talk, known) for talk in values[0]]
    except KeyError:  # an unknown role
        return None
    return [*map(TalkAtOnce, keys, lists, turns)]


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
