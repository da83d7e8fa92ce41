"""Detection XML: where splits come from, what is passed over, and what an entry may rename."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from native import Native, read
from xml_cases import HR_SHIP, PLANE, TREE, voc

from converters.catalogue import catalogue
from converters.read.files import SourceError
from schemas.sample import Picture

MAR20, NEON, HRRSD = (catalogue()[slug] for slug in ("mar20", "neon_tree", "hrrsd"))


def put(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def splits(found: Native) -> dict[str, str]:
    return {sample.key: sample.split for sample in found.samples}


PAGE = f"<annotation>{voc('A1')}</annotation>"
HBB = "Annotations/Horizontal Bounding Boxes"


def test_without_any_split_list_all_files_are_unlisted(tmp_path: Path) -> None:
    found = read(MAR20, put(tmp_path, {f"{HBB}/1.xml": PAGE, f"{HBB}/2.xml": PAGE}))
    assert splits(found) == {"1": "unlisted", "2": "unlisted"}
    assert found.notes == [
        "there is no split list ImageSets/Main/{split}.txt (or one of 3 other places)",
        f"2 annotation files are in no split list, such as {HBB}/1.xml",
    ]


def test_a_split_asked_for_without_its_list_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, {f"{HBB}/1.xml": PAGE})
    with pytest.raises(SourceError, match=r"mar20: no pictures of split train\. there is no split"):
        read(MAR20, tmp_path, ["train"])


def test_lists_that_are_of_no_split_are_counted_and_one_named(tmp_path: Path) -> None:
    lists = ("train", "trainval", "bridge_val", "T junction_val")
    put(tmp_path, {f"ImageSets/Main/{name}.txt": "00001\n" for name in lists})
    found = read(HRRSD, put(tmp_path, {"Annotations/00001.xml": PAGE}))
    assert splits(found) == {"00001": "train"}
    assert found.notes == [
        "3 lists are of no split of this dataset, such as ImageSets/Main/T junction_val.txt"
    ]


def test_the_folder_of_the_picture_tells_the_split(tmp_path: Path) -> None:
    files = {f"annotations/{name}.xml": PAGE for name in ("A_1", "B_2", "C_3")}
    pictures = {
        "evaluation/RGB/A_1.tif": "",
        "training/RGB/B_2.png": "",
        "training/RGB/A_1.tif": "",
    }
    found = read(NEON, put(tmp_path, files | pictures))
    assert splits(found) == {"A_1": "evaluation", "B_2": "training", "C_3": "unlisted"}
    assert (
        "1 annotation files have a picture in no split's folder, such as annotations/C_3.xml"
        in found.notes
    )
    assert splits(read(NEON, tmp_path, ["training"])) == {"B_2": "training"}


@pytest.mark.parametrize(
    ("slug", "path"),
    [("neon_tree", "annotations/A_1.xml"), ("neon_tree_sites", "BART/annotations/A_1.xml")],
)
def test_an_object_whose_name_is_empty_is_a_tree_all_the_same(
    slug: str, path: str, tmp_path: Path
) -> None:
    page = f"<annotation>{voc('')}</annotation>"
    found = read(catalogue()[slug], put(tmp_path, {path: page, "BART/plots/A_1.tif": ""}))
    assert not found.rejects
    assert [region.label for region in found.samples[0].regions] == ["Tree"]


def test_archives_of_neon_tree_are_read_in_place(tmp_path: Path) -> None:
    for name, member in (("annotations", "A_1.xml"), ("evaluation", "RGB/A_1.tif")):
        with ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}/{member}", PAGE)
    [sample] = read(NEON, tmp_path).samples
    assert (sample.split, sample.pictures[0].path) == (
        "evaluation",
        "evaluation.zip!evaluation/RGB/A_1.tif",
    )


def test_files_that_are_no_annotations_are_counted_and_one_named(tmp_path: Path) -> None:
    names = ("A_1", "A_1_hyperspectral", "A_1.tif.aux")
    found = read(NEON, put(tmp_path, {f"{name}.xml": PAGE for name in names}))
    assert splits(found) == {"A_1": "unlisted"}
    assert "2 file(s) are no annotations and are not read, such as A_1.tif.aux.xml" in found.notes


def test_nothing_but_other_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError,
        match=r"1 file\(s\) are no annotations and are not read, such as A_1\.tif\.aux\.xml",
    ):
        read(NEON, put(tmp_path, {"A_1.tif.aux.xml": PAGE}))


def test_hrsc2016_says_size_resolution_and_class_in_tags_of_its_own(tmp_path: Path) -> None:
    path = "FullDataSet/Annotations/100000005.xml"
    [sample] = read(catalogue()["hrsc2016"], put(tmp_path, {path: HR_SHIP})).samples
    picture = "FullDataSet/AllImages/100000005.bmp"
    assert sample.pictures == (Picture(picture, 900, 700, gsd=1.07),)
    assert [region.label for region in sample.regions] == ["100000005"]


def test_full_data_set_is_read_in_place_of_its_halves(tmp_path: Path) -> None:
    names = ("FullDataSet/Annotations/1.xml", "Test/Annotations/1.xml", "Test/Annotations/2.xml")
    found = read(catalogue()["hrsc2016"], put(tmp_path, dict.fromkeys(names, HR_SHIP)))
    assert [sample.file for sample in found.samples] == [names[0], names[2]]


def test_classes_that_an_entry_leaves_out_are_rejected_one_by_one(tmp_path: Path) -> None:
    bus = PLANE.replace("Airplane", "Airport")
    text = f"<image>{PLANE}{bus}</image>"
    found = read(catalogue()["rareplanes_synthetic"], put(tmp_path, {"xmls/1.xml": text}))
    assert [region.label for region in found.samples[0].regions] == ["Airplane"]
    assert [(one.key, one.reason, one.detail) for one in found.rejects] == [
        ("1#object[1]", "unselected", "Airport is no class of this dataset")
    ]
    assert found.samples[0].unplaced == ()


@pytest.mark.parametrize("tag", ["", "<damage/>", "<damage> </damage>"])
def test_an_object_without_a_class_has_the_one_that_the_entry_names(
    tmp_path: Path, tag: str
) -> None:
    text = f"<annotation>{TREE}</annotation>".replace("<damage>LD</damage>", tag)
    entry = catalogue()["forest_damages"]
    found = read(entry, put(tmp_path, {"May/Annotations/1.xml": text}))
    assert [region.label for region in found.samples[0].regions] == ["other"]


def test_a_faulty_object_of_any_tag_is_a_reject(tmp_path: Path) -> None:
    text = HR_SHIP.replace("<mbox_w>20</mbox_w>", "")
    found = read(catalogue()["hrsc2016"], put(tmp_path, {"FullDataSet/Annotations/5.xml": text}))
    assert [(one.key, one.reason) for one in found.rejects] == [("5#HRSC_Object[0]", "bad_box")]
    assert found.rejects[0].detail.startswith("HRSC_Object lacks mbox_w; it has Class_ID, ")
    assert found.samples[0].unplaced == ("100000005",)


def test_ignored_classes_of_hit_uav_are_left_out(tmp_path: Path) -> None:
    text = f"<annotation>{voc('DontCare')}{voc('Car')}</annotation>"
    found = read(catalogue()["hit_uav"], put(tmp_path, {"normal_xml/Annotations/1.xml": text}))
    assert [region.label for region in found.samples[0].regions] == ["Car"]
    assert [(reject.key, reject.reason) for reject in found.rejects] == [("1#object[0]", "ignored")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tags_in_a_namespace_are_read_as_those_in_none(tmp_path: Path, encoding: str) -> None:
    put(tmp_path, {f"{HBB}/1.xml": PAGE})
    page = PAGE.replace("<annotation>", '<annotation xmlns="https://a/b">')
    (tmp_path / HBB / "2.xml").write_bytes(page.encode(encoding))
    plain, spaced = read(MAR20, tmp_path).samples
    assert len(plain.regions) == 1
    assert spaced.regions == plain.regions
