"""RSICD, UCM-Captions and LEVIR-CC: captions in Karpathy's JSON.

Native layout::

    rsicd/dataset_rsicd.json, RSICD_images/<class>_<n>.jpg
    ucm_captions/dataset.json, imgs/<n>.tif
    levir_cc/LevirCCcaptions.json, images/{train,val,test}/{A,B}/<split>_<nnnnnn>.png      A before,
    B after

    {"images": [{"filename": "airport_1.jpg", "imgid": 0,
                 "sentences": [{"tokens": [...], "raw": "three white planes stand on an apron .",
                 "imgid": 0, "sentid": 0}],
                 "split": "train", "sentids": [0, 1, 2, 3, 4]}], "dataset": "rsicd"}

The order of keys differs between the three. LEVIR-CC is minified, has `filepath` and `changeflag`,
and its `raw` begins with a blank.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from converters.sample_data.output import jpeg, png, put, put_json, tiff
from converters.sample_data.scene import simple_picture
from converters.sample_data.town import Item, Town, draw_town


class Captioned(NamedTuple):
    """One picture: its look as ground, glyph and number, and five sentences."""

    filename: str
    split: str
    look: tuple[str, str, int]
    raws: tuple[str, str, str, str, str]


class Pair(NamedTuple):
    """Two dates of one place.

    before: houses at the first date; after: things added by the second; road: grid rows added.
    """

    number: int
    split: str
    before: tuple[Item, ...]
    after: tuple[Item, ...]
    road: tuple[int, ...]
    raws: tuple[str, str, str, str, str]


_TANKS = "four round tanks stand on a grey yard ."
RSICD = [
    Captioned(
        "airport_1.jpg",
        "train",
        ("concrete", "plane", 3),
        (
            "three white planes stand on an apron .",
            "three planes are parked on grey concrete .",
            "three white planes stand on an apron .",
            "an apron with three white planes .",
            "three planes  all white stand apart from each other .",
        ),
    ),
    Captioned(
        "storagetanks_1.jpg",
        "train",
        ("concrete", "tank", 4),
        (_TANKS, _TANKS, _TANKS, _TANKS, _TANKS),
    ),
    Captioned(
        "bridge_1.jpg",
        "train",
        ("water", "bridge", 1),
        (
            "a grey bridge crosses the water .",
            "a bridge with two white railings is over a river .",
            " .",
            "a grey bridge crosses the water .",
            "blue water flows under a wide bridge .",
        ),
    ),
    Captioned(
        "00001.jpg",
        "train",
        ("grass", "track", 1),
        (
            "a red track surrounds a green field .",
            "a running track lies in a meadow .",
            "the red oval is a running track .",
            "a red track surrounds a green field .",
            "there is one sports ground on the grass .",
        ),
    ),
    Captioned(
        "port_1.jpg",
        "val",
        ("water", "ship", 5),
        (
            "five red ships are on the water .",
            "five ships lie in the harbour .",
            "some ships with white cabins are moving .",
            "five red ships are on the water .",
            "red ships are seen on blue water .",
        ),
    ),
    Captioned(
        "forest_1.jpg",
        "test",
        ("grass", "tree", 8),
        (
            "eight dark trees grow on the grass .",
            "many trees are scattered over a meadow .",
            "dark green trees stand in a green field .",
            "trees grow here and there .",
            "a few trees are in the meadow .",
        ),
    ),
]
UCM = [
    Captioned(
        "1.tif",
        "train",
        ("sand", "field", 4),
        (
            "Four fields lie on dry land .",
            "There are four striped fields .",
            "Four fields lie on dry land .",
            "Here are some fields .",
            "Some brown fields are separated by sand. .",
        ),
    ),
    Captioned(
        "2.tif",
        "train",
        ("concrete", "car", 6),
        (
            "Six yellow cars are parked here .",
            "There are six cars in a parking lot .",
            "A parking lot with six cars .",
            "Some cars stand on the concrete .",
            "Yellow cars are parked in lines .",
        ),
    ),
    Captioned(
        "81.tif",
        "val",
        ("grass", "house", 3),
        (
            "Three houses stand on a lawn .",
            "There are three houses with red roofs .",
            "Three houses stand on a lawn .",
            "Houses with  red roofs are on the grass .",
            "A few houses are surrounded by lawn .",
        ),
    ),
    Captioned(
        "91.tif",
        "test",
        ("grass", "diamond", 1),
        (
            "This is a baseball diamond .",
            "There is a brown baseball diamond on the grass .",
            "A baseball diamond on a lawn .",
            "The infield of the diamond is green .",
            "It is a large baseball diamond .",
        ),
    ),
]
_SAME = (
    " nothing is different here .",
    " both dates look alike .",
    " the place stayed as it was .",
    " no new thing can be found .",
    " nothing was built .",
)
_HOUSES = (Item("small building", 1, 1), Item("small building", 1, 4))
LEVIR = [
    Pair(1, "train", _HOUSES, (), (), _SAME),
    Pair(
        2,
        "train",
        (),
        (Item("small building", 2, 1), Item("small building", 2, 3), Item("small building", 2, 5)),
        (4,),
        (
            " three houses were built above a new road .",
            " a road and three houses appear on the meadow .",
            " three houses were built above a new road .",
            " houses now line the upper side of a road .",
            " the empty meadow has got a road and houses .",
        ),
    ),
    # Numbers have gaps.
    Pair(
        5,
        "train",
        _HOUSES,
        (Item("large building", 5, 6),),
        (),
        (
            " a large hall appears at the lower right .",
            " one blue building was added .",
            " a big building stands where grass was .",
            " a hall was built near the corner .",
            " one new building can be seen .",
        ),
    ),
    Pair(
        1,
        "val",
        (),
        (Item("water area", 3, 3),),
        (),
        (
            " a pond appears .",
            " a pond was dug .",
            " there is a new pond .",
            " a pond appears .",
            " water covers some grass .",
        ),
    ),
    Pair(3, "test", _HOUSES, (), (), _SAME),
]


def write_rsicd(folder: Path) -> None:
    """Write RSICD with sentences that repeat, one without a letter and a numbered file among
    the named ones."""
    rows = []
    for imgid, item in enumerate(RSICD):
        put(
            folder / "RSICD_images" / item.filename,
            jpeg(simple_picture(f"rsicd {item.filename}", *item.look, size=224)),
        )
        sentences, sentids = _sentences(imgid, item.raws)
        rows.append(
            {
                "filename": item.filename,
                "imgid": imgid,
                "sentences": sentences,
                "split": item.split,
                "sentids": sentids,
            }
        )
    put_json(folder / "dataset_rsicd.json", {"images": rows, "dataset": "rsicd"})


def write_ucm(folder: Path) -> None:
    """Write UCM-Captions with a repeated sentence, a double blank and a sentence that ends in
    two stops."""
    rows = []
    for imgid, item in enumerate(UCM):
        put(
            folder / "imgs" / item.filename,
            tiff(simple_picture(f"ucm {item.filename}", *item.look)),
        )
        sentences, sentids = _sentences(imgid, item.raws)
        rows.append(
            {
                "sentids": sentids,
                "imgid": imgid,
                "sentences": sentences,
                "split": item.split,
                "filename": item.filename,
            }
        )
    put_json(folder / "dataset.json", {"images": rows, "dataset": "UCM"})


def write_levir(folder: Path) -> None:
    """Write LEVIR-CC: pairs with and without change; those without share their five sentences."""
    rows = []
    for imgid, pair in enumerate(LEVIR):
        filename = f"{pair.split}_{pair.number:06d}.png"
        name = f"levir {filename}"
        before = draw_town(Town(name, (), pair.before), 128)
        # The second date is brighter: natively no two dates have equal pixels, even where
        # nothing changed.
        after = _brighter(draw_town(Town(name, pair.road, pair.before + pair.after), 128))
        for date, picture in (("A", before), ("B", after)):
            put(folder / "images" / pair.split / date / filename, png(picture))
        sentences, sentids = _sentences(imgid, pair.raws)
        changed = int(bool(pair.after or pair.road))
        head = {
            "filepath": pair.split,
            "filename": filename,
            "imgid": imgid,
            "sentences": sentences,
        }
        rows.append({**head, "split": pair.split, "changeflag": changed, "sentids": sentids})
    put_json(folder / "LevirCCcaptions.json", {"images": rows}, separators=(",", ":"))


def _sentences(imgid: int, raws: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[int]]:
    first = imgid * len(raws)
    rows = [
        {
            "tokens": raw.replace(".", "").split(),
            "raw": raw,
            "imgid": imgid,
            "sentid": first + index,
        }
        for index, raw in enumerate(raws)
    ]
    return rows, [first + index for index in range(len(raws))]


def _brighter(image: Image.Image) -> Image.Image:
    return image.point([min(255, value + 10) for value in range(256)] * 3)
