"""Numbers as files write them: what Python alone takes for a number is a fault in every reader."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from laid_out import faults, found_in

from converters.read.box_fields import BadLine
from converters.read.numbers import float_of, floats_of, int_of
from converters.read.xml_values import is_flag, metres
from converters.regions.conventions import BadShape, Convention, boxes_of, shape_of
from converters.regions.line_boxes import shape_of as shape_of_line
from converters.regions.parts import rings_of_wkt

DOTA = {"annotations": "{split}/{stem}.txt", "images": "{split}/{stem}.png"}


def test_an_underscore_is_part_of_no_number() -> None:
    assert (float_of("10.5"), floats_of(["1", "2.5"]), int_of("12")) == (10.5, [1.0, 2.5], 12)
    for read in (float_of, int_of, lambda text: floats_of(["1", text])):
        with pytest.raises(ValueError, match="not a number"):
            read("1_0")


@pytest.mark.parametrize("line", ["1_0 1 9 1 9 9 1 9 ship 0", "1_0 1 9 1 9 9 1 9 large ship 0"])
def test_a_corner_with_an_underscore_costs_its_line(line: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, "dota", DOTA, {"train/1.txt": f"{line}\n0 0 9 0 9 9 0 9 ship 0\n"})
    assert [region.key for region in found.samples[0].regions] == ["line 2"]
    assert [(key, reason) for key, reason, _ in faults(found)] == [("1#line 1", "bad_box")]


def test_a_box_with_an_underscore_is_none_in_lines_json_and_outlines() -> None:
    values = {"x1": "1_0", "y1": "2", "x2": "30", "y2": "40"}
    with pytest.raises(BadLine, match="1_0"):
        shape_of_line(values, ("x1", "y1", "x2", "y2"))
    with pytest.raises(BadShape, match="1_0"):
        shape_of(boxes_of(["1_0", 2, 30, 40], "xyxy")[0], Convention(), None)
    with pytest.raises(BadShape):
        rings_of_wkt("POLYGON ((1_0 2, 30 2, 30 40, 1_0 2))")


def test_a_length_with_an_underscore_is_none_and_no_flag() -> None:
    assert metres(fromstring("<a><gsd>1_0</gsd></a>"), "gsd") is None
    assert not is_flag("1_0")
