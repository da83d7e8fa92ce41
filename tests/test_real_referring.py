"""Real files of expressions and boxes, where they are. See tests/test_real_data.py."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from native import convert, dataset, picture, read
from test_real_data import folder, items

from converters.catalogue import entry_of
from converters.read.files import SourceError
from schemas.sample import Box

BOX = re.compile(r"\[\[(-?\d+), (-?\d+), (-?\d+), (-?\d+), (-?\d+)\]\]")


def test_au_air_has_335_objects_in_80_frames() -> None:
    found = read(entry_of("au_air"), folder("au_air"))
    classes = Counter(region.label for sample in found.samples for region in sample.regions)
    assert (len(found.samples), found.rejects) == (80, [])
    assert classes == {
        **{"Car": 265, "Truck": 28, "Van": 18, "Human": 15},
        **{"Trailer": 6, "Bus": 2, "Bicycle": 1},
    }


def test_no_object_of_au_air_leaves_its_frame() -> None:
    found = convert(dataset(entry_of("au_air"), ["grounding"], folder("au_air")))
    assert items(found) == {"read": 335, "used": 335}


def test_the_boxes_of_geotext_lie_in_a_picture_of_512_pixels(tmp_path: Path) -> None:
    excerpt = folder("geotext1652") / "train.EXCERPT_1row.json"
    (tmp_path / "train.json").write_bytes(excerpt.read_bytes())
    picture(tmp_path / "train/0839/image-43.jpeg", 512, 512)
    [sample] = read(entry_of("geotext_1652"), tmp_path).samples
    assert [len(said.regions) for said in sample.expressions] == [1, 1, 1]
    office = sample.regions[0].shape
    assert isinstance(office, Box)
    corners = (office.x1, office.y1, office.x2, office.y2)
    assert corners == pytest.approx((109.768, 192.832, 308.729, 512.055), abs=0.001)


def test_geochat_bench_has_7593_expressions_of_which_39_name_a_box_without_area(
    tmp_path: Path,
) -> None:
    """Its truth is in EarthDial's files, without the pictures' names: one of 504 pixels serves."""
    lines = (folder("earthdial") / "rs_detection/GeoChat.jsonl").read_text().splitlines()
    picture(tmp_path / "images/a.png", 504, 504)
    with (tmp_path / "referring.jsonl").open("w") as out:
        for number, line in enumerate(lines):
            said = json.loads(line)
            phrase = re.search("<ref>(.*)</ref>", said["question"])
            assert phrase
            boxes = [
                f"{{<{a}><{b}><{c}><{d}>|<{turn}>}}"
                for a, b, c, d, turn in BOX.findall(said["gt_bbox"])
            ]
            record = {"image_id": "a", "question": phrase[1], "question_id": str(number)}
            out.write(json.dumps({**record, "ground_truth": "".join(boxes)}) + "\n")
    entry = entry_of("geochat_bench_referring")
    found = convert(dataset(entry, ["refer"], tmp_path))
    assert found.book["test"]["items"]["expression"] == {
        "read": 7_593,
        "used": 7_554,
        "rejected": {"zero_area": 39},
        "filtered": {},
    }
    first = next(row for row in found.rows if row["origin"]["key"].startswith("0#"))
    assert first["conversations"][1]["value"] == "{<78><62><84><64>|<82>}"


def test_the_entry_of_xview_has_the_authors_class_table() -> None:
    table = (folder("xview") / "xview_class_labels.txt").read_text().splitlines()
    names = dict(line.strip().split(":", 1) for line in table if line.strip())
    assert entry_of("xview").options["names"] == names


def test_a_class_table_alone_is_no_dataset() -> None:
    with pytest.raises(SourceError, match=r"there is: xview_class_labels\.txt"):
        read(entry_of("xview"), folder("xview"))
