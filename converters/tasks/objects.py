"""Tasks made of regions by template: grounding, region captions, descriptions, rounds of talk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from converters.dialects import dialect
from converters.regions import attributes
from converters.regions.scenes import Shown
from converters.tasks.drafts import Draft, Drafts, Round, build_objects
from converters.tasks.kit import Task
from converters.tasks.scene_words import Census
from converters.tasks.views import View

_ROUNDS = 3  # labels that a conversation asks about, two rounds each


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _draft_grounding(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture: every class with its count, and behind it the boxes that were chosen.

    Where a filter left out some objects of a class, the count says so ("9 of 12 vehicles"); a
    class without any box is named at the end.
    """
    dialect_name = view.dialects[shown.scene] or ""
    written = dialect(dialect_name)
    known = view.words.census(shown)
    kept = set(chosen)
    parts, rest = [], []
    for name, group in known.groups.items():
        boxed = [item for item in group if item in kept]
        if not boxed:
            rest.append(known.counted(name))
            continue
        counted = known.counted(name)
        if known.sure(name) and len(boxed) < len(group):
            counted = f"{len(boxed)} of {counted}"
        texts = [view.texts[item] for item in boxed]
        parts.append(written.named(counted, texts, attributes.plural(name, 1)))
    answer = f"The {view.called(shown)} shows {listed(parts)}."
    if rest:
        answer += f" It also shows {listed(rest)}."
    return [
        Draft(
            shown=shown,
            used=chosen,
            dialect=dialect_name,
            answer=answer,
        )
    ]


def _draft_identify(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a region: its box asked, its name and place answered."""
    name = view.dialects[shown.scene] or ""
    written, words = dialect(name), view.words
    return [
        Draft(
            shown=shown,
            item=item,
            used=[item],
            dialect=name,
            slots={"box": written.join([view.texts[item]])},
            answer=written.phrase(f"1 {words.names[item]} at the {words.places[item]}"),
        )
        for item in chosen
    ]


def _inventory(known: Census) -> str:
    return listed([known.counted(name) for name in known.groups])


def _where(view: View, group: list[int]) -> str:
    held = {view.words.places[item] for item in group}
    return listed([f"at the {place}" for place in attributes.POSITIONS if place in held])


def _draft_description(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture: what it shows, how many of each, and where."""
    known = view.words.census(shown)
    sentences = [f"The {view.called(shown)} shows {_inventory(known)}."]
    for name, group in known.groups.items():
        noun = attributes.plural(name, len(group))
        if not known.sure(name):
            sentences.append(f"There are {attributes.plural(name, 2)} {_where(view, group)}.")
        else:
            verb = "is" if len(group) == 1 else "are"
            sentences.append(f"The {noun} {verb} {_where(view, group)}.")
    return [
        Draft(
            shown=shown,
            used=known.items,
            answer=" ".join(sentences),
        )
    ]


def _draft_rounds(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture of several rounds: what is there, how many, and where."""
    known = view.words.census(shown)
    more: list[Round] = []
    for name in [name for name in known.groups if known.sure(name)][:_ROUNDS]:
        group = known.groups[name]
        more.append(Round("count", attributes.plural(name, 2), str(len(group))))
        answer = _where(view, group)
        sentence = f"{answer[0].upper()}{answer[1:]}."
        more.append(Round("where", attributes.plural(name, len(group)), sentence))
    return [
        Draft(
            shown=shown,
            used=known.items,
            answer=f"The {view.called(shown)} shows {_inventory(known)}.",
            more=more,
        )
    ]


def _task(
    name: str,
    drafts: Drafts,
    asks: str,
    hub: tuple[str, ...],
    *,
    slots: frozenset[str] = frozenset(),
    rows_each: float = 1.0,
    sized: bool = True,
    boxed: bool = False,
    whole: bool = False,
) -> Task:
    return Task(
        name=name,
        takes=("region",),
        asks=asks,
        hub=hub,
        family="Boxes",
        slots=slots,
        rows_each=rows_each,
        sized=sized,
        boxed=boxed,
        build=partial(build_objects, drafts=drafts, sized=sized, boxed=boxed, whole=whole),
    )


TASKS = (
    _task(
        "grounding",
        _draft_grounding,
        "describe the picture with a box behind each object named",
        ("image-to-text", "object-detection"),
        sized=False,
        boxed=True,
        whole=True,
    ),
    _task(
        "identify",
        _draft_identify,
        "say what is in a given box",
        ("image-to-text",),
        slots=frozenset({"box"}),
        rows_each=8.0,
        boxed=True,
    ),
    _task(
        "description",
        _draft_description,
        "describe the picture at length, from its annotations",
        ("image-to-text",),
        whole=True,
    ),
    _task(
        "rounds",
        _draft_rounds,
        "several turns about the objects of one picture",
        ("visual-question-answering",),
    ),
)
