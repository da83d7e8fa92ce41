"""Words for a name that nobody knows: what there is, or what is near where there is much."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 12  # names that an error line lists
_NEAR = 5  # suggestions


def known_names(name: str, known: Iterable[str], all_of_them: str) -> str:
    """The end of an error line about `name`: `known: a, b`, or `did you mean a, b or c? ...`.

    all_of_them: where the whole list is, a command or a file; named where not all are listed.
    """
    names = list(dict.fromkeys(known))
    if len(names) <= MOST:
        return f"known: {', '.join(names)}"
    if near := _near(name, names):
        most = f"{', '.join(near[:-1])} or " if near[1:] else ""
        return f"did you mean {most}{near[-1]}? all {len(names)}: {all_of_them}"
    return f"known: {', '.join(names[:MOST])}, and {len(names) - MOST} more: {all_of_them}"


def _near(name: str, names: list[str]) -> list[str]:
    """Names with few letters changed, or that begin like it; the nearest first."""
    plain = name.casefold().replace("-", "_")
    close = difflib.get_close_matches(plain, names, _NEAR, 0.7)
    start = [other for other in names if len(plain) > 2 and other.startswith(plain)]
    return list(dict.fromkeys([*start, *close]))[:_NEAR]
