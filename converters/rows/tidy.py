"""Native text made tidy, as columns. Words stay as their authors wrote them."""

from __future__ import annotations

import string
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.rows.text_bytes import bytes_of

_SPACE_RUN = r"[\t-\r\x{85}\p{Z}]+"
# White space at an end, two blanks, or any white space that is no blank.
_UNTIDY = r"^[\t-\r\x1c-\x20\x{85}\p{Z}]|[\t-\r\x1c-\x20\x{85}\p{Z}]$|  |[\t-\r\x{85}]|[^ \P{Z}]"
# A question that ends so has no mark; after anything else (?, :, a letter of another alphabet) it
# needs none. By byte: all that count are single bytes in UTF-8.
_UNFINISHED = np.zeros(256, bool)
_UNFINISHED[list((string.ascii_letters + string.digits + ")\"'").encode())] = True
_BLANK, _DELETE = 32, 127


def tidy(texts: pa.Array) -> pa.Array:
    """Trimmed, every run of white space one blank, nulls empty."""
    texts = pc.fill_null(texts, "")
    # Fast way: the bytes say which texts may be untidy (0.1 s for 4 M texts), and only those are
    # looked at by a regular expression, and only those that it finds are written anew. It assumes
    # nothing; the plain way is to replace in all texts (3 s).
    suspects = np.flatnonzero(_may_be_untidy(texts))
    if not len(suspects):
        return texts
    some = texts.take(pa.array(suspects))
    untidy = np.asarray(pc.match_substring_regex(some, _UNTIDY))
    if not untidy.any():
        return texts
    mask = np.zeros(len(texts), bool)
    mask[suspects[untidy]] = True
    some = pc.replace_substring_regex(some.filter(pa.array(untidy)), _SPACE_RUN, " ")
    return pc.replace_with_mask(texts, pa.array(mask), pc.utf8_trim_whitespace(some))


def _may_be_untidy(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Texts that hold two blanks in a row, one at an end, or what is no printable ASCII."""
    found = bytes_of(texts)
    blank = found.used == _BLANK
    odd = (found.used < _BLANK) | (found.used >= _DELETE)
    # The second of two blanks; where they belong to two texts, each has one at an end.
    odd[1:] |= blank[1:] & blank[:-1]
    filled = found.ends > found.begins
    suspect = np.zeros(len(texts), bool)
    suspect[filled] = (found.first == _BLANK) | (found.last == _BLANK)
    if np.count_nonzero(odd) > len(texts):  # another alphabet: to find each place takes longer
        return filled
    suspect[np.searchsorted(found.ends, np.flatnonzero(odd), "right")] = True
    return suspect


def tidy_captions(texts: pa.Array) -> pa.Array:
    """Tidy, and without the blank that caption sets put before the last full stop.

    Of two full stops one goes.
    """
    return pc.replace_substring_regex(tidy(texts), r"( ?\.)* \.$", ".")


def tidy_questions(texts: pa.Array) -> pa.Array:
    """Tidy, and with the question mark that some templates forget."""
    texts = tidy(texts)
    found = bytes_of(texts)
    ends = np.zeros(len(texts), bool)
    ends[found.ends > found.begins] = _UNFINISHED[found.last]
    if not ends.any():
        return texts
    unfinished = pa.array(ends)
    marked = pc.binary_join_element_wise(texts.filter(unfinished), "?", "")
    return pc.replace_with_mask(texts, unfinished, marked)


def has_letter(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """True where a text has a letter of any alphabet."""
    found: Any = pc.match_substring_regex(texts, r"\p{L}")
    return np.asarray(pc.fill_null(found, False))
