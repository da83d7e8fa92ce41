"""NWPU-RESISC45 and AID: the folder is the class.

Native layout::

    nwpu_resisc45/NWPU-RESISC45/<class>/<class>_NNN.jpg     45 classes, words joined by underscores
    aid/AID/<Class>/<class>_N.jpg                           CamelCase folder, lower-case file
"""

from __future__ import annotations

from pathlib import Path

from converters.sample_data.output import jpeg, put
from converters.sample_data.scene import simple_picture

# Class: ground, glyph, how many of them.
NWPU: dict[str, tuple[str, str, int]] = {
    "airplane": ("concrete", "plane", 3),
    "airport": ("concrete", "plane", 5),
    "baseball_diamond": ("grass", "diamond", 1),
    "basketball_court": ("concrete", "court", 2),
    "beach": ("sand", "shore", 1),
    "bridge": ("water", "bridge", 1),
    "chaparral": ("sand", "tree", 7),
    "church": ("grass", "house", 1),
    "circular_farmland": ("sand", "disc", 4),
    "cloud": ("water", "cloud", 4),
    "commercial_area": ("concrete", "hall", 6),
    "dense_residential": ("concrete", "house", 9),
    "desert": ("sand", "disc", 0),
    "forest": ("grass", "tree", 9),
    "freeway": ("grass", "road", 1),
    "golf_course": ("grass", "islet", 3),
    "ground_track_field": ("grass", "track", 1),
    "harbor": ("water", "pier", 2),
    "industrial_area": ("concrete", "hall", 4),
    "intersection": ("grass", "crossing", 1),
    "island": ("water", "islet", 1),
    "lake": ("grass", "pond", 1),
    "meadow": ("grass", "disc", 0),
    "medium_residential": ("grass", "house", 5),
    "mobile_home_park": ("sand", "truck", 7),
    "mountain": ("rock", "peak", 3),
    "overpass": ("concrete", "crossing", 1),
    "palace": ("grass", "hall", 1),
    "parking_lot": ("concrete", "car", 9),
    "railway": ("sand", "rail", 1),
    "railway_station": ("concrete", "rail", 3),
    "rectangular_farmland": ("sand", "field", 4),
    "river": ("grass", "river", 1),
    "roundabout": ("concrete", "ring", 1),
    "runway": ("sand", "road", 1),
    "sea_ice": ("water", "cloud", 8),
    "ship": ("water", "ship", 4),
    "snowberg": ("snow", "peak", 4),
    "sparse_residential": ("grass", "house", 2),
    "stadium": ("concrete", "stadium", 1),
    "storage_tank": ("concrete", "tank", 4),
    "tennis_court": ("concrete", "court", 4),
    "terrace": ("grass", "terrace", 1),
    "thermal_power_station": ("concrete", "chimney", 4),
    "wetland": ("grass", "pond", 6),
}
AID: dict[str, tuple[str, str, int]] = {
    "Airport": ("concrete", "plane", 4),
    "BareLand": ("sand", "disc", 0),
    "BaseballField": ("grass", "diamond", 2),
    "DenseResidential": ("concrete", "house", 9),
    "Port": ("water", "pier", 3),
    "StorageTanks": ("concrete", "tank", 6),
}
# A class with one picture, so that a class of one is in the sample too; the others have two.
SINGLE = {
    "chaparral",
    "cloud",
    "church",
    "golf_course",
    "mobile_home_park",
    "overpass",
    "palace",
    "railway_station",
    "snowberg",
    "terrace",
}
EMPTY = "stadium_002"
COPY = "lake_002"


def write_nwpu(folder: Path) -> None:
    """Write NWPU-RESISC45 with one picture of no bytes and one that is a copy of its neighbour."""
    for name, look in NWPU.items():
        for number in range(1, 2 if name in SINGLE else 3):
            stem = f"{name}_{number:03d}"
            # A copy is its class's first picture again, byte for byte.
            drawn = jpeg(simple_picture(f"nwpu {name} {1 if stem == COPY else number}", *look))
            put(folder / "NWPU-RESISC45" / name / f"{stem}.jpg", b"" if stem == EMPTY else drawn)


def write_aid(folder: Path) -> None:
    """Write a few classes of AID."""
    for name, look in AID.items():
        for number in (1, 2):
            put(
                folder / "AID" / name / f"{name.lower()}_{number}.jpg",
                jpeg(simple_picture(f"aid {name} {number}", *look, size=160)),
            )
