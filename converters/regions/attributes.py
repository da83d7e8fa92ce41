"""Words for what the annotations say: class names as spoken, where a region lies, how large it is.

Nothing here looks at a picture: colour and shape are left unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

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
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BREAKS = re.compile(r"[\s_/-]+")


def spoken(label: str, names: Mapping[str, str] | None = None) -> str:
    """A class name as words: "small-vehicle", "DenseResidential", "baseball_diamond" lose their hyphens, capitals and underscores.

    names: what the catalogue calls classes whose own names are no words.
    """
    if names and label in names:
        return names[label]
    return _BREAKS.sub(" ", _CAMEL.sub(" ", label)).strip().lower()


def plural(noun: str, count: int) -> str:
    """A noun after a number."""
    if count == 1:
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def counted(noun: str, count: int) -> str:
    """A number and its noun."""
    return f"{count} {plural(noun, count)}"


def positions(boxes: Floats, sizes: Floats) -> list[str]:
    """Which third of the picture each box's centre lies in. boxes: (n, 4) pixels; sizes: (n, 2)."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    thirds = np.clip(np.floor(centre / sizes * 3).astype(int), 0, 2)
    return [POSITIONS[i] for i in (thirds[:, 1] * 3 + thirds[:, 0]).tolist()]


def magnitudes(areas: Floats, sizes: Floats) -> list[str]:
    """ "small ", "large " or nothing, by the share of the picture that an area takes."""
    share = areas / (sizes[:, 0] * sizes[:, 1])
    words: list[str] = np.where(
        share < SMALL, "small ", np.where(share > LARGE, "large ", "")
    ).tolist()
    return words
