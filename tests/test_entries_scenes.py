"""Scene datasets without files in tests/data: a tiny folder in each one's documented layout."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import encoded, read

from converters.catalogue import catalogue
from converters.read import files
from converters.regions.attributes import spoken
from schemas.sample import Sample

FOLDERS = [
    # slug, path of a picture in the unpacked folder, its split, its class, the class as spoken
    ("whu_rs19", "WHU-RS19/footballField/a_01.jpg", "all", "footballField", "football field"),
    ("rsscn7", "dRiverLake/d001.jpg", "all", "dRiverLake", "river or lake"),
    (
        "siri_whu",
        "Google dataset of SIRI-WHU_earth_im_tiff/12class_tif/idle_land/0001.tif",
        "all",
        "idle_land",
        "idle land",
    ),
    ("sydney", "runway/1.tif", "all", "runway", "runway"),
    ("rsd46_whu", "val/Parting lot/a.jpg", "val", "Parting lot", "parking lot"),
    ("rsd46_whu", "Oiltank/a.png", "all", "Oiltank", "oil tank"),
    ("hefei", "water/a.jpg", "all", "water", "water"),
    (
        "hurricane_damage",
        "validation_another/no_damage/-95.1_29.8.jpeg",
        "validation_another",
        "no_damage",
        "no hurricane damage",
    ),
    ("airound", "aerial/stadium/7.png", "all", "stadium", "stadium"),
    ("clrs", "CLRS/golf-course/golf-course_1.tif", "all", "golf-course", "golf course"),
    ("rsi_cb", "RSI-CB256/water area/hirst/hirst (1).tif", "all", "hirst", "sandbar"),
    ("rsi_cb", "RSI-CB256/parkinglot/a.tif", "all", "parkinglot", "parking lot"),
    ("rsi_cb128", "RSI-CB128/woodland/mangrove/a.tif", "all", "mangrove", "mangrove"),
    ("mlrsnet_scenes", "Images/swimmimg_pool/a.jpg", "all", "swimmimg_pool", "swimming pool"),
    ("nasc_tg2", "circle farmland/a.jpg", "all", "circle farmland", "circle farmland"),
    ("mrssc2_0", "sar/coast/a.png", "all", "coast", "coast"),
    ("mtsccd", "MtSCCD_LUSC/val/bare land/a.png", "val", "bare land", "bare land"),
    ("eurosat_ms", "EuroSAT_MS/SeaLake/SeaLake_1.tif", "all", "SeaLake", "sea or lake"),
    (
        "eurosat_ms",
        "ds/images/remote_sensing/otherDatasets/sentinel_2/tif/River/River_1.tif",
        "all",
        "River",
        "river",
    ),
    ("fgscr_42", "FGSCR_42/test/009.Kidd-class/a.bmp", "test", "Kidd-class", "kidd class"),
]


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def only(slug: str, root: Path) -> Sample:
    found = read(catalogue()[slug], root)
    assert not found.rejects
    assert len(found.samples) == 1
    return found.samples[0]


@pytest.mark.parametrize(
    ("slug", "path", "split", "label", "said"), FOLDERS, ids=lambda value: value
)
def test_the_class_is_read_from_the_documented_folder(
    slug: str, path: str, split: str, label: str, said: str, tmp_path: Path
) -> None:
    put(tmp_path, path)
    sample = only(slug, tmp_path)
    assert (sample.split, sample.pictures[0].path) == (split, path)
    assert [found.names for found in sample.labels] == [(label,)]
    assert spoken(label, catalogue()[slug].spoken) == said


TABLES = [
    # slug, path of the table, its text, the split, the picture, the classes
    (
        "dscr",
        "annotations/val.csv",
        "class,label\ncrop_ld201904211947519928_.bmp,aircraft carrier\n",
        ("val", "Images/crop_ld201904211947519928_.bmp", ("aircraft carrier",)),
    ),
    (
        "multiscene_clean",
        "MultiScene-Clean/test.csv",
        "name,Apron,WindTrubine\n00017,1,1\n",
        ("test", "MultiScene-Clean/images/00017.jpg", ("Apron", "WindTrubine")),
    ),
    (
        "starcop",
        "test.csv",
        "id,has_plume,qplume\nang2019_1,True,3.5\n",
        ("test", "ang2019_1/TOA_AVIRIS_640nm.tif", ("methane plume",)),
    ),
]


@pytest.mark.parametrize(("slug", "path", "text", "expected"), TABLES, ids=lambda value: value)
def test_the_classes_are_read_from_the_documented_table(
    slug: str, path: str, text: str, expected: tuple[str, str, tuple[str, ...]], tmp_path: Path
) -> None:
    put(tmp_path, path, text)
    sample = only(slug, tmp_path)
    assert (sample.split, sample.pictures[0].path, sample.labels[0].names) == expected


def test_bigearthnet_v2_finds_the_tile_in_a_patchs_name(tmp_path: Path) -> None:
    patch = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57"
    row = {"patch_id": patch, "labels": ["Pastures", "Mixed forest"], "split": "validation"}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "metadata.parquet")
    sample = only("bigearthnet_v2", tmp_path)
    assert (sample.split, sample.labels[0].names) == ("validation", ("Pastures", "Mixed forest"))
    assert sample.pictures[0].path == (
        f"BigEarthNet-S2/S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP/{patch}/{patch}_B04.tif"
    )


HUB = sorted(
    s for s, e in catalogue().items() if s.endswith("_hub") and e.format == "label_parquet"
)


def test_twenty_two_entries_are_copies_on_the_hub() -> None:
    assert len(HUB) == 22


@pytest.mark.parametrize("slug", HUB)
def test_a_copy_on_the_hub_holds_its_pictures(slug: str, tmp_path: Path) -> None:
    column = "label_1" if slug == "millionaid_hub" else "label"
    picture = encoded("PNG")
    row = {"image": {"bytes": picture, "path": None}, column: "beach"}
    (tmp_path / "data").mkdir()
    name = "data/train-00000-of-00001-0123456789abcdef.parquet"
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / name)
    sample = only(slug, tmp_path)
    assert (sample.split, sample.labels[0].names) == ("train", ("beach",))
    place = f"{tmp_path}/{sample.pictures[0].path}"
    assert io.BytesIO(files.store(place).read(place)).getvalue() == picture
