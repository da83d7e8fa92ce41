"""Regions as columns: the same in all that is done to them as the same regions one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.dialects import DIALECTS, rendered
from converters.regions import scenes
from converters.regions.columns import Regions, Run, joined
from converters.regions.numbers import ShapeArray, by_kind, numbers_of, taken
from converters.rows.regions import native_texts, region_values
from converters.tasks.scene_words import SceneWords
from schemas.sample import Box, Picture, Quad, Region, Sample, Shape

NUMBER = st.one_of(
    st.integers(-20, 130).map(float),
    st.floats(-20, 130, width=32),
    st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 1e9]),
)
SIDES = {Box: 4, Quad: 8}
SIZE = (100, 80)


def shape_of(kind: type, numbers: Sequence[float]) -> Shape:
    return Box(*numbers) if kind is Box else Quad(tuple(numbers))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[type, list[list[Region]]]:
    """Regions of one kind of shape in several pictures, some of them twice."""
    kind = draw(st.sampled_from([Box, Quad]))
    numbers = st.lists(NUMBER, min_size=SIDES[kind], max_size=SIDES[kind])
    region = st.builds(
        lambda label, some, image, ignored: Region("", label, shape_of(kind, some), image, ignored),
        st.sampled_from(["ship", "7", "storage_tank"]),
        numbers,
        st.sampled_from([0, 0, 0, 1]),
        st.booleans(),
    )
    some = draw(st.lists(st.lists(region, min_size=1, max_size=4), min_size=1, max_size=4))
    for regions in some:
        if draw(st.booleans()):
            regions.append(regions[0])
    count = iter(range(1000))
    return kind, [
        [Region(str(next(count)), r.label, r.shape, r.image, r.ignored) for r in regions]
        for regions in some
    ]


def columns_of(kind: type, regions: Sequence[Region]) -> Regions:
    listed = Regions.of(regions)
    numbers = numbers_of(listed.shapes)[1].reshape(-1, SIDES[kind])
    return Regions(
        listed.keys, listed.labels, ShapeArray(kind, numbers), listed.images, listed.ignored
    )


def samples_of(groups: Sequence[Sequence[Region]]) -> list[Sample]:
    shown = (Picture("a.png"), Picture("b.png"))
    return [
        Sample(str(i), "f.txt", "train", shown[: 1 + i % 2], regions=regions)
        for i, regions in enumerate(groups)
    ]


def runs_of(kind: type, groups: Sequence[Sequence[Region]]) -> list[Run]:
    columns = columns_of(kind, [region for group in groups for region in group])
    ends = np.cumsum([len(group) for group in groups]).tolist()
    return [Run(columns, end - len(g), end) for end, g in zip(ends, groups, strict=True)]


@settings(max_examples=150, deadline=None)
@given(pictures())
def test_all_that_is_known_of_regions_is_the_same(made: tuple[type, list[list[Region]]]) -> None:
    kind, groups = made
    (plain, repairs), (fast, others) = (
        scenes.clean(samples_of(some), lambda path: SIZE, {"7": "plane"})
        for some in ([tuple(group) for group in groups], runs_of(kind, groups))
    )
    assert repairs == others
    for name in ("owner", "starts", "sizes", "boxes", "areas", "names", "reasons", "details"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(fast, name), name)
    assert repr([*plain.shapes]) == repr([*fast.shapes])
    for item, reason in enumerate(plain.reasons):
        assert plain.reject(item, reason or "ignored") == fast.reject(item, reason or "ignored")
    assert native_texts(plain.native.labels, plain.native.shapes) == native_texts(
        fast.native.labels, fast.native.shapes
    )
    good = np.flatnonzero(plain.reasons == "")
    values = [
        region_values(one.native.take(good), taken(one.shapes, good), one.boxes[good])
        for one in (plain, fast)
    ]
    assert values[0] == values[1]
    every = [SceneWords(one) for one in (plain, fast)]
    assert every[0].keys == every[1].keys
    for dialect in DIALECTS.values():
        texts = [rendered(dialect, taken(s.shapes, good), s.sizes[good]) for s in (plain, fast)]
        for one, other in zip(*texts, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_run_is_equal_to_the_regions_that_it_stands_for() -> None:
    regions = [
        Region(str(i), "ship", Box(float(i), 0.0, i + 5.0, 9.0), ignored=i == 1) for i in range(4)
    ]
    [first, second] = runs_of(Box, [regions[:1], regions[1:]])
    assert (first, second) == (tuple(regions[:1]), tuple(regions[1:]))
    assert tuple(regions[1:]) == second != first
    assert (second[0], second[-1], second[1:]) == (regions[1], regions[3], tuple(regions[2:]))
    assert repr(first) == repr(tuple(regions[:1]))
    assert second != regions[1:]  # a list is no tuple either
    with pytest.raises(IndexError):
        second[3]
    with pytest.raises(IndexError):
        first[-2]


def test_runs_are_joined_in_their_order_whatever_is_left_out() -> None:
    regions = [Region(str(i), "ship", Box(float(i), 0.0, i + 5.0, 9.0)) for i in range(5)]
    [a, b, c] = runs_of(Box, [regions[:1], regions[1:3], regions[3:]])
    whole = joined([a, b, c])
    assert whole is a.columns
    assert [*joined([c, a]).keys] == ["3", "4", "0"]
    assert isinstance(joined([c, a]).shapes, ShapeArray)
    assert [*joined([a, tuple(regions[3:])]).keys] == ["0", "3", "4"]
    [other] = runs_of(Box, [regions[:2]])
    assert [*joined([c, other]).keys] == ["3", "4", "0", "1"]
    assert [*joined([b, a, c]).keys] == ["1", "2", "0", "3", "4"]


def test_shapes_of_an_array_are_taken_and_counted_like_a_list() -> None:
    quads = ShapeArray(Quad, np.arange(16.0).reshape(2, 8))
    assert [*quads] == [Quad(tuple(range(8))), Quad(tuple(range(8, 16)))]
    assert quads[1] == Quad(tuple(range(8, 16)))
    assert [*quads[:1]] == [quads[0]]
    assert {kind: some.tolist() for kind, some in by_kind(quads).items()} == {Quad: [0, 1]}
    assert by_kind(quads[:0]) == {}
    assert [*taken(quads, np.array([1, 1]))] == [quads[1], quads[1]]
    lengths, flat = numbers_of(quads)
    assert (lengths.tolist(), flat.tolist()) == ([8, 8], [*range(16)])
