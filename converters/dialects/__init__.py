"""Box dialects: how regions in pixels are written as text for a model, and read back.

Every module of this package that has `DIALECTS` adds its dialects to the registry here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.dialects.kit import Dialect
from converters.regions import shapes as regions
from converters.regions.geometry import Bools, Floats
from converters.regions.numbers import by_kind, taken
from converters.registry import declared
from schemas.names import known_names
from schemas.sample import Box, Polygon, Quad, Shape
from schemas.toml import ConfigError

Strings = npt.NDArray[np.object_]
# What a shape may be written as, the closest first. The first entries lose nothing.
_WAYS: dict[type, tuple[type, ...]] = {
    Box: (Box, Quad, Polygon),
    Quad: (Quad, Polygon, Box),
    Polygon: (Polygon, Quad, Box),
}
_EXACT = {(Box, Quad), (Box, Polygon), (Quad, Polygon)}
_LITTLE = 1.2  # how many times as large an upright rectangle may be as the smallest one
_CLOSE = (Quad, Box)  # for whatever else a dialect cannot write


DIALECTS_LISTED = "docs/dialects.md"  # where they are shown, one region in each
DIALECTS: dict[str, Dialect] = declared(__name__, __path__, "DIALECTS", Dialect)


def dialect(name: str) -> Dialect:
    """The dialect of a name. Raises ConfigError naming those like it."""
    if name not in DIALECTS:
        known = known_names(name, DIALECTS, DIALECTS_LISTED)
        raise ConfigError(f'unknown dialect "{name}"; {known}')
    return DIALECTS[name]


def with_settings(name: str, **settings: int) -> Dialect:
    """A dialect with some of its settings changed.

    Raises ConfigError for a setting that it does not have, or one that is no positive whole number.
    """
    base = dialect(name)
    faults = []
    for key, value in settings.items():
        if key not in base.settings:
            known = ", ".join(base.settings) or "none"
            faults.append(f'dialect "{name}" has no setting "{key}"; it has: {known}')
        elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
            faults.append(f'dialect "{name}": {key} must be a positive whole number, not {value!r}')
    if faults:
        raise ConfigError("\n".join(faults))
    if base.vary is None or not settings:
        return base
    return base.vary(**{**base.settings, **settings})


class Rendered(NamedTuple):
    """Shapes as texts, each "" where there is none.

    reasons: why one cannot be written, or "". enclosed: which texts stand for another shape around
    it; clamped: for one whose corner beyond the picture moved to its edge (of a dialect that is
    `bounded`).
    """

    texts: Strings
    reasons: Strings
    enclosed: Bools
    clamped: Bools

    @property
    def counts(self) -> Counter[str]:
        """How many texts stand for another shape, by what was done to it."""
        return +Counter(enclosed=int(self.enclosed.sum()), clamped=int(self.clamped.sum()))


def render(
    dialect: Dialect,
    shapes: Sequence[Shape],
    sizes: Floats,
    unsayable: Literal["enclose", "reject"] = "enclose",
) -> tuple[list[str], Strings, Counter[str]]:
    """Texts of shapes, why one cannot be written, and what was done to some (see `rendered`)."""
    found = rendered(dialect, shapes, sizes, unsayable)
    return found.texts.tolist(), found.reasons, found.counts


def rendered(
    dialect: Dialect,
    shapes: Sequence[Shape],
    sizes: Floats,
    unsayable: Literal["enclose", "reject"] = "enclose",
) -> Rendered:
    """Texts of shapes, each for itself.

    sizes: (n, 2) width and height of their pictures, infinite where unknown. unsayable: whether a
    shape that the dialect cannot write is written as the closest one around it.
    """
    count = len(shapes)
    texts, reasons = (np.full(count, "", object) for _ in range(2))
    enclosed, clamped = (np.zeros(count, bool) for _ in range(2))
    if dialect.needs_size:
        reasons[~np.isfinite(sizes).all(axis=1)] = "no_size"
    written = shapes
    for kind, places in by_kind(shapes).items():
        way = _way(kind, dialect.shapes)
        places = places[reasons[places] == ""]
        if way is kind or not len(places):
            continue
        if (kind, way) not in _EXACT:
            if unsayable == "reject":
                reasons[places] = "not_sayable"
                continue
            enclosed[places] = True
        whole = taken(shapes, places)
        fresh = regions.enclose(whole, way)
        if way is Quad and (kind, way) not in _EXACT:
            fresh = _inside(fresh, whole, sizes[places])
        if not isinstance(written, list) or written is shapes:
            written = [*shapes]
        for place, shape in zip(places.tolist(), fresh, strict=True):
            written[place] = shape
    keep = np.flatnonzero(reasons == "")
    fit = taken(written, keep)
    if dialect.bounded and len(fit):
        beyond = regions.envelopes(fit)
        leaves = (beyond < 0).any(axis=1) | (beyond[:, 2:] > sizes[keep]).any(axis=1)
        clamped[keep] = leaves
    texts[keep] = np.array(dialect.write(fit, sizes[keep]), object)
    return Rendered(texts, reasons, enclosed, clamped)


def _inside(quads: Sequence[Shape], shapes: Sequence[Shape], sizes: Floats) -> list[Shape]:
    """Smallest rectangles; upright ones in place of those that leave the picture for little gain.

    quads: those around shapes, which lie in pictures of the sizes (n, 2).
    """
    if not quads:
        return []
    around, upright = regions.envelopes(quads), regions.envelopes(shapes)
    leaves = (around < -1).any(axis=1) | (around[:, 2:] > sizes + 1).any(axis=1)
    areas = (upright[:, 2] - upright[:, 0]) * (upright[:, 3] - upright[:, 1])
    straight = regions.enclose([Box(*box) for box in upright.tolist()], Quad)
    points = np.array([quad.points for quad in quads if isinstance(quad, Quad)]).reshape(-1, 4, 2)
    first, second = points[:, 1] - points[:, 0], points[:, 2] - points[:, 1]
    smallest = np.hypot(*first.T) * np.hypot(*second.T)
    chosen = leaves & (areas <= _LITTLE * smallest)
    return [
        other if is_upright else quad
        for quad, other, is_upright in zip(quads, straight, chosen.tolist(), strict=True)
    ]


def _way(kind: type, known: frozenset[type]) -> type:
    """What a shape is written as. Raises TypeError for what is no shape."""
    if kind in known:
        return kind
    if kind not in regions.KINDS:
        raise TypeError(f"{kind.__name__} is no shape")
    return next(way for way in _WAYS.get(kind, _CLOSE) if way in known)
