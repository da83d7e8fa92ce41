"""Rows of regions: a task drafts them scene by scene, and rows are made of the drafts.

Scenes may be cut into tiles first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.regions.scenes import Shown
from converters.regions.tiles import Indices
from converters.rows import identity
from converters.rows.assemble import (
    TEMPLATE,
    Identity,
    Job,
    Origin,
    Turns,
    assemble,
    choose,
    identify,
    nested,
    tokens,
)
from converters.rows.pictures import Pictures
from converters.rows.regions import region_lists
from converters.rows.xxh3 import Words
from converters.tasks.kit import Built, SceneItems
from converters.tasks.scene_words import SceneWords
from converters.tasks.views import View, look
from converters.tasks.wordings import ONE_OF_SEVERAL, filled, known, wordings
from schemas.mix import TileSpec

NOTHING_SHOWN = "The image shows none of the annotated objects."


class Round(NamedTuple):
    """A later round of a conversation: which wording asks, about which label, and the answer."""

    wording: str
    label: str
    answer: str


class Draft(Struct, kw_only=True):
    """A row to be.

    shown: the picture it speaks of; item: the index of the region that it speaks of, where it is
    one alone. used: indices of its regions; phrases: what the authors call them, beside. dialect:
    in which boxes are written, if any. slots: what fills the wording's braces; kind: of its
    wordings, where it wants others than `any`; more: later rounds.
    """

    shown: Shown
    used: list[int]
    answer: str
    item: int | None = None
    dialect: str | None = None
    slots: Mapping[str, str] = {}
    kind: str = ""
    phrases: Sequence[str | None] | None = None
    more: Sequence[Round] = ()


class Source(NamedTuple):
    """What tells rows apart. keys: of their origin; said: text that their identity rests on."""

    keys: pa.Array
    said: pa.Array | Words


Drafts = Callable[[View, Shown, list[int]], list[Draft]]


def build_objects(
    job: Job,
    batch: SceneItems,
    *,
    drafts: Drafts,
    sized: bool,
    boxed: bool,
    whole: bool = False,
) -> Built:
    """Rows of one source over a batch of scenes, by a task's drafts of each picture.

    sized, boxed: see `Task`. whole: a row speaks of the whole picture, so that one can be made of
    a tile without regions too.
    """
    if job.spec.tile is not None:
        return _build_tiles(job, batch, job.spec.tile, drafts, sized, boxed, whole)
    view = look(job, batch, sized=sized, boxed=boxed)
    made = _all_drafts(view, drafts)
    return Built(_rows(job, view, batch.pictures, made), view.reasons, view.repairs)


def _build_tiles(
    job: Job,
    batch: SceneItems,
    spec: TileSpec,
    drafts: Drafts,
    sized: bool,
    boxed: bool,
    whole: bool,
) -> Built:
    """The same of scenes cut into tiles: each tile is a picture with what it shows."""
    cut, items = batch.cut(spec)
    view = look(job, items, sized=sized, boxed=boxed)
    made = _all_drafts(view, drafts)
    if whole and spec.keep_empty:
        made += _empty_tiles(job, view, np.flatnonzero(cut.empty), spec.keep_empty)
    rows = _rows(job, view, items.pictures, made)
    return Built(rows, cut.reasons(view.reasons), view.repairs)


def _empty_tiles(job: Job, view: View, scenes: Indices, share: float) -> list[Draft]:
    """Drafts of tiles without regions: as many as the share says, chosen by (seed, tile)."""
    paths = [view.scenes.samples[scene].pictures[0].path for scene in scenes.tolist()]
    words = identity.hash128(pa.array(paths, pa.string()))[:, 0]
    chance = identity.choices(job.seed, f"empty{identity.FIELD}{job.spec.name}", words) / 2.0**64
    return [
        Draft(shown=Shown(scene, 0), used=[], answer=NOTHING_SHOWN)
        for scene in scenes[chance < share].tolist()
    ]


def _all_drafts(view: View, drafts: Drafts) -> list[Draft]:
    return [draft for shown, chosen in view.pictures() for draft in drafts(view, shown, chosen)]


def _rows(job: Job, view: View, pictures: Pictures, drafts: list[Draft]) -> pa.RecordBatch | None:
    """Rows of drafts that all speak of one region each, or all of a picture each."""
    if not drafts:
        return None
    items = [draft.item for draft in drafts if draft.item is not None]
    if items:
        source = Source(view.words.keys.take(pa.array(items)), view.words.hashes[items])
    else:
        keys = [view.scenes.samples[draft.shown.scene].key for draft in drafts]
        source = Source(pa.array(keys), view.words.whole([draft.shown for draft in drafts]))
    return rows_of(job, view, pictures, drafts, source, TEMPLATE)


def rows_of(
    job: Job, view: View, pictures: Pictures, drafts: list[Draft], source: Source, text_origin: str
) -> pa.RecordBatch:
    """Rows from drafts: wordings chosen by id, slots filled."""
    scenes = view.scenes
    # Of the scenes that are drafted, which is each draft's?
    drafted, of = np.unique([draft.shown.scene for draft in drafts], return_inverse=True)
    samples = [scenes.samples[scene] for scene in drafted.tolist()]
    rows = pa.array(of)
    origin = Origin(
        pa.array([sample.file for sample in samples]).dictionary_encode().take(rows),
        scenes.split,
        source.keys,
    )
    shown = pictures.of([[picture.path for picture in sample.pictures] for sample in samples])
    shown = shown.take(rows)
    who = identify(job, origin, shown, source.said)
    asked, templates = _asked(job, view, drafts, who)
    leads = [tokens(len(sample.pictures)) for sample in samples]
    turns = [
        [leads[scene] + words, draft.answer, *_later(job, view, draft)]
        for draft, scene, words in zip(drafts, of.tolist(), asked, strict=True)
    ]
    return assemble(
        job,
        origin,
        shown,
        who,
        Turns(
            nested(turns),
            templates,
            text_origin,
            pa.array([draft.dialect for draft in drafts], pa.string()),
            _regions(view.words, drafts),
        ),
    )


def _asked(
    job: Job, view: View, drafts: Sequence[Draft], who: Identity
) -> tuple[list[str], pa.DictionaryArray]:
    """The first words of each draft, and the name of their template."""
    spec = job.spec
    one_of_several = [view.scenes.is_one_of_several(draft.shown) for draft in drafts]
    kinds = [
        known(spec.templates, spec.task, _kind(draft.kind, of))
        for draft, of in zip(drafts, one_of_several, strict=True)
    ]
    pools = {kind: wordings(spec.templates, spec.task, kind) for kind in set(kinds)}
    picks = {kind: choose(job, who.words, len(pool)).tolist() for kind, pool in pools.items()}
    asked = []
    numbers: dict[tuple[str, int], int] = {}  # of each wording that is used
    templates = []
    for row, (draft, kind) in enumerate(zip(drafts, kinds, strict=True)):
        pick, slots = picks[kind][row], draft.slots
        if one_of_several[row]:
            slots = {"image": view.called(draft.shown), **slots}
        asked.append(filled(pools[kind][pick], slots))
        templates.append(numbers.setdefault((kind, pick), len(numbers)))
    of_task = f"{spec.templates}/{spec.task}"
    names = [f"{of_task}/{kind}/{pick}" if kind else f"{of_task}/{pick}" for kind, pick in numbers]
    return asked, pa.DictionaryArray.from_arrays(pa.array(templates, pa.int32()), pa.array(names))


def _kind(own: str, one_of_several: bool) -> str:
    """The kind of a draft's wordings: its own, and whether they name one of several pictures."""
    if not one_of_several:
        return own
    return f"{ONE_OF_SEVERAL}_{own}" if own else ONE_OF_SEVERAL


def _later(job: Job, view: View, draft: Draft) -> list[str]:
    """The turns of a draft's later rounds."""
    turns: list[str] = []
    if not draft.more:
        return turns
    several = view.scenes.is_one_of_several(draft.shown)
    for later in draft.more:
        kind = _kind(later.wording, several)
        slots = {"label": later.label, "image": view.called(draft.shown)}
        asked = wordings(job.spec.templates, job.spec.task, kind)[0]
        turns += [filled(asked, slots), later.answer]
    return turns


def _regions(words: SceneWords, drafts: Sequence[Draft]) -> pa.ListArray:
    """The column `regions`: those of each draft, and what their authors call them."""
    phrases = None
    if any(draft.phrases is not None for draft in drafts):
        phrases = [
            phrase
            for draft in drafts
            for phrase in (draft.phrases if draft.phrases is not None else [None] * len(draft.used))
        ]
    return region_lists(
        [len(draft.used) for draft in drafts],
        words.regions([item for draft in drafts for item in draft.used]),
        phrases,
    )
