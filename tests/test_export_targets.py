"""What each program gets: its files, its registration and the line to paste."""

from __future__ import annotations

import tarfile
from pathlib import Path

import mixes
import pyarrow.parquet as pq
import pytest
import runs
from datasets import Features, Image, load_dataset
from tables import row_id
from typer.main import get_command

from pipelines.__main__ import app
from pipelines.export.targets import names, target

PNG, JPEG = mixes.picture(), mixes.picture("JPEG")
PNG_NAME, JPEG_NAME = f"{mixes.sha(PNG)}.png", f"{mixes.sha(JPEG)}.jpg"
QUESTION, ANSWER = "<image>\nIs there a pond?", "yes"
PAIR = mixes.turns("<image>\n<image>\nWhat has changed?", "nothing")
ONE = [mixes.row(1, PNG)]
BOTH = [mixes.row(1, PNG), mixes.row(2, PNG, JPEG, conversations=PAIR)]
ALL = ["geochat", "internvl", "llamafactory", "llava", "qwen-vl", "swift", "trl", "webdataset"]


def test_there_is_a_target_for_each_program() -> None:
    assert [target(name).name for name in names()] == ALL


def test_the_help_names_every_program() -> None:
    command = get_command(app).commands["export"]  # type: ignore[attr-defined]
    [option] = [one for one in command.params if one.name == "to"]
    assert [name for name in ALL if name not in option.help] == []


def test_llava_is_one_array_of_its_records(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", ONE), "llava")
    assert mixes.json(folder / "llava.json") == [
        {
            "id": row_id(1),
            "image": f"images/{PNG_NAME}",
            "conversations": [
                {"from": "human", "value": QUESTION},
                {"from": "gpt", "value": ANSWER},
            ],
        }
    ]


@pytest.mark.parametrize("to", ["llava", "geochat"])
def test_a_program_of_one_picture_a_row_gets_no_pair(tmp_path: Path, to: str) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), to)
    assert pq.read_table(folder / "rows.parquet").select(
        ["id", "number", "left_out"]
    ).to_pylist() == [
        {"id": row_id(1), "number": 0, "left_out": None},
        {"id": row_id(2), "number": None, "left_out": "several_pictures"},
    ]


def test_the_picture_of_a_row_that_is_left_out_is_not_written(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "llava")
    assert runs.left(folder / "images") == [PNG_NAME]


def test_geochat_names_pictures_without_a_folder(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", ONE), "geochat")
    assert mixes.json(folder / "GeoChat_Instruct.json")[0]["image"] == PNG_NAME


def test_llamafactory_gets_messages_and_a_list_of_images(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "llamafactory")
    assert mixes.lines(folder / "ponds.jsonl") == [
        {
            "messages": [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": ANSWER},
            ],
            "images": [f"images/{PNG_NAME}"],
        },
        {
            "messages": [
                {"role": "user", "content": "<image>\n<image>\nWhat has changed?"},
                {"role": "assistant", "content": "nothing"},
            ],
            "images": [f"images/{PNG_NAME}", f"images/{JPEG_NAME}"],
        },
    ]


def test_llamafactory_finds_the_file_and_the_roles_in_dataset_info(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", ONE), "llamafactory")
    assert mixes.json(folder / "dataset_info.json") == {
        "ponds": {
            "file_name": "ponds.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "images": "images"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
            },
        }
    }


def test_qwen_vl_gets_a_string_for_one_picture_and_a_list_for_two(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "qwen-vl")
    assert [line["image"] for line in mixes.lines(folder / "ponds.jsonl")] == [
        f"images/{PNG_NAME}",
        [f"images/{PNG_NAME}", f"images/{JPEG_NAME}"],
    ]


def test_qwen_vl_gets_its_data_dict_entry(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", ONE), "qwen-vl")
    assert mixes.json(folder / "data_dict.json") == {
        "ponds": {"annotation_path": f"{folder}/ponds.jsonl", "data_path": f"{folder}"}
    }


def test_internvl_gets_a_meta_file_with_the_number_of_lines(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "internvl")
    assert mixes.json(folder / "meta.json") == {
        "ponds": {
            "root": f"{folder}",
            "annotation": f"{folder}/ponds.jsonl",
            "data_augment": False,
            "repeat_time": 1,
            "length": 2,
        }
    }


LATER = mixes.turns("Hello.", "Hello.", "<image>\nIs there a pond?", "yes")


@pytest.mark.parametrize(
    "to, said", [("internvl", "picture_not_first"), ("trl", "picture_not_first")]
)
def test_a_picture_in_a_later_turn_is_left_out_where_it_would_move(
    tmp_path: Path, to: str, said: str
) -> None:
    out = mixes.write(tmp_path / "out", [*ONE, mixes.row(2, PNG, conversations=LATER)])
    folder = mixes.export(out, to)
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [None, said]


@pytest.mark.parametrize("to", ["llamafactory", "swift", "qwen-vl", "internvl"])
def test_a_placeholder_of_something_else_is_left_out(tmp_path: Path, to: str) -> None:
    other = mixes.turns("<image>\nIs there a <video> sign?", "no")
    out = mixes.write(tmp_path / "out", [*ONE, mixes.row(2, PNG, conversations=other)])
    folder = mixes.export(out, to)
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [
        None,
        "placeholder_in_text",
    ]


@pytest.mark.parametrize(
    "question, left",
    [
        ("<image>\nIs there a pond?", "Is there a pond?"),
        ("Is there a pond?\n<image>", "Is there a pond?"),
        ("<image>Is there a pond?", "Is there a pond?"),
    ],
)
def test_trl_gets_no_placeholder(tmp_path: Path, question: str, left: str) -> None:
    row = mixes.row(1, PNG, conversations=mixes.turns(question, "yes"))
    folder = mixes.export(mixes.write(tmp_path / "out", [row]), "trl")
    table = pq.read_table(folder / "data" / "train-00000.parquet")
    assert table["messages"].to_pylist() == [
        [{"role": "user", "content": left}, {"role": "assistant", "content": "yes"}]
    ]


def test_trl_gets_pictures_that_datasets_decodes(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "trl")
    rows = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.features["images"] == Features.from_dict({"i": [{"_type": "Image"}]})["i"]
    assert [[picture.size for picture in row["images"]] for row in rows] == [
        [(40, 20)],
        [(40, 20), (40, 20)],
    ]
    assert isinstance(rows.features["images"].feature, Image)


def test_trl_holds_a_picture_once_however_many_rows_show_it(tmp_path: Path) -> None:
    noise = mixes.picture("JPEG", (40, 20), comment=b"x" * 60_000)
    out = mixes.write(tmp_path / "out", [mixes.row(n, noise) for n in range(50)])
    size = (mixes.export(out, "trl") / "data" / "train-00000.parquet").stat().st_size
    assert 60_000 < size < 90_000


def test_trl_holds_pictures_that_the_mix_only_names(tmp_path: Path) -> None:
    (tmp_path / "root" / "ponds").mkdir(parents=True)
    (tmp_path / "root" / "ponds" / "1.0").write_bytes(PNG)
    out = mixes.write(tmp_path / "out", [mixes.row(1, None)])
    folder = mixes.export(out, "trl", "--data-root", tmp_path / "root")
    rows = pq.read_table(folder / "data").to_pylist()
    assert rows[0]["images"] == [{"bytes": PNG, "path": f"{mixes.sha(PNG)}.png"}]
    assert not (folder / "images").exists()


def test_webdataset_gets_members_named_by_the_row(tmp_path: Path) -> None:
    folder = mixes.export(mixes.write(tmp_path / "out", BOTH), "webdataset")
    with tarfile.open(folder / "train-000000.tar") as tar:
        assert tar.getnames() == [
            f"{row_id(1)}.json",
            f"{row_id(1)}.0.png",
            f"{row_id(2)}.json",
            f"{row_id(2)}.0.png",
            f"{row_id(2)}.1.jpg",
        ]


def test_an_id_that_no_member_can_have_is_left_out(tmp_path: Path) -> None:
    out = mixes.write(tmp_path / "out", [*ONE, {**mixes.row(2, PNG), "id": "../2"}])
    folder = mixes.export(out, "webdataset")
    assert pq.read_table(folder / "rows.parquet")["left_out"].to_pylist() == [None, "bad_id"]


@pytest.mark.parametrize("to", ["trl", "webdataset"])
def test_pictures_within_the_files_have_no_folder_beside(tmp_path: Path, to: str) -> None:
    assert "images" not in runs.left(mixes.export(mixes.write(tmp_path / "out", ONE), to))


@pytest.mark.parametrize(
    "to, line",
    [
        ("llava", "--data_path {0}/llava.json --image_folder {0}"),
        ("geochat", "--data_path {0}/GeoChat_Instruct.json --image_folder {0}/images"),
        ("llamafactory", "dataset: ponds\n  dataset_dir: {0}"),
        ("swift", "ROOT_IMAGE_DIR={0} swift sft --dataset {0}/ponds.jsonl"),
        ("internvl", "--meta_path {0}/meta.json"),
        ("trl", 'datasets.load_dataset("{0}", split="train")'),
        (
            "qwen-vl",
            'data_dict["ponds"] = {{"annotation_path": "{0}/ponds.jsonl", "data_path": "{0}"}}\n'
            "  --dataset_use ponds",
        ),
        ("webdataset", 'webdataset.WebDataset(sorted(glob.glob("{0}/train-*.tar")))'),
    ],
)
def test_the_line_to_paste_is_printed(tmp_path: Path, to: str, line: str) -> None:
    out = mixes.write(tmp_path / "out", ONE)
    ended = runs.earthmix("export", out, "--to", to, tmp_path / "to")
    assert ended.out.split(":\n  ", 1)[1] == line.format(tmp_path / "to") + "\n"
