"""The same records laid out as users' downloads are: read as they would be elsewhere, or told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from laid import laid, shot
from laid_out import faults, found_in
from native import DATA, changed, read

from converters.catalogue import catalogue
from converters.read.files import SourceError
from converters.read.records import record_key
from converters.read.xml_values import pixels

XBD = {
    "train/labels/a_0_post_disaster.json": json.dumps(
        {
            "features": {
                "xy": [
                    {
                        "properties": {"uid": "u", "subtype": "destroyed"},
                        "wkt": "POLYGON ((1 1, 9 1, 9 9, 1 1))",
                    }
                ]
            },
            "metadata": {"width": "1024", "height": 1024.0, "disaster_type": "fire"},
        }
    ),
    "train/labels/a_0_pre_disaster.json": json.dumps(
        {
            "features": {
                "xy": [
                    {
                        "properties": {"uid": "u", "feature_type": "building"},
                        "wkt": "POLYGON ((1 1, 9 1, 9 9, 1 1))",
                    }
                ]
            },
            "metadata": {"width": 1024, "height": 1024},
        }
    ),
}


# Files beside others


@pytest.mark.parametrize("place", ["train.zip!", "train.zip!train/", "Train/"])
def test_labels_of_the_earlier_picture_lie_where_the_later_ones_do(
    place: str, tmp_path: Path
) -> None:
    root = laid(tmp_path, {name.replace("train/", place, 1): xbd for name, xbd in XBD.items()})
    found = read(catalogue()["xbd"], root)
    assert found.rejects == []
    assert [region.key for region in found.samples[0].regions] == ["before/u", "after/u"]


def test_a_label_file_may_be_packed_beside_one_that_is_not(tmp_path: Path) -> None:
    later, earlier = XBD
    packed = gzip.compress(XBD[earlier].encode())
    root = laid(tmp_path, {later: XBD[later], f"{earlier}.gz": packed})
    found = read(catalogue()["xbd"], root)
    assert (len(found.samples[0].regions), found.rejects) == (2, [])


def test_masks_and_xml_files_beside_others_may_lie_in_archives(tmp_path: Path) -> None:
    for form, top in (("xml_mask_colours", "masks"), ("object_attributes", "FAIR1M/train")):
        (folder,) = (DATA / form).iterdir()
        entry = catalogue()[folder.name]
        tree = {
            str(path.relative_to(folder)).replace(f"{top}/", f"{top}.zip!"): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        found = read(entry, laid(tmp_path / form, tree))
        assert [one.regions for one in found.samples] == [
            one.regions for one in read(entry, folder).samples
        ]


def test_a_size_may_be_written_as_a_text(tmp_path: Path) -> None:
    shown = read(catalogue()["xbd"], laid(tmp_path, XBD)).samples[0].pictures
    assert [(one.width, one.height) for one in shown] == [(1024, 1024), (1024, 1024)]


# Tables


def test_a_column_of_row_numbers_is_no_class(tmp_path: Path) -> None:
    table = ",image,bridge,water\n0,a.jpg,1,0\n1,b.jpg,1,1\n2,c.jpg,0,1\n"
    options = {"annotations": "{name}.csv", "images": "{image}", "image": "image"}
    found = found_in(tmp_path, "label_table", options, {"labels.csv": table})
    assert found.rejects == []
    assert [one.labels[0].names for one in found.samples] == [
        ("bridge",),
        ("bridge", "water"),
        ("water",),
    ]


@pytest.mark.parametrize("line", ["sep=,\n", "A title\n"])
def test_rows_are_counted_from_the_header(line: str, tmp_path: Path) -> None:
    table = f"{line}split,y\ntrain,pond\ntest,dam\n"
    options = {
        "annotations": "{name}.csv",
        "images": "{image}.png",
        "image": None,
        "labels": ["y"],
        "split": "split",
    }
    found = found_in(tmp_path, "label_table", options, {"rgb.csv": table})
    assert [(one.pictures[0].path, one.labels[0].names) for one in found.samples] == [
        ("0.png", ("pond",)),
        ("1.png", ("dam",)),
    ]
    told = [("row 0", "unreadable_record", "above the header: A title")]
    assert faults(found) == (told if line == "A title\n" else [])


def test_a_line_of_blanks_is_no_row(tmp_path: Path) -> None:
    options = {"annotations": "{name}.csv", "images": "{image}", "image": "image", "labels": ["y"]}
    found = found_in(tmp_path, "label_table", options, {"a.csv": "image,y\na.jpg,dam\n  \n\n"})
    assert (len(found.samples), found.rejects) == (1, [])


# Folders around


def test_a_split_is_not_taken_from_the_folder_around_the_files(tmp_path: Path) -> None:
    folder = next((DATA / "label_parquet").iterdir())
    entry = catalogue()[folder.name]
    around = {
        f"dataset-main/{path.relative_to(folder)}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    found = read(entry, laid(tmp_path, around))
    assert {one.split for one in found.samples} == {
        one.split for one in read(entry, folder).samples
    }


@pytest.mark.parametrize("place", ["dataset-main/", "download.zip!", "download.zip!v1.0/"])
def test_the_authors_own_folder_is_found_in_folders_around_it(place: str, tmp_path: Path) -> None:
    entry = changed("aid", inside="AID")
    pictures = {f"{place}AID/{name}": shot() for name in ("Port/a.jpg", "River/b.jpg")}
    found = read(entry, laid(tmp_path, pictures))
    assert [one.labels[0].names for one in found.samples] == [("Port",), ("River",)]
    assert found.notes == [f"its files lie in {place}AID"]


def test_split_lists_beside_an_archive_are_found_in_a_folder_around_both(tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {
            "dataset-main/EuroSAT.zip!2750/Forest/Forest_1.jpg": shot(),
            "dataset-main/EuroSAT.zip!2750/River/River_1.jpg": shot(),
            "dataset-main/EuroSATallBands.zip!a.txt": "x",
            "dataset-main/eurosat-train.txt": "Forest_1.jpg\n",
            "dataset-main/eurosat-test.txt": "River_1.jpg\n",
        },
    )
    found = read(catalogue()["eurosat"], root)
    assert {one.split: one.labels[0].names for one in found.samples} == {
        "train": ("Forest",),
        "test": ("River",),
    }


def test_a_damaged_file_is_told_and_not_passed_by_for_what_lies_below(tmp_path: Path) -> None:
    record = '{"id": 1, "image": "a.jpg", "conversations": []}'
    whole, cut_off = f"[{record}]", f"[{record}, {record[:-4]}"
    options = {"annotations": "a.json", "images": "{image}"}
    with pytest.raises(SourceError, match="cut off"):
        found_in(tmp_path, "llava_json", options, {"a.json": cut_off, "old/a.json": whole})


# Encodings and JSON

LLAVA = {"annotations": "a.json", "images": "{image}"}
COCO = {"annotations": "a.json", "images": "{image}", "geometry": "bbox"}


def _talk(number: int) -> str:
    turns = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "Ein Müll."}]
    return json.dumps({"id": number, "image": f"{number}.jpg", "conversations": turns})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("text", [f"[{_talk(1)},\n{_talk(2)}]", f"{_talk(1)}\n{_talk(2)}\n"])
def test_json_is_read_in_encodings_that_say_so(text: str, encoding: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, "llava_json", LLAVA, {"a.json": text.encode(encoding)})
    assert [one.pictures[0].path for one in found.samples] == ["1.jpg", "2.jpg"]
    assert found.rejects == []


def test_a_file_that_is_cut_into_spans_says_that_it_is_in_utf_16(tmp_path: Path) -> None:
    body = '{"images": [], "annotations": [], "categories": []}'.encode("utf-16")
    with pytest.raises(SourceError, match=r"a.json is in UTF-16; save it as UTF-8"):
        found_in(tmp_path, "coco", COCO, {"a.json": body})


def test_an_xml_file_in_utf_16_may_declare_what_it_was_before(tmp_path: Path) -> None:
    lists = {"train.txt": "0\n", "test.txt": "1\n"}
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><annotation><filename>1.jpg</filename>{}'
        "<size><width>60</width><height>50</height></size></annotation>"
    ).format(
        "<object><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>"
        "<name>dam</name><description>the dam</description></object>" * 2
    )
    files = {"DIOR_RSVG/Annotations/1.xml": xml.encode("utf-16")}
    files |= {f"DIOR_RSVG/{name}": text.encode() for name, text in lists.items()}
    found = read(catalogue()["dior_rsvg"], laid(tmp_path, files))
    assert {one.split for one in found.samples} == {"train", "test"}


@pytest.mark.parametrize("end", [",]", ",\n]\n"])
def test_a_comma_behind_the_last_record_does_no_harm(end: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, "llava_json", LLAVA, {"a.json": f"[{_talk(1)}, {_talk(2)}{end}"})
    assert (len(found.samples), found.rejects) == (2, [])


def test_a_class_folder_of_label_files_may_be_written_in_another_case(tmp_path: Path) -> None:
    root = laid(tmp_path, {"car/P1.txt": "1 1 9 1 9 9 1 9\n", "car/P1.png": shot()})
    found = read(catalogue()["ucas_aod"], root)
    assert [one.regions[0].label for one in found.samples] == ["CAR"]
    assert found.rejects == []


# Copies


@pytest.mark.parametrize("mark", [" (1)", "(2)", " - Copy", " copy"])
def test_a_second_copy_of_an_annotation_file_is_told_and_not_read(
    mark: str, tmp_path: Path
) -> None:
    options = {"annotations": "{split}.json", "images": "{image}"}
    text = f"[{_talk(1)}]"
    found = found_in(tmp_path, "llava_json", options, {f"train{m}.json": text for m in ("", mark)})
    assert [one.split for one in found.samples] == ["train"]
    assert found.notes == [f"1 file(s) are copies of others and are not read: train{mark}.json"]


def test_what_differs_from_the_file_of_its_name_is_no_copy(tmp_path: Path) -> None:
    options = {"annotations": "{split}.json", "images": "{image}"}
    texts = {"train.json": f"[{_talk(1)}]", "train (1).json": f"[{_talk(2)}]"}
    found = found_in(tmp_path, "llava_json", options, texts)
    assert (len(found.samples), found.notes) == (2, [])


# Splits


def test_a_folder_of_a_split_may_have_its_other_name(tmp_path: Path) -> None:
    options = {
        "annotations": {"train": "train/labelTxt/{stem}.txt", "val": "val/labelTxt/{stem}.txt"},
        "images": "{split}/images/{stem}.png",
    }
    line = "1 1 9 1 9 9 1 9 ship 0\n"
    files = {
        "training/labelTxt/1.txt": line,
        "training/images/1.png": shot(),
        "validation/labelTxt/2.txt": line,
        "validation/images/2.png": shot(),
    }
    found = found_in(tmp_path, "dota", options, files)
    assert [(one.split, one.pictures[0].path) for one in found.samples] == [
        ("train", "training/images/1.png"),
        ("val", "validation/images/2.png"),
    ]


def test_of_two_names_of_a_split_neither_stands_for_it(tmp_path: Path) -> None:
    options = {"annotations": {"val": "val/{stem}.txt"}, "images": "{split}/{stem}.png"}
    line = "1 1 9 1 9 9 1 9 ship 0\n"
    with pytest.raises(SourceError, match="annotations not found"):
        found_in(tmp_path, "dota", options, {"valid/1.txt": line, "validation/2.txt": line})


def test_pictures_of_a_split_are_found_by_its_usual_name(tmp_path: Path) -> None:
    options = {"annotations": "{split}.json", "images": {"test": "pictures/{image}"}}
    found = found_in(tmp_path, "llava_json", options, {"testing.json": f"[{_talk(1)}]"})
    assert [one.pictures[0].path for one in found.samples] == ["pictures/1.jpg"]


def test_a_folder_of_tables_may_be_written_in_another_case(tmp_path: Path) -> None:
    folder = DATA / "conversation_table/earthdial_instruct"
    files = {
        str(path.relative_to(folder)).lower(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    entry = catalogue()["earthdial_eval"]
    found = read(entry, laid(tmp_path, files))
    assert len(found.samples) == len(read(entry, folder).samples) > 0


# Lists behind a key


@pytest.mark.parametrize("about", ["", '"version": "1.0", ', '"info": {"year": 2024}, '])
def test_records_may_stand_behind_a_key_beside_what_is_said_of_the_file(
    about: str, tmp_path: Path
) -> None:
    caption = '{"image": "a.jpg", "caption": "A dam."}'
    text = f'{{{about}"data": [{caption}, {caption}]}}'
    for form in ("caption_json", "picture_json"):
        fields = {"image": "image", "captions" if form == "caption_json" else "caption": "caption"}
        if form == "caption_json":
            fields["captions"] = ["caption"]
        options = {"annotations": "a.json", "images": "{image}", "fields": fields}
        found = found_in(tmp_path / form, form, options, {"a.json": text})
        assert [one.captions[0].text for one in found.samples] == ["A dam.", "A dam."]
        assert found.rejects == []
    talks = found_in(tmp_path, "llava_json", LLAVA, {"a.json": f'{{{about}"data": [{_talk(1)}]}}'})
    assert (len(talks.samples), talks.rejects) == (1, [])


@pytest.mark.parametrize("name", ["a (1).json", "a - Copy.json"])
def test_the_only_copy_of_a_file_stands_for_it(name: str, tmp_path: Path) -> None:
    text = f"[{_talk(1)}]"
    assert len(found_in(tmp_path / "one", "llava_json", LLAVA, {name: text}).samples) == 1
    with pytest.raises(SourceError, match="annotations not found"):
        found_in(tmp_path / "two", "llava_json", LLAVA, {name: text, "a (2).json": text})


# Numbers in other forms


def test_whole_numbers_may_be_floats_in_sizes_ids_and_classes(tmp_path: Path) -> None:
    xml = fromstring("<a><w>800.0</w><h>800.5</h><x>8_0</x></a>")
    assert [pixels(xml, tag) for tag in "whx"] == [800, None, None]
    assert record_key({"id": 7.0, "name": "a"}, ["id", "name"]) == "7 a"
    text = json.dumps(
        {
            "categories": ["Human", "Car"],
            "annotations": [
                {
                    "image_name": "1.jpg",
                    "image_width": 1920.0,
                    "image_height": 1080.0,
                    "bbox": [{"top": 1, "left": 2, "height": 3, "width": 4, "class": "1.0"}],
                }
            ],
        }
    )
    found = read(catalogue()["au_air"], laid(tmp_path, {"annotations.json": text}))
    assert [one.regions[0].label for one in found.samples] == ["Car"]


def test_split_lists_that_name_nothing_are_told_and_not_passed_by(tmp_path: Path) -> None:
    files = {
        "MAR20/ImageSets/Main/train.txt": "10.0\n",
        "MAR20/Annotations/Horizontal Bounding Boxes/10.xml": "<annotation></annotation>",
    }
    with pytest.raises(SourceError, match="no split list, such as"):
        read(catalogue()["mar20"], laid(tmp_path, files))


# What stands for what is gone


@pytest.mark.parametrize("place", ["images (1)/", "images(2).zip!", "images (1).zip!images/"])
def test_a_folder_of_a_second_download_stands_for_the_first(place: str, tmp_path: Path) -> None:
    options = {"annotations": "labels (1)/{stem}.txt", "images": "images/{stem}.png"}
    files = {"labels (1)/1.txt": "1 1 9 1 9 9 1 9 ship 0\n", f"{place}1.png": shot()}
    found = read(changed("dscr", format="dota", options=options), laid(tmp_path, files))
    assert [one.pictures[0].path for one in found.samples] == [f"{place}1.png"]
    there = {**options, "annotations": "labels/{stem}.txt"}
    found = read(changed("dscr", format="dota", options=there), tmp_path)
    assert len(found.samples) == 1


@pytest.mark.parametrize("name", ["a.jsonl", "a (1).jsonl"])
def test_json_lines_stand_for_json_of_that_name(name: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, "llava_json", LLAVA, {name: f"{_talk(1)}\n{_talk(2)}\n"})
    assert len(found.samples) == 2
    options = {**LLAVA, "annotations": "b.jsonl"}
    found = found_in(tmp_path, "llava_json", options, {"b.json": f"[{_talk(1)}, {_talk(2)}]"})
    assert len(found.samples) == 2


def test_archives_in_an_archive_are_told(tmp_path: Path) -> None:
    inner = laid(tmp_path / "inner", {"images.zip!1.jpg": shot()}) / "images.zip"
    files = {"all.zip!a.json": f"[{_talk(1)}]", "all.zip!images.zip": inner.read_bytes()}
    found = read(
        changed("dscr", format="llava_json", options=LLAVA), laid(tmp_path / "outer", files)
    )
    assert found.notes == [
        "its files lie in all.zip!",
        "1 archive(s) in an archive are not read, such as all.zip!images.zip",
    ]


@pytest.mark.parametrize("place", ["annotations/", "annotations/v2/"])
def test_pictures_may_lie_beside_the_folder_of_the_annotations(place: str, tmp_path: Path) -> None:
    options = {"annotations": "a.json", "images": "images/{image}"}
    files = {f"{place}a.json": f"[{_talk(1)}, {_talk(2)}]", "images/1.jpg": shot("JPEG")}
    root = laid(tmp_path, {**files, "images/2.png": shot(), f"{place}images/3.jpg": shot("JPEG")})
    found = read(changed("dscr", format="llava_json", options=options), root)
    assert [one.pictures[0].path for one in found.samples] == ["images/1.jpg", "images/2.png"]
    questions = json.dumps(
        [{"id": i, "image": f"{i}.jpg", "q": "Is it?", "a": "no"} for i in (1, 3)]
    )
    fields = {"id": "id", "image": "image", "question": "q", "answer": "a"}
    (root / f"{place}a.json").write_text(questions)
    entry = changed("dscr", format="vqa_json", options={**options, "fields": fields})
    (found,) = read(entry, root).columns
    assert found.table["pictures"].to_pylist() == [["images/1.jpg"], [f"{place}images/3.jpg"]]


def test_folders_in_folders_of_their_names_are_found(tmp_path: Path) -> None:
    options = {
        "annotations": "annotations/{split}.json",
        "images": "images/{image}",
    }
    files = {
        "annotations/annotations/train.json": f"[{_talk(1)}]",
        "images/images/1.jpg": shot("JPEG"),
    }
    found = found_in(tmp_path, "llava_json", options, files)
    assert [(one.split, one.pictures[0].path) for one in found.samples] == [
        ("train", "images/images/1.jpg")
    ]
    classes = {"by": "class", "fields": {"image": "filename", "captions": ["raw"]}}
    options = {"annotations": "a.json", "images": "pictures/{label}/{image}", **classes}
    files = {
        "a.json": '{"dam": [{"filename": "1.jpg", "raw": "A dam."}]}',
        "pictures/pictures/dam/1.jpg": shot("JPEG"),
    }
    found = found_in(tmp_path / "classes", "caption_json", options, files)
    assert [one.pictures[0].path for one in found.samples] == ["pictures/pictures/dam/1.jpg"]


@pytest.mark.parametrize("place", ["AID/AID", "aid/AID"])
def test_the_authors_own_folder_may_lie_in_one_of_its_name(place: str, tmp_path: Path) -> None:
    entry = changed("aid", inside="AID")
    pictures = {f"{place}/{name}": shot() for name in ("Port/a.jpg", "River/b.jpg")}
    found = read(entry, laid(tmp_path, pictures))
    assert [one.labels[0].names for one in found.samples] == [("Port",), ("River",)]
