"""Entries that have no files in tests/data: a tiny folder in each one's documented layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import read

from converters.catalogue import catalogue
from schemas.sample import Caption, Sample

CLASSES = [
    # slug, path of a picture in the unpacked folder, its split, its class
    (
        "ucm_ucmerced",
        "UCMerced_LandUse/Images/golfcourse/golfcourse07.tif",
        "all",
        "golfcourse",
    ),
    ("rs_c11", "RS_C11_Database/dense forest/a.tif", "all", "dense forest"),
    ("optimal31", "OPTIMAL-31/Images/golf_course/a.jpg", "all", "golf_course"),
    ("patternnet", "PatternNet/images/oil_well/oilwell001.jpg", "all", "oil_well"),
    ("eurosat", "2750/SeaLake/SeaLake_12.jpg", "all", "SeaLake"),
    ("firerisk", "FireRisk/val/Very_Low/1_2_3_4.png", "val", "Very_Low"),
    ("fgscr_42", "FGSCR_42/013.Kidd-class_destroyer/a.bmp", "all", "Kidd-class_destroyer"),
]


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def only(slug: str, root: Path) -> Sample:
    found = read(catalogue()[slug], root)
    assert not found.rejects
    assert len(found.samples) == 1
    return found.samples[0]


@pytest.mark.parametrize(("slug", "path", "split", "label"), CLASSES, ids=lambda value: value)
def test_the_class_is_read_from_the_documented_folder(
    slug: str, path: str, split: str, label: str, tmp_path: Path
) -> None:
    put(tmp_path, path)
    sample = only(slug, tmp_path)
    assert sample.split == split
    assert [found.names for found in sample.labels] == [(label,)]


def test_rsitmd_gives_its_raw_sentence_and_its_picture(tmp_path: Path) -> None:
    put(
        tmp_path,
        "RSITMD/dataset_RSITMD.json",
        '{"images": [{"filename": "park_7.tif", "split": "test",'
        ' "sentences": [{"raw": "a park ."}]}]}',
    )
    sample = only("rsitmd", tmp_path)
    assert sample.split == "test"
    assert sample.pictures[0].path == "RSITMD/images/park_7.tif"
    assert sample.captions == (Caption("sentences[0]", "a park ."),)
