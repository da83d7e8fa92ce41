"""Records as conversations: the turns and pictures of what LLaVA, ShareGPT and their kin write.

A reader of any container (JSON, tables) gives a record as a mapping. Its words stand in one of::

    "conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]
    "messages": [{"role": "user", "content": "..."}, ...]     content may be a list of typed parts
    "conv": [{"Question": "...", "Answer": "..."}, ...]       one object an exchange
    "conversations": "[{\\"from\\": ...}]"                      any of these as JSON in a text
    "query": "...", "response": "...", "history": [["...", "..."]]        no list of turns at all

Words come through as they stand.
Source: https://github.com/haotian-liu/LLaVA (docs/Finetune_Custom_Data.md),
https://github.com/hiyouga/LLaMA-Factory (data/README.md), https://github.com/modelscope/ms-swift
(custom datasets), https://github.com/NJU-LHRS/LHRS-Bot (lhrs/Dataset/cap_dataset.py). Whose VHM's
marks are: https://github.com/VisionXLab/RSCoVLM.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import xxhash
from msgspec import Struct

from converters.read.choices import is_scalar, text_of
from converters.read.json_elements import UNREADABLE, BadRecord
from converters.read.nested import objects_of
from schemas.sample import Picture

Role = Literal["human", "gpt", "system"]
Names = str | tuple[str, ...]  # of a field: the first that a record has is taken
Turns = tuple[tuple[str, str], ...]
ROLES: Mapping[str, Role] = {
    "human": "human",
    "user": "human",
    "gpt": "gpt",
    "assistant": "gpt",
    "bot": "gpt",
    "system": "system",
}
_PARTS = ("image", "image_url", "video")  # of a message in typed parts
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?")


class TurnFields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields; of several the first that a record has is taken.

    image: a name may be a list of names, of fields with one picture each in time order.
    conversations: the list of turns. role, text: of a turn. question, answer: of an exchange, or of
    a record without a list of turns. input: words that stand below the question. history: the
    exchanges before it. system: the system's words, where they are no turn. times: the list of the
    pictures' dates.
    """

    id: str = "id"
    image: str | tuple[str | tuple[str, ...], ...] = ("image", "images", "video")
    conversations: Names = "conversations"
    role: Names = ("from", "role")
    text: Names = ("value", "content")
    question: Names | None = None
    answer: Names | None = None
    input: str | None = None
    history: str | None = None
    system: str | None = None
    times: str | None = None


class Marks(Struct, frozen=True, forbid_unknown_fields=True):
    """Of lists that hold several sets: a mark in its first question says whose a record is.

    known: the marks that there are. own: those of this set; "" is a question without one. splits:
    of the lists that are marked.
    """

    known: list[str]
    own: list[str]
    splits: list[str]

    def ours(self, turns: Turns, split: str) -> bool:
        """Whether a record is of this set."""
        asked = next((text for role, text in turns if role == "human"), "")
        mark = next((mark for mark in self.known if mark in asked), "")
        return split not in self.splits or mark in self.own


def several(names: Names | None) -> tuple[str, ...]:
    """The names of a field, in the order in which they are tried."""
    return () if names is None else (names,) if isinstance(names, str) else names


@functools.cache
def image_names(fields: TurnFields) -> tuple[tuple[str, ...], ...]:
    """The fields that hold a record's pictures, in the order in which they are tried."""
    return tuple(map(several, (fields.image,) if isinstance(fields.image, str) else fields.image))


def field_names(fields: TurnFields) -> tuple[str, ...]:
    """Every field that a record may be asked for, once."""
    single = (fields.id, fields.input, fields.history, fields.system, fields.times)
    names = [
        *(name for some in image_names(fields) for name in some),
        *several(fields.conversations),
        *several(fields.question),
        *several(fields.answer),
        *(name for name in single if name is not None),
    ]
    return tuple(dict.fromkeys(names))


def images_of(record: Mapping[str, Any], fields: TurnFields, strip: Sequence[str]) -> list[str]:
    """The native paths of a record's pictures; none for text alone.

    strip: what is taken away where a path begins with it. Raises BadRecord for what is no path.
    """
    for names in image_names(fields):
        values = [record.get(name) for name in names]
        # Fast way: one path, as nearly all records have; the plain way is the same for many.
        if len(values) == 1 and isinstance(values[0], str) and (path := values[0].strip()):
            return [without_beginning(path, strip)]
        if not any(values) and all(value in (None, "", []) for value in values):
            continue
        found = [one for value in values for one in (value if isinstance(value, list) else [value])]
        named = [one.get("path") if isinstance(one, dict) else one for one in found]
        paths = [path.strip() for path in named if isinstance(path, str)]
        if len(paths) < len(named) or not all(paths):
            said = found[0] if len(found) == 1 else found
            raise BadRecord("bad_value", f"a picture is no path: {str(said)[:80]}")
        return [without_beginning(path, strip) for path in paths]
    return []


def without_beginning(path: str, strip: Sequence[str]) -> str:
    """A path without the first of some beginnings that it has."""
    path = path.removeprefix("./")
    lead = next((one for one in strip if path.startswith(one)), "")
    return path.removeprefix(lead)


def turns_of(record: Mapping[str, Any], fields: TurnFields, roles: Mapping[str, Role]) -> Turns:
    """(role, text) of a record's turns. roles: what native roles are, besides `ROLES`.

    Raises BadRecord where there are none, or one is of no known role.
    """
    turns: list[tuple[str, str]] = []
    if fields.system is not None and (system := _words(record.get(fields.system), fields.system)):
        turns.append(("system", system))
    value = _first(record, fields.conversations)
    if isinstance(value, str) and value:
        value = _decoded(value, several(fields.conversations)[0])
    if value is None and _first(record, fields.question) is not None:
        for pair in record.get(fields.history or "") or ():
            turns += _exchange(pair, fields)
        return (*turns, *_exchange(record, fields))
    name = several(fields.conversations)[0]
    if not value:
        raise BadRecord("missing_field", f"no {name}")
    known = {**ROLES, **roles} if roles else ROLES
    if isinstance(value, dict) and not any(isinstance(part, list) for part in value.values()):
        value = [value]  # a lone exchange, in no list
    for number, turn in enumerate(objects_of(value, name)):
        turns += _turn(turn, number, fields, known)
    return tuple(turns)


def _first(record: Mapping[str, Any], names: Names | None) -> Any:
    if isinstance(names, str):
        return record.get(names)
    for name in names or ():
        value = record.get(name)
        if value is not None:
            return value
    return None


def _decoded(text: str, name: str) -> Any:
    """Turns that are JSON in a text."""
    try:
        return msgspec.json.decode(text)
    except UNREADABLE as error:
        raise BadRecord("bad_value", f"{name} is a text that is no JSON: {error}") from None


def _turn(
    turn: Any, number: int, fields: TurnFields, roles: Mapping[str, Role]
) -> list[tuple[str, str]]:
    """One turn, or the two of an exchange."""
    if not isinstance(turn, dict):
        return _exchange(turn, fields)
    named, text = _first(turn, fields.role), _first(turn, fields.text)
    role = roles.get(named) or roles.get(named.lower()) if isinstance(named, str) else None
    if role is not None and isinstance(text, str):  # as nearly all are
        return [(role, text)]
    if named is None and _first(turn, fields.question) is not None:
        return _exchange(turn, fields)
    if role is None:
        said = "no" if named is None else f"the unknown role {named!r:.40} in"
        raise BadRecord("bad_roles", f"{said} {_present(turn, fields.role)} of turn {number}")
    return [(role, _words(text, several(fields.text)[0]))]


def _present(turn: Mapping[str, Any], names: Names) -> str:
    return next((name for name in several(names) if name in turn), several(names)[0])


def _exchange(pair: Any, fields: TurnFields) -> list[tuple[str, str]]:
    """A question and its answer, from an object or a list of two."""
    if isinstance(pair, dict):
        asked = _words(_first(pair, fields.question), "question")
        if fields.input is not None and (more := _words(pair.get(fields.input), fields.input)):
            asked = f"{asked}\n{more}"
        return [("human", asked), ("gpt", _words(_first(pair, fields.answer), "answer"))]
    if isinstance(pair, list | tuple) and len(pair) == 2:
        return [("human", _words(pair[0], "question")), ("gpt", _words(pair[1], "answer"))]
    raise BadRecord("bad_value", f"a turn is {str(pair)[:60]!r}")


def _words(value: Any, name: str) -> str:
    """A text, a number as text, or typed parts as one text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_part(part, name) for part in value)
    if not is_scalar(value):
        raise BadRecord("bad_value", f"{name} is {type(value).__name__}, not a text")
    return text_of(value)


def _part(part: Any, name: str) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind in _PARTS:
        return "<video>" if kind == "video" else "<image>"
    raise BadRecord("bad_value", f"a part of {name} is {str(part)[:60]!r}")


def key_of(record: Mapping[str, Any], fields: TurnFields, images: Sequence[str]) -> str:
    """What identifies a record: the first picture and the id, as far as there are any.

    Ids repeat in several sets, and are text in one record and a number in the next. Where there is
    neither, a hash of the words stands for both.
    """
    own = record.get(fields.id)
    names = [*images[:1], *([] if own in (None, "") or not is_scalar(own) else [text_of(own)])]
    if names:
        return " ".join(names)
    words = [*several(fields.conversations), *several(fields.question), *several(fields.answer)]
    said = [record[name] for name in words if record.get(name) is not None]
    hashed = said[0] if len(said) == 1 else said
    return f"text {xxhash.xxh64_hexdigest(msgspec.json.encode(hashed))}"


def dated(pictures: tuple[Picture, ...], times: Any) -> tuple[Picture, ...]:
    """The pictures with their dates as ISO 8601, where there is one for each of them."""
    times = [times] if isinstance(times, str) else times
    if not isinstance(times, list | tuple) or len(times) != len(pictures):
        return pictures
    return tuple(
        msgspec.structs.replace(picture, time=time.replace(" ", "T") if _is_date(time) else None)
        for picture, time in zip(pictures, times, strict=True)
    )


def in_time(pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
    """The pictures by their dates, as listed where one of them has none."""
    if any(picture.time is None for picture in pictures):
        return pictures
    return tuple(sorted(pictures, key=lambda one: one.time or ""))


def _is_date(time: object) -> bool:
    return isinstance(time, str) and _DATE.fullmatch(time) is not None
