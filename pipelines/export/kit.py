"""What an export is made of: rows, pictures, and what a target tells of its program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from schemas.conversation import IMAGE_TOKEN
from schemas.sample import FAULTS

PICTURES = "images"  # the folder of pictures below that of the export

# Why a row is left out: what is wrong with its pictures, or what the program cannot take.
REASONS: dict[str, str] = {
    **{name: text for name, text in FAULTS.items() if name.endswith("_image")},
    "several_pictures": "the program takes one picture a row",
    "picture_not_first": "the program wants the pictures before the first question",
    "placeholder_in_text": "the text holds a word that the program takes for a placeholder",
    "unknown_box": "a box in the text is none of the row's regions",
    "words_in_boxes": "the row's box format keeps words within its boxes, and they would be lost",
    "boxes_beside_text": "the row's boxes stand beside its text: name another --dialect",
    "not_sayable": "the box format cannot write a region of the row",
    "bad_id": FAULTS["bad_id"],
}


class Picture(Struct, frozen=True, gc=False):
    """A picture as exported.

    name: `<sha256>.<jpg|png>`. width, height: pixels. size: bytes. data: the bytes, where they were
    not written to the folder of pictures.
    """

    name: str
    width: int
    height: int
    size: int
    data: bytes = b""

    def read(self, folder: str) -> bytes:
        """Its bytes. folder: the export's."""
        if self.data:
            return self.data
        with open(f"{folder}/{PICTURES}/{self.name}", "rb") as file:
            return file.read()


class Objects(Struct, gc=False):
    """Boxes beside the text, in the order of their placeholders in it.

    refs: the words that name regions; boxes: x1, y1, x2, y2 in pixels; images: which picture of the
    row each box lies in.
    """

    refs: list[str] = []
    boxes: list[list[float]] = []
    images: list[int] = []


class Row(Struct, gc=False):
    """A row to be exported.

    turns: (human or gpt, text). shows: how many pictures. dialect: of the boxes in the text, if it
    holds any. columns: the whole row but its pictures, where the target wants it. pictures and
    objects are not yet there when a target is asked whether it takes the row.
    """

    id: str
    turns: list[tuple[str, str]]
    shows: int
    dialect: str | None = None
    columns: Mapping[str, Any] | None = None
    pictures: list[Picture] = []
    objects: Objects | None = None


class Place(Struct, frozen=True):
    """Where an export is written, where it will stand, and what the program shall call it.

    folder: the folder being written; final: the absolute path that it gets when it is whole.
    boxes: whether any row may hold boxes in its text.
    """

    folder: str
    final: str
    name: str
    boxes: bool


class Writer(Protocol):
    """Writes rows for one program, in the order in which they come."""

    def add(self, rows: Sequence[Row]) -> None: ...
    def close(self) -> None: ...


class Target(Struct, frozen=True, kw_only=True):
    """How one program wants its rows.

    name: what `--to` takes. program: as its authors call it. about: what is written, in a line.
    takes: the reason why a row cannot be taken, or "". open: begins to write. register: writes what
    makes the export known to the program, and gives the lines to paste; it is called with the
    number of rows, after the last of them. inline: the writer takes the pictures' bytes into its
    own files, and there is no folder of them. whole: the writer wants `Row.columns`. objects: the
    program writes boxes itself, from `Row.objects`.
    """

    name: str
    program: str
    about: str
    open: Callable[[Place], Writer]
    register: Callable[[Place, int], list[str]]
    takes: Callable[[Row], str] = lambda row: ""
    inline: bool = False
    whole: bool = False
    objects: bool = False


ROLES = {"human": "user", "gpt": "assistant"}


def messages(row: Row) -> list[dict[str, str]]:
    """The turns as `messages` of role and content."""
    return [{"role": ROLES[who], "content": text} for who, text in row.turns]


def conversations(row: Row) -> list[dict[str, str]]:
    """The turns as LLaVA writes them."""
    return [{"from": who, "value": text} for who, text in row.turns]


def paths(row: Row) -> list[str]:
    """The pictures' paths relative to the export's folder."""
    return [f"{PICTURES}/{picture.name}" for picture in row.pictures]


def llava_record(row: Row, folder: str = f"{PICTURES}/") -> dict[str, Any]:
    """A record of LLaVA's: `image` a string, a list where there are several, absent where none is.

    folder: what stands before the pictures' names.
    """
    shown = [folder + picture.name for picture in row.pictures]
    image = {"image": shown[0] if len(shown) == 1 else shown} if shown else {}
    return {"id": row.id, **image, "conversations": conversations(row)}


def one_picture(row: Row) -> str:
    """The reason why a program of one picture a row cannot take this one, or ""."""
    return "several_pictures" if row.shows > 1 else ""


def holds(row: Row, *words: str) -> str:
    """The reason why a row with placeholders of other things cannot be taken, or ""."""
    found = any(word in text for _, text in row.turns for word in words)
    return "placeholder_in_text" if found else ""


def in_first_turn(row: Row) -> bool:
    """True where every `<image>` stands in the first turn."""
    return all(IMAGE_TOKEN not in text for _, text in row.turns[1:])
