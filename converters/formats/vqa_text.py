"""Questions and answers in plain text.

A picture, a question and its answer a line (RSIVQA); the question's mark ends it and the picture's
name is what stands before the first colon, with or without an ending::

    00433.jpg:what is the theme of this picture?airport
    P0000: how many planes are there in this picture?21

Or a text file a picture, whose lines are questions and answers in turn (CRSVQA)::

    How many cars are there in the picture?
    two

A blank line there is an empty answer or no line at all: what lets more question marks stand at the
ends of questions.
What is asked of a picture twice with two answers is rejected, both times, within one split.
Source: Zheng et al. 2021, https://github.com/spectralpublic/RSIVQA; Zhang et al. 2023,
https://github.com/MeimeiZhang-data/MQVQA.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read.folder import BySplit, Folder, Plan, Sides, Span, bound, stem
from converters.read.json_elements import BadRecord
from converters.read.line_columns import lines_of
from converters.read.named_pictures import NamedPictures
from converters.read.picture_paths import PicturePaths
from converters.read.plans import files_plan
from converters.read.questions import without_contradictions
from converters.read.records import text_lines, text_records
from converters.read.text_columns import Part, are_agreed, as_columns, picture_lists
from schemas.sample import Kind, Question, Reject, Sample
from schemas.table import QUESTIONS, Columns

YIELDS: tuple[Kind, ...] = ("question",)
_LINE_BYTES = 60
_TRIPLE = re.compile(r"([^:\uff1a]+)[:\uff1a](.*?)[?\uff1f](.*)", re.DOTALL)
_FULL_WIDTH_MARK = "\uff1f"


class Options(Struct, forbid_unknown_fields=True):
    """What an entry may say.

    annotations: pattern of the text files. images: picture path from `{image}` (as the line says,
    or the file's own name without its ending), `{stem}`, `{split}` and the names in `annotations`.
    lines: `triples` (picture, question, answer) or `alternating` (question, answer). gaps: whether
    two blanks within a question stand where its noun is missing.
    """

    annotations: BySplit
    images: BySplit
    lines: Literal["triples", "alternating"] = "triples"
    gaps: bool = False


class _Asked(NamedTuple):
    """One question. place: where it stands; wrong: what is wrong with it, or nothing."""

    place: str
    image: str
    question: str = ""
    answer: str = ""
    reason: str = ""
    wrong: str = ""


def plan(folder: Folder, options: Options) -> Plan:
    """All files of a split in one span where their lines name pictures; else 256 files a span."""
    triples = options.lines == "triples"
    return files_plan(
        folder,
        options.annotations,
        options.images,
        files_a_span=1 << 16 if triples else 256,
        record_bytes=_LINE_BYTES,
    )


def read(
    folder: Folder, options: Options, span: Span, sides: Sides
) -> Iterator[Sample | Columns | Reject]:
    """Questions as columns, or one Sample a question, in native order."""
    return as_columns(
        folder.relative(span.names[0]),
        "question",
        lambda: _in_columns(folder, options, span),
        lambda: without_contradictions(_read_texts(folder, options, span)),
    )


def _in_columns(folder: Folder, options: Options, span: Span) -> list[Part] | None:
    """Triples that are whole in each line."""
    lines = lines_of(folder, span) if options.lines == "triples" else None
    if lines is None or (options.gaps and b"  " in lines.body):
        return None
    colons = lines.next(":", lines.begins)
    marks = lines.next("?", colons)
    if (colons <= lines.begins).any() or (marks >= lines.ends).any():
        return None
    images, asked, answers = (
        pc.ascii_trim_whitespace(lines.texts(begins, ends))
        for begins, ends in (
            (lines.begins, colons),
            (colons + 1, marks),
            (marks + 1, lines.ends),
        )
    )
    if any(pc.any(pc.equal(texts, "")).as_py() for texts in (images, asked)):
        return None
    fixed = {**bound(options.annotations, span.names[0]), "split": span.split}
    pictures = picture_lists([PicturePaths(folder, options.images)], "image", images, fixed)
    if pictures is None:
        return None
    asked = pc.binary_join_element_wise(asked, "?", "")
    nothing = pa.nulls(len(images), pa.string())
    found = pa.table([images, pictures, asked, answers, nothing], schema=QUESTIONS)
    return [Part(span.split, found)] if are_agreed(found) else None


def _read_texts(folder: Folder, options: Options, span: Span) -> Iterator[Sample | Reject]:
    for name, text in text_records(folder, span):
        if isinstance(text, Reject):
            yield text
            continue
        file = folder.relative(name)
        fixed = {**bound(options.annotations, name), "split": span.split}
        pictures = NamedPictures(folder, options.images, fixed)
        asked = _triples(text) if options.lines == "triples" else _turns(text, stem(name))
        for one in asked:
            wrong = _wrong(one, options.gaps)
            if wrong:
                yield Reject(file, one.place, span.split, *wrong)
                continue
            try:
                found = pictures.of([one.image])
            except BadRecord as bad:
                yield Reject(file, one.place, span.split, *bad.args)
                continue
            question = Question(one.image, f"{one.question}?", one.answer)
            yield Sample(one.image, file, span.split, found, questions=(question,))


def _wrong(asked: _Asked, gaps: bool) -> tuple[str, str] | None:
    if asked.reason:
        return asked.reason, asked.wrong
    if not asked.question:
        return "missing_field", "no question"
    if gaps and re.search(r"\S {2,}\S", asked.question):
        return "bad_value", f"a noun is missing: {asked.question}"[:200]
    return None


def _triples(text: str) -> Iterator[_Asked]:
    for number, line in text_lines(text):
        place = f"line {number}"
        found = _TRIPLE.fullmatch(line)
        if found is None or not found[1].strip():
            yield _Asked(place, "", "", "", "unreadable_record", f"no triple: {line[:120]}")
        else:
            yield _Asked(place, found[1].strip(), found[2].strip(), found[3].strip())


def _turns(text: str, image: str) -> Iterator[_Asked]:
    full = [
        (number, line.replace(_FULL_WIDTH_MARK, "?").strip())
        for number, line in enumerate(text.rstrip().splitlines(), 1)
    ]
    written = [(number, line) for number, line in full if line]
    lines = max(written, full, key=lambda some: sum(line.endswith("?") for _, line in some[::2]))
    for at in range(0, len(lines), 2):
        number, question = lines[at]
        place = f"{image} line {number}"
        bare = question.rstrip("?").rstrip()
        if at + 1 == len(lines):
            yield _Asked(place, image, bare, "", "missing_field", "no line follows with the answer")
        else:
            yield _Asked(place, image, bare, lines[at + 1][1])
