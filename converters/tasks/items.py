"""Samples and columns taken apart: the items of one kind as one batch for the tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from converters.ledger import Book, Strings
from converters.regions import scenes
from converters.regions.attributes import spoken
from converters.rows.assemble import Origin
from converters.rows.pictures import Pictures
from converters.rows.tidy import has_letter, tidy, tidy_captions, tidy_questions
from converters.tasks.kit import ExpressionItems, SceneItems, Talks, Texts
from converters.tasks.rewording import spoken_answers, without_leads
from schemas.entry import Entry
from schemas.sample import Kind, Picture, Reject, Sample
from schemas.table import Columns

_MISSING = pa.array(["", "nan", "NaN"])
Items = Texts | SceneItems | ExpressionItems | Talks


def count(sample: Sample, kind: Kind) -> int:
    """How many items of a kind a sample holds."""
    held: tuple[object, ...] = getattr(sample, f"{kind}s")
    return len(held)


def columns_pictures(found: Columns) -> dict[str, Picture]:
    """The pictures of columns by their paths, with what the records state of them."""
    flat = found.table["pictures"].combine_chunks().flatten()
    if "lon" not in found.table.column_names:
        return {path: Picture(path) for path in flat.unique().to_pylist()}
    # Of records that name one picture the last one counts, as it does among Samples.
    places = zip(found.table["lon"].to_pylist(), found.table["lat"].to_pylist(), strict=True)
    each = zip(flat.to_pylist(), places, strict=True)
    return {path: Picture(path, place=place) for path, place in each}


def columns_items(found: Columns, pictures: Pictures, book: Book) -> Texts:
    """Questions, captions or labels that a reader gave as columns."""
    table = found.table.combine_chunks()
    column = {name: table[name].combine_chunks() for name in table.column_names}
    shown = pictures.of(column["pictures"])
    origin = Origin(found.file, found.split, column["key"])
    if found.kind == "caption":
        return _captions(found.split, origin, shown, column["caption"])
    if found.kind == "label":
        return _labels(found.split, origin, shown, column["names"], column["several"])
    answers = spoken_answers(tidy(column["answer"]), pictures.entry.spoken_answers, book)
    questions = tidy_questions(column["question"])
    reasons = _with_picture_faults(_question_reasons(questions, answers), shown)
    split, types = found.split, column["type"]
    return Texts("question", split, origin, shown, reasons, answers, questions, types)


def _with_picture_faults(reasons: Strings, pictures: Pictures) -> Strings:
    """Reasons of rows, the fault of a row's picture where it has no other."""
    distinct = pictures.paths.values.dictionary.to_pylist()
    faults = np.array([pictures.fault(path) for path in distinct], object)
    if not faults.any():
        return reasons
    counts = pictures.counts()
    offsets = np.asarray(pictures.paths.offsets)
    of_picture = faults[np.asarray(pictures.paths.values.indices)]
    for place in range(int(counts.max(initial=0)) - 1, -1, -1):
        rows = np.flatnonzero(counts > place)
        fault = of_picture[offsets[rows] + place]
        fresh = (fault != "") & (reasons[rows] == "")
        reasons[rows[fresh]] = fault[fresh]
    return reasons


def sample_items(
    entry: Entry,
    samples: list[Sample],
    kind: Kind,
    pictures: Pictures,
    book: Book,
    asked: Collection[Kind],
) -> Items | None:
    """The items of one kind, or None where all of them end here.

    The items of a sample with a faulty picture end here, as one Reject. asked: the kinds that any
    source takes: what is repaired of regions is counted with them, else with their expressions.
    """
    good = []
    for sample in samples:
        if not (number := count(sample, kind)):
            continue
        faulty = next((p.path for p in sample.pictures if pictures.fault(p.path)), None)
        if faulty is None or (kind == "question" and _held_out(sample)):
            good.append(sample)
            continue
        facts = pictures.facts[faulty]
        detail = f"{faulty}: {facts.detail}"
        book.drop(Reject(sample.file, sample.key, sample.split, facts.fault, detail, number, kind))
    if not good:
        return None
    if kind in ("region", "expression"):
        found, repairs = _scene_items(entry, good, kind, pictures, book)
        if kind == "region" or "region" not in asked:
            book.repaired(repairs)
        return found
    if kind == "conversation":
        return _talks(good, pictures)
    return _texts(entry, good, kind, pictures, book)


def _held_out(sample: Sample) -> bool:
    """True for questions without answers: a policy leaves them out, whatever their pictures."""
    return not any(question.answer.strip() for question in sample.questions)


def _paths(samples: list[Sample]) -> list[list[str]]:
    return [[picture.path for picture in sample.pictures] for sample in samples]


def _scene_items(
    entry: Entry, samples: list[Sample], kind: Kind, pictures: Pictures, book: Book
) -> tuple[SceneItems | ExpressionItems, Mapping[str, int]]:
    """Items about regions, and what was repaired of these."""
    if kind == "expression":
        samples = without_leads(samples, entry.leads, book)
    found, repairs = scenes.clean(samples, pictures.size, entry.spoken, pictures.frame)
    shown = pictures.of(_paths(samples))
    if kind == "expression":
        return ExpressionItems(scenes.expressions(found), shown), repairs
    return SceneItems(found, shown), repairs


def _talks(samples: list[Sample], pictures: Pictures) -> Talks:
    held = [(sample, talk) for sample in samples for talk in sample.conversations]
    owners = [sample for sample, _ in held]
    keys = [f"{sample.key}#{talk.key}" if talk.key else sample.key for sample, talk in held]
    return Talks(
        samples[0].split,
        Origin(pa.array([owner.file for owner in owners]), samples[0].split, pa.array(keys)),
        pictures.of(_paths(owners)),
        np.full(len(held), "", object),
        [talk for _, talk in held],
    )


def _texts(
    entry: Entry, samples: list[Sample], kind: Kind, pictures: Pictures, book: Book
) -> Texts:
    split = samples[0].split
    if kind == "caption":
        captions = [(s, f"{s.key}#{c.key}", c.text) for s in samples for c in s.captions]
        owners, keys = [item[0] for item in captions], [item[1] for item in captions]
        texts = pa.array([item[2] for item in captions], pa.string())
        shown = pictures.of(_paths(owners))
        return _captions(split, _origin(owners, keys, split), shown, texts)
    if kind == "label":
        labels = [(sample, label) for sample in samples for label in sample.labels]
        owners = [sample for sample, _ in labels]
        names = pa.array([list(label.names) for _, label in labels], pa.list_(pa.string()))
        several = pa.array([label.several for _, label in labels], pa.bool_())
        origin = _origin(owners, [label.key for _, label in labels], split)
        return _labels(split, origin, pictures.of(_paths(owners)), names, several)
    return _questions(entry, samples, split, pictures, book)


def _captions(split: str, origin: Origin, shown: Pictures, texts: pa.Array) -> Texts:
    answers = tidy_captions(texts)
    return Texts("caption", split, origin, shown, _caption_reasons(answers), answers)


def _labels(
    split: str, origin: Origin, shown: Pictures, names: pa.ListArray, several: pa.BooleanArray
) -> Texts:
    encoded = names.values.dictionary_encode()
    words = [spoken(name, shown.entry.spoken) for name in encoded.dictionary.to_pylist()]
    lists = pa.ListArray.from_arrays(
        names.offsets, pa.array(words, pa.string()).take(encoded.indices)
    )
    reasons = np.where(np.asarray(pc.list_value_length(names)) == 0, "no_label", "").astype(object)
    if any(word and not any(map(str.isalpha, word)) for word in words):
        for item, some in enumerate(lists.to_pylist()):
            if any(word and not any(map(str.isalpha, word)) for word in some):
                reasons[item] = "bad_value"
    return Texts(
        "label",
        split,
        origin,
        shown,
        reasons,
        pc.binary_join(lists, ", "),
        names=names,
        several=several,
    )


def _questions(
    entry: Entry, samples: list[Sample], split: str, pictures: Pictures, book: Book
) -> Texts:
    held = [(sample, question) for sample in samples for question in sample.questions]
    owners = [sample for sample, _ in held]
    asked = [question for _, question in held]
    answers = tidy(pa.array([question.answer for question in asked], pa.string()))
    answers = spoken_answers(answers, entry.spoken_answers, book)
    questions = tidy_questions(pa.array([question.question for question in asked], pa.string()))
    choices = None
    if any(question.choices for question in asked):
        flat = [list(question.choices) for question in asked]
        lists = pa.array(flat, pa.list_(pa.string()))
        choices = pa.ListArray.from_arrays(lists.offsets, tidy(lists.values))
    return Texts(
        "question",
        split,
        _origin(owners, [question.key for question in asked], split),
        pictures.of(_paths(owners)),
        _question_reasons(questions, answers),
        answers,
        questions,
        pa.array([question.type for question in asked], pa.string()),
        choices,
    )


def _origin(owners: list[Sample], keys: list[str], split: str) -> Origin:
    return Origin(pa.array([owner.file for owner in owners]), split, pa.array(keys))


def _caption_reasons(answers: pa.Array) -> Strings:
    return np.where(has_letter(answers) & ~_empty(answers), "", "no_words").astype(object)


def _question_reasons(questions: pa.Array, answers: pa.Array) -> Strings:
    reasons = np.full(len(questions), "", object)
    reasons[_empty(answers)] = "no_answer"
    reasons[_empty(questions)] = "missing_field"
    return reasons


def _empty(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which texts are empty, or what programs write for one that is missing."""
    return np.asarray(pc.is_in(texts, value_set=_MISSING))
