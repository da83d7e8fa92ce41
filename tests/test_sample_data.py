"""The built-in sample data.

The same bytes on each run, native layouts, the faults that are meant, and pictures that agree with
their boxes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from converters import sample_data
from converters.sample_data import MARKER, VERSION, WRITERS, write_sample_data
from converters.sample_data.town import Item, Town, count, draw_town, make_town

HBB = "dior/Annotations/Horizontal Bounding Boxes"
OBB = "dior/Annotations/Oriented Bounding Boxes"
# Of version 2: the names and texts of each dataset, and the pixels of its pictures.
FROZEN = {
    "rsvqa_lr": ("12c05b27c52ff6a4", "bc6af6fb0c9c1b80"),
    "rsvqa_hr": ("9cd38fb6b0edf75e", "f7583bec581c1dde"),
    "floodnet_vqa": ("39a9d631bd9e85b0", "8b713d4c9e77159f"),
    "nwpu_resisc45": ("0d8af71265044d33", "1ef42d5c414ffc9d"),
    "aid": ("31715acf39f77f1c", "f524c274cbf2589c"),
    "dota_v1": ("2103fcb37a100a8f", "ad30e2c0d7239351"),
    "dior": ("658935257ff9c28e", "da08abdb97620c9e"),
    "fair1m": ("01f7b844e1ad794e", "e925ee036dc354c8"),
    "rsicd": ("9fa45c61e46b0954", "256cfcb9c7d6600f"),
    "ucm_captions": ("cab0c947d4241909", "7bf7862fec2d3e4e"),
    "levir_cc": ("b581c88fca729f5a", "64f0c5ca415132e6"),
}
PICTURES = {".jpg", ".JPG", ".png", ".tif"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The sample data, and for each dataset a hash of its pictures' pixels as they were drawn.

    Not of their files: an encoder's bytes change with its release.
    """
    folder = tmp_path_factory.mktemp("sample") / "data"
    pixels = {slug: hashlib.sha256() for slug in WRITERS}
    plain_save = Image.Image.save

    def watched(write: Callable[[Path], None], slug: str) -> Callable[[Path], None]:
        def save(image: Image.Image, *arguments: Any, **options: Any) -> None:
            pixels[slug].update(f"{image.size} {arguments[1:]}".encode() + image.tobytes())
            plain_save(image, *arguments, **options)

        def write_watched(root: Path) -> None:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Image.Image, "save", save)
                write(root)

        return write_watched

    with pytest.MonkeyPatch.context() as patch:
        watchers = {slug: watched(write, slug) for slug, write in WRITERS.items()}
        patch.setattr(sample_data, "WRITERS", watchers)
        write_sample_data(folder)
    return folder, {slug: digest.hexdigest()[:16] for slug, digest in pixels.items()}


@pytest.fixture(scope="module")
def root(written: tuple[Path, dict[str, str]]) -> Path:
    return written[0]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def load(root: Path, name: str) -> Any:
    return json.loads((root / name).read_text())


def lr(root: Path, split: str, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = load(root, f"rsvqa_lr/LR_split_{split}_{table}.json")[table]
    return rows


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


def hbb(root: Path, stem: str) -> list[tuple[str, tuple[int, int, int, int]]]:
    objects = ElementTree.parse(root / HBB / f"{stem}.xml").iter("object")
    return [
        (o.findtext("name", ""), tuple(int(edge.text or "") for edge in o.iterfind("bndbox/*")))
        for o in objects
    ]  # type: ignore[misc]


def fair1m(root: Path, part: str, labels: str, stem: str) -> list[tuple[str, list[float]]]:
    objects = ElementTree.parse(root / "fair1m" / part / labels / f"{stem}.xml").iter("object")
    return [
        (
            o.findtext("possibleresult/name", ""),
            [n for p in o.iterfind("points/point") for n in numbers(p.text or "")],
        )
        for o in objects
    ]


def dota(root: Path, split: str, stem: str) -> list[list[str]]:
    lines = (root / f"dota_v1/{split}/labelTxt/{stem}.txt").read_text().splitlines()
    return [line.split(" ") for line in lines[2:]]


# Determinism, return value, marker


def test_two_runs_write_the_same_bytes(root: Path, tmp_path: Path) -> None:
    write_sample_data(tmp_path / "again")
    assert digests(tmp_path / "again") == digests(root)


def annotations(root: Path, slug: str) -> str:
    """A hash of the names of a dataset's files, and of the bytes of all that are no pictures."""
    digest = hashlib.sha256()
    for path in sorted(path for path in (root / slug).rglob("*") if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        if path.suffix not in PICTURES:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def test_a_version_of_the_sample_never_changes(written: tuple[Path, dict[str, str]]) -> None:
    # A complete sample of the same version is left alone: what changes here needs a new VERSION.
    root, pixels = written
    assert VERSION == 2
    assert {slug: (annotations(root, slug), pixels[slug]) for slug in WRITERS} == FROZEN


def test_counts_are_the_files_of_each_dataset(root: Path) -> None:
    counts = write_sample_data(root)
    assert list(counts) == list(WRITERS)
    assert sum(counts.values()) == len(digests(root)) - 1  # the marker belongs to no dataset
    assert counts["levir_cc"] == 11


def test_the_sample_is_small(root: Path) -> None:
    assert sum(path.stat().st_size for path in root.rglob("*")) < 8_000_000


def test_a_complete_sample_is_left_alone(tmp_path: Path) -> None:
    write_sample_data(tmp_path)
    (tmp_path / "aid" / "AID" / "Port" / "port_1.jpg").write_bytes(b"mine")
    write_sample_data(str(tmp_path))
    assert (tmp_path / "aid" / "AID" / "Port" / "port_1.jpg").read_bytes() == b"mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_sample_data(tmp_path)
    assert (tmp_path / MARKER).read_text() == f"{VERSION}\n"


def test_foreign_files_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty and holds no \.earthmix-sample"):
        write_sample_data(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("0\n")
    with pytest.raises(FileExistsError, match="another version"):
        write_sample_data(tmp_path)


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    writers: dict[str, Callable[[Path], None]] = {"aid": WRITERS["aid"], "dior": interrupted}
    monkeypatch.setattr(sample_data, "WRITERS", writers)
    with pytest.raises(KeyboardInterrupt):
        write_sample_data(tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


# Layout


@pytest.mark.parametrize(
    "name",
    [
        "rsvqa_lr/Images_LR/0.tif",
        "rsvqa_hr/USGS_split_test_phili_questions.json",
        "rsvqa_hr/Images/Data/0.png",
        "rsvqa_hr/Images/Data/0.tif",
        "floodnet_vqa/Valid_Question.json",
        "floodnet_vqa/Images/Valid_Image/20007.JPG",
        "nwpu_resisc45/NWPU-RESISC45/beach/beach_001.jpg",
        "aid/AID/BareLand/bareland_1.jpg",
        "dota_v1/val/labelTxt/P0101.txt",
        f"{OBB}/00001.xml",
        "dior/JPEGImages-trainval/05863.jpg",
        "dior/JPEGImages-test/11726.jpg",
        "fair1m/train/part1/labelXml/0.xml",
        "fair1m/train/part2/labelXmls/5.xml",
        "fair1m/validation/labelXmls/0.xml",
        "rsicd/RSICD_images/00001.jpg",
        "ucm_captions/imgs/1.tif",
        "levir_cc/images/train/B/train_000005.png",
    ],
)
def test_native_names(root: Path, name: str) -> None:
    assert (root / name).is_file()


def test_nwpu_has_its_45_classes(root: Path) -> None:
    classes = {path.name for path in (root / "nwpu_resisc45/NWPU-RESISC45").iterdir()}
    assert len(classes) == 45
    assert {"beach", "island", "meadow"} <= classes


def test_only_the_meant_pictures_are_alike_or_unreadable(root: Path) -> None:
    files = {
        name: digest for name, digest in digests(root).items() if Path(name).suffix in PICTURES
    }
    repeated = {digest for digest, times in Counter(files.values()).items() if times > 1}
    lakes = [f"nwpu_resisc45/NWPU-RESISC45/lake/lake_00{n}.jpg" for n in (1, 2)]
    assert sorted(name for name, digest in files.items() if digest in repeated) == lakes
    broken = []
    for name in files:
        try:
            with Image.open(root / name) as image:
                image.load()
        except OSError:
            broken.append(name)
    assert sorted(broken) == [
        "dior/JPEGImages-trainval/00011.jpg",
        "nwpu_resisc45/NWPU-RESISC45/stadium/stadium_002.jpg",
    ]


def test_rsvqa_rows_of_other_splits_are_placeholders(root: Path) -> None:
    rows = lr(root, "val", "questions")
    assert [row["id"] for row in rows] == list(range(len(rows)))
    assert rows[0] == {"id": 0, "active": False}
    assert rows[-1]["active"] is True
    assert list(rows[-1]) == [
        "id",
        "date_added",
        "img_id",
        "people_id",
        "type",
        "question",
        "answers_ids",
        "active",
    ]
    assert {row["img_id"] for row in rows if row["active"]} == {4, 10, 15}


def test_rsvqa_texts_have_their_native_quirks(root: Path) -> None:
    questions = [row["question"] for row in lr(root, "train", "questions") if "question" in row]
    assert questions[0] == "Is it a rural or an urban area"
    assert "Is there a building next to a  road?" in questions


def test_rsvqa_hr_areas_end_in_square_metres(root: Path) -> None:
    questions = load(root, "rsvqa_hr/USGS_split_train_questions.json")["questions"]
    answers = {
        row["id"]: row for row in load(root, "rsvqa_hr/USGS_split_train_answers.json")["answers"]
    }
    areas = [
        answers[row["answers_ids"][0]]["answer"] for row in questions if row.get("type") == "area"
    ]
    assert all(re.fullmatch(r"\d+m2", text) for text in areas)
    assert "0m2" in areas and set(areas) != {"0m2"}


def test_floodnet_counts_are_numbers_and_held_out_splits_have_no_truth(root: Path) -> None:
    train = load(root, "floodnet_vqa/Train_Question.json")
    assert list(train) == [str(index) for index in range(len(train))]
    assert {
        type(row["Ground_Truth"])
        for row in train.values()
        if row["Question_Type"].endswith("Counting")
    } == {int}
    assert "flooded,non flooded" in [row["Ground_Truth"] for row in train.values()]
    assert all(
        "Ground_Truth" not in row
        for split in ("Valid", "Test")
        for row in load(root, f"floodnet_vqa/{split}_Question.json").values()
    )


def test_line_ends_are_native(root: Path) -> None:
    assert (
        (root / "dota_v1/train/labelTxt/P0001.txt")
        .read_bytes()
        .startswith(b"imagesource:GoogleEarth\r\ngsd:0.126000\r\n")
    )
    assert (root / "dior/ImageSets/Main/val.txt").read_bytes() == b"05863\r\n05864"
    assert (
        (root / HBB / "00001.xml").read_bytes().startswith(b"<annotation>\r\n\t<filename>00001.jpg")
    )
    assert b"\r" not in (root / OBB / "00001.xml").read_bytes()
    assert (
        (root / "fair1m/train/part1/labelXml/0.xml")
        .read_bytes()
        .endswith(b"\t</objects>\n</annotation>")
    )


def test_levir_raws_begin_with_a_blank_and_unchanged_pairs_share_them(root: Path) -> None:
    rows = load(root, "levir_cc/LevirCCcaptions.json")["images"]
    assert list(rows[0]) == [
        "filepath",
        "filename",
        "imgid",
        "sentences",
        "split",
        "changeflag",
        "sentids",
    ]
    assert all(sentence["raw"].startswith(" ") for row in rows for sentence in row["sentences"])
    unchanged = {tuple(s["raw"] for s in row["sentences"]) for row in rows if not row["changeflag"]}
    assert len(unchanged) == 1


# Deliberate faults


def test_one_question_is_asked_twice(root: Path) -> None:
    asked = Counter(
        (row["img_id"], row["question"])
        for row in lr(root, "train", "questions")
        if "question" in row
    )
    assert [(image, times) for (image, _), times in asked.items() if times > 1] == [(2, 2)]


def test_one_question_is_switched_off(root: Path) -> None:
    rows = [row for row in lr(root, "train", "questions") if not row["active"] and len(row) == 8]
    assert [row["img_id"] for row in rows] == [5]


def test_one_answer_is_missing(root: Path) -> None:
    there = {row["id"] for row in lr(root, "train", "answers")}
    rows = [
        row
        for row in lr(root, "train", "questions")
        if row["active"] and row["answers_ids"][0] not in there
    ]
    assert [row["img_id"] for row in rows] == [8]


def test_dota_faults(root: Path) -> None:
    assert dota(root, "train", "P0003")[-1][2] == "six"
    assert dota(root, "train", "P0005")[-1][:8] == ["300", "20"] * 4
    assert (root / "dota_v1/train/labelTxt/P0008.txt").read_bytes() == b""
    assert (root / "dota_v1/train/images/P0008.png").is_file()
    assert len(dota(root, "train", "P0009")) == 2
    assert not (root / "dota_v1/train/images/P0009.png").exists()


def test_dota_marks_some_objects_difficult(root: Path) -> None:
    assert [line[-1] for line in dota(root, "train", "P0004")] == ["0", "0", "0", "1"]


def test_dior_faults(root: Path) -> None:
    assert hbb(root, "00004")[-1] == ("ship", (747, 381, 802, 402))
    assert hbb(root, "00007")[-1] == ("vehicle", (772, 301, 772, 330))
    repeated = hbb(root, "00009")
    assert repeated[0] == repeated[-1]


def test_fair1m_faults(root: Path) -> None:
    assert fair1m(root, "train/part1", "labelXml", "1")[-1] == (
        "Dry Cargo Ship",
        [1000, 401.4, 1000, 400, 997, 400, 997, 401.4, 1000, 401.4],
    )
    assert fair1m(root, "train/part1", "labelXml", "2")[-1] == ("Small Car", [512, 1000] * 5)
    beyond = [max(points) for _, points in fair1m(root, "train/part1", "labelXml", "3")[-2:]]
    assert all(1000 < corner < 1030 for corner in beyond)


def test_captions_repeat_and_one_has_no_word(root: Path) -> None:
    raws = [
        [s["raw"] for s in row["sentences"]]
        for row in load(root, "rsicd/dataset_rsicd.json")["images"]
    ]
    assert [len(set(five)) for five in raws] == [4, 1, 4, 4, 4, 5]
    assert raws[2][2] == " ."


# Pictures agree with what is said of them


def extent(
    image: Image.Image, within: tuple[int, int, int, int]
) -> tuple[int, int, int, int] | None:
    """Half-open extent of the pixels that are no ground, in a window of the picture."""
    ground = image.getpixel((0, image.height - 1))
    assert isinstance(ground, tuple)
    # The patches of a ground stray at most 9 from its colour, so two of them at most 18 from each
    # other.
    found = [
        (x, y)
        for y in range(max(within[1], 0), min(within[3], image.height))
        for x in range(max(within[0], 0), min(within[2], image.width))
        if any(abs(a - b) > 18 for a, b in zip(image.getpixel((x, y)), ground, strict=True))  # type: ignore[arg-type]
    ]
    xs, ys = zip(*found, strict=True)
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("P0003", "storage-tank"),
        ("P0003", "large-vehicle"),
        ("P0004", "tennis-court"),
        ("P0005", "small-vehicle"),
        ("P0010", "large-vehicle"),
    ],
)
def test_an_object_fills_the_envelope_of_its_oriented_box(
    root: Path, stem: str, label: str
) -> None:
    image = Image.open(root / f"dota_v1/train/images/{stem}.png")
    for line in dota(root, "train", stem)[:4]:
        if line[8] == label:
            corners = [int(number) for number in line[:8]]
            box = (min(corners[::2]), min(corners[1::2]), max(corners[::2]), max(corners[1::2]))
            seen = extent(image, (box[0] - 6, box[1] - 6, box[2] + 6, box[3] + 6))
            assert seen is not None
            # A turned corner ends between two pixels; a horizontal box is exact.
            slack = 0 if label == "storage-tank" else 1
            assert all(abs(a - b) <= slack for a, b in zip(seen, box, strict=True)), (line, seen)


def test_a_dior_object_fills_its_box_counted_from_one(root: Path) -> None:
    image = Image.open(root / "dior/JPEGImages-trainval/00010.jpg").convert("L")
    xmin, ymin, xmax, ymax = next(
        box for label, box in hbb(root, "00010") if label == "Expressway-Service-area"
    )
    middle_x, middle_y = (xmin + xmax) // 2, ymin + 10
    inside = 93  # half way between the dark roof and the grass
    row = [x for x in range(xmin - 20, xmax + 20) if image.getpixel((x, middle_y)) < inside]  # type: ignore[operator]
    column = [y for y in range(ymin - 20, ymax + 20) if image.getpixel((middle_x, y)) < inside]  # type: ignore[operator]
    assert (row[0], row[-1], column[0], column[-1]) == (xmin - 1, xmax - 1, ymin - 1, ymax - 1)


@pytest.mark.parametrize("number", range(6))
def test_a_town_shows_as_many_buildings_as_it_counts(number: int) -> None:
    roof = (196, 52, 44)

    def roofs(town: Town) -> int:
        return sum(
            times
            for times, colour in draw_town(town, 128).getcolors(128 * 128) or []
            if colour == roof
        )

    town = make_town(f"rsvqa_lr {number}", urban=number % 3 == 0)
    assert roofs(town) == count(town, "small building") * roofs(
        Town("one", (), (Item("small building", 0, 0),))
    )
