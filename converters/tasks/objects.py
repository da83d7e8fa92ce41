"""Rows made of regions by template: grounding, region captions, referring, descriptions, conversations about objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from msgspec import Struct

from converters import dialects
from converters.read.images import Facts
from converters.regions import attributes
from converters.regions.geometry import Floats
from converters.rows.assemble import (
    TEMPLATE,
    Job,
    Origin,
    Pictures,
    Text,
    assemble,
    choose,
    identify,
    nested,
    tokens,
)
from converters.rows.identity import ITEM
from converters.tasks.wordings import wordings
from schemas.sample import Picture, Region, Sample
from schemas.table import REGION

_ROUNDS = 3  # labels that a conversation asks about, two rounds each


class Scene(Struct, frozen=True):
    """One picture with its regions, cleaned.

    kept: indices into `sample.regions` of those that are good; regions: the same, clipped and put in order; size: width and height, or None; boxes: (n, 4)
    upright pixels; areas: (n,); names: their classes as spoken.
    """

    sample: Sample
    kept: list[int]
    regions: list[Region]
    size: tuple[int, int] | None
    boxes: Floats
    areas: Floats
    names: list[str]


class Draft(Struct):
    """A row to be: turns as (text with the template's slot filled by `slot`, answer). used: indices into the scene's regions.

    more: later rounds as (kind of wording, its label, answer).
    """

    scene: Scene
    key: str
    source_text: str
    used: list[int]
    dialect: str | None
    slot: tuple[str, str]
    answer: str
    more: list[tuple[str, str, str]] = []


def build(
    job: Job, scenes: Sequence[Scene], known: Mapping[str, Picture], facts: Mapping[str, Facts]
) -> tuple[pa.RecordBatch | None, list[list[str]]]:
    """Rows of one source over a batch of scenes; and for each scene's region the reason why no row uses it, empty where one does."""
    drafts: list[Draft] = []
    all_reasons = []
    for scene in scenes:
        reasons, chosen = _select(job, scene)
        if chosen:
            dialect = _dialect(job, scene)
            if scene.size is None and (dialect is None or job.spec.task != "grounding"):
                for i in chosen:
                    reasons[i] = "no_size"
            else:
                drafts += _DRAFTS[job.spec.task](scene, chosen, dialect or job.dialect, reasons)
        all_reasons.append(reasons)
    return _rows(job, drafts, known, facts) if drafts else None, all_reasons


def _dialect(job: Job, scene: Scene) -> str | None:
    if scene.size is not None or not dialects.needs_size(job.dialect):
        return job.dialect
    return job.fallback_dialect


def _select(job: Job, scene: Scene) -> tuple[list[str], list[int]]:
    """Applies the source's filter: reasons by region, and the indices that stay."""
    rule = job.spec.filter
    reasons = [""] * len(scene.regions)
    share = (
        np.zeros(len(scene.regions))
        if scene.size is None
        else 100 * (np.diff(scene.boxes.reshape(-1, 2, 2), axis=1)[:, 0] / scene.size).min(axis=1)
    )
    for i, region in enumerate(scene.regions):
        if rule.labels is not None and region.label not in rule.labels:
            reasons[i] = "unselected"
        elif region.ignored and not rule.ignored:
            reasons[i] = "ignored"
        elif scene.size is not None and share[i] < rule.min_side:
            reasons[i] = "too_small"
    chosen = [i for i, reason in enumerate(reasons) if not reason]
    if rule.max_regions is not None and len(chosen) > rule.max_regions:
        for i in chosen:
            reasons[i] = "too_many"
        chosen = []
    return reasons, chosen


def _rows(
    job: Job, drafts: list[Draft], known: Mapping[str, Picture], facts: Mapping[str, Facts]
) -> pa.RecordBatch:
    samples = [draft.scene.sample for draft in drafts]
    origin = Origin(
        pa.array([sample.file for sample in samples]),
        pa.array([sample.split for sample in samples]),
        pa.array([draft.key for draft in drafts]),
        [sample.gsd or job.entry.gsd for sample in samples],
    )
    pictures = Pictures.several(
        [[picture.path for picture in sample.pictures] for sample in samples], known, facts
    )
    who = identify(job, origin, pictures, pa.array([draft.source_text for draft in drafts]))
    pool = wordings(job.spec.templates, job.spec.task)
    picks = choose(job, who.words, len(pool)).tolist()
    turns = []
    for draft, pick in zip(drafts, picks, strict=True):
        first = tokens(len(draft.scene.sample.pictures)) + pool[pick].replace(*draft.slot)
        turns.append(
            [first, draft.answer, *(text for pair in _follow_up(job, draft) for text in pair)]
        )
    text = Text(
        nested(turns),
        pa.array([f"{job.spec.templates}/{job.spec.task}/{pick}" for pick in picks]),
        TEMPLATE,
        pa.array([draft.dialect for draft in drafts], pa.string()),
        pa.array(
            [[_region(draft.scene, i) for i in draft.used] for draft in drafts], pa.list_(REGION)
        ),
    )
    return assemble(job, origin, pictures, who, text)


def _follow_up(job: Job, draft: Draft) -> list[tuple[str, str]]:
    return [
        (wordings(job.spec.templates, job.spec.task, kind)[0].replace("{label}", label), answer)
        for kind, label, answer in draft.more
    ]


def _region(scene: Scene, i: int) -> dict[str, object]:
    region = scene.regions[i]
    points = None if region.shape == "hbb" else region.points
    return {
        "image": region.image,
        "label": region.label,
        "shape": region.shape,
        "bbox": scene.boxes[i],
        "points": points,
        "phrase": region.phrase,
    }


def _native(sample: Sample, indices: Sequence[int]) -> str:
    """Regions as read, for the row's identity: the same whatever the mode made of them."""
    return ITEM.join(
        f"{r.label}:{','.join(f'{p:.12g}' for p in r.points)}"
        for r in (sample.regions[i] for i in indices)
    )


def _whole(scene: Scene) -> str:
    return _native(scene.sample, range(len(scene.sample.regions)))


def _boxes(scene: Scene, chosen: Sequence[int], dialect: str) -> list[str]:
    """Texts of regions, in the order of `chosen`."""
    texts = [""] * len(chosen)
    for shape, render in (("hbb", dialects.render_boxes), ("obb", dialects.render_quads)):
        mine = [k for k, i in enumerate(chosen) if scene.regions[i].shape == shape]
        if mine:
            points = np.array([scene.regions[chosen[k]].points for k in mine])
            sizes = np.tile(np.array(scene.size or (1, 1), float), (len(mine), 1))
            for k, text in zip(mine, render(dialect, points, sizes), strict=True):
                texts[k] = text
    return texts


def _by_label(scene: Scene, chosen: Sequence[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for k, i in enumerate(chosen):
        groups.setdefault(scene.names[i], []).append(k)
    return groups


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _places(scene: Scene, chosen: Sequence[int]) -> list[str]:
    sizes = np.tile(np.array(scene.size, float), (len(chosen), 1))
    return attributes.positions(scene.boxes[list(chosen)], sizes)


def _names(scene: Scene, chosen: Sequence[int]) -> list[str]:
    """Size word and class of each region."""
    sizes = np.tile(np.array(scene.size, float), (len(chosen), 1))
    words = attributes.magnitudes(scene.areas[list(chosen)], sizes)
    return [
        scene.names[i]
        if scene.names[i].startswith(("small ", "large "))
        else f"{word}{scene.names[i]}"
        for word, i in zip(words, chosen, strict=True)
    ]


def _grounding(scene: Scene, chosen: list[int], dialect: str, reasons: list[str]) -> list[Draft]:
    """One row a picture: every class with its count, every region's box behind it."""
    texts = _boxes(scene, chosen, dialect)
    parts = [
        f"<p>{attributes.counted(label, len(group))}</p> {'<delim>'.join(texts[k] for k in group)}"
        for label, group in _by_label(scene, chosen).items()
    ]
    return [
        Draft(
            scene,
            scene.sample.key,
            _whole(scene),
            chosen,
            dialect,
            ("", ""),
            f"The image shows {_listed(parts)}.",
        )
    ]


def _identify(scene: Scene, chosen: list[int], dialect: str, reasons: list[str]) -> list[Draft]:
    """One row a region: its box asked, its name and place answered."""
    texts, names, places = (
        _boxes(scene, chosen, dialect),
        _names(scene, chosen),
        _places(scene, chosen),
    )
    return [
        Draft(
            scene,
            _key(scene, i),
            _native(scene.sample, [scene.kept[i]]),
            [i],
            dialect,
            ("{box}", texts[k]),
            f"<p>1 {names[k]} at the {places[k]}</p>",
        )
        for k, i in enumerate(chosen)
    ]


def _refer(scene: Scene, chosen: list[int], dialect: str, reasons: list[str]) -> list[Draft]:
    """One row for each region that its name and place tell from all others of the picture."""
    everything = list(range(len(scene.regions)))
    phrases = [
        f"{name} at the {place}"
        for name, place in zip(_names(scene, everything), _places(scene, everything), strict=True)
    ]
    held = Counter(phrases)
    texts = _boxes(scene, chosen, dialect)
    drafts = []
    for k, i in enumerate(chosen):
        if held[phrases[i]] > 1:
            reasons[i] = "ambiguous"
            continue
        slot = ("{phrase}", f"<p>{phrases[i]}</p>")
        drafts.append(
            Draft(
                scene,
                _key(scene, i),
                _native(scene.sample, [scene.kept[i]]),
                [i],
                dialect,
                slot,
                texts[k],
            )
        )
    return drafts


def _key(scene: Scene, i: int) -> str:
    return f"{scene.sample.key}#{scene.regions[i].key}"


def _inventory(scene: Scene, chosen: list[int]) -> str:
    return _listed(
        [attributes.counted(label, len(group)) for label, group in _by_label(scene, chosen).items()]
    )


def _where(places: list[str], group: list[int]) -> str:
    return _listed(
        [f"at the {place}" for place in attributes.POSITIONS if place in {places[k] for k in group}]
    )


def _description(scene: Scene, chosen: list[int], dialect: str, reasons: list[str]) -> list[Draft]:
    """One row a picture: what it shows, how many of each, and where."""
    places = _places(scene, chosen)
    sentences = [f"The image shows {_inventory(scene, chosen)}."]
    for label, group in _by_label(scene, chosen).items():
        noun = attributes.plural(label, len(group))
        sentences.append(
            f"The {noun} {'is' if len(group) == 1 else 'are'} {_where(places, group)}."
        )
    return [
        Draft(scene, scene.sample.key, _whole(scene), chosen, None, ("", ""), " ".join(sentences))
    ]


def _conversation(scene: Scene, chosen: list[int], dialect: str, reasons: list[str]) -> list[Draft]:
    """One row a picture of several rounds: what is there, how many, and where."""
    places = _places(scene, chosen)
    more: list[tuple[str, str, str]] = []
    for label, group in list(_by_label(scene, chosen).items())[:_ROUNDS]:
        more.append(("count", attributes.plural(label, 2), str(len(group))))
        answer = _where(places, group)
        more.append(
            ("where", attributes.plural(label, len(group)), f"{answer[0].upper()}{answer[1:]}.")
        )
    return [
        Draft(
            scene,
            scene.sample.key,
            _whole(scene),
            chosen,
            None,
            ("", ""),
            f"The image shows {_inventory(scene, chosen)}.",
            more,
        )
    ]


_DRAFTS: dict[str, Callable[[Scene, list[int], str, list[str]], list[Draft]]] = {
    "grounding": _grounding,
    "identify": _identify,
    "refer": _refer,
    "description": _description,
    "conversation": _conversation,
}
TASKS = frozenset(_DRAFTS)
