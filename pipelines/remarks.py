"""What the closing lines of a run say besides the counts: things that a user may not expect."""

from __future__ import annotations

import itertools

from converters.dataset import read_items
from converters.read.files import SourceError
from converters.read.folder import Plan
from pipelines.card.markdown import number
from pipelines.card.overlaps import leaks
from pipelines.card.summary import Summary, picture_notes
from pipelines.overlap import EVALUATION
from pipelines.plan import RunPlan
from pipelines.result import Done
from schemas.mix import SourceSpec
from schemas.sample import Sample
from schemas.table import Columns

_LOOKED_AT = 5_000  # items of a source that are read to name its labels or types
_NAMED = 20
_PAIRS = 5
_PICTURE_NOTES = 5


def remarks(plan: RunPlan, done: Done, summary: Summary) -> list[str]:
    """Lines on sources without rows, odd pictures or none there, evaluation splits, leaks."""
    return [
        *empty_sources(plan, done),
        *_pictures(done),
        *_absent(done, summary),
        *_evaluation(plan, summary),
        *_leaks(summary),
    ]


def empty_sources(plan: RunPlan, done: Done) -> list[str]:
    """A line for each source that gave no row, with the labels or types its filter could name.

    That a multiple choice has no question without options is as usual, and not said.
    """
    sources = plan.mix.sources
    filled = {source.dataset for source in sources if done.sources[source.name]}
    return [
        f"source {source.name} gave no row{_there(plan, source)}"
        for source in sources
        if not done.sources[source.name]
        and not (source.filter.choices is False and source.dataset in filled)
    ]


def _there(plan: RunPlan, source: SourceSpec) -> str:
    """The labels or types in the first items of a source that filters by them."""
    if source.filter.labels is None and source.filter.types is None:
        return ""
    dataset = plan.datasets[source.dataset]
    spans = [span for span in plan.spans if span.slug == source.dataset]
    sides = [span for span in plan.sides if span.slug == source.dataset]
    labels: set[str] = set()
    types: set[str] = set()
    try:
        items = read_items(dataset.entry, dataset.folder, Plan(spans, sides=sides))
        for item in itertools.islice(items, _LOOKED_AT):
            if isinstance(item, Sample):
                labels |= {region.label for region in item.regions}
                labels |= {name for label in item.labels for name in label.names}
                types |= {question.type for question in item.questions if question.type}
            elif isinstance(item, Columns):
                types |= set(item.table["type"].unique().drop_null().to_pylist())
    except SourceError:  # the run itself could read it; this is only for the line
        return ""
    kind, names = ("labels", labels) if source.filter.labels is not None else ("types", types)
    if not names:
        return f"; its first items have no {kind}"
    more = ", ..." if len(names) > _NAMED else ""
    return f"; its {kind} are {', '.join(sorted(names)[:_NAMED])}{more}"


def _pictures(done: Done) -> list[str]:
    """What was only seen while pictures were read: the card's notes on them, the first ones."""
    notes = picture_notes(done)
    more = len(notes) - _PICTURE_NOTES
    lines = [f"note: {note}" for note in notes[:_PICTURE_NOTES]]
    return [*lines, f"note: {more} more on pictures (see the card)"] if more > 0 else lines


def _absent(done: Done, summary: Summary) -> list[str]:
    """One line on pictures that rows name by path and that are not on disk."""
    if not done.absent:
        return []
    parts = [
        f"{slug} {number(n)} of {number(summary['datasets'][slug]['rows'])}"
        for slug, n in sorted(done.absent.items())
    ]
    return [
        f"rows with a picture that is not on disk: {', '.join(parts)}; `earthmix check` says more"
    ]


def _evaluation(plan: RunPlan, summary: Summary) -> list[str]:
    """One line on rows of validation and test splits in `train` that no source names."""
    if plan.mix.splits == "native":
        return []
    named = {(source.dataset, split) for source in plan.mix.sources for split in source.split or []}
    parts = [
        f"{slug} {split} {number(n)}"
        for slug, dataset in sorted(summary["datasets"].items())
        for split, n in sorted(dataset["splits"].items())
        if split.startswith(EVALUATION) and (slug, split) not in named
    ]
    if not parts:
        return []
    return [
        f"rows of validation and test splits are among them: {', '.join(parts)}; to leave them "
        "out, name the splits you want"
    ]


def _leaks(summary: Summary) -> list[str]:
    """One line on pictures of rows for training that rows for evaluation show too."""
    pairs = [
        f"{one['dataset']} {one['split']} and {one['other_dataset']} {one['other_split']} "
        f"{number(one['count'])}"
        for one in leaks(summary)
    ]
    if not pairs:
        return []
    more = f", and {number(len(pairs) - _PAIRS)} more pairs" if len(pairs) > _PAIRS else ""
    return [
        f"pictures in rows for training and in rows for evaluation: {', '.join(pairs[:_PAIRS])}"
        f"{more} (see the card)"
    ]
