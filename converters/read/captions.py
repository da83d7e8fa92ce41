"""What records say of pictures, as captions: a text, a list, or a list that was written as text.

A field is named by its place in the record, with dots between keys; a list on the way stands for
all of its elements::

    {"annotation": {"English_caption": ["a", "b"]}}      annotation.English_caption
    {"annotations": [{"text": "a"}, {"text": "b"}]}      annotations.text
    {"turns": [{"from": "gpt", "value": "a"}]}           turns[from=gpt].value

Tables that went through a program hold lists as text, as Python, JSON or NumPy write them:
`['a', "b"]`, `["a", "b"]`, `['a' 'b']`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from converters.read.json_elements import BadRecord
from schemas.sample import Caption, Picture, Reject, Sample

Names = str | tuple[str, ...]
# How files and copies spell the three usual splits; any other name is a split of its own.
_SPLITS = {
    **{"train": "train", "training": "train"},
    **{"val": "val", "valid": "val", "validation": "val", "dev": "val"},
    **{"test": "test", "testing": "test"},
}
_NOTHING = frozenset({"nan", "none", "null", "n/a", "<na>"})  # as programs write "no text"
_SHORT = 12
_LIKE_NOTHING = "(?i)" + "|".join(map(re.escape, sorted(_NOTHING)))
_CHOSEN = re.compile(r"(.+)\[(\w+)=(.*)\]")
_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_LITERAL = re.compile(_QUOTED, re.DOTALL)
_LIST = re.compile(rf"\s*\[\s*(?:{_QUOTED})(?:[\s,]+(?:{_QUOTED}))*[\s,]*\]\s*", re.DOTALL)


def split_name(written: str | None) -> str:
    """The usual name of a split as records spell it (`Train`, `valid `); empty for none."""
    name = (written or "").strip()
    return _SPLITS.get(name.lower(), name)


def several(names: Names) -> tuple[str, ...]:
    """Names of fields, where one may stand alone."""
    return (names,) if isinstance(names, str) else names


def values_at(record: Any, path: str) -> Iterable[tuple[str, Any]]:
    """(place, value) of everything that a dotted path leads to; nothing where it leads nowhere.

    The place is the path with the index of each list, `annotations[1].text`.
    """
    # Fast way: a text under a plain key, which nearly all fields of tables are.
    if isinstance(record, dict) and isinstance(value := record.get(path), str):
        return ((path, value),)
    return _walk(record, path.split("."), "", None)


def _walk(
    value: Any, keys: list[str], place: str, chosen: tuple[str, str] | None
) -> Iterator[tuple[str, Any]]:
    """chosen: the key and the text under it that records of a list must have."""
    if isinstance(value, list | tuple):
        for i, one in enumerate(value):
            yield from _walk(one, keys, f"{place}[{i}]", chosen)
    elif chosen is not None and (
        not isinstance(value, Mapping) or str(value.get(chosen[0])) != chosen[1]
    ):
        return
    elif not keys:
        yield place, value
    elif isinstance(value, Mapping):
        found = _CHOSEN.fullmatch(keys[0])
        key = found[1] if found else keys[0]
        if key in value:
            below = f"{place}.{key}" if place else key
            only = (found[2], found[3]) if found else None
            yield from _walk(value[key], keys[1:], below, only)


def text_at(record: Any, names: Names) -> str:
    """The text or number under the first of some fields that a record has, else empty.

    A list of them is joined with slashes, as the folders of a path. Raises BadRecord.
    """
    for name in several(names):
        # Fast way: a text under a plain key is what the steps below would make of it.
        if isinstance(record, dict) and isinstance(text := record.get(name), str):
            if text:
                return text
            continue
        found = [value for _, value in values_at(record, name) if value not in (None, "")]
        # A column of whole numbers that lacks one is a column of floats to pandas.
        found = [int(x) if isinstance(x, float) and x.is_integer() else x for x in found]
        if any(isinstance(value, bool) or not isinstance(value, str | int) for value in found):
            raise BadRecord("bad_value", f"{name} is {str(found[0])[:60]!r}, not text")
        if found:
            return "/".join(str(value) for value in found)
    return ""


class Said(NamedTuple):
    """The captions of a record in native order, and (place, reason, detail) of what is none."""

    captions: list[Caption]
    faults: list[tuple[str, str, str]]

    @property
    def number(self) -> int:
        """How many items the record is, at least one."""
        return max(1, len(self.captions) + len(self.faults))


def captions_at(record: Any, names: Iterable[str]) -> Said:
    """The captions in some fields of a record.

    An absent field says nothing; null, which stands where a text was meant, is an empty caption. A
    text that is only how a program writes null (`nan`) is a fault.
    """
    said = Said([], [])
    for name in names:
        for place, value in values_at(record, name):
            if value is not None and not isinstance(value, str):
                detail = f"{name} is {type(value).__name__}, not text"
                said.faults.append((place, "bad_value", detail))
            elif value and _is_nothing(value):
                said.faults.append((place, "missing_field", f"{name} is {value.strip()!r}"))
            else:
                said.captions.extend(_captions(place, value or ""))
    return said


def is_plain_text(texts: pa.Array) -> bool:
    """True where each text of a column is one caption: `captions_at` says so of it alone."""
    short = texts.filter(pc.less(pc.utf8_length(texts), _SHORT))
    doubtful = short.filter(pc.match_substring_regex(short, _LIKE_NOTHING))
    listed = texts.filter(pc.match_substring(texts, "["))
    return not any(map(_is_nothing, doubtful.to_pylist())) and not any(
        text is not None and listed_texts(text) is not None for text in listed.to_pylist()
    )


def _is_nothing(text: str) -> bool:
    return len(text) < _SHORT and text.strip().casefold() in _NOTHING


def caption_sample(
    file: str, key: str, split: str, pictures: tuple[Picture, ...], said: Said
) -> Iterator[Sample | Reject]:
    """The Sample of a record, and a Reject for each caption that is none, or for the record."""
    if not said.captions and not said.faults:
        yield Reject(file, key, split, "missing_field", "no caption")
    for place, reason, detail in said.faults:
        yield Reject(file, f"{key}#{place}", split, reason, detail)
    if said.captions:
        yield Sample(key, file, split, pictures, captions=tuple(said.captions))


def _captions(place: str, text: str) -> list[Caption]:
    texts = listed_texts(text)
    if texts is None:
        return [Caption(place, text)]
    return [Caption(f"{place}[{i}]", one) for i, one in enumerate(texts)]


def listed_texts(text: str) -> list[str] | None:
    """The texts of a list that was written as text, or None where it is no such list."""
    if not text.lstrip().startswith("[") or not _LIST.fullmatch(text):
        return None
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.MsgspecError, UnicodeEncodeError):
        pass
    try:
        return [ast.literal_eval(token) for token in _LITERAL.findall(text)]
    except (ValueError, SyntaxError):  # a line break or an escape that Python does not write
        return None
