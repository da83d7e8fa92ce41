"""Parts of a record that cannot be used: each is rejected by itself, and the rest is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from laid_out import faults, found_in
from mask_files import COLOURED, put_mask
from native import Native, picture

from schemas.sample import Box, Caption, Expression, Question, Region

JSON = {"annotations": "a.json", "images": "{image}"}


def in_json(form: str, root: Path, document: Any, **options: Any) -> Native:
    return found_in(root, form, JSON | options, {"a.json": json.dumps(document)})


# Records of a picture


def test_a_list_is_a_pictures_questions_where_its_key_is_the_picture(tmp_path: Path) -> None:
    asked = [{"question": "A?", "answer": "yes"}, 7]
    options = {"fields": {"image": "", "questions": "asked"}}
    found = in_json("picture_json", tmp_path, {"1.png": asked}, **options)
    [sample] = found.samples
    assert sample.pictures[0].path == "1.png"
    assert sample.questions == (Question("1.png#asked[0]", "A?", "yes"),)
    assert [(one.key, one.kind, one.detail) for one in found.rejects] == [
        ("1.png#asked[1]", "question", "a question is int")
    ]


def test_a_list_where_a_record_names_its_picture_is_rejected(tmp_path: Path) -> None:
    found = in_json("picture_json", tmp_path, [[], {"image": "1.png"}])
    assert [(one.reason, one.detail) for one in found.rejects] == [
        ("unreadable_record", "a list where an object should be")
    ]
    assert [one.key for one in found.samples] == ["1.png"]


def test_a_caption_is_a_text_or_sentences_and_nothing_else(tmp_path: Path) -> None:
    said: list[Any] = ["A.", ["A.", "B."], 5, None]
    records = [{"image": f"{i}.png", "said": one} for i, one in enumerate(said)]
    found = in_json("picture_json", tmp_path, records, fields={"caption": "said"})
    assert [one.captions for one in found.samples] == [
        (Caption("caption", "A."),),
        (Caption("caption", "A. B."),),
        (),
        (),
    ]
    assert [(one.key, one.kind, one.detail) for one in found.rejects] == [
        ("2.png", "caption", "said is int")
    ]


def test_an_object_without_a_place_costs_its_region_and_its_expression(tmp_path: Path) -> None:
    objects = [
        {"label": "a", "box": [1, 2, 3], "says": "the a", "id": 1},
        {"label": "b", "box": [1, 2, 3, 4], "says": " the b ", "id": 1, "colour": "red"},
        {"label": "c", "box": [1, 2, 3, 4], "id": 1, "colour": ""},
        {"box": [1, 2, 3, 4]},
    ]
    fields = {"objects": "o", "object_id": "id", "phrase": "says", "attributes": ["colour"]}
    found = in_json("picture_json", tmp_path, [{"image": "1.png", "o": objects}], fields=fields)
    [sample] = found.samples
    assert sample.regions == (
        Region("1", "b", Box(1, 2, 3, 4), attributes={"colour": "red"}),
        Region("o[2]", "c", Box(1, 2, 3, 4)),
    )
    assert sample.expressions == (Expression("o[1]", "the b", ("1",)),)
    assert sample.unplaced == ("a",)
    assert [(one.key, one.kind, one.reason) for one in found.rejects] == [
        ("1.png#o[0]", "region", "bad_box"),
        ("1.png#o[0]", "expression", "bad_box"),
        ("1.png#o[3]", "region", "missing_field"),
    ]


def test_boxes_in_fractions_are_of_the_frame_that_the_entry_states(tmp_path: Path) -> None:
    record = {"image": "1.png", "o": [{"label": "a", "box": [0.1, 0.2, 0.5, 1]}]}
    options = {"fields": {"objects": "o"}, "frame": [10, 20]}
    [sample] = in_json("picture_json", tmp_path, [record], **options).samples
    assert [one.shape for one in sample.regions] == [Box(1, 4, 5, 20)]
    assert (sample.pictures[0].width, sample.pictures[0].height) == (10, 20)


# Expressions


@pytest.mark.parametrize("image", [None, True, "", [1]])
def test_an_expression_without_a_picture_is_rejected(image: Any, tmp_path: Path) -> None:
    record = {"no": 7, "image": image, "text": "a", "bbox": [1, 2, 3, 4]}
    found = in_json("referring_json", tmp_path, [record], fields={"id": "no"})
    assert faults(found) == [("7", "missing_field", "no image")]


REGIONS = [
    {"text": "the a", "bbox": [1, 2, 3, 4], "kind": " a "},
    {"text": "the b", "bbox": [5, 6, 7, 8], "kind": 5},
]


@pytest.mark.parametrize(
    ("picks", "meant"),
    [
        ("each", [("r[0]", "the a", 1), ("r[1]", "the b", 1)]),
        ("all", [("text", "both", 2)]),
        ("first", [("text", "both", 1)]),
    ],
)
def test_a_text_means_the_regions_that_the_entry_says(
    picks: str, meant: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    record = {"image": "1.png", "text": "both", "r": REGIONS}
    fields = {"regions": "r", "label": "kind"}
    [sample] = in_json("referring_json", tmp_path, [record], picks=picks, fields=fields).samples
    assert [(one.key, one.text, len(one.regions)) for one in sample.expressions] == meant
    assert [(one.label, one.shape) for one in sample.regions] == [
        ("a", Box(1, 2, 3, 4)),
        ("", Box(5, 6, 7, 8)),
    ]


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ({"text": ["a", "b"], "bbox": [[1, 2, 3, 4]]}, "2 texts beside 1 boxes"),
        ({"text": ["a"], "bbox": []}, "1 texts beside 0 boxes"),
    ],
)
def test_texts_and_boxes_that_do_not_pair_up_are_rejected(
    record: dict[str, Any], detail: str, tmp_path: Path
) -> None:
    found = in_json("referring_json", tmp_path, [record | {"image": "1.png"}])
    assert {(one.reason, one.detail) for one in found.rejects} == {("bad_value", detail)}
    assert len(found.rejects) == len(record["text"])


def test_captions_beside_expressions_are_texts(tmp_path: Path) -> None:
    base = {"image": "1.png", "text": "a", "bbox": [1, 2, 3, 4]}
    records = [base | {"said": "A."}, base | {"said": ["A.", 5, "B."]}, base]
    found = in_json("referring_json", tmp_path, records, fields={"caption": "said"})
    assert [one.captions for one in found.samples] == [
        (Caption("said", "A."),),
        (Caption("said[0]", "A."), Caption("said[2]", "B.")),
        (),
    ]


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (10, 20.5, (10, 20)),
        (1, 1, (1, 1)),
        (10, 0, (None, None)),
        (0, 20, (None, None)),
        (0.5, 20, (None, None)),
        ((1 << 31) - 1, 20, ((1 << 31) - 1, 20)),
        (True, 20, (None, None)),
        (1 << 31, 20, (None, None)),
    ],
)
def test_the_size_of_a_picture_is_two_numbers_from_1(
    width: Any, height: Any, size: tuple[int | None, int | None], tmp_path: Path
) -> None:
    record = {"image": "1.png", "text": "a", "bbox": [1, 2, 3, 4], "w": width, "h": height}
    fields = {"width": "w", "height": "h"}
    [sample] = in_json("referring_json", tmp_path, [record], fields=fields).samples
    assert (sample.pictures[0].width, sample.pictures[0].height) == size


# Attributes over XML

POINTS = "".join(f"<point>{point}</point>" for point in ("1,2", "5,2", "5,6", "1,6"))
SHIP = f"<points>{POINTS}</points>"
XML = f"<a><object><name>Dry Cargo Ship</name>{SHIP}</object><object>{SHIP}</object></a>"


def over_xml(root: Path, xml: str | None, *objects: dict[str, Any]) -> Native:
    files = {"a.json": json.dumps([{"img_id": "1", "objs": [*objects]}])}
    if xml is not None:
        files["1.xml"] = xml
    options = JSON | {"boxes": "{image}.xml", "images": "{image}.png", "geometry": "points"}
    return found_in(root, "object_attributes", options, files)


def test_attributes_are_an_object_or_the_text_of_one_or_a_caption(tmp_path: Path) -> None:
    said = [{"deck": "red"}, '{"deck": "red"}', "a red deck", "[1]"]
    expected = [{"deck": "red"}, {"deck": "red"}, {"caption": "a red deck"}, {"caption": "[1]"}]
    for one, attributes in zip(said, expected, strict=True):
        found = over_xml(tmp_path, XML, {"obj_id": 1, "obj_cls": "dry-cargo ship", "caption": one})
        assert found.samples[0].regions[0].attributes == attributes
        assert faults(found) == [("1#object[1]", "missing_field", "object without a name")]


@pytest.mark.parametrize(
    ("place", "detail"),
    [(0, "no object"), (3, "no object"), (2, "no object")],
)
def test_attributes_of_no_object_are_rejected(place: int, detail: str, tmp_path: Path) -> None:
    said = {"obj_id": place, "obj_cls": "tug", "caption": {"deck": "red"}}
    found = over_xml(tmp_path, XML, said)
    assert faults(found)[0] == (
        f"1#{place}",
        "dangling_reference",
        f"tug is {detail} in the XML",
    )
    assert [one.attributes for one in found.samples[0].regions] == [{}]


@pytest.mark.parametrize(("xml", "detail"), [(None, "no XML 1.xml"), ("<a>", "1.xml: no element")])
def test_attributes_without_a_readable_xml_are_rejected(
    xml: str | None, detail: str, tmp_path: Path
) -> None:
    said = {"obj_id": 1, "obj_cls": "tug", "caption": "a"}
    [reject] = over_xml(tmp_path, xml, said, said).rejects
    assert (reject.key, reject.reason, reject.items) == ("1", "dangling_reference", 2)
    assert reject.detail.startswith(detail)


# Objects of coloured masks


@pytest.mark.parametrize(
    ("mask", "reason"),
    [(None, "unreadable_file"), ([[[9, 0, 0]], [[0, 0, 0]]], "size_conflict")],
)
def test_a_picture_whose_coloured_mask_does_not_fit_is_rejected(
    mask: Any, reason: str, tmp_path: Path
) -> None:
    picture(tmp_path / "p/1.png", 1, 1)
    if mask:
        put_mask(tmp_path / "m/1.png", mask)
    found = found_in(tmp_path, "xml_mask_colours", COLOURED, {"x/1.xml": "<a/>"})
    assert [one.reason for one in found.rejects] == [reason]
    assert found.samples == []
