"""Tasks made of regions by template: grounding, region captions, descriptions, rounds of talk.

A task drafts rows scene by scene; what is numeric (the filter, sizes and places, box texts) is
worked out once for the whole batch before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters.dialects import dialect, render
from converters.ledger import Strings
from converters.regions import attributes
from converters.regions.geometry import Bools, Floats
from converters.regions.scenes import Scenes, flat
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
from converters.tasks.kit import Built, SceneItems, Task
from converters.tasks.wordings import wordings
from schemas.sample import Box, Mask, Polygon, Quad, Region, Sample
from schemas.table import REGION

_ROUNDS = 3  # labels that a conversation asks about, two rounds each
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
    return f"{region.label}:{','.join(f'{value:.12g}' for value in flat(region.shape))}"


def build_objects(
    job: Job, batch: SceneItems, *, drafts: Drafts, sized: bool, boxed: bool
) -> Built:
    """Rows of one source over a batch of scenes, by a task's drafts of each scene.

    sized, boxed: see `Task`.
    """
    view = look(job, batch, sized=sized, boxed=boxed)
    made = [
        draft
        for scene in range(len(batch.scenes.samples))
        if (chosen := view.chosen(scene))
        for draft in drafts(view, scene, chosen)
    ]
    rows = rows_of(job, batch, made, TEMPLATE) if made else None
    return Built(rows, view.reasons, view.repairs)


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
    for item, region in enumerate(scenes.regions):
        if reasons[item]:
            continue
        if rule.labels is not None and region.label not in rule.labels:
            reasons[item] = "unselected"
        elif region.ignored and not rule.ignored:
            reasons[item] = "ignored"
        elif share[item] < rule.min_side:
            reasons[item] = "too_small"
    if rule.max_regions is not None:
        good = reasons == ""
        numbers = np.bincount(scenes.owner[good], minlength=len(scenes.samples))
        reasons[good & (numbers > rule.max_regions)[scenes.owner]] = "too_many"
    return reasons


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
    return lists_of_regions(
        [len(used) for used, _ in rows], regions, scenes.boxes[items].tolist(), phrases
    )


def lists_of_regions(
    counts: Sequence[int],
    regions: Sequence[Region],
    boxes: Sequence[Sequence[float]],
    phrases: Sequence[str | None],
) -> pa.ListArray:
    """Regions as a list column. counts: how many each row has, in order."""
    shapes = [region.shape for region in regions]
    columns = {
        "image": [region.image for region in regions],
        "label": [region.label for region in regions],
        "shape": [_SHAPES[type(shape)] for shape in shapes],
        "bbox": boxes,
        "points": [
            shape.points if isinstance(shape, (Quad, Polygon)) else None for shape in shapes
        ],
        "counts": [shape.counts if isinstance(shape, Mask) else None for shape in shapes],
        "phrase": phrases,
    }
    values = pa.StructArray.from_arrays(
        [pa.array(columns[field.name], field.type) for field in REGION], fields=list(REGION)
    )
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, values)


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def places(view: View, items: Sequence[int]) -> list[str]:
    """In which part of its picture each region lies, in words."""
    return attributes.positions(view.scenes.boxes[list(items)], view.scenes.sizes[list(items)])


def names(view: View, items: Sequence[int]) -> list[str]:
    """Size word and class of each region."""
    scenes = view.scenes
    words = attributes.magnitudes(scenes.areas[list(items)], scenes.sizes[list(items)])
    return [
        scenes.names[item]
        if scenes.names[item].startswith(("small ", "large "))
        else f"{word}{scenes.names[item]}"
        for word, item in zip(words, items, strict=True)
    ]


def _by_label(view: View, chosen: Sequence[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for item in chosen:
        groups.setdefault(view.scenes.names[item], []).append(item)
    return groups


def _draft_grounding(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture: every class with its count, every region's box behind it."""
    name = view.dialects[scene] or ""
    written = dialect(name)
    parts = []
    for label, group in _by_label(view, chosen).items():
        counted = attributes.counted(label, len(group))
        parts.append(written.named(counted, [view.texts[item] for item in group]))
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            dialect=name,
            answer=f"The image shows {listed(parts)}.",
        )
    ]


def _draft_identify(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a region: its box asked, its name and place answered."""
    name = view.dialects[scene] or ""
    written = dialect(name)
    called, where = names(view, chosen), places(view, chosen)
    return [
        Draft(
            scene=scene,
            key=view.region_key(item),
            source_text=view.native_text([item]),
            used=[item],
            dialect=name,
            slots={"box": written.join([view.texts[item]])},
            answer=written.phrase(f"1 {called[place]} at the {where[place]}"),
        )
        for place, item in enumerate(chosen)
    ]


def _inventory(view: View, chosen: list[int]) -> str:
    groups = _by_label(view, chosen)
    return listed([attributes.counted(label, len(group)) for label, group in groups.items()])


def _where(places_of: Mapping[int, str], group: list[int]) -> str:
    held = {places_of[item] for item in group}
    return listed([f"at the {place}" for place in attributes.POSITIONS if place in held])


def _draft_description(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture: what it shows, how many of each, and where."""
    where = dict(zip(chosen, places(view, chosen), strict=True))
    sentences = [f"The image shows {_inventory(view, chosen)}."]
    for label, group in _by_label(view, chosen).items():
        noun = attributes.plural(label, len(group))
        sentences.append(f"The {noun} {'is' if len(group) == 1 else 'are'} {_where(where, group)}.")
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            answer=" ".join(sentences),
        )
    ]


def _draft_rounds(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture of several rounds: what is there, how many, and where."""
    where = dict(zip(chosen, places(view, chosen), strict=True))
    more: list[Round] = []
    for label, group in list(_by_label(view, chosen).items())[:_ROUNDS]:
        more.append(Round("count", attributes.plural(label, 2), str(len(group))))
        answer = _where(where, group)
        sentence = f"{answer[0].upper()}{answer[1:]}."
        more.append(Round("where", attributes.plural(label, len(group)), sentence))
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            answer=f"The image shows {_inventory(view, chosen)}.",
            more=more,
        )
    ]


def _task(
    name: str,
    drafts: Drafts,
    asks: str,
    hub: tuple[str, ...],
    *,
    slots: frozenset[str] = frozenset(),
    rows_each: float = 1.0,
    sized: bool = True,
    boxed: bool = False,
) -> Task:
    return Task(
        name=name,
        takes=("region",),
        asks=asks,
        hub=hub,
        family="Boxes",
        slots=slots,
        rows_each=rows_each,
        sized=sized,
        boxed=boxed,
        build=partial(build_objects, drafts=drafts, sized=sized, boxed=boxed),
    )


TASKS = (
    _task(
        "grounding",
        _draft_grounding,
        "describe the picture with a box behind each object named",
        ("image-to-text", "object-detection"),
        sized=False,
        boxed=True,
    ),
    _task(
        "identify",
        _draft_identify,
        "say what is in a given box",
        ("image-to-text",),
        slots=frozenset({"box"}),
        rows_each=8.0,
        boxed=True,
    ),
    _task(
        "description",
        _draft_description,
        "describe the picture at length, from its annotations",
        ("image-to-text",),
    ),
    _task(
        "rounds",
        _draft_rounds,
        "several turns about the objects of one picture",
        ("visual-question-answering",),
    ),
)
