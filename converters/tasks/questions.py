"""Tasks made of questions: open ones, and multiple choice with its options in the prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from converters.ledger import Strings
from converters.rows import identity
from converters.rows.assemble import (
    Job,
    Turns,
    assemble,
    choose,
    identify,
    interleave,
    tokens,
)
from converters.tasks.kit import Built, Task, Texts
from converters.tasks.texts import build_texts, selected
from converters.tasks.wordings import filled, known, wordings

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def build_vqa(job: Job, batch: Texts) -> Built:
    """One row a question, without its options."""
    return build_texts(job, batch, job.entry.text_origin)


def build_choice(job: Job, batch: Texts) -> Built:
    """One row a multiple-choice question: its options are in the prompt, one a line with a letter.

    The source says whether the answer is the letter or the option's text (templates may have
    wordings for `text`), and whether the options keep their native order or take one that follows
    from (seed, id).
    """
    choices: list[Sequence[str]] = (
        [()] * len(batch.answers) if batch.choices is None else batch.choices.to_pylist()
    )
    answers = batch.answers.to_pylist()
    reasons = _reasons(job, batch, choices, answers)
    good = np.flatnonzero(reasons == "")
    if not len(good):
        return Built(None, reasons)
    rows = pa.array(good)
    some = batch.take(rows)
    listed = pa.array([identity.ITEM.join(choices[row]) for row in good.tolist()])
    who = identify(job, some.origin, some.pictures, some.questions, some.answers, listed)
    kinds = [_kind(job, pictures) for pictures in some.pictures.counts().tolist()]
    pools = {kind: wordings(job.spec.templates, job.spec.task, kind) for kind in set(kinds)}
    picks = {kind: choose(job, who.words, len(pool)).tolist() for kind, pool in pools.items()}
    salts = choose(job, who.words, 2**62, "choices").tolist()
    humans, gpts, names = [], [], []
    for place, row in enumerate(good.tolist()):
        options = list(choices[row])
        if job.spec.shuffle:
            options = shuffled(options, salts[place])
        lines = "\n".join(f"{_LETTERS[i]}. {text}" for i, text in enumerate(options))
        question = some.questions[place].as_py() if some.questions is not None else ""
        pictures = len(some.pictures.paths[place])
        kind = kinds[place]
        pick = picks[kind][place]
        asked = filled(pools[kind][pick], {"choices": lines, "question": question})
        own = f"{kind}/" if kind else ""
        names.append(f"{job.spec.templates}/{job.spec.task}/{own}{pick}")
        humans.append(tokens(pictures) + asked)
        letter = _LETTERS[options.index(answers[row])]
        gpts.append(letter if job.spec.answers == "letter" else answers[row])
    said = interleave(pa.array(humans), pa.array(gpts))
    turns = Turns(said, pa.array(names), job.entry.text_origin)
    return Built(assemble(job, some.origin, some.pictures, who, turns), reasons)


def _kind(job: Job, pictures: int) -> str:
    """The kind of wordings of a row: for the option's text, and for several dates; "" for `any`."""
    asked: list[str] = [job.spec.answers] if job.spec.answers == "text" else []
    if pictures > 1 and job.entry.dates:
        asked.insert(0, "pair" if pictures == 2 else "series")
    return known(job.spec.templates, job.spec.task, "_".join(asked))


def _reasons(
    job: Job, batch: Texts, choices: Sequence[Sequence[str]], answers: Sequence[str]
) -> Strings:
    """Why a question is no multiple choice: it has no options, or its answer is none of them."""
    reasons: Strings = selected(job, batch).copy()
    for row, options in enumerate(choices):
        if reasons[row]:
            continue
        if not options:
            reasons[row] = "unselected"
        elif not 2 <= len(options) <= len(_LETTERS) or options.count(answers[row]) != 1:
            reasons[row] = "bad_choices"
    return reasons


def shuffled(options: Sequence[str], salt: int) -> list[str]:
    """The options in an order that the salt alone decides (a factorial number, digit by digit)."""
    left = list(options)
    order = []
    while left:
        salt, place = divmod(salt, len(left))
        order.append(left.pop(place))
    return order


TASKS = (
    Task(
        name="vqa",
        takes=("question",),
        asks="answer a question about the picture",
        hub=("visual-question-answering",),
        family="Visual question answering",
        slots=frozenset({"question"}),
        build=build_vqa,
    ),
    Task(
        name="choice",
        takes=("question",),
        asks="choose the right one of several answers",
        hub=("visual-question-answering", "multiple-choice"),
        family="Visual question answering",
        slots=frozenset({"question", "choices"}),
        build=build_choice,
    ),
)
