"""Pictures that cannot be shown: made by a recipe, packed, in tables, or with a broken head."""

from __future__ import annotations

import base64
import io
import math
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mask_files import put_mask
from native import encoded
from PIL import Image

from converters.read import files, rasters, recipes
from converters.read.files import MemberError, SourceError
from converters.read.georeference import georeference
from converters.read.headers import header, tiff_size
from converters.read.images import PictureError
from converters.read.mask_pictures import marked
from converters.read.rasters import Form, read_pixels
from converters.read.recipes import RecipeStore, made, words
from converters.regions.coco import mask_of_segmentation

rasterio = pytest.importorskip("rasterio")


def fault(call: Any, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(PictureError) as error, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call(*arguments)
    reason, detail = error.value.args
    return reason, detail


def array(values: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(values))
    return out.getvalue()


# Recipes


@pytest.mark.parametrize(
    ("bands", "stretch", "text"),
    [
        ([4, 3, 2], [0, 2750], "bands=4,3,2;stretch=0,2750"),
        (["B04"], [0.5, 1.25], "bands=B04;stretch=0.5,1.25"),
        ([1], "percentile", "bands=1;stretch=percentile"),
    ],
)
def test_a_recipe_is_a_text_behind_a_path(bands: Any, stretch: Any, text: str) -> None:
    assert words(bands, stretch) == text
    found = made(f"a.tif!{text}")
    assert found is not None
    assert (found.file, found.bands) == ("a.tif", tuple(map(str, bands)))
    assert found.stretch == (None if stretch == "percentile" else tuple(map(float, stretch)))


@pytest.mark.parametrize(
    "path", ["a.tif", "a.tif!bands=1;stretch=1", "a.tif!bands=1;stretch=a,b", "a.tif!bands=1"]
)
def test_a_path_without_a_whole_recipe_makes_no_picture(path: str) -> None:
    store = RecipeStore(files.store)
    for call in (store.read, store.size):
        with pytest.raises(FileNotFoundError):
            call(path)


@pytest.mark.parametrize(
    ("data", "bands", "expected"),
    [
        (array(np.zeros((2, 3))), "2", "1 bands of float64, and the recipe takes bands 2"),
        (array(np.zeros((2, 3, 4))), "0,5", "4 bands of float64, and the recipe takes bands 0, 5"),
        (array(np.zeros((0, 3))), "1", "it has no pixels"),
        (array(np.zeros((2, 3), "U1")), "1", "bands of <U1, which are no numbers"),
        (b"", "1", "the file is empty"),
    ],
)
def test_a_recipe_that_does_not_fit_its_file_says_why(
    data: bytes, bands: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / "a.npy").write_bytes(data)
    place = f"{tmp_path}/a.npy!bands={bands};stretch=0,1"
    assert fault(RecipeStore(files.store).read, place) == ("unreadable_image", expected)


def test_a_file_of_too_many_pixels_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.npy").write_bytes(array(np.zeros((2, 3))))
    store, place = RecipeStore(files.store), f"{tmp_path}/a.npy!bands=1;stretch=0,1"
    monkeypatch.setattr(recipes, "_MOST_PIXELS", 6)
    assert store.read(place)[:4] == b"\x89PNG"
    monkeypatch.setattr(recipes, "_MOST_PIXELS", 5)
    assert fault(store.read, place) == ("oversized_image", "6 pixels")


def test_what_is_no_number_is_black_and_a_picture_without_any_is_black(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(array([[np.nan, 0.0, 0.5, np.inf]]))
    (tmp_path / "b.npy").write_bytes(array([[np.nan, np.nan]]))
    shades = []
    for name, stretch in (("a", "0,1"), ("b", "percentile")):
        place = f"{tmp_path}/{name}.npy!bands=1;stretch={stretch}"
        with Image.open(io.BytesIO(RecipeStore(files.store).read(place))) as picture:
            shades.append(np.asarray(picture)[0, :, 0].tolist())
    assert shades == [[0, 0, 128, 0], [0, 0]]


# Masks


def test_numbers_of_a_mask_that_are_whole_are_whole_and_others_are_refused(tmp_path: Path) -> None:
    for name, values in (("a", [[1.0, 7.0]]), ("b", [[True, False]]), ("c", [[1 << 32, 0.0]])):
        (tmp_path / f"{name}.npy").write_bytes(array(values))
    assert read_pixels(f"{tmp_path}/a.npy", Form()).tolist() == [[1, 7]]
    assert read_pixels(f"{tmp_path}/b.npy", Form()).tolist() == [[1, 0]]
    whole = ("unreadable_image", "numbers that are not whole")
    assert fault(read_pixels, f"{tmp_path}/c.npy", Form()) == whole


def test_a_mask_whose_pixels_are_damaged_or_that_is_too_large_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray(encoded("PNG", 64, 64))
    at = data.index(b"IDAT")
    data[at + 10 : at + 60] = bytes(50)
    (tmp_path / "a.png").write_bytes(data)
    assert fault(read_pixels, f"{tmp_path}/a.png", Form())[0] == "unreadable_image"
    put_mask(tmp_path / "b.png", [[1]])
    size = (tmp_path / "b.png").stat().st_size
    monkeypatch.setattr(rasters, "MAX_BYTES", size)
    assert read_pixels(f"{tmp_path}/b.png", Form()).tolist() == [[1]]
    monkeypatch.setattr(rasters, "MAX_BYTES", size - 1)
    assert fault(read_pixels, f"{tmp_path}/b.png", Form()) == ("oversized_image", f"{size} bytes")


def test_a_folder_in_the_place_of_a_mask_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    assert fault(marked, f"{tmp_path}/a.png") == ("missing_image", "a.png")
    assert fault(marked, f"{tmp_path}/b.png") == ("missing_image", "b.png")


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        ([{"size": [2, 2], "counts": [4]}, {"size": [2, 3], "counts": [6]}], "several sizes"),
        ([{"size": [2], "counts": [4]}], "without size or counts"),
        ([{"size": [2, 2], "counts": None}], "without size or counts"),
        ([{"size": [math.inf, 2], "counts": [4]}], "sides that are no whole numbers of pixels"),
        ([{"size": [2, 2.5], "counts": [4]}], "sides that are no whole numbers of pixels"),
        ([{"size": [0, 2], "counts": [0]}], "a mask of 2 x 0 pixels"),
        ([{"size": [2, 2], "counts": [5]}], "run lengths of 5 pixels for a mask of 2 x 2"),
    ],
)
def test_run_lengths_that_are_no_mask_are_refused(outline: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        mask_of_segmentation(outline, 2, 2)


# Heads


def test_an_array_without_a_recipe_says_what_it_holds() -> None:
    bands = np.zeros((4, 5, 3), np.uint16)
    for values, count in ((bands, 3), (bands[..., 0], 1)):
        assert fault(header, array(values)) == (
            "unreadable_image",
            f"an array of {count} bands of 16 bits, and the entry has no recipe",
        )
    assert fault(header, array(bands)[:20])[0] == "truncated_image"


def test_markers_without_a_length_before_a_jpegs_frame_are_passed() -> None:
    data = encoded("JPEG", 31, 17)
    assert header(b"\xff\xd8\xff\x01\xff\xd0\xff\xd7" + data[2:])[:2] == (31, 17)


@pytest.mark.parametrize("kind", ["BMP", "GIF"])
def test_a_file_that_ends_before_its_head_says_is_not_whole(kind: str) -> None:
    data = encoded(kind, 31, 17)
    assert header(data).whole
    assert not header(data[:-1]).whole


def test_the_size_of_a_tiff_is_that_of_its_tags_or_unknown() -> None:
    data = encoded("TIFF", 31, 17)
    assert tiff_size(data) == (31, 17)
    assert tiff_size(data[:6]) is None
    entry = struct.pack("<HHII", 256, 4, 1, 31)  # the width, as a long
    assert entry in data or struct.pack("<HHIHH", 256, 3, 1, 31, 0) in data


# On the map


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ("missing_image", "a.tif")),
        (b"GIF89a", ("unreadable_image", "no TIFF, PNG, JPEG or JPEG 2000")),
        (b"II*\x00none", None),
    ],
)
def test_a_picture_that_is_none_lies_nowhere_on_the_map(
    content: bytes | None, expected: tuple[str, str] | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "a.tif").write_bytes(content)
    found = fault(georeference, f"{tmp_path}/a.tif")
    assert found == expected if expected else found[0] == "unreadable_image"


# In tables


def test_a_picture_in_a_table_is_bytes_or_their_text_and_else_missing(tmp_path: Path) -> None:
    picture = encoded("PNG")
    text = base64.b64encode(picture).decode()
    cells = [text, f"data:image/png;base64,{text[:9]}\n{text[9:]}", "not base64!", None]
    table = pa.table({"image": cells})
    with pa.OSFile(f"{tmp_path}/a.arrow", "wb") as out, pa.ipc.new_file(out, table.schema) as file:
        file.write_table(table)
    found = []
    for row in range(5):
        place = f"{tmp_path}/a.arrow!image/{row:09d}"
        try:
            found.append(files.store(place).read(place) == picture)
        except FileNotFoundError:
            found.append(None)
    assert found == [True, True, None, None, None]


def test_each_cell_of_a_damaged_column_has_the_same_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    cells = pa.array([bytes([n]) * 100 for n in range(40)], pa.binary())
    pq.write_table(
        pa.table({"image": cells}), path, compression="none", use_dictionary=False, version="1.0"
    )
    data = bytearray(path.read_bytes())
    at = data.index(cells[0].as_py())
    data[at - 4 : at] = b"\xff" * 4  # the length of the first cell
    path.write_bytes(data)
    store, faults = files.store(f"{path}!image/0"), []
    for row in (0, 1, 0):
        with pytest.raises(MemberError) as error:
            store.read(f"{path}!image/{row:09d}")
        faults.append(error.value.strerror)
    assert len(set(faults)) == 1, faults


def test_a_table_that_is_damaged_is_named_with_its_cell(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 none PAR1")
    place = f"{tmp_path}/a.parquet!image/000000000"
    with pytest.raises((MemberError, SourceError)) as error:
        files.store(place).read(place)
    assert "damaged in its table" in str(error.value)
