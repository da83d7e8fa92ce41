"""Splits that list the numbers of objects, which are counted over all files."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.read.counters import in_several, numbered_spans, objects_in, read_counters
from converters.read.files import SourceError
from converters.read.folder import Folder, Span, open_folder


def folder(root: Path, **contents: str) -> Folder:
    for name, text in contents.items():
        (root / name.replace("_", ".")).write_text(text)
    return open_folder("a", "a", str(root))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<a><object/><object><name/></object><object /></a>", 3),
        ("<a><objects/><object2/></a>", 0),
        ("<a><object/><!-- <object/> --></a>", 1),
        ("<a><object/><!-- <object/> -->", 2),
        ("", 0),
    ],
)
def test_objects_are_counted_by_their_tags_and_not_in_comments(
    text: str, count: int, tmp_path: Path
) -> None:
    assert objects_in(folder(tmp_path, a_xml=text), "a.xml") == count


def test_a_file_that_is_not_there_has_no_objects(tmp_path: Path) -> None:
    assert objects_in(folder(tmp_path, a_xml=""), "b.xml") == 0


def test_spans_begin_where_the_count_of_those_before_ends(tmp_path: Path) -> None:
    files = {f"{name}_xml": "<object/>" * count for count, name in enumerate("abcde", 1)}
    given = [
        Span("a", "all", 0, ("e.xml", "b.xml")),
        Span("a", "all", 1, ("c.xml", "a.xml")),
        Span("a", "all", 2, ("d.xml",)),
    ]
    spans, counts = numbered_spans(folder(tmp_path, **files), given, 2)
    assert [(span.index, span.names, span.start, span.records) for span in spans] == [
        (0, ("a.xml", "b.xml"), 0, 3),
        (1, ("c.xml", "d.xml"), 3, 7),
        (2, ("e.xml",), 10, 5),
    ]
    assert counts == [1, 2, 3, 4, 5]


def test_the_first_list_that_has_a_number_counts(tmp_path: Path) -> None:
    found = read_counters(
        folder(tmp_path, train_txt="0\n2\n", val_txt="1\n2\n\n3\n"),
        {"train": "train.txt", "val": "val.txt", "test": "test.txt"},
    )
    assert found.split_of == {0: "train", 2: "train", 1: "val", 3: "val"}
    assert (found.splits, found.twice) == (["train", "val"], 1)
    assert in_several(found.split_of, [1, 1, 2]) == 1
    assert in_several(found.split_of, [3, 1]) == 1
    assert in_several(found.split_of, [1, 1, 1, 1]) == 0


def test_lists_that_are_not_there_or_hold_words_are_an_error(tmp_path: Path) -> None:
    given = folder(tmp_path, train_txt="one\n")
    for pattern in ("none.txt", "train.txt"):
        with pytest.raises(SourceError):
            read_counters(given, {"train": pattern})
