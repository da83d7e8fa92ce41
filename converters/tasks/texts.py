"""Rows of one text each: what captions, questions and labels have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.ledger import Strings
from converters.rows.assemble import (
    Identity,
    Job,
    Turns,
    assemble,
    choose,
    identify,
    interleave,
    nested,
    tokens,
)
from converters.tasks.kit import Built, Texts
from converters.tasks.wordings import known, pools, wordings

Integers = npt.NDArray[np.int64]
_QUESTION = "{question}"
# Wordings for captions of one sentence, of several and long ones; then those of two pictures, and
# those of more (`series`).
_CAPTIONS = (
    None,
    "sentences",
    "long",
    "pair",
    "sentences_pair",
    "long_pair",
    "series",
    "sentences_series",
    "long_series",
)
_LENGTHS = 3
# Wordings for questions about one picture, about two dates, about more, and about several pictures
# that are no dates; then the same with a long answer.
_QUESTIONS = (None, "pair", "series", "views", "long", "pair_long", "series_long", "views_long")
_VIEWS, _LONG = 3, 4
# Wordings for all classes that a picture shows, and for the class of several pictures.
_LABELS = (None, "several", "pair")
LONG_CAPTION = 40  # words; a caption of more is asked for as a detailed description
LONG_ANSWER = 8  # words; an answer of more is no word or phrase
# A word or a number, the end of a sentence, and a word behind it; "approx. 20" has no word behind,
# and "U.S. base" none before.
_SENTENCE_END = r"[\p{L}\p{N})\]'\"]{2}[.!?] +[\p{L}\"']{2}"
_LEAST_BYTES = 2  # of a word with the blank behind it


def build_texts(job: Job, batch: Texts, text_origin: str) -> Built:
    """One row for each text that the source wants, or one for each picture where it groups them.

    text_origin: who wrote the answers.
    """
    reasons = selected(job, batch)
    good = np.flatnonzero(reasons == "")
    if not len(good):
        return Built(None, reasons)
    some = batch if len(good) == len(reasons) else batch.take(pa.array(good))
    build = _grouped if job.group == "image" else _single
    return Built(build(job, some, text_origin), reasons)


def selected(job: Job, batch: Texts) -> Strings:
    """The batch's reasons, and those of the source's filter."""
    rule, reasons = job.spec.filter, batch.reasons
    if rule.types is not None and batch.types is not None:
        wanted = np.asarray(pc.is_in(batch.types, pa.array(rule.types)))
        reasons = np.where((reasons == "") & ~wanted, "unselected", reasons)
    if rule.choices is not None and batch.kind == "question":
        counts = np.zeros(len(reasons), np.int64)
        if batch.choices is not None:
            counts = np.asarray(pc.list_value_length(batch.choices))
        reasons = np.where((reasons == "") & ((counts > 0) != rule.choices), "unselected", reasons)
    if rule.labels is not None and batch.names is not None:
        asked = set(rule.labels)
        hits = np.array([bool(asked.intersection(names)) for names in batch.names.to_pylist()])
        reasons = np.where((reasons == "") & ~hits, "unselected", reasons)
    return reasons


def _single(job: Job, batch: Texts, text_origin: str) -> pa.RecordBatch:
    """One row a text."""
    said = [batch.answers] if batch.questions is None else [batch.questions, batch.answers]
    who = identify(job, batch.origin, batch.pictures, *said)
    humans, templates = _humans(job, who, batch)
    turns = Turns(interleave(humans, batch.answers), templates, text_origin)
    return assemble(job, batch.origin, batch.pictures, who, turns)


def _humans(job: Job, who: Identity, batch: Texts) -> tuple[pa.Array, pa.DictionaryArray]:
    """First turns and template names. The wording is chosen by id, from those of the row's kind."""
    count = len(batch.answers)
    # Fast way: rows of one wording share their beginning and end, so that a turn is three columns
    # joined and no text is formatted row by row; where all rows show as many pictures, so are
    # the picture tokens.
    pictures = batch.pictures.counts()
    alike = bool((pictures == pictures[0]).all())
    lead = tokens(int(pictures[0])) if alike else ""
    kinds, kind_of_row = _kinds(job, batch)
    starts: list[str] = []
    ends: list[str] = []
    names: list[str] = []
    wording_of_row = np.zeros(count, np.int64)
    for number, kind in enumerate(kinds):
        mine = kind_of_row == number
        if not mine.any():
            continue
        kind = known(job.spec.templates, job.spec.task, kind or "")
        pool = wordings(job.spec.templates, job.spec.task, kind)
        own = f"{kind}/" if kind else ""
        picks = choose(job, who.words[mine], len(pool)).astype(np.int64)
        wording_of_row[mine] = len(starts) + picks
        for place, wording in enumerate(pool):
            listed = wording.replace("{classes}", ", ".join(job.classes))
            start, _, end = listed.partition(_QUESTION)
            starts.append(lead + start)
            ends.append(end)
            names.append(f"{job.spec.templates}/{job.spec.task}/{own}{place}")
    index = pa.array(wording_of_row)
    middle = batch.questions if batch.questions is not None else ""
    parts = [pa.array(starts).take(index), middle, pa.array(ends).take(index)]
    if not alike:
        parts.insert(0, leads(pictures))
    humans = pc.binary_join_element_wise(*parts, "")
    return humans, pa.DictionaryArray.from_arrays(index.cast(pa.int32()), pa.array(names))


def _kinds(job: Job, batch: Texts) -> tuple[Sequence[str | None], Integers]:
    """The kinds of wordings that a batch may ask for, and the number of each row's.

    A question type may have wordings of its own, and so have questions about several pictures,
    those with a long answer, long captions, those of a pair or series, and labels that tell several
    classes. A kind that the templates lack is asked for as any other.
    """
    pictures = batch.pictures.counts()
    if batch.kind == "caption":
        return _CAPTIONS, _LENGTHS * (np.clip(pictures, 1, 3) - 1) + _lengths(batch.answers)
    if batch.several is not None:
        return _LABELS, np.where(pictures > 1, 2, np.asarray(batch.several).astype(np.int64))
    long = _LONG * _ask_for_long(job, batch.answers)
    if int(pictures.max(initial=0)) > 1:
        dated = np.minimum(pictures, 3) - 1 if job.entry.dates else _VIEWS
        return _QUESTIONS, np.where(pictures > 1, dated, 0) + long
    if batch.types is not None and batch.types.null_count < len(batch.types):
        encoded = batch.types.dictionary_encode()
        numbers = np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64) + 1
        types = [None, *encoded.dictionary.to_pylist()]
        return [*types, _QUESTIONS[_LONG]], np.where(long > 0, len(types), numbers)
    return _QUESTIONS, long


def _ask_for_long(job: Job, answers: pa.Array) -> Integers:
    """1 for a row whose answer is long, where the templates ask for that in another way."""
    if _QUESTIONS[_LONG] not in pools(job.spec.templates).get(job.spec.task, {}):
        return np.zeros(len(answers), np.int64)
    return _are_long(answers, LONG_ANSWER).astype(np.int64)


def _lengths(captions: pa.Array) -> Integers:
    """0 for a caption of one sentence, 1 for one of several, 2 for a long one."""
    return np.where(_are_long(captions, LONG_CAPTION), 2, _are_several(captions).astype(np.int64))


def _are_several(captions: pa.Array) -> npt.NDArray[np.bool_]:
    """Which captions go on behind the end of a sentence."""
    # Fast way: the pattern is looked for only where a stop, or another end, has a blank behind it.
    ends = [pc.match_substring(captions, end) for end in (". ", "! ", "? ")]
    rows = np.flatnonzero(np.logical_or.reduce([np.asarray(found) for found in ends]))
    several = np.zeros(len(captions), bool)
    several[rows] = np.asarray(
        pc.match_substring_regex(captions.take(pa.array(rows)), _SENTENCE_END)
    )
    return several


def _are_long(texts: pa.Array, most: int) -> npt.NDArray[np.bool_]:
    """Which texts have more than so many words."""
    # Fast way: words are counted only where the bytes suffice for so many.
    rows = np.flatnonzero(np.asarray(pc.binary_length(texts)) > _LEAST_BYTES * most)
    words = pc.count_substring_regex(texts.take(pa.array(rows)), r"\S+")
    long = np.zeros(len(texts), bool)
    long[rows] = np.asarray(words) > most
    return long


def leads(counts: Integers) -> pa.Array:
    """The picture tokens before each row's first words. counts: how many pictures a row has."""
    known = pa.array([tokens(number) for number in range(int(counts.max(initial=0)) + 1)])
    return known.take(pa.array(counts))


def _grouped(job: Job, batch: Texts, text_origin: str) -> pa.RecordBatch:
    """One row of several turns for each picture (or pair): its texts in native order, exact
    repeats once."""
    single = _single(job, batch, text_origin)
    turns = single["conversations"].to_pylist()
    paths = batch.pictures.paths.to_pylist()
    answers = batch.answers.to_pylist()
    asked = batch.questions.to_pylist() if batch.questions is not None else [""] * len(paths)
    groups: dict[tuple[str, ...], dict[tuple[str, str], int]] = {}
    for row, names in enumerate(paths):
        groups.setdefault(tuple(names), {}).setdefault((asked[row], answers[row]), row)
    members = [list(group.values()) for group in groups.values()]
    conversations = []
    for rows in members:
        lead = tokens(len(paths[rows[0]]))
        texts = [turn["value"].removeprefix(lead) for row in rows for turn in turns[row]]
        conversations.append([lead + texts[0], *texts[1:]])
    first = pa.array([rows[0] for rows in members], pa.int64())
    source_text = pa.array(
        ["\x1c".join(f"{asked[row]}\x1d{answers[row]}" for row in rows) for rows in members],
        pa.string(),
    )
    origin, pictures = batch.origin.take(first), batch.pictures.take(first)
    who = identify(job, origin, pictures, source_text)
    templates = single["template"].take(first)
    return assemble(
        job, origin, pictures, who, Turns(nested(conversations), templates, text_origin)
    )
