"""Native text made tidy, as columns. Words stay as their authors wrote them."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_SPACE_RUN = r"[\t-\r\x{85}\p{Z}]+"
# White space at an end, two blanks, or any white space that is no blank.
_UNTIDY = r"^[\t-\r\x1c-\x20\x{85}\p{Z}]|[\t-\r\x1c-\x20\x{85}\p{Z}]$|  |[\t-\r\x{85}]|[^ \P{Z}]"
# A question that ends so has no mark; after anything else (?, :, a letter of another alphabet) it
# needs none.
_UNFINISHED = pa.array([sign.encode() for sign in string.ascii_letters + string.digits + ")\"'"])


def tidy(texts: pa.Array) -> pa.Array:
    """Trimmed, every run of white space one blank, nulls empty."""
    texts = pc.fill_null(texts, "")
    # Fast way: only the texts that a first look finds untidy are written anew. It assumes nothing;
    # to replace in all texts takes seven times as long.
    untidy = pc.match_substring_regex(texts, _UNTIDY)
    if not pc.any(untidy).as_py():
        return texts
    some = pc.replace_substring_regex(texts.filter(untidy), _SPACE_RUN, " ")
    return pc.replace_with_mask(texts, untidy, pc.utf8_trim_whitespace(some))


def tidy_captions(texts: pa.Array) -> pa.Array:
    """Tidy, and without the blank that caption sets put before the last full stop.

    Of two full stops one goes.
    """
    return pc.replace_substring_regex(tidy(texts), r"( ?\.)* \.$", ".")


def tidy_questions(texts: pa.Array) -> pa.Array:
    """Tidy, and with the question mark that some templates forget."""
    texts = tidy(texts)
    # The last byte and not the last character: all that count are single bytes in UTF-8.
    unfinished = pc.is_in(pc.binary_slice(texts.cast(pa.binary()), -1), _UNFINISHED)
    marked = pc.binary_join_element_wise(texts.filter(unfinished), "?", "")
    return pc.replace_with_mask(texts, unfinished, marked)


def has_letter(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """True where a text has a letter of any alphabet."""
    found: Any = pc.match_substring_regex(texts, r"\p{L}")
    return np.asarray(pc.fill_null(found, False))
