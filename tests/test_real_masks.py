"""Real masks, where they are (see test_real_data.py). Counts only."""

from __future__ import annotations

import pytest
from native import read
from test_real_data import folder, items, real

from converters.catalogue import entry_of
from converters.read.files import SourceError
from converters.regions.shapes import envelopes


def test_loveda_shows_the_classes_whose_values_its_masks_hold() -> None:
    found = read(entry_of("loveda"), folder("loveda"))
    # values 1 2 3 4 7, 1 2 3 4 6 7 and 1 4 6 7; 1 is background
    assert {sample.key: sample.labels[0].names for sample in found.samples} == {
        "Train/Rural/masks_png/0.png": ("building", "road", "water", "agriculture"),
        "Train/Rural/masks_png/1.png": ("building", "road", "water", "forest", "agriculture"),
        "Train/Rural/masks_png/2.png": ("water", "forest", "agriculture"),
    }
    assert found.rejects == []


@pytest.mark.parametrize("slug", ["potsdam_mmseg", "vaihingen_mmseg"])
def test_crops_of_isprs_hold_five_classes_and_a_boundary(slug: str) -> None:
    [sample] = read(entry_of(slug), folder(slug)).samples
    assert sample.labels[0].names == (
        "Impervious surfaces",
        "Building",
        "Low Vegetation",
        "Tree",
        "Car",
    )


def test_hrsid_has_122_and_8_ships_in_two_scenes() -> None:
    found = read(entry_of("hrsid_colour_masks"), folder("hrsid"))
    assert sorted(len(sample.regions) for sample in found.samples) == [8, 122]
    assert items(real("hrsid_colour_masks", "grounding", "hrsid")) == {"read": 130, "used": 130}


@pytest.mark.parametrize(
    "slug, name, absent", [("levir_cd_256", "levir_cd", 4), ("dsifn_256", "dsifn", 7)]
)
def test_lists_name_pairs_that_are_absent(slug: str, name: str, absent: int) -> None:
    found = read(entry_of(slug), folder(name))
    assert [len(sample.regions) for sample in found.samples] == [1, 1, 1]
    assert any(note.startswith(f"{absent} listed mask(s) are not there") for note in found.notes)


def test_pairs_without_masks_are_no_dataset() -> None:
    with pytest.raises(SourceError, match="there: image_samples"):
        read(entry_of("sysu_cd"), folder("sysu_cd"))


def test_rareplanes_shows_15_airplanes_as_large_as_their_boxes() -> None:
    found = read(entry_of("rareplanes_synthetic_masks"), folder("rareplanes_synthetic"))
    [sample] = found.samples
    assert len(sample.regions) == 15
    assert [reject.reason for reject in found.rejects] == ["unselected", "unselected"]
    # the first object's box in the XML, 943 520 970 543, is inclusive
    assert envelopes([sample.regions[0].shape]).tolist() == [[943, 520, 971, 544]]
