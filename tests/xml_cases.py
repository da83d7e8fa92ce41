"""Tiny native files of detection XML, in the layout of each entry's authors; numbers are ours."""

from __future__ import annotations

from typing import NamedTuple

from schemas.sample import Box, Polygon, Quad, Region, Shape


class Case(NamedTuple):
    """A native file (the inside of its root), and what is expected of it.

    root: the tag of the root. files: lists and pictures beside, and what they hold.
    """

    slug: str
    path: str
    text: str
    split: str
    picture: str
    region: Region
    files: dict[str, str] = {}
    root: str = "annotation"


def voc(name: str, box: str = "11 21 31 41", more: str = "") -> str:
    sides = "".join(
        f"<{tag}>{number}</{tag}>"
        for tag, number in zip(("xmin", "ymin", "xmax", "ymax"), box.split(), strict=True)
    )
    return (
        f"<filename>wrong.jpg</filename><size><width>90</width><height>80</height></size>"
        f"<object><name>{name}</name>{more}<bndbox>{sides}</bndbox></object>"
    )


def seen(label: str, shape: Shape, at: str = "object[0]") -> Region:
    return Region(at, label, shape)


FROM_1, FROM_0 = Box(10, 20, 31, 41), Box(11, 21, 31, 41)
FOUR = "<x1>1.5</x1><y1>2</y1><x2>9</x2><y2>2</y2><x3>9</x3><y3>8</y3><x4>1.5</x4><y4>8</y4>"
CORNERS = Quad((1.5, 2, 9, 2, 9, 8, 1.5, 8))
NAMED = (
    "<x_left_top>1.5</x_left_top><y_left_top>2.0</y_left_top>"
    "<x_right_top>9.0</x_right_top><y_right_top>2.0</y_right_top>"
    "<x_right_bottom>9.0</x_right_bottom><y_right_bottom>8.0</y_right_bottom>"
    "<x_left_bottom>1.5</x_left_bottom><y_left_bottom>8.0</y_left_bottom>"
)
ROLABEL = "<cx>50.0</cx><cy>40.0</cy><w>20.0</w><h>10.0</h><angle>0.0</angle>"
CENTRED = Quad((40, 35, 60, 35, 60, 45, 40, 45))
SHIP = (
    "<Img_SizeWidth>900</Img_SizeWidth><Img_SizeHeight>700</Img_SizeHeight>"
    "<Img_Resolution>1.07</Img_Resolution><HRSC_Objects><HRSC_Object>"
    "<Class_ID>100000005</Class_ID><difficult>0</difficult>"
    "<box_xmin>41</box_xmin><box_ymin>36</box_ymin><box_xmax>59</box_xmax><box_ymax>44</box_ymax>"
    "<mbox_cx>50</mbox_cx><mbox_cy>40</mbox_cy><mbox_w>20</mbox_w><mbox_h>10</mbox_h>"
    "<mbox_ang>0</mbox_ang></HRSC_Object></HRSC_Objects>"
)
HR_SHIP = f"<HRSC_Image>{SHIP}</HRSC_Image>"
SAR = (
    "<source><filename>12.tif</filename></source><objects><object><possibleresult><name>ship</name>"
    "</possibleresult><points><point>10, 20</point><point>30, 20</point><point>30, 45</point>"
    "<point>10, 45</point><point>10, 20</point></points></object></objects>"
)
OUTLINE = (
    "<object><name>ship</name><difficult>0</difficult><segm><point>1,2</point><point>9.5,2</point>"
    "<point>9.5,8</point><point>5,12</point><point>1,2</point></segm></object>"
)
PLANE = (
    "<image_resolution><width>1920</width><height>1080</height></image_resolution>"
    "<object><category0>Airplane</category0><category1>Civil</category1>"
    "<category2>Sport</category2><bndbox2D><xmin>943</xmin><ymin>520</ymin><xmax>970</xmax>"
    "<ymax>543</ymax><ratio_visible>0.0</ratio_visible></bndbox2D></object>"
)
TREE = (
    "<size><width>1500</width><height>1500</height></size><object><tree>Larch</tree>"
    "<damage>LD</damage><bndbox><xmin>11</xmin><ymin>21</ymin><xmax>31</xmax><ymax>41</ymax>"
    "</bndbox></object>"
)

CASES = [
    Case(
        "hrrsd",
        "OPT2017/Annotations/00007.xml",
        voc("T junction"),
        "val",
        "OPT2017/JPEGImages/00007.jpg",
        seen("T junction", FROM_1),
        {
            "OPT2017/ImageSets/Main/val.txt": "00007\n",
            "OPT2017/ImageSets/Main/trainval.txt": "00007\n",
            "OPT2017/ImageSets/Main/T junction_val.txt": "00007 -1\n",
        },
    ),
    Case(
        "rsod",
        "oiltank/Annotation/xml/oiltank_3.xml",
        voc("oiltank", more="<pose>Left</pose><difficult>0</difficult>"),
        "all",
        "oiltank/JPEGImages/oiltank_3.jpg",
        seen("oiltank", FROM_0),
    ),
    Case(
        "mar20",
        "MAR20/Annotations/Horizontal Bounding Boxes/10.xml",
        voc("A13"),
        "test",
        "MAR20/JPEGImages/10.jpg",
        seen("A13", FROM_1),
        {"MAR20/ImageSets/Main/test.txt": "10\n"},
    ),
    Case(
        "mar20_obb",
        "MAR20/Annotations/Oriented Bounding Boxes/10.xml",
        f"<object><name>A1</name><robndbox>{NAMED}</robndbox><angle>0</angle></object>",
        "unlisted",
        "MAR20/JPEGImages/10.jpg",
        seen("A1", CORNERS),
    ),
    Case(
        "hit_uav",
        "normal_xml/Annotations/0_60_30_0_1.xml",
        voc("Person", "0 21 640 41", "<pose>30</pose>"),
        "train",
        "normal_xml/JPEGImages/0_60_30_0_1.jpg",
        seen("Person", Box(0, 21, 640, 41)),
        {"normal_xml/ImageSets/Main/train.txt": "0_60_30_0_1\r\n"},
    ),
    Case(
        "hit_uav_rotated",
        "rotate_xml/Annotations/0_60_30_0_1.xml",
        f"<object><type>robndbox</type><name>Car</name><robndbox>{ROLABEL}</robndbox></object>",
        "val",
        "rotate_xml/JPEGImages/0_60_30_0_1.jpg",
        seen("Car", CENTRED),
        {"rotate_xml/ImageSets/Main/val.txt": "0_60_30_0_1\n"},
    ),
    Case(
        "shiprsimagernet",
        "ShipRSImageNet_V1/VOC_Format/Annotations/000040.xml",
        voc("Arleigh Burke DD", more=f"<polygon>{FOUR}</polygon>"),
        "train",
        "ShipRSImageNet_V1/VOC_Format/JPEGImages/000040.bmp",
        seen("Arleigh Burke DD", FROM_1),
        {"ShipRSImageNet_V1/VOC_Format/ImageSets/train.txt": "000040.bmp\n"},
    ),
    Case(
        "shiprsimagernet_obb",
        "ShipRSImageNet_V1/VOC_Format/Annotations/000040.xml",
        voc("Dock", more=f"<polygon>{FOUR}</polygon>"),
        "val",
        "ShipRSImageNet_V1/VOC_Format/JPEGImages/000040.bmp",
        seen("Dock", CORNERS),
        {"ShipRSImageNet_V1/VOC_Format/ImageSets/val.txt": "000040\n"},
    ),
    Case(
        "hrsc2016",
        "HRSC2016/FullDataSet/Annotations/100000005.xml",
        SHIP,
        "test",
        "HRSC2016/FullDataSet/AllImages/100000005.bmp",
        seen("100000005", CENTRED, "HRSC_Object[0]"),
        {"HRSC2016/ImageSets/test.txt": "100000005\n"},
        "HRSC_Image",
    ),
    Case(
        "hrsc2016_hbb",
        "HRSC2016/Train/Annotations/100000005.xml",
        SHIP,
        "train",
        "HRSC2016/Train/AllImages/100000005.bmp",
        seen("100000005", Box(41, 36, 59, 44), "HRSC_Object[0]"),
        {
            "HRSC2016/ImageSets/train.txt": "100000005\n",
            "HRSC2016/Train/AllImages/100000005.bmp": "",
        },
        "HRSC_Image",
    ),
    Case(
        "neon_tree",
        "annotations/OSBS_029.xml",
        voc("Tree", "1 21 31 41"),
        "evaluation",
        "evaluation/RGB/OSBS_029.tif",
        seen("Tree", Box(0, 20, 31, 41)),
        {
            "evaluation/RGB/OSBS_029.tif": "",
            "annotations/OSBS_029_hyperspectral.xml": "<annotation/>",
        },
    ),
    Case(
        "neon_tree_sites",
        "NeonTreeEvaluation/SOAP/annotations/SOAP_061.xml",
        voc("Dead"),
        "evaluation",
        "NeonTreeEvaluation/SOAP/plots/SOAP_061.tif",
        seen("Dead", FROM_1),
        {"NeonTreeEvaluation/SOAP/plots/SOAP_061.tif": ""},
    ),
    Case(
        "forest_damages",
        "Data_Set_Larch_Casebearer/Bebehojd_20190527/Annotations/B01_0004.xml",
        TREE,
        "all",
        "Data_Set_Larch_Casebearer/Bebehojd_20190527/Images/B01_0004.JPG",
        Region("object[0]", "LD", FROM_1, attributes={"tree": "Larch"}),
    ),
    Case(
        "msar",
        "MSAR-1.0 dataset/Annotations/01.xml",
        voc("桥梁"),
        "all",
        "MSAR-1.0 dataset/JPEGImages/01.jpg",
        seen("桥梁", FROM_1),
    ),
    Case(
        "air_sarship_2_0",
        "AIR-SARShip-2.0-xml/12.xml",
        SAR,
        "all",
        "AIR-SARShip-2.0-data/12.tiff",
        seen("ship", Box(10, 20, 30, 45)),
    ),
    Case(
        "air_sarship_2_0",
        "AIR-SARShip-2.0-xml/AIR-SARShip-2.0-xml/12.xml",
        SAR,
        "all",
        "AIR-SARShip-2.0-data/AIR-SARShip-2.0-data/12.tiff",
        seen("ship", Box(10, 20, 30, 45)),
        {"AIR-SARShip-2.0-data/AIR-SARShip-2.0-data/12.tiff": ""},
    ),
    Case(
        "spcd",
        "training_data/training_data/labels/000000001.xml",
        voc("2", "11.5 21.25 31.5 41.75"),
        "train",
        "training_data/training_data/images/000000001.jpg",
        seen("2", Box(11.5, 21.25, 31.5, 41.75)),
    ),
    Case(
        "rareplanes_synthetic",
        "synthetic/test/xmls/Airport_1.xml",
        PLANE,
        "test",
        "synthetic/test/images/Airport_1.png",
        Region(
            "object[0]",
            "Airplane",
            Box(943, 520, 971, 544),
            attributes={"use": "Civil", "type": "Sport"},
        ),
        root="image",
    ),
    Case(
        "ssdd_bbox",
        "BBox_SSDD/voc_style/Annotations_test/000011.xml",
        voc("ship"),
        "test",
        "BBox_SSDD/voc_style/JPEGImages_test/000011.jpg",
        seen("ship", FROM_1),
        {"BBox_SSDD/voc_style/Annotations_test_inshore/000011.xml": "<annotation/>"},
    ),
    Case(
        "ssdd_rbox",
        "Official-SSDD-OPEN/RBox_SSDD/voc_style/Annotations_train/000002.xml",
        f"<object><name>ship</name><rotated_bndbox><rotated_bbox_cx>5</rotated_bbox_cx>{FOUR}"
        f"</rotated_bndbox></object>",
        "train",
        "Official-SSDD-OPEN/RBox_SSDD/voc_style/JPEGImages_train/000002.jpg",
        seen("ship", CORNERS),
    ),
    Case(
        "ssdd_pseg",
        "Official-SSDD-OPEN/PSeg_SSDD/voc_style/Annotations_train/000002.xml",
        OUTLINE,
        "train",
        "Official-SSDD-OPEN/PSeg_SSDD/voc_style/JPEGImages_train/000002.jpg",
        seen("ship", Polygon((1, 2, 9.5, 2, 9.5, 8, 5, 12))),
    ),
]
