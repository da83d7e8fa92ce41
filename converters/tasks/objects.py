"""Tasks made of regions by template: grounding, region captions, descriptions, rounds of talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from converters.dialects import dialect
from converters.regions import attributes
from converters.tasks.drafts import Draft, Drafts, Round, View, build_objects
from converters.tasks.kit import Task

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
        scenes.names[item]
        if scenes.names[item].startswith(("small ", "large "))
        else f"{word}{scenes.names[item]}"
        for word, item in zip(words, items, strict=True)
    ]


def _by_label(view: View, chosen: Sequence[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for item in chosen:
        groups.setdefault(view.scenes.names[item], []).append(item)
    return groups


def _draft_grounding(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture: every class with its count, every region's box behind it."""
    name = view.dialects[scene] or ""
    written = dialect(name)
    parts = []
    for label, group in _by_label(view, chosen).items():
        counted = attributes.counted(label, len(group))
        parts.append(written.named(counted, [view.texts[item] for item in group]))
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            dialect=name,
            answer=f"The image shows {listed(parts)}.",
        )
    ]


def _draft_identify(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a region: its box asked, its name and place answered."""
    name = view.dialects[scene] or ""
    written = dialect(name)
    called, where = names(view, chosen), places(view, chosen)
    return [
        Draft(
            scene=scene,
            key=view.region_key(item),
            source_text=view.native_text([item]),
            used=[item],
            dialect=name,
            slots={"box": written.join([view.texts[item]])},
            answer=written.phrase(f"1 {called[place]} at the {where[place]}"),
        )
        for place, item in enumerate(chosen)
    ]


def _inventory(view: View, chosen: list[int]) -> str:
    groups = _by_label(view, chosen)
    return listed([attributes.counted(label, len(group)) for label, group in groups.items()])


def _where(places_of: Mapping[int, str], group: list[int]) -> str:
    held = {places_of[item] for item in group}
    return listed([f"at the {place}" for place in attributes.POSITIONS if place in held])


def _draft_description(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture: what it shows, how many of each, and where."""
    where = dict(zip(chosen, places(view, chosen), strict=True))
    sentences = [f"The image shows {_inventory(view, chosen)}."]
    for label, group in _by_label(view, chosen).items():
        noun = attributes.plural(label, len(group))
        sentences.append(f"The {noun} {'is' if len(group) == 1 else 'are'} {_where(where, group)}.")
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            answer=" ".join(sentences),
        )
    ]


def _draft_rounds(view: View, scene: int, chosen: list[int]) -> list[Draft]:
    """One row a picture of several rounds: what is there, how many, and where."""
    where = dict(zip(chosen, places(view, chosen), strict=True))
    more: list[Round] = []
    for label, group in list(_by_label(view, chosen).items())[:_ROUNDS]:
        more.append(Round("count", attributes.plural(label, 2), str(len(group))))
        answer = _where(where, group)
        sentence = f"{answer[0].upper()}{answer[1:]}."
        more.append(Round("where", attributes.plural(label, len(group)), sentence))
    return [
        Draft(
            scene=scene,
            key=view.scenes.samples[scene].key,
            source_text=view.whole(scene),
            used=chosen,
            answer=f"The image shows {_inventory(view, chosen)}.",
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
