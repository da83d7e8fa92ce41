"""Class folders as people have them: packed, split by folder, below folders of any name, listed."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import msgspec
import pytest
from native import changed, encoded, read

from converters.catalogue import catalogue, mix_faults
from converters.read import files
from converters.read.files import SourceError
from schemas.mix import Mix
from schemas.sample import Sample

RESISC, UCM, EUROSAT, AID = (
    catalogue()[slug] for slug in ("nwpu_resisc45", "ucm_ucmerced", "eurosat", "aid")
)


def put(root: Path, *names: str, text: str = "") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def packed(path: Path, *names: str, data: bytes = b"") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, data)


def seen(samples: list[Sample]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Split, picture and classes of each sample."""
    return [(one.split, one.pictures[0].path, one.labels[0].names) for one in samples]


def test_an_archive_beside_its_split_lists_is_read_in_place(tmp_path: Path) -> None:
    picture = encoded("JPEG")
    names = ["NWPU-RESISC45/airport/airport_001.jpg", "NWPU-RESISC45/beach/beach_001.jpg"]
    packed(tmp_path / "resisc.zip", *names, data=picture)
    put(tmp_path, "resisc45-train.txt", text="airport_001.jpg\n")
    put(tmp_path, "resisc45-test.txt", text="beach_001.jpg\n")
    found = read(RESISC, tmp_path)
    assert seen(found.samples) == [
        ("test", f"resisc.zip!{names[1]}", ("beach",)),
        ("train", f"resisc.zip!{names[0]}", ("airport",)),
    ]
    assert found.notes == ["the class folders lie in resisc.zip!NWPU-RESISC45/"]
    place = f"{tmp_path}/resisc.zip!{names[0]}"
    assert io.BytesIO(files.store(place).read(place)).getvalue() == picture


def test_an_archive_in_a_folder_and_one_with_two_folders_around_classes(tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    names = [f"UCMerced_LandUse/Images/{name}" for name in ("river/river00.tif", "harbor/h01.tif")]
    packed(tmp_path / "download" / "UCMerced_LandUse.zip", "__MACOSX/river/._r.tif", *names)
    assert [label for _, _, label in seen(read(UCM, tmp_path).samples)] == [("harbor",), ("river",)]


def test_a_tar_without_a_folder_around_its_classes_is_read(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "AID.tar", "w") as archive:
        for name in ("Port/port_1.jpg", "River/river_1.jpg"):
            archive.addfile(tarfile.TarInfo(name))
    assert seen(read(AID, tmp_path).samples) == [
        ("all", "AID.tar!Port/port_1.jpg", ("Port",)),
        ("all", "AID.tar!River/river_1.jpg", ("River",)),
    ]


def test_the_unpacked_folder_is_read_and_not_the_archive_beside_it(tmp_path: Path) -> None:
    packed(tmp_path / "AID.zip", "AID/Port/port_1.jpg", "AID/River/river_1.jpg")
    put(tmp_path, "AID/Port/port_1.jpg")
    assert [path for _, path, _ in seen(read(AID, tmp_path).samples)] == ["AID/Port/port_1.jpg"]


def test_of_two_archives_the_one_with_the_entrys_own_folder_is_read(tmp_path: Path) -> None:
    packed(tmp_path / "EuroSAT_MS.zip", "EuroSAT_MS/River/River_1.tif", "EuroSAT_MS/Sea/S_1.tif")
    names = ["EuroSAT_RGB/River/River_1.jpg", "EuroSAT_RGB/SeaLake/SeaLake_1.jpg"]
    packed(tmp_path / "EuroSAT_RGB.zip", *names)
    assert [path for _, path, _ in seen(read(EUROSAT, tmp_path).samples)] == [
        f"EuroSAT_RGB.zip!{name}" for name in names
    ]


def test_archives_with_a_class_each_are_read_together(tmp_path: Path) -> None:
    packed(tmp_path / "Port.zip", "Port/port_1.jpg")
    packed(tmp_path / "River.zip", "River/river_1.jpg")
    found = read(AID, tmp_path)
    assert [label for _, _, label in seen(found.samples)] == [("Port",), ("River",)]
    assert found.notes == ["the class folders lie in Port.zip!, River.zip!"]


def test_archives_that_share_a_class_are_not_read_as_one(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", "Port/port_1.jpg", "River/river_1.jpg")
    packed(tmp_path / "b.zip", "Port/port_1.jpg", "Park/park_1.jpg")
    with pytest.raises(SourceError, match=r"no class folders found: .*; there: a\.zip, b\.zip"):
        read(AID, tmp_path)


def test_archives_of_other_kinds_and_broken_ones_are_told(tmp_path: Path) -> None:
    put(tmp_path, "Images/airplane.rar", "Images/beach.rar", "a.zip", text="no archive")
    told = (
        r"2 archive\(s\) to be unpacked first, such as Images/airplane\.rar; 1 archive\(s\) that "
        r"cannot be read, such as a\.zip; there: Images, a\.zip"
    )
    with pytest.raises(SourceError, match=told):
        read(AID, tmp_path)


def test_folders_of_splits_around_the_classes_are_splits(tmp_path: Path) -> None:
    put(tmp_path, "train/Port/a.jpg", "train/River/b.jpg", "Val/Port/c.jpg", "other/x/y.txt")
    found = read(AID, tmp_path)
    assert seen(found.samples) == [
        ("train", "train/Port/a.jpg", ("Port",)),
        ("train", "train/River/b.jpg", ("River",)),
        ("val", "Val/Port/c.jpg", ("Port",)),
    ]
    assert found.notes == [
        "the class folders lie in Val/, train/",
        "1 folder(s) hold no picture that is read, such as other",
    ]
    only = read(AID, tmp_path, ["val"])
    assert [split for split, _, _ in seen(only.samples)] == ["val"]


def test_folders_of_splits_may_lie_in_an_archive(tmp_path: Path) -> None:
    packed(tmp_path / "AID.zip", "AID/train/Port/a.jpg", "AID/test/River/b.jpg")
    assert seen(read(AID, tmp_path).samples) == [
        ("test", "AID.zip!AID/test/River/b.jpg", ("River",)),
        ("train", "AID.zip!AID/train/Port/a.jpg", ("Port",)),
    ]


def test_a_folder_in_the_folder_of_a_split_is_looked_into(tmp_path: Path) -> None:
    put(tmp_path, "Dataset/train/train/Port/a.jpg", "Dataset/test/test/River/b.jpg")
    assert seen(read(AID, tmp_path).samples) == [
        ("test", "Dataset/test/test/River/b.jpg", ("River",)),
        ("train", "Dataset/train/train/Port/a.jpg", ("Port",)),
    ]


def test_two_folders_around_classes_that_are_no_splits_are_not_read(tmp_path: Path) -> None:
    put(tmp_path, "old/Port/a.jpg", "new/Port/a.jpg", "new/River/b.jpg")
    with pytest.raises(SourceError, match="no class folders found"):
        read(AID, tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("x/train/Port/a.jpg", "y/test/River/b.jpg"),
        ("train/x/Port/a.jpg", "train/y/River/b.jpg"),
    ],
)
def test_folders_of_splits_in_two_folders_and_two_folders_in_a_split_are_not_read(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    put(tmp_path, *names)
    with pytest.raises(SourceError, match="no class folders found"):
        read(AID, tmp_path)


def test_folders_with_a_class_each_are_not_read_together_as_archives_are(tmp_path: Path) -> None:
    put(tmp_path, "old/Port/a.jpg", "new/River/b.jpg")
    with pytest.raises(SourceError, match="no class folders found"):
        read(AID, tmp_path)


def test_of_alternatives_the_first_with_pictures_is_read(tmp_path: Path) -> None:
    put(tmp_path, "one/Port/a.jpg", "two/Port/b.jpg")
    for images, expected in (("{one|two}", "one/Port/a.jpg"), ("{two|one}", "two/Port/b.jpg")):
        found = read(changed("aid", options={"images": f"{images}/{{label}}/{{file}}"}), tmp_path)
        assert [path for _, path, _ in seen(found.samples)] == [expected]


def test_the_name_of_a_split_stands_in_the_pattern_of_that_split_alone(tmp_path: Path) -> None:
    put(tmp_path, "train/Port/a.jpg", "test/Port/b.jpg", "other/Port/c.jpg")
    images = dict.fromkeys(("train", "test"), "{split}/{label}/{file}")
    found = read(changed("aid", options={"images": images}), tmp_path)
    assert seen(found.samples) == [
        ("test", "test/Port/b.jpg", ("Port",)),
        ("train", "train/Port/a.jpg", ("Port",)),
    ]


def test_around_the_classes_the_first_alternative_of_any_pattern_counts(tmp_path: Path) -> None:
    images = ["{none|second}/{label}/{file}", "{first|none}/{label}/{file}"]
    put(tmp_path, "out/second/Port/a.jpg", "out/first/River/b.jpg", "other/second/Farm/c.jpg")
    found = read(changed("aid", options={"images": images}), tmp_path)
    assert [path for _, path, _ in seen(found.samples)] == [
        "out/first/River/b.jpg",
        "out/second/Port/a.jpg",
    ]


@pytest.mark.parametrize(
    "images",
    ["{split}/{label}/{file}", {split: f"{split}/{{label}}/{{file}}" for split in ("val", "test")}],
)
def test_around_folders_of_splits_that_the_entry_names_no_folder_is_a_split(
    images: str | dict[str, str], tmp_path: Path
) -> None:
    put(tmp_path, "train/val/Port/a.jpg", "train/test/River/b.jpg")
    assert seen(read(changed("aid", options={"images": images}), tmp_path).samples) == [
        ("test", "train/test/River/b.jpg", ("River",)),
        ("val", "train/val/Port/a.jpg", ("Port",)),
    ]


def test_a_list_may_be_a_table_whose_pictures_stand_in_any_column(tmp_path: Path) -> None:
    put(tmp_path, "EuroSAT/River/River_1.jpg", "EuroSAT/SeaLake/SeaLake_0.jpg")
    header = ",Filename,Label,ClassName\n"
    put(tmp_path, "EuroSAT/train.csv", text=f"{header}0,River/River_1.jpg,8,River\n")
    rows = "0,SeaLake/SeaLake_0.jpg,9,SeaLake\n1,SeaLake/SeaLake_9.jpg,9,SeaLake\n"
    put(tmp_path, "EuroSAT/test.csv", text=header + rows)
    found = read(EUROSAT, tmp_path)
    assert [(split, label) for split, _, label in seen(found.samples)] == [
        ("test", ("SeaLake",)),
        ("train", ("River",)),
    ]
    assert found.notes == [
        "EuroSAT/test.csv names 1 of 2 pictures that are not there, such as "
        "1,SeaLake/SeaLake_9.jpg,9,SeaLake"
    ]


def test_a_damaged_archive_of_the_datasets_name_hides_no_folders_beside_it(tmp_path: Path) -> None:
    put(tmp_path, "AID.zip", "Port/a.jpg", "River/b.jpg", text="no archive")
    assert [label for _, _, label in seen(read(AID, tmp_path).samples)] == [("Port",), ("River",)]


def test_a_pointer_to_an_archive_is_told(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 102429601\n"
    put(tmp_path, "WHU-RS19.zip", text=pointer)
    with pytest.raises(
        SourceError, match=r"WHU-RS19\.zip is no archive .*: it is a Git LFS pointer"
    ):
        read(catalogue()["whu_rs19"], tmp_path)


LEFT_BY_TOOLS = (
    *(".DS_Store", "Port/.DS_Store", "Port/._port_1.jpg", "Port/Thumbs.db", "Port/desktop.ini"),
    *(".git/config.json", ".cache/huggingface/a.json", "Port/.ipynb_checkpoints/a.jpg"),
    *(".gitattributes", ".mine.work/out/1.jpg", "__MACOSX/Port/._port_1.jpg", "Port/.port_1.jpg.x"),
)


@pytest.mark.parametrize("is_packed", [False, True])
def test_what_tools_leave_is_unsaid_and_other_names_with_a_dot_are_read_or_told_of(
    tmp_path: Path, is_packed: bool
) -> None:
    pictures = ("Port/.port_1.jpg", "Port/...jpg", "Port/..x.JPG", "River/river_1.jpg")
    told = ("Port/.notes.csv", ".Farm/farm_1.jpg")
    if is_packed:
        packed(tmp_path / "AID.zip", *pictures, *told, *LEFT_BY_TOOLS)
    else:
        put(tmp_path, *pictures, *told, *LEFT_BY_TOOLS)
    lead = "AID.zip!" if is_packed else ""
    found = read(AID, tmp_path)
    assert sorted(path for _, path, _ in seen(found.samples)) == sorted(
        f"{lead}{name}" for name in pictures
    )
    assert [note for note in found.notes if "the class folders lie in" not in note] == [
        f"2 name(s) begin with a dot and are not read, such as {lead}{told[1].split('/')[0]}"
    ]


def test_folders_of_splits_around_classes_may_be_asked_for(tmp_path: Path) -> None:
    put(
        tmp_path,
        *(f"AID/{split}/{name}" for split in ("Train", "test") for name in ("A/1.jpg", "B/2.jpg")),
    )
    found = read(AID, tmp_path, splits=["train"])
    assert [(one.key, one.split) for one in found.samples] == [
        ("Train/A/1.jpg", "train"),
        ("Train/B/2.jpg", "train"),
    ]
    with pytest.raises(SourceError, match=r"^aid: no class folders of split val; there: test, tra"):
        read(AID, tmp_path, splits=["val"])


@pytest.mark.parametrize("slug, split", [("eurosat", "dev"), ("visdrone", "test")])
def test_splits_by_folder_are_those_of_datasets_without_their_own(slug: str, split: str) -> None:
    def faults(slug: str, *splits: str) -> list[str]:
        source = {"name": "a", "dataset": slug, "task": catalogue()[slug].tasks[0], "split": splits}
        return mix_faults(msgspec.convert({"name": "m", "sources": [source]}, Mix), "m")

    assert faults("aid", "train", "val", "test") == []
    [fault] = faults(slug, "train", split)
    assert f'has no split "{split}"; it has: ' in fault
