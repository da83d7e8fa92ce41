"""Pictures of several bands or more than 8 bits, made into 8-bit RGB by what an entry declares."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native import DATA, convert, dataset
from PIL import Image

from converters.catalogue import catalogue, parse_file
from converters.read import files, images, recipes
from converters.read.files import SourceError
from pipelines.pictures import Picture
from pipelines.pictures import read as written
from schemas.mix import ImageMode

rasterio = pytest.importorskip("rasterio")

PATCH = DATA / "label_json/bigearthnet/BigEarthNet-v1.0/S2A_MSIL2A_20170613T101031_26_57"
BAND = f"{PATCH}/S2A_MSIL2A_20170613T101031_26_57_B04.tif"
S2 = DATA / "location_table" / "s2_100k"


pytestmark = pytest.mark.filterwarnings(
    "ignore::rasterio.errors.NotGeoreferencedWarning"  # of the TIFFs that these tests write
)


def pixels(path: str) -> list[Any]:
    with Image.open(io.BytesIO(files.store(path).read(path))) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        found: list[Any] = np.asarray(picture).tolist()
        return found


def tiff(path: Path, bands: list[Any], kind: str = "uint16") -> str:
    """A TIFF of so many bands, each rows x columns."""
    values = np.array(bands, kind)
    count, height, width = values.shape
    sides = {"height": height, "width": width, "count": count}
    with rasterio.open(path, "w", driver="GTiff", dtype=kind, **sides) as file:
        file.write(values)
    return str(path)


def test_bands_by_number_are_red_green_and_blue(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", [[[10, 20]], [[0, 100]], [[50, 300]], [[7, 8]]])
    assert pixels(f"{path}!bands=3,2,1;stretch=0,100") == [[[128, 0, 26], [255, 255, 51]]]


def test_bands_may_be_files_of_their_own() -> None:
    assert pixels(f"{BAND}!bands=B04,B03,B02;stretch=0,2750") == [
        [[0, 0, 51], [128, 0, 0]],
        [[255, 255, 0], [255, 255, 255]],
    ]


def test_one_band_is_grey(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", [[[-20.0, -10.0]], [[1, 2]]], "float32")
    assert pixels(f"{path}!bands=1;stretch=-20,0") == [[[0, 0, 0], [128, 128, 128]]]


def test_a_pictures_own_percentiles_are_those_of_all_its_shown_bands(tmp_path: Path) -> None:
    wide, flat = [[0] * 50 + [100] * 50], [[50] * 100]
    path = tiff(tmp_path / "a.tif", [wide, flat, flat])
    found = pixels(f"{path}!bands=1,2,3;stretch=percentile")
    assert (found[0][0], found[0][99]) == ([0, 128, 128], [255, 128, 128])
    path = tiff(tmp_path / "b.tif", [[list(range(101))]])
    assert [row[0] for row in pixels(f"{path}!bands=1;stretch=percentile")[0][:4]] == [0, 0, 0, 3]


def test_what_is_no_number_is_black(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", [[[np.nan, 1.0, 2.0]]], "float32")
    assert pixels(f"{path}!bands=1;stretch=0,1") == [[[0, 0, 0], [255] * 3, [255] * 3]]
    assert pixels(f"{path}!bands=1;stretch=percentile")[0][0] == [0, 0, 0]


def test_a_picture_of_one_value_is_black_by_its_own_percentiles(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", [[[7, 7]]])
    assert pixels(f"{path}!bands=1;stretch=percentile") == [[[0, 0, 0], [0, 0, 0]]]


def test_an_array_is_made_as_a_file_is() -> None:
    path = f"{DATA}/label_arrays/so2sat/validation.h5!sen2@nhwc/0.npy"
    made = pixels(f"{path}!bands=3,2,1;stretch=0,0.275")
    assert (made[0][0], made[1][3], made[1][2]) == ([255, 128, 0], [255] * 3, [0] * 3)


def test_a_recipe_that_does_not_fit_names_bands_and_bits(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a_B4.tif", [[[1]], [[2]]])
    facts = images.read_facts(f"{path}!bands=4,3,2;stretch=0,1")
    assert (facts.fault, facts.detail) == (
        "unreadable_image",
        "2 bands of uint16, and the recipe takes bands 4, 3, 2",
    )


def test_faults_of_bands_in_files_are_facts(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a_B4.tif", [[[1]]])
    tiff(tmp_path / "a_B2.tif", [[[1, 2]]])
    (tmp_path / "a_B1.tif").write_bytes(b"II*\x00 no more")
    found = [
        images.read_facts(f"{path}!bands={bands};stretch=0,1")
        for bands in ("B4,B3,B2", "B4,B2,B4", "B8,B4,B2", "B4,B1,B4")
    ]
    assert [facts.fault for facts in found] == ["missing_image", *["unreadable_image"] * 3]
    assert found[1].detail == "bands of unlike sizes: 1 x 1, 2 x 1, 1 x 1"
    assert found[2].detail == "a_B4.tif has no band's name B8 in it"


def test_words_of_a_recipe_are_read_back() -> None:
    said = recipes.words([4, 3, 2], (0.0, 0.275))
    assert said == "bands=4,3,2;stretch=0,0.275"
    assert recipes.made(f"a/b.tif!{said}") == ("a/b.tif", ("4", "3", "2"), (0.0, 0.275))


@pytest.mark.parametrize("path", ["a.tif", "a.tif!bands=4;stretch=0", "a.tif!bands=;stretch=0,1"])
def test_other_paths_have_no_recipe(path: str) -> None:
    assert recipes.made(path) is None


# In a run


def located(mode: ImageMode) -> list[dict[str, Any]]:
    found = convert(dataset(catalogue()["s2_100k"], ["vqa"], S2, images=mode))
    return [row for row in found.rows if row["images"][0]["path"].endswith("patch_1.tif")]


def test_a_written_picture_is_hashed_as_made_and_its_row_says_how() -> None:
    [row] = located("embed")
    place = f"{S2}/images/patch_1.tif!bands=4,3,2;stretch=0,2750"
    data = files.store(place).read(place)
    digest, quick = hashlib.sha256(data).hexdigest(), images.quick_hash(data)
    assert (row["recipe"], row["sizes"], row["image_sha256"]) == (
        "bands=4,3,2;stretch=0,2750",
        [{"width": 3, "height": 2}],
        [digest],
    )
    assert written(Picture(place, digest, quick), "embed") == files.store(place).read(place)
    assert pixels(place) == [
        [[255, 128, 0], [255, 0, 0], [255, 0, 0]],
        [[255, 0, 0], [255, 0, 0], [255, 0, 255]],
    ]


def test_the_infrared_band_of_potsdam_is_no_transparency(tmp_path: Path) -> None:
    for folder in ("4_Ortho_RGBIR", "5_Labels_all"):
        (tmp_path / folder).mkdir()
    bands = [[[10] * 8] * 8, [[20] * 8] * 8, [[30] * 8] * 8, [[0] * 8] * 8]
    tiff(tmp_path / "4_Ortho_RGBIR/top_potsdam_2_10_RGBIR.tif", bands, "uint8")
    building = [[[0] * 8] * 8, [[0] * 8] * 8, [[255] * 8] * 8]
    tiff(tmp_path / "5_Labels_all/top_potsdam_2_10_label.tif", building, "uint8")
    entry = catalogue()["potsdam"]
    [row] = convert(dataset(entry, ["classification"], tmp_path, images="embed")).rows
    assert row["recipe"] == "bands=1,2,3;stretch=0,255"
    shown = pixels(f"{tmp_path}/{row['images'][0]['path'].partition('/')[2]}!{row['recipe']}")
    assert shown[0][0] == [10, 20, 30]


def test_a_file_that_no_longer_fits_its_recipe_is_an_error_that_names_it(tmp_path: Path) -> None:
    place = f"{tiff(tmp_path / 'a.tif', [[[1]]])}!bands=4;stretch=0,1"
    with pytest.raises(SourceError, match=r"a\.tif!bands=4;stretch=0,1: changed during the run: "):
        written(Picture(place, "0" * 64, bytes(16)), "embed")


def test_a_row_that_names_a_picture_names_its_file() -> None:
    [row] = located("path")
    assert (row["images"][0]["path"], row["recipe"], row["image_sha256"]) == (
        "s2_100k/images/patch_1.tif",
        None,
        None,
    )


def test_a_picture_that_needs_a_recipe_and_has_none_names_bands_and_bits() -> None:
    facts = images.read_facts(f"{S2}/images/patch_1.tif")
    assert (facts.fault, facts.detail) == (
        "unreadable_image",
        "a TIFF of 12 bands of 16 bits, which Pillow does not read",
    )


@pytest.mark.parametrize(
    "recipe",
    [
        "{ bands = [1, 2], stretch = [0, 1] }",
        '{ bands = [1, "B2", 3], stretch = [0, 1] }',
        "{ bands = [1], stretch = [5, 5] }",
    ],
)
def test_a_recipe_that_makes_no_picture_is_a_fault_of_its_entry(
    tmp_path: Path, recipe: str
) -> None:
    (tmp_path / "mine.toml").write_text(
        '[mine]\nname = "Mine"\nhome = "https://a.example"\ntasks = ["classification"]\n'
        'format = "class_folder"\nimages = "{label}/{file}"\nevidence = "documented"\n'
        f'licence = {{ annotations = "unstated", images = "unstated" }}\nrecipe = {recipe}\n'
    )
    assert parse_file(str(tmp_path / "mine.toml"), "mine.toml")[1] == [
        "mine.toml [mine] recipe: takes 1 or 3 bands, all by number or all by name, and black "
        "below white"
    ]
