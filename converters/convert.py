"""One span of a dataset to checked rows, rejects and counts: what a worker does, without Beam."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.catalogue import reader
from converters.dialects import needs_size
from converters.ledger import Counts, Rejects, count
from converters.read import images
from converters.read.folder import Source, Span
from converters.read.images import Facts
from converters.regions import scenes
from converters.regions.attributes import spoken
from converters.rows.assemble import Job, Origin, Pictures
from converters.rows.check import Bools, check_rows
from converters.rows.tidy import has_letter, tidy, tidy_captions, tidy_questions
from converters.tasks import objects
from converters.tasks.texts import Texts, build_grouped
from converters.tasks.texts import build as build_text
from schemas.entry import Entry
from schemas.mix import ImageMode
from schemas.sample import Picture, Reject, Sample, is_fault
from schemas.table import Questions

Strings = npt.NDArray[np.str_]


class Dataset(Struct, frozen=True):
    """One dataset of a run: where it lies and the mix's sources that use it. classes: its labels, for prompts that list them."""

    entry: Entry
    source: Source
    jobs: list[Job]
    images: ImageMode
    verify: bool = False
    classes: tuple[str, ...] = ()


class Converted(Struct):
    """Rows in the segment schema, rejects, and what was counted."""

    rows: list[pa.RecordBatch]
    rejects: Rejects
    counts: Counts


def convert_span(
    dataset: Dataset, span: Span, sides: Mapping[str, pa.Table] | None = None
) -> Converted:
    """Reads one span and builds the rows of every source of its dataset.

    sides: joined tables by name, for formats that have them.
    """
    out = Converted([], Rejects(dataset.entry.slug), Counter())
    samples: list[Sample] = []
    for item in _read(dataset, span, sides):
        if isinstance(item, Reject):
            _drop(dataset, out, [item], read=True)
        elif isinstance(item, Sample):
            samples.append(item)
        else:
            _questions(_for_split(dataset, item.split), out, item)
    for split in sorted({sample.split for sample in samples}):
        _samples(
            _for_split(dataset, split), out, [sample for sample in samples if sample.split == split]
        )
    return out


def _for_split(dataset: Dataset, split: str) -> Dataset:
    """The dataset with those of its sources that want a split."""
    jobs = [job for job in dataset.jobs if job.spec.split is None or split in job.spec.split]
    return msgspec.structs.replace(dataset, jobs=jobs)


def _read(
    dataset: Dataset, span: Span, sides: Mapping[str, pa.Table] | None
) -> Iterable[Sample | Questions | Reject]:
    module, options = reader(dataset.entry)
    items: Iterable[Sample | Questions | Reject]
    items = (
        module.read(dataset.source, options, span)
        if sides is None
        else module.read(dataset.source, options, span, sides)
    )
    return items


def _unit(dataset: Dataset) -> str:
    return str(reader(dataset.entry)[0].UNIT)


def _drop(dataset: Dataset, out: Converted, rejects: Iterable[Reject], read: bool = False) -> None:
    """Books item rejects. read: they were not counted as read yet."""
    for reject in rejects:
        out.rejects.item(reject)
        bucket = "rejected" if is_fault(reject.reason) else "filtered"
        count(
            out.counts,
            dataset.entry.slug,
            reject.split,
            "items",
            bucket,
            reject.items,
            reject.reason,
        )
        if read:
            count(out.counts, dataset.entry.slug, reject.split, "items", "read", reject.items)


def _facts(dataset: Dataset, pictures: Mapping[str, Picture]) -> dict[str, Facts]:
    """What reading the pictures says: of all where their bytes are wanted, else of those whose size a dialect needs and no annotation tells."""
    if dataset.images != "path" or dataset.verify:
        paths, sizes_only = list(pictures), False
    else:
        if not any(_needs_size(job) for job in dataset.jobs) or dataset.entry.size:
            return {}
        paths, sizes_only = [path for path, picture in pictures.items() if not picture.width], True
    found = images.read_all(
        [dataset.source.absolute(path) for path in paths], dataset.verify, sizes_only
    )
    return dict(zip(paths, found, strict=True))


def _needs_size(job: Job) -> bool:
    """True where a source cannot do without the size of a picture: for its dialect, for words of place and size, or for its filter."""
    task = job.spec.task
    return task in objects.TASKS and (
        task != "grounding" or needs_size(job.dialect) or job.spec.filter.min_side > 0
    )


def _items(sample: Sample, unit: str) -> int:
    if unit == "caption":
        return len(sample.captions)
    if unit == "question":
        return len(sample.questions)
    return len(sample.regions) if unit == "region" else 1


def _samples(dataset: Dataset, out: Converted, samples: list[Sample]) -> None:
    unit = _unit(dataset)
    known = {picture.path: picture for sample in samples for picture in sample.pictures}
    facts = _facts(dataset, known)
    good = []
    for sample in samples:
        count(out.counts, dataset.entry.slug, sample.split, "items", "read", _items(sample, unit))
        bad = next(
            (
                (p.path, f)
                for p in sample.pictures
                if (f := facts.get(p.path)) and f.fault and not _may_miss(dataset, f)
            ),
            None,
        )
        if bad is None or _held_out(sample):
            good.append(sample)
        elif _items(sample, unit):
            _drop(
                dataset,
                out,
                [
                    Reject(
                        sample.file,
                        sample.key,
                        sample.split,
                        bad[1].fault,
                        f"{bad[0]}: {bad[1].detail}",
                        _items(sample, unit),
                    )
                ],
            )
    if unit == "region":
        _regions(dataset, out, good, known, facts)
    elif good:
        _texts(dataset, out, good, unit, known, facts)


def _held_out(sample: Sample) -> bool:
    """True for questions without answers: a policy leaves them out, whatever their pictures."""
    return bool(sample.questions) and not any(
        question.answer.strip() for question in sample.questions
    )


def _may_miss(dataset: Dataset, facts: Facts) -> bool:
    """In path mode a picture that is not there costs only what needs its size."""
    return dataset.images == "path" and not dataset.verify and facts.fault == "missing_image"


def _regions(
    dataset: Dataset,
    out: Converted,
    samples: list[Sample],
    known: Mapping[str, Picture],
    facts: Mapping[str, Facts],
) -> None:
    def size(sample: Sample) -> scenes.Size:
        picture = sample.pictures[0]
        read = facts.get(picture.path)
        if read and read.width:
            return read.width, read.height
        if dataset.entry.size:
            return dataset.entry.size
        return (picture.width, picture.height) if picture.width and picture.height else None

    clean, rejects, repairs = scenes.clean(samples, size, dataset.entry.spoken)
    _drop(dataset, out, rejects)
    out.counts.update(
        {(dataset.entry.slug, "", "repairs", name, ""): n for name, n in repairs.items()}
    )
    outcomes = []
    for job in dataset.jobs:
        rows, reasons = objects.build(job, clean, known, facts)
        outcomes.append(reasons)
        if rows is not None:
            _keep(dataset, out, rows)
    for s, scene in enumerate(clean):
        for i, region in enumerate(scene.regions):
            reason = _settle([reasons[s][i] for reasons in outcomes])
            if not reason:
                count(out.counts, dataset.entry.slug, scene.sample.split, "items", "used")
                continue
            detail = region.label
            if reason == "no_size":
                path = scene.sample.pictures[0].path
                reason = (facts[path].fault if path in facts else "") or reason
                detail = f"{region.label}: the {dataset.jobs[0].dialect} dialect needs the picture's size: {path}"
            _drop(
                dataset,
                out,
                [
                    Reject(
                        scene.sample.file,
                        f"{scene.sample.key}#{region.key}",
                        scene.sample.split,
                        reason,
                        detail,
                    )
                ],
            )


def _settle(reasons: Sequence[str]) -> str:
    """An item is used where any source uses it, else it goes by the first source's reason."""
    return "" if not all(reasons) else reasons[0]


def _texts(
    dataset: Dataset,
    out: Converted,
    samples: list[Sample],
    unit: str,
    known: Mapping[str, Picture],
    facts: Mapping[str, Facts],
) -> None:
    rows: list[tuple[Sample, str, str | None, str, str | None]]
    if unit == "caption":
        rows = [(s, f"{s.key}#{c.key}", None, c.text, None) for s in samples for c in s.captions]
        answers = tidy_captions(pa.array([row[3] for row in rows], pa.string()))
        reasons = np.where(has_letter(answers), "", "no_words")
        questions = types = None
    elif unit == "question":
        rows = [(s, q.key, q.question, q.answer, q.type) for s in samples for q in s.questions]
        answers = tidy(pa.array([row[3] for row in rows], pa.string()))
        questions = tidy_questions(pa.array([row[2] for row in rows], pa.string()))
        types = pa.array([row[4] for row in rows], pa.string())
        reasons = _question_reasons(questions, answers)
    else:
        rows = [(s, s.key, None, s.label or "", None) for s in samples]
        answers = pa.array([spoken(row[3], dataset.entry.spoken) for row in rows], pa.string())
        reasons = np.full(len(rows), "")
        questions = types = None
    origin = Origin(
        pa.array([row[0].file for row in rows]),
        pa.array([row[0].split for row in rows]),
        pa.array([row[1] for row in rows]),
        [row[0].gsd or dataset.entry.gsd for row in rows],
    )
    pictures = Pictures.several([[p.path for p in row[0].pictures] for row in rows], known, facts)
    _build_texts(dataset, out, origin, Texts(pictures, answers, questions, types), reasons)


def _question_reasons(questions: pa.Array, answers: pa.Array) -> Strings:
    unasked = np.asarray(pc.equal(pc.binary_length(questions), 0))
    unanswered = np.asarray(pc.equal(pc.binary_length(answers), 0))
    return np.where(unasked, "missing_field", np.where(unanswered, "no_answer", ""))


def _questions(dataset: Dataset, out: Converted, asked: Questions) -> None:
    """Rows of a reader that yields columns."""
    table = asked.table.combine_chunks()
    column = {name: table[name].combine_chunks() for name in table.column_names}
    n = table.num_rows
    count(out.counts, dataset.entry.slug, asked.split, "items", "read", n)
    distinct = pc.unique(column["picture"]).to_pylist()
    known = {path: Picture(path) for path in distinct}
    facts = _facts(dataset, known)
    questions, answers = tidy_questions(column["question"]), tidy(column["answer"])
    reasons = _question_reasons(questions, answers)
    faulty = {path: f for path, f in facts.items() if f.fault}
    if faulty:
        at = np.asarray(
            pc.index_in(column["picture"].cast(pa.string()), pa.array(list(faulty))).fill_null(-1)
        )
        named = np.array([f.fault for f in faulty.values()])
        reasons = np.where((at >= 0) & (reasons == ""), named[np.maximum(at, 0)], reasons)
    texts = Texts(
        Pictures.single(column["picture"], known, facts), answers, questions, column["type"]
    )
    _build_texts(dataset, out, Origin(asked.file, asked.split, column["key"]), texts, reasons)


def _build_texts(
    dataset: Dataset, out: Converted, origin: Origin, texts: Texts, reasons: Strings
) -> None:
    """Rows of every source over one batch of texts. reasons: why a text has no row, empty where it may have one."""
    outcomes = []
    for job in dataset.jobs:
        mine = reasons
        if job.spec.filter.types is not None and texts.types is not None:
            selected = np.asarray(pc.is_in(texts.types, pa.array(job.spec.filter.types)))
            mine = np.where((reasons == "") & ~selected, "unselected", reasons)
        outcomes.append(mine)
        good = mine == ""
        if good.any():
            some_origin, some = (origin, texts) if good.all() else _filtered(origin, texts, good)
            build = build_grouped if job.group == "image" else build_text
            _keep(dataset, out, build(job, some_origin, some, dataset.classes))
    used = np.logical_or.reduce([outcome == "" for outcome in outcomes])
    for split, n in _by_split(origin.split, used):
        count(out.counts, dataset.entry.slug, split, "items", "used", n)
    for i in np.flatnonzero(~used).tolist():
        _drop(dataset, out, [_reject(origin, texts, i, str(outcomes[0][i]))])


def _reject(origin: Origin, texts: Texts, i: int, reason: str) -> Reject:
    file, split = (
        value[i].as_py() if isinstance(value, pa.Array) else value
        for value in (origin.file, origin.split)
    )
    words = texts.answers[i].as_py() if texts.questions is None else texts.questions[i].as_py()
    paths = texts.pictures.paths[i].as_py()
    faults = [
        f"{path}: {f.detail}"
        for path in paths
        if (f := texts.pictures.facts.get(path)) and f.fault == reason
    ]
    return Reject(
        file, origin.keys[i].as_py() or "", split, reason, "; ".join(faults) or words[:200]
    )


def _filtered(origin: Origin, texts: Texts, good: Bools) -> tuple[Origin, Texts]:
    rows = pa.array(np.flatnonzero(good))

    def some(values: pa.Array | str | None) -> pa.Array | str | None:
        return values.take(rows) if isinstance(values, pa.Array) else values

    gsd = (
        [value for value, keep in zip(origin.gsd, good, strict=True) if keep]
        if origin.gsd is not None
        else None
    )
    pictures = Pictures(texts.pictures.paths.take(rows), texts.pictures.known, texts.pictures.facts)
    return Origin(some(origin.file), some(origin.split), some(origin.keys), gsd), Texts(
        pictures, some(texts.answers), some(texts.questions), some(texts.types)
    )


def _by_split(split: pa.Array | str, mask: Bools) -> list[tuple[str, int]]:
    if isinstance(split, str):
        return [(split, int(mask.sum()))]
    found = Counter(np.asarray(split, object)[mask].tolist())
    return sorted(found.items())


def _keep(dataset: Dataset, out: Converted, rows: pa.RecordBatch) -> None:
    """Checks built rows and books them: good ones as rows, others as rejects by the first rule they break."""
    slug = dataset.entry.slug
    broken = check_rows(rows)
    bad = np.full(rows.num_rows, "", object)
    for rule, mask in reversed(broken.items()):
        bad[mask] = rule
    for entry in rows["split"].value_counts().to_pylist():
        count(out.counts, slug, entry["values"], "rows", "built", entry["counts"])
    if not broken:
        out.rows.append(rows)
        return
    good = bad == ""
    for i in np.flatnonzero(~good).tolist():
        row = rows.slice(i, 1).select(["id", "split", "origin", "conversations"]).to_pylist()[0]
        reason = str(bad[i])
        out.rejects.row(
            row["split"],
            row["origin"]["file"],
            row["origin"]["key"],
            reason,
            str([t["value"] for t in row["conversations"]])[:200],
            row["id"],
        )
        count(
            out.counts,
            slug,
            row["split"],
            "rows",
            "rejected" if is_fault(reason) else "filtered",
            1,
            reason,
        )
    if good.any():
        out.rows.append(rows.filter(pa.array(good)))
