"""The Parquet files of a shard: their schema, encodings and bytes, each picture once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shard_files import ALL, BYTES, bytes_of, column, make_ponds, pictured, rule_of, shows, written
from tables import row, row_id, table

from converters.read.files import SourceError
from pipelines import parquet, shards
from pipelines.shards import Chosen
from schemas.mix import ImageMode
from schemas.table import REJECT, ROW


@pytest.fixture
def ponds(tmp_path: Path) -> Path:
    return make_ponds(tmp_path)


def test_a_shard_has_the_schema_of_a_row() -> None:
    assert written(table(row(1))).schema_arrow.equals(ROW, check_metadata=False)


@pytest.mark.parametrize("mode", ["path", "embed", "reencode"])
def test_a_shard_without_rows_has_it_too(mode: ImageMode) -> None:
    file = written(table(), mode=mode)
    assert file.metadata.num_rows == 0
    assert file.schema_arrow.equals(ROW, check_metadata=False)


def test_a_row_is_written_as_it_is() -> None:
    values = row(
        1,
        dialect="geochat",
        gsd=0.5,
        times=["2020-01-01"],
        sizes=[{"width": 8, "height": 6}],
        image_sha256=["ab"],
    )
    assert written(table(values)).read().to_pylist() == [{name: values[name] for name in ROW.names}]


def test_working_columns_are_not_written() -> None:
    assert {"dedup", "source", "image_bytes"} & set(
        written(table(row(1))).schema_arrow.names
    ) == set()


def test_repeats_have_ids_of_their_own() -> None:
    found = written(table(row(1), row(2)), [rule_of("ponds", 3, None)]).read()["id"].to_pylist()
    assert found == [
        row_id(1),
        f"{row_id(1)}-2",
        f"{row_id(1)}-3",
        row_id(2),
        f"{row_id(2)}-2",
        f"{row_id(2)}-3",
    ]


def test_the_features_of_hugging_face_are_in_the_file() -> None:
    features = json.loads(written(table(row(1))).metadata.metadata[b"huggingface"])["info"][
        "features"
    ]
    assert (list(features), features["images"], features["gsd"]) == (
        ROW.names,
        [{"_type": "Image"}],
        {"dtype": "float32", "_type": "Value"},
    )


def test_the_arrow_schema_is_not_in_the_file() -> None:
    # it would bring back dictionaries, which `datasets` takes for class labels
    assert b"ARROW:schema" not in written(table(row(1))).metadata.metadata


def encodings(rows: pa.Table, root: Path) -> tuple[str, bool]:
    """Compression of the bytes, and whether they are a dictionary."""
    found = column(written(rows, mode="embed", root=root), BYTES)
    return found.compression, found.has_dictionary_page


def test_bytes_are_not_compressed_and_plain_where_each_picture_has_one_row(ponds: Path) -> None:
    assert encodings(pictured(0, 1), ponds) == ("UNCOMPRESSED", False)


def test_bytes_are_a_dictionary_where_rows_share_a_picture(ponds: Path) -> None:
    assert encodings(table(shows(1, 0), shows(2, 0)), ponds) == ("UNCOMPRESSED", True)


@pytest.mark.parametrize(
    "path", ["id", "conversations.list.element.value", "images.list.element.path"]
)
def test_everything_else_is_compressed(path: str, ponds: Path) -> None:
    assert column(written(pictured(0, 1), mode="embed", root=ponds), path).compression == "ZSTD"


@pytest.mark.parametrize("path", ["id", "dataset", "images.list.element.bytes"])
def test_there_is_a_page_index(path: str, ponds: Path) -> None:
    assert column(written(pictured(0, 1), mode="embed", root=ponds), path).has_offset_index


@pytest.mark.parametrize("path", ["task", "dataset", "images.list.element.path", "origin.file"])
def test_texts_that_repeat_are_dictionaries_in_the_file(path: str) -> None:
    assert "RLE_DICTIONARY" in column(written(table(row(1), row(2))), path).encodings


@pytest.mark.parametrize("name", ["template", "images", "origin"])
def test_a_text_that_stands_twice_in_its_dictionary_is_written_once(name: str) -> None:
    texts = pa.array(["a/0.png", "a/0.png", "unused"])
    sizes = []
    for dictionary in (texts, texts[:1]):
        codes = pa.array([0, len(dictionary) // 2], pa.int32())
        said = pa.DictionaryArray.from_arrays(codes, dictionary)
        rows = table(row(1), row(2))
        old = rows[name].combine_chunks()
        path = {"images": "images.list.element.path", "origin": "origin.file"}.get(name, name)
        if name == "images":
            bytes_of_none = old.flatten().field("bytes")
            shown = pa.StructArray.from_arrays([bytes_of_none, said], fields=[*old.type.value_type])
            said = pa.ListArray.from_arrays(old.offsets, shown)
        elif name == "origin":
            said = pa.StructArray.from_arrays([said, old.field("key")], fields=[*old.type])
        at = rows.schema.get_field_index(name)
        found = column(written(rows.set_column(at, rows.schema.field(at), said)), path)
        assert "RLE_DICTIONARY" in found.encodings
        sizes.append(found.total_uncompressed_size)
    assert sizes[0] == sizes[1]


def test_ids_have_bounds_to_look_up_by() -> None:
    found = column(written(table(row(1), row(2))), "id").statistics
    assert (found.min, found.max) == (row_id(1), row_id(2))


def test_bytes_are_those_of_the_files(ponds: Path) -> None:
    images = written(pictured(0, 3), mode="embed", root=ponds).read()["images"].to_pylist()
    assert images == [
        [{"bytes": b"\x00" * 1000, "path": "ponds/0.png"}],
        [{"bytes": b"\x03" * 1000, "path": "ponds/3.png"}],
    ]


def test_a_picture_of_several_rows_is_in_each(ponds: Path) -> None:
    rows = table(shows(1, 2), shows(2, 2, 2), shows(3, 3))
    assert bytes_of(written(rows, mode="embed", root=ponds)) == [[2], [2, 2], [3]]


def test_a_picture_of_many_rows_is_written_once(ponds: Path) -> None:
    file = written(table(*(shows(n, n % 2) for n in range(200))), mode="embed", root=ponds)
    # two pictures of 1,000 bytes, a byte or so for each row's index, and the pages' headers
    assert 2000 <= column(file, BYTES).total_compressed_size < 2300


def test_copies_of_a_picture_are_written_once(ponds: Path) -> None:
    (ponds / "ponds/copy.png").write_bytes(bytes([2]) * 1000)
    copy = shows(2, 2) | {"images": [{"bytes": None, "path": "ponds/copy.png"}]}
    file = written(table(shows(1, 2), copy), mode="embed", root=ponds)
    assert column(file, BYTES).total_compressed_size < 1300
    assert [image["path"] for [image] in file.read()["images"].to_pylist()] == [
        "ponds/2.png",
        "ponds/copy.png",
    ]


def test_pairs_keep_their_order(ponds: Path) -> None:
    rows = table(shows(1, 3, 0, home=1), shows(2, 0, 3, home=1), shows(3, 1, 2, home=2))
    assert bytes_of(written(rows, mode="embed", root=ponds)) == [[3, 0], [0, 3], [1, 2]]


def test_pictures_are_read_once_for_all_their_rows(
    ponds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = parquet.pictures.read

    def counted(picture: Any, mode: ImageMode) -> bytes:
        opened.append(Path(picture.file).name)
        return read(picture, mode)

    monkeypatch.setattr(parquet.pictures, "read", counted)
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1500)
    monkeypatch.setattr(parquet, "MOST_BYTES", 5000)  # a picture's rows go to several row groups
    written(table(*(shows(n, n % 3) for n in range(60))), mode="embed", root=ponds)
    assert sorted(opened) == ["0.png", "1.png", "2.png"]


def test_a_picture_that_changed_is_an_error_that_names_it(ponds: Path) -> None:
    rows = pictured(0, 1)
    (ponds / "ponds/1.png").write_bytes(b"another")
    with pytest.raises(SourceError) as error:
        written(rows, mode="embed", root=ponds)
    assert str(error.value) == (
        f"{ponds}/ponds/1.png: changed during the run: its bytes are not those that were read "
        "before; let it rest and run again"
    )


def test_a_picture_that_is_gone_is_an_error_that_names_it(ponds: Path) -> None:
    rows = pictured(0, 1)
    (ponds / "ponds/1.png").unlink()
    with pytest.raises(SourceError, match=r"ponds/1\.png: changed during the run: No such file"):
        written(rows, mode="embed", root=ponds)


def test_the_sizes_of_rows_are_those_of_their_values(ponds: Path) -> None:
    sink = io.BytesIO()
    rows = table(shows(1, 0), shows(2, 1, 2))
    found = parquet.write_rows(
        sink,
        rows,
        shards.choose(rows, ALL, 7, {}),
        "embed",
        lambda _, path: f"{ponds}/{path}",
    )
    # Texts and lists have 4 bytes before them. Turns: 4 + (4 + 5) + (4 + 24) + (4 + 3) + (4 + 3).
    fixed = 28 + 55 + sum(4 + n for n in (3, 5, 5, 5, 0, 7, 0, 0)) + (4 + 16) + 4 + 2 * 8 + 4
    fixed += 4 + 4 + (4 + 8) + (4 + 8) + (4 + 14) + (4 + 1)
    assert found.sizes.tolist() == [
        fixed + 4 + 15 + 1004 + 4 + 68,
        fixed + 4 + 2 * (15 + 1004) + 4 + 2 * 68,
    ]


# Rejects


def test_rejects_are_sorted_by_origin() -> None:
    rows = table(row(3, dataset="b"), row(2, dataset="a"), row(1, dataset="b"))
    everything = Chosen(*(np.zeros(0, np.int64),) * 4, np.array([0, 1, 2]))
    sink = io.BytesIO()
    assert parquet.write_rejects(sink, [shards.drop_table(rows, everything)]) == 3
    found = pq.read_table(io.BytesIO(sink.getvalue())).to_pylist()
    assert [(reject["dataset"], reject["key"]) for reject in found] == [
        ("a", "2"),
        ("b", "1"),
        ("b", "3"),
    ]


def test_rejects_have_their_schema() -> None:
    sink = io.BytesIO()
    parquet.write_rejects(sink, [])
    assert pq.read_schema(io.BytesIO(sink.getvalue())) == REJECT
