"""Numbers as annotation files write them, which is not all that Python takes for one."""

from __future__ import annotations

from collections.abc import Sequence


def float_of(text: str) -> float:
    """The number that a text is.

    Raises ValueError, also for `1_0`: only Python's own source writes 10 so, and in a file it is a
    slip of the pen.
    """
    if "_" in text:
        raise ValueError(f"not a number: {text!r}")
    return float(text)


def floats_of(texts: Sequence[str]) -> list[float]:
    """The numbers that some texts are. Raises ValueError as `float_of` does."""
    if "_" in "".join(texts):
        raise ValueError("not a number: one has an underscore")
    return [*map(float, texts)]


def int_of(text: str) -> int:
    """The whole number that a text is. Raises ValueError as `float_of` does."""
    if "_" in text:
        raise ValueError(f"not a number: {text!r}")
    return int(text)
