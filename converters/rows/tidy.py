"""Native text made tidy, as columns. Words stay as their authors wrote them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Characters after which a question needs no mark: anything but a letter, a digit or a closing bracket or quote.
_OTHER_SPACE = r"[\t-\r\x{85}]|[^ \P{Z}]"
_SPACE_RUN = r"[\t-\r\x{85}\p{Z}]+"
_UNFINISHED = np.zeros(256, bool)
_UNFINISHED[[*range(48, 58), *range(65, 91), *range(97, 123), *b")\"'"]] = True


def raw(texts: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets and bytes behind a string column (nulls have no bytes)."""
    _, offsets, data = texts.buffers()
    if not len(texts):
        return np.zeros(1, np.int32), np.zeros(0, np.uint8)
    return (
        np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4),
        np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8),
    )


def _edged(texts: pa.Array) -> bool:
    """True where a text may begin or end with white space."""
    offsets, data = raw(texts)
    if not data.size:
        return False
    full = offsets[1:] > offsets[:-1]
    first, last = data[offsets[:-1][full]], data[offsets[1:][full] - 1]
    return bool(((first <= 32) | (first >= 0xC2) | (last <= 32) | (last >= 0x80)).any())


def tidy(texts: pa.Array) -> pa.Array:
    """Trimmed, every run of white space one blank, nulls empty."""
    if texts.null_count:
        texts = pc.fill_null(texts, "")
    if _edged(texts):
        texts = pc.utf8_trim_whitespace(texts)
    offsets, data = raw(texts)
    used = data[offsets[0] : offsets[-1]]
    blank = used == 32
    untidy = np.zeros(len(texts), bool)
    # Trimmed texts neither begin nor end with a blank, so two in a row lie in one text.
    doubled = np.flatnonzero(blank[1:] & blank[:-1])
    untidy[np.searchsorted(offsets - offsets[0], doubled, "right") - 1] = True
    if ((used < 14) & (used > 8)).any() or (used >= 0xC2).any():
        untidy |= np.asarray(pc.match_substring_regex(texts, _OTHER_SPACE))
    if untidy.any():
        mended = pc.replace_substring_regex(texts.filter(pa.array(untidy)), _SPACE_RUN, " ")
        texts = pc.replace_with_mask(texts, pa.array(untidy), mended)
    return texts


def tidy_captions(texts: pa.Array) -> pa.Array:
    """Tidy, and without the blank that caption sets put before the last full stop (of two full stops one goes)."""
    return pc.replace_substring_regex(tidy(texts), r"( ?\.)* \.$", ".")


def tidy_questions(texts: pa.Array) -> pa.Array:
    """Tidy, and with the question mark that some templates forget."""
    texts = tidy(texts)
    offsets, data = raw(texts)
    if not data.size:
        return texts
    last = data[np.maximum(offsets[1:] - 1, 0)]
    unfinished = _UNFINISHED[last] & (offsets[1:] > offsets[:-1])
    if unfinished.any():
        mask = pa.array(unfinished)
        texts = pc.replace_with_mask(
            texts, mask, pc.binary_join_element_wise(texts.filter(mask), "?", "")
        )
    return texts


def has_letter(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """True where a text has a letter of any alphabet."""
    found: Any = pc.match_substring_regex(texts, r"\p{L}")
    return np.asarray(pc.fill_null(found, False))
