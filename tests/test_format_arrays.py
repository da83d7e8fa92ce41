"""Scene classes and places in arrays, and what is served of arrays and of Parquet rows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native import DATA, changed, convert, dataset, read
from PIL import Image

from converters.catalogue import catalogue
from converters.read import files, images
from converters.read.files import SourceError
from schemas.sample import Question

h5py = pytest.importorskip("h5py")
matlab = pytest.importorskip("scipy.io")

SO2SAT = DATA / "label_arrays" / "so2sat"
QUAKESET = DATA / "event_arrays" / "quakeset"
SATIN = DATA / "label_parquet" / "satin"


def array(path: str) -> Any:
    return np.load(io.BytesIO(files.store(path).read(path)))


def labels(entry: Any, root: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (sample.split, sample.pictures[0].path, sample.labels[0].names)
        for sample in read(entry, root).samples
    ]


# One array of all pictures


def test_each_row_of_an_array_is_a_picture_with_its_marked_class() -> None:
    found = read(catalogue()["so2sat"], SO2SAT)
    assert labels(catalogue()["so2sat"], SO2SAT) == [
        ("validation", "validation.h5!sen2@nhwc/0.npy", ("Bush, scrub",)),
        ("validation", "validation.h5!sen2@nhwc/1.npy", ("Water",)),
    ]
    assert [(reject.key, reject.reason) for reject in found.rejects] == [("sen2[2]", "no_label")]


# As SAT-6: all splits in one file, pictures counted by the last dimension.
SAT = changed(
    "so2sat",
    options={
        "annotations": "sat-6-full.mat",
        "pictures": "{split}_x",
        "labels": "{split}_y",
        "inner": ["train", "test"],
        "axes": "hwcn",
        "label_axes": "cn",
        "names": ["a", "b", "c", "d", "e", "f"],
    },
)


def sat() -> dict[str, Any]:
    """Two pictures for training and one for testing; all of the second holds 10 more."""
    pictures = np.zeros((2, 3, 4, 2), np.uint8) + np.arange(2).reshape(2, 1, 1, 1)
    pictures[..., 1] += 10
    marks = np.eye(6, dtype=np.uint8)[:, [0, 5]]
    arrays = {"train_x": pictures, "train_y": marks}
    return arrays | {"test_x": pictures[..., :1], "test_y": marks[:, :1]}


SAT_ROWS = [("train", 0, ("a",)), ("train", 1, ("f",)), ("test", 0, ("a",))]


def test_a_mat_file_counts_its_pictures_by_the_last_dimension(tmp_path: Path) -> None:
    matlab.savemat(tmp_path / "sat-6-full.mat", sat())
    assert labels(SAT, tmp_path) == [
        (split, f"sat-6-full.mat!{split}_x@hwcn/{number}.npy", names)
        for split, number, names in SAT_ROWS
    ]
    assert array(f"{tmp_path}/sat-6-full.mat!train_x@hwcn/1.npy")[:, :, 0].tolist() == [
        [10, 10, 10],
        [11, 11, 11],
    ]


def test_a_mat_file_of_version_7_3_has_its_dimensions_in_reverse(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "sat-6-full.mat", "w", userblock_size=512) as file:
        for name, values in sat().items():
            file[name] = values.transpose()
    assert labels(SAT, tmp_path) == [
        (split, f"sat-6-full.mat!{split}_x@ncwh/{number}.npy", names)
        for split, number, names in SAT_ROWS
    ]
    assert array(f"{tmp_path}/sat-6-full.mat!train_x@ncwh/1.npy")[:, :, 0].tolist() == [
        [10, 10, 10],
        [11, 11, 11],
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"pictures": "sen3"}, "has no array sen3; it has: label, sen1, sen2"),
        ({"labels": "labels"}, "has no array labels; it has: label, sen1, sen2"),
        ({"names": ["a"]}, r"label of \(3, 17\) are not nhwc and nc of 1 classes"),
        ({"axes": "hwcn"}, r"sen2 of \(3, 2, 4, 10\) and label of \(3, 17\) are not hwcn"),
    ],
)
def test_arrays_that_are_not_as_declared_are_an_error(change: dict[str, Any], fault: str) -> None:
    entry = changed("so2sat", options=catalogue()["so2sat"].options | change)
    with pytest.raises(SourceError, match=fault):
        read(entry, SO2SAT)


def test_an_array_of_another_file_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["sen2"] = np.zeros((1, 2, 2, 3))
    with h5py.File(tmp_path / "validation.h5", "w") as file:
        file["sen2"] = h5py.ExternalLink("secret.h5", "sen2")
        file["label"] = np.eye(17)[:1]
    with pytest.raises(SourceError, match="sen2 is a link, which is not followed"):
        read(catalogue()["so2sat"], tmp_path)


def test_an_array_without_a_recipe_is_no_picture() -> None:
    facts = images.read_facts(f"{SO2SAT}/validation.h5!sen2@nhwc/0.npy")
    assert (facts.fault, facts.detail) == (
        "unreadable_image",
        "an array of 10 bands of 64 bits, and the entry has no recipe",
    )


@pytest.mark.parametrize("member", ["sen2@nhwc/3.npy", "sen9@nhwc/0.npy", "sen2@hwc.npy"])
def test_a_picture_that_is_not_in_its_array_is_missing(member: str) -> None:
    assert images.read_facts(f"{SO2SAT}/validation.h5!{member}").fault == "missing_image"


# Dates of events


def test_pairs_of_dates_show_an_event_or_none() -> None:
    found = read(catalogue()["quakeset"], QUAKESET)
    assert [
        (sample.split, [p.path for p in sample.pictures], sample.labels[0].names)
        for sample in found.samples
    ] == [
        (
            "train",
            [f"earthquakes.h5!611645/{patch}/{date}@hwc.npy" for date in dates],
            (name,),
        )
        for patch, dates, name in (
            ("patch_0", ("pre", "post"), "earthquake_affected_area"),
            ("patch_0", ("before", "pre"), "unaffected_area"),
            ("patch_1", ("pre", "post"), "earthquake_affected_area"),
        )
    ]


def test_a_date_alone_and_an_event_without_a_split_are_rejects() -> None:
    found = read(catalogue()["quakeset"], QUAKESET)
    assert [(reject.key, reject.detail) for reject in found.rejects] == [
        ("611645/patch_2", "dates post make no pair"),
        ("7", "no split"),
    ]


# Pictures in the rows of a Parquet file


def test_a_picture_of_a_row_is_served_as_a_file() -> None:
    path = f"{SATIN}/EuroSAT/data/train-00000-of-00001.parquet!image/000000001"
    with Image.open(io.BytesIO(files.store(path).read(path))) as picture:
        assert (picture.size, picture.getpixel((0, 0))) == ((8, 6), (40, 50, 60))
    facts = images.read_facts(path)
    assert (facts.width, facts.height, facts.fault) == (8, 6, "")


def test_a_row_that_is_not_there_has_no_picture() -> None:
    path = f"{SATIN}/EuroSAT/data/train-00000-of-00001.parquet!image/000000009"
    assert images.read_facts(path).fault == "missing_image"


# Places


def test_a_place_is_said_in_the_words_of_the_entry() -> None:
    found = read(catalogue()["s2_100k"], DATA / "location_table" / "s2_100k")
    asked = "Where on Earth was this picture taken? Answer with latitude and longitude in degrees."
    assert [sample.questions for sample in found.samples] == [
        (Question("patch_1.tif", asked, "35.99 N, 9.52 W", "geolocation"),),
        (Question("patch_2.tif", asked, "0.00 S, 122.50 E", "geolocation"),),
    ]
    assert [sample.pictures[0].path for sample in found.samples] == [
        "images/patch_1.tif",
        "images/patch_2.tif",
    ]


def test_the_place_of_a_record_stands_in_its_row() -> None:
    entry = catalogue()["s2_100k"]
    found = convert(dataset(entry, ["vqa"], DATA / "location_table" / "s2_100k"))
    assert sorted((row["lon"], row["lat"]) for row in found.rows) == [
        (-9.519603756652518, 35.99298294340872),
        (122.5, -0.001),
    ]


def test_a_place_on_no_globe_and_half_a_place_are_rejects() -> None:
    found = read(catalogue()["s2_100k"], DATA / "location_table" / "s2_100k")
    assert [(reject.key, reject.reason) for reject in found.rejects] == [
        ("patch_3.tif", "bad_value"),
        ("patch_4.tif", "missing_field"),
    ]
