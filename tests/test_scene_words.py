"""What all sources of a mix share of a batch of regions: texts for identities, words, boxes."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest
from msgspec.structs import replace

from converters.regions import scenes
from converters.regions.columns import Regions
from converters.regions.scenes import Shown
from converters.rows.identity import hash128
from converters.rows.regions import native_texts, region_lists, region_values
from converters.tasks import scene_words
from converters.tasks.scene_words import SceneWords
from schemas.sample import Box, Mask, Picture, Polygon, Quad, Region, Sample, Shape

QUAD = Quad((1.0, 2.0, 9.5, 2.0, 9.5, 8.0, 1.0, 8.0))
POLYGON = Polygon((0.0, 0.0, 8.0, 0.0, 8.0, 8.0, 4.0, 9.0, 0.0, 8.0))


def words_of(*samples: Sample, size: tuple[int, int] | None = (100, 100)) -> SceneWords:
    return SceneWords(scenes.clean(samples, lambda path: size, {})[0])


def sample(key: str, *regions: Region, pictures: tuple[str, ...] = ("a.png",)) -> Sample:
    return Sample(key, f"{key}.txt", "train", tuple(map(Picture, pictures)), regions=regions)


def region(key: str, label: str, shape: Shape, image: int = 0) -> Region:
    return Region(key, label, shape, image)


@pytest.mark.parametrize(
    "shape, text",
    [
        (Box(1.0, 20.0, 300.0, 4000.0), "1,20,300,4000"),
        (Box(-1.0, -0.0, 0.0, 2.5), "-1,-0,0,2.5"),
        (Box(-0.0, 0.0, 1.0, 2.0), "-0,0,1,2"),
        (Box(0.1 + 0.2, 1e-7, 123456.789, 1.0), "0.3,1e-07,123456.789,1"),
        (Box(999999999999.0, 1000000000000.0, 1e300, 7.0), "999999999999,1e+12,1e+300,7"),
        (Box(float("nan"), float("inf"), 1.0, 2.0), "nan,inf,1,2"),
        (QUAD, "1,2,9.5,2,9.5,8,1,8"),
        (POLYGON, "0,0,8,0,8,8,4,9,0,8"),
        (Mask(4, 2, (1, 2, 5)), "4,2,1,2,5"),
    ],
)
def test_a_region_as_read_is_its_class_and_its_numbers(shape: Shape, text: str) -> None:
    assert native_texts(["a ship"], [shape]).to_pylist() == [f"a ship:{text}"]


def test_regions_of_all_kinds_are_told_in_their_order() -> None:
    shapes = [POLYGON, Box(1.0, 2.0, 3.0, 4.0), Mask(2, 1, (1, 1)), QUAD, Box(1.5, 2.0, 3.0, 4.0)]
    assert native_texts([f"class {i}" for i in range(5)], shapes).to_pylist() == [
        "class 0:0,0,8,0,8,8,4,9,0,8",
        "class 1:1,2,3,4",
        "class 2:2,1,1,1",
        "class 3:1,2,9.5,2,9.5,8,1,8",
        "class 4:1.5,2,3,4",
    ]
    assert native_texts([], []).to_pylist() == []


def test_a_picture_is_told_by_all_its_regions_and_in_a_pair_by_its_place() -> None:
    ship, boat = Box(1.0, 1.0, 9.0, 9.0), Box(2.0, 2.0, 8.0, 8.0)
    words = words_of(
        sample("none"),
        sample("one", region("0", "ship", ship), region("1", "boat", boat)),
        sample(
            "pair",
            region("0", "ship", ship, image=1),
            region("1", "boat", boat, image=0),
            region("2", "boat", boat, image=1),
            region("3", "boat", boat, image=7),  # in no picture
            pictures=("a.png", "b.png"),
        ),
    )
    told = [
        "",
        "ship:1,1,9,9\x1eboat:2,2,8,8",
        "0\x1fboat:2,2,8,8",
        "1\x1fship:1,1,9,9\x1eboat:2,2,8,8",
    ]
    shown = [Shown(0, 0), Shown(1, 0), Shown(2, 0), Shown(2, 1)]
    assert words.whole(shown).tolist() == hash128(pa.array(told)).tolist()


def test_a_region_is_told_by_the_key_of_its_record_and_itself() -> None:
    words = words_of(
        sample("a", region("x", "ship", Box(1.0, 1.0, 9.0, 9.0))),
        sample("b", region("y", "boat", Box(2.0, 2.0, 8.0, 8.0))),
    )
    assert words.keys.to_pylist() == ["a#x", "b#y"]
    assert words.hashes.tolist() == hash128(pa.array(["ship:1,1,9,9", "boat:2,2,8,8"])).tolist()


def test_words_of_size_and_place_are_a_column_of_all_regions() -> None:
    words = words_of(
        sample(
            "a",
            region("0", "boats", Box(1.0, 1.0, 3.0, 3.0)),
            region("1", "harbor", Box(40.0, 60.0, 99.0, 99.0)),
            region("2", "ship", Box(200.0, 1.0, 300.0, 9.0)),  # outside
        )
    )
    assert words.names[:2] == ["small boat", "large harbor"]
    assert words.places[:2] == ["top left", "bottom right"]
    assert len(words.names) == len(words.places) == len(words.near_places) == 3


def test_regions_of_a_picture_of_unknown_size_do_no_harm_to_others() -> None:
    words = words_of(sample("a", region("0", "ship", Box(1.0, 1.0, 3.0, 3.0))), size=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (len(words.places), len(words.names), len(words.near_places)) == (1, 1, 1)


def test_a_census_counts_what_can_stay_and_knows_what_is_unsure() -> None:
    lost = region("2", "boat", Box(5.0, 5.0, 5.0, 9.0))  # without an area
    first = region("0", "ship", Box(1.0, 1.0, 3.0, 3.0))
    words = words_of(
        replace(
            sample("a", first, lost, region("3", "ship", Box(2.0, 2.0, 4.0, 4.0))),
            unplaced=("harbor",),
        ),
        sample("b", first),
    )
    known = words.census(Shown(0, 0))
    assert (known.groups, known.items) == ({"ship": [0, 2]}, [0, 2])
    assert [name for name in ("ship", "boat", "harbor") if not known.sure(name)] == [
        "boat",
        "harbor",
    ]
    assert words.census(Shown(1, 0)).unsure == set()


def test_a_region_is_written_once_for_all_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = scene_words.rendered

    def rendered(dialect, shapes, sizes, unsayable):  # type: ignore[no-untyped-def]
        asked.append(len(shapes))
        return real(dialect, shapes, sizes, unsayable)

    monkeypatch.setattr(scene_words, "rendered", rendered)
    words = words_of(
        sample(
            "a",
            region("0", "ship", Box(0.0, 0.0, 50.0, 50.0)),
            region("1", "ship", POLYGON),
            region("2", "ship", Box(50.0, 50.0, 100.0, 100.0)),
        )
    )
    first = words.written("geochat", "enclose", np.array([0, 1]))
    again = words.written("geochat", "enclose", np.array([2, 1]))
    words.written("geochat", "enclose", np.array([0, 2]))
    assert asked == [2, 1]
    assert first.texts.tolist() == ["{<0><0><50><50>|<0>}", "{<0><0><8><9>|<0>}"]
    assert again.texts.tolist() == ["{<50><50><100><100>|<0>}", "{<0><0><8><9>|<0>}"]
    assert (first.counts, again.counts) == ({"enclosed": 1}, {"enclosed": 1})
    assert words.written("geochat", "reject", np.array([1, 2])).reasons.tolist() == [
        "not_sayable",
        "",
    ]


def test_regions_in_rows_are_taken_from_those_that_can_stay() -> None:
    words = words_of(
        sample(
            "a",
            region("0", "lost", Box(5.0, 5.0, 5.0, 9.0)),
            region("1", "turned", QUAD),
            region("2", "boxed", Box(-5.0, 1.0, 3.0, 3.0)),
        )
    )
    assert words.regions([2, 1, 2]).to_pylist() == [
        {
            "image": 0,
            "label": "boxed",
            "shape": "hbb",
            "bbox": [0, 1, 3, 3],
            "points": None,
            "counts": None,
            "phrase": None,
        },
        {
            "image": 0,
            "label": "turned",
            "shape": "obb",
            "bbox": [1, 2, 9.5, 8],
            "points": [1, 2, 9.5, 2, 9.5, 8, 1, 8],
            "counts": None,
            "phrase": None,
        },
        words.regions([2]).to_pylist()[0],
    ]


def test_lists_of_regions_may_hold_what_authors_call_them() -> None:
    shapes: list[Shape] = [Mask(2, 1, (1, 1)), POLYGON]
    regions = [region(str(i), "ship", shape, image=i) for i, shape in enumerate(shapes)]
    values = region_values(
        Regions.of(regions), shapes, np.array([[1, 0, 2, 1], [0, 0, 8, 9]], float)
    )
    rows = region_lists([0, 2], values, ["the left one", None]).to_pylist()
    assert rows[0] == []
    assert [one["phrase"] for one in rows[1]] == ["the left one", None]
    assert [one["image"] for one in rows[1]] == [0, 1]
    assert [one["shape"] for one in rows[1]] == ["mask", "polygon"]
    assert [one["counts"] for one in rows[1]] == [[1, 1], None]
    assert [one["bbox"] for one in rows[1]] == [[1, 0, 2, 1], [0, 0, 8, 9]]
