"""Entries of detection XML: one tiny native file in each layout, and the Sample it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import read
from xml_cases import CASES, FROM_1, Case, seen, voc

from converters.catalogue import catalogue
from schemas.sample import Expression, Sample


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def only(slug: str, root: Path) -> Sample:
    found = read(catalogue()[slug], root)
    assert not found.rejects
    assert len(found.samples) == 1
    return found.samples[0]


@pytest.mark.parametrize("case", CASES, ids=[case.slug for case in CASES])
def test_an_xml_file_in_the_documented_layout_becomes_a_sample(case: Case, tmp_path: Path) -> None:
    put(tmp_path, case.path, f"<{case.root}>{case.text}</{case.root}>")
    for path, text in case.files.items():
        put(tmp_path, path, text)
    sample = only(case.slug, tmp_path)
    assert (sample.split, sample.pictures[0].path) == (case.split, case.picture)
    assert sample.regions == (case.region,)


EXPRESSIONS = [
    # slug, path of the XML, its picture, its split and the files that tell it
    (
        "opt_rsvg",
        "RSVGD/Annotations/img_9.xml",
        "RSVGD/Image/00009.jpg",
        "test",
        {
            "RSVGD/split/test.txt": "0\n",
            "RSVGD/split/train.txt": "1\n",
            "RSVGD/Image/00009.jpg": "",
            "RSVGD/Annotations/other.xml": "<annotation><object/></annotation>",
        },
    ),
    (
        "rrsis_d",
        "images/rrsisd/ann_split/2934.xml",
        "images/rrsisd/JPEGImages/00009.jpg",
        "val",
        {"images/rrsisd/JPEGImages/00009.jpg": ""},
    ),
]


@pytest.mark.parametrize("slug, path, picture, split, files", EXPRESSIONS, ids=lambda value: value)
def test_an_expression_in_the_documented_layout_becomes_a_sample(
    slug: str, path: str, picture: str, split: str, files: dict[str, str], tmp_path: Path
) -> None:
    text = voc("harbor").replace("wrong.jpg", "00009.jpg").replace("</object>", "")
    put(
        tmp_path,
        path,
        f"<annotation><split>val</split>{text}<description>The harbor</description></object>"
        f"</annotation>",
    )
    for name, content in files.items():
        put(tmp_path, name, content)
    sample = read(catalogue()[slug], tmp_path, [split]).samples[0]
    assert (sample.split, sample.pictures[0].path) == (split, picture)
    assert sample.regions == (seen("harbor", FROM_1),)
    assert sample.expressions == (Expression("object[0]", "The harbor", ("object[0]",)),)
