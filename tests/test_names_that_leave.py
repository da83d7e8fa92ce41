"""A record whose picture's name leads out of the dataset's folder is rejected, in every format."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
from laid_out import found_in

UP = "../1.png"
BOTH = (UP, "2.png")
SAID = [{"raw": "a"}, {"raw": "b"}]
LINES = {"annotations": "a.txt", "images": "{image}"}
JSON = {"annotations": "a.json", "images": "{image}"}
TABLE = {"annotations": "a.csv", "images": "{image}"}
BOX = {"label": "ship", "bbox": [1, 2, 3, 4]}
ROWS = [[1, 2, 3, 4], [5, 6, 7, 8]]
OUTSIDE = {"annotations": "{stem}.json", "images": "../{stem}.png"}
MATRIX = {"variable": "box", "layout": "matrix", "label": "ship"}
OBJECT = (
    "<object><name>ship</name><description>a ship</description>"
    "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
)


def mat(**variables: Any) -> bytes:
    out = io.BytesIO()
    scipy.io.savemat(out, variables)
    return out.getvalue()


def array(rows: list[list[float]]) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array(rows, float))
    return out.getvalue()


def features(*images: str) -> str:
    corners = [[0, 0], [4, 0], [4, 4], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    found = [
        {"properties": {"image": image, "label": "dam"}, "geometry": shape} for image in images
    ]
    return json.dumps({"type": "FeatureCollection", "features": found})


# Options, the file and what it holds, the key of the Reject, and how many items it stands for.
CASES: dict[str, tuple[dict[str, Any], str, str | bytes, str, int]] = {
    "boxes_json": (
        JSON,
        "a.json",
        json.dumps([{"image": name, "objects": [BOX, BOX]} for name in BOTH]),
        UP,
        2,
    ),
    "caption_json": (
        JSON,
        "a.json",
        json.dumps([{"image": name, "caption": ["a", "b"]} for name in BOTH]),
        UP,
        2,
    ),
    "caption_table": (
        TABLE | {"fields": {"image": "name", "captions": ["text"]}},
        "a.csv",
        f"name,text\n{UP},a\n2.png,b\n",
        UP,
        1,
    ),
    "delimited_boxes": (
        LINES | {"columns": ["image", "x1", "y1", "x2", "y2", "class"], "delimiter": ","},
        "a.txt",
        f"{UP},1,2,3,4,ship\n{UP},5,6,7,8,ship\n2.png,1,2,3,4,ship\n",
        UP,
        2,
    ),
    "dota": (OUTSIDE | {"annotations": "{stem}.txt"}, "1.txt", "0 0 4 0 4 4 0 4 ship 0\n", "1", 1),
    "expression_lines": (
        LINES | {"columns": ["image", "x1", "y1", "x2", "y2", "expression"]},
        "a.txt",
        f"{UP},1,2,3,4,a ship\n{UP},5,6,7,8,a car\n2.png,1,2,3,4,a ship\n",
        UP,
        2,
    ),
    "geojson_labels": (
        {"annotations": "a.json", "images": "{place}", "place": ["place"], "label": ["label"]},
        "a.json",
        json.dumps({"features": [{"properties": {"place": n, "label": "dam"}} for n in BOTH]}),
        UP,
        1,
    ),
    "geojson_regions": (
        JSON | {"image": "image", "label": "label", "coordinates": "pixels"},
        "a.json",
        features(*(BOTH[0], *BOTH)),
        UP,
        2,
    ),
    "karpathy": (
        {"annotations": "a.json", "images": "{filename}"},
        "a.json",
        json.dumps(
            {"images": [{"filename": name, "split": "x", "sentences": SAID} for name in BOTH]}
        ),
        UP,
        2,
    ),
    "label_json": (OUTSIDE | {"labels": "class"}, "1.json", '{"class": "dam"}', "1", 1),
    "label_lines": (LINES, "a.txt", f"{UP} dam\n2.png dam\n", UP, 1),
    "label_table": (
        TABLE | {"image": "id", "labels": ["kind"]},
        "a.csv",
        f"id,kind\n{UP},dam\n2.png,dam\n",
        UP,
        1,
    ),
    "location_table": (
        TABLE | {"image": "id", "longitude": "lon", "latitude": "lat", "question": "Where?"},
        "a.csv",
        f"id,lon,lat\n{UP},1,2\n2.png,1,2\n",
        UP,
        1,
    ),
    "mat_boxes": (
        OUTSIDE | {"annotations": "{stem}.mat", "columns": ["x1", "y1", "x2", "y2"]} | MATRIX,
        "1.mat",
        mat(box=np.array(ROWS, float)),
        "1",
        2,
    ),
    "npy_boxes": (
        OUTSIDE | {"annotations": "{stem}.npy", "names": {"3": "ship"}},
        "1.npy",
        array([[*row, 3.0] for row in ROWS]),
        "1",
        2,
    ),
    "object_attributes": (
        JSON | {"boxes": "{image}.xml", "geometry": "points"},
        "a.json",
        json.dumps([{"img_id": name, "objs": []} for name in BOTH]),
        UP,
        1,
    ),
    "picture_json": (JSON, "a.json", json.dumps([{"image": name} for name in BOTH]), UP, 1),
    "referring_json": (
        JSON,
        "a.json",
        json.dumps([{"image": name, "text": ["a", "b"], "bbox": ROWS} for name in BOTH]),
        UP,
        2,
    ),
    "run_length_table": (
        TABLE | {"image": "ImageId", "runs": "EncodedPixels", "label": "ship"},
        "a.csv",
        f"ImageId,EncodedPixels\n{UP},\n2.png,\n",
        UP,
        1,
    ),
    "text_mask": (
        JSON | {"masks": "{stem}.png"},
        "a.json",
        json.dumps([{"image": UP, "text": ["a", "b"]}, {"image": "2.png", "text": []}]),
        UP,
        2,
    ),
    "voc_expressions": (
        OUTSIDE | {"annotations": "{stem}.xml", "splits_by": "tag", "one_based": False},
        "1.xml",
        f"<annotation><split>val</split>{OBJECT}{OBJECT}</annotation>",
        "1",
        2,
    ),
    "voc_xml": (
        OUTSIDE | {"annotations": "{stem}.xml", "geometry": "bndbox", "one_based": False},
        "1.xml",
        f"<annotation>{OBJECT}{OBJECT}</annotation>",
        "1",
        2,
    ),
    "wkt_table": (
        TABLE | {"one_class": "building"},
        "a.csv",
        f"ImageId,PolygonWKT_Pix\n{UP},POLYGON EMPTY\n{UP},POLYGON EMPTY\n2.png,POLYGON EMPTY\n",
        UP,
        2,
    ),
    "xml_mask_colours": (
        OUTSIDE | {"annotations": "{stem}.xml", "masks": "m.png", "colour": "c", "label": "l"},
        "1.xml",
        "<annotation/>",
        "1",
        1,
    ),
}


@pytest.mark.parametrize("form", CASES)
def test_a_name_that_leads_out_of_the_folder_costs_its_record_alone(
    form: str, tmp_path: Path
) -> None:
    options, name, text, key, items = CASES[form]
    found = found_in(tmp_path, form, options, {name: text})
    [reject] = found.rejects[:1]
    assert (reject.file, reject.key, reject.items) == (name, key, items)
    assert (reject.reason, reject.detail) == ("bad_value", "'../1.png' leaves its folder")
    # The other picture's XML is not there.
    alone = str(options["images"]).startswith("..") or form == "object_attributes"
    assert [one.pictures[0].path for one in found.samples] == ([] if alone else ["2.png"])
    assert found.columns == []


def test_a_pair_of_a_disaster_is_rejected_where_its_name_leads_out(tmp_path: Path) -> None:
    options = {
        "annotations": "{stem}_after.json",
        "before": "{stem}_before.json",
        "images": ["../{stem}_1.png", "../{stem}_2.png"],
    }
    found = found_in(tmp_path, "disaster_pairs", options, {"a_after.json": "{}"})
    assert [(one.file, one.key, one.reason, one.detail) for one in found.rejects] == [
        ("a_after.json", "a", "bad_value", "'../a_2.png' leaves its folder")
    ]


def test_a_described_picture_is_rejected_where_its_path_leads_out(tmp_path: Path) -> None:
    rows = {"image_id": ["1"], "image_path": [UP], "instances": [[{"category": "ship"}]]}
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    found = found_in(tmp_path, "described_instances", {"annotations": "a.parquet"}, {})
    assert [(one.key, one.reason, one.detail) for one in found.rejects] == [
        ("1", "bad_value", "'../1.png' leaves its folder")
    ]


def test_a_picture_without_objects_that_leads_out_counts_as_one_item(tmp_path: Path) -> None:
    options = OUTSIDE | {"annotations": "{stem}.txt", "columns": ["x1", "y1", "x2", "y2", "class"]}
    found = found_in(tmp_path, "delimited_boxes", options, {"1.txt": ""})
    assert [(one.key, one.reason, one.items) for one in found.rejects] == [("1", "bad_value", 1)]
