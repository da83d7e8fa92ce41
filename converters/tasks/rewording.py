"""Authors' words that an entry puts into others: answers that are codes, words of command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from converters.ledger import Book
from schemas.sample import Sample


def spoken_answers(answers: pa.Array, words: Mapping[str, str], book: Book) -> pa.Array:
    """A column of answers (texts), each in the words for it where there are some.

    words: what is said for an answer as it is written, in its very case. Nulls stay null. What is
    put into words is counted.
    """
    if not words:
        return answers
    codes = pa.array(words, pa.string())
    said = pa.array(words.values(), pa.string()).take(pc.index_in(answers, value_set=codes))
    book.repaired({"spoken_answers": len(said) - said.null_count})
    return pc.coalesce(said, answers)


def without_leads(samples: list[Sample], leads: Sequence[str], book: Book) -> list[Sample]:
    """Samples whose expressions have lost their words of command; how many is counted."""
    if not leads:
        return samples
    found = [
        replace(
            sample,
            expressions=tuple(
                replace(expression, text=without_lead(expression.text, leads))
                for expression in sample.expressions
            ),
        )
        for sample in samples
    ]
    changed = [
        old.text != new.text
        for before, after in zip(samples, found, strict=True)
        for old, new in zip(before.expressions, after.expressions, strict=True)
    ]
    book.repaired({"leads": int(np.sum(changed))})
    return found


def without_lead(text: str, leads: Sequence[str]) -> str:
    """A phrase without the words with which its authors command: "find a pool" is "a pool".

    leads: such words; the first that the phrase begins with, in any case, are taken away once. A
    phrase of nothing else stays as it is.
    """
    bare = text.strip()
    for lead in leads:
        rest = bare[len(lead) :]
        if bare.casefold().startswith(f"{lead.casefold()} ") and rest.strip():
            return rest.strip()
    return text
