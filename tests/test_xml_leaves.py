"""The geometries of detection XML: elements to shapes, pixels from 0, half-open."""

from __future__ import annotations

import math
from typing import get_args
from xml.etree.ElementTree import Element, fromstring

import pytest

from converters.formats.voc_xml import Geometry
from converters.regions.xml_leaves import LEAVES, Counting, Fault, shape_of
from schemas.sample import Box, Polygon, Quad

FROM_1, WITHIN, AS_IT_STANDS = Counting(1, True), Counting(0, True), Counting(0, False)


def node(text: str) -> Element:
    return fromstring(f"<object><name>ship</name>{text}</object>")


def sides(lead: str, *numbers: float) -> str:
    tags = [f"{lead}{side}" for side in ("xmin", "ymin", "xmax", "ymax")]
    return "".join(f"<{tag}>{n}</{tag}>" for tag, n in zip(tags, numbers, strict=True))


def points(*texts: str) -> str:
    return "".join(f"<point>{text}</point>" for text in texts)


def centre(lead: str, angle_tag: str, angle: float) -> str:
    numbers = {"cx": 50, "cy": 40, "w": 20, "h": 10, angle_tag: angle}
    return "".join(f"<{lead}{tag}>{n}</{lead}{tag}>" for tag, n in numbers.items())


def test_an_entry_may_name_every_geometry_and_no_other() -> None:
    assert set(get_args(Geometry)) == set(LEAVES)


@pytest.mark.parametrize(
    "counting, shape",
    [
        (FROM_1, Box(9, 19, 30, 40)),
        (WITHIN, Box(10, 20, 31, 41)),
        (AS_IT_STANDS, Box(10, 20, 30, 40)),
    ],
    ids=["from 1", "from 0, inclusive", "from 0"],
)
def test_upright_boxes_become_half_open(counting: Counting, shape: Box) -> None:
    own = f"<bndbox2D>{sides('', 10, 20, 30, 40)}</bndbox2D>"
    assert shape_of(node(own), ["bndbox2D"], counting) == shape
    assert shape_of(node(sides("box_", 10, 20, 30, 40)), ["box"], counting) == shape


@pytest.mark.parametrize(
    "counting, shape",
    [
        (FROM_1, Box(30, 19, 9, 40)),
        (WITHIN, Box(31, 20, 10, 41)),
        (AS_IT_STANDS, Box(30, 20, 10, 40)),
    ],
)
def test_inverted_boxes_stay_inverted(counting: Counting, shape: Box) -> None:
    found = shape_of(node(f"<bndbox>{sides('', 30, 20, 10, 40)}</bndbox>"), ["bndbox"], counting)
    assert found == shape


@pytest.mark.parametrize("counting", [FROM_1, WITHIN, AS_IT_STANDS])
def test_coinciding_corners_have_no_area_in_any_convention(counting: Counting) -> None:
    with pytest.raises(Fault) as caught:
        shape_of(node(f"<bndbox>{sides('', 30, 20, 30, 40)}</bndbox>"), ["bndbox"], counting)
    assert caught.value.args == ("zero_area", "corners coincide: 30 20 30 40")


@pytest.mark.parametrize("geometry", ["robndbox", "mbox"])
@pytest.mark.parametrize(
    "angle, corners",
    [
        (0, (40, 35, 60, 35, 60, 45, 40, 45)),
        # Clockwise on screen: the corner that was top left comes to the top right.
        (math.pi / 2, (55, 30, 55, 50, 45, 50, 45, 30)),
        (-math.pi / 2, (45, 50, 45, 30, 55, 30, 55, 50)),
    ],
)
def test_boxes_about_a_centre_turn_clockwise_in_radians(
    geometry: str, angle: float, corners: tuple[float, ...]
) -> None:
    text = centre("mbox_", "ang", angle) if geometry == "mbox" else centre("", "angle", angle)
    own = text if geometry == "mbox" else f"<robndbox>{text}</robndbox>"
    found = shape_of(node(own), [geometry], AS_IT_STANDS)
    assert isinstance(found, Quad)
    assert found.points == pytest.approx(corners)


@pytest.mark.parametrize(
    ("width", "height", "detail"),
    [(0, 3, "0 wide and 3 high"), (3, 0, "3 wide and 0 high"), (-2, 3, "-2 wide and 3 high")],
)
def test_a_box_about_a_centre_without_an_area_is_refused(
    width: float, height: float, detail: str
) -> None:
    text = f"<cx>5</cx><cy>5</cy><w>{width}</w><h>{height}</h><angle>0</angle>"
    with pytest.raises(Fault) as caught:
        shape_of(node(f"<robndbox>{text}</robndbox>"), ["robndbox"], AS_IT_STANDS)
    assert caught.value.args == ("zero_area", detail)


def test_a_box_about_a_centre_may_be_smaller_than_a_pixel() -> None:
    text = "<cx>5</cx><cy>5</cy><w>1</w><h>0.5</h><angle>0</angle>"
    found = shape_of(node(f"<robndbox>{text}</robndbox>"), ["robndbox"], AS_IT_STANDS)
    assert found == Quad((4.5, 4.75, 5.5, 4.75, 5.5, 5.25, 4.5, 5.25))


@pytest.mark.parametrize("geometry", ["polygon", "rotated_bndbox"])
def test_numbered_corners_are_read_in_turn(geometry: str) -> None:
    tags = [f"{axis}{number}" for number in (1, 2, 3, 4) for axis in "xy"]
    numbers = (1.5, 2, 9, 2, 9, 8, 1.5, 8)
    text = "".join(f"<{tag}>{n}</{tag}>" for tag, n in zip(tags, numbers, strict=True))
    found = shape_of(
        node(f"<{geometry}><angle>1</angle>{text}</{geometry}>"), [geometry], AS_IT_STANDS
    )
    assert found == Quad(numbers)


def test_points_around_an_upright_box_are_a_box_in_any_order() -> None:
    text = f"<points>{points('30, 45', '10, 45', '10, 20', '30, 20', '30, 45')}</points>"
    assert shape_of(node(text), ["upright_points"], AS_IT_STANDS) == Box(10, 20, 30, 45)


def test_an_outline_may_have_any_number_of_points_and_loses_a_repeated_first() -> None:
    text = f"<segm>{points('1,2', '9,2', '9,8', '5,12', '1,8', '1,2')}</segm>"
    assert shape_of(node(text), ["segm"], AS_IT_STANDS) == Polygon((1, 2, 9, 2, 9, 8, 5, 12, 1, 8))


@pytest.mark.parametrize(
    "geometry, text, detail",
    [
        (
            "mbox",
            "<box_xmin>1</box_xmin>",
            "object lacks mbox_cx, mbox_cy, mbox_w, mbox_h, mbox_ang; ",
        ),
        (
            "box",
            "<bndbox/>",
            "object lacks box_xmin, box_ymin, box_xmax, box_ymax; it has name, bndbox",
        ),
        (
            "robndbox",
            "<robndbox><cx>1</cx><w>4</w></robndbox>",
            "robndbox lacks cy, h, angle; it has cx, w",
        ),
        (
            "robndbox",
            "<robndbox><cx>1</cx><x_left_top>4</x_left_top></robndbox>",
            "robndbox lacks y_left_top, x_right_top, ",
        ),
        (
            "robndbox",
            "<robndbox><cy>1</cy></robndbox>",
            "robndbox lacks x_left_top, y_left_top, ",
        ),
        ("upright_points", "<bndbox/>", "no points; the object has name, bndbox"),
        ("bndbox2D", "<bndbox2D/>", "bndbox2D lacks xmin, ymin, xmax, ymax; it has nothing"),
        ("polygon", "<segm/>", "no polygon; the object has name, segm"),
        ("segm", f"<segm>{points('1,2', '3,4')}</segm>", "2 points where an outline was meant"),
        ("segm", f"<segm>{points('1,2', '3,4', '5')}</segm>", "a point is not x,y"),
        ("segm", f"<segm>{points('1,2', '3,4', '5,inf')}</segm>", "not a number: 'inf'"),
    ],
)
def test_a_missing_geometry_names_the_tags_expected_and_found(
    geometry: str, text: str, detail: str
) -> None:
    with pytest.raises(Fault) as caught:
        shape_of(node(text), [geometry], AS_IT_STANDS)
    reason, said = caught.value.args
    assert reason == "bad_box"
    assert said.startswith(detail)


def test_of_several_geometries_the_first_that_an_object_has_is_read() -> None:
    upright = f"<bndbox>{sides('', 10, 20, 30, 40)}</bndbox>"
    turned = f"<robndbox>{centre('', 'angle', 0)}</robndbox>"
    both = ["polygon", "robndbox", "bndbox"]
    found = shape_of(node(upright + turned), both, AS_IT_STANDS)
    assert found == Quad((40, 35, 60, 35, 60, 45, 40, 45))
    assert shape_of(node(upright), both, AS_IT_STANDS) == Box(10, 20, 30, 40)
    with pytest.raises(Fault) as caught:
        shape_of(node(""), both, AS_IT_STANDS)
    assert caught.value.args == ("bad_box", "no polygon or robndbox or bndbox; the object has name")


def test_an_object_with_two_boxes_that_differ_is_refused() -> None:
    first, second = (f"<bndbox>{sides('', 1, 2, 3, n)}</bndbox>" for n in (4, 5))
    with pytest.raises(Fault) as caught:
        shape_of(node(first + second), ["bndbox"], AS_IT_STANDS)
    assert caught.value.args == ("bad_box", "2 bndbox that differ")
    indented = first.replace("><", ">\n<")
    assert shape_of(node(first + indented), ["bndbox"], AS_IT_STANDS) == Box(1, 2, 3, 4)
