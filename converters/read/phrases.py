"""Referring phrases as their authors write them."""

from __future__ import annotations

from collections.abc import Sequence


def without_lead(text: str, leads: Sequence[str]) -> str:
    """A phrase without the word with which its authors command: "find a pool" is "a pool".

    leads: such words; the first that the phrase begins with, in any case, is taken away once. A
    phrase of nothing else stays as it is.
    """
    bare = text.strip()
    for lead in leads:
        word, _, rest = bare.partition(" ")
        if word.casefold() == lead.casefold() and rest.strip():
            return rest.strip()
    return text
