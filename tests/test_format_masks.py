"""Semantic masks and masks of objects: what their readers make of native files."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from mask_files import by_stem, put_mask
from native import DATA, changed, convert, dataset, opened, picture, read
from PIL import Image

from converters.catalogue import entry_of
from converters.dataset import plan_of
from converters.read.files import SourceError
from schemas.entry import Entry
from schemas.sample import Mask

LOVEDA = DATA / "mask_raster/loveda"
HRSID = DATA / "mask_instances/hrsid_colour_masks"
AREAS = read(entry_of("loveda"), LOVEDA)
PLANES = read(
    entry_of("rareplanes_synthetic_masks"), DATA / "xml_mask_colours/rareplanes_synthetic_masks"
)
OBJECTS = read(entry_of("hrsid_colour_masks"), HRSID)


# Semantic masks


def test_each_class_of_a_mask_is_one_region_with_all_its_pixels() -> None:
    sample = by_stem(AREAS)["1"]
    # rows: 2 2 1 0 / 2 4 4 1 / 7 4 4 1; runs go down the columns, zeros first
    assert {region.label: region.shape for region in sample.regions} == {
        "building": Mask(4, 3, (0, 2, 1, 1, 8)),
        "water": Mask(4, 3, (4, 2, 1, 2, 3)),
        "agriculture": Mask(4, 3, (2, 1, 9)),
    }


def test_the_label_of_a_mask_is_the_classes_that_it_shows_without_background_and_no_data() -> None:
    assert [label.names for label in by_stem(AREAS)["1"].labels] == [
        ("building", "water", "agriculture")
    ]


def test_a_class_is_asked_for_by_its_name() -> None:
    sample = by_stem(AREAS)["1"]
    assert [(said.text, said.regions) for said in sample.expressions] == [
        ("the building area", ("building",)),
        ("the water area", ("water",)),
        ("the agriculture area", ("agriculture",)),
    ]


def test_the_picture_of_a_mask_is_as_large_as_the_mask() -> None:
    shown = by_stem(AREAS)["1"].pictures[0]
    assert (shown.path, shown.width, shown.height) == ("Train/Urban/images_png/1.png", 4, 3)


def test_a_mask_without_any_class_is_a_picture_without_items() -> None:
    sample = by_stem(AREAS)["2"]
    assert (sample.labels, sample.regions, sample.expressions) == ((), (), ())
    book = convert(dataset(entry_of("loveda"), ["classification"], LOVEDA)).book
    assert book["train"]["pictures"]["without_items"] == 1


def test_pixels_of_unknown_values_cost_the_label_and_are_counted() -> None:
    sample = by_stem(AREAS)["3"]
    assert ([region.label for region in sample.regions], sample.labels) == (["forest"], ())
    assert [(r.reason, r.detail) for r in AREAS.rejects if r.key.endswith("/3.png")] == [
        (
            "bad_value",
            "2 pixel(s) of value 9, which the entry does not name, and 1 of 1 other value(s)",
        )
    ]


def test_a_mask_of_another_size_than_its_picture_is_a_reject() -> None:
    assert [(r.reason, r.detail) for r in AREAS.rejects if r.key.endswith("/4.png")] == [
        ("size_conflict", "mask of 4 x 3, Train/Rural/images_png/4.png of 6 x 3")
    ]
    assert "4" not in by_stem(AREAS)


def test_a_mask_that_is_no_picture_is_a_reject() -> None:
    assert [r.reason for r in AREAS.rejects if r.key.endswith("/5.png")] == ["unreadable_file"]


def test_the_splits_are_those_of_the_folders() -> None:
    assert {stem: sample.split for stem, sample in by_stem(AREAS).items()} == {
        "1": "train",
        "2": "train",
        "3": "train",
        "7": "val",
    }


def test_masks_without_pictures_and_pictures_without_masks_are_counted() -> None:
    assert AREAS.notes == [
        "1 picture(s) have no mask and are not read, such as Train/Rural/images_png/6.png",
        "2 mask(s) have no picture in its place, such as Train/Rural/masks_png/5.png",
    ]


def with_options(entry: Entry, **options: object) -> Entry:
    return msgspec.structs.replace(entry, options={**entry.options, **options})


@pytest.mark.parametrize(
    "mode, rows",
    [
        ("L", [[0, 1], [1, 0]]),
        ("L", [[0, 255], [255, 0]]),
        ("1", [[0, 255], [255, 0]]),
        ("RGB", [[0, 255], [255, 0]]),
        ("RGBA", [[0, 255], [255, 0]]),
    ],
)
def test_a_mask_of_one_class_may_be_of_0_and_1_or_255_and_of_any_bands(
    mode: str, rows: list[list[int]], tmp_path: Path
) -> None:
    put_mask(tmp_path / "train/label/1.png", rows, mode)
    entry = changed("whu_building_dataset")
    [sample] = read(entry, tmp_path).samples
    assert [region.shape for region in sample.regions] == [Mask(2, 2, (1, 2, 1))]


def test_16_bit_values_are_read(tmp_path: Path) -> None:
    (tmp_path / "aachen").mkdir()
    Image.fromarray(np.array([[1, 10], [0, 1]], np.uint16)).save(tmp_path / "aachen/1_2_seg.tif")
    [sample] = read(entry_of("geonrw"), tmp_path).samples
    assert sample.split == "train"
    assert {region.label: region.shape.counts for region in sample.regions} == {
        "forest": (0, 1, 2, 1),
        "buildings": (2, 1, 1),
    }


def test_a_palette_is_indices_to_one_entry_and_colours_to_another(tmp_path: Path) -> None:
    mask = Image.fromarray(np.array([[1, 2]], np.uint8)).convert("P")
    mask.putpalette([0, 0, 0, 255, 255, 255, 0, 0, 255])
    path = tmp_path / "top_mosaic_09cm_area1.tif"
    mask.save(path)
    [sample] = read(entry_of("vaihingen"), tmp_path).samples
    assert [region.label for region in sample.regions] == ["Impervious surfaces", "Building"]
    (tmp_path / "Train/Urban/masks_png").mkdir(parents=True)
    mask.save(tmp_path / "Train/Urban/masks_png/1.png")
    [sample] = read(entry_of("loveda"), tmp_path).samples
    assert [region.label for region in sample.regions] == ["building"]


def test_pictures_of_the_masks_names_are_no_masks(tmp_path: Path) -> None:
    picture(tmp_path / "top/top_mosaic_09cm_area1.tif")
    entry = entry_of("vaihingen")
    with pytest.raises(SourceError, match="there: 1 picture"):
        plan_of(entry, opened(entry, tmp_path))


def test_colours_where_values_are_expected_are_a_reject(tmp_path: Path) -> None:
    put_mask(tmp_path / "Train/Urban/masks_png/1.png", [[[2, 3, 4], [2, 2, 2]]])
    found = read(entry_of("loveda"), tmp_path)
    assert [(r.reason, r.detail) for r in found.rejects] == [
        ("unreadable_file", "colours, where single values are expected")
    ]


def test_single_values_that_a_threshold_would_make_black_are_a_reject(tmp_path: Path) -> None:
    put_mask(tmp_path / "5_Labels_all/top_potsdam_2_10_label.tif", [[1, 2]])
    found = read(entry_of("potsdam"), tmp_path)
    assert [(r.reason, r.detail) for r in found.rejects] == [
        ("unreadable_file", "single values, where colours are expected")
    ]


@pytest.mark.parametrize("value, named", [(3, "3"), ([255, 0, 9], r"\[255, 0, 9\]")])
def test_a_value_of_two_classes_is_an_error(
    tmp_path: Path, value: int | list[int], named: str
) -> None:
    put_mask(tmp_path / "Train/Urban/masks_png/1.png", [[1]])
    entry = with_options(entry_of("loveda"), values={"road": value, "water": value}, blank={})
    with pytest.raises(SourceError, match=f"name {named} twice"):
        plan_of(entry, opened(entry, tmp_path))


def test_words_for_a_class_that_the_table_lacks_are_an_error(tmp_path: Path) -> None:
    put_mask(tmp_path / "Train/Urban/masks_png/1.png", [[1]])
    entry = with_options(entry_of("loveda"), phrases={"raod": "the roads"})
    with pytest.raises(SourceError, match="`phrases` names a class that `values` lacks: raod"):
        plan_of(entry, opened(entry, tmp_path))


def test_an_entry_may_say_the_words_that_ask_for_a_class(tmp_path: Path) -> None:
    put_mask(tmp_path / "Train/Urban/masks_png/1.png", [[3, 4]])
    entry = with_options(entry_of("loveda"), phrases={"road": "the roads"})
    [sample] = read(entry, tmp_path).samples
    assert [said.text for said in sample.expressions] == ["the roads", "the water area"]


def test_where_no_mask_is_the_error_says_what_is_there(tmp_path: Path) -> None:
    picture(tmp_path / "train/A/1.png")
    entry = entry_of("levir_cd")
    with pytest.raises(SourceError, match=r"no masks: .*; there: 1 picture\(s\), such as train/A"):
        plan_of(entry, opened(entry, tmp_path))


# Objects


def test_each_colour_is_an_object_with_the_class_of_most_of_its_pixels() -> None:
    sample = by_stem(OBJECTS)["P0001_0_800_0_800_instance_color_RGB"]
    # a at the top left, b at the right; black is no object
    assert [(region.key, region.label, region.shape) for region in sample.regions] == [
        ("400000", "ship", Mask(5, 4, (0, 2, 2, 1, 15))),
        ("004000", "ship", Mask(5, 4, (14, 1, 2, 2, 1))),
    ]
    assert sample.pictures[0].path == "P0001_0_800_0_800.png"


def test_an_object_without_a_class_and_masks_of_two_sizes_are_rejects() -> None:
    assert [(r.key.rpartition("RGB")[2], r.reason, r.detail) for r in OBJECTS.rejects] == [
        (
            ".png#000040",
            "bad_value",
            "an object whose mask of classes says [0, 0, 0], which is no class",
        ),
        (".png", "size_conflict", "masks of objects and of classes are of 4 x 4 and 5 x 4"),
    ]


def test_without_ids_an_object_is_a_connected_part() -> None:
    entry = with_options(entry_of("hrsid_colour_masks"), objects="")
    sample = by_stem(read(entry, HRSID))["P0001_0_800_0_800_instance_color_RGB"]
    assert [(region.key, region.shape) for region in sample.regions] == [
        ("ship 0", Mask(5, 4, (0, 2, 2, 1, 15))),
        ("ship 1", Mask(5, 4, (14, 1, 2, 2, 1))),
    ]


# Objects that an XML file names by their colour


def test_an_object_is_all_pixels_of_the_colour_that_the_xml_gives_it() -> None:
    [sample] = PLANES.samples
    assert [(r.key, r.label, r.shape, r.attributes) for r in sample.regions] == [
        ("A1", "Airplane", Mask(3, 2, (2, 3, 1)), {"category1": "Civil"})
    ]
    assert sample.pictures[0].path == "images/Field_0_0_1.png"


def test_other_classes_and_colours_that_no_pixel_has_are_rejects() -> None:
    assert [(r.key, r.reason, r.detail) for r in PLANES.rejects] == [
        ("Field_0_0_1#A2", "unselected", "category0 is Airport"),
        ("Field_0_0_1#A3", "zero_area", "no pixel of the mask is 9, 9, 9"),
        ("Field_0_0_1#A4", "bad_value", "object_mask_color_rgba is 'white'"),
    ]
