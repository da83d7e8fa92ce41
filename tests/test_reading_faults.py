"""What is read of a file's head, of arrays and of pixels, where little is left to read."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from laid_out import found_in
from native import convert, dataset, picture
from PIL import Image

from converters.catalogue import catalogue
from converters.read import arrays, files
from converters.read.files import MemberError, SourceError
from converters.read.folder import open_folder
from converters.read.pixels import shown
from converters.read.split_lists import split_by_picture_lists

# Questions


def test_questions_under_a_key_are_read_beside_other_lists(tmp_path: Path) -> None:
    asked = {"image": "1.png", "question": ["Is it a dam?", "A dam?"], "answer": "yes"}
    document = {"about": [{"image": "0.png"}], "asked": [asked]}
    options = {"annotations": "a.json", "images": "{image}", "table": "asked"}
    found = found_in(tmp_path, "vqa_json", options, {"a.json": json.dumps(document)})
    assert [(one.key, one.questions[0].question) for one in found.samples] == [
        ("1.png", "Is it a dam?")
    ]
    assert found.rejects == []


def test_questions_without_options_are_no_multiple_choice() -> None:
    found = convert(dataset(catalogue()["rsvqa_lr"], ["choice"]))
    assert (found.rows, [one["reason"] for one in found.rejects].count("unselected")) == ([], 3)


@pytest.mark.parametrize(("content", "kept"), [(None, 3), (b"no picture", 0)])
def test_questions_in_columns_of_pictures_that_cannot_be_read_are_rejected(
    content: bytes | None, kept: int, tmp_path: Path
) -> None:
    source = Path(__file__).parent / "data/rsvqa/rsvqa_lr"
    for table in source.iterdir():
        (tmp_path / table.name).write_bytes(table.read_bytes())
    for number in range(60):
        place = picture(tmp_path / f"Images_LR/{number}.tif")
        if content is not None:
            place.write_bytes(content)
    found = convert(dataset(catalogue()["rsvqa_lr"], ["vqa"], tmp_path, images="embed"))
    reasons = [one["reason"] for one in found.rejects]
    assert (len(found.rows), reasons.count("unreadable_image")) == (kept, 3 - kept)


# Heads of files


def test_lines_of_yolo_are_refused_where_a_whole_line_of_the_head_is_none(tmp_path: Path) -> None:
    options = {
        "annotations": "{stem}.txt",
        "images": "{stem}.png",
        "columns": ["x1", "y1", "x2", "y2", "class"],
    }
    yolo = "0 0.1 0.2 0.3 0.40\n"  # 19 bytes
    with pytest.raises(SourceError, match=r"1\.txt holds YOLO text"):
        found_in(tmp_path / "a", "delimited_boxes", options, {"1.txt": yolo * 300})
    # 215 lines are 4,085 bytes: one more whole line within the 4,096 of the head.
    text = yolo * 214 + "10 20 30 40 ship\n" + yolo * 100
    found = found_in(tmp_path / "b", "delimited_boxes", options, {"1.txt": text})
    assert [one.label for one in found.samples[0].regions] == ["ship"]


def test_without_a_list_that_names_a_file_the_lists_are_named(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("7.png\n")
    folder = open_folder("a", "a", str(tmp_path))
    with pytest.raises(SourceError) as error:
        split_by_picture_lists(folder, {"train": ["train.txt"]}, {"1.png": "1.png"})
    assert str(error.value) == (
        "a: no split list, such as train.txt (its first entry is '7.png'), names a file that is "
        "there; the names of files that are there are such as '1'"
    )


def test_a_list_in_no_known_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"1.png \xff\xfe\n")
    folder = open_folder("a", "a", str(tmp_path))
    with pytest.raises(SourceError, match=r"^a: train\.txt cannot be read: 'utf-8' codec"):
        split_by_picture_lists(folder, {"train": ["train.txt"]}, {"1.png": "1.png"})


# Pixels of 16 bits


@pytest.mark.parametrize(
    ("value", "shade"),
    [(0, 0), (128, 0), (129, 1), (32768, 128), (65406, 254), (65407, 255), (65535, 255)],
)
def test_the_shade_of_a_single_value_is_its_share_of_all(value: int, shade: int) -> None:
    out = io.BytesIO()
    Image.fromarray(np.full((1, 4), value, np.uint16)).save(out, "PNG")
    with Image.open(out) as file:
        assert set(np.asarray(shown(file)).ravel().tolist()) == {shade}


# Pictures in arrays


def hdf5(path: Path, **values: Any) -> str:
    with h5py.File(path, "w") as file:
        for name, value in values.items():
            file[name] = value
    return str(path)


STACK = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_a_picture_of_a_stack_is_put_into_rows_columns_and_bands(tmp_path: Path) -> None:
    path = hdf5(tmp_path / "a.h5", x=STACK)
    for axes, number, expected in (
        ("nhw", "/1", STACK[1]),
        ("whn", "/3", STACK[:, :, 3].T),
        ("chw", "", STACK.transpose(1, 2, 0)),
    ):
        place = f"{path}!x@{axes}{number}.npy"
        data = files.store(place).read(place)
        assert np.load(io.BytesIO(data)).tolist() == expected.tolist()
        assert files.store(place).size(place) == expected.size


@pytest.mark.parametrize(
    "inner", ["x@nhw/2.npy", "y@nhw/0.npy", "x@hw.npy", "x@nhh/0.npy", "x@chw/0.npy", "x@nhw.npy"]
)
def test_a_picture_that_no_array_holds_is_missing(inner: str, tmp_path: Path) -> None:
    place = f"{hdf5(tmp_path / 'a.h5', x=STACK)}!{inner}"
    with pytest.raises(FileNotFoundError):
        arrays.ArrayStore(files.store).read(place)
    with pytest.raises(FileNotFoundError):
        arrays.ArrayStore(files.store).size(place)


def test_an_array_of_words_and_one_too_large_are_no_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = hdf5(tmp_path / "a.h5", x=STACK, words=[[b"a"] * 2] * 2)
    monkeypatch.setattr(arrays, "MAX_PICTURE", 11)
    store = arrays.ArrayStore(files.store)
    for inner, what in (("x@nhw/0", "3 x 4 uint8"), ("words@hw", "2 x 2 object")):
        with pytest.raises(MemberError) as error:
            store.read(f"{path}!{inner}.npy")
        assert error.value.strerror == f"an array of {what} is no picture that is read"
    monkeypatch.setattr(arrays, "MAX_PICTURE", 12)
    assert len(store.read(f"{path}!x@nhw/0.npy")) == 128 + 12


def test_an_array_that_lies_in_another_file_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (2, 2), "u1", external=[("secret.bin", 0, 4)])
        file["link"] = h5py.SoftLink("/x")
        file["group/y"] = STACK
    found = arrays.open_arrays("a.h5", (tmp_path / "a.h5").open("rb"))
    with pytest.raises(SourceError, match=r"^a\.h5: x lies in another file, which is not read$"):
        found.array("x")
    with pytest.raises(SourceError, match=r"^a\.h5: link is a link, which is not followed$"):
        found.array("link")
    assert found.array("group") is None
    assert found.names() == ["group", "link", "x"]


def test_a_mat_file_tells_its_arrays_and_refuses_a_huge_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scipy.io.savemat(tmp_path / "a.mat", {"x": STACK, "a": STACK[0]})
    found = arrays.open_arrays("a.mat", (tmp_path / "a.mat").open("rb"))
    assert (found.names(), found.array("y")) == (["a", "x"], None)
    assert found.values("a").tolist() == STACK[0].tolist()
    monkeypatch.setattr(arrays, "MAX_ARRAY", 23)
    with pytest.raises(SourceError) as error:
        found.array("x")
    assert str(error.value) == "a.mat: the array x of (2, 3, 4) is larger than 4 GiB"
    (tmp_path / "b.mat").write_bytes(b"none")
    with pytest.raises(SourceError, match=r"^b\.mat is no \.mat that can be read: "):
        arrays.open_arrays("b.mat", (tmp_path / "b.mat").open("rb"))
