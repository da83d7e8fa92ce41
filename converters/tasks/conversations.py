"""The task `conversation`: ready-made turns keep their words.

Two things are put right and counted: the picture tokens (`<video>` and missing ones become one
`<image>` a picture, before the first words), and boxes that are declared to be in another dialect
than the mix's. White space at the edges of a turn goes.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from converters.dialects import dialect, render
from converters.dialects.kit import Found
from converters.regions import shapes
from converters.rows import identity
from converters.rows.assemble import Job, Turns, assemble, identify, nested, tokens
from converters.tasks.drafts import lists_of_regions
from converters.tasks.kit import Built, Talks, Task
from schemas.conversation import IMAGE_TOKEN
from schemas.sample import Region

_VIDEO_TOKEN = "<video>"


class Said(NamedTuple):
    """One conversation made fit for a row: turns, the dialect of its boxes, its regions."""

    turns: list[tuple[str, str]]
    dialect: str | None
    regions: list[Region]


def build(job: Job, batch: Talks) -> Built:
    """One row a conversation."""
    reasons = batch.reasons.copy()
    repairs: Counter[str] = Counter()
    paths = batch.pictures.paths.to_pylist()
    said: list[Said] = []
    for item, turns in enumerate(batch.turns):
        if reasons[item]:
            continue
        trimmed = [(role, text.strip()) for role, text in turns]
        fresh, reason = place_tokens(trimmed, len(paths[item]), repairs)
        if reason:
            reasons[item] = reason
            continue
        talk, reasons[item] = _written(job, batch, item, paths[item], fresh, repairs)
        if not reasons[item]:
            said.append(talk)
    good = pa.array(np.flatnonzero(reasons == ""))
    if not said:
        return Built(None, reasons)
    origin, pictures = batch.origin.take(good), batch.pictures.take(good)
    # The native words alone decide the id: not the mix's dialect.
    words = pa.array(
        [
            identity.ITEM.join(f"{role}{identity.FIELD}{text}" for role, text in batch.turns[item])
            for item in good.to_pylist()
        ]
    )
    who = identify(job, origin, pictures, words)
    return Built(assemble(job, origin, pictures, who, _turns(job, said)), reasons, repairs)


def _turns(job: Job, said: list[Said]) -> Turns:
    regions = [region for talk in said for region in talk.regions]
    boxes = shapes.envelopes([region.shape for region in regions]).tolist() if regions else []
    return Turns(
        nested([[text for _, text in talk.turns] for talk in said]),
        pa.nulls(len(said), pa.string()),
        job.entry.text_origin,
        pa.array([talk.dialect for talk in said], pa.string()),
        lists_of_regions(
            [len(talk.regions) for talk in said], regions, boxes, [None] * len(regions)
        ),
        nested([[role for role, _ in talk.turns] for talk in said]),
    )


def place_tokens(
    turns: list[tuple[str, str]], pictures: int, repairs: Counter[str]
) -> tuple[list[tuple[str, str]], str]:
    """Turns with one `<image>` a picture, and a Reject's reason where that cannot be done.

    Tokens that are right stay where they are. `<video>` stands for all pictures; where no token
    is there at all they go before the first human words.
    """
    found = sum(text.count(IMAGE_TOKEN) for role, text in turns if role == "human")
    videos = sum(text.count(_VIDEO_TOKEN) for role, text in turns if role == "human")
    if found == pictures and not videos:
        return turns, ""
    first = next((place for place, (role, _) in enumerate(turns) if role == "human"), None)
    if first is None:
        return turns, "bad_roles"
    if found == 0 and videos == 1 and pictures:
        repairs["video_tokens"] += 1
        several = tokens(pictures).strip()
        return [(role, text.replace(_VIDEO_TOKEN, several)) for role, text in turns], ""
    if found == 0 and videos == 0:
        repairs["picture_tokens"] += 1
        role, text = turns[first]
        return [*turns[:first], (role, tokens(pictures) + text), *turns[first + 1 :]], ""
    return turns, "image_tokens"


def _written(
    job: Job,
    batch: Talks,
    item: int,
    paths: list[str],
    turns: list[tuple[str, str]],
    repairs: Counter[str],
) -> tuple[Said, str]:
    """Turns with their boxes read, and written anew where the mix wants another dialect.

    The second is a Reject's reason where a box cannot be written, or empty. Boxes are of the one
    picture that the conversation shows, as far as its size is known; else the text stays as it is.
    """
    spoken = batch.dialects[item]
    size = batch.pictures.size(paths[0]) if len(paths) == 1 else None
    if spoken is None or size is None:
        return Said(turns, spoken, []), ""
    native = dialect(spoken)
    regions: list[Region] = []
    fresh = []
    for role, text in turns:
        found = native.read(text, size)
        regions += [
            Region(f"box[{len(regions) + i}]", "", box.shape) for i, box in enumerate(found)
        ]
        if spoken != job.dialect:
            text, reason = _rewritten(text, found, job, size, repairs)
            if reason:
                return Said(turns, spoken, []), reason
        fresh.append((role, text))
    return Said(fresh, job.dialect if regions else None, regions), ""


def _rewritten(
    text: str, found: list[Found], job: Job, size: tuple[int, int], repairs: Counter[str]
) -> tuple[str, str]:
    """A text with each of its boxes in the mix's dialect; and why one cannot be written, or ""."""
    sizes = np.tile(np.array(size, float), (len(found), 1))
    texts, reasons, changed = render(
        dialect(job.dialect), [box.shape for box in found], sizes, job.unsayable
    )
    if faulty := reasons[reasons != ""].tolist():
        return text, faulty[0]
    repairs.update(changed, rewritten=len(found))
    parts, end = [], 0
    for box, written in zip(found, texts, strict=True):
        parts += [text[end : box.start], written]
        end = box.end
    return "".join([*parts, text[end:]]), ""


TASKS = (
    Task(
        name="conversation",
        takes=("conversation",),
        asks="ready-made turns, in their authors' words",
        hub=("visual-question-answering",),
        family="Conversations",
        boxed=True,
        worded=False,
        build=build,
    ),
)
