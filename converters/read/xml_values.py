"""What stands in an XML element: texts, numbers and flags by the path of their tag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from converters.read.numbers import float_of


def texts_of(node: Element, paths: Sequence[str]) -> list[str]:
    """The distinct texts at the first path that has any, in order, without blanks around them."""
    for path in paths:
        texts = {text: None for one in node.findall(path) if (text := (one.text or "").strip())}
        if texts:
            return [*texts]
    return []


def first_text(node: Element, paths: Sequence[str]) -> str:
    """The text at the first path that has one, without blanks around it; else empty."""
    return next(iter(texts_of(node, paths)), "")


def pixels(root: Element, path: str) -> int | None:
    """A picture's side, or None where no whole number above 0 stands at the path."""
    text = (root.findtext(path) or "").strip()
    whole, _, rest = text.partition(".")  # 800.0, as programs write it that count in floats
    is_whole = whole.isascii() and whole.isdigit() and len(whole) < 10 and not rest.strip("0")
    return int(whole) or None if is_whole else None


def metres(root: Element, path: str) -> float | None:
    """A length above 0, or None where none stands at the path."""
    try:
        value = float_of(root.findtext(path) or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def is_flag(text: str) -> bool:
    """True of 1, 1.0 and true in any case; what says nothing (0, false, Unspecified) is no flag."""
    if text in ("", "0"):  # as nearly all are
        return False
    try:
        return float_of(text) != 0
    except ValueError:
        return text.strip().lower() in ("true", "yes")
