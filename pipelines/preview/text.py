"""Text of the data, made harmless to look at: nothing in it can steer a terminal or turn a line."""

from __future__ import annotations

import re

# C0 and C1 controls, and what turns the direction of text or ends a line unseen.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str, lines: bool = False) -> str:
    r"""A text with its control characters written out: `\x1b` for an escape.

    lines: line feeds and tabs stay, as in a turn of a conversation.
    """
    return _UNSEEN.sub(
        lambda found: found[0] if lines and found[0] in "\n\t" else _written(found[0]), text
    )


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
