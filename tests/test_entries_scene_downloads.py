"""Scene sets as downloads lie on a disk: the copies of libraries, of Kaggle and of the hub."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import Native, encoded, read
from PIL import Image
from scipy.io import savemat

from converters.catalogue import entry_of
from converters.read import files
from converters.regions.attributes import spoken
from pipelines.check import check_dataset


def put(root: Path, *names: str, text: str = "", data: bytes = b"") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data or text.encode())


def found(slug: str, root: Path) -> tuple[list[tuple[str, str, tuple[str, ...]]], Native]:
    """Split, picture and classes as prompts say them, of each sample; and all that was read."""
    entry = entry_of(slug)
    native = read(entry, root)
    return [
        (
            one.split,
            one.pictures[0].path,
            tuple(spoken(name, entry.spoken) for name in one.labels[0].names),
        )
        for one in native.samples
    ], native


def test_of_torchgeos_three_archives_of_eurosat_each_entry_reads_its_own(tmp_path: Path) -> None:
    deep = "images/remote_sensing/otherDatasets/sentinel_2/tif"
    for name, members in {
        "EuroSAT.zip": ("2750/River/River_1.jpg", "2750/Forest/Forest_1.jpg"),
        "EuroSATallBands.zip": (f"ds/{deep}/River/River_1.tif", f"ds/{deep}/Forest/Forest_1.tif"),
        "EuroSAT100.zip": (f"{deep}/River/River_1.tif", f"{deep}/Forest/Forest_1.tif"),
    }.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member in members:
                archive.writestr(member, b"")
    put(tmp_path, "eurosat-train.txt", text="River_1.jpg\n")
    put(tmp_path, "eurosat-test.txt", text="Forest_1.jpg\n")
    rgb, _ = found("eurosat", tmp_path)
    assert rgb == [
        ("test", "EuroSAT.zip!2750/Forest/Forest_1.jpg", ("forest",)),
        ("train", "EuroSAT.zip!2750/River/River_1.jpg", ("river",)),
    ]
    bands, _ = found("eurosat_ms", tmp_path)
    assert bands == [
        ("test", f"EuroSATallBands.zip!ds/{deep}/Forest/Forest_1.tif", ("forest",)),
        ("train", f"EuroSATallBands.zip!ds/{deep}/River/River_1.tif", ("river",)),
    ]


def test_radar_patches_are_of_the_split_that_the_second_column_names(tmp_path: Path) -> None:
    patch = "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_61_39"
    place = f"BigEarthNet-S1-v1.0/{patch}/{patch}"
    put(tmp_path, f"{place}_labels_metadata.json", text='{"labels": ["Pastures"]}')
    put(tmp_path, f"{place}_VV.tif")
    put(tmp_path, "bigearthnet-val.csv", text=f"S2A_MSIL2A_20170613T101031_61_39,{patch}\n")
    assert found("bigearthnet_s1", tmp_path)[0] == [("val", f"{place}_VV.tif", ("pastures",))]


@pytest.mark.parametrize("name", ["splits/val.csv", "splits/bigearthnet_val.csv"])
def test_lists_of_patches_lie_in_a_folder_of_splits_too(name: str, tmp_path: Path) -> None:
    patch = "S2A_MSIL2A_20170613T101031_61_39"
    place = f"BigEarthNet-v1.0/{patch}/{patch}"
    put(tmp_path, f"{place}_labels_metadata.json", text='{"labels": ["Pastures"]}')
    put(tmp_path, name, text=f"{patch}\n")
    assert found("bigearthnet", tmp_path)[0] == [("val", f"{place}_B04.tif", ("pastures",))]


def test_the_clean_part_of_multiscene_has_its_own_names_of_splits(tmp_path: Path) -> None:
    put(tmp_path, "MultiScene-Clean/Tra.csv", text="name,Apron,LakePond\n17,0,1\n")
    put(tmp_path, "MultiScene-Clean/Test.csv", text="name,Apron,LakePond\n18,1.0,0.0\n")
    assert found("multiscene_clean", tmp_path)[0] == [
        ("test", "MultiScene-Clean/images/18.jpg", ("apron",)),
        ("train", "MultiScene-Clean/images/17.jpg", ("lake or pond",)),
    ]


def test_the_labels_of_ucm_are_a_table_beside_the_class_folders(tmp_path: Path) -> None:
    table = "IMAGE\\LABEL\tairplane\tbare-soil\tmobile-home\nmobilehomepark07\t0\t1\t1\n"
    put(tmp_path, "LandUse_Multilabeled.txt", text=table)
    picture = "UCMerced_LandUse/Images/mobilehomepark/mobilehomepark07.tif"
    put(tmp_path, picture)
    assert found("ucm_multilabel", tmp_path)[0] == [("all", picture, ("bare soil", "mobile home"))]


def test_the_labels_of_aid_name_pictures_in_class_folders(tmp_path: Path) -> None:
    table = "IMAGE\\LABEL,airplane,bare-soil,trees\nbaseballfield_7,0,1,1\n"
    put(tmp_path, "multilabel.csv", text=table)
    picture = "images_test/BaseballField/baseballfield_7.jpg"
    put(tmp_path, "images_tr/Airport/airport_1.jpg", picture)
    assert found("aid_multilabel", tmp_path)[0] == [("all", picture, ("bare soil", "trees"))]


@pytest.mark.parametrize(
    "slug, table, row, picture",
    [
        (
            "aid_multilabel_aitlas",
            "splits/aidmultilabel_val.csv",
            "pond_7",
            "images_test/Pond/pond_7.jpg",
        ),
        (
            "ucm_multilabel_aitlas",
            "ucmercedmultilabel_val.csv",
            "river07",
            "Images/river/river07.tif",
        ),
        (
            "mlrsnet_aitlas",
            "splits/mlrsnet_val.csv",
            "mobile_home_park_00007",
            "Images/mobile_home_park/mobile_home_park_00007.jpg",
        ),
    ],
)
def test_the_tables_of_aitlas_split_pictures_with_several_labels(
    slug: str, table: str, row: str, picture: str, tmp_path: Path
) -> None:
    head = "image" if slug == "mlrsnet_aitlas" else "IMAGE\\LABEL"
    put(tmp_path, table, text=f"{head}\tbare-soil\ttrees\twater\n{row}\t1\t0\t1\n")
    put(tmp_path, picture)
    assert found(slug, tmp_path)[0] == [("val", picture, ("bare soil", "water"))]


def test_aerial_pictures_of_trees_may_stay_in_the_archives_of_their_species(tmp_path: Path) -> None:
    labels = {"Acer_1_2_WEFL_NLF.tif": [["Acer", 0.9], ["Tilia", 0.1]]}
    put(tmp_path, "labels/TreeSatBA_v9_60m_multi_labels.json", text=json.dumps(labels))
    put(tmp_path, "train_filenames.lst", text="Acer_1_2_WEFL_NLF.tif\n")
    archive = "aerial_60m_acer_campestre.zip"
    with zipfile.ZipFile(tmp_path / archive, "w") as file:
        file.writestr("aerial/60m/Acer_1_2_WEFL_NLF.tif", b"")
    place = f"{archive}!aerial/60m/Acer_1_2_WEFL_NLF.tif"
    assert found("treesatai_ts", tmp_path)[0] == [("train", place, ("Acer trees", "Tilia trees"))]


def test_the_pictures_of_sat_6_stand_in_one_file(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    for split, classes in {"train": [0, 5], "test": [3]}.items():
        arrays[f"{split}_x"] = np.full((28, 28, 4, len(classes)), 7, np.uint8)
        arrays[f"{split}_y"] = np.eye(6)[classes].T
    savemat(tmp_path / "sat-6-full.mat", arrays)
    assert found("sat_6", tmp_path)[0] == [
        ("train", "sat-6-full.mat!train_x@hwcn/0.npy", ("building",)),
        ("train", "sat-6-full.mat!train_x@hwcn/1.npy", ("water",)),
        ("test", "sat-6-full.mat!test_x@hwcn/0.npy", ("grassland",)),
    ]


def place(kind: str, folder: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"Type": kind, "Image_Folder": folder}}


def test_places_of_meter_ml_have_several_classes_and_lie_in_numbered_folders(
    tmp_path: Path,
) -> None:
    picture = "train_images/train_images_2/41.5_-90.1/naip.png"
    places = [place("WWTreatment-Landfills", "train_images/41.5_-90.1")]
    text = json.dumps({"type": "FeatureCollection", "features": places})
    put(tmp_path, "train_dataset.geojson", text=text)
    put(tmp_path, picture, data=encoded("PNG", mode="RGBA"))
    samples, native = found("meter_ml", tmp_path)
    assert samples == [("train", picture, ("wastewater treatment plant", "landfill"))]
    assert not [note for note in native.notes if "picture" in note]


def test_the_fourth_band_of_a_png_is_left_out_by_a_recipe(tmp_path: Path) -> None:
    pixels = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4)
    Image.fromarray(pixels, "RGBA").save(tmp_path / "naip.png")
    path = f"{tmp_path}/naip.png!bands=1,2,3;stretch=0,255"
    shown = np.asarray(Image.open(io.BytesIO(files.store(path).read(path))))
    assert shown.tolist() == pixels[:, :, :3].tolist()


def hub(path: Path, labels: list[list[int]], names: Sequence[str] = ("pond", "road")) -> None:
    """A table of pictures and numbers of classes, as `datasets` writes it; without names of none.

    Its kind is that of its name.
    """
    label = {"names": list(names), "_type": "ClassLabel"}
    features = {"label": {"feature": label, "_type": "Sequence"}}
    rows = [{"image": {"bytes": encoded("PNG"), "path": None}, "label": label} for label in labels]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows)
    if names:
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    if path.suffix == ".arrow":
        with pa.ipc.new_stream(str(path), table.schema) as file:
            file.write_table(table)
    else:
        pq.write_table(table, path)


@pytest.mark.parametrize(
    "name",
    [
        "data/train-00000-of-00001-0123456789abcdef.parquet",
        "train-00000-of-00001.parquet",
        "default/train/0000.parquet",
        "train/0000.parquet",
        "owner--EuroSAT/parquet-train.parquet",
        "default/train-00000-of-00001.parquet",
        "EuroSAT/data/train-00000-of-00001.parquet",
        "train/data-00000-of-00001.arrow",
    ],
)
def test_a_copy_on_the_hub_lies_in_any_of_the_hubs_layouts(name: str, tmp_path: Path) -> None:
    hub(tmp_path / name, [[1]])
    samples, _ = found("eurosat_hub", tmp_path)
    assert [(split, said) for split, _, said in samples] == [("train", ("road",))]


def test_a_row_of_the_hub_with_more_classes_than_there_can_be_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "data/train-00000-of-00001.parquet"
    hub(path, [[*range(13)], [*range(14)]], [f"c{number}" for number in range(14)])
    native = read(entry_of("mlrsnet_hub"), tmp_path)
    assert [len(sample.labels[0].names) for sample in native.samples] == [13]
    assert [(reject.key, reject.reason) for reject in native.rejects] == [("row 2", "bad_value")]


CARD = """---
dataset_info:
  features:
  - name: image
    dtype: image
  - name: label
    sequence:
      class_label:
        names:
          '1': road
          '0': pond
---
# A card
"""


def test_names_that_a_table_lacks_are_those_of_the_repositorys_card(tmp_path: Path) -> None:
    hub(tmp_path / "data/train-00000-of-00001.parquet", [[1], [2]], ())
    put(tmp_path, "README.md", text=CARD)
    native = read(entry_of("eurosat_hub"), tmp_path)
    assert [sample.labels[0].names for sample in native.samples] == [("road",)]
    assert [(reject.key, reject.reason) for reject in native.rejects] == [("row 2", "bad_value")]


@pytest.mark.parametrize(
    "card",
    [
        "no front matter",
        "---\na: [\n---\n",
        "---\ndataset_info: 3\n---\n",
        CARD.replace("'1'", "'7'"),
        CARD.replace("road", "[a, b]"),
    ],
)
def test_a_card_that_is_no_use_names_no_class(card: str, tmp_path: Path) -> None:
    hub(tmp_path / "data/train-00000-of-00001.parquet", [[1]], ())
    put(tmp_path, "README.md", text=card)
    native = read(entry_of("eurosat_hub"), tmp_path)
    assert [reject.reason for reject in native.rejects] == ["bad_value"]


def test_one_note_tells_of_annotation_files_left_out_in_many_folders(tmp_path: Path) -> None:
    record = '{"bounding_boxes": [{"category": "zoo", "box": [1, 2, 3, 4]}]}'
    for number in range(7):
        stem = f"fmow-rgb/train/zoo/zoo_{number}/zoo_{number}_0"
        put(tmp_path, f"{stem}_rgb.json", f"{stem}_msrgb.json", text=record)
    _, native = found("fmow", tmp_path)
    assert len(native.samples) == 7
    assert [note for note in native.notes if "left out" in note] == [
        "7 annotation file(s) are left out, such as fmow-rgb/train/zoo/zoo_0/zoo_0_0_msrgb.json: "
        "fmow-rgb/train/zoo/zoo_0/zoo_0_0_rgb.json is read in its place"
    ]


def test_a_record_of_the_other_rendering_is_of_the_picture_of_its_own_name(tmp_path: Path) -> None:
    place = "fmow-rgb/val/zoo/zoo_7/zoo_7_0"
    record = '{"bounding_boxes": [{"category": "zoo", "box": [1, 2, 3, 4]}]}'
    put(tmp_path, f"{place}_msrgb.json", text=record)
    assert [picture for _, picture, _ in found("fmow", tmp_path)[0]] == [f"{place}_msrgb.jpg"]
    put(tmp_path, f"{place}_rgb.jpg")  # the same view in its other rendering, of another size
    assert [picture for _, picture, _ in found("fmow", tmp_path)[0]] == [f"{place}_msrgb.jpg"]


def test_check_names_another_entry_that_reads_what_lies_there(tmp_path: Path) -> None:
    hub(tmp_path / "eurosat/data/train-00000-of-00001.parquet", [[1]])
    lines, ready = check_dataset(entry_of("eurosat"), str(tmp_path), {})
    assert not ready
    hint = "hint: eurosat_hub (EuroSAT (hub copy)) reads it: use --path eurosat_hub="
    assert f"  {hint}{tmp_path}/eurosat" in lines


def test_check_counts_the_whole_of_a_set_or_the_splits_of_its_lists(tmp_path: Path) -> None:
    put(tmp_path, "eurosat/2750/River/River_1.jpg", "eurosat/2750/SeaLake/SeaLake_1.jpg")
    lines, _ = check_dataset(entry_of("eurosat"), str(tmp_path), {})
    counted = [line.split(":")[0].strip() for line in lines if "in the annotations" in line]
    assert counted == ["all"]
    put(tmp_path, "eurosat/eurosat-train.txt", text="River_1.jpg\nSeaLake_1.jpg\n")
    lines, _ = check_dataset(entry_of("eurosat"), str(tmp_path), {})
    counted = [line.split(":")[0].strip() for line in lines if "in the annotations" in line]
    assert counted == ["test", "train", "val"]
