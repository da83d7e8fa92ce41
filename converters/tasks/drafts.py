"""Rows of regions: what the drafts of a task are made from, and how rows are made of drafts.

A task drafts rows scene by scene; what is numeric (the filter, box texts) is worked out once for
the whole batch before. Scenes may be cut into tiles first.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.dialects import dialect, render
from converters.ledger import Strings
from converters.regions.geometry import Bools, Floats
from converters.regions.scenes import Scenes, flat
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
from converters.rows.identity import ITEM
from converters.rows.pictures import Pictures
from converters.tasks.kit import Built, SceneItems
from converters.tasks.wordings import wordings
from schemas.mix import TileSpec
from schemas.sample import Box, Mask, Polygon, Quad, Region, Sample
from schemas.table import REGION

NOTHING_SHOWN = "The image shows none of the annotated objects."
_SHAPES = {Box: "hbb", Quad: "obb", Polygon: "polygon", Mask: "mask"}


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


class View(Struct, frozen=True):
    """What a source sees of a batch of scenes.

    reasons: why no row may use a region, or ""; the drafts add to them. dialects: how each scene's
    boxes are written, None where they cannot be. texts: of the chosen regions, where the task
    writes boxes; repairs: what had to be changed to write them.
    """

    scenes: Scenes
    reasons: Strings
    dialects: list[str | None]
    texts: Strings
    repairs: Mapping[str, int]

    def chosen(self, scene: int) -> list[int]:
        """The regions of a scene that may be used."""
        return [item for item in self.scenes.of(scene) if not self.reasons[item]]

    def region_key(self, item: int) -> str:
        """The key of one region's record."""
        sample = self.scenes.samples[self.scenes.owner[item]]
        return f"{sample.key}#{self.scenes.native[item].key}"

    def native_text(self, items: Sequence[int]) -> str:
        """Regions as read, for a row's identity: the same whatever the mode made of them."""
        return ITEM.join(_native(self.scenes.native[item]) for item in items)

    def whole(self, scene: int) -> str:
        """All regions of a scene as read."""
        return self.native_text(self.scenes.of(scene))


Drafts = Callable[[View, int, list[int]], list[Draft]]


def _native(region: Region) -> str:
    numbers = flat(region.shape)
    # Fast way: one format for all numbers. One for each of them takes twice as long.
    return f"{region.label}:{_format(len(numbers)) % numbers}"


@functools.cache
def _format(count: int) -> str:
    return ",".join(["%.12g"] * count)


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
    cut = batch.cut(spec)
    view = look(job, SceneItems(cut.scenes, batch.pictures), sized=sized, boxed=boxed)
    made = _all_drafts(view, drafts)
    if whole and spec.keep_empty:
        made += _empty_tiles(job, view, np.flatnonzero(cut.empty), spec.keep_empty)
    tiled = SceneItems(cut.scenes, batch.pictures.with_tiles(cut.tiles))
    rows = rows_of(job, tiled, made, TEMPLATE) if made else None
    return Built(rows, cut.reasons(view.reasons), view.repairs)


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


def look(job: Job, batch: SceneItems, *, sized: bool, boxed: bool) -> View:
    """Applies the source's filter, and writes the boxes of what is left."""
    scenes = batch.scenes
    reasons = _filtered(job, scenes)
    unsized: Bools = np.asarray(np.isnan(scenes.sizes).any(axis=1))
    needs_size = dialect(job.dialect).needs_size
    dialects: list[str | None] = []
    for scene in range(len(scenes.samples)):
        items = slice(scenes.starts[scene], scenes.starts[scene + 1])
        known = not unsized[items].any()
        dialects.append(job.dialect if known or not needs_size else job.fallback_dialect)
        if not known and (sized or dialects[scene] is None):
            fault = "missing_image" if _absent(scenes.samples[scene], batch.pictures) else "no_size"
            reasons[items] = np.where(reasons[items] == "", fault, reasons[items])
    texts = np.full(len(reasons), "", object)
    repairs = _write(job, scenes, dialects, reasons, texts) if boxed else Counter()
    return View(scenes, reasons, dialects, texts, repairs)


def _absent(sample: Sample, pictures: Pictures) -> bool:
    return any(picture.path in pictures.absent for picture in sample.pictures)


def _filtered(job: Job, scenes: Scenes) -> Strings:
    """Reasons by region, those of the source's filter added."""
    rule = job.spec.filter
    sides = (scenes.boxes[:, 2:] - scenes.boxes[:, :2]) / scenes.sizes
    share: Floats = 100 * np.nan_to_num(sides.min(axis=1), nan=np.inf)
    reasons: Strings = scenes.reasons.copy()
    reasons[(reasons == "") & _unselected(scenes, rule.labels)] = "unselected"
    if not rule.ignored:
        ignored = np.fromiter((region.ignored for region in scenes.regions), bool, len(reasons))
        reasons[(reasons == "") & ignored] = "ignored"
    reasons[(reasons == "") & (share < rule.min_side)] = "too_small"
    if rule.max_regions is not None:
        good = reasons == ""
        numbers = np.bincount(scenes.owner[good], minlength=len(scenes.samples))
        reasons[good & (numbers > rule.max_regions)[scenes.owner]] = "too_many"
    return reasons


def _unselected(scenes: Scenes, labels: Sequence[str] | None) -> Bools:
    """Which regions are of a class that the source does not ask for."""
    if labels is None:
        return np.zeros(len(scenes.regions), bool)
    outside = (region.label not in labels for region in scenes.regions)
    return np.fromiter(outside, bool, len(scenes.regions))


def _write(
    job: Job, scenes: Scenes, dialects: list[str | None], reasons: Strings, texts: Strings
) -> Counter[str]:
    """Fills in the texts of all regions that are left, one dialect at a time."""
    repairs: Counter[str] = Counter()
    names = np.array(dialects, object)[scenes.owner]
    for name in sorted({name for name in dialects if name is not None}):
        items = np.flatnonzero((reasons == "") & (names == name))
        if not len(items):
            continue
        written, reasons[items], changed = render(
            dialect(name),
            [scenes.regions[item].shape for item in items.tolist()],
            np.nan_to_num(scenes.sizes[items], nan=np.inf),
            job.unsayable,
        )
        texts[items] = np.array(written, object)
        repairs.update(changed)
    return repairs


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
            region_lists(scenes, [(draft.used, draft.phrases) for draft in drafts]),
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


def region_lists(
    scenes: Scenes, rows: Sequence[tuple[Sequence[int], Sequence[str | None] | None]]
) -> pa.ListArray:
    """The column `regions`: for each row its regions, and what the authors call each."""
    items = [item for used, _ in rows for item in used]
    phrases = [
        phrase
        for used, named in rows
        for phrase in (named if named is not None else [None] * len(used))
    ]
    regions = [scenes.regions[item] for item in items]
    return lists_of_regions([len(used) for used, _ in rows], regions, scenes.boxes[items], phrases)


def lists_of_regions(
    counts: Sequence[int],
    regions: Sequence[Region],
    boxes: Floats,
    phrases: Sequence[str | None],
) -> pa.ListArray:
    """Regions as a list column.

    counts: how many each row has, in order; boxes: (n, 4) upright boxes around them, in pixels.
    """
    shapes = [region.shape for region in regions]
    columns = {
        "image": [region.image for region in regions],
        "label": [region.label for region in regions],
        "shape": [_SHAPES[type(shape)] for shape in shapes],
        "points": [
            shape.points if isinstance(shape, (Quad, Polygon)) else None for shape in shapes
        ],
        "counts": [shape.counts if isinstance(shape, Mask) else None for shape in shapes],
        "phrase": phrases,
    }
    arrays = {name: pa.array(values, REGION.field(name).type) for name, values in columns.items()}
    # Fast way for what is an array already. The plain way is pa.array(boxes.tolist()).
    corners = pa.array(boxes.astype(np.float32).ravel())
    ends = pa.array(np.arange(0, 4 * len(regions) + 1, 4, dtype=np.int32))
    arrays["bbox"] = pa.ListArray.from_arrays(ends, corners)
    values = pa.StructArray.from_arrays(
        [arrays[field.name] for field in REGION], fields=list(REGION)
    )
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values)
