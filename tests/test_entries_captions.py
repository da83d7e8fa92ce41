"""Entries of caption sets that have no files in tests/data: a tiny folder in each one's layout."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from native import encoded, read

from converters.catalogue import catalogue


class Case(NamedTuple):
    """A native file of an entry, and the Sample that it becomes.

    text: of the file; of a member pair in a tar where the path has a `!`.
    """

    slug: str
    path: str
    text: str
    split: str
    key: str
    pictures: list[str]
    captions: list[str]


CASES = [
    Case(
        "sydney_captions",
        "Sydney_captions/dataset.json",
        '{"images": [{"sentids": [1805], "imgid": 362, "filename": "363.tif", "split": "val",'
        ' "sentences": [{"tokens": ["a"], "raw": "Hosues near a road .", "sentid": 1810,'
        ' "tokens_transformers": ["\\u2581Ho"]}]}], "dataset": "Sydney"}',
        "val",
        "363.tif",
        ["Sydney_captions/imgs/363.tif"],
        ["Hosues near a road ."],
    ),
    Case(
        "levir_mci_captions",
        "Levir-MCI-dataset/LevirCCcaptions.json",
        '{"images": [{"filepath": "test", "filename": "test_000484.png", "split": "test",'
        ' "changeflag": 0, "sentences": [{"raw": " almost nothing has changed ."}]}]}',
        "test",
        "test_000484.png",
        [
            "Levir-MCI-dataset/images/test/A/test_000484.png",
            "Levir-MCI-dataset/images/test/B/test_000484.png",
        ],
        [" almost nothing has changed ."],
    ),
    Case(
        "uav_captions",
        "UAVICD.json",
        '{"images": [{"SubFolder": "train", "ImageName": "7.png", "Caption": "A vineyard ."}]}',
        "all",
        "7.png",
        ["train/7.png"],
        ["A vineyard ."],
    ),
    Case(
        "capera",
        "CapERA_DATASET_test.json",
        '{\r\n"ERA_caption": [{"video_id": "Fire_022.mp4", "annotation":'
        ' {"English_caption": ["smoke over a forest", "a fire"]}}]}',
        "test",
        "Fire_022.mp4",
        ["Test/Fire_022.mp4"],
        ["smoke over a forest", "a fire"],
    ),
    Case(
        "rsicap",
        "dataset/RSICap/captions.json",
        '{"annotations": [{"image_id": "0", "filename": "P0378_0001.png",'
        ' "text_input": "Describe it.", "text_output": "This is a car park."}]}',
        "train",
        "P0378_0001.png",
        ["dataset/RSICap/images/P0378_0001.png"],
        ["This is a car park."],
    ),
    Case(
        "chatearthnet",
        "json_files/ChatEarthNet_caps_35_val.json",
        '[{"image_id": "a_1.png", "caption": ["A city."]}]',
        "val",
        "a_1.png",
        ["s2_rgb_images/s2_images/a_1.png"],
        ["A city."],
    ),
    Case(
        "chatearthnet_4v",
        "ChatEarthNet_caps_4v_train.json",
        '[{"image": "a_1.png", "caption": "A bay."}]',
        "train",
        "a_1.png",
        ["s2_rgb_images/s2_images/a_1.png"],
        ["A bay."],
    ),
    Case(
        "cvg_text",
        "CVG-text/NewYork-mixed/test.json",
        '{"40.7,-73.9_2019-05_x_d90_z1.png": "A street with shops."}',
        "test",
        "40.7,-73.9_2019-05_x_d90_z1.png",
        ["images/NewYork-mixed-ground/40.7,-73.9_2019-05_x_d90_z1.png"],
        ["A street with shops."],
    ),
    Case(
        "lhrs_align",
        "OSMCapAnn/features_07.json",
        '{"data": [{"name": "Peru_3_Lima_1.5_2_3_4", "info": {"location": ["Peru", "Lima"]},'
        ' "cap": "A harbour."}]}',
        "train",
        "Peru_3_Lima_1.5_2_3_4",
        ["OSM_Image/Peru/Lima/Peru_3_Lima_1.5_2_3_4.jpg"],
        ["A harbour."],
    ),
    Case(
        "versad_captions",
        "list_pretrain.json",
        '[{"image": "P01.jpg", "source_dataset": "millionAID", "conversations":'
        ' [{"from": "human", "value": "<image>\\nDescribe it."},'
        ' {"from": "gpt", "value": "A dam."}]}]',
        "train",
        "P01.jpg",
        ["millionAID/P01.jpg"],
        ["A dam."],
    ),
    Case(
        "gaia",
        "val_data.json",
        '[{"id": 12, "image_src": "https://x.org/a.jpg", "image_alt": "Ash.", "lat": 1.5,'
        ' "captions": ["A volcano.", "Ash over a sea."]}]',
        "val",
        "12",
        ["12.png"],
        ["A volcano.", "Ash over a sea."],
    ),
    Case(
        "skyscript",
        "dataframe/SkyScript_test_30K_filtered_by_CLIP_openai.csv",
        'filepath,title,title_multi_objects\nimages2/a1_CH_19.jpg,a farm,"a farm, beside a road"\n',
        "test",
        "images2/a1_CH_19.jpg",
        ["images2/a1_CH_19.jpg"],
        ["a farm", "a farm, beside a road"],
    ),
    Case(
        "laion_eo",
        "LAION-EO_v1.csv",
        "source,url,filename,id,caption,height,width,lang\n"
        "x,https://x.org/a.jpg,a.jpg,77,Bucht von oben,9,9,de\n",
        "v1",
        "77",
        ["a.jpg"],
        ["Bucht von oben"],
    ),
    Case(
        "rs5m",
        "pub11_labels.csv",
        "img_name,meta_caption\npub11_5.jpg,a town from above\n",
        "pub11",
        "pub11_5.jpg",
        ["pub11_5.jpg"],
        ["a town from above"],
    ),
    Case(
        "gaia_shards",
        "train/00000.tar!000000012",
        '{"id": "g7", "caption": "Ash.", "captions": ["A volcano."]}',
        "train",
        "g7",
        ["train/00000.tar!000000012.png"],
        ["A volcano."],
    ),
    Case(
        "rsteller",
        "JPG/train-000001.tar!607",
        '{"metadata": {"patch_id": 607}, "annotations": [{"task": 3, "text": "A road."}]}',
        "all",
        "607",
        ["JPG/train-000001.tar!607.png"],
        ["A road."],
    ),
]


def put(root: Path, case: Case) -> None:
    archive, _, stem = case.path.partition("!")
    path = root / archive
    path.parent.mkdir(parents=True, exist_ok=True)
    if not stem:
        path.write_bytes(case.text.encode())
        return
    with tarfile.open(path, "w") as out:
        for ending, data in (("png", encoded("PNG")), ("json", case.text.encode())):
            info = tarfile.TarInfo(f"{stem}.{ending}")
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_the_documented_layout_gives_the_sample(case: Case, tmp_path: Path) -> None:
    put(tmp_path, case)
    found = read(catalogue()[case.slug], tmp_path)
    assert not found.rejects
    [sample] = found.samples
    assert (sample.split, sample.key) == (case.split, case.key)
    assert [picture.path for picture in sample.pictures] == case.pictures
    assert [caption.text for caption in sample.captions] == case.captions


def test_rsicd_of_the_hub_shows_the_pictures_in_its_parquet(tmp_path: Path) -> None:
    rows = {
        "filename": ["rsicd_images/park_1.jpg"],
        "captions": [["a park .", "trees ."]],
        "image": [{"bytes": encoded("JPEG"), "path": None}],
    }
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "data/valid-00000-of-00001.parquet")
    [sample] = read(catalogue()["rsicd_hub"], tmp_path).samples
    assert (sample.split, sample.key) == ("val", "rsicd_images/park_1.jpg")
    assert sample.pictures[0].path == "data/valid-00000-of-00001.parquet!image/000000000"
    assert [caption.text for caption in sample.captions] == ["a park .", "trees ."]


def test_ucm_captions_of_the_hub_have_a_row_for_each_caption(tmp_path: Path) -> None:
    cell = {"bytes": encoded("JPEG"), "path": None}
    rows = {"image": [cell, cell], "caption": ["A ship .", "There is a ship ."]}
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table(rows), tmp_path / "data/train-00000-of-00001.parquet")
    found = read(catalogue()["ucm_captions_hub"], tmp_path)
    assert [one.captions[0].text for one in found.samples] == ["A ship .", "There is a ship ."]
    assert found.samples[1].pictures[0].path.endswith("!image/000000001")


def test_a_frame_named_as_a_video_is_taken_in_its_place(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.slug == "capera")
    put(tmp_path, case)
    (tmp_path / "Test/Fire").mkdir(parents=True)
    (tmp_path / "Test/Fire/Fire_022.jpg").write_bytes(encoded("JPEG"))
    [sample] = read(catalogue()["capera"], tmp_path).samples
    assert sample.pictures[0].path == "Test/Fire/Fire_022.jpg"
