"""Sample: what a format reader yields before any prompt of ours exists.

Coordinates are pixels of the native picture: 0-based, half-open, y down. A reader undoes its format's convention
(1-based corners, centre and size, fractions) before it makes a `Region`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Shape = Literal["hbb", "obb", "polygon", "mask"]
Unit = Literal["caption", "question", "region", "image", "pair", "conversation"]

FAULTS: dict[str, str] = {
    "unreadable_file": "the annotation file cannot be parsed",
    "unreadable_record": "one record of the file cannot be parsed",
    "missing_field": "a field that the format needs is absent or empty",
    "bad_value": "a field holds something the format does not allow",
    "dangling_reference": "the record points at a record that does not exist",
    "no_words": "the text has no letter",
    "no_label": "a picture outside any class folder",
    "missing_image": "the picture is not there",
    "unreadable_image": "the picture is empty, or not a picture",
    "truncated_image": "the picture's end is missing",
    "oversized_image": "the picture has more pixels than are safe to read",
    "no_size": "the dialect needs the picture's size, and neither annotation nor picture gives it",
    "bad_box": "a coordinate is not a number, or corners are missing",
    "zero_area": "the region has no area, natively or inside the picture",
    "outside_image": "the region lies outside its picture",
    "duplicate_region": "the same region stands twice in one picture",
    "bad_id": "the row's id is not a non-empty string",
    "bad_roles": "turns do not alternate, human first and gpt last",
    "empty_turn": "a turn says nothing",
    "image_tokens": "<image> does not stand exactly once for each picture, in human turns",
    "control_characters": "a turn holds a control character",
    "literal_escape": "a turn holds a backslash and an n where a newline was meant",
}
POLICIES: dict[str, str] = {
    "no_answer": "a question without an answer (a held-out split)",
    "inactive": "switched off by its authors",
    "ignored": "marked difficult, crowded or ignored by its authors, and the mix leaves those out",
    "too_small": "smaller than the mix asks for",
    "too_many": "more regions in the picture than the mix allows",
    "ambiguous": "no phrase of the template names this region alone",
    "unselected": "of a kind the mix does not ask for",
    "duplicate": "another row with the same pictures and text was kept",
    "sampled_out": "beyond the source's cap or weight",
}
REASONS = {**FAULTS, **POLICIES}


class Picture(Struct, frozen=True, gc=False):
    """One native picture.

    path: relative to the dataset's folder, with forward slashes. width, height: pixels, as the annotation states them, or None.
    time: ISO 8601 date or datetime, or None.
    """

    path: str
    width: int | None = None
    height: int | None = None
    time: str | None = None


class Region(Struct, frozen=True, gc=False):
    """Labelled geometry in pixels of `pictures[image]`.

    points: hbb (x1, y1, x2, y2); obb 8 numbers, four corners in native order; polygon 2n numbers.
    ignored: the authors mark it difficult, crowded or to be ignored.
    """

    label: str
    shape: Shape
    points: tuple[float, ...]
    key: str
    image: int = 0
    phrase: str | None = None
    ignored: bool = False


class Caption(Struct, frozen=True, gc=False):
    """One sentence about the pictures."""

    key: str
    text: str


class Question(Struct, frozen=True, gc=False):
    """One question with its answer. type: the authors' own question type, or None."""

    key: str
    question: str
    answer: str
    type: str | None = None


class Sample(Struct, frozen=True):
    """One native record: pictures in time order and what its authors say of them.

    file: the annotation file (or the picture, where a folder is the annotation), relative to the dataset's folder. key: the record's key in it.
    """

    key: str
    file: str
    split: str
    pictures: tuple[Picture, ...]
    captions: tuple[Caption, ...] = ()
    questions: tuple[Question, ...] = ()
    label: str | None = None
    regions: tuple[Region, ...] = ()
    gsd: float | None = None


class Reject(Struct, frozen=True, gc=False):
    """A dropped item, or part of one, with its origin. reason: a key of `REASONS`. items: how many items it stands for."""

    file: str
    key: str
    split: str
    reason: str
    detail: str = ""
    items: int = 1


def is_fault(reason: str) -> bool:
    """True where something is wrong with the data, False where a policy dropped it.

    Raises KeyError for a reason outside the closed list.
    """
    if reason not in REASONS:
        raise KeyError(reason)
    return reason in FAULTS
