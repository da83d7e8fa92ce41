"""What the numbers of a mask mean: from a table in the catalogue to masks of classes."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from converters.read.files import SourceError
from converters.read.rasters import Form, colour_code, colour_of
from converters.regions.areas import Ints, Runs, masks_by, pixels_by_value
from converters.regions.attributes import spoken
from schemas.sample import Mask

Channel = Annotated[int, Meta(ge=0, le=255)]
Colour = Annotated[list[Channel], Meta(min_length=3, max_length=3)]
Value = int | Colour | Literal["nonzero"]
_BLANK = -1  # stands for a value that is no class


class PixelTable(Struct, forbid_unknown_fields=True, kw_only=True):
    """What an entry says of the numbers in its masks.

    values: the value of each class, by the class's name as its authors write it: a number, a colour
    `[red, green, blue]`, or "nonzero" for the only class of a mask of two values. blank: the values
    that are no class (no data, boundaries, background), by what they are. channel: the band that
    holds the values, counted from 0, where bands differ. threshold: 8-bit channels below it count
    as 0 and others as 255 (masks in JPEG, smoothed edges). asks: the words that ask for a class,
    with `{class}` for its name in plain words. phrases: the words for those of which that would not
    be said, by name.
    """

    values: dict[str, Value]
    blank: dict[str, Value] = {}
    channel: Annotated[int, Meta(ge=0)] | None = None
    threshold: Annotated[int, Meta(ge=1, le=255)] | None = None
    asks: str = "the {class} area"
    phrases: dict[str, str] = {}

    def phrase(self, name: str) -> str:
        """The words that ask for a class."""
        return self.phrases.get(name) or self.asks.replace("{class}", spoken(name))


class PixelClasses(NamedTuple):
    """A table made ready: the form in which files are read, and what each number means.

    names: the classes in the table's order. codes: ascending; which: of each code the class, or -1.
    """

    form: Form
    names: tuple[str, ...]
    codes: Ints
    which: npt.NDArray[np.int16]

    def of(self, runs: Runs) -> tuple[npt.NDArray[np.int16], Ints]:
        """For each run its class or -1, and which runs have a value that the table lacks."""
        place = np.searchsorted(self.codes, runs.value).clip(max=len(self.codes) - 1)
        unknown = np.flatnonzero(self.codes[place] != runs.value)
        classes = self.which[place]
        classes[unknown] = _BLANK
        return classes, unknown

    def name(self, code: int) -> str | None:
        """The class of a number, or None where it is none."""
        [place] = np.flatnonzero(self.codes == code).tolist() or [_BLANK]
        return (
            None
            if place == _BLANK or self.which[place] == _BLANK
            else self.names[self.which[place]]
        )

    def written(self, code: int) -> str:
        """A number as the table would write it."""
        return str(list(colour_of(code))) if self.form.coloured else str(code)


class Areas(NamedTuple):
    """The classes that a mask shows, in the table's order, and what is wrong with it in words.

    unknown: which values the table lacks, and how many pixels have them; else empty.
    """

    masks: list[tuple[str, Mask]]
    unknown: str


def pixel_classes(table: PixelTable) -> PixelClasses:
    """A table made ready.

    Raises SourceError where it has no class, one value twice, values of several kinds, or words for
    a class that it lacks.
    """
    if strangers := table.phrases.keys() - table.values.keys():
        raise SourceError(f"`phrases` names a class that `values` lacks: {min(strangers)}")
    names = tuple(table.values)
    values = [*table.values.values(), *table.blank.values()]
    kinds = {type(value) for value in values}
    if not names or len(kinds) > 1:
        raise SourceError("`values` and `blank` need a class, and values that are all of one kind")
    form = Form(list in kinds, table.channel, table.threshold, str in kinds)
    if form.any:
        if len(values) > 1:
            raise SourceError('"nonzero" is one class, and nothing else stands beside it')
        return PixelClasses(form, names, np.array([0, 1]), np.array([_BLANK, 0], np.int16))
    codes = np.array([colour_code(*v) if isinstance(v, list) else v for v in values], np.int64)
    which = np.array([*range(len(names)), *[_BLANK] * len(table.blank)], np.int16)
    order = np.argsort(codes, kind="stable")
    if len(repeated := codes[order][1:][np.diff(codes[order]) == 0]):
        twice = list(colour_of(int(repeated[0]))) if form.coloured else int(repeated[0])
        raise SourceError(f"`values` and `blank` name {twice} twice")
    return PixelClasses(form, names, codes[order], which[order])


def areas(runs: Runs, classes: PixelClasses) -> Areas:
    """The mask of each class that occurs."""
    of_run, unknown = classes.of(runs)
    masks = [(classes.names[k], mask) for k, mask in masks_by(runs, of_run) if k != _BLANK]
    return Areas(masks, _unknown(runs, unknown, classes) if len(unknown) else "")


def _unknown(runs: Runs, unknown: Ints, classes: PixelClasses) -> str:
    pixels = pixels_by_value(
        runs._replace(start=runs.start[unknown], stop=runs.stop[unknown], value=runs.value[unknown])
    )
    most = max(pixels, key=lambda code: pixels[code])
    text = (
        f"{pixels[most]} pixel(s) of value {classes.written(most)}, which the entry does not name"
    )
    if len(pixels) > 1:
        rest = sum(pixels.values()) - pixels[most]
        text += f", and {rest} of {len(pixels) - 1} other value(s)"
    return text
