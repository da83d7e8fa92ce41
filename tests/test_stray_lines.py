"""Label files with lines and files of other forms: no class, box or answer is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from laid import laid
from laid_out import faults, found_in
from native import read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from converters.regions.coco import box_shapes
from converters.regions.conventions import BadShape, Convention, shape_of
from converters.regions.scenes import clean
from schemas.sample import Box, Picture, Quad, Region, Sample

LINES = {"annotations": "{stem}.txt", "images": "{stem}.png"}
CORNERS = "20 20 60 20 60 50 20 50"


@pytest.mark.parametrize(
    "line, detail",
    [
        (f"{CORNERS} 10 0", "the class is a number, 10"),
        ("0 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3", "the class is a number, 0.3"),
        (f"{CORNERS} ship 0 0.98", "a number behind the class, 0.98"),
        (f"{CORNERS} ship 0.5", "a number behind the class, 0.5"),
        (f"{CORNERS} ship 0 98", "a number behind the class, 98"),
        (f"{CORNERS} 20 20 ship 0", "more than eight numbers before the class, 20"),
        (f"{CORNERS} 0.9 ship", "more than eight numbers before the class, 0.9"),
    ],
)
def test_a_number_where_no_flag_can_stand_is_no_class(
    tmp_path: Path, line: str, detail: str
) -> None:
    found = found_in(tmp_path, "dota", LINES, {"1.txt": f"{line}\n{CORNERS} plane 0\n"})
    assert faults(found) == [("1#line 1", "bad_box", f"{detail}: {line}")]
    assert [(one.key, one.label) for one in found.samples[0].regions] == [("line 2", "plane")]


@pytest.mark.parametrize("name", ["Boeing 737", "A220", "ship 2 deck"])
def test_a_class_may_hold_a_number(tmp_path: Path, name: str) -> None:
    found = found_in(tmp_path, "dota", LINES, {"1.txt": f"{CORNERS} {name} 1\n"})
    assert [(one.label, one.ignored) for one in found.samples[0].regions] == [(name, True)]


def test_a_first_line_of_column_names_is_no_object(tmp_path: Path) -> None:
    names = "x1 y1 x2 y2 x3 y3 x4 y4 class difficult"
    found = found_in(tmp_path, "dota", LINES, {"1.txt": f"{names}\n{CORNERS} ship 0\n{names}\n"})
    assert [one.key for one in found.rejects] == ["1#line 3"]
    assert [one.key for one in found.samples[0].regions] == ["line 2"]


@pytest.mark.parametrize("form", ["dota", "delimited_boxes"])
def test_lists_of_classes_and_words_beside_label_files_are_none(tmp_path: Path, form: str) -> None:
    columns = {"columns": [*"xywh", "class"]} if form == "delimited_boxes" else {}
    label = f"{CORNERS} ship\n" if form == "dota" else "1 2 3 4 ship\n"
    files = {"1.txt": label, "classes.txt": "ship\nplane\n", "README.txt": "My labels\n"}
    found = found_in(tmp_path, form, {**LINES, **columns}, files)
    assert ([one.key for one in found.samples], found.rejects) == (["1"], [])
    assert found.notes == ["2 file(s) are no annotations and are not read, such as README.txt"]


def test_degrees_in_place_of_radians_are_no_box() -> None:
    turned = Convention("rotated", "pixels", "radians")
    with pytest.raises(BadShape) as bad:
        shape_of([50, 50, 40, 10, 90], turned, None)
    assert bad.value.args == ("bad_box", "an angle of 90, where radians were meant")
    rows = np.array([[50, 50, 40, 10, 90], [50, 50, 40, 10, -6.28]])
    shapes, wrong = box_shapes(rows, "cxcywha_radians")
    assert ([*wrong], [type(one) for one in shapes]) == ([0], [Quad, Quad])


def test_a_class_without_a_name_in_words_is_a_fault_of_its_region() -> None:
    regions = (Region("a", "123", Box(1, 1, 9, 9)), Region("b", "7", Box(2, 2, 8, 8)))
    scenes, _ = clean(
        [Sample("1", "f", "train", (Picture("1.png"),), regions=regions)],
        lambda path: (20, 20),
        {"7": "ship"},
    )
    assert (list(scenes.reasons), scenes.names) == (["bad_value", ""], ["123", "ship"])
    assert scenes.reject(0, "bad_value").detail == (
        "123 1 1 9 9 in 20 x 20: its class has no name in words"
    )


FLOODNET = catalogue()["floodnet_vqa"]


@pytest.mark.parametrize(
    "record",
    [
        '{"Image_ID": "1.JPG", "Question": "a?", "Ground_Truth": "x", "Ground_Truth": "y"}',
        '{"Ground_Truth": "x", "Image_ID": "1.JPG", "Question": "Ground_Truth?", '
        '"Ground_Truth": NaN}',
    ],
)
def test_a_key_twice_in_a_record_costs_the_record(tmp_path: Path, record: str) -> None:
    good = '{"Image_ID": "2.JPG", "Question": "\\"Question\\"?", "Ground_Truth": "Question"}'
    text = f'{{"0": {record}, "1": {good}}}'
    found = read(FLOODNET, laid(tmp_path, {"Train_Question.json": text}))
    assert faults(found) == [("1.JPG", "unreadable_record", "the key 'Ground_Truth' stands twice")]
    assert [one.questions[0].answer for one in found.samples] == ["Question"]


@pytest.mark.parametrize("key", ["conversations", "image"])
def test_a_key_twice_in_a_conversation_costs_the_record(tmp_path: Path, key: str) -> None:
    turns = '[{"from": "human", "value": "<image>\\n\\"image\\"?"}, {"from": "gpt", "value": "x"}]'
    good = f'{{"id": "2", "image": "2.png", "conversations": {turns}}}'
    more = {"conversations": "[]", "image": '"3.png"'}[key]
    bad = f'{{"id": "1", "image": "1.png", "conversations": {turns}, "{key}": {more}}}'
    options = {"annotations": "a.json", "images": "{image}"}
    found = found_in(tmp_path, "llava_json", options, {"a.json": f"[{bad}, {good}]"})
    detail = f"the key {key!r} stands twice"
    assert [(r.reason, r.detail) for r in found.rejects] == [("unreadable_record", detail)]
    assert [one.key for one in found.samples] == ["2.png 2"]


RSVQA = catalogue()["rsvqa_lr"]
TABLES = {
    "questions": '[{"id": 1, "img_id": 1, "type": "p", "question": "Is it?", "answers_ids": [1]}]',
    "answers": '[{"id": 1, "question_id": 1, "answer": "yes"}]',
    "images": '[{"id": 1}]',
}


def tables(root: Path, wrap: str, split: str = "train", without: str = "") -> Path:
    texts = {
        f"LR_split_{split}_{name}.json": wrap.replace("LIST", text).replace("NAME", name)
        for name, text in TABLES.items()
        if name != without
    }
    return laid(root, texts)


@pytest.mark.parametrize(
    "wrap",
    ["LIST", '{"data": LIST}', '{"info": {"n": 1}, "rows": LIST, "ids": [1, 2]}', '{"NAME": LIST}'],
)
def test_tables_of_questions_elsewhere_are_found(tmp_path: Path, wrap: str) -> None:
    found = read(RSVQA, tables(tmp_path, wrap))
    assert [one.table["answer"].to_pylist() for one in found.columns] == [["yes"]]


def test_a_table_that_cannot_be_told_names_the_keys(tmp_path: Path) -> None:
    wrap = '{"a": LIST, "b": LIST}'
    with pytest.raises(SourceError, match=r"no list under the key 'questions'; its keys: 'a', 'b'"):
        read(RSVQA, tables(tmp_path, wrap))


def test_a_split_without_its_answers_leaves_the_others_whole(tmp_path: Path) -> None:
    tables(tmp_path, '{"NAME": LIST}')
    found = read(RSVQA, tables(tmp_path, '{"NAME": LIST}', "test", "answers"))
    assert [one.split for one in found.columns] == ["train"]
    assert "LR_split_test_answers.json is not there, so split test is not read" in found.notes
    with pytest.raises(SourceError, match=r"annotations not found: .*LR_split_test_answers\.json"):
        read(RSVQA, tmp_path, ["test"])


HR = {"annotations": "a.txt", "images": "{image}", "columns": ["image", *"xywh", "expression"]}


def test_words_between_other_separators_stay_as_they_are(tmp_path: Path) -> None:
    lines = "a.jpg\t1\t2\t3\t4\tthe road, left\nb.jpg,1,2,3,4,the sea, right\n"
    options = {**HR, "delimiter": ","}
    found = found_in(tmp_path, "expression_lines", options, {"a.txt": lines})
    assert [one.expressions[0].text for one in found.samples] == ["the sea, right"]
    found = found_in(tmp_path / "b", "expression_lines", options, {"a.txt": lines.replace(",", "")})
    assert [one.expressions[0].text for one in found.samples] == ["the road left"]


@pytest.mark.parametrize(
    "line, is_read",
    [
        ("image,left,top,width,height,expression", False),
        ("a.jpg,1,2,3,4,left top width", True),
        ("image,x,y,w", True),
    ],
)
def test_a_first_line_of_names_of_columns_is_passed_over(
    tmp_path: Path, line: str, is_read: bool
) -> None:
    found = found_in(tmp_path, "expression_lines", HR, {"a.txt": f"{line}\nb.jpg,1,2,3,4,a\n"})
    read_lines = len(found.samples) + len(found.rejects)
    assert read_lines == (2 if is_read else 1)


def test_objects_of_another_tag_are_named_where_there_are_no_others(tmp_path: Path) -> None:
    box = "<{0}><xmin>1</xmin></{0}>"
    texts = {
        "1": f"<ANNOTATION><OBJECT>{box.format('BNDBOX')}</OBJECT></ANNOTATION>",
        "2": f"<a><item>{box.format('bndbox')}</item><item>{box.format('bndbox')}</item></a>",
        "3": f"<a><object><name>ship</name></object><item>{box.format('bndbox')}</item></a>",
        "4": "<a><size><width>9</width></size></a>",
    }
    folder = "Annotations/Horizontal Bounding Boxes"
    files = {f"{folder}/{name}.xml": text for name, text in texts.items()}
    found = read(catalogue()["dior"], laid(tmp_path, files))
    assert [one.key for one in found.samples] == ["1", "2", "3", "4"]
    assert faults(found) == [
        ("1#OBJECT[0]", "bad_value", "an object of the tag OBJECT where object was meant"),
        ("2#item[0]", "bad_value", "an object of the tag item where object was meant"),
        ("2#item[1]", "bad_value", "an object of the tag item where object was meant"),
        ("3#object[0]", "bad_box", "no bndbox; the object has name"),
    ]


def test_fractions_where_pixels_were_meant_are_called_so(tmp_path: Path) -> None:
    boxes = (
        Box(0.1, 0.2, 0.3, 0.4),
        Box(-0.9, -0.8, 0.3, 1),
        Box(0, 0, 1, 0),
        Box(3.1, 2, 3.4, 2.2),
    )
    regions = tuple(Region(str(i), "ship", box) for i, box in enumerate(boxes))
    sample = Sample("1", "f", "train", (Picture("1.png"),), regions=regions)
    scenes, _ = clean([sample], lambda path: (20, 20), {})
    details = [scenes.reject(i, "zero_area").detail for i in range(4)]
    called = [
        detail.endswith("look like fractions of the picture, and pixels were meant")
        for detail in details
    ]
    assert (set(scenes.reasons), called) == ({"zero_area"}, [True, True, False, False])


def test_a_number_too_many_before_the_corners_moves_none_of_them(tmp_path: Path) -> None:
    lines = "20 20 60 20 60 50 20 50 0 20 20 40 30\n1 20 20 60 20 60 50 20 50 0 20 20 40 30\n"
    found = read(catalogue()["ucas_aod"], laid(tmp_path, {"UCAS_AOD/CAR/P0001.txt": lines}))
    assert [one.key for one in found.samples[0].regions] == ["line 1"]
    [(_, reason, detail)] = faults(found)
    assert (reason, detail[:36]) == ("bad_box", "14 fields where 8 to 13 were meant: ")


def test_half_a_surrogate_pair_in_the_key_of_a_question_costs_nothing(tmp_path: Path) -> None:
    whole = '{"Image_ID": "1.JPG", "Question": "a?", "Ground_Truth": "x"}'
    cut = '{"Image_ID": "2.JPG", "Question": "a?", "Ground_Truth": NaN}'
    text = f'{{"\\ud800": {whole}, "1": {cut}}}'
    found = read(FLOODNET, laid(tmp_path, {"Train_Question.json": text}))
    assert [one.questions[0].key for one in found.samples] == ["\\ud800", "1"]
