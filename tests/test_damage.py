"""Damage of files and names costs a file, a record or a dataset, and is told in one line."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import DATA, convert, dataset, picture, read

from converters.catalogue import catalogue
from converters.ledger import escaped
from converters.read import cells, files, recipes
from converters.read.arrays import open_arrays
from converters.read.class_names import class_names
from converters.read.files import SourceError
from converters.read.folder import open_folder
from converters.read.georeference import georeference
from converters.read.headers import PictureError
from converters.read.json_values import number_of
from converters.read.stores import LocalStore, MemberError, said
from converters.regions.coco import mask_of_segmentation
from converters.regions.conventions import BadShape, boxes_of
from converters.regions.parts import rings_of_geojson
from pipelines.load import checked
from pipelines.plan import make_plan

RSICD = catalogue()["rsicd"]


# What stands for a file


def no_permission(path: str, *_: object, **__: object) -> int:
    raise PermissionError(13, "Permission denied", path)


@pytest.mark.parametrize("work", ["read", "size"])
def test_a_link_to_itself_is_a_file_that_cannot_be_opened(tmp_path: Path, work: str) -> None:
    (tmp_path / "a.json").symlink_to("a.json")
    path = f"{tmp_path}/a.json"
    with pytest.raises(files.Unopenable) as error:
        getattr(files.store(path), work)(path)
    assert error.value.strerror == "Too many levels of symbolic links"


@pytest.mark.parametrize("name", ["folder", "a.json/b.json", "\ud800.json", "n" * 300])
def test_a_name_that_no_file_has_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.json").write_text("[]")
    path = f"{tmp_path}/{name}"
    with pytest.raises(FileNotFoundError):
        files.store(path).read(path)


def test_annotations_that_may_not_be_read_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dataset_rsicd.json").write_text('{"images": []}')
    monkeypatch.setattr(os, "open", no_permission)
    with pytest.raises(SourceError) as error:
        read(RSICD, tmp_path)
    assert str(error.value) == f"{tmp_path}/dataset_rsicd.json cannot be read: Permission denied"


@pytest.mark.parametrize(
    "slug, fixture, name, damage",
    [
        ("rsicd", "karpathy/rsicd", "dataset_rsicd.json", "loop"),
        ("lrs_vqa", "vqa_json/lrs_vqa", "LRS_VQA_merged.jsonl", "loop"),
        ("remoteclip", "caption_table/remoteclip", "csv_file/train/Ret-3_train.csv", "pipe"),
        ("hrsid", "coco/hrsid", "annotations/train2017.json", "nowhere"),
    ],
)
def test_annotations_that_are_no_file_refuse_their_dataset_in_a_line(
    tmp_path: Path, slug: str, fixture: str, name: str, damage: str
) -> None:
    place = tmp_path / name
    for source in (DATA / fixture).rglob("*"):
        target = tmp_path / source.relative_to(DATA / fixture)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            target.write_bytes(source.read_bytes())
    place.unlink()
    if damage == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(place.name if damage == "loop" else "gone")
    with pytest.raises(SourceError) as error:
        read(catalogue()[slug], tmp_path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pipe_beside_a_picture_on_the_map_costs_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("rasterio")
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    os.mkfifo(tmp_path / "a.png.aux.xml")
    with pytest.raises(PictureError) as error:
        georeference(f"{tmp_path}/a.png")
    assert error.value.args == (
        "unreadable_image",
        "a.png.aux.xml beside it is not a regular file",
    )
    with pytest.raises(PictureError, match="no georeference"):
        georeference(f"{tmp_path}/b.png")


def close_folder(patch: pytest.MonkeyPatch, name: str) -> None:
    """Takes the permission to list folders of a name."""
    real = LocalStore.listing

    def listing(self: LocalStore, path: str) -> list[files.Entry]:
        if path.endswith(f"/{name}"):
            raise PermissionError(13, "Permission denied", path)
        return real(self, path)

    patch.setattr(LocalStore, "listing", listing)


CLOSED = "cannot be listed (Permission denied): what is in it is passed over, unless a record names"


def test_a_class_folder_that_cannot_be_listed_costs_its_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Airport", "Forest"):
        (tmp_path / name).mkdir()
        picture(tmp_path / name / "a.jpg")
    close_folder(monkeypatch, "Airport")
    found = read(catalogue()["aid"], tmp_path)
    assert [sample.key for sample in found.samples] == ["Forest/a.jpg"]
    assert found.notes == [
        "1 folder(s) hold no picture that is read, such as Airport",
        f"Airport {CLOSED} it",
    ]


def test_annotations_in_a_folder_that_cannot_be_listed_are_named_and_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "val"):
        (tmp_path / split / "labelTxt").mkdir(parents=True)
        (tmp_path / split / "labelTxt" / "P1.txt").write_text("1 1 9 1 9 9 1 9 ship 0")
    close_folder(monkeypatch, "train/labelTxt")
    found = read(catalogue()["dota_v1"], tmp_path)
    assert [sample.split for sample in found.samples] == ["val"]
    assert f"train/labelTxt {CLOSED} it" in found.notes
    close_folder(monkeypatch, "labelTxt")
    with pytest.raises(SourceError, match=r"train/labelTxt cannot be listed: Permission denied"):
        read(catalogue()["dota_v1"], tmp_path)


def test_pictures_in_a_folder_that_cannot_be_listed_do_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mix = checked(
        {"name": "m", "sources": {"a": {"dataset": "rsicd", "task": "caption"}}}, "m.toml"
    )
    root = tmp_path / "rsicd"
    root.mkdir()
    (root / "dataset_rsicd.json").write_bytes(
        (DATA / "karpathy/rsicd/dataset_rsicd.json").read_bytes()
    )
    close_folder(monkeypatch, "RSICD_images")
    assert make_plan(mix, str(tmp_path), str(tmp_path / "out"), "embed").shards == 1


# Names


def test_a_name_with_a_line_break_is_cited_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "dataset_rsicd.json").write_text('{"ima\\nges\\r": 1, "x": [1, 2')
    with pytest.raises(SourceError) as error:
        read(RSICD, tmp_path)
    assert len(str(error.value).splitlines()) == 1


def test_a_name_that_is_not_utf_8_is_written_as_an_escape() -> None:
    assert [escaped(name) for name in ("a.json", "池.json", "bad\udcff.json")] == [
        "a.json",
        "池.json",
        "bad\\udcff.json",
    ]


def test_rows_of_a_file_whose_name_is_not_utf_8_name_it(tmp_path: Path) -> None:
    entry = catalogue()["dota_v1"]
    labels = tmp_path / "train" / "labelTxt"
    labels.mkdir(parents=True)
    name = os.fsdecode(b"bad\xff.txt")
    (labels / name).write_text("10 10 20 10 20 20 10 20 ship 0\n")
    picture(tmp_path / "train" / "images" / "bad.png", 40, 40)
    result = convert(dataset(entry, ["grounding"], tmp_path, fallback="pixel"))
    assert [(one["file"], one["reason"]) for one in result.rejects] == [
        ("train/labelTxt/bad\\udcff.txt", "unreadable_image")
    ]


# What libraries say


def test_what_a_library_says_is_one_line_without_names_of_one_run() -> None:
    name = "6f353ba2-9246-47aa-aa2c-4b0faa1b58dd.tif"
    assert said(ValueError(f"{name}: bad tag\n  in /vsimem/{name}")) == (
        "the file: bad tag in the file"
    )


# Tables


@pytest.fixture
def twice(tmp_path: Path) -> str:
    table = pa.table([[b"a"], [b"b"]], names=["jpg", "jpg"])
    pq.write_table(table, tmp_path / "t.parquet")
    with pa.ipc.new_stream(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table)
    return str(tmp_path)


def test_an_arrow_table_may_lie_in_a_folder_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/bad\xff"
    os.mkdir(folder)
    table = pa.table({"image": [b"a", b"b"]})
    with open(folder + b"/t.arrow", "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    path = os.fsdecode(folder) + "/t.arrow!image/000000001"
    assert files.store(path).read(path) == b"b"


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_pictures_in_a_column_that_stands_twice_are_an_error(twice: str, ending: str) -> None:
    path = f"{twice}/t.{ending}"
    with pytest.raises(SourceError) as error:
        list(cells.cell_names(path, files.store(path), ["jpg"]))
    assert str(error.value) == f"{path} has more than one column 'jpg'; it has: jpg, jpg"


def test_a_parquet_of_fewer_rows_than_it_says_costs_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"image": [b"a", b"b"]}), tmp_path / "t.parquet")
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: iter(()))
    path = f"{tmp_path}/t.parquet!image/000000001"
    with pytest.raises(MemberError, match="fewer rows than it says"):
        files.store(path).read(path)


def test_metadata_that_is_no_text_refuses_its_table(tmp_path: Path) -> None:
    schema = pa.schema([("label", pa.int64())], {b"huggingface": b'{"\xcd": 1}'})
    pq.write_table(schema.empty_table(), tmp_path / "t.parquet")
    folder = open_folder("ponds", "ponds", str(tmp_path))
    with pytest.raises(SourceError, match=r"^ponds: t.parquet cannot be read: "):
        class_names(folder, "t.parquet")


# Arrays


def test_an_hdf5_whose_head_points_beyond_all_files_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = [1, 2]
    body = bytearray((tmp_path / "a.h5").read_bytes())
    body[24:32] = b"\xff" * 7 + b"\x7f"  # the address at which the file's own bytes begin
    with pytest.raises(SourceError, match=r"a\.h5 is no HDF5 that can be read: "):
        open_arrays("a.h5", io.BytesIO(bytes(body)))


def test_an_attribute_that_is_not_utf_8_is_written_as_an_escape(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "earthquakes.h5", "w") as file:
        file.create_group("1").attrs["split"] = "tra"
        file["1"].attrs["split"] = np.bytes_(b"tr\xff")
        for date in ("pre", "post"):
            file[f"1/patch_0/{date}"] = np.ones((2, 2, 2), np.uint8)
    entry = catalogue()["quakeset"]
    rows = convert(dataset(entry, [entry.tasks[0]], tmp_path, fallback="pixel")).rows
    assert {row["split"] for row in rows} == {"tr\\xff"}


def test_a_picture_without_pixels_is_unreadable(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((0, 5, 3), np.uint8))
    place = f"{tmp_path}/a.npy!{recipes.words(['1', '2', '3'], recipes.PERCENTILE)}"
    with pytest.raises(PictureError, match="no pixels"):
        files.store(place).read(place)


# Numbers

HUGE = 10**400  # whole numbers of JSON know no bound, floats do


@pytest.mark.parametrize(
    "value", [HUGE, -HUGE, "one", "1_0", "", "1e999", True, None, [1], math.inf]
)
def test_what_is_no_number_of_json_is_not_finite(value: Any) -> None:
    assert not math.isfinite(number_of(value))


def test_numbers_of_json_are_floats() -> None:
    assert [number_of(value) for value in (1, -2.5, 2**70)] == [1.0, -2.5, 2.0**70]


def test_a_coordinate_beyond_all_floats_is_a_bad_box() -> None:
    with pytest.raises(BadShape) as error:
        rings_of_geojson({"type": "Polygon", "coordinates": [[[HUGE, 1], [2, 3], [4, 9]]]})
    assert error.value.args[0] == "bad_box"


@pytest.mark.parametrize(
    "value", [[[HUGE, 1, 2, 3, 4, 9]], {"size": [4, 4], "counts": None}, [{"size": [4, 4]}, 5]]
)
def test_a_mask_of_what_is_none_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError):
        mask_of_segmentation(value, 4, 4)


def test_a_box_in_text_that_is_nested_without_end_is_no_box() -> None:
    with pytest.raises(BadShape):
        boxes_of("[" * 100_000, "xyxy")


@pytest.mark.parametrize("metres, kept", [(1e-320, None), (1e-7, None), (0.5, 0.5), (1e9, None)])
def test_metres_a_pixel_that_no_picture_has_are_left_out(
    tmp_path: Path, metres: float, kept: float | None
) -> None:
    folder = tmp_path / "train"
    (folder / "labelTxt").mkdir(parents=True)
    (folder / "labelTxt" / "P1.txt").write_text(f"gsd:{metres!r}\n10 10 20 10 20 20 10 20 ship 0\n")
    picture(folder / "images" / "P1.png", 40, 40)
    entry = catalogue()["dota_v1"]
    rows = convert(dataset(entry, ["grounding"], tmp_path, fallback="pixel")).rows
    assert [row["gsd"] for row in rows] == [kept]
