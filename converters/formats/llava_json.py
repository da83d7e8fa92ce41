"""LLaVA-style conversations (GeoChat_Instruct, VRSBench, TEOChatlas, ShareGPT files and their kin).

One native record of a JSON array, or of a line of JSON Lines::

    {"id": 7, "image": "a/0001.png",
     "conversations": [{"from": "human", "value": "<image>\\nWhere is the ship?"},
                       {"from": "gpt", "value": "{<10><20><30><40>|<0>}"}]}

`image` is a path, a list of paths, or absent where a record shows none; TEOChatlas has `video`, a
list of pictures, with their dates in `timestamp`. The pictures stay in the record's order, which
the turns refer to. ShareGPT files name their fields otherwise::

    {"messages": [{"role": "user", "content": "<image>What is it?"},
                  {"role": "assistant", "content": "A dam."}], "images": ["a.jpg"]}

Turns come through as they stand: placeholders and boxes are left to later steps. The dialect of
the boxes is what the entry declares, and never guessed: one notation has several meanings.

Ids repeat in several sets, and are text in one record and a number in the next. What identifies a
record is its pictures and its id together; where there is neither, a hash of its turns.
Source: Kuckreja et al. 2023, https://github.com/mbzuai-oryx/GeoChat; Irvin et al. 2024,
https://github.com/ermongroup/TEOChat.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from types import GenericAlias
from typing import Any, Literal

import msgspec
import xxhash
from msgspec import Struct

from converters.read.folder import BySplit, Folder, PicturePaths, Plan, Sides, Span, stem
from converters.read.plans import json_array_plan
from converters.read.records import json_records, record_pictures
from schemas.sample import Conversation, Kind, Picture, Reject, Sample

YIELDS: tuple[Kind, ...] = ("conversation",)
_RECORD_BYTES = 800
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?")
Role = Literal["human", "gpt", "system"]
_ROLES: dict[str, Role] = {
    "human": "human",
    "user": "human",
    "gpt": "gpt",
    "assistant": "gpt",
    "bot": "gpt",
    "system": "system",
}


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of the record's fields.

    image: one name, or several of which the first that a record has is taken. role, text: of a
    turn. system: a field with the system's words, where they are no turn. times: the list of the
    pictures' dates.
    """

    id: str = "id"
    image: str | tuple[str, ...] = ("image", "images", "video")
    conversations: str = "conversations"
    role: str = "from"
    text: str = "value"
    system: str | None = None
    times: str | None = None


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the JSON or JSON Lines files. images: picture path from `{image}` (its
    field), `{stem}` and `{split}`. fields: names of the fields. roles: what a native role is
    (human, gpt or system), besides the usual names. boxes: the dialect of the boxes in the text.
    """

    annotations: BySplit
    images: BySplit = "{image}"
    fields: Fields = Fields()
    roles: dict[str, Role] = {}
    boxes: str | None = None


class _Fault(Exception):
    """A record cannot become a conversation; args: reason, detail."""


def plan(folder: Folder, options: Options) -> Plan:
    """Spans of equal bytes."""
    return json_array_plan(
        folder,
        options.annotations,
        options.images,
        keys={options.fields.conversations},
        record_bytes=_RECORD_BYTES,
    )


def read(folder: Folder, options: Options, span: Span, sides: Sides) -> Iterator[Sample | Reject]:
    """One Sample a record, with its conversation."""
    paths = PicturePaths(folder, options.images)
    file = folder.relative(span.names[0])
    kind = _record_type(options.fields)
    named = [*_image_fields(options.fields), options.fields.id]
    for _, record in json_records(folder, span, kind, named=named):
        if isinstance(record, Reject):
            yield record
            continue
        images: list[str] = []
        try:
            images = _images(record)
            turns = _turns(record, options)
        except _Fault as fault:
            yield Reject(file, _key(record, images), span.split, *fault.args)
            continue
        key = _key(record, images)
        pairs = [
            (paths, {"image": image, "stem": stem(image), "split": span.split}) for image in images
        ]
        pictures = record_pictures(pairs, file, key, span.split)
        if isinstance(pictures, Reject):
            yield pictures
            continue
        talk = Conversation("", turns, options.boxes)
        yield Sample(key, file, span.split, _dated(pictures, record), conversations=(talk,))


def _image_fields(fields: Fields) -> list[str]:
    return [fields.image] if isinstance(fields.image, str) else list(fields.image)


@functools.cache
def _record_type(fields: Fields) -> type[Struct]:
    """A record as the entry names its fields; whatever else it holds is skipped undecoded.

    Its attributes: `turns` (with `role` and `text`), `id`, `system`, `times`, and `image_0`,
    `image_1`, ... for the names of the image field.
    """
    turn = msgspec.defstruct(
        "Turn",
        [("role", str | None, None), ("text", str | None, None)],
        rename={"role": fields.role, "text": fields.text},
        gc=False,
    )
    names = {"turns": fields.conversations, "id": fields.id}
    types: dict[str, Any] = {"id": str | int | float | None}
    if fields.system is not None:
        names["system"], types["system"] = fields.system, str | None
    if fields.times is not None:
        names["times"], types["times"] = fields.times, Any
    for i, name in enumerate(_image_fields(fields)):
        names[f"image_{i}"], types[f"image_{i}"] = name, Any
    optional = [(attribute, kind, None) for attribute, kind in types.items()]
    turns = ("turns", GenericAlias(list, turn))
    return msgspec.defstruct("Record", [turns, *optional], rename=names)


def _images(record: Struct) -> list[str]:
    """The native paths of a record's pictures; none for text alone. Raises _Fault."""
    for attribute in record.__struct_fields__:
        value = getattr(record, attribute)
        if not attribute.startswith("image_") or value in (None, "", []):
            continue
        several = value if isinstance(value, list) else [value]
        found = [one.get("path") if isinstance(one, dict) else one for one in several]
        paths = [path for path in found if isinstance(path, str) and path]
        if len(paths) < len(found):
            raise _Fault("bad_value", f"a picture is no path: {str(value)[:80]}")
        return paths
    return []


def _turns(record: Any, options: Options) -> tuple[tuple[str, str], ...]:
    """(role, text) of the turns as they stand. Raises _Fault."""
    turns: list[tuple[str, str]] = []
    if system := getattr(record, "system", None):
        turns.append(("system", system))
    if not record.turns:
        raise _Fault("missing_field", f"no {options.fields.conversations}")
    for i, turn in enumerate(record.turns):
        role = options.roles.get(turn.role) or _ROLES.get(turn.role)
        if role is None:
            said = "no" if turn.role is None else f"the unknown role {turn.role!r:.40} in"
            raise _Fault("bad_roles", f"{said} {options.fields.role} of turn {i}")
        turns.append((role, turn.text or ""))
    return tuple(turns)


def _key(record: Any, images: list[str]) -> str:
    """The first picture and the id, as far as there are any; else a hash of the turns."""
    names = [*images[:1], *([] if record.id in (None, "") else [str(record.id)])]
    if names:
        return " ".join(names)
    return f"text {xxhash.xxh64_hexdigest(msgspec.json.encode(record.turns))}"


def _dated(pictures: tuple[Picture, ...], record: Any) -> tuple[Picture, ...]:
    """The pictures with their dates, where the record has one for each of them."""
    times = getattr(record, "times", None)
    times = [times] if isinstance(times, str) else times
    if not isinstance(times, list) or len(times) != len(pictures):
        return pictures
    return tuple(
        Picture(picture.path, time=time if _is_date(time) else None)
        for picture, time in zip(pictures, times, strict=True)
    )


def _is_date(time: object) -> bool:
    return isinstance(time, str) and _DATE.fullmatch(time) is not None
