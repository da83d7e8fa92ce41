"""Detection sets as downloads lie: packed, in parts, in doubled folders, re-packed by others."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from laid import laid, shot
from native import read

from converters.catalogue import entry_of
from schemas.sample import Box, Quad, Shape

PNG, JPG, TIF = shot(), shot("JPEG"), shot("TIFF")


def voc(name: str) -> str:
    sides = "<xmin>11</xmin><ymin>21</ymin><xmax>31</xmax><ymax>41</ymax>"
    return f"<annotation><object><name>{name}</name><bndbox>{sides}</bndbox></object></annotation>"


CORNERS = (("left_top", 5, 4), ("right_top", 25, 4), ("right_bottom", 25, 14))
TURNED = "".join(f"<x_{at}>{x}</x_{at}><y_{at}>{y}</y_{at}>" for at, x, y in CORNERS)
OBB = (
    f"<annotation><object><name>dam</name><robndbox>{TURNED}<x_left_bottom>5</x_left_bottom>"
    f"<y_left_bottom>14</y_left_bottom></robndbox></object></annotation>"
)
POINTS = "".join(f"<point>{x},{y}</point>" for x, y in ((1, 2), (9, 2), (9, 8), (1, 8), (1, 2)))
FAIR = (
    f"<annotation><objects><object><possibleresult><name>Van</name></possibleresult>"
    f"<points>{POINTS}</points></object></objects></annotation>"
)
DOTA = "imagesource:GoogleEarth\ngsd:0.5\n1 2 9 2 9 8 1 8 plane 0\n"
COCO = (
    '{"images": [{"id": 1, "file_name": "001.jpg", "width": 60, "height": 50}],'
    ' "categories": [{"id": 1, "name": "ship"}],'
    ' "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 8, 6],'
    ' "segmentation": [[1, 2, 9, 2, 9, 8, 1, 8]], "iscrowd": 0}]}'
)
XVIEW = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
    '{"bounds_imcoords": "1,2,9,8", "type_id": 18, "image_id": "104.tif"}, "geometry": null}]}'
)
BOX, QUAD, FROM_1 = Box(1, 2, 9, 8), Quad((1, 2, 9, 2, 9, 8, 1, 8)), Box(10, 20, 31, 41)
OBB_QUAD = Quad((4, 3, 25, 3, 25, 14, 4, 14))  # 1-based, its corner pixels included


UCAS = "1.0e+00\t2\t9\t2\t9\t8\t1\t8\t9.0e+01\t1\t2\t8\t6\t"
VISDRONE, NWPU = "VisDrone2019-DET-train", "NWPU VHR-10 dataset"
FOUND = "val", "val/images/P1.png", "plane", QUAD


class Case(NamedTuple):
    """A layout, and where its one object and picture are found."""

    slug: str
    files: dict[str, str | bytes]
    split: str
    picture: str
    label: str
    shape: Shape


LISTED = "00001\r\n"
CASES = [
    Case(
        "dior",
        {
            "Annotations.zip!Annotations/Horizontal Bounding Boxes/00001.xml": voc("dam"),
            "ImageSets.zip!Main/train.txt": LISTED,
            "JPEGImages-trainval.zip!JPEGImages-trainval/00001.jpg": JPG,
        },
        "train",
        "JPEGImages-trainval.zip!JPEGImages-trainval/00001.jpg",
        "dam",
        FROM_1,
    ),
    Case(
        "dior",
        {
            "Annotations/Horizontal_Bounding_Boxes/00001.xml": voc("dam"),
            "VOC2007/ImageSets/Main/test.txt": LISTED,
            "VOC2007/JPEGImages/00001.jpg": JPG,
        },
        "test",
        "VOC2007/JPEGImages/00001.jpg",
        "dam",
        FROM_1,
    ),
    Case(
        "dior",
        {
            "Annotations/00001.xml": voc("dam"),
            "ImageSets/Main/val.txt": LISTED,
            "JPEGImages/00001.jpg": JPG,
        },
        "val",
        "JPEGImages/00001.jpg",
        "dam",
        FROM_1,
    ),
    Case(
        "dior",
        {
            "Annotations_trainval.zip!Annotations/trainval/00001.xml": voc("dam"),
            "Images_trainval.zip!Images/trainval/00001.jpg": JPG,
            "sample_df.csv": "image_path,label_path,split\n"
            "Images/trainval/00001.jpg,Annotations/trainval/00001.xml,val\n"
            "Images/test/00002.jpg,,test\n",
        },
        "val",
        "Images_trainval.zip!Images/trainval/00001.jpg",
        "dam",
        FROM_1,
    ),
    Case(
        "dior_r",
        {
            "Annotations.zip!Annotations/Oriented Bounding Boxes/00001.xml": OBB,
            "ImageSets/Main/train.txt": LISTED,
            "JPEGImages-trainval/JPEGImages-trainval/00001.jpg": JPG,
        },
        "train",
        "JPEGImages-trainval/JPEGImages-trainval/00001.jpg",
        "dam",
        OBB_QUAD,
    ),
    *(
        Case("dota_v1", {labels: DOTA, picture: PNG}, "train", picture, "plane", QUAD)
        for labels, picture in (
            ("train/labelTxt-v1.0/labelTxt.zip!P1.txt", "train/images/part2.zip!images/P1.png"),
            ("train/labelTxt-v1.0/labelTxt/P1.txt", "train/images/part3/images/P1.png"),
            ("train/annotations/version1.0/P1.txt", "train/images/P1.png"),
            ("labels/train_original/P1.txt", "images/train/P1.jpg"),
            (
                "dotav1.0_annotations_train.tar.gz!train/annotations/version1.0/P1.txt",
                "dotav1.0_images_train.tar.gz!train/images/P1.png",
            ),
        )
    ),
    *(
        Case("dota_v1_5", {labels: DOTA, "val/images/P1.png": PNG, **more}, *FOUND)
        for labels, more in (
            ("val/labelTxt-v1.5/DOTA-v1.5_val.zip!P1.txt", {}),
            (
                "val/labelTxt-v1.5/DOTA-v1.5_val/P1.txt",
                {"val/labelTxt-v1.5/DOTA-v1.5_val_hbb/P1.txt": "1 1 2 1 2 2 1 2 ship 0"},
            ),
            ("val/annotations/version1.5/P1.txt", {"val/annotations/version1.0/P1.txt": ""}),
        )
    ),
    *(
        Case("dota_v2", {labels: DOTA, picture: PNG}, "train", picture, "plane", QUAD)
        for labels, picture in (
            ("train/labelTxt-v2.0/DOTA-v2.0_train/P1.txt", "train/images/part4/P1.png"),
            ("train/labelTxt-v2.0/DOTA-v2.0_train.zip!P1.txt", "train/images/part6.zip!P1.png"),
            ("train/annotations/version2.0/P1.txt", "train/images/P1.png"),
        )
    ),
    *(
        Case("fair1m", {labels: FAIR, picture: TIF}, split, picture, "Van", QUAD)
        for labels, picture, split in (
            (
                "train/part2/labelXmls.zip!labelXml/7.xml",
                "train/part2/images.zip!images/7.tif",
                "train",
            ),
            ("validation/labelXmls.zip!labelXml/7.xml", "validation/images/7.tif", "val"),
        )
    ),
    Case(
        "fair1m_flat",
        {"val/labelXmls/7.xml": FAIR, "val/images/7.tif": TIF},
        "val",
        "val/images/7.tif",
        "Van",
        QUAD,
    ),
    *(
        Case(
            "visdrone",
            {labels: "1,2,8,6,1,4,0,0\n", picture: JPG},
            "train",
            picture,
            "car",
            BOX,
        )
        for labels, picture in (
            (f"{VISDRONE}/{VISDRONE}/annotations/a.txt", f"{VISDRONE}/{VISDRONE}/images/a.jpg"),
            (
                f"{VISDRONE}.zip!{VISDRONE}/annotations/a.txt",
                f"{VISDRONE}.zip!{VISDRONE}/images/a.jpg",
            ),
        )
    ),
    *(
        Case(
            slug,
            {
                f"datasets/{kit}/data/Annotations/a.txt": "1 2 9 8 1\n",
                f"datasets/{kit}/data/ImageSets/test.txt": "a\n",
                f"datasets/{kit}/data/Images/a.{ending}": PNG,
                "datasets/OTHER_devkit/data/Annotations/b.txt": "",
            },
            "test",
            f"datasets/{kit}/data/Images/a.{ending}",
            "car",
            BOX,
        )
        for slug, kit, ending in (
            ("carpk", "CARPK_devkit", "png"),
            ("pucpr_plus", "PUCPR+_devkit", "jpg"),
        )
    ),
    Case(
        "nwpu_vhr_10_coco",
        {"annotations.json": COCO, f"{NWPU}/positive image set/001.jpg": JPG},
        "all",
        f"{NWPU}/positive image set/001.jpg",
        "ship",
        BOX,
    ),
    Case(
        "nwpu_vhr_10_txt",
        {
            f"{NWPU}/ground truth/001.txt": "( 1, 2),( 9, 8),2 \n\n",
            f"{NWPU}/positive image set/001.jpg": JPG,
        },
        "positive",
        f"{NWPU}/positive image set/001.jpg",
        "ship",
        BOX,
    ),
    Case(
        "ucas_aod_benchmark",
        {
            "UCAS_AOD/Annotations/P0511.txt": f"airplane  {UCAS}\n",
            "UCAS_AOD/ImageSets/val.txt": "P0511",
            "UCAS_AOD/AllImages/P0511.png": PNG,
            "UCAS_AOD/PLANE/P0001.txt": f"{UCAS}\n",
        },
        "val",
        "UCAS_AOD/AllImages/P0511.png",
        "airplane",
        QUAD,
    ),
    *(
        Case(slug, {labels: text, picture: JPG, **more}, "train", picture, "ship", shape)
        for slug, labels, text, picture, shape, more in (
            (
                "ssdd_official",
                "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/coco_style/annotations/train.json",
                COCO,
                "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/coco_style/images/train/001.jpg",
                BOX,
                {
                    "Official-SSDD-OPEN/BBox_RBox_PSeg_SSDD/coco_style/annotations/"
                    "test_inshore.json": COCO
                },
            ),
            (
                "ssdd_bbox",
                "Official-SSDD-OPEN/BBox_SSDD/voc_style/Annotations_train/000002.xml",
                voc("ship"),
                "Official-SSDD-OPEN/BBox_SSDD/voc_style/JPEGImages/000002.jpg",
                FROM_1,
                {"Official-SSDD-OPEN/BBox_SSDD/voc_style/Annotations/000002.xml": voc("ship")},
            ),
            (
                "hrsid",
                "HRSID_png/annotations/train2017.json",
                COCO,
                "HRSID_png/images/001.png",
                BOX,
                {},
            ),
        )
    ),
    *(
        Case("xview", {labels: XVIEW, picture: TIF}, "train", picture, "Small Car", BOX)
        for labels, picture in (
            ("train_labels.tgz!xView_train.geojson", "train_images.tgz!train_images/104.tif"),
            ("xView_train.geojson", "images/train/104.tif"),
        )
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c.slug} {next(iter(c.files))}" for c in CASES])
def test_a_download_is_read_as_it_lies(case: Case, tmp_path: Path) -> None:
    found = read(entry_of(case.slug), laid(tmp_path, case.files))
    assert found.rejects == []
    assert [
        (sample.split, sample.pictures[0].path, [(r.label, r.shape) for r in sample.regions])
        for sample in found.samples
    ] == [(case.split, case.picture, [(case.label, case.shape)])]
