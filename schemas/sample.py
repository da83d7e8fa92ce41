"""Sample: what a format reader yields before any prompt of ours exists.

Coordinates are pixels of the picture as it is shown: 0-based, half-open, y down. A reader undoes
its format's convention (1-based corners, centre and size, fractions) before it makes a `Region`.

A Sample may hold items of several kinds at once. The ledger counts each kind for itself, and a
task of a mix says which kind it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct

Kind = Literal["caption", "question", "label", "region", "expression", "conversation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FAULTS: dict[str, str] = {
    "unreadable_file": "the annotation file cannot be parsed",
    "unreadable_record": "one record of the file cannot be parsed",
    "missing_field": "a field that the format needs is absent or empty",
    "bad_value": "a field holds something the format does not allow",
    "dangling_reference": "the record points at a record that does not exist",
    "ambiguous_reference": "records of one id, or answers to one question, say different things",
    "no_words": "the text has no letter",
    "no_label": "a picture without a class: in no class folder, or with none marked",
    "missing_image": "the picture is not there",
    "unreadable_image": "the picture is empty, or not a picture",
    "truncated_image": "the picture's end is missing",
    "oversized_image": "the picture has more pixels than are safe to read",
    "no_size": "the dialect needs the picture's size, and neither annotation nor picture gives it",
    "size_conflict": "the annotation is for a picture of another size, and not by one ratio",
    "bad_box": "a coordinate is not a number, or corners are missing",
    "zero_area": "the region has no area, natively or inside the picture",
    "outside_image": "the region lies outside its picture",
    "duplicate_region": "the same region stands twice in one picture",
    "bad_choices": "the answer is none of the choices, or there are fewer than two",
    "bad_id": "the row's id is not a non-empty string",
    "bad_roles": "turns do not alternate, human first (behind a system turn, if any) and gpt last",
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
    "ambiguous": "no phrase names this region alone, or one names regions of several pictures",
    "not_sayable": "the dialect cannot write this shape, and the mix does not let it be enclosed",
    "out_of_tile": "no tile shows enough of the region",
    "unselected": "of a kind, class or type that the mix does not ask for",
    "duplicate": "another row with the same pictures and text was kept",
    "sampled_out": "beyond the source's cap or weight",
}
REASONS = {**FAULTS, **POLICIES}


class Box(Struct, frozen=True, gc=False):
    """An upright box: (x1, y1) its first corner, (x2, y2) just beyond its last pixel."""

    x1: float
    y1: float
    x2: float
    y2: float


class Quad(Struct, frozen=True, gc=False):
    """An oriented box: the four corners x1, y1, ... y4 in turn around it, as read."""

    points: tuple[float, ...]


class Polygon(Struct, frozen=True, gc=False):
    """One closed ring: x1, y1, x2, y2, ... of three corners or more, the first not repeated.

    What has several parts or holes is a `Mask` (`converters.regions.shapes.mask_of_polygons`).
    """

    points: tuple[float, ...]


class Mask(Struct, frozen=True, gc=False):
    """The pixels of a region in a picture of width x height.

    counts: COCO's uncompressed run lengths: down the columns, the zeros first; their sum is
    width * height.
    """

    width: int
    height: int
    counts: tuple[int, ...]


Shape = Box | Quad | Polygon | Mask


class Picture(Struct, frozen=True, gc=False):
    """One native picture.

    path: relative to the dataset's folder, with forward slashes; it may lie in an archive,
    `shard-0001.tar!a.jpg`. width, height: pixels, as the annotation states them, or None.
    time: ISO 8601 date or datetime, or None. gsd: metres a pixel, and sensor, where the record
    states them; else what the catalogue says of the whole dataset holds. place: longitude and
    latitude of its middle in degrees of WGS 84, where the record states them.
    """

    path: str
    width: int | None = None
    height: int | None = None
    time: str | None = None
    gsd: float | None = None
    sensor: str | None = None
    place: tuple[float, float] | None = None


class Caption(Struct, frozen=True, gc=False):
    """One sentence about the pictures."""

    key: str
    text: str


class Question(Struct, frozen=True, gc=False):
    """One question with its answer. type: the authors' own question type, or None.

    choices: the options of a multiple choice in native order; answer is then the option's text.
    """

    key: str
    question: str
    answer: str
    type: str | None = None
    choices: tuple[str, ...] = ()


class Label(Struct, frozen=True, gc=False):
    """What class a scene is of, as its authors write it, or which of them it shows.

    names: the scene's one class (or its class on each level of a hierarchy). several: they are all
    classes of the dataset that the picture shows (multi-label), be it only one.
    """

    key: str
    names: tuple[str, ...]
    several: bool = False


class Region(Struct, frozen=True, gc=False):
    """Labelled geometry in pixels of `pictures[image]`.

    ignored: the authors mark it difficult, crowded or to be ignored. attributes: what else they
    say of it, as text.
    """

    key: str
    label: str
    shape: Shape
    image: int = 0
    ignored: bool = False
    attributes: Mapping[str, str] = {}


class Expression(Struct, frozen=True, gc=False):
    """The authors' words that pick out regions of the Sample.

    regions: their keys; none means "there is no such thing". ours: the words are made of a class's
    name by the catalogue; all expressions of a format are, or none.
    """

    key: str
    text: str
    regions: tuple[str, ...]
    ours: bool = False


class Conversation(Struct, frozen=True, gc=False):
    """Ready-made turns: (role, text) in native order; roles are human, gpt or system.

    dialect: how boxes are written in the text, as the catalogue entry declares it, or None.
    regions: what the marks of a dialect stand for whose regions travel beside the text, in the
    order of the marks. escapes: line breaks are written as a backslash and an n.
    """

    key: str
    turns: tuple[tuple[str, str], ...]
    dialect: str | None = None
    regions: tuple[Region, ...] = ()
    escapes: bool = False


class Sample(Struct, frozen=True):
    """One native record: pictures in time order and what its authors say of them.

    file: the annotation file (or the picture, where a folder is the annotation), relative to the
    dataset's folder. key: the record's key in it; never a position where the record has a name.
    unplaced: labels of annotated objects whose region cannot be read (each a Reject): nothing is
    said of how many of them there are.
    """

    key: str
    file: str
    split: str
    pictures: tuple[Picture, ...]
    captions: tuple[Caption, ...] = ()
    questions: tuple[Question, ...] = ()
    labels: tuple[Label, ...] = ()
    regions: Sequence[Region] = ()
    expressions: tuple[Expression, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    unplaced: tuple[str, ...] = ()


class Reject(Struct, frozen=True, gc=False):
    """A dropped item, or part of one, with its origin.

    reason: a key of `REASONS`. items: how many items it stands for. kind: of these items; None
    for what the format yields first (its `YIELDS[0]`).
    """

    file: str
    key: str
    split: str
    reason: str
    detail: str = ""
    items: int = 1
    kind: Kind | None = None


def is_fault(reason: str) -> bool:
    """True where something is wrong with the data, False where a policy dropped it.

    Raises KeyError for a reason outside the closed list.
    """
    if reason not in REASONS:
        raise KeyError(reason)
    return reason in FAULTS
