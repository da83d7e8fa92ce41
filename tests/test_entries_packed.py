"""Detection sets as their authors and the hub pack them, and what lies beside their files."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from laid import laid, shot
from native import convert, dataset, read, words

from converters.catalogue import entry_of
from converters.read.files import SourceError
from schemas.sample import Box, Mask, Polygon

PNG, JPG = shot(), shot("JPEG")
# Pillow's pictures of 60 x 50 pixels, half a degree of longitude wide and high each.
AUX = "<PAMDataset><GeoTransform>10, 0.5, 0, 70, 0, -0.5</GeoTransform></PAMDataset>"
AIRCRAFT = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"role": "Small Civil Transport/Utility"},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[11, 69], [13, 69], [13, 67], [11, 67], [11, 69]]],
                },
            }
        ],
    }
)


def test_rareplanes_is_read_from_its_tarballs(tmp_path: Path) -> None:
    pytest.importorskip("rasterio")
    labels = "RarePlanes_test_geojson_aircraft_tiled.tar.gz!geojson_aircraft_tiled"
    pictures = "RarePlanes_test_PS-RGB_tiled.tar.gz!PS-RGB_tiled"
    root = laid(
        tmp_path,
        {
            f"real/tarballs/test/{labels}/7_tile_1.geojson": AIRCRAFT,
            f"real/tarballs/test/{pictures}/7_tile_1.png": PNG,
            f"real/tarballs/test/{pictures}/7_tile_1.png.aux.xml": AUX,
        },
    )
    found = read(entry_of("rareplanes"), root)
    assert found.rejects == []
    [sample] = found.samples
    assert sample.pictures[0].path == f"real/tarballs/test/{pictures}/7_tile_1.png"
    assert [(region.label, region.shape) for region in sample.regions] == [
        ("aircraft", Polygon((2, 2, 6, 2, 6, 6, 2, 6)))
    ]


@pytest.mark.parametrize(
    "slug, labels, picture, split",
    [
        (
            "nwpu_vhr_10_split",
            "NWPU VHR-10 dataset/NWPU_instances_val.json",
            "NWPU VHR-10 dataset/positive image set/001.jpg",
            "val",
        ),
        ("nwpu_vhr_10_split", "annotations/NWPU_instances_train.json", "imgs/001.jpg", "train"),
        (
            "rareplanes_coco",
            "real/metadata_annotations/instances_test_aircraft.json",
            "real/test/PS-RGB_tiled/001.png",
            "test",
        ),
        ("ssdd", "ssdd_dataset/train_test2017.json", "JPEGImages/001.jpg", "all"),
    ],
)
def test_coco_files_of_other_names_are_read(
    tmp_path: Path, slug: str, labels: str, picture: str, split: str
) -> None:
    name = picture.rpartition("/")[2]
    outline = [[1, 2, 9, 2, 9, 8, 1, 8]]
    box = {"bbox": [1, 2, 8, 6], "segmentation": outline, "iscrowd": 0}
    document = {
        "images": [{"id": 1, "file_name": name, "width": 60, "height": 50}],
        "categories": [{"id": 1, "name": "aircraft"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, **box}],
    }
    root = laid(tmp_path, {labels: json.dumps(document), picture: JPG})
    found = read(entry_of(slug), root)
    assert found.rejects == []
    assert [(one.split, one.pictures[0].path, len(one.regions)) for one in found.samples] == [
        (split, picture, 1)
    ]


def test_ssdd_in_text_keeps_inshore_and_offshore_apart(tmp_path: Path) -> None:
    line = "1 2 9 2 9 8 1 8 ship 0\n"
    places = ("train", "test/inshore", "test/offshore", "test/all")
    files = {f"{place}/labelTxt/{at}.txt": line for at, place in enumerate(places)}
    found = read(entry_of("ssdd_dota"), laid(tmp_path, {**files, "train/images/0.png": PNG}))
    assert [(one.split, one.pictures[0].path) for one in found.samples] == [
        ("test_inshore", "test/inshore/images/1.jpg"),
        ("test_offshore", "test/offshore/images/2.jpg"),
        ("train", "train/images/0.png"),
    ]


def test_cowc_is_read_from_its_tbz_archives(tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {
            "COWC_train_list_detection.txt": "\ufeffUtah_AGRC/train/car.a.png 1\n",
            "COWC_Detection_Utah_AGRC.tbz!Utah_AGRC/train/car.a.png": PNG,
        },
    )
    [sample] = read(entry_of("cowc"), root).samples
    assert (sample.pictures[0].path, sample.labels[0].names) == (
        "COWC_Detection_Utah_AGRC.tbz!Utah_AGRC/train/car.a.png",
        ("car",),
    )


def hub_file(root: Path, objects: pa.Array) -> Path:
    """A Parquet file of one picture, as `datasets` writes it for the hub."""
    category = {"names": ["Airplane", "Golf course"], "_type": "ClassLabel"}
    features = {
        "image": {"_type": "Image"},
        "objects": {
            "feature": {"category": category, "bbox": {"_type": "Sequence"}},
            "_type": "Sequence",
        },
    }
    table = pa.table(
        {
            "image_id": [17],
            "image": pa.array([{"bytes": JPG, "path": None}]),
            "objects": objects,
        }
    ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    (root / "data").mkdir()
    pq.write_table(table, root / "data/train-00000-of-00012.parquet")
    return root


@pytest.mark.parametrize(
    "objects",
    [
        pa.array([{"category": [1, 9], "bbox": [[1, 2, 8, 6], [0, 0, 3, 3]]}]),
        pa.array([[{"category": 1, "bbox": [1, 2, 8, 6]}, {"category": 9, "bbox": [0, 0, 3, 3]}]]),
    ],
    ids=["two lists", "a list of objects"],
)
def test_classes_of_a_hub_copy_are_named_in_its_own_metadata(
    tmp_path: Path, objects: pa.Array
) -> None:
    found = read(entry_of("dior_hub"), hub_file(tmp_path, objects))
    [sample] = found.samples
    assert (sample.key, sample.split) == ("17", "train")
    assert [(region.label, region.shape) for region in sample.regions] == [
        ("Golf course", Box(1, 2, 9, 8))
    ]
    assert [(reject.key, reject.reason, reject.detail) for reject in found.rejects] == [
        ("17#1", "bad_value", "class 9 of 2 that have a name")
    ]


def test_objects_of_a_hub_copy_without_texts_are_referred_to_by_phrases_of_ours(
    tmp_path: Path,
) -> None:
    root = hub_file(tmp_path, pa.array([{"category": [1], "bbox": [[1, 2, 8, 6]]}]))
    found = convert(dataset(entry_of("dior_hub"), ["refer"], root, dialect="pixel"))
    assert [words(row) for row in found.rows] == [
        ["<image>\n[refer] Where is the small golf course at the top left?", "[1, 2, 9, 8]"]
    ]


def test_pictures_without_objects_count_once_where_they_lie_packed_too(tmp_path: Path) -> None:
    top = "NWPU VHR-10 dataset"
    files: dict[str, str | bytes] = {
        "ground truth/001.txt": "(1,2),(9,8),1\n",
        "positive image set/001.jpg": JPG,
        "negative image set/001.jpg": JPG,
    }
    packed = {f"{top}/{top}.zip!{top}/{name}": content for name, content in files.items()}
    unpacked = {f"{top}/{name}": content for name, content in files.items()}
    root = laid(tmp_path, {**unpacked, **packed})
    found = read(entry_of("nwpu_vhr_10_txt"), root)
    assert [(sample.split, sample.pictures[0].path) for sample in found.samples] == [
        ("positive", f"{top}/positive image set/001.jpg"),
        ("negative", f"{top}/negative image set/001.jpg"),
    ]


def test_lists_that_lie_packed_too_are_read_once(tmp_path: Path) -> None:
    voc = "<annotation></annotation>"
    root = laid(
        tmp_path,
        {
            "Annotations/Horizontal Bounding Boxes/00001.xml": voc,
            "ImageSets/Main/train.txt": "00001\n",
            "ImageSets.zip!Main/train.txt": "00001\n",
            "JPEGImages-trainval/00001.jpg": JPG,
        },
    )
    found = read(entry_of("dior"), root)
    assert [(sample.key, sample.split) for sample in found.samples] == [("00001", "train")]
    assert found.notes == []


def test_the_other_boxes_of_dior_beside_are_not_read(tmp_path: Path) -> None:
    files = {
        f"Annotations/{kind} Bounding Boxes/00001.xml": "<annotation></annotation>"
        for kind in ("Horizontal", "Oriented")
    }
    found = read(entry_of("dior"), laid(tmp_path, {**files, "JPEGImages-test/00001.jpg": JPG}))
    assert [sample.file for sample in found.samples] == [
        "Annotations/Horizontal Bounding Boxes/00001.xml"
    ]
    assert not [note for note in found.notes if "Oriented" in note]


def test_a_table_without_splits_is_no_list(tmp_path: Path) -> None:
    root = laid(
        tmp_path,
        {"Annotations/00001.xml": "<annotation></annotation>", "sample_df.csv": "image,label\n"},
    )
    with pytest.raises(SourceError, match=r"sample_df\.csv is no table of splits"):
        read(entry_of("dior"), root)


@pytest.mark.parametrize("column", ["image_path", "image", "file_name", "filename", "name"])
def test_a_table_of_splits_names_its_pictures_in_one_of_these_columns(
    column: str, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {
        "Annotations/00001.xml": "<annotation></annotation>",
        "JPEGImages-trainval/00001.jpg": JPG,
        "sample_df.csv": f"{column},split\n00001.jpg,val\n",
    }
    [sample] = read(entry_of("dior"), laid(tmp_path, files)).samples
    assert sample.split == "val"


def test_a_hole_is_cut_out_of_a_building_in_a_picture_of_16_bits(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    ring = "10 10 0,20 10 0,20 20 0,10 20 0,10 10 0"
    hole = "12 12 0,14 12 0,14 14 0,12 14 0,12 12 0"
    with rasterio.MemoryFile() as memory:
        shape = {"width": 30, "height": 25, "count": 3, "dtype": "uint16"}
        shape["transform"] = rasterio.Affine.translation(10, 70)
        with memory.open(driver="GTiff", **shape):
            pass
        deep = memory.read()
    top = "AOI_2_Vegas_Train"
    root = laid(
        tmp_path,
        {
            f"{top}/summaryData/{top}_Building_Solutions.csv": "ImageId,BuildingId,"
            f'PolygonWKT_Pix\nAOI_2_Vegas_img1,0,"POLYGON (({ring}),({hole}))"\n',
            f"{top}/RGB-PanSharpen/RGB-PanSharpen_AOI_2_Vegas_img1.tif": deep,
        },
    )
    found = read(entry_of("deepglobe_detection"), root)
    assert found.rejects == []
    [region] = found.samples[0].regions
    assert isinstance(region.shape, Mask)
    assert (region.shape.width, region.shape.height) == (30, 25)
    assert sum(region.shape.counts[1::2]) == 96  # 10 x 10 less 2 x 2


def test_a_tarball_beside_what_was_unpacked_of_it_is_left_alone(tmp_path: Path) -> None:
    feature = {"bounds_imcoords": "1,2,9,8", "type_id": 18}
    features = [
        {"type": "Feature", "properties": {**feature, "image_id": name}, "geometry": None}
        for name in ("104.tif", "1395.tif")
    ]
    root = laid(
        tmp_path,
        {
            "xView_train.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
            "train_images/104.tif": shot("TIFF"),
            "train_images.tgz": "cut off",
            "train_labels.tgz": "cut off",
        },
    )
    found = read(entry_of("xview"), root)
    assert [sample.pictures[0].path for sample in found.samples] == [
        "train_images/104.tif",
        "train_images/1395.tif",
    ]
