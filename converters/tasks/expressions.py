"""The task `refer`: words that pick out regions are asked, their boxes answered.

Where the format yields its authors' expressions, these are the words. Where it yields regions
alone, a phrase is made of size, class and place, for each region that it names alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pyarrow as pa

from converters.dialects import dialect
from converters.regions.scenes import Shown
from converters.rows.assemble import TEMPLATE, Job
from converters.rows.identity import ITEM
from converters.rows.tidy import tidy
from converters.tasks.drafts import Draft, Source, build_objects, rows_of
from converters.tasks.kit import Built, ExpressionItems, SceneItems, Task
from converters.tasks.views import View, look

_WORDS, _SENTENCE = "words", "sentence"  # the wordings for authors' words
_FIRST_WORDS = frozenset(
    {"In", "On", "At", "To", "Near", "Next", "Beside", "Between", "Behind", "Under", "Above"}
    | {"There", "It", "Segment", "What", "Which", "Where", "Who", "How"}
)
_COMMANDS = frozenset({"find", "search", "locate"})  # in any case
NOTHING = "There is no such object in the image."


def build(job: Job, batch: SceneItems | ExpressionItems) -> Built:
    """Rows of expressions, or of regions by phrases of ours."""
    if isinstance(batch, ExpressionItems):
        return _build_expressions(job, batch)
    return build_objects(job, batch, drafts=_draft_phrases, sized=True, boxed=True)


def _build_expressions(job: Job, batch: ExpressionItems) -> Built:
    """One row an expression: its words asked, the boxes of all its regions answered."""
    said = batch.expressions
    items = SceneItems(said.scenes, batch.pictures)
    view = look(job, items, sized=False, boxed=True)
    native = view.words.native.to_pylist()
    texts = tidy(pa.array([item.text for item in said.items], pa.string())).to_pylist()
    reasons = said.reasons.copy()
    drafts: list[Draft] = []
    sources: list[tuple[str, str]] = []  # key and identity of each
    for item, (scene, used) in enumerate(zip(said.owner, said.regions, strict=True)):
        images = {int(view.scenes.native.images[region]) for region in used}
        if not reasons[item]:
            reasons[item] = _refusal(view, images, used, texts[item])
        if reasons[item]:
            continue
        shown = Shown(scene, images.pop() if images else None)
        sample = said.scenes.samples[scene]
        name = view.dialects[scene]
        written = dialect(name or job.dialect)
        boxes = written.join([view.texts[region] for region in used]) if used else ""
        drafts.append(
            Draft(
                shown=shown,
                used=used,
                phrases=[texts[item]] * len(used),
                dialect=name if used else None,
                slots={"phrase": written.phrase(texts[item])},
                kind=_SENTENCE if _is_sentence(texts[item]) else _WORDS,
                answer=boxes or nothing(len(sample.pictures)),
            )
        )
        shapes = ITEM.join([native[region] for region in used])
        sources.append((f"{sample.key}#{said.items[item].key}", f"{texts[item]}{ITEM}{shapes}"))
    if not drafts:
        return Built(None, reasons, view.repairs)
    ours = any(item.ours for item in said.items)
    origin = TEMPLATE if ours else job.entry.text_origin
    source = Source(*(pa.array(column, pa.string()) for column in zip(*sources, strict=True)))
    rows = rows_of(job, view, batch.pictures, drafts, source, origin)
    return Built(rows, reasons, view.repairs)


def _is_sentence(text: str) -> bool:
    """True for words that are more than a name, as "On the left is a lake" is."""
    word = text.split(" ", 1)[0]
    said = word in _FIRST_WORDS or word.lower() in _COMMANDS
    return said or text.endswith((".", "!", "?"))


def nothing(pictures: int) -> str:
    """The answer where an expression picks out no region of so many pictures."""
    return NOTHING if pictures == 1 else NOTHING.replace("image", "images")


def _refusal(view: View, images: Collection[int], used: list[int], text: str) -> str:
    """Why an expression makes no row: it has no words, one of its regions has a reason, or they lie
    in several pictures, which the boxes of one answer do not tell apart."""
    if not text:
        return "missing_field"
    if len(images) > 1:
        return "ambiguous"
    return next((view.reasons[region] for region in used if view.reasons[region]), "")


def _draft_phrases(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row for each region that its class and place tell from all others of the picture.

    Size words are no help: what is small beside what is a stranger does not know. Neither is a
    line between two thirds that a stranger would draw elsewhere.
    """
    words, names = view.words, view.scenes.names
    known = words.census(shown)
    held = Counter(
        (names[item], place) for item in known.items for place in words.near_places[item]
    )
    dialect_name = view.dialects[shown.scene] or ""
    written = dialect(dialect_name)
    drafts = []
    for item in chosen:
        place = words.places[item]
        if held[names[item], place] > 1 or not known.sure(names[item]):
            view.reasons[item] = "ambiguous"
            continue
        drafts.append(
            Draft(
                shown=shown,
                item=item,
                used=[item],
                dialect=dialect_name,
                slots={"phrase": written.phrase(f"{words.names[item]} at the {place}")},
                answer=written.join([view.texts[item]]),
            )
        )
    return drafts


TASKS = (
    Task(
        name="refer",
        takes=("expression", "region"),
        asks="give the box of the object that a phrase names",
        hub=("object-detection",),
        family="Boxes",
        slots=frozenset({"phrase"}),
        rows_each=8.0,
        sized=True,
        boxed=True,
        build=build,
    ),
)
