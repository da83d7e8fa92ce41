"""Texts with the boxes of one dialect, written anew in another.

Where the one dialect holds the words of a region in its box, as Qwen's JSON does, the other says
them before it.

Boxes that stand side by side belong to one phrase: what is between them, and what encloses them,
are the dialect's too (`Dialect.joint`, `Dialect.around`). So are the marks around a phrase::

    <p>two ships</p> {<1><2><3><4>|<0>}<delim>{<5><6><7><8>|<0>}       geochat
    <ref>two ships</ref> <box>[[1, 2, 3, 4, 0]][[5, 6, 7, 8, 0]]</box>      earthdial
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from converters.dialects.kit import Dialect, Found

# Between the boxes of one phrase: white space, and one mark of any dialect.
_BETWEEN = re.compile(r"\s*(?:,|;|<delim>|<sep>)?\s*")
_WORDS = "words"
_LABEL = re.compile(r'"label"\s{0,9}:\s{0,9}("(?:[^"\\]|\\["\\/bfnrt])*")')


def rewritten(
    text: str,
    found: Sequence[Found],
    texts: Sequence[str],
    native: Dialect,
    target: Dialect,
    repairs: Counter[str],
) -> str:
    """A text of one dialect in another. texts: what each of its boxes is in the other.

    repairs: counts the phrases whose marks were changed.
    """
    labels = [""] * len(found)
    if native.label is not None:
        found, labels = _objects(text, found)
    parts, end = [], 0
    for begin, stop in _groups(text, found):
        start, behind = _enclosed(text, found[begin].start, found[stop - 1].end, native)
        said = _said(texts[begin:stop], labels[begin:stop], target)
        parts += [_phrases(text[end:start], native, target, repairs), said]
        end = behind
    return "".join([*parts, _phrases(text[end:], native, target, repairs)])


def _objects(text: str, found: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """The whole JSON objects that boxes stand in, and the words that each holds, or ""."""
    objects, labels = [], []
    for box in found:
        start, stop = text.rfind("{", 0, box.start), text.find("}", box.end)
        if start < 0 or stop < 0 or "}" in text[start : box.start]:
            objects.append(box)
            labels.append("")
            continue
        label = _LABEL.search(text, start, stop)
        objects.append(box._replace(start=start, end=stop + 1))
        labels.append(json.loads(label[1], strict=False) if label else "")
    return objects, labels


def _said(texts: Sequence[str], labels: Sequence[str], target: Dialect) -> str:
    """The boxes of one group, each with the words that it held; those of equal words together."""
    if not any(labels):
        return target.join(texts)
    if target.label is not None:
        opening, closing = target.around
        said = [
            target.named(*pair) for pair in zip(labels, ([text] for text in texts), strict=True)
        ]
        inner = [one[len(opening) : len(one) - len(closing)] for one in said]
        return f"{opening}{target.joint.join(inner)}{closing}"
    runs = itertools.groupby(zip(labels, texts, strict=True), key=lambda pair: pair[0])
    return ", ".join(
        target.named(label, some) if label else target.join(some)
        for label, some in ((label, [text for _, text in pairs]) for label, pairs in runs)
    )


def _groups(text: str, found: Sequence[Found]) -> Iterator[tuple[int, int]]:
    """The boxes of each phrase: [begin, stop) of those side by side."""
    begin = 0
    for place in range(1, len(found) + 1):
        if place == len(found) or not _BETWEEN.fullmatch(
            text, found[place - 1].end, found[place].start
        ):
            yield begin, place
            begin = place


def _enclosed(text: str, start: int, end: int, native: Dialect) -> tuple[int, int]:
    """Where boxes begin and end together with what their dialect puts around them."""
    opening, closing = native.around[0].rstrip(), native.around[1].lstrip()
    before, behind = text[:start].rstrip(), text[end:].lstrip()
    if opening and before.endswith(opening) and behind.startswith(closing):
        return len(before) - len(opening), len(text) - len(behind) + len(closing)
    return start, end


def _phrases(text: str, native: Dialect, target: Dialect, repairs: Counter[str]) -> str:
    """A text with the marks around its phrases in the other dialect."""
    marked = _marked(native.phrase(_WORDS))
    if marked is None or native.phrase(_WORDS) == target.phrase(_WORDS):
        return text
    fresh, number = marked.subn(lambda found: target.phrase(found[1].strip()), text)
    repairs["phrases"] += number
    return fresh


@functools.cache
def _marked(example: str) -> re.Pattern[str] | None:
    """What a phrase with a dialect's marks looks like, or None where it has none."""
    before, behind = (mark.strip() for mark in example.split(_WORDS))
    if not before:
        return None
    return re.compile(f"{re.escape(before)}([^<>]*){re.escape(behind)}")
