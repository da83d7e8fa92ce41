"""Masks of phrases and files of outlines: what is read of them, and what costs a record."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from laid_out import faults, found_in
from native import encoded, picture
from PIL import Image

from converters.read.folder import open_folder
from converters.read.json_elements import BadRecord
from converters.read.picture_paths import PicturePaths
from converters.regions.outline_files import OutlineFiles
from schemas.sample import Mask, Picture, Polygon, Region

# Masks of phrases

PHRASES = {"annotations": "a.json", "images": "{image}", "masks": "m/{image}"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "missing_image"),
        (b"no picture", "unreadable_image"),
        (encoded("PNG")[:60], "truncated_image"),
    ],
)
def test_a_phrase_whose_mask_cannot_be_read_is_rejected(
    data: bytes | None, reason: str, tmp_path: Path
) -> None:
    records = [{"image": "1.png", "text": ["a", "b"]}, {"image": "2.png", "text": "a"}]
    files: dict[str, str | bytes] = {"a.json": json.dumps(records), "m/2.png": encoded("PNG")}
    if data is not None:
        files["m/1.png"] = data
    found = found_in(tmp_path, "text_mask", PHRASES, files)
    assert [one.key for one in found.samples] == ["2.png"]
    [reject] = found.rejects
    assert (reject.key, reject.reason, reject.items) == ("1.png", reason, 2)
    assert reject.detail.startswith("the mask m/1.png: ")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_a_phrase_means_what_is_marked_in_any_band_and_transparency_marks_nothing(
    mode: str, tmp_path: Path
) -> None:
    mask = Image.new("RGB", (2, 1))
    mask.putpixel((1, 0), (0, 0, 255))
    out = io.BytesIO()
    mask.convert(mode).save(out, "PNG")
    files = {"a.json": '[{"image": "1.png", "text": "a dam"}]', "m/1.png": out.getvalue()}
    [sample] = found_in(tmp_path, "text_mask", PHRASES | {"least": 20}, files).samples
    assert [one.shape for one in sample.regions] == [Mask(2, 1, (1, 1))]
    assert [one.text for one in sample.expressions] == ["a dam"]


@pytest.mark.parametrize("image", [None, True, "", [1]])
def test_a_phrase_without_a_picture_is_rejected(image: Any, tmp_path: Path) -> None:
    text = json.dumps([{"image": image, "text": "a", "no": 7}])
    options = PHRASES | {"fields": {"id": "no"}}
    found = found_in(tmp_path, "text_mask", options, {"a.json": text})
    assert faults(found) == [("7", "missing_field", "no image")]


# Files of outlines

RING = [[0, 0], [4, 0], [4, 4], [0, 0]]


def outlines(tmp_path: Path, content: Any, size: tuple[int, int] | None = None) -> Any:
    (tmp_path / "o.json").write_text(json.dumps(content))
    if size:
        picture(tmp_path / "1.png", *size)
    folder = open_folder("a", "a", str(tmp_path))
    found = OutlineFiles(folder, PicturePaths(folder, "{name}.json"), "masks")
    return found.of({"name": "o"}, (Picture("1.png"),))


def test_one_ring_is_a_polygon_of_points_or_of_numbers(tmp_path: Path) -> None:
    polygon = Polygon((0, 0, 4, 0, 4, 4))
    flat = [n for point in RING for n in point]
    assert outlines(tmp_path, {"masks": [[RING], [flat], [RING, [[0, 0], [1, 1]], []]]}) == (
        Region("masks[0]", "", polygon),
        Region("masks[1]", "", polygon),
        Region("masks[2]", "", polygon),
    )
    assert outlines(tmp_path, [[RING]]) == (Region("masks[0]", "", polygon),)


def test_several_rings_are_one_mask_of_the_pictures_size(tmp_path: Path) -> None:
    parts = [[0, 0, 1, 0, 1, 2, 0, 2], [2, 0, 3, 0, 3, 2, 2, 2]]
    assert outlines(tmp_path, [parts], (3, 2)) == (
        Region("masks[0]", "", Mask(3, 2, (0, 2, 2, 2))),
    )


def test_rings_of_one_object_that_overlap_only_add(tmp_path: Path) -> None:
    parts = [[0, 0, 2, 0, 2, 2, 0, 2], [1, 0, 3, 0, 3, 2, 1, 2]]
    assert outlines(tmp_path, [parts], (4, 2))[0].shape == Mask(4, 2, (0, 6, 2))


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        ({"other": []}, "missing_field", "no masks in the file of outlines"),
        ([[]], "bad_box", "masks[0] has no ring of three points"),
        ([7], "bad_box", "masks[0] has no ring of three points"),
        ([[RING[:2]]], "bad_box", "masks[0] has no ring of three points"),
        ([[[1, 2, 3, 4, 5, 6, 7]]], "bad_box", "masks[0] is no list of points"),
        ([[[[1, 2, 3]] * 3]], "bad_box", "masks[0] is no list of points"),
        ([[[[0, 0], [4, 0], [4, 1e300]]]], "bad_box", "masks[0] is no list of points"),
        ([[["a"]]], "bad_box", "masks[0] has no ring of three points"),
        (
            [[RING, RING]],
            "no_size",
            "masks[0] has several parts, and the picture no known size",
        ),
    ],
)
def test_an_outline_that_is_none_costs_its_record(
    content: Any, reason: str, detail: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRecord) as bad:
        outlines(tmp_path, content)
    assert bad.value.args == (reason, detail)


def test_a_file_of_outlines_that_is_not_there_or_leads_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    folder = open_folder("a", "a", str(tmp_path))
    found = OutlineFiles(folder, PicturePaths(folder, "{name}.json"), "masks")
    said = []
    for name in ("none", "../a", "bad"):
        with pytest.raises(BadRecord) as bad:
            found.of({"name": name}, ())
        said.append(bad.value.args)
    assert said == [
        ("unreadable_file", "none.json is not there"),
        ("bad_value", "'../a.json' leaves its folder"),
        ("unreadable_file", "bad.json: Input data was truncated"),
    ]
