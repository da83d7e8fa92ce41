"""The task `conversation`: ready-made turns keep their words.

What is put right is counted: picture tokens (`<video>` and missing ones become one `<image>` a
picture, before the first words), boxes that are declared to be in another dialect than the mix's,
line breaks that are declared to be written as a backslash and an n (then a whole text in quotes
loses them, too), and white space: at the edges of a turn it goes, a carriage return is a line
break, a tab is a blank.

A box that cannot be read stays as text, or costs its conversation, as the mix says (`unread`).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from converters.dialects import dialect, render
from converters.dialects.kit import Dialect, Found
from converters.regions import shapes
from converters.regions.columns import Regions
from converters.rows import identity
from converters.rows.assemble import Job, Turns, assemble, identify, nested, tokens
from converters.rows.regions import region_lists, region_values
from converters.tasks.kit import Built, Talks, Task
from converters.tasks.rewriting import rewritten
from schemas.conversation import IMAGE_TOKEN
from schemas.sample import Box, Conversation, Quad, Region, Shape

_VIDEO_TOKEN = "<video>"
_QUOTED = re.compile(r'\s*"([^"]*)"\s*')  # a whole text
_OTHER_TOKEN = re.compile(r"(?!(?-i:<image>))<\s*image(?:\s*here|[\s_]*\d+)?\s*>", re.IGNORECASE)
_NO_AREA = 1e-6  # square pixels, twice: what the arithmetic leaves of none
_ANY_SIZE = (1000, 1000)  # to count boxes by


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
    for item, talk in enumerate(batch.talks):
        if reasons[item]:
            continue
        own: Counter[str] = Counter()  # counted only where the conversation becomes a row
        fresh, reason = place_tokens(tidied(talk, own), len(paths[item]), own)
        size = batch.pictures.size(paths[item][0]) if len(paths[item]) == 1 else None
        if not reason:
            done, reason = _written(job, talk, fresh, size, own)
        reasons[item] = reason
        if not reason:
            said.append(done)
            repairs.update(+own)
    good = pa.array(np.flatnonzero(reasons == ""))
    if not said:
        return Built(None, reasons)
    origin, pictures = batch.origin.take(good), batch.pictures.take(good)
    # The native words alone decide the id: not the mix's dialect.
    words = pa.array(
        [
            identity.ITEM.join(
                f"{role}{identity.FIELD}{text}" for role, text in batch.talks[item].turns
            )
            for item in good.to_pylist()
        ]
    )
    who = identify(job, origin, pictures, words)
    return Built(assemble(job, origin, pictures, who, _turns(job, said)), reasons, repairs)


def tidied(talk: Conversation, repairs: Counter[str]) -> list[tuple[str, str]]:
    """The turns of a conversation with its white space put right."""
    turns: list[tuple[str, str]] = []
    for role, text in talk.turns:
        if talk.escapes:
            if quoted := _QUOTED.fullmatch(text):
                repairs["quoted_texts"] += 1
                text = quoted[1]
            if found := text.count("\\n"):
                repairs["line_breaks"] += found
                text = text.replace("\\n", "\n")
        plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
        repairs["white_space"] += plain != text
        turns.append((role, plain))
    return turns


def _turns(job: Job, said: list[Said]) -> Turns:
    regions = Regions.of([region for talk in said for region in talk.regions])
    values = region_values(regions, regions.shapes, shapes.envelopes(regions.shapes))
    return Turns(
        nested([[text for _, text in talk.turns] for talk in said]),
        pa.nulls(len(said), pa.string()),
        job.entry.text_origin,
        pa.array([talk.dialect for talk in said], pa.string()),
        region_lists([len(talk.regions) for talk in said], values),
        nested([[role for role, _ in talk.turns] for talk in said]),
    )


def place_tokens(
    turns: list[tuple[str, str]], pictures: int, repairs: Counter[str]
) -> tuple[list[tuple[str, str]], str]:
    """Turns with one `<image>` a picture, and a Reject's reason where that cannot be done.

    Tokens that are right stay where they are, and those of other programs (`<Image>`, `<image_1>`,
    `<ImageHere>`) become such. `<video>` stands for all pictures; where no token is there at all
    they go before the first human words.
    """
    found = sum(text.count(IMAGE_TOKEN) for role, text in turns if role == "human")
    # Fast way: a text without other angles than its tokens' need not be searched.
    others = sum(
        len(_OTHER_TOKEN.findall(text))
        for role, text in turns
        if role == "human" and text.count("<") > text.count(IMAGE_TOKEN)
    )
    if others and found + others != pictures:
        return turns, "image_tokens"
    if others:
        repairs["picture_tokens"] += 1
        turns = [
            (role, _OTHER_TOKEN.sub(IMAGE_TOKEN, text) if role == "human" else text)
            for role, text in turns
        ]
        found = pictures
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
    talk: Conversation,
    turns: list[tuple[str, str]],
    size: tuple[int, int] | None,
    repairs: Counter[str],
) -> tuple[Said, str]:
    """Turns with their boxes read, and written anew where the mix wants another dialect.

    The second is a Reject's reason where a box cannot be read or written, or empty. Boxes are of
    the one picture that the conversation shows, as far as its size is known (size, else None);
    otherwise the text stays as it is, and its boxes are counted.
    """
    if talk.dialect is None:
        return Said(turns, None, []), ""
    native = dialect(talk.dialect)
    found, reason = _boxes(native, talk, turns, size or _ANY_SIZE)
    if reason:
        return Said(turns, None, []), reason
    unread = sum(
        _unread(native, text, boxes) for (_, text), boxes in zip(turns, found, strict=True)
    )
    repairs["unread"] += unread
    if unread and job.unread == "reject":
        return Said(turns, None, []), "bad_box"
    boxes = [box for some in found for box in some]
    is_there = size is not None or native.mark is not None
    regions = [Region(f"box[{i}]", "", box.shape) for i, box in enumerate(boxes) if is_there]
    if talk.dialect == job.dialect:
        return Said(turns, job.dialect if boxes else None, regions), ""
    if size is None and (native.mark is None or dialect(job.dialect).needs_size):
        repairs["unsized"] += len(boxes)
        if boxes and job.unread == "reject":
            return Said(turns, None, []), "no_size"
        return Said(turns, talk.dialect if boxes else None, regions), ""
    fresh = []
    target = dialect(job.dialect)
    if size is not None:
        found = [[_cut(box, size, repairs) for box in some] for some in found]
        boxes = [box for some in found for box in some]
        regions = [Region(f"box[{i}]", "", box.shape) for i, box in enumerate(boxes)]
    for (role, text), some in zip(turns, found, strict=True):
        texts, reason = _rendered(job, some, size or _ANY_SIZE, repairs)
        if reason:
            return Said(turns, talk.dialect, []), reason
        fresh.append((role, rewritten(text, some, texts, native, target, repairs)))
    return Said(fresh, job.dialect if regions else None, regions), ""


def _rendered(
    job: Job, found: list[Found], size: tuple[int, int], repairs: Counter[str]
) -> tuple[list[str], str]:
    """The text of each box in the mix's dialect; and why one cannot be written, or ""."""
    sizes = np.tile(np.array(size, float), (len(found), 1))
    shown = [box.shape for box in found]
    texts, reasons, changed = render(dialect(job.dialect), shown, sizes, job.unsayable)
    if faulty := reasons[reasons != ""].tolist():
        return texts, faulty[0]
    repairs.update(changed, rewritten=len(found))
    return texts, ""


def _boxes(
    native: Dialect, talk: Conversation, turns: list[tuple[str, str]], size: tuple[int, int]
) -> tuple[list[list[Found]], str]:
    """The boxes of each turn, and a Reject's reason where marks and regions do not fit.

    What encloses no area is no box.
    """
    if native.mark is None:
        return [
            [box for box in native.read(text, size) if _has_area(box.shape)] for _, text in turns
        ], ""
    marks = [[*re.finditer(re.escape(native.mark), text)] for _, text in turns]
    if sum(map(len, marks)) != len(talk.regions):
        return [], "dangling_reference"
    shown = iter(talk.regions)
    return [
        [Found(next(shown).shape, mark.start(), mark.end()) for mark in some] for some in marks
    ], ""


def _cut(box: Found, size: tuple[int, int], repairs: Counter[str]) -> Found:
    """An upright box cut at the picture's edges, such as one of a frame that pads the picture.

    What lies beyond as a whole stays as it is.
    """
    if not isinstance(box.shape, Box):
        return box
    whole = box.shape
    width, height = size
    part = Box(max(whole.x1, 0), max(whole.y1, 0), min(whole.x2, width), min(whole.y2, height))
    if part == whole or not _has_area(part):
        return box
    repairs["clipped"] += 1
    return box._replace(shape=part)


def _has_area(shape: Shape) -> bool:
    if isinstance(shape, Box):
        return shape.x2 > shape.x1 and shape.y2 > shape.y1
    if isinstance(shape, Quad):
        xs, ys = shape.points[::2], shape.points[1::2]
        twice = sum(xs[i - 1] * ys[i] - xs[i] * ys[i - 1] for i in range(4))
        return abs(twice) > _NO_AREA
    return True


def _unread(native: Dialect, text: str, found: list[Found]) -> int:
    """How many places of a text look like a box of the dialect and are none that was read."""
    if not native.like:
        return 0
    spans = [match.span() for match in re.finditer(native.like, text)]
    return sum(all(end <= box.start or start >= box.end for box in found) for start, end in spans)


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
