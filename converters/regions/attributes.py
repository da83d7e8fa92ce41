"""Words for what the annotations say: class names as spoken, where a region lies, how large it is.

Nothing here looks at a picture: colour and shape are left unsaid.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from converters.regions.geometry import Floats

# Thirds of the picture, row by row, as GeoChat names them.
POSITIONS = (
    "top left",
    "top",
    "top right",
    "left",
    "center",
    "right",
    "bottom left",
    "bottom",
    "bottom right",
)
SMALL, LARGE = 0.001, 0.05  # shares of the picture's area
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
# A word that ends in s is a plural as its authors wrote it, unless it ends so or is one of these.
_SINGULAR_ENDINGS = ("ss", "us", "is")
_SINGULAR_WORDS = frozenset({"gas", "canvas", "atlas", "lens", "series", "species", "debris"})
# Words whose plural no rule gives.
_PLURALS = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "foot": "feet",
    "shelf": "shelves",
    "roof": "roofs",
    "sheep": "sheep",
    "cattle": "cattle",
    "fish": "fish",
    "series": "series",
    "species": "species",
}
# Words that are not counted, and what is counted of them: "2 pieces of marine debris".
_MEASURES = {
    "debris": "piece",
    "rubble": "pile",
    "wreckage": "piece",
    "equipment": "piece",
    "machinery": "piece",
    "infrastructure": "piece",
    "vegetation": "area",
}
_SINGULARS = {several: one for one, several in _PLURALS.items()}
# Classes of all that has no name of its own.
_OTHERS = frozenset({"other", "others"})
# Classes of several datasets whose names begin with a size: a size word before another class's
# name must not read like one of them.
_SIZED_CLASSES = frozenset(
    {"small vehicle", "large vehicle", "small car", "small aircraft", "large ship", "small ship"}
)
_DESCRIPTION = re.compile(r"(?<=\w) (?:of|with|without|under) ")
_OR = " or "  # between two names of one class
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COUNTED = re.compile(r"(?:\d+ of )?\d+ (.+)")
_BREAKS = re.compile(r"[\s_/-]+")


def spoken(label: str, names: Mapping[str, str] | None = None) -> str:
    """A class name as words, without hyphens, underscores and capitals.

    "small-vehicle", "DenseResidential" and "baseball_diamond" become "small vehicle", "dense
    residential" and "baseball diamond".

    names: what the catalogue calls classes whose own names are no words, in whatever case.
    """
    known = names or {}
    if label in known:
        return known[label]
    for name, said in known.items():
        if name.casefold() == label.casefold():
            return said
    return _BREAKS.sub(" ", _CAMEL.sub(" ", label)).strip().lower()


@functools.lru_cache(maxsize=1 << 12)  # classes are few, and each is said of many regions
def plural(noun: str, count: int) -> str:
    """A noun after a number. Its last word decides, or the last before what describes it.

    "storage tank" becomes "storage tanks", "building with minor damage" "buildings with minor
    damage", "hut or tent" "huts or tents". Nouns that authors write in the plural become singular
    where there is one: of "life jackets" 1 is "life jacket". Of what cannot be counted, pieces are:
    "debris" becomes "pieces of debris".
    """
    if noun in _OTHERS:
        noun = "other object"
    described = _DESCRIPTION.search(noun)
    named = noun[: described.start()] if described else noun
    if _OR in named:
        either = _OR.join(plural(one, count) for one in named.split(_OR))
        return f"{either}{noun[len(named) :]}"
    head, blank, last = named.rpartition(" ")
    if last in _MEASURES:
        return f"{plural(_MEASURES[last], count)} of {noun}"
    word = _singular_word(last) if count == 1 else _plural_word(last)
    return f"{head}{blank}{word}{noun[len(named) :]}"


def _is_plural(word: str) -> bool:
    """True for a word that is a plural by its last letters."""
    return (
        len(word) > 2
        and word.isalpha()
        and word.endswith("s")
        and not word.endswith(_SINGULAR_ENDINGS)
        and word not in _SINGULAR_WORDS
    )


def _singular_word(word: str) -> str:
    if word in _SINGULARS:
        return _SINGULARS[word]
    if not _is_plural(word):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word[:-2] in _SINGULAR_WORDS:  # gases, canvases, lenses
        return word[:-2]
    if word.endswith(("ches", "shes", "sses", "xes", "buses", "zzes")):
        return word[:-2]
    return word[:-1]


def _plural_word(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if word in _SINGULARS or word.endswith("craft") or _is_plural(word):
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def counted(noun: str, count: int) -> str:
    """A number and its noun."""
    return f"{count} {plural(noun, count)}"


def uncounted(words: str) -> str:
    """What words with a number call one of their objects: "2 of 4 ships" is "ship"; else "".

    Its own are meant, not those of authors.
    """
    found = _COUNTED.fullmatch(words)
    return plural(found[1], 1) if found else ""


def ordinal(place: int) -> str:
    """Which one of several, as a word up to the tenth: second, 11th, 22nd. place: from 0."""
    if place < len(_ORDINALS):
        return _ORDINALS[place]
    number = place + 1
    ending = "th" if number // 10 % 10 == 1 else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


def positions(boxes: Floats, sizes: Floats) -> list[str]:
    """Which third of the picture each box's centre lies in, as one of `POSITIONS`.

    boxes: (n, 4) x1 y1 x2 y2 in pixels; sizes: (n, 2), width and height.
    """
    thirds = _thirds(boxes, sizes)
    return [POSITIONS[i] for i in (thirds[:, 1] * 3 + thirds[:, 0]).tolist()]


def near_positions(boxes: Floats, sizes: Floats, reach: float) -> list[frozenset[str]]:
    """All thirds that each box's centre may be said to lie in.

    boxes: (n, 4) pixels; sizes: (n, 2); reach: how far off a centre may be taken to be, as a share
    of the picture's side.
    """
    # The column does not depend on the row, so three moves along the diagonal find both.
    moved = [_thirds(boxes + np.tile(sizes * by, 2), sizes) for by in (-reach, 0.0, reach)]
    found = np.hstack(moved)  # column and row of each move
    distinct, places = np.unique(found @ 3 ** np.arange(6), return_index=True, return_inverse=True)[
        1:
    ]
    said = [
        frozenset(POSITIONS[row * 3 + column] for row in one[1::2] for column in one[::2])
        for one in found[distinct].tolist()
    ]
    return [said[place] for place in places.tolist()]


def _thirds(boxes: Floats, sizes: Floats) -> npt.NDArray[np.int64]:
    """Column and row, (n, 2) from 0, of the third that each box's centre lies in."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.clip(np.floor(centre / sizes * 3).astype(np.int64), 0, 2)


def sized_name(word: str, name: str) -> str:
    """A class name with a size word before it, unless that would name another class.

    word: "small ", "large " or nothing.
    """
    if name.startswith(("small ", "large ")) or f"{word}{name}" in _SIZED_CLASSES:
        return name
    return f"{word}{name}"


def magnitudes(areas: Floats, sizes: Floats) -> list[str]:
    """ "small ", "large " or nothing, by the share of the picture that an area takes.

    areas: (n,) square pixels; sizes: (n, 2), width and height in pixels.
    """
    share = areas / (sizes[:, 0] * sizes[:, 1])
    words: list[str] = np.where(
        share < SMALL, "small ", np.where(share > LARGE, "large ", "")
    ).tolist()
    return words
