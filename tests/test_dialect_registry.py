"""The registry of dialects, rendering, settings, what travels beside the text, and the page."""

from __future__ import annotations

import math
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring
from regions import NAMES, Numbers

from converters.dialects import DIALECTS, dialect, render, with_settings
from converters.dialects.beside import boxes, outlines
from converters.dialects.page import drawing, page
from schemas.sample import Box, Mask, Polygon, Quad, Shape
from schemas.toml import ConfigError

# The registry


def test_the_dialects_are_these_in_order() -> None:
    assert list(DIALECTS) == NAMES
    assert [entry.name for entry in DIALECTS.values()] == NAMES


def test_an_unknown_dialect_is_an_error_that_names_those_like_it() -> None:
    with pytest.raises(ConfigError) as caught:
        dialect("geo_chat")
    near = "did you mean geochat or teochat"
    everything = f"all {len(NAMES)}: docs/dialects.md"
    assert str(caught.value) == f'unknown dialect "geo_chat"; {near}? {everything}'


@pytest.mark.parametrize("name", NAMES)
def test_every_dialect_says_what_it_is_and_who_says_so(name: str) -> None:
    entry = dialect(name)
    assert len(entry.about) > 20 and len(entry.source) > 20
    assert entry.rounding and entry.order
    assert entry.settled is not bool(entry.unsettled)
    assert entry.shapes <= {Box, Quad, Polygon, Mask} and entry.shapes & {Box, Quad}


def test_these_are_not_settled() -> None:
    assert [name for name in NAMES if not dialect(name).settled] == [
        "fit_rs",
        "lhrs",
        "mmrs",
        "qwen3_vl",
        "rscovlm",
        "vhm",
        "vrsbench_obb_v1",
        "vrsbench_obb_v2",
    ]


# Rendering


def rendered(
    name: str,
    shapes: list[Shape],
    size: Numbers = (100, 100),
    unsayable: Literal["enclose", "reject"] = "enclose",
) -> tuple[list[str], list[str], dict[str, int]]:
    sizes = np.full((len(shapes), 2), size, float)
    texts, reasons, counts = render(dialect(name), shapes, sizes, unsayable)
    return texts, reasons.tolist(), dict(counts)


def test_what_a_dialect_cannot_write_is_enclosed_and_counted() -> None:
    shapes: list[Shape] = [
        Box(1, 2, 3, 4),
        Quad((0, 5, 5, 0, 10, 5, 5, 10)),
        Polygon((1, 2, 9, 2, 9, 8)),
        Mask(100, 100, (205, 10, 9785)),
    ]
    assert rendered("minigpt_v2", shapes) == (
        ["{<1><2><3><4>}", "{<0><0><10><10>}", "{<1><2><9><8>}", "{<2><5><3><15>}"],
        ["", "", "", ""],
        {"enclosed": 3},
    )


def test_what_a_dialect_cannot_write_is_rejected_where_the_mix_says_so() -> None:
    shapes: list[Shape] = [Box(1, 2, 3, 4), Quad((0, 5, 5, 0, 10, 5, 5, 10))]
    assert rendered("minigpt_v2", shapes, unsayable="reject") == (
        ["{<1><2><3><4>}", ""],
        ["", "not_sayable"],
        {},
    )


def test_a_box_as_its_four_corners_loses_nothing() -> None:
    assert rendered("lmmrotate", [Box(10, 20, 30, 40)], unsayable="reject") == (
        ["<loc_100><loc_200><loc_100><loc_400><loc_300><loc_400><loc_300><loc_200>"],
        [""],
        {},
    )


def test_a_size_that_is_not_known_is_a_reason_where_it_is_needed() -> None:
    unknown = (math.inf, math.inf)
    assert rendered("geochat", [Box(1, 2, 3, 4)], unknown) == ([""], ["no_size"], {})
    assert rendered("pixel", [Box(1, 2, 3, 4)], unknown) == (["[1, 2, 3, 4]"], [""], {})


def test_corners_beyond_the_picture_move_to_its_edge_where_they_cannot_be_said() -> None:
    quad = Quad((-10, 40, 110, 40, 110, 60, -10, 60))
    assert rendered("lmmrotate", [quad]) == (
        ["<loc_0><loc_400><loc_0><loc_600><loc_999><loc_600><loc_999><loc_400>"],
        [""],
        {"clamped": 1},
    )
    assert rendered("geochat", [quad]) == (["{<-10><40><110><60>|<0>}"], [""], {})


def test_no_shape_of_another_type_is_written() -> None:
    with pytest.raises(TypeError, match="str is no shape"):
        rendered("geochat", ["box"])


def test_nothing_is_rendered_to_nothing() -> None:
    assert rendered("geochat", []) == ([], [], {})


# Beside the text


def test_the_outlines_beside_a_text_are_pixels_of_the_picture() -> None:
    shapes: list[Shape] = [
        Box(10, 20, 100, 40),
        Polygon((1, 2, 9, 2.6, 9, 8)),
        Mask(4, 3, (4, 2, 6)),
    ]
    sizes = np.array([(100, 100), (math.inf, math.inf), (4, 3)])
    assert outlines(shapes, sizes) == [
        [[[10, 20], [99, 20], [99, 40], [10, 40]]],
        [[[1, 2], [9, 3], [9, 8]]],
        [[[1, 1], [2, 1], [2, 2], [1, 2]]],
    ]


def test_the_boxes_beside_a_text_are_whole_pixels() -> None:
    assert boxes([Box(1.5, 2, 3.4, 4)], np.array([[100.0, 100.0]])) == [[2, 2, 3, 4]]


# Settings


def test_a_setting_changes_what_is_written_and_is_said() -> None:
    other = with_settings("qwen2_5_vl", max_pixels=1_003_520)
    assert dict(other.settings) == {"factor": 28, "min_pixels": 3136, "max_pixels": 1_003_520}
    assert dict(dialect("qwen2_5_vl").settings)["max_pixels"] == 12_845_056
    [text] = other.write([Box(0, 0, 2000, 4000)], np.array([(4000.0, 4000.0)]))
    assert text == '{"bbox_2d": [0, 0, 490, 980]}'
    [found] = other.read(text, (4000, 4000))
    assert found.shape == Box(0, 0, 2000, 4000)


@pytest.mark.parametrize(
    "name, settings, fault",
    [
        ("geochat", {"factor": 28}, 'dialect "geochat" has no setting "factor"; it has: none'),
        (
            "qwen2_5_vl",
            {"pixels": 1, "factor": 0},
            'dialect "qwen2_5_vl" has no setting "pixels"; it has: factor, min_pixels, max_pixels\n'
            'dialect "qwen2_5_vl": factor must be a positive whole number, not 0',
        ),
        (
            "qwen2_5_vl",
            {"max_pixels": 100},
            'dialect "qwen2_5_vl": min_pixels 3136 is above max_pixels 100',
        ),
    ],
)
def test_a_wrong_setting_is_an_error(name: str, settings: dict[str, int], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_settings(name, **settings)
    assert str(caught.value) == fault


# The page


def test_the_page_shows_every_dialect() -> None:
    text = page()
    for name in NAMES:
        assert f"\n## {name}\n" in text and f"[{name}](#{name})" in text
        assert dialect(name).source in text and dialect(name).unsettled in text
    assert "| [geochat](#geochat) | 100 |" in text and "| [pixel](#pixel) | pixels |" in text
    [geochat, pixel] = [
        line.split("|")[-3].strip()
        for line in text.splitlines()
        if line.startswith(("| [geochat](", "| [pixel]("))
    ]
    assert (geochat, pixel) == ("yes", "no")
    assert "<p>1 ship</p> {<10><15><38><35>|<0>}" in text
    assert "The polygon, as the smallest shape around it:" in text


def test_the_drawing_is_a_picture_of_three_regions() -> None:
    root: Element = fromstring(drawing())
    assert [child.tag.split("}")[1] for child in root].count("polygon") == 3
    assert root.get("viewBox") == "-20 -40 860 680"
    said = [(one.get("x"), one.get("y"), one.text) for one in root if one.tag.endswith("text")]
    assert said[:4] == [
        ("0", "-12", "(0, 0)"),
        ("800", "626", "(800, 600)"),
        ("190", "150", "box"),
        ("80", "90", "80, 90"),
    ]
