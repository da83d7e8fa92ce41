"""Real files of detection XML, where they are (see `test_real_data`); expected values are counts
and facts of shared/formats, or were read from the files by eye."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from native import read
from PIL import Image
from test_real_data import folder

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Box, Quad


def test_the_bow_of_hrsc2016_lies_on_the_axis_of_w() -> None:
    [sample] = read(catalogue()["hrsc2016"], folder("hrsc2016")).samples
    shape = sample.regions[0].shape
    assert isinstance(shape, Quad)
    corners = np.array(shape.points).reshape(4, 2)
    centre, axis = corners.mean(axis=0), corners[1] - corners[0]
    assert np.linalg.norm(axis) == pytest.approx(778.4297)
    bow = np.array([143, 776]) - centre
    along = bow @ axis / np.linalg.norm(axis)
    across = math.sqrt(bow @ bow - along**2)
    # At the minus end of w, half its length away; a ship's breadth is 178 pixels.
    assert along == pytest.approx(-778.4297 / 2, abs=10)
    assert across < 50


def test_hrsc2016_names_the_ship_by_its_number_and_the_picture_by_its_size() -> None:
    [sample] = read(catalogue()["hrsc2016"], folder("hrsc2016")).samples
    picture = sample.pictures[0]
    assert (picture.width, picture.height, picture.gsd) == (1172, 816, 1.07)
    assert [region.label for region in sample.regions] == ["100000013"]
    assert catalogue()["hrsc2016"].spoken["100000013"] == "Kuznetsov ship"


def test_upright_boxes_of_hrsc2016_are_its_own() -> None:
    [sample] = read(catalogue()["hrsc2016_hbb"], folder("hrsc2016")).samples
    assert [region.shape for region in sample.regions] == [Box(119, 75, 587, 789)]


def test_neon_tree_boxes_touch_0_and_the_whole_size() -> None:
    found = read(catalogue()["neon_tree"], folder("neon_tree"))
    assert found.rejects == []
    labels = [region.label for sample in found.samples for region in sample.regions]
    assert Counter(labels) == {"Tree": 61, "Dead": 28, "Alive": 9}
    boxes = [region.shape for region in found.samples[0].regions]
    numbers = [n for box in boxes if isinstance(box, Box) for n in (box.x1, box.y1, box.x2, box.y2)]
    assert (min(numbers), max(numbers)) == (0, 400)


def test_boxes_of_rareplanes_are_the_extents_of_the_masks() -> None:
    root = folder("rareplanes_synthetic")
    [sample] = read(catalogue()["rareplanes_synthetic"], root).samples
    mask = np.asarray(Image.open(root / "masks/Adelaide_Airport_0_0_101_mask.png"))
    # Colours of the first, the fourth and the tenth aeroplane, in the order of the file.
    colours = {0: (145, 247, 100, 255), 3: (7, 88, 28, 255), 9: (22, 76, 163, 255)}
    for at, colour in colours.items():
        rows, columns = np.nonzero((mask == colour).all(axis=2))
        extent = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert sample.regions[at].shape == extent


def test_rareplanes_has_15_aeroplanes_beside_two_other_objects() -> None:
    found = read(catalogue()["rareplanes_synthetic"], folder("rareplanes_synthetic"))
    assert Counter(region.label for region in found.samples[0].regions) == {"Airplane": 15}
    assert [reject.reason for reject in found.rejects] == ["unselected", "unselected"]


def test_the_counters_of_dior_rsvg_alone_are_no_dataset() -> None:
    with pytest.raises(SourceError, match="annotations not found"):
        read(catalogue()["dior_rsvg"], folder("dior_rsvg"))


def test_the_counters_of_dior_rsvg_fit_38320_objects(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        text = (folder("dior_rsvg") / f"{name}.txt").read_text()
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "Annotations").mkdir()
    box = "<bndbox><xmin>{0}</xmin><ymin>1</ymin><xmax>99999</xmax><ymax>9</ymax></bndbox>"
    item = f"<object><name>ship</name>{box}<description>ship {{0}}</description></object>"
    for number in range(0, 38_320, 80):
        text = "".join(item.format(number + i) for i in range(80))
        (tmp_path / f"Annotations/{number:05}.xml").write_text(f"<annotation>{text}</annotation>")
    found = read(catalogue()["dior_rsvg"], tmp_path)
    splits: Counter[str] = Counter()
    said = {}
    for sample in found.samples:
        splits[sample.split] += len(sample.expressions)
        said |= {item.text: sample.split for item in sample.expressions}
    assert splits == {"train": 26_991, "val": 3_829, "test": 7_500}
    # The first lines of the lists: test 0, 1, 6; val 2, 9, 11; train 3, 4, 5.
    assert [said[f"ship {number}"] for number in (0, 1, 2, 3, 6, 9)] == [
        "test",
        "test",
        "val",
        "train",
        "test",
        "val",
    ]
