"""Boxes in the text of rows, written anew from the rows' regions, whose numbers are pixels.

A text is read in the dialect that the row names. Each box found is one of the row's regions, and
that region, not the rounded numbers in the text, is what the other dialect writes in its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from converters import dialects
from converters.dialects.kit import Dialect, Found, Size
from converters.regions.attributes import uncounted
from converters.regions.shapes import envelopes
from pipelines.export.kit import Objects, Row
from schemas.sample import Box, Mask, Polygon, Quad, Shape

# A box in the text is a region if no edge is farther off than this share of the picture's larger
# side: the coarsest grid has 100 steps, and whole degrees move the corners of a long box a little.
_NEAR = 0.03
_AGAIN = 1e-6  # of equally near regions, one that no box stands for yet


class Group(NamedTuple):
    """Regions of one phrase in a text. words: the phrase, or None. regions: indices in the row."""

    words: str | None
    regions: list[int]


class Phrase(NamedTuple):
    """Words that are marked up without a region behind them."""

    words: str


Piece = str | Group | Phrase


class Style(NamedTuple):
    """How groups and phrases are written. named: words with their regions' texts."""

    phrase: Callable[[str], str]
    join: Callable[[Sequence[str]], str]
    named: Callable[[str, Sequence[str]], str]  # their words, and the regions' texts


class Boxes:
    """Rewrites the boxes of rows.

    wanted: the dialect to write, or None for placeholders with `Row.objects` beside the text.
    """

    def __init__(self, wanted: Dialect | None) -> None:
        self._wanted = wanted
        self.counts: Counter[str] = Counter()

    def rewrite(
        self, rows: Sequence[Row], named: Sequence[str], regions: Sequence[list[Any]]
    ) -> list[str]:
        """Changes the turns of rows, and gives the reason why one cannot be written, or "".

        named: the dialects that the rows' texts are in. regions: theirs, as dicts.
        """
        reasons, found = [""] * len(rows), {}
        for k, (row, name) in enumerate(zip(rows, named, strict=True)):
            written = dialects.dialect(name)
            if written == self._wanted:
                continue
            pieces = parse(row, regions[k], written)
            if isinstance(pieces, str):
                reasons[k] = pieces
            else:
                found[k] = pieces
        if self._wanted is None:
            for k, pieces in found.items():
                self._place(rows[k], pieces, regions[k])
        else:
            self._write(self._wanted, rows, found, regions, reasons)
        return reasons

    def _place(self, row: Row, pieces: list[list[Piece]], regions: list[Any]) -> None:
        """Placeholders for regions and the words that name them."""
        chosen = list(_regions(pieces))
        refs: list[str] = []

        def phrase(words: str) -> str:
            refs.append(words)
            return "<ref-object>"

        style = Style(phrase, "".join, lambda words, texts: phrase(words) + "".join(texts))
        row.turns = _turns(row, pieces, style, iter(["<bbox>"] * len(chosen)))
        boxes = [[round(value, 2) for value in regions[n]["bbox"]] for n in chosen]
        row.objects = Objects(refs, boxes, [regions[n]["image"] for n in chosen])
        self.counts["boxes"] += len(chosen)
        self.counts["enclosed"] += sum(regions[n]["shape"] != "hbb" for n in chosen)

    def _write(
        self,
        wanted: Dialect,
        rows: Sequence[Row],
        found: Mapping[int, list[list[Piece]]],
        regions: Sequence[list[Any]],
        reasons: list[str],
    ) -> None:
        """Texts of the other dialect, for all regions of all rows in one call."""
        places = [(k, n) for k, pieces in found.items() for n in _regions(pieces)]
        sizes = [_size(rows[k], regions[k][n]["image"]) for k, n in places]
        shapes = [_shape(regions[k][n], size) for (k, n), size in zip(places, sizes, strict=True)]
        texts, faults, counts = dialects.render(
            wanted, shapes, np.array(sizes, float).reshape(-1, 2)
        )
        self.counts.update({"boxes": len(places)} | counts)
        for (k, _), fault in zip(places, faults, strict=True):
            reasons[k] = reasons[k] or fault

        def named(words: str, texts: Sequence[str]) -> str:
            return wanted.named(words, texts, uncounted(words))

        style = Style(wanted.phrase, wanted.join, named)
        given = iter(texts)
        for k, pieces in found.items():
            rows[k].turns = _turns(rows[k], pieces, style, given)


def parse(row: Row, regions: list[Any], written: Dialect) -> list[list[Piece]] | str:
    """The turns of a row in pieces, or the reason why they cannot be told apart.

    regions: the row's, as dicts. written: the dialect that its text is in.
    """
    if written.label is not None:
        return "words_in_boxes"
    finder = _Marks(regions, written) if written.aside is not None else _Numbers(row, regions)
    turns = []
    for _, text in row.turns:
        found, chosen = finder.find(text, written)
        if len(chosen) < len(found):
            return "unknown_box"
        turns.append(list(_pieces(text, found, chosen, written)))
    return turns


class _Marks:
    """Finds the marks of a dialect whose regions stand beside the text, in the marks' order."""

    def __init__(self, regions: list[Any], written: Dialect) -> None:
        box = Box(0, 0, 1, 1)
        self._mark, self._shape = written.write([box], np.ones((1, 2)))[0], box
        self._left = list(range(len(regions)))

    def find(self, text: str, written: Dialect) -> tuple[list[Found], list[int]]:
        """The marks of a text, and the regions that they stand for; fewer where some have none."""
        found = [
            Found(self._shape, match.start(), match.end())
            for match in re.finditer(re.escape(self._mark), text)
        ]
        chosen, self._left = self._left[: len(found)], self._left[len(found) :]
        return found, chosen


class _Numbers:
    """Finds the boxes of a row's text by their numbers."""

    def __init__(self, row: Row, regions: list[Any]) -> None:
        self._images = [region["image"] for region in regions]
        self._sizes = {image: _size(row, image) for image in dict.fromkeys(self._images)}
        self._boxes = np.array([region["bbox"] for region in regions], float).reshape(-1, 4)
        sizes = np.array([self._sizes[image] for image in self._images], float).reshape(-1, 2)
        self._longest, self._edges = sizes.max(axis=1, initial=0), np.tile(sizes, 2)
        self._named = np.zeros(len(regions))

    def find(self, text: str, written: Dialect) -> tuple[list[Found], list[int]]:
        """The boxes of a text, and the regions that they stand for; fewer where one has none."""
        if not self._sizes:
            return written.read(text, (1, 1)), []
        # Where boxes stand is the same at any size; what they say is read for each picture's.
        readings = {image: written.read(text, size) for image, size in self._sizes.items()}
        found = next(iter(readings.values()))
        if not found:
            return [], []
        near = {image: envelopes([one.shape for one in all_]) for image, all_ in readings.items()}
        seen = np.stack([near[image] for image in self._images], axis=1)  # (found, regions, 4)
        # A region's box ends at its picture's edge, and a turned box in a text may reach beyond.
        within = seen.clip(0, self._edges)
        apart = np.abs(within - self._boxes).max(axis=2) / self._longest
        chosen = []
        for row in apart:
            best = int(np.argmin(row + _AGAIN * self._named))
            if row[best] > _NEAR:
                break
            self._named[best] = 1
            chosen.append(best)
        return found, chosen


def _pieces(
    text: str, found: Sequence[Found], chosen: Sequence[int], written: Dialect
) -> Iterator[Piece]:
    """A turn cut at its groups of boxes, and the text between them at its marked phrases."""
    before, after = written.phrase("\0").split("\0")
    at, k = 0, 0
    while k < len(found):
        start, end, members = found[k].start, found[k].end, [chosen[k]]
        while k + 1 < len(found) and text[end : found[k + 1].start] == written.joint:
            k += 1
            end = found[k].end
            members.append(chosen[k])
        k += 1
        head, tail = written.around
        if text[at:start].endswith(head) and text.startswith(tail, end):
            start, end = start - len(head), end + len(tail)
        words = None
        close = after + written.gap
        if after and text[at:start].endswith(close):
            opened = text.rfind(before, at, start - len(close))
            if opened >= 0:
                words = text[opened + len(before) : start - len(close)]
                start = opened
        yield from _phrases(text[at:start], before, after)
        yield Group(words, members)
        at = end
    yield from _phrases(text[at:], before, after)


def _phrases(text: str, before: str, after: str) -> Iterator[Piece]:
    """A text without boxes, cut at its marked phrases."""
    if not after:
        yield text
        return
    at = 0
    for match in re.finditer(f"{re.escape(before)}(.*?){re.escape(after)}", text):
        yield text[at : match.start()]
        yield Phrase(match[1])
        at = match.end()
    yield text[at:]


def _regions(pieces: list[list[Piece]]) -> Iterator[int]:
    """The regions that a row's pieces name, in order."""
    return (
        n for turn in pieces for piece in turn if isinstance(piece, Group) for n in piece.regions
    )


def _turns(
    row: Row, pieces: list[list[Piece]], style: Style, texts: Iterator[str]
) -> list[tuple[str, str]]:
    """Turns put together again. texts: those of the regions, in order."""
    return [
        (who, "".join([_said(piece, style, texts) for piece in turn]))
        for (who, _), turn in zip(row.turns, pieces, strict=True)
    ]


def _said(piece: Piece, style: Style, texts: Iterator[str]) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Phrase):
        return style.phrase(piece.words)
    mine = [next(texts) for _ in piece.regions]
    if piece.words is None:
        return style.join(mine)
    return style.named(piece.words, mine)


def _size(row: Row, image: int) -> Size:
    picture = row.pictures[image]
    return picture.width, picture.height


def _shape(region: Mapping[str, Any], size: Size) -> Shape:
    """A row's region as a shape."""
    if region["shape"] == "obb":
        return Quad(tuple(region["points"]))
    if region["shape"] == "polygon":
        return Polygon(tuple(region["points"]))
    if region["shape"] == "mask":
        return Mask(*size, tuple(region["counts"]))
    return Box(*region["bbox"])
