"""What each dialect writes for a region, and what it reads in real texts. Worked out by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from regions import BOX, LYING, POLYGON, STANDING, Numbers, read, write

from converters.dialects import DIALECTS, dialect
from schemas.sample import Box, Mask, Quad

# What each writes: a box, worked out by hand, in a picture of 800 x 600


@pytest.mark.parametrize(
    "name, text",
    [
        ("earthdial", "<ref>ship</ref> <box>[[10, 15, 38, 35, 0]]</box>"),
        ("falcon", "ship <box><100><150><375><350></box>"),
        ("geochat", "<p>ship</p> {<10><15><38><35>|<0>}"),
        ("geopixel", "<p> ship </p> [SEG]"),
        ("internvl", "<ref>ship</ref><box>[[100, 150, 375, 350]]</box>"),
        ("lhrs", "ship [0.10, 0.15, 0.38, 0.35]"),
        ("llava_padded", "ship [0.10, 0.24, 0.38, 0.39]"),  # 100 rows above: 190 and 310 of 800
        ("minigpt_v2", "<p>ship</p> {<10><15><38><35>}"),
        ("mmrs", "ship [0.100,0.238,0.375,0.388]"),
        ("ms_swift", "ship <bbox>"),
        ("pixel", "ship [80, 90, 300, 210]"),
        # 800 x 600 becomes 812 x 588.
        ("qwen2_5_vl", '[{"bbox_2d": [81, 88, 304, 206], "label": "ship"}]'),
        (
            "qwen2_vl",
            "<|object_ref_start|>ship<|object_ref_end|><|box_start|>(100,150),(375,350)<|box_end|>",
        ),
        ("qwen3_vl", '[{"bbox_2d": [100, 150, 375, 350], "label": "ship"}]'),
        ("rscovlm", '```json\n[\n\t{"bbox_2d": [80, 90, 300, 210], "label": "ship"}\n]\n```'),
        ("sarchat", "ship {<80><90><300><210>}"),
        ("teochat", "ship [10, 15, 38, 35]"),
        ("vhm", "ship [100, 150, 375, 350]"),
        ("vrsbench", "<p>ship</p> {<10><15><37><35>}"),
    ],
)
def test_a_box_with_its_words(name: str, text: str) -> None:
    assert dialect(name).named("ship", [write(name, BOX, (800, 600))]) == text


@pytest.mark.parametrize(
    "name, lying, standing",
    [
        ("earthdial", "[[40, 45, 60, 56, 30]]", "[[45, 40, 56, 60, 30]]"),
        ("geochat", "{<40><45><60><56>|<30>}", "{<45><40><56><60>|<30>}"),
        # The longer side runs 30 degrees down to the right, or 60 degrees up to the right.
        ("vrsbench_obb_v1", "{<50><50><20><10>|<-30>}", "{<50><50><20><10>|<60>}"),
        ("vrsbench_obb_v2", "{<43><40><56><59>|<-30>}", None),
        ("fit_rs", "{<50.25><50.25><20.50><10.50>|<30>}", "{<50.25><50.25><10.50><20.50>|<30>}"),
        (
            "rscovlm",
            '{"oriented bbox": [100, 100, 41, 21, 30]}',
            '{"oriented bbox": [100, 100, 41, 21, -60]}',
        ),
        # From the highest corner to the left one.
        (
            "lmmrotate",
            "<loc_439><loc_405><loc_387><loc_496><loc_565><loc_599><loc_617><loc_508>",
            None,
        ),
        ("falcon", "<quad><439><405><617><508><565><599><387><496></quad>", None),
        ("pixel", "[88, 81, 124, 102, 113, 120, 77, 99]", None),
    ],
)
def test_an_oriented_box_has_its_own_angle_and_order(
    name: str, lying: str, standing: str | None
) -> None:
    assert write(name, LYING, (200, 200)) == lying
    assert standing is None or write(name, STANDING, (200, 200)) == standing


def test_opencv_gives_an_upright_box_ninety_degrees() -> None:
    assert write("fit_rs", Quad((20, 40, 60, 40, 60, 60, 20, 60)), (200, 200)) == (
        "{<20.00><25.00><10.00><20.00>|<90>}"
    )


def test_an_upright_box_starts_at_its_top_left_for_lmmrotate() -> None:
    assert write("lmmrotate", Quad((20, 40, 60, 40, 60, 60, 20, 60)), (200, 200)) == (
        "<loc_100><loc_200><loc_100><loc_300><loc_300><loc_300><loc_300><loc_200>"
    )


@pytest.mark.parametrize(
    "name, text",
    [
        (
            "falcon",
            "<poly><200><550><500><550><500><700><375><700><375><900><200><900></poly>",
        ),
        ("vhm", "[200, 550, 500, 550, 500, 700, 375, 700, 375, 900, 200, 900]"),
        ("pixel", "[160, 330, 400, 330, 400, 420, 300, 420, 300, 540, 160, 540]"),
    ],
)
def test_a_polygon_is_its_corners(name: str, text: str) -> None:
    assert write(name, POLYGON, (800, 600)) == text


@pytest.mark.parametrize(
    "name, text",
    [
        ("earthdial", "<ref>s</ref> <box>[[1, 2, 3, 4, 0]][[5, 6, 7, 8, 0]]</box>"),
        ("falcon", "s <box><10><20><30><40></box><box><50><60><70><80></box>"),
        ("internvl", "<ref>s</ref><box>[[10, 20, 30, 40], [50, 60, 70, 80]]</box>"),
        ("minigpt_v2", "<p>s</p> {<1><2><3><4>}<delim>{<5><6><7><8>}"),
        (
            "qwen3_vl",
            '[{"bbox_2d": [10, 20, 30, 40], "label": "s"}, '
            '{"bbox_2d": [50, 60, 70, 80], "label": "s"}]',
        ),
        ("sarchat", "s {<10><20><30><40>}{<50><60><70><80>}"),
        ("teochat", "s [1, 2, 3, 4], [5, 6, 7, 8]"),
        ("ms_swift", "s <bbox>, <bbox>"),
    ],
)
def test_several_regions_of_one_phrase(name: str, text: str) -> None:
    shapes = [Box(10, 20, 30, 40), Box(50, 60, 70, 80)]
    texts = dialect(name).write(shapes, np.full((2, 2), 1000.0))
    assert dialect(name).named("s", texts) == text


def test_oriented_boxes_of_one_phrase() -> None:
    shape = Quad((20, 40, 60, 40, 60, 60, 20, 60))
    text = write("fit_rs", shape, (200, 200))
    assert dialect("fit_rs").join([text, text]) == f"<rbox>({text}, {text})</rbox>"
    assert dialect("lmmrotate").named("ship", ["<loc_1>", "<loc_2>"]) == "ship<loc_1><sep><loc_2>"


def test_words_with_quotes_stay_json() -> None:
    text = dialect("qwen3_vl").named('a "big" ship', ['{"bbox_2d": [1, 2, 3, 4]}'])
    assert text == '[{"bbox_2d": [1, 2, 3, 4], "label": "a \\"big\\" ship"}]'


def test_a_box_on_the_last_bin_is_no_point() -> None:
    assert write("falcon", Box(999.5, 0, 1000, 1000), (1000, 1000)) == (
        "<box><998><0><999><999></box>"
    )


# What is read


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("earthdial", "<box>[[1, 2, 3, 4, 0]]</box>", [(10, 20, 30, 40)]),
        ("earthdial", "a building at<box>[[[1, 2, 3, 4, 0]]]</box>", [(10, 20, 30, 40)]),
        (
            "earthdial",
            "[[1, 2, 3, 4, 0]][[5, 6, 107, -8, 0]]",
            [(10, 20, 30, 40), (50, 60, 1070, -80)],
        ),
        (
            "earthdial",
            "[[1, 2, 3, 4, 0], [5, 6, 7, 8, 0]]",
            [(10, 20, 30, 40), (50, 60, 70, 80)],
        ),
        ("earthdial", "[[86, 96, 14, 90]]", []),  # a number was lost with its minus sign
        ("minigpt_v2", "{<1><-2><3><104>}", [(10, -20, 30, 1040)]),
        ("minigpt_v2", "{<1><2><3><4>|<5>}", []),
        ("vrsbench", "{<45><45><59><59>}", [(450, 450, 590, 590)]),
        ("sarchat", "{<393><426><470><494>} (bottom right)", [(393, 426, 470, 494)]),
        ("teochat", "[1,2, 3,4]", [(10, 20, 30, 40)]),
        ("llava_padded", "[0.25, .5, 0.75, 1]", [(250, 500, 750, 1000)]),
        ("mmrs", "[0.25,0.3333333333333333,0.5,1.0]", [(250, 1000 / 3, 500, 1000)]),
        ("lhrs", "[0.1, 0.2,0.3, 0.4]", [(100, 200, 300, 400)]),
        ("vhm", "[1, 2, 3, 4, 5, 6, 7, 8]", [(1, 2, 3, 4, 5, 6, 7, 8)]),
        ("internvl", "<box>[[1, 2, 3, 4], [5, 6, 7, 8]]</box>", [(1, 2, 3, 4), (5, 6, 7, 8)]),
        ("qwen2_vl", "<|box_start|>(1,2),(3,4)<|box_end|>", [(1, 2, 3, 4)]),
        ("qwen3_vl", '{"label": "a", "bbox_2d": [1, 2, 3, 4]}', [(1, 2, 3, 4)]),
        (
            "rscovlm",
            '```json\n[\n\t{"bbox_2d": [1, 2, 3, 4], "label": "a"},\n\t{"quadrant bbox": '
            '[1, 2, 9, 2, 9, 8, 1, 8], "label": "b"}\n]\n```',
            [(1, 2, 3, 4), (1, 2, 9, 2, 9, 8, 1, 8)],
        ),
        ("falcon", "<box><0><1><1000><999></box>", [(0.5, 1.5, 999.5, 999.5)]),
        ("falcon", "<poly><1><2><3><4></poly>", []),
        ("lmmrotate", "There are none.", []),
        ("geopixel", "<p> ship </p> [SEG]", []),
        ("ms_swift", "<bbox>", []),
    ],
)
def test_real_texts_are_read(name: str, text: str, expected: list[Numbers]) -> None:
    assert read(name, text) == [pytest.approx(points) for points in expected]


def test_a_polygon_in_several_parts_is_read_as_a_mask() -> None:
    text = (
        "<poly><0><0><500><0><500><250><0><250><sep><500><500><900><500><900><900><500><900></poly>"
    )
    [found] = dialect("falcon").read(text, (4, 4))
    # Corners lie at the middles of their bins, so that a pixel's own middle decides.
    assert found.shape == Mask(4, 4, (0, 1, 3, 1, 5, 2, 2, 2))


def test_a_found_region_says_where_it_stands() -> None:
    [found] = dialect("geochat").read("a ship {<1><2><3><4>|<0>}.", (100, 100))
    assert (found.start, found.end) == (7, 25)


def test_a_geochat_box_that_is_not_turned_is_read_as_an_upright_one() -> None:
    upright, turned = dialect("geochat").read(
        "{<10><20><30><40>|<0>} {<10><20><30><30>|<-90>}", (1000, 1000)
    )
    assert upright.shape == Box(100, 200, 300, 400)
    assert isinstance(turned.shape, Quad)


def test_parts_of_a_polygon_that_falcon_writes_only_add() -> None:
    text = "<poly><0><0><500><0><500><1000><0><1000><sep><0><0><1000><0><1000><500><0><500></poly>"
    [found] = dialect("falcon").read(text, (4, 4))
    # The left half and the upper half: eight pixels down two columns, then two of each column.
    assert found.shape == Mask(4, 4, (0, 10, 2, 2, 2))


BRACED = (
    *("fit_rs", "geochat", "minigpt_v2", "sarchat"),
    *("vrsbench", "vrsbench_obb_v1", "vrsbench_obb_v2"),
)
LISTED = ("earthdial", "internvl", "lhrs", "llava_padded", "mmrs", "pixel", "teochat", "vhm")
QUOTED = ("qwen2_5_vl", "qwen3_vl", "rscovlm")
DAMAGED = {
    **dict.fromkeys(BRACED, ("a ship {<12><3>", "{<12><3>")),
    **dict.fromkeys(LISTED, ("a ship [1, 2, 3", "[1, 2, 3")),
    **dict.fromkeys(QUOTED, ('{"bbox_2d": [1, 2]', '"bbox_2d"')),
    "falcon": ("a ship <quad><1>", "<quad>"),
    "lmmrotate": ("a ship <loc_12><loc_x", "<loc_12>"),
    "qwen2_vl": ("<|box_start|>(1,2", "<|box_start|>"),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_what_looks_like_a_damaged_box_is_seen(name: str) -> None:
    if name in ("geopixel", "ms_swift"):  # their boxes stand beside the text
        assert dialect(name).like == ""
        return
    text, seen = DAMAGED[name]
    assert [found[0] for found in re.finditer(dialect(name).like, text)] == [seen]
    assert [*re.finditer(dialect(name).like, "a ship of 12 m [1, 2] and (3, 4)")] == []
