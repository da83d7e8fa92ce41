"""Joins by id: rows of a side table that is sorted by its ids (`Plan.sides`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def find_ids(
    ids: npt.NDArray[np.int64], wanted: pa.Array | pa.ChunkedArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Places of ids among sorted ones, and which were found; an absent one is never found."""
    if not len(ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    there = np.asarray(pc.is_valid(wanted))
    filled = np.asarray(pc.fill_null(wanted, 0))
    at = np.minimum(np.searchsorted(ids, filled), len(ids) - 1)
    return at, there & (ids[at] == filled)


def disputed(
    side: pa.Table, at: npt.NDArray[np.int64], found: npt.NDArray[np.bool_], column: str
) -> npt.NDArray[np.bool_]:
    """Which of the rows found have another of their id with another value in a column."""
    out = np.zeros(len(at), bool)
    ids = np.asarray(side["id"])
    near = np.minimum(at + 1, max(len(ids) - 1, 0))
    places = np.flatnonzero(found & (near > at))
    for row in places[ids[near[places]] == ids[at[places]]].tolist():
        begin, end = np.searchsorted(ids, [ids[at[row]], ids[at[row]] + 1])
        same = side[column].slice(int(begin), int(end - begin))
        out[row] = pc.count_distinct(same).as_py() > 1
    return out


def find_answers(
    answers: pa.Table, questions: pa.Table
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Each question's place among the answers, and which were found.

    By the first of the question's own `answers_ids`; where that is none, by the `question_id` of an
    answer. answers: sorted by `id`.
    """
    lists = questions["answers_ids"].combine_chunks()
    some = pc.greater(pc.fill_null(pc.list_value_length(lists), 0), 0)
    # An empty list has no first element to take, so it gets one that is absent.
    held = pc.if_else(some, lists, pa.scalar([None], lists.type))
    at, found = find_ids(np.asarray(answers["id"]), pc.list_element(held, 0))
    if not found.all():
        # Only answers that name a question can be found by it.
        naming = np.flatnonzero(np.asarray(pc.is_valid(answers["question_id"])))
        back = np.asarray(pc.fill_null(answers["question_id"], 0))[naming]
        order = naming[np.argsort(back, kind="stable")]
        other, there = find_ids(np.sort(back, kind="stable"), questions["id"])
        use = ~found & there
        at = np.where(use, order[other] if len(order) else 0, at)
        found = found | use
    return at, found
