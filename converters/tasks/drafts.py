"""Rows of regions: a task drafts them scene by scene, and rows are made of the drafts.

Scenes may be cut into tiles first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.regions import tiles
from converters.regions.scenes import Scenes
from converters.regions.tiles import Indices
from converters.rows import identity
from converters.rows.assemble import (
    TEMPLATE,
    Job,
    Origin,
    Turns,
    assemble,
    choose,
    identify,
    nested,
    tokens,
)
from converters.rows.regions import region_lists
from converters.tasks.kit import Built, SceneItems
from converters.tasks.views import View, look
from converters.tasks.wordings import wordings
from schemas.mix import TileSpec

NOTHING_SHOWN = "The image shows none of the annotated objects."


class Round(NamedTuple):
    """A later round of a conversation: which wording asks, about which label, and the answer."""

    wording: str
    label: str
    answer: str


class Draft(Struct, kw_only=True):
    """A row to be.

    key: of its origin; source_text: what its identity rests on. used: indices of its regions;
    phrases: what the authors call them, beside. dialect: in which boxes are written, if any.
    slots: what fills the wording's braces; more: later rounds.
    """

    scene: int
    key: str
    source_text: str
    used: list[int]
    answer: str
    dialect: str | None = None
    slots: Mapping[str, str] = {}
    phrases: Sequence[str | None] | None = None
    more: Sequence[Round] = ()


Drafts = Callable[[View, int, list[int]], list[Draft]]


def build_objects(
    job: Job,
    batch: SceneItems,
    *,
    drafts: Drafts,
    sized: bool,
    boxed: bool,
    whole: bool = False,
) -> Built:
    """Rows of one source over a batch of scenes, by a task's drafts of each scene.

    sized, boxed: see `Task`. whole: a row speaks of the whole picture, so that one can be made of
    a tile without regions too.
    """
    if job.spec.tile is not None:
        return _build_tiles(job, batch, job.spec.tile, drafts, sized, boxed, whole)
    view = look(job, batch, sized=sized, boxed=boxed)
    made = _all_drafts(view, drafts)
    rows = rows_of(job, batch, made, TEMPLATE) if made else None
    return Built(rows, view.reasons, view.repairs)


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
    cut = tiles.cut(batch.scenes, spec)
    view = look(job, SceneItems(cut.scenes, batch.pictures), sized=sized, boxed=boxed)
    made = _all_drafts(view, drafts)
    if whole and spec.keep_empty:
        made += _empty_tiles(job, view, np.flatnonzero(cut.empty), spec.keep_empty)
    paths = [scene_path(cut.scenes, draft.scene) for draft in made]
    pictures = batch.pictures.with_tiles(cut.tiles, spec.format, paths)
    for scene in range(len(cut.scenes.samples)):
        if fault := pictures.fault(scene_path(cut.scenes, scene)):
            view.reasons[view.scenes.of(scene)] = fault
    good = [draft for draft, path in zip(made, paths, strict=True) if not pictures.fault(path)]
    rows = rows_of(job, SceneItems(cut.scenes, pictures), good, TEMPLATE) if good else None
    return Built(rows, cut.reasons(view.reasons), view.repairs)


def scene_path(scenes: Scenes, scene: int) -> str:
    """The path of a scene's first picture."""
    return scenes.samples[scene].pictures[0].path


def _empty_tiles(job: Job, view: View, scenes: Indices, share: float) -> list[Draft]:
    """Drafts of tiles without regions: as many as the share says, chosen by (seed, tile)."""
    paths = [view.scenes.samples[scene].pictures[0].path for scene in scenes.tolist()]
    words = identity.hash128(pa.array(paths, pa.string()))[:, 0]
    chance = identity.choices(job.seed, f"empty{identity.FIELD}{job.spec.name}", words) / 2.0**64
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text="",
            used=[],
            answer=NOTHING_SHOWN,
        )
        for scene in scenes[chance < share].tolist()
    ]


def _all_drafts(view: View, drafts: Drafts) -> list[Draft]:
    return [
        draft
        for scene in range(len(view.scenes.samples))
        if (chosen := view.chosen(scene))
        for draft in drafts(view, scene, chosen)
    ]


def rows_of(job: Job, batch: SceneItems, drafts: list[Draft], text_origin: str) -> pa.RecordBatch:
    """Rows from drafts: wordings chosen by id, slots filled."""
    scenes = batch.scenes
    samples = [scenes.samples[draft.scene] for draft in drafts]
    origin = Origin(
        pa.array([sample.file for sample in samples]),
        scenes.split,
        pa.array([draft.key for draft in drafts]),
    )
    pictures = batch.pictures.of(
        [[picture.path for picture in sample.pictures] for sample in samples]
    )
    who = identify(job, origin, pictures, pa.array([draft.source_text for draft in drafts]))
    pool = wordings(job.spec.templates, job.spec.task)
    picks = choose(job, who.words, len(pool)).tolist()
    turns = []
    for draft, sample, pick in zip(drafts, samples, picks, strict=True):
        asked = pool[pick]
        for slot, text in draft.slots.items():
            asked = asked.replace(f"{{{slot}}}", text)
        later = [text for pair in _later(job, draft) for text in pair]
        turns.append([tokens(len(sample.pictures)) + asked, draft.answer, *later])
    return assemble(
        job,
        origin,
        pictures,
        who,
        Turns(
            nested(turns),
            pa.array([f"{job.spec.templates}/{job.spec.task}/{pick}" for pick in picks]),
            text_origin,
            pa.array([draft.dialect for draft in drafts], pa.string()),
            _regions(scenes, drafts),
        ),
    )


def _later(job: Job, draft: Draft) -> list[tuple[str, str]]:
    return [
        (
            wordings(job.spec.templates, job.spec.task, later.wording)[0].replace(
                "{label}", later.label
            ),
            later.answer,
        )
        for later in draft.more
    ]


def _regions(scenes: Scenes, drafts: Sequence[Draft]) -> pa.ListArray:
    """The column `regions`: those of each draft, and what their authors call them."""
    items = [item for draft in drafts for item in draft.used]
    phrases = [
        phrase
        for draft in drafts
        for phrase in (draft.phrases if draft.phrases is not None else [None] * len(draft.used))
    ]
    return region_lists(
        [len(draft.used) for draft in drafts],
        [scenes.regions[item] for item in items],
        scenes.boxes[items].tolist(),
        phrases,
    )
