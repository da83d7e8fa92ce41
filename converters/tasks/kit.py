"""What a task is, and the items that tasks make rows of.

Items of one kind and one split come as a batch: `Texts` (captions, questions, labels), `SceneItems`
(regions), `ExpressionItems` or `Talks` (conversations). A batch has one
`reasons` entry for each item, and can make the Reject of an item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import Struct

from converters.ledger import Strings
from converters.regions import tiles
from converters.regions.scenes import Expressions, Scenes
from converters.regions.tiles import Cut
from converters.rows.assemble import Job, Origin
from converters.rows.pictures import Pictures
from converters.tasks.scene_words import SceneWords
from schemas.mix import TileSpec
from schemas.sample import Conversation, Kind, Reject


class Built(NamedTuple):
    """Rows of one source, and for each item of the batch why no row uses it, or "".

    repairs: what was changed to make the rows, and how often.
    """

    rows: pa.RecordBatch | None
    reasons: Strings
    repairs: Mapping[str, int] = {}


class Task(Struct, frozen=True, kw_only=True):
    """What a mix may ask for. Cards, checks and docs are made from this.

    takes: the kinds of items it can be made of; of several that a format yields, the first. asks:
    in the card's words. hub: the Hugging Face hub's names for it. family: its heading in
    DATASETS.md. slots: what a wording must hold between braces; may_hold: what it may. rows_each:
    rows that it makes of one record, about. sized: whether it needs the pictures' sizes, whatever
    the dialect; boxed: whether it writes boxes; worded: whether wordings of ours ask. build: makes
    the rows of one batch.
    """

    name: str
    takes: tuple[Kind, ...]
    asks: str
    hub: tuple[str, ...]
    family: str
    build: Callable[[Job, Any], Built]
    slots: frozenset[str] = frozenset()
    may_hold: frozenset[str] = frozenset()
    rows_each: float = 1.0
    sized: bool = False
    boxed: bool = False
    worded: bool = True

    @property
    def pictured(self) -> bool:
        """True where a row speaks of one picture, be it one of several."""
        return "region" in self.takes

    def kind(self, yields: tuple[Kind, ...]) -> Kind | None:
        """The kind it is made of where a format yields these, or None where it cannot be."""
        return next((kind for kind in self.takes if kind in yields), None)


class Texts(Struct, frozen=True):
    """Captions, questions or labels: one item each, as columns.

    answers: what the answer says (a label's classes as spoken). questions, types: of questions,
    types with nulls; choices: list<string>, of multiple choice. names: a label's classes as
    written, list<string>; several: whether they are all that the picture shows (`Label`).
    """

    kind: Kind
    split: str
    origin: Origin
    pictures: Pictures
    reasons: Strings
    answers: pa.Array
    questions: pa.Array | None = None
    types: pa.Array | None = None
    choices: pa.ListArray | None = None
    names: pa.ListArray | None = None
    several: pa.BooleanArray | None = None

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one item: it says which picture is at fault, else what the text is."""
        file = self.origin.file
        said = self.answers if self.questions is None else self.questions
        detail = picture_detail(self.pictures, item, reason) or said[item].as_py()[:200]
        if self.kind == "label" and reason == "bad_value":
            detail = f"{detail}: a class has no name in words"
        elif self.kind == "question" and reason == "missing_field" and not detail:
            detail = "no question"
        return Reject(
            file if isinstance(file, str) else file[item].as_py(),
            self.origin.keys[item].as_py(),
            self.split,
            reason,
            detail,
            kind=self.kind,
        )

    def take(self, rows: pa.Array) -> Texts:
        """Some of the items."""

        def some(values: Any) -> Any:
            return None if values is None else values.take(rows)

        return Texts(
            self.kind,
            self.split,
            self.origin.take(rows),
            self.pictures.take(rows),
            self.reasons[rows.to_numpy()],
            self.answers.take(rows),
            some(self.questions),
            some(self.types),
            some(self.choices),
            some(self.names),
            some(self.several),
        )


class SceneItems(Struct, frozen=True, dict=True):
    """Regions with the pictures that their scenes show, one row of paths a scene.

    cuts: the same, cut into tiles (see `cut`).
    """

    scenes: Scenes
    pictures: Pictures
    kind: Kind = "region"
    cuts: dict[TileSpec, tuple[Cut, SceneItems]] = {}

    @cached_property
    def words(self) -> SceneWords:
        """What words say of the regions, alike for all sources of a mix."""
        return SceneWords(self.scenes)

    def cut(self, spec: TileSpec) -> tuple[Cut, SceneItems]:
        """The scenes cut into tiles, and these as a batch of their own.

        They are made once for all sources of a mix that want the same tiles.
        """
        if spec not in self.cuts:
            cut = tiles.cut(self.scenes, spec)
            self.cuts[spec] = cut, SceneItems(cut.scenes, self.pictures.with_tiles(cut.tiles))
        return self.cuts[spec]

    @property
    def split(self) -> str:
        return self.scenes.split

    @property
    def reasons(self) -> Strings:
        return self.scenes.reasons

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one region."""
        return self.scenes.reject(item, reason)


class ExpressionItems(Struct, frozen=True):
    """Expressions with the pictures that their scenes show, one row of paths a scene."""

    expressions: Expressions
    pictures: Pictures
    kind: Kind = "expression"

    @property
    def split(self) -> str:
        return self.expressions.scenes.split

    @property
    def reasons(self) -> Strings:
        return self.expressions.reasons

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one expression."""
        return self.expressions.reject(item, reason)


class Talks(Struct, frozen=True):
    """Ready-made conversations: one item each."""

    split: str
    origin: Origin
    pictures: Pictures
    reasons: Strings
    talks: list[Conversation]
    kind: Kind = "conversation"

    def reject(self, item: int, reason: str) -> Reject:
        """The Reject of one conversation: it shows its first words."""
        file = self.origin.file
        detail = picture_detail(self.pictures, item, reason)
        return Reject(
            file if isinstance(file, str) else file[item].as_py(),
            self.origin.keys[item].as_py(),
            self.split,
            reason,
            detail or " ".join(text for _, text in self.talks[item].turns)[:200],
            kind=self.kind,
        )


def picture_detail(pictures: Pictures, row: int, reason: str) -> str:
    """Which pictures of a row have a fault, in words; empty where none has."""
    faulty = [
        f"{path}: {pictures.facts[path].detail}"
        for path in pictures.paths[row].as_py()
        if pictures.fault(path) == reason
    ]
    return "; ".join(faulty)
