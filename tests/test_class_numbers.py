"""Files beside YOLO's labels that tell what their numbers mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from laid import laid, shot
from native import read

from converters.catalogue import entry_of
from converters.read.files import SourceError

SHOWN = "VisDrone/VisDrone2019-DET-val/images/7.jpg"
LABELS = {
    "VisDrone/VisDrone2019-DET-val/labels/7.txt": "0 0.5 0.5 0.1 0.1\n",
    SHOWN: shot("JPEG"),
}
ALL_TEN = "names:\n  0: pedestrian\n  1: people\n  2: bicycle\n  3: car\n"


def labels_of(root: Path, files: dict[str, str]) -> list[str]:
    found = read(entry_of("visdrone_yolo"), laid(root, {**LABELS, **files}))
    return [region.label for sample in found.samples for region in sample.regions]


@pytest.mark.parametrize(
    "text", ["names:\n- car\n- bus\nnc: 2\n", "names: ['car', 'bus']\n", "names: {0: car}\n"]
)
def test_classes_that_are_numbered_otherwise_are_an_error(text: str, tmp_path: Path) -> None:
    wrong = "VisDrone/cars.yaml gives 'car' the number 0, which is 3 here"
    with pytest.raises(SourceError, match=f"{wrong}: the labels are numbered otherwise"):
        labels_of(tmp_path, {"VisDrone/cars.yaml": text})


@pytest.mark.parametrize(
    "text",
    [
        ALL_TEN,
        "names: [Pedestrian, People, Bicycle, Car]\n",
        "names: [person, group]\n",  # other words for the same: they say nothing
        "names: [person\n",
        "train: images\n",
        "- a\n",
        "names: 3\n",
        "names: [[car]]\n",
        "names: [&a car, *a]\n",  # a part that stands for another is not unfolded
        "",
    ],
)
def test_files_that_say_nothing_against_the_numbers_change_nothing(
    text: str, tmp_path: Path
) -> None:
    assert labels_of(tmp_path, {"VisDrone/data.yaml": text}) == ["pedestrian"]


def test_of_two_files_the_one_that_agrees_counts(tmp_path: Path) -> None:
    files = {"VisDrone/a.yml": "names: [car]\n", "VisDrone/b.yaml": ALL_TEN}
    assert labels_of(tmp_path, files) == ["pedestrian"]


def test_a_file_in_the_top_folder_counts_too(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"visdrone_yolo: top\.yaml gives 'car' the number 0"):
        labels_of(tmp_path, {"top.yaml": "names: [car]\n"})
