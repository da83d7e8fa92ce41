"""Arrays of classes as masks, and the numbers of mask files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from converters.read.headers import PictureError
from converters.read.rasters import Form, colour_code, colour_of, read_pixels
from converters.regions import areas
from converters.regions.areas import masks_by, most_common, pixels_by_value, runs_of
from converters.regions.masks import mask_from_array
from schemas.sample import Mask


def noise(height: int, width: int, values: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, values, (height, width)).astype(np.uint8)


def test_all_values_of_an_array_come_as_masks_in_one_pass() -> None:
    runs = runs_of(np.array([[3, 1], [3, 1], [1, 3]]))
    assert list(masks_by(runs, runs.value)) == [
        (1, Mask(2, 3, (2, 3, 1))),
        (3, Mask(2, 3, (0, 2, 3, 1))),
    ]


@pytest.mark.parametrize("block", [1, 40, 1 << 24])
def test_the_masks_of_an_array_do_not_depend_on_the_blocks_it_is_read_in(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "_BLOCK", block)
    pixels = noise(13, 17, 4)
    runs = runs_of(pixels)
    assert dict(masks_by(runs, runs.value)) == {
        value: mask_from_array(pixels == value) for value in range(4)
    }


def test_runs_of_two_values_in_one_group_are_joined() -> None:
    runs = runs_of(np.array([[1], [2], [0], [2]]))
    assert list(masks_by(runs, np.array([5, 5, 6, 5]))) == [
        (5, Mask(1, 4, (0, 2, 1, 1))),
        (6, Mask(1, 4, (2, 1, 1))),
    ]
    assert list(masks_by(runs, np.array([5, 6, 5, 5]))) == [
        (5, Mask(1, 4, (0, 1, 1, 2))),
        (6, Mask(1, 4, (1, 1, 2))),
    ]


def test_pixels_are_counted_by_value() -> None:
    assert pixels_by_value(runs_of(np.array([[7, 2], [7, 2], [2, 2]]))) == {2: 4, 7: 2}


def test_the_most_common_other_value_counts_and_of_equal_ones_the_smaller() -> None:
    objects = runs_of(np.array([[1, 1, 1, 2, 2]]))
    assert most_common(objects, runs_of(np.array([[8, 9, 9, 6, 4]]))) == {1: 9, 2: 4}


def test_a_colour_is_its_code() -> None:
    assert colour_of(colour_code(1, 20, 255)) == (1, 20, 255)


def saved(path: Path, pixels: npt.NDArray[np.generic]) -> str:
    if path.suffix == ".npy":
        np.save(path, pixels)
    else:
        Image.fromarray(pixels).save(path)
    return str(path)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npy"])
def test_numbers_come_row_by_row(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path / name, np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert read_pixels(path, Form()).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_band_may_be_chosen(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    assert read_pixels(path, Form(channel=2)).tolist() == [[3, 6]]


def test_transparency_is_no_colour(tmp_path: Path) -> None:
    pixels = np.array([[[9, 8, 7, 0], [9, 8, 7, 255]]], np.uint8)
    path = saved(tmp_path / "a.png", pixels)
    assert set(read_pixels(path, Form(coloured=True)).ravel()) == {colour_code(9, 8, 7)}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_numbers_that_tell_objects_apart_are_colours_where_a_file_has_them(
    mode: str, tmp_path: Path
) -> None:
    file = Image.new("RGB", (2, 1), (255, 0, 255))
    file.putpixel((1, 0), (0, 255, 0))
    file.convert(mode).save(tmp_path / "a.tif")
    found = read_pixels(str(tmp_path / "a.tif"), Form(ids=True)).tolist()
    assert found == [[colour_code(255, 0, 255), colour_code(0, 255, 0)]]


def test_numbers_that_tell_objects_apart_are_values_where_a_file_is_grey(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[7, 9]], np.uint8))
    assert read_pixels(path, Form(ids=True)).tolist() == [[7, 9]]


def test_an_edge_that_is_smoothed_falls_to_one_side_of_the_threshold(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", np.array([[0, 127, 128, 255]], np.uint8))
    assert read_pixels(path, Form(threshold=128)).ravel().tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_a_mask_of_0_and_1_stays_so_beside_a_threshold(bands: int, tmp_path: Path) -> None:
    pixels = np.array([[[0], [1]]], np.uint8).repeat(bands, axis=2)
    pixels[..., 3:] = 255  # opaque
    path = saved(tmp_path / "a.png", pixels[..., 0] if bands == 1 else pixels)
    assert read_pixels(path, Form(threshold=128, any=True)).ravel().tolist() == [False, True]


def test_a_tiff_of_64_bits_is_read_by_rasterio(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    path = str(tmp_path / "a.tif")
    shape = {"width": 2, "height": 1, "count": 1, "transform": rasterio.Affine.scale(2)}
    with rasterio.open(path, "w", "GTiff", dtype="int64", **shape) as file:
        file.write(np.array([[[3, -4]]]))
    assert read_pixels(path, Form()).tolist() == [[3, -4]]


@pytest.mark.parametrize(
    "name, pixels, form, detail",
    [
        ("a.png", np.zeros((2, 2), np.uint8), Form(channel=1), "1 band(s), and none of number 1"),
        ("a.tif", np.full((2, 2), 0.5, np.float32), Form(), "numbers that are not whole"),
        ("a.tif", np.full((2, 2), np.nan, np.float32), Form(), "numbers that are not whole"),
        ("a.npy", np.zeros((2, 2), "U3"), Form(), "an array of <U3 of shape (2, 2)"),
        ("a.npy", np.zeros(4), Form(), "an array of float64 of shape (4,)"),
        ("a.npy", np.zeros((0, 4)), Form(), "an array of shape (0, 4)"),
        ("a.tif", np.zeros((2, 2), np.uint16), Form(coloured=True), "numbers of mode I;16"),
    ],
)
def test_numbers_that_mean_no_class_are_refused(
    name: str, pixels: npt.NDArray[np.generic], form: Form, detail: str, tmp_path: Path
) -> None:
    with pytest.raises(PictureError) as caught:
        read_pixels(saved(tmp_path / name, pixels), form)
    assert caught.value.args[0] == "unreadable_image"
    assert caught.value.args[1].startswith(detail)


def test_objects_in_a_numpy_file_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([[{}]]), allow_pickle=True)
    with pytest.raises(PictureError, match="an array of object"):
        read_pixels(str(path), Form())


def test_an_array_too_large_is_refused_by_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    head = {"descr": "|u1", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, head)
    with pytest.raises(PictureError) as caught:
        read_pixels(str(path), Form())
    assert caught.value.args == ("oversized_image", "1048576 x 1048576 pixels")
