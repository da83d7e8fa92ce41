"""Answers that are codes, in words: an entry's `spoken_answers`."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc


def spoken_answers(answers: pa.ChunkedArray, words: Mapping[str, str]) -> pa.ChunkedArray:
    """A column of answers (texts), each in the words for it where there are some.

    words: what is said for an answer as it is written, in its very case. Nulls stay null.
    """
    if not words:
        return answers
    codes = pa.array(words, pa.string())
    said = pa.array(words.values(), pa.string())
    return pc.coalesce(said.take(pc.index_in(answers, value_set=codes)), answers)
