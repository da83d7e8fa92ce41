"""Scene classes by folder at several depths, in tables, in JSON and in Parquet with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from native import DATA, changed, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Box, Label, Region, Reject, Sample


def put(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def labels(samples: list[Sample]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Split, picture and classes of each sample."""
    return [
        (sample.split, sample.pictures[0].path, label.names)
        for sample in samples
        for label in sample.labels
    ]


def faults(rejects: list[Reject]) -> list[tuple[str, str]]:
    return [(reject.key, reject.reason) for reject in rejects]


# Folders

MILLION = ("train/water/lake/P1.jpg", "train/land/road/bridge/P2.jpg", "train/land/road/P3.jpg")


def test_the_deepest_folder_is_the_class_at_two_and_three_levels(tmp_path: Path) -> None:
    put(tmp_path, *MILLION)
    assert labels(read(catalogue()["millionaid"], tmp_path).samples) == [
        ("train", "train/land/road/bridge/P2.jpg", ("bridge",)),
        ("train", "train/land/road/P3.jpg", ("road",)),
        ("train", "train/water/lake/P1.jpg", ("lake",)),
    ]


def test_all_folders_of_a_path_may_be_its_classes(tmp_path: Path) -> None:
    put(tmp_path, *MILLION)
    found = read(catalogue()["millionaid_multilabel"], tmp_path).samples
    assert [label.names for sample in found for label in sample.labels] == [
        ("land", "road", "bridge"),
        ("land", "road"),
        ("water", "lake"),
    ]


def test_an_archive_of_made_up_answers_is_no_dataset(tmp_path: Path) -> None:
    put(tmp_path, "mc_exmaple.zip")
    with pytest.raises(SourceError, match=r"no class folders found: .*; there: mc_exmaple\.zip"):
        read(catalogue()["millionaid"], tmp_path)


def test_one_folder_around_the_class_folders_is_looked_into(tmp_path: Path) -> None:
    put(tmp_path, "AID_dataset/AID/Airport/a.jpg", "AID_dataset/AID/Port/b.jpg")
    found = read(catalogue()["aid"], tmp_path)
    assert [path for _, path, _ in labels(found.samples)] == [
        "AID_dataset/AID/Airport/a.jpg",
        "AID_dataset/AID/Port/b.jpg",
    ]
    assert found.notes == ["its files lie in AID_dataset/AID"]


def test_folders_of_one_class_are_not_taken_for_what_lies_around_classes(tmp_path: Path) -> None:
    put(tmp_path, "Airport/old/a.jpg")
    with pytest.raises(SourceError, match="no class folders found"):
        read(catalogue()["aid"], tmp_path)


def test_lists_name_the_splits_of_pictures_of_any_ending(tmp_path: Path) -> None:
    put(tmp_path, *(f"EuroSAT_MS/{name}.tif" for name in ("River/R_1", "River/R_2", "Sea/S_1")))
    put(tmp_path, "eurosat-train.txt", text="R_1.jpg\nR_9.jpg\n")
    put(tmp_path, "eurosat-test.txt", text="Sea/S_1.jpg\nR_1.jpg\n")
    found = read(catalogue()["eurosat_ms"], tmp_path)
    assert [(split, names) for split, _, names in labels(found.samples)] == [
        ("test", ("Sea",)),
        ("train", ("River",)),
        ("unlisted", ("River",)),
    ]
    assert found.notes == [
        "eurosat-train.txt names 1 of 2 pictures that are not there, such as R_9.jpg",
        "1 of the pictures of eurosat-test.txt are in the list of train too and stay in train, "
        "such as EuroSAT_MS/River/R_1.tif",
        "1 pictures are in no split list, such as EuroSAT_MS/River/R_2.tif",
    ]


def test_a_split_without_its_lists_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "2750/River/River_1.jpg")
    with pytest.raises(SourceError, match=r"no split list is there: eurosat-train\.txt"):
        read(catalogue()["eurosat"], tmp_path, ["train"])


def test_of_a_videos_frames_every_24th_is_taken(tmp_path: Path) -> None:
    put(tmp_path, *(f"Train/Fire/Fire_001/{number:03}.jpg" for number in range(50)))
    found = read(catalogue()["era"], tmp_path)
    assert [path for _, path, _ in labels(found.samples)] == [
        f"Train/Fire/Fire_001/{number}.jpg" for number in ("000", "024", "048")
    ]
    assert found.notes == [
        "47 picture(s) are left out of their folders' series, such as Train/Fire/Fire_001/001.jpg"
    ]


# Tables

MLRSNET = read(catalogue()["mlrsnet"], DATA / "label_table" / "mlrsnet")


def test_each_column_marked_1_is_a_class() -> None:
    assert labels(MLRSNET.samples) == [
        ("all", "Images/bridge/bridge_00001.jpg", ("bridge", "water")),
        ("all", "Images/bridge/bridge_00002.jpg", ("bridge", "habor", "water")),
        ("all", "Images/harbor&port/harbor&port_00001.jpg", ("habor", "water")),
    ]


def test_a_row_without_a_mark_and_one_with_another_word_are_rejects() -> None:
    assert faults(MLRSNET.rejects) == [
        ("bridge_00003.jpg", "no_label"),
        ("bridge_00004.jpg", "bad_value"),
    ]


def test_a_row_of_more_classes_than_there_can_be_is_damaged(tmp_path: Path) -> None:
    put(tmp_path, "labels/bridge.csv", text="image,a,b,c\nx.jpg,1,1,0\ny.jpg,1,1,1\n")
    options = catalogue()["mlrsnet"].options | {"max_labels": 2}
    found = read(changed("mlrsnet", options=options), tmp_path)
    assert (len(found.samples), faults(found.rejects)) == (1, [("y.jpg", "bad_value")])


def test_a_column_of_pictures_may_go_by_its_number(tmp_path: Path) -> None:
    put(tmp_path, "MultiScene/train.csv", text=",Apron,OilFiled\n17,0,1\n")
    assert labels(read(catalogue()["multiscene"], tmp_path).samples) == [
        ("train", "MultiScene/images/17.jpg", ("OilFiled",))
    ]


TABLE = {"annotations": "a.csv", "images": "{image}.png", "image": "id", "labels": ["kind"]}


@pytest.mark.parametrize(
    ("cell", "options", "expected"),
    [
        ("\"['a, b', 'c']\"", {}, ("a, b", "c")),
        ('"[""a"", ""b""]"', {}, ("a", "b")),
        ("a;b", {"separator": ";"}, ("a", "b")),
        ("2", {"names": {"2": "water"}}, ("water",)),
    ],
)
def test_a_cell_may_hold_several_classes_or_a_code(
    tmp_path: Path, cell: str, options: dict[str, Any], expected: tuple[str, ...]
) -> None:
    put(tmp_path, "a.csv", text=f"id,kind\n1,{cell}\n")
    found = read(changed("dscr", options=TABLE | options), tmp_path)
    assert labels(found.samples) == [("all", "1.png", expected)]


@pytest.mark.parametrize(
    ("cell", "reason"), [("", "no_label"), ("9", "bad_value"), ("[1, {}]", "bad_value")]
)
def test_a_cell_without_a_known_class_is_a_reject(tmp_path: Path, cell: str, reason: str) -> None:
    put(tmp_path, "a.csv", text=f'id,kind\n1,"{cell}"\n')
    found = read(changed("dscr", options=TABLE | {"names": {"2": "water"}}), tmp_path)
    assert faults(found.rejects) == [("1", reason)]


# JSON

BIGEARTHNET = read(catalogue()["bigearthnet"], DATA / "label_json" / "bigearthnet")


def test_a_patch_is_shown_by_its_first_band_and_has_its_time() -> None:
    place = "BigEarthNet-v1.0/S2A_MSIL2A_20170613T101031_26_57/S2A_MSIL2A_20170613T101031_26_57_"
    other = "BigEarthNet-v1.0/S2B_MSIL2A_20180204T094161_57_38/S2B_MSIL2A_20180204T094161_57_38_"
    assert labels(BIGEARTHNET.samples) == [
        ("test", f"{other}B04.tif", ("Mixed forest",)),
        ("train", f"{place}B04.tif", ("Pastures", "Beaches, dunes, sands")),
    ]
    assert BIGEARTHNET.samples[1].pictures[0].time == "2017-06-13T10:10:31"


def test_a_patch_without_classes_and_a_broken_file_are_rejects() -> None:
    assert [reject.reason for reject in BIGEARTHNET.rejects] == ["no_label", "unreadable_record"]


def fmow(tmp_path: Path, text: str) -> Any:
    name = "train/airport/airport_0/airport_0_1_rgb"
    put(tmp_path, f"{name}.json", text=text)
    put(tmp_path, f"{name}.jpg")
    return read(catalogue()["fmow"], tmp_path)


@pytest.mark.parametrize("brackets", ["[%s]", "%s"])
def test_a_box_beside_its_class_is_a_region_too(tmp_path: Path, brackets: str) -> None:
    box = brackets % '{"category": "airport", "box": [10, 20, 300, 200]}'
    record = f'{{"gsd": 0.5, "timestamp": "2015-08-14T01:02:03Z", "bounding_boxes": {box}}}'
    [sample] = fmow(tmp_path, record).samples
    key = "train/airport/airport_0/airport_0_1_rgb"
    assert sample.labels == (Label(key, ("airport",)),)
    assert sample.regions == (Region("box[0]", "airport", Box(10, 20, 310, 220)),)
    assert (sample.pictures[0].gsd, sample.pictures[0].time) == (0.5, "2015-08-14T01:02:03Z")
    assert sample.pictures[0].path == f"{key}.jpg"


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        ("[1, 2, 3]", "bad_box"),
        ("[1, 2, 0, 3]", "zero_area"),
        ("[1, 2, 3, 0]", "zero_area"),
        ("[1, 2, -3, 3]", "zero_area"),
        ("[1, 2, 3, -3]", "zero_area"),
        ('"1 2"', "bad_box"),
    ],
)
def test_a_box_that_is_none_is_a_reject(tmp_path: Path, box: str, reason: str) -> None:
    record = f'{{"bounding_boxes": [{{"category": "airport", "box": {box}}}]}}'
    assert [reject.reason for reject in fmow(tmp_path, record).rejects] == [reason]


def boxed(*classes: str) -> str:
    boxes = (
        f'{{"ID": {at}, "category": "{name}", "box": [{at}, 2, 30, 40]}}'
        for at, name in enumerate(classes)
    )
    return f'{{"bounding_boxes": [{", ".join(boxes)}]}}'


def test_a_box_of_no_such_thing_leaves_the_others(tmp_path: Path) -> None:
    found = fmow(tmp_path, boxed("false_detection", "dam"))
    [sample] = found.samples
    assert sample.labels == (Label(sample.key, ("dam",)),)
    assert sample.regions == (Region("box[1]", "dam", Box(1, 2, 31, 42)),)
    [reject] = found.rejects
    assert (reject.key, reject.reason) == (f"{sample.key}#box[0]", "ignored")


def test_a_picture_of_nothing_but_such_boxes_is_one_reject(tmp_path: Path) -> None:
    found = fmow(tmp_path, boxed("false_detection", "false_detection"))
    assert not found.samples
    assert [reject.reason for reject in found.rejects] == ["ignored"]


def test_boxes_of_two_classes_are_several_labels(tmp_path: Path) -> None:
    [sample] = fmow(tmp_path, boxed("airport", "runway", "runway")).samples
    assert sample.labels == (Label(sample.key, ("airport", "runway"), several=True),)
    [sample] = fmow(tmp_path, boxed("runway", "runway")).samples
    assert sample.labels == (Label(sample.key, ("runway",)),)


def test_one_file_of_all_pictures_gives_the_classes_of_enough_area(tmp_path: Path) -> None:
    shares = '{"a.tif": [["Abies", 0.93], ["Pinus", 0.06]], "b.tif": [["Pinus"]], "c.tif": []}'
    put(tmp_path, "labels/TreeSatBA_v9_60m_multi_labels.json", text=shares)
    put(tmp_path, "split/train_filenames.lst", text="a.tif\nb.tif\n")
    put(tmp_path, "split/test_filenames.lst", text="c.tif\n")
    found = read(catalogue()["treesatai_ts"], tmp_path)
    assert labels(found.samples) == [("train", "aerial/a.tif", ("Abies",))]
    assert faults(found.rejects) == [("c.tif", "no_label"), ("b.tif", "bad_value")]


# Parquet with pictures

SATIN = read(catalogue()["satin"], DATA / "label_parquet" / "satin")


def test_numbers_are_read_by_the_names_in_the_file() -> None:
    assert labels(SATIN.samples) == [
        ("train", "EuroSAT/data/train-00000-of-00001.parquet!image/000000000", ("sea or lake",)),
        ("train", "EuroSAT/data/train-00000-of-00001.parquet!image/000000001", ("annual crop",)),
        (
            "train",
            "Million-AID/data/train-00000-of-00001.parquet!image/000000000",
            ("water area", "lake"),
        ),
        ("train", "MultiScene/data/train-00000-of-00001.parquet!image/000000000", ("apron", "sea")),
    ]


def test_a_number_without_a_name_and_an_empty_list_are_rejects() -> None:
    assert faults(SATIN.rejects) == [("row 3", "bad_value"), ("row 2", "no_label")]
