"""Rows of tables that cannot be used: each is rejected by itself, whatever the format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from laid_out import faults, found_in

from converters.read.files import SourceError

TABLE = {"annotations": "a.csv", "images": "{image}"}


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("label_table", {"image": "image", "labels": ["said"]}),
        ("conversation_table", {"fields": {"question": "ask", "answer": "said"}}),
        ("caption_table", {"fields": {"image": "image", "captions": ["said"]}}),
    ],
)
def test_a_row_with_too_few_cells_is_rejected_and_the_next_one_is_read(
    form: str, options: dict[str, Any], tmp_path: Path
) -> None:
    rows = "image,ask,said\n1.png,what?\n2.png,what?,a pond\n"
    found = found_in(tmp_path, form, TABLE | options, {"a.csv": rows})
    assert [fault[1:] for fault in faults(found)] == [
        ("unreadable_record", "2 cells under 3 columns")
    ]
    assert [one.pictures[0].path for one in found.samples] == ["2.png"]


@pytest.mark.parametrize(
    ("options", "header", "detail"),
    [
        ({"image": 2}, "image,kind", r"a\.csv has 2 columns, none of number 2"),
        ({"image": -1}, "image,kind", r"a\.csv has 2 columns, none of number -1"),
        ({"image": "image"}, "image", r"a\.csv has no column of a class"),
        ({"image": "image", "split": "part"}, "image,part", r"a\.csv has no column of a class"),
        ({"image": "image", "skip": ["note"]}, "image,note", r"a\.csv has no column of a class"),
    ],
)
def test_a_table_without_a_column_of_pictures_or_classes_is_an_error(
    options: dict[str, Any], header: str, detail: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=rf"dscr: {detail}$"):
        found_in(tmp_path, "label_table", TABLE | options, {"a.csv": f"{header}\n"})


@pytest.mark.parametrize(
    ("longitude", "latitude", "said"),
    [
        *(("0", "0", "0.00 N, 0.00 E"), ("-0.25", "0.5", "0.50 N, 0.25 W")),
        *(("0.25", "-0.5", "0.50 S, 0.25 E"), ("-70", "-33.456", "33.46 S, 70.00 W")),
    ],
)
def test_a_place_is_said_by_its_half_of_the_earth(
    longitude: str, latitude: str, said: str, tmp_path: Path
) -> None:
    columns = {"image": "image", "longitude": "lon", "latitude": "lat", "question": "Where?"}
    rows = f"image,lon,lat\n1.png,{longitude},{latitude}\n"
    [sample] = found_in(tmp_path, "location_table", TABLE | columns, {"a.csv": rows}).samples
    assert [one.answer for one in sample.questions] == [said]
