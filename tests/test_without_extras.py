"""Files whose library is not installed: the error names the extra that brings it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io
from laid_out import found_in

from converters.read import files
from converters.read.arrays import open_arrays
from converters.read.files import SourceError
from converters.read.headers import PictureError
from converters.read.mat_files import mat_variables
from converters.read.rasters import Form, read_pixels
from converters.read.recipes import RecipeStore
from schemas.sample import Box, Polygon, Shape


def mat() -> bytes:
    out = io.BytesIO()
    scipy.io.savemat(out, {"a": np.eye(2)})
    return out.getvalue()


def hdf5() -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        file["a"] = np.eye(2)
    return out.getvalue()


READERS: list[Callable[[bytes, str], object]] = [
    lambda data, name: open_arrays(name, io.BytesIO(data)),
    lambda data, name: mat_variables(data, name),
]


@pytest.mark.parametrize("reads", READERS)
@pytest.mark.parametrize(
    ("make", "library", "extra"), [(mat, "scipy", "mat"), (hdf5, "h5py", "hdf5")]
)
def test_a_file_of_arrays_needs_the_extra_of_its_kind(
    make: Callable[[], bytes],
    library: str,
    extra: str,
    reads: Callable[[bytes, str], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = make()
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SourceError, match=rf"^a\.mat.* needs {library}: .*'earthmix\[{extra}\]'"):
        reads(data, "a.mat")


def bands(path: Path, count: int) -> None:
    shape = {"width": 2, "height": 3, "count": count, "dtype": "uint16"}
    with rasterio.open(path, "w", "GTiff", transform=rasterio.Affine.scale(2), **shape) as file:
        file.write(np.ones((count, 3, 2), np.uint16))


def test_a_tiff_that_pillow_does_not_read_needs_the_extra_geo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bands(tmp_path / "a.tif", 5)
    monkeypatch.setitem(sys.modules, "rasterio.io", None)
    with pytest.raises(PictureError) as caught:
        read_pixels(str(tmp_path / "a.tif"), Form())
    assert caught.value.args[0] == "unreadable_image"
    assert caught.value.args[1].endswith("which Pillow does not read; the extra `geo` reads it")


def test_a_picture_of_some_bands_needs_the_extra_geo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bands(tmp_path / "a.tif", 5)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(SourceError, match=r"^a picture made by a recipe needs rasterio: "):
        RecipeStore(files.store).read(f"{tmp_path}/a.tif!bands=1,2,3;stretch=0,10000")


DAM = {
    "properties": {"kind": "dam", "box": [1, 2, 3, 4]},
    "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]]]},
}


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, Polygon((0, 0, 4, 0, 4, 4))),
        ({"box": "box"}, Box(1, 2, 3, 4)),
        ({"box": "box", "coordinates": "map"}, Box(1, 2, 3, 4)),
    ],
)
def test_outlines_and_boxes_in_pixels_need_no_extra(
    options: dict[str, str], shape: Shape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rasterio", None)
    options = {"annotations": "{stem}.json", "images": "{stem}.png", "label": "kind"} | options
    text = json.dumps({"features": [DAM]})
    [sample] = found_in(tmp_path, "geojson_regions", options, {"1.json": text}).samples
    assert [one.shape for one in sample.regions] == [shape]
