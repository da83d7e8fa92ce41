"""Sets of ships, aircraft and vehicles laid out as their downloads are."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from laid import laid, shot
from native import read
from xml_cases import FROM_0, FROM_1, voc

from converters.catalogue import entry_of
from converters.dataset import open_dataset
from schemas.sample import Box, Quad, Sample, Shape

JPG, PNG, BMP = shot("JPEG"), shot(), shot("BMP")
DOTA = "imagesource:GF3\ngsd:1\n1 2 9 2 9 8 1 8 {} 0\n"
CORNERS = Quad((1, 2, 9, 2, 9, 8, 1, 8))


def xml(label: str, more: str = "") -> str:
    return f"<annotation>{voc(label, more=more)}</annotation>"


def array(*rows: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array(rows))
    return out.getvalue()


def coco(name: str, label: str = "ship", **annotation: object) -> str:
    said = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 8, 6], **annotation}
    return json.dumps(
        {
            "images": [{"id": 7, "file_name": name, "width": 60, "height": 50}],
            "annotations": [said],
            "categories": [{"id": 1, "name": label}],
        }
    )


SODA = json.dumps(
    {
        "images": {"id": 7, "file_name": "00007.jpg", "width": 60, "height": 50},
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 4, "poly": [1, 2, 9, 2, 9, 8, 1, 8]},
            {"id": 2, "image_id": 7, "category_id": 9, "poly": [11, 2, 19, 2, 19, 8, 11, 8]},
        ],
        "categories": [{"id": 4, "name": "ship"}, {"id": 9, "name": "ignore"}],
    }
)
HBB, OBB = "Horizontal Bounding Boxes", "Oriented Bounding Boxes"
SHIPRS = "<level_0>1</level_0><level_3>40</level_3><polygon><x1>1</x1><y1>2</y1><x2>9</x2>"
SHIPRS += "<y2>2</y2><x3>9</x3><y3>8</y3><x4>1</x4><y4>8</y4></polygon>"
LEVEL_3 = "ShipRSImageNet_bbox_val_level_3.json"
DEBRIS = "20160928_153233_0e16_16816-29821-16"

# slug, split, class, shape, the picture, and the files (its pixels are added)
CASES: list[tuple[str, str, str, Shape, str, dict[str, str | bytes]]] = [
    ("star", "train", "wind_mill", CORNERS, "train/img/0001.png",
     {"train/object-TXT/0001.txt": DOTA.format("wind_mill")}),
    ("star", "test", "ship", CORNERS, "STAR/test/img264/0001.png",
     {"STAR/test/object-TXT/0001.txt": DOTA.format("ship")}),
    ("star", "train", "ship", CORNERS, "train/img/0001.png",
     {"train/object-TXT.tar.gz!object-TXT/0001.txt": DOTA.format("ship")}),
    ("star", "train", "ship", CORNERS, "train/images/0001__1024__0___0.png",
     {"train/annfiles/0001__1024__0___0.txt": DOTA.format("ship")}),
    ("visdrone_yolo", "train", "car", Box(27, 22.5, 33, 27.5), "VisDrone/images/train/7.jpg",
     {"VisDrone/labels/train/7.txt": "3 0.5 0.5 0.1 0.1\n"}),
    ("visdrone_yolo", "val", "pedestrian", Box(0, 0, 30, 25),
     "VisDrone2019-DET-val/images/7.jpg",
     {"VisDrone2019-DET-val/labels/7.txt": "0 0.25 0.25 0.5 0.5\n",
      "VisDrone2019-DET-val/annotations/7.txt": "0,0,30,25,1,1,0,0\n"}),
    ("srsdd", "train", "Container", CORNERS, "SRSDD-V1.0/train/images/L135.png",
     {"SRSDD-V1.0/train/labels/L135.txt": DOTA.format("Container")}),
    ("srsdd", "test", "ore-oil", CORNERS, "test.zip!test/images/L135.png",
     {"test.zip!test/labels/L135.txt": DOTA.format("ore-oil")}),
    ("rsar", "val", "aircraft", CORNERS, "RSAR/val/images/0001.bmp",
     {"RSAR/val/annfiles/0001.txt": DOTA.format("aircraft")}),
    ("rsar", "val", "aircraft", CORNERS, "val/images.tar.gz!images/0001.jpg",
     {"val/annfiles/0001.txt": DOTA.format("aircraft")}),
    ("glh_bridge", "val", "bridge", CORNERS, "val_image/7.png",
     {"val_label.tar.gz!val_label/7.txt": DOTA.format("bridge")}),
    ("glh_bridge", "train", "bridge", CORNERS, "train/images/7.png",
     {"train/labelTxt/7.txt": DOTA.format("bridge")}),
    ("glh_bridge", "val", "bridge", CORNERS, "val_image/7.png",
     {"val_label.tar.gz!7.txt": DOTA.format("bridge")}),
    ("mar20", "train", "A3", FROM_1, "MAR20/JPEGImages/10.jpg",
     {f"MAR20/Annotations/{HBB}/10.xml": xml("A3"), "MAR20/ImageSets/Main/train.txt": "10\n"}),
    ("mar20", "test", "A3", FROM_1, "JPEGImages.zip!JPEGImages/10.jpg",
     {f"Annotations.zip!Annotations/{HBB}/10.xml": xml("A3"),
      "ImageSets.zip!ImageSets/Main/test.txt": "10\n"}),
    ("mar20", "test", "A3", FROM_1, "MAR20/JPEGImages/JPEGImages/10.jpg",
     {f"MAR20/Annotations/Annotations/{HBB}/10.xml": xml("A3"),
      "MAR20/ImageSets/ImageSets/Main/test.txt": "10\n"}),
    ("shiprsimagernet", "val", "Cargo", FROM_1,
     "ShipRSImageNet_V1.zip!ShipRSImageNet_V1/VOC_Format/JPEGImages/000040.bmp",
     {"ShipRSImageNet_V1.zip!ShipRSImageNet_V1/VOC_Format/Annotations/000040.xml": xml("Cargo"),
      "ShipRSImageNet_V1.zip!ShipRSImageNet_V1/VOC_Format/ImageSets/val.txt": "000040.bmp\n"}),
    ("shiprsimagernet_obb", "val", "Cargo", CORNERS,
     "ShipRSImageNet_V1/ShipRSImageNet_V1/VOC_Format/JPEGImages/000040.bmp",
     {"ShipRSImageNet_V1/ShipRSImageNet_V1/VOC_Format/Annotations/000040.xml":
      xml("Cargo", SHIPRS),
      "ShipRSImageNet_V1/ShipRSImageNet_V1/VOC_Format/ImageSets/val.txt": "000040.bmp\n"}),
    ("shiprsimagernet_coco", "val", "ship", CORNERS,
     "ShipRSImageNet/VOC_Format/JPEGImages/000040.bmp",
     {f"ShipRSImageNet/COCO_Format/{LEVEL_3}":
      coco("000040.bmp", segmentation=[1, 2, 9, 2, 9, 8, 1, 8], iscrowd=0)}),
    ("sardet_100k", "val", "ship", Box(1, 2, 9, 8), "SARDet_100K/JPEGImages/val/0000018.png",
     {"SARDet_100K/Annotations/val.json": coco("0000018.png")}),
    ("sardet_100k", "val", "ship", Box(1, 2, 9, 8), "archive/SARDet_100K/JPEGImages/val/18.png",
     {"archive/SARDet_100K/Annotation/val.json": coco("18.png")}),
    ("soda_a", "val", "ship", CORNERS, "Images.zip!Images/val/00007.jpg",
     {"Annotations.zip!Annotations/val/00007.json": SODA, "sample_df.csv": "split\nval\n"}),
    ("soda_a", "val", "ship", CORNERS, "Images.zip!Images/00007.jpg",
     {"Annotations.zip!Annotations/val/00007.json": SODA}),
    ("soda_a", "val", "ship", CORNERS, "SODA-A/Images/00007.jpg",
     {"SODA-A/Annotations/val/00007.json": SODA, "SODA-A/Annotations/train/x.json": "{}"}),
    ("soda_a", "val", "ship", CORNERS, "SODA-A/rawData/val/Images/00007.jpg",
     {"SODA-A/rawData/val/AnnsWithIgnore/00007.json": SODA,
      "SODA-A/divData/val/Annotations/x.json": "{}"}),
    ("hit_uav_json", "val", "Car", Box(1, 2, 9, 8), "HIT-UAV.zip!HIT-UAV/normal_json/val/0_1.jpg",
     {"HIT-UAV.zip!HIT-UAV/normal_json/annotations/val.json":
      coco("0_1.jpg", "Car").replace('"file_name"', '"filename"')
      .replace('"annotations"', '"annotation"')}),
    ("hit_uav", "val", "Car", FROM_0, "HIT-UAV-main/normal_xml/JPEGImages/0_1.jpg",
     {"HIT-UAV-main/normal_xml/Annotations/0_1.xml": xml("Car"),
      "HIT-UAV-main/normal_xml/ImageSets/Main/val.txt": "0_1\r\n"}),
    ("hit_uav_yolo", "val", "OtherVehicle", Box(15, 12.5, 45, 37.5), "hit-uav/images/val/0_1.jpg",
     {"hit-uav/labels/val/0_1.txt": "3 0.5 0.5 0.5 0.5\n"}),
    ("levir_ship", "val", "ship", Box(15, 12.5, 45, 37.5), "Val.zip!val/images/a.png",
     {"Val.zip!val/labels/a.txt": "0 0.5 0.5 0.5 0.5\n"}),
    ("levir_ship_coco", "val", "ship", Box(1, 2, 9, 8), "coco/val2017/a.png",
     {"coco/annotations/instances_val2017.json": coco("a.png")}),
    ("marine_debris", "all", "marine_debris", Box(1, 2, 9, 8), f"source/{DEBRIS}.tif",
     {f"labels/{DEBRIS}.npy": array((1, 2, 9, 8, 1))}),
    ("marine_debris", "all", "marine_debris", Box(1, 2, 9, 8),
     "nasa_marine_debris_source.tar.gz!nasa_marine_debris_source/"
     f"nasa_marine_debris_source_{DEBRIS}/image_geotiff.tif",
     {"nasa_marine_debris_labels.tar.gz!nasa_marine_debris_labels/"
      f"nasa_marine_debris_labels_{DEBRIS}/pixel_bounds.npy": array((1, 2, 9, 8, 1))}),
    ("forest_damages", "all", "LD", FROM_1,
     "Data_Set_Larch_Casebearer.zip!Data_Set_Larch_Casebearer/Bebehojd_20190527/Images/B01_1.JPG",
     {"Data_Set_Larch_Casebearer.zip!Data_Set_Larch_Casebearer/Bebehojd_20190527/Annotations/"
      "B01_1.xml": xml("Larch", "<damage>LD</damage>")}),
    ("dota_folder", "all", "plane", CORNERS, "dataset_demo/images/P0032.png",
     {"dataset_demo/labelTxt/P0032.txt": "1.0 2.0 9.0 2.0 9.0 8.0 1.0 8.0 plane 0\n",
      "dataset_demo/imgnamefile.txt": "images/P0032.png\n"}),
    ("ssdd_voc", "train", "ship", FROM_1, "VOCdevkit/VOC2007/JPEGImages/000001.jpg",
     {"VOCdevkit/VOC2007/Annotations/000001.xml": xml("ship"),
      "VOCdevkit/VOC2007/ImageSets/Main/train.txt": "000001\n"}),
    ("rsod_voc", "val", "oiltank", FROM_0, "RSOD/JPEGImages/oiltank_3.jpg",
     {"RSOD/Annotations/oiltank_3.xml": xml("oiltank"),
      "RSOD/ImageSets/Main/val.txt": "oiltank_3\nplayground_8\n"}),
    ("msar", "all", "ship", FROM_1, "MSAR-1.0 dataset/JPEGImages/01.jpg",
     {"MSAR-1.0 dataset/Annotations/01.xml": xml("ship")}),
    ("neon_tree_sites", "evaluation", "Tree", FROM_1, "OSBS/plots/OSBS_029.tif",
     {"OSBS/annotations/OSBS_029.xml": xml("Tree"),
      "NeonTreeEvaluation/vignettes/SJER_052.xml": xml("Tree")}),
    ("neon_tree_sites", "evaluation", "Tree", FROM_1,
     "NeonTreeEvaluation-master/MLBS/plots/MLBS_061.tif",
     {"NeonTreeEvaluation-master/MLBS/annotations/MLBS_061.xml": xml("Tree"),
      "NeonTreeEvaluation-master/NeonTreeEvaluation/R/a.R": ""}),
]  # fmt: skip


def picture(path: str) -> bytes:
    kinds = {"jpg": "JPEG", "png": "PNG", "bmp": "BMP", "tif": "TIFF"}
    return shot(kinds[path.rsplit(".", 1)[-1].lower()])


@pytest.mark.parametrize(
    ("slug", "split", "label", "shape", "shown", "files"),
    CASES,
    ids=[f"{case[0]}-{case[4]}" for case in CASES],
)
def test_a_download_is_read_as_it_lies(
    slug: str,
    split: str,
    label: str,
    shape: Shape,
    shown: str,
    files: dict[str, str | bytes],
    tmp_path: Path,
) -> None:
    root = laid(tmp_path, {**files, shown: picture(shown)})
    sample = only(slug, root, split)
    assert sample.pictures[0].path == shown
    assert [(region.label, region.shape) for region in sample.regions] == [(label, shape)]


def only(slug: str, root: Path, split: str) -> Sample:
    open_dataset(entry_of(slug), str(root))
    found = read(entry_of(slug), root, [split])
    assert {reject.reason for reject in found.rejects} <= {"ignored"}
    [sample] = found.samples
    assert sample.split == split
    return sample
