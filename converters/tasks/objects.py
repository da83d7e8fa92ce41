"""Tasks made of regions by template: grounding, region captions, descriptions, rounds of talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from converters.dialects import dialect
from converters.regions import attributes
from converters.regions.scenes import Shown
from converters.tasks.drafts import Draft, Drafts, Round, build_objects
from converters.tasks.kit import Task
from converters.tasks.views import View

_ROUNDS = 3  # labels that a conversation asks about, two rounds each


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def places(view: View, items: Sequence[int]) -> list[str]:
    """In which part of its picture each region lies, in words."""
    return attributes.positions(view.scenes.boxes[list(items)], view.scenes.sizes[list(items)])


def names(view: View, items: Sequence[int]) -> list[str]:
    """Size word and class of each region."""
    scenes = view.scenes
    words = attributes.magnitudes(scenes.areas[list(items)], scenes.sizes[list(items)])
    return [
        attributes.sized_name(word, attributes.plural(scenes.names[item], 1))
        for word, item in zip(words, items, strict=True)
    ]


class Census(NamedTuple):
    """What may be said of a picture's objects, whatever a filter left of them.

    groups: regions by class. unsure: classes that the picture may show more of.
    """

    groups: dict[str, list[int]]
    unsure: set[str]

    def sure(self, name: str) -> bool:
        """True where all objects of a class are known."""
        return name not in self.unsure

    def counted(self, name: str) -> str:
        """A class with its number, or in the plural where it cannot be counted."""
        if not self.sure(name):
            return attributes.plural(name, 2)
        return attributes.counted(name, len(self.groups[name]))


def census(view: View, shown: Shown) -> Census:
    """All objects of a picture: statements speak of the whole picture."""
    return Census(view.scenes.valid(shown), view.scenes.uncountable(shown))


def _draft_grounding(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture: every class with its count, and behind it the boxes that were chosen.

    Where a filter left out some objects of a class, the count says so ("9 of 12 vehicles"); a
    class without any box is named at the end.
    """
    dialect_name = view.dialects[shown.scene] or ""
    written = dialect(dialect_name)
    known = census(view, shown)
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
            key=view.scenes.samples[shown.scene].key,
            source_text=view.whole(shown),
            used=chosen,
            dialect=dialect_name,
            answer=answer,
        )
    ]


def _draft_identify(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a region: its box asked, its name and place answered."""
    name = view.dialects[shown.scene] or ""
    written = dialect(name)
    called, where = names(view, chosen), places(view, chosen)
    return [
        Draft(
            shown=shown,
            key=view.region_key(item),
            source_text=view.native_text([item]),
            used=[item],
            dialect=name,
            slots={"box": written.join([view.texts[item]])},
            answer=written.phrase(f"1 {called[place]} at the {where[place]}"),
        )
        for place, item in enumerate(chosen)
    ]


def _inventory(known: Census) -> str:
    return listed([known.counted(name) for name in known.groups])


def _where(places_of: Mapping[int, str], group: list[int]) -> str:
    held = {places_of[item] for item in group}
    return listed([f"at the {place}" for place in attributes.POSITIONS if place in held])


def all_places(view: View, known: Census) -> dict[int, str]:
    """In which part of the picture each region of a census lies, in words."""
    items = [item for group in known.groups.values() for item in group]
    return dict(zip(items, places(view, items), strict=True))


def _draft_description(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture: what it shows, how many of each, and where."""
    known = census(view, shown)
    where = all_places(view, known)
    sentences = [f"The {view.called(shown)} shows {_inventory(known)}."]
    for name, group in known.groups.items():
        noun = attributes.plural(name, len(group))
        if not known.sure(name):
            sentences.append(f"There are {attributes.plural(name, 2)} {_where(where, group)}.")
        else:
            verb = "is" if len(group) == 1 else "are"
            sentences.append(f"The {noun} {verb} {_where(where, group)}.")
    return [
        Draft(
            shown=shown,
            key=view.scenes.samples[shown.scene].key,
            source_text=view.whole(shown),
            used=list(where),
            answer=" ".join(sentences),
        )
    ]


def _draft_rounds(view: View, shown: Shown, chosen: list[int]) -> list[Draft]:
    """One row a picture of several rounds: what is there, how many, and where."""
    known = census(view, shown)
    where = all_places(view, known)
    more: list[Round] = []
    for name in [name for name in known.groups if known.sure(name)][:_ROUNDS]:
        group = known.groups[name]
        more.append(Round("count", attributes.plural(name, 2), str(len(group))))
        answer = _where(where, group)
        sentence = f"{answer[0].upper()}{answer[1:]}."
        more.append(Round("where", attributes.plural(name, len(group)), sentence))
    return [
        Draft(
            shown=shown,
            key=view.scenes.samples[shown.scene].key,
            source_text=view.whole(shown),
            used=list(where),
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
