"""The conversation rules on columns: what `schemas.conversation.faults` says of each row, for a whole batch at once.

A rule's regular expression comes from the JSON Schema; a look at the raw bytes spares running it where no row can break it.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.rows.tidy import raw
from schemas.conversation import IMAGE_TOKEN, load_schema

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_BLANK = np.zeros(256, bool)
_BLANK[[10, 32]] = True
_CONTROL = np.zeros(256, bool)
_CONTROL[[*range(10), *range(11, 32), 127]] = True
_BACKSLASH = 92


@functools.cache
def patterns() -> dict[str, str]:
    """The schema's patterns by rule name."""
    turn = load_schema("conversation")["properties"]["conversations"]["items"]["properties"][
        "value"
    ]
    return {
        rule["$comment"]: rule.get("pattern") or rule["not"]["pattern"] for rule in turn["allOf"]
    }


def check_rows(rows: pa.RecordBatch) -> dict[str, Bools]:
    """Which rows break which rule: a mask for each rule that is broken at all."""
    lists = rows["conversations"]
    counts = np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    turns = lists.flatten()  # those of null lists left out
    there = np.asarray(turns.is_valid())
    values, roles = turns.field("value"), turns.field("from")
    found = {rule: _any(mask & there, starts) for rule, mask in _bad_turns(values).items()}
    found["bad_id"] = np.asarray(pc.fill_null(pc.equal(pc.utf8_length(rows["id"]), 0), True))
    found["bad_roles"] = _bad_roles(roles, there, starts)
    pictures = np.asarray(pc.fill_null(pc.list_value_length(rows["images"]), 0)).astype(np.int64)
    found["image_tokens"] = _bad_tokens(values, roles, starts, pictures) & ~found[
        "bad_roles"
    ] | np.asarray(rows["images"].is_null())
    return {rule: mask for rule, mask in found.items() if mask.any()}


def _any(mask: Bools, starts: Ints) -> Bools:
    """Rows that have a turn in the mask."""
    return _sums(mask, starts) > 0


def _sums(numbers: npt.NDArray[np.generic], starts: Ints) -> Ints:
    """A number a turn, added up over each row's turns."""
    before = np.concatenate([[0], np.cumsum(numbers, dtype=np.int64)])
    sums: Ints = before[starts[1:]] - before[starts[:-1]]
    return sums


def _bad_turns(values: pa.Array) -> dict[str, Bools]:
    offsets, data = raw(values)
    used = data[offsets[0] : offsets[-1]]
    rules = patterns()
    found = {}
    first = (
        data[np.minimum(offsets[:-1], max(len(data) - 1, 0))]
        if data.size
        else np.zeros(len(values), np.uint8)
    )
    suspect = (np.diff(offsets) == 0) | _BLANK[first]
    if suspect.any():
        found["empty_turn"] = ~np.asarray(
            pc.fill_null(pc.match_substring_regex(values, rules["empty_turn"]), False)
        )
    if _CONTROL[used].any():
        found["control_characters"] = np.asarray(
            pc.fill_null(pc.match_substring_regex(values, rules["control_characters"]), False)
        )
    if (used == _BACKSLASH).any():
        found["literal_escape"] = np.asarray(
            pc.fill_null(pc.match_substring_regex(values, rules["literal_escape"]), False)
        )
    return found


def _is(roles: pa.Array, name: str) -> Bools:
    """Which turns have a role; the role is looked up once for each distinct one."""
    encoded = roles if pa.types.is_dictionary(roles.type) else roles.dictionary_encode()
    hits = np.array([role == name for role in encoded.dictionary.to_pylist()] + [False])
    found: Bools = hits[np.asarray(pc.fill_null(encoded.indices, len(hits) - 1))]
    return found


def _bad_roles(roles: pa.Array, there: Bools, starts: Ints) -> Bools:
    counts = np.diff(starts)
    place = np.arange(len(roles)) - np.repeat(starts[:-1], counts)
    wrong = np.where(place % 2 == 0, ~_is(roles, "human"), ~_is(roles, "gpt")) | ~there
    bad: Bools = _any(wrong, starts) | (counts < 2) | (counts % 2 == 1)
    return bad


def _bad_tokens(values: pa.Array, roles: pa.Array, starts: Ints, pictures: Ints) -> Bools:
    counts = np.asarray(pc.fill_null(pc.count_substring(values, IMAGE_TOKEN), 0)).astype(np.int64)
    gpt = _is(roles, "gpt")
    asked, answered = (
        _sums(np.where(gpt, 0, counts), starts),
        _sums(np.where(gpt, counts, 0), starts),
    )
    bad: Bools = (asked != pictures) | (answered != 0)
    return bad
