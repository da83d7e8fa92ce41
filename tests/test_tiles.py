"""Scenes cut into tiles: the grid, which regions a tile shows, and that pixels and boxes agree."""

from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import runs
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from native import convert, dataset
from PIL import Image

from converters import convert as convert_span
from converters.catalogue import entry_of
from converters.read import cutting, images, pixels
from converters.read.images import Facts, PictureError
from converters.regions import scenes, tiles
from converters.rows.pictures import Pictures, path_lists
from schemas.mix import TileSpec
from schemas.sample import Box, Mask, Picture, Polygon, Quad, Region, Sample, Shape


def scene_of(width: int, height: int, *shapes: Shape) -> scenes.Scenes:
    regions = tuple(Region(f"object[{i}]", "ship", shape) for i, shape in enumerate(shapes))
    sample = Sample("P1", "P1.txt", "train", (Picture("images/P1.png"),), regions=regions)
    found, _ = scenes.clean([sample], lambda path: (width, height), {})
    return found


def shown(cut: tiles.Cut) -> dict[str, list[int]]:
    """The regions of each tile, by its path."""
    return {
        sample.pictures[0].path: cut.native[
            cut.scenes.starts[i] : cut.scenes.starts[i + 1]
        ].tolist()
        for i, sample in enumerate(cut.scenes.samples)
    }


@pytest.mark.parametrize(
    "side, expected",
    [(1024, [0]), (1025, [0, 1]), (1848, [0, 824]), (2000, [0, 824, 976]), (500, [0])],
)
def test_the_last_tile_is_moved_inwards(side: int, expected: list[int]) -> None:
    assert tiles.starts(side, 1024, 200) == expected


@given(
    st.integers(300, 3000),
    st.integers(300, 3000),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(2, 60),
)
def test_a_region_smaller_than_the_overlap_is_whole_in_a_tile(
    width: int, height: int, right: float, down: float, side: int
) -> None:
    x, y = right * (width - side), down * (height - side)
    box = Box(x, y, x + side, y + side)
    cut = tiles.cut(scene_of(width, height, box), TileSpec(size=256, overlap=64))
    whole = [
        shape
        for shape in cut.scenes.shapes
        if abs((shape.x2 - shape.x1) - side) < 1e-6 and abs((shape.y2 - shape.y1) - side) < 1e-6
    ]
    assert whole


def test_a_scene_no_larger_than_a_tile_stays_whole() -> None:
    cut = tiles.cut(scene_of(256, 200, Box(1, 1, 9, 9)), TileSpec(size=256, overlap=64))
    assert shown(cut) == {"images/P1.png": [0]}


def test_a_small_scene_beside_a_large_one_is_no_empty_tile() -> None:
    samples = [
        Sample(name, "x.txt", "train", (Picture(f"{name}.png", side, 300),), regions=(region,))
        for name, side in (("small", 300), ("large", 700))
        for region in [Region("0", "ship", Box(10, 10, 60, 60))]
    ]
    sizes = {"small.png": (300, 300), "large.png": (700, 300)}
    found, _ = scenes.clean(samples, sizes.get, {})
    cut = tiles.cut(found, TileSpec(size=300, overlap=0, keep_empty=1.0))
    shown_by = {
        sample.pictures[0].path: bool(e)
        for sample, e in zip(cut.scenes.samples, cut.empty, strict=True)
    }
    assert list(shown_by.values()) == [False, False, True, True]
    assert next(iter(shown_by)) == "small.png"


@pytest.mark.parametrize(
    "box, touched",
    [
        (Box(300, 300, 600, 600), "1 1"),  # the middle tile from edge to edge
        (Box(299, 310, 301, 320), "0 1, 1 1"),
        (Box(599, 310, 601, 320), "1 1, 2 1"),
        (Box(310, 299, 320, 301), "1 0, 1 1"),
        (Box(310, 599, 320, 601), "1 1, 1 2"),
    ],
)
def test_only_tiles_that_a_region_touches_are_not_empty(box: Box, touched: str) -> None:
    spec = TileSpec(size=300, overlap=0, min_visible=0.1, keep_empty=1.0)
    cut = tiles.cut(scene_of(900, 900, box), spec)
    busy = [
        sample.pictures[0].path.removesuffix(".jpg").split("__")[2:]
        for sample, empty in zip(cut.scenes.samples, cut.empty, strict=True)
        if not empty
    ]
    places = sorted(f"{int(x.strip('_')) // 300} {int(y.strip('_')) // 300}" for x, y in busy)
    assert ", ".join(places) == touched
    assert len(cut.scenes.samples) == 9


@pytest.mark.parametrize(
    ("pictures", "regions"),
    [
        (("a.png", "b.png"), (Region("r", "ship", Box(10, 10, 50, 50)),)),
        (("a.png",), ()),
    ],
)
def test_a_pair_and_a_scene_without_regions_are_not_cut(
    pictures: tuple[str, ...], regions: tuple[Region, ...]
) -> None:
    shown = tuple(map(Picture, pictures))
    sample = Sample("P1", "P1.txt", "train", shown, regions=regions)
    found, _ = scenes.clean([sample], lambda path: (2000, 2000), {})
    made = tiles.cut(found, TileSpec(size=500))
    assert (made.scenes.samples, made.tiles) == ([sample], {})


def test_a_region_that_cannot_stay_keeps_its_reason_where_its_scene_is_not_cut() -> None:
    scene = scene_of(400, 400, Box(10, 10, 10, 50), Box(10, 10, 50, 50), Box(900, 0, 950, 50))
    made = tiles.cut(scene, TileSpec(size=500))
    assert made.scenes.reasons.tolist() == ["zero_area", "", "outside_image"]


def test_names_carry_size_and_offset_and_regions_are_in_the_tiles_pixels() -> None:
    quad = Quad((300.0, 20.0, 320.0, 20.0, 320.0, 40.0, 300.0, 40.0))
    cut = tiles.cut(scene_of(400, 200, quad), TileSpec(size=256, overlap=64))
    assert shown(cut) == {"images/P1__256__144___0.jpg": [0]}
    assert cut.scenes.shapes[0] == Quad((156.0, 20.0, 176.0, 20.0, 176.0, 40.0, 156.0, 40.0))


@pytest.mark.parametrize(
    "shape, moved",
    [
        (Box(300.0, 20.0, 320.0, 40.0), Box(50.0, 20.0, 70.0, 40.0)),
        (
            Polygon((300.0, 20.0, 320.0, 20.0, 310.0, 40.0)),
            Polygon((50.0, 20.0, 70.0, 20.0, 60.0, 40.0)),
        ),
        (Mask(500, 2, (2 * 300, 4, 2 * 198)), Mask(250, 2, (2 * 50, 4, 2 * 198))),
    ],
)
def test_every_kind_of_shape_moves_with_its_tile(shape: Shape, moved: Shape) -> None:
    height = 2 if isinstance(shape, Mask) else 100
    spec = TileSpec(size=250, overlap=0)
    cut = tiles.cut(scene_of(500, height, Box(1, 0, 9, 2), shape), spec)
    [place] = np.flatnonzero(cut.native == 1)
    tile = cut.scenes.samples[cut.scenes.owner[place]].pictures[0].path
    assert tile == "images/P1__250__250___0.jpg"
    assert cut.scenes.shapes[place] == moved


def test_a_region_of_several_tiles_goes_by_the_first_ones_reason_unless_it_is_used() -> None:
    spec = TileSpec(size=256, overlap=64)
    cut = tiles.cut(scene_of(400, 200, Box(150, 20, 240, 40), Box(1, 1, 20, 20)), spec)
    assert cut.native.tolist() == [0, 1, 0]
    assert cut.reasons(np.array(["a", "b", "c"], object)).tolist() == ["a", "b"]
    assert cut.reasons(np.array(["a", "b", ""], object)).tolist() == ["", "b"]


@pytest.mark.parametrize("min_visible, tiles_with_it", [(0.5, 1), (0.2, 2)])
def test_a_region_less_visible_than_asked_is_left_out_of_a_tile(
    min_visible: float, tiles_with_it: int
) -> None:
    # 30 of its 40 pixels lie left of 256, and 40 right of 192
    box = Box(226, 10, 266, 50)
    spec = TileSpec(size=256, overlap=0, min_visible=min_visible)
    assert len(shown(tiles.cut(scene_of(512, 256, box), spec))) == tiles_with_it


def test_what_no_tile_shows_enough_of_is_out_of_tile() -> None:
    airport = Polygon((0.0, 0.0, 1000.0, 0.0, 1000.0, 900.0, 0.0, 900.0))
    cut = tiles.cut(scene_of(1000, 1000, airport, Box(5, 5, 9, 9)), TileSpec(size=256, overlap=64))
    none = np.full(len(cut.native), "", object)
    assert cut.reasons(none).tolist() == ["out_of_tile", ""]


def test_tiles_are_the_scenes_pixels_at_their_offset() -> None:
    scene = Image.effect_noise((90, 70), 80).convert("RGB")
    data = io.BytesIO()
    scene.save(data, "PNG")
    [tile] = cutting.cut(data.getvalue(), [((30, 20, 40, 50), "png")], pixels.written)
    found = Image.open(io.BytesIO(tile))
    assert found.tobytes() == scene.crop((30, 20, 70, 70)).tobytes()


def test_a_png_tile_is_compressed_at_the_quickest_level() -> None:
    scene = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(scene, "PNG")
    [tile] = cutting.cut(scene.getvalue(), [((0, 0, 40, 40), "png")], pixels.written)
    # RFC 1950: the two bytes before deflated data tell how hard it was tried.
    assert tile[tile.index(b"IDAT") + 4 :][:2] == b"\x78\x01"


def test_a_scene_that_cannot_be_decoded_is_an_error_of_that_picture() -> None:
    with pytest.raises(PictureError):
        cutting.cut(b"\x89PNG\r\n\x1a\n", [((0, 0, 8, 8), "png")], pixels.written)


MIX = """
name = "tiled"
[sources.dota_v1]
task = "grounding"
split = ["train"]
tile = { size = 256, overlap = 64, format = "png" }
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_mix_of_tiles_holds_the_pixels_that_its_rows_name(
    tmp_path: Path, sample: Path, workers: str
) -> None:
    mix, out = tmp_path / "tiled.toml", tmp_path / "out"
    mix.write_text(MIX)
    ended = runs.earthmix(
        *("mix", mix, "--data-root", sample, "--out", out, "--workers", workers),
        *("--set", "max_reject=0.3", "--quiet"),
    )
    assert (ended.code, ended.err) == (0, "")
    [shard] = (out / "data").iterdir()
    rows = [row for row in pq.read_table(shard).to_pylist() if row["scene"]]
    wrong = []
    for row in rows:
        tile = Image.open(io.BytesIO(row["images"][0]["bytes"]))
        at = row["scene"]
        scene = Image.open(sample / at["path"]).convert("RGB")
        window = (at["x"], at["y"], at["x"] + tile.width, at["y"] + tile.height)
        if scene.crop(window).tobytes() != tile.tobytes() or scene.size != (
            at["width"],
            at["height"],
        ):
            wrong.append(row["id"])
    assert (len(rows) > 10, wrong) == (True, [])


def test_the_tiles_of_a_scene_have_one_home_and_each_its_own_place_there(sample: Path) -> None:
    root = sample / "dota_v1"
    data = dataset(entry_of("dota_v1"), ["grounding"], root, images="embed", splits=["train"])
    tile = TileSpec(size=256, overlap=64, format="png")
    jobs = [replace(job, spec=replace(job.spec, tile=tile)) for job in data.jobs]
    homes: dict[str, list[bytes]] = {}
    for row in convert(replace(data, jobs=jobs)).rows:
        if row["scene"]:
            homes.setdefault(row["scene"]["path"], []).append(row["home"])
    assert len(homes) > 1
    assert [len({home[:8] for home in some}) for some in homes.values()] == [1] * len(homes)
    assert max(len(set(some)) for some in homes.values()) > 1


@pytest.mark.parametrize("tiled", [("grounding",), ("grounding", "identify")])
def test_pictures_that_rows_hold_whole_have_the_sha256_of_their_file(
    sample: Path, tiled: tuple[str, ...]
) -> None:
    root = sample / "dota_v1"
    tasks = ["grounding", "identify"]
    data = dataset(entry_of("dota_v1"), tasks, root, images="embed", splits=["train"])
    tile = TileSpec(size=560, overlap=64, format="png")
    jobs = [
        replace(job, spec=replace(job.spec, tile=tile)) if job.spec.task in tiled else job
        for job in data.jobs
    ]
    rows = convert(replace(data, jobs=jobs)).rows
    whole = [row for row in rows if not row["scene"]]
    wrong = []
    for row in whole:
        file = sample / row["images"][0]["path"]
        if row["image_sha256"] != [hashlib.sha256(file.read_bytes()).hexdigest()]:
            wrong.append(row["id"])
    assert (len(whole) > 1, len(whole) < len(rows), wrong) == (True, True, [])


def test_a_scene_that_is_only_cut_has_no_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (30, 20)).save(path)
    data = path.read_bytes()
    whole, cut = (images.read_facts(str(path), largest=side) for side in (30, 29))
    assert whole.sha256 == hashlib.sha256(data).hexdigest()
    assert cut == whole._replace(sha256="")


def test_a_tile_is_the_same_whether_or_not_its_scene_is_held_whole_too(sample: Path) -> None:
    tile = TileSpec(size=256, overlap=64, format="png")
    root, found = sample / "dota_v1", []
    for tasks in (["grounding"], ["grounding", "identify"]):
        data = dataset(entry_of("dota_v1"), tasks, root, images="embed", splits=["train"])
        cut, *whole = data.jobs
        jobs = [replace(cut, spec=replace(cut.spec, tile=tile)), *whole]
        rows = convert(replace(data, jobs=jobs)).rows
        found.append({row["id"]: (row["dedup"], row["home"]) for row in rows if row["scene"]})
    assert len(found[0]) > 1 and found[0] == found[1]


def test_a_picture_without_a_sha256_is_told_by_its_path() -> None:
    made = Facts(4, 3, quick_hash=b"made by a recipe, not of a file")
    shown = Pictures(entry_of("dota_v1"), path_lists([["a.png"]]), {}, {"a.png": made})
    assert shown.identity("a.png") == shown.scene_identity("a.png") == "dota_v1/a.png"


def test_the_pictures_of_a_pair_are_held_whole_whatever_the_tiles(sample: Path) -> None:
    spec = TileSpec(size=256, overlap=64)
    [job] = dataset(entry_of("dota_v1"), ["grounding"], sample / "dota_v1", images="embed").jobs
    jobs = {"region": [replace(job, spec=replace(job.spec, tile=spec))]}
    one, two = (Sample("a", "a", "train", (Picture("1.png"),) * n) for n in (1, 2))
    assert convert_span._largest_whole(jobs, [one]) == 256
    assert convert_span._largest_whole(jobs, [one, two]) is None
    assert convert_span._largest_whole({**jobs, "expression": jobs["region"]}, [one]) is None


def test_tiles_are_refused_in_path_mode(tmp_path: Path, sample: Path) -> None:
    mix = tmp_path / "tiled.toml"
    mix.write_text(MIX)
    ended = runs.earthmix(
        *("mix", mix, "--data-root", sample, "--out", tmp_path / "out", "--images", "path")
    )
    assert (ended.code, ended.err) == (
        2,
        "earthmix: --images path cannot hold tiles, which are no files of the dataset "
        "(sources dota_v1): use --images embed, or --tile off\n",
    )


def test_a_scene_whose_pixels_are_damaged_costs_its_rows_alone(
    tmp_path: Path, sample: Path
) -> None:
    mix, out, root = tmp_path / "tiled.toml", tmp_path / "out", tmp_path / "root"
    mix.write_text(MIX)
    shutil.copytree(sample / "dota_v1", root / "dota_v1")
    damaged, *_ = sorted(
        path for path in root.rglob("train/images/*.png") if min(Image.open(path).size) > 256
    )
    data = bytearray(damaged.read_bytes())
    pixels = data.index(b"IDAT") + 4
    data[pixels : pixels + 64] = b"\xff" * 64  # header and end stay: only decoding can tell
    damaged.write_bytes(data)
    ended = runs.earthmix(
        *("mix", mix, "--data-root", root, "--out", out, "--set", "max_reject=1", "--quiet")
    )
    assert (ended.code, ended.err) == (0, "")
    rows = pq.read_table(out / "data").to_pylist()
    rejects = [
        (one["level"], one["reason"], one["kind"])
        for one in pq.read_table(out / "rejects").to_pylist()
        if one["reason"] == "unreadable_image"
    ]
    scenes = {row["scene"]["path"] for row in rows if row["scene"]}
    assert f"dota_v1/{damaged.relative_to(root / 'dota_v1')}" not in scenes
    assert set(rejects) == {("row", "unreadable_image", "fault")}
    assert runs.earthmix("verify", out).code == 0
