"""The conversation rules on columns.

What `schemas.conversation.faults` says of each row, said of a whole batch at once; a rule's regular
expression comes from the JSON Schema.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.rows.text_bytes import bytes_of
from schemas.conversation import IMAGE_TOKEN, load_schema

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
_TAB, _LINE_FEED, _BLANK, _BACKSLASH, _DELETE = 9, 10, 32, 92, 127


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
    """The rules that a turn breaks by itself: a mask over the turns for each."""
    # Fast way: a look at the bytes of all turns tells which rules some turn may break, and only
    # their regular expressions run (for 4 M turns 0.1 s in place of 0.5). It assumes that the
    # characters in question are single bytes in UTF-8, and that texts are good as a rule.
    rules, turns = patterns(), bytes_of(values)
    used = turns.used
    suspects = {
        "empty_turn": bool((turns.begins == turns.ends).any())
        or bool(np.isin(turns.first, (_BLANK, _TAB, _LINE_FEED)).any()),
        "literal_escape": bool((used == _BACKSLASH).any()),
        "control_characters": bool(
            (((used < _BLANK) & (used != _LINE_FEED) & (used != _TAB)) | (used == _DELETE)).any()
        ),
    }
    found = {rule: _matches(values, rules[rule]) for rule, may in suspects.items() if may}
    if "empty_turn" in found:
        found["empty_turn"] = ~found["empty_turn"]
    return found


def _matches(values: pa.Array, pattern: str) -> Bools:
    """Which turns hold what a pattern describes; a null holds nothing."""
    return np.asarray(pc.fill_null(pc.match_substring_regex(values, pattern), False))


def _is(roles: pa.Array, name: str) -> Bools:
    """Which turns have a role; the role is looked up once for each distinct one."""
    encoded = roles if pa.types.is_dictionary(roles.type) else roles.dictionary_encode()
    hits = np.array([role == name for role in encoded.dictionary.to_pylist()] + [False])
    found: Bools = hits[np.asarray(pc.fill_null(encoded.indices, len(hits) - 1))]
    return found


def _bad_roles(roles: pa.Array, there: Bools, starts: Ints) -> Bools:
    """Rows whose turns do not alternate. there: which turns are no nulls."""
    counts = np.diff(starts)
    place = np.arange(len(roles)) - np.repeat(starts[:-1], counts)
    # A system turn at the beginning moves the others by one place.
    first = _is(roles, "system") & (place == 0)
    led = _any(first, starts)
    turn = place - np.repeat(led, counts)
    wrong = np.where(turn % 2 == 0, ~_is(roles, "human"), ~_is(roles, "gpt"))
    asked = counts - led
    bad: Bools = _any(wrong & ~first | ~there, starts) | (asked < 2) | (asked % 2 == 1)
    return bad


def _bad_tokens(values: pa.Array, roles: pa.Array, starts: Ints, pictures: Ints) -> Bools:
    """Rows without one `<image>` a picture in human turns, or with one in another turn."""
    counts = np.asarray(pc.fill_null(pc.count_substring(values, IMAGE_TOKEN), 0)).astype(np.int64)
    human = _is(roles, "human")
    asked, elsewhere = (
        _sums(np.where(human, counts, 0), starts),
        _sums(np.where(human, 0, counts), starts),
    )
    bad: Bools = (asked != pictures) | (elsewhere != 0)
    return bad
