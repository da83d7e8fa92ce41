"""How lengths, boxes, resolutions and sensors of written rows spread: counts that add up.

Each is a count of a bin, so that any number of shards adds up to the same. Bins double from one to
the next where values run over many magnitudes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tokens import lengths as token_lengths

GRID = 16  # cells of the map of boxes, along each side
HALVES = 16  # half-octaves below the picture's side in which box sides are told apart
_MOST_TURNS = 64
_ROWS_AT_ONCE = 1 << 14
_HAN = r"\p{Han}"
Ints = npt.NDArray[np.int64]


class Spread(NamedTuple):
    """One bin of one measure.

    measure and bin: `turns`, their number; `request` and `answer`, characters of a row's human and
    gpt turns, powers of two; `request_tokens`, `answer_tokens` and both together, `row_tokens`,
    the same in tokens, where a tokenizer was named; `box_side`, a box's side (root of its area)
    against the picture's, half-octaves from HALVES (the whole picture) downwards; `box_place`, the
    cell of a box's centre, row by row; `gsd`, metres a pixel, powers of two; `sensor`; `chinese`,
    rows with Chinese characters. group: the task, the dataset or the sensor.
    """

    measure: str
    group: str
    bin: int


def spread(rows: pa.Table, tokenizer: str = "") -> Counter[Spread]:
    """What rows in the row schema hold. tokenizer: a file, for lengths in tokens."""
    found: Counter[Spread] = Counter()
    # Some at a time: what is worked out of a million boxes at once takes 0.2 GB.
    for start in range(0, rows.num_rows, _ROWS_AT_ONCE):
        found.update(_of(rows.slice(start, _ROWS_AT_ONCE), tokenizer))
    return found


def _of(rows: pa.Table, tokenizer: str) -> Counter[Spread]:
    found: Counter[Spread] = Counter()
    tasks, datasets = _groups(rows["task"]), _groups(rows["dataset"])
    turns = pc.list_value_length(rows["conversations"].combine_chunks())
    _add(found, "turns", tasks, np.minimum(np.asarray(turns), _MOST_TURNS))
    talk = rows["conversations"].combine_chunks()
    characters = pc.fill_null(pc.utf8_length(talk.flatten().field("value")), 0)
    for measure, lengths in _lengths(talk, characters).items():
        _add(found, measure, tasks, doublings(lengths))
    if tokenizer:
        tokens = token_lengths(tokenizer, talk.flatten().field("value").cast(pa.string()))
        sides = {f"{name}_tokens": n for name, n in _lengths(talk, tokens).items()}
        sides["row_tokens"] = sides["request_tokens"] + sides["answer_tokens"]
        for measure, lengths in sides.items():
            _add(found, measure, tasks, doublings(lengths))
    if chinese := _chinese(talk, characters):
        found[Spread("chinese", "", 0)] = chinese
    _boxes(found, rows, datasets)
    gsd = np.asarray(rows["gsd"].combine_chunks().fill_null(np.nan), float)
    known = np.flatnonzero((gsd > 0) & np.isfinite(gsd))
    if len(known):
        bins = np.floor(np.log2(gsd[known])).astype(np.int64)
        _add(found, "gsd", datasets.take(pa.array(known)), bins)
    sensors = rows["sensor"].cast(pa.string()).drop_null().value_counts().to_pylist()
    found.update({Spread("sensor", one["values"], 0): one["counts"] for one in sensors})
    return found


def doublings(values: npt.ArrayLike) -> Ints:
    """The power of two that each count reaches: 1 for 2 and 3, and -1 for none."""
    counts = np.asarray(values, np.int64)
    return np.where(counts > 0, np.frexp(counts.astype(float))[1] - 1, -1).astype(np.int64)


def _groups(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A column of texts as a dictionary, which those of a run are."""
    whole = column.combine_chunks()
    return whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()


def _add(found: Counter[Spread], measure: str, groups: pa.DictionaryArray, bins: Ints) -> None:
    """Counts bins by group. groups: the name of each value's group."""
    codes, names = np.asarray(groups.indices, np.int64), groups.dictionary.to_pylist()
    low, width = int(bins.min()), int(np.ptp(bins)) + 1
    # Fast way: group and bin as one number, counted at once. The plain way is np.unique of pairs.
    counts = np.bincount(codes * width + (bins - low), minlength=len(names) * width)
    for place in np.flatnonzero(counts).tolist():
        group, number = divmod(place, width)
        found[Spread(measure, names[group], number + low)] += int(counts[place])


def _lengths(talk: pa.ListArray, sizes: Any) -> dict[str, Ints]:
    """Lengths of each row's requests and answers. sizes: of each turn, in characters or tokens."""
    owner = np.asarray(pc.list_parent_indices(talk))
    roles = talk.flatten().field("from").cast(pa.string())
    counts = np.asarray(sizes, np.int64)
    lengths = {}
    for measure, role in (("request", "human"), ("answer", "gpt")):
        mine = np.asarray(pc.equal(roles, role))
        weights = np.where(mine, counts, 0)
        lengths[measure] = np.bincount(owner, weights, len(talk)).astype(np.int64)
    return lengths


def _chinese(talk: pa.ListArray, characters: pa.Array) -> int:
    """How many rows hold a Chinese character. characters: of each turn."""
    said = talk.flatten().field("value")
    # Fast way: text of one byte a character, nearly all of it, is not searched.
    wide = np.flatnonzero(
        np.asarray(pc.fill_null(pc.not_equal(characters, pc.binary_length(said)), False))
    )
    if not len(wide):
        return 0
    owner = np.asarray(pc.list_parent_indices(talk))[wide]
    found = np.asarray(pc.match_substring_regex(said.take(pa.array(wide)), _HAN))
    return len(np.unique(owner[found]))


def _boxes(found: Counter[Spread], rows: pa.Table, datasets: pa.Array) -> None:
    """Sides and places of regions whose picture's size is known."""
    regions, sizes = rows["regions"].combine_chunks(), rows["sizes"].combine_chunks()
    flat = regions.flatten()
    if not len(flat):
        return
    owner = np.asarray(pc.list_parent_indices(regions))
    starts = np.asarray(sizes.offsets)[:-1].astype(np.int64)
    held = np.asarray(pc.fill_null(pc.list_value_length(sizes), 0))
    image = np.asarray(flat.field("image"), np.int64)
    sized = image < held[owner]
    place = np.where(sized, starts[owner] + image, 0)
    width, height = (
        np.asarray(pc.fill_null(sizes.values.field(side).cast(pa.float64()), np.nan))
        for side in ("width", "height")
    )
    if not len(width):
        return
    boxes = np.asarray(flat.field("bbox").flatten(), float).reshape(-1, 4)
    picture = np.column_stack([width[place], height[place]])
    good = np.flatnonzero(sized & (picture > 0).all(axis=1))
    if not len(good):
        return
    share = (boxes[good] / np.tile(picture[good], 2)).clip(0, 1)
    area = (share[:, 2] - share[:, 0]) * (share[:, 3] - share[:, 1])
    # Half the logarithm of the area is that of the side; twice that is its half-octave.
    bins = np.floor(np.log2(area.clip(2.0**-HALVES))) + HALVES
    _add(found, "box_side", datasets.take(pa.array(owner[good])), bins.clip(0).astype(np.int64))
    centre = (share[:, :2] + share[:, 2:]) / 2
    cells = np.minimum((centre * GRID).astype(np.int64), GRID - 1)
    held_by = np.bincount(cells[:, 1] * GRID + cells[:, 0], minlength=GRID * GRID)
    for cell in np.flatnonzero(held_by).tolist():
        found[Spread("box_place", "", cell)] += int(held_by[cell])
