"""Rows of one text a picture (or pair): captions, questions, class names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.rows.assemble import (
    TEMPLATE,
    Identity,
    Job,
    Origin,
    Pictures,
    Text,
    assemble,
    choose,
    identify,
    interleave,
    nested,
    tokens,
)
from converters.tasks.wordings import wordings

_QUESTION = "{question}"


class Texts(Struct, frozen=True):
    """One row each: answers and, for questions, what is asked and its type (nulls allowed). All string columns but pictures."""

    pictures: Pictures
    answers: pa.Array
    questions: pa.Array | None = None
    types: pa.Array | None = None


def build(job: Job, origin: Origin, texts: Texts, classes: Sequence[str] = ()) -> pa.RecordBatch:
    """One row a text. classes: the list a classification prompt may name."""
    said = [texts.answers] if texts.questions is None else [texts.questions, texts.answers]
    who = identify(job, origin, texts.pictures, *said)
    humans, templates = _humans(job, who, texts, classes)
    return assemble(
        job,
        origin,
        texts.pictures,
        who,
        Text(interleave(humans, texts.answers), templates, _text_origin(job)),
    )


def _text_origin(job: Job) -> str:
    """Who wrote the answers: a class name in a sentence of ours is a template's."""
    return TEMPLATE if job.spec.task == "classification" else job.entry.text_origin


def _humans(
    job: Job, who: Identity, texts: Texts, classes: Sequence[str]
) -> tuple[pa.Array, pa.DictionaryArray]:
    """First turns and template names. The wording is chosen by id; a question type may have wordings of its own."""
    n = len(texts.answers)
    kinds: list[str | None] = [None]
    of_row = np.zeros(n, np.int64)
    if texts.types is not None and texts.types.null_count < n:
        encoded = texts.types.dictionary_encode()
        kinds = [None, *encoded.dictionary.to_pylist()]
        of_row = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64) + 1
    lead = tokens(_pictures_a_row(texts.pictures))
    starts: list[str] = []
    ends: list[str] = []
    names: list[str] = []
    at = np.zeros(n, np.int64)
    for i, kind in enumerate(kinds):
        mine = of_row == i
        if not mine.any():
            continue
        pool = wordings(job.spec.templates, job.spec.task, kind)
        own = f"{kind}/" if kind and pool is not wordings(job.spec.templates, job.spec.task) else ""
        at[mine] = len(starts) + choose(job, who.words[mine], len(pool)).astype(np.int64)
        for number, wording in enumerate(pool):
            start, _, end = wording.replace("{classes}", ", ".join(classes)).partition(_QUESTION)
            starts.append(lead + start)
            ends.append(end)
            names.append(f"{job.spec.templates}/{job.spec.task}/{own}{number}")
    index = pa.array(at)
    middle = texts.questions if texts.questions is not None else ""
    humans = pc.binary_join_element_wise(
        pa.array(starts).take(index), middle, pa.array(ends).take(index), ""
    )
    return humans, pa.DictionaryArray.from_arrays(index.cast(pa.int32()), pa.array(names))


def _pictures_a_row(pictures: Pictures) -> int:
    """How many pictures each row has; a format gives every record as many."""
    return len(pictures.paths.values) // len(pictures.paths) if len(pictures.paths) else 0


def build_grouped(
    job: Job, origin: Origin, texts: Texts, classes: Sequence[str] = ()
) -> pa.RecordBatch:
    """One multi-turn row a picture (or pair): its texts in native order, exact repeats once."""
    single = build(job, origin, texts, classes)
    turns = single["conversations"].to_pylist()
    lead = tokens(_pictures_a_row(texts.pictures))
    groups: dict[tuple[str, ...], dict[tuple[str, str], int]] = {}
    paths = texts.pictures.paths.to_pylist()
    answers = texts.answers.to_pylist()
    asked = texts.questions.to_pylist() if texts.questions is not None else [""] * len(paths)
    for i, names in enumerate(paths):
        groups.setdefault(tuple(names), {}).setdefault((asked[i], answers[i]), i)
    rows = [list(group.values()) for group in groups.values()]
    conversations = [
        [turn["value"].removeprefix(lead) for i in row for turn in turns[i]] for row in rows
    ]
    for conversation in conversations:
        conversation[0] = lead + conversation[0]
    pictures = Pictures.several(
        [paths[row[0]] for row in rows], texts.pictures.known, texts.pictures.facts
    )
    source_text = pa.array(
        ["\x1c".join(f"{asked[i]}\x1d{answers[i]}" for i in row) for row in rows], pa.string()
    )
    first = pa.array([row[0] for row in rows], pa.int64())
    gsd = [origin.gsd[row[0]] for row in rows] if origin.gsd is not None else None
    file, split = (
        value.take(first) if isinstance(value, pa.Array) else value
        for value in (origin.file, origin.split)
    )
    grouped = Origin(file, split, origin.keys.take(first), gsd)
    who = identify(job, grouped, pictures, source_text)
    return assemble(
        job,
        grouped,
        pictures,
        who,
        Text(nested(conversations), single["template"].take(first), _text_origin(job)),
    )
