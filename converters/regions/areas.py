"""Arrays of classes or ids as masks, all values of an array in one pass.

An array is taken apart into *runs* of equal values down its columns; a mask is some of the runs.
Time follows the pixels once, then the runs, however many values there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from converters.read import files
from converters.read.files import SourceError
from converters.read.folder import Folder
from converters.read.headers import PictureError
from converters.read.rasters import Form, read_pixels
from schemas.sample import Mask, Reject

Ints = npt.NDArray[np.int64]
_BLOCK = 1 << 24  # pixels that are compared at once


class Runs(NamedTuple):
    """Runs of equal values down the columns of a picture of width x height.

    start, stop: where each begins and ends; each begins where the one before ended. value: of each.
    """

    width: int
    height: int
    start: Ints
    stop: Ints
    value: npt.NDArray[Any]


def read_runs(folder: Folder, name: str, split: str, form: Form) -> Runs | Reject:
    """The runs of a mask file below `base`, or a Reject with the file as its key."""
    try:
        return runs_of(read_pixels(files.join(folder.base, name), form))
    except PictureError as error:
        reason = "oversized_image" if error.args[0] == "oversized_image" else "unreadable_file"
        detail = error.args[1]
    except files.Unopenable as error:
        reason, detail = "unreadable_file", str(error.strerror)
    except FileNotFoundError:
        reason, detail = "unreadable_file", "the mask is not there"
    except (OSError, SourceError) as error:
        reason, detail = "unreadable_file", str(error)
    return Reject(folder.relative(name), name, split, reason, detail)


def runs_of(pixels: npt.NDArray[Any]) -> Runs:
    """The runs of an array (height, width)."""
    height, width = pixels.shape
    # Fast way: a value that differs from the one above begins a run. Few do, so they are found row
    # by row and then sorted, where turning all pixels into columns takes four times as long. In
    # blocks of rows: a scene has up to a thousand million pixels.
    rows = max(1, _BLOCK // width)
    begins = [np.arange(width, dtype=np.int64) * height]
    for top in range(0, height - 1, rows):
        block = pixels[top : top + rows + 1]
        y, x = np.divmod(np.flatnonzero(block[1:] != block[:-1]), width)
        begins.append(x * height + y + (top + 1))
    start = np.concatenate(begins)
    start.sort()
    x, y = np.divmod(start, height)
    value = pixels[y, x]
    # A run may go on at the top of the next column.
    fresh = np.ones(len(start), bool)
    np.not_equal(value[1:], value[:-1], out=fresh[1:])
    start = start[fresh]
    return Runs(width, height, start, np.append(start[1:], width * height), value[fresh])


def mask_of_runs(runs: Runs, chosen: Ints) -> Mask:
    """The mask of some runs. chosen: their indices, ascending."""
    begins, ends = runs.start[chosen], runs.stop[chosen]
    total = runs.width * runs.height
    # Neighbours of two values become one run of the mask.
    apart = np.ones(len(begins) + 1, bool)
    np.not_equal(begins[1:], ends[:-1], out=apart[1:-1])
    begins, ends = begins[apart[:-1]], ends[apart[1:]]
    edges = np.empty(2 * len(begins) + 2, np.int64)
    edges[0], edges[-1] = 0, total
    edges[1:-1:2], edges[2:-1:2] = begins, ends
    counts: list[int] = np.diff(edges).tolist()
    if len(counts) > 1 and counts[-1] == 0:
        counts.pop()
    return Mask(runs.width, runs.height, tuple(counts))


def masks_by(runs: Runs, group: npt.NDArray[Any]) -> Iterator[tuple[int, Mask]]:
    """(number, the mask of its runs) of each number that occurs, ascending.

    group: a number for each run.
    """
    order = np.argsort(group, kind="stable")
    for some in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        yield int(group[some[0]]), mask_of_runs(runs, some)


def pixels_by_value(runs: Runs) -> dict[int, int]:
    """How many pixels have each value, values ascending."""
    values, which = np.unique(runs.value, return_inverse=True)
    pixels = np.bincount(which, weights=runs.stop - runs.start).astype(np.int64)
    return dict(zip(values.tolist(), pixels.tolist(), strict=True))


def most_common(objects: Runs, others: Runs) -> dict[int, int]:
    """For each value of one array the value that most of its pixels have in another of its size.

    Of several the smallest.
    """
    stop = np.union1d(objects.stop, others.stop)
    owner = objects.value[np.searchsorted(objects.stop, stop)].astype(np.int64)
    value = others.value[np.searchsorted(others.stop, stop)].astype(np.int64)
    pairs, which = np.unique(np.column_stack([owner, value]), axis=0, return_inverse=True)
    pixels = np.bincount(which.ravel(), weights=np.diff(stop, prepend=0))
    # The largest number of an owner's pixels comes first, and of equal ones the smallest value.
    order = np.lexsort((pairs[:, 1], -pixels, pairs[:, 0]))
    found: dict[int, int] = {}
    for owned, most in pairs[order].tolist():
        found.setdefault(owned, most)
    return found
