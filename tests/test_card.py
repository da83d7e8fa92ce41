"""The card as a whole.

Front matter, order, the check of card.json, the closing lines, and that `datasets` loads a mix by
it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from card_data import page, small, two
from PIL import Image

from pipelines.card.render import Summary, card_faults, closing_lines, render
from pipelines.card.sections import citing
from schemas.table import ROW


def head(summary: Summary) -> dict[str, Any]:
    """The card's front matter, parsed."""
    _, text, _ = render(summary).split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_front_matter_of_one_licence_names_it() -> None:
    assert head(small()) == {
        "license": "cdla-permissive-1.0",
        "language": ["en"],
        "pretty_name": "floods",
        "size_categories": ["1K<n<10K"],
        "task_categories": ["image-text-to-text", "visual-question-answering"],
        "tags": [
            "earth-observation",
            "earthmix",
            "instruction-tuning",
            "llava",
            "remote-sensing",
            "vision-language",
        ],
        "annotations_creators": ["found"],
        "source_datasets": ["floodnet_vqa"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    }


def test_front_matter_of_several_licences_merges_none() -> None:
    assert head(two()) == {
        "license": "other",
        "license_name": "licences-of-the-sources",
        "language": ["en"],
        "pretty_name": "both",
        "size_categories": ["1K<n<10K"],
        "task_categories": [
            "image-text-to-text",
            "image-to-text",
            "object-detection",
            "visual-question-answering",
        ],
        "tags": [
            "earth-observation",
            "earthmix",
            "instruction-tuning",
            "llava",
            "remote-sensing",
            "vision-language",
        ],
        "annotations_creators": ["found", "machine-generated"],
        "source_datasets": ["floodnet_vqa", "ships"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (9999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (1_500_000, "1M<n<10M"),
        (2 * 10**13, "n>1T"),
    ],
)
def test_size_category(rows: int, size: str) -> None:
    assert head(small() | {"rows": rows})["size_categories"] == [size]


def test_front_matter_keeps_a_name_that_yaml_would_misread() -> None:
    assert head(small() | {"name": "1.0: #yes"})["pretty_name"] == "1.0: #yes"


def backwards(value: Any) -> Any:
    """The same content with every table's keys in reverse order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return value


def test_key_order_means_nothing() -> None:
    assert render(backwards(two())) == render(two())


@pytest.mark.parametrize("make", [small, two])
def test_a_right_card_has_no_faults(make: Any) -> None:
    assert card_faults(make()) == []


def test_a_misspelt_key_is_found() -> None:
    (fault,) = card_faults(two() | {"shard": 3})
    assert fault.startswith('card.json unknown key "shard"; did you mean shards?')


def test_a_missing_key_is_found() -> None:
    summary: Any = two()
    del summary["datasets"]["ships"]["licence"]["images"]
    assert card_faults(summary) == ['card.json [datasets.ships.licence] key "images" is missing']


def test_an_unknown_task_is_found() -> None:
    assert card_faults(two() | {"tasks": {"vqa": 1200, "juggle": 30}}) == [
        'card.json [tasks] unknown task "juggle"'
    ]


def test_an_unknown_kind_of_item_is_found() -> None:
    summary: Any = two()
    items = summary["ledger"]["ships"]["val"]["items"]
    items["juggle"] = items["region"]
    (fault,) = card_faults(summary)
    assert fault.startswith("card.json [ledger.ships.val] items: 'juggle' is not one of ")


def test_a_ledger_without_a_bucket_is_found() -> None:
    summary: Any = two()
    del summary["ledger"]["ships"]["val"]["rows"]["sampled_out"]
    assert card_faults(summary) == [
        'card.json [ledger.ships.val.rows] key "sampled_out" is missing'
    ]


def test_a_negative_count_in_the_ledger_is_found() -> None:
    summary = two()
    summary["ledger"]["ships"]["val"]["items"]["region"]["read"] = -1
    assert card_faults(summary) == [
        "card.json [ledger.ships.val.items.region] read: -1 is less than the minimum of 0"
    ]


def test_a_ledger_that_does_not_balance_is_found() -> None:
    summary = two()
    summary["ledger"]["ships"]["val"]["items"]["region"]["read"] += 1
    assert card_faults(summary) == [
        "card.json [ledger] ships val: 16 items of kind region read, 15 accounted for"
    ]


def test_a_reason_outside_the_list_is_found() -> None:
    summary = two()
    summary["ledger"]["ships"]["val"]["items"]["region"]["filtered"] = {"boring": 3}
    assert card_faults(summary) == ['card.json [ledger.ships] unknown reason "boring"']


def test_rows_that_the_ledger_does_not_know_are_found() -> None:
    summary = two()
    summary["datasets"]["ships"]["rows"] = 31
    assert card_faults(summary) == [
        "card.json [datasets.ships] rows: 31, but the ledger says 30",
        "card.json [datasets] adds up to 1231 rows, not 1230",
    ]


def test_closing_lines() -> None:
    assert closing_lines(two(), "my/out") == [
        "wrote 1,230 rows of 2 datasets in 2 shards to my/out",
        "dropped for a fault: missing_image 7, zero_area 2",
        "dropped by choice (policy): no_answer 2,750, duplicate 51, too_small 3",
        "repaired: clipped 1,500",
        'load it: datasets.load_dataset("my/out")["train"]',
    ]


def test_closing_lines_where_nothing_was_dropped() -> None:
    summary = small() | {"ledger": {"floodnet_vqa": {"train": page("question", 1200, 1200)}}}
    assert closing_lines(summary, "out") == [
        "wrote 1,200 rows of 1 dataset to out",
        "dropped nothing",
        'load it: datasets.load_dataset("out")["train"]',
    ]


def test_closing_line_quotes_the_folder() -> None:
    assert (
        closing_lines(small(), 'C:\\a"b')[-1]
        == r'load it: datasets.load_dataset("C:\\a\"b")["train"]'
    )


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (4, 3)).save(data, "PNG")
    return data.getvalue()


def write_mix(out: Path, image: dict[str, Any], summary: Summary) -> None:
    """A folder as a run leaves it.

    The card, a shard of one row, and a Parquet file that is no part of the data.
    """
    turns = [{"from": "human", "value": "<image>\nIs it wet?"}, {"from": "gpt", "value": "yes"}]
    row = dict.fromkeys(ROW.names) | {"id": "a", "images": [image], "conversations": turns}
    (out / "data").mkdir(parents=True)
    (out / "rejects").mkdir()
    pq.write_table(
        pa.Table.from_pylist([row], schema=ROW), out / "data" / "train-00000-of-00001.parquet"
    )
    pq.write_table(pa.table({"reason": ["no_answer"]}), out / "rejects" / "rejects-00000.parquet")
    (out / "README.md").write_text(render(summary), encoding="utf-8")


def load(out: Path, cache: Path) -> Any:
    import datasets

    return datasets.load_dataset(str(out), cache_dir=str(cache))["train"]


def test_datasets_loads_the_folder_by_its_card(tmp_path: Path) -> None:
    write_mix(tmp_path / "out", {"bytes": picture(), "path": "floodnet_vqa/1.png"}, small())
    assert load(tmp_path / "out", tmp_path / "cache")[0]["images"][0].size == (4, 3)


def test_paths_decode_from_the_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mix(
        tmp_path / "out",
        {"bytes": None, "path": "floodnet_vqa/1.png"},
        small() | {"images": "path"},
    )
    (tmp_path / "root" / "floodnet_vqa").mkdir(parents=True)
    (tmp_path / "root" / "floodnet_vqa" / "1.png").write_bytes(picture())
    monkeypatch.chdir(tmp_path / "root")
    assert load(tmp_path / "out", tmp_path / "cache")[0]["images"][0].size == (4, 3)


def test_paths_load_anywhere_by_column(tmp_path: Path) -> None:
    write_mix(
        tmp_path / "out",
        {"bytes": None, "path": "floodnet_vqa/1.png"},
        small() | {"images": "path"},
    )
    assert load(tmp_path / "out", tmp_path / "cache")["conversations"][0][1]["value"] == "yes"


def test_nothing_dropped_is_not_said_where_something_was_passed_over() -> None:
    book = {"floodnet_vqa": {"train": page("question", 1200, 1200)}}
    noted = small() | {"ledger": book, "notes": ["ships: 3 files are not read"]}
    assert closing_lines(noted, "out")[1:-1] == [
        "1 note on what was not read, or not read as expected: see the card"
    ]


def test_a_source_without_a_known_paper_is_cited_by_its_page() -> None:
    summary: Any = two()
    known, other = sorted(summary["datasets"])
    summary["datasets"][known]["citation"] = "@misc{known}"
    summary["datasets"][other] |= {"citation": "", "name": "Other", "home": "https://x.org/o"}
    head, _, pages = citing(summary).partition("No paper of these is known here")
    assert "```bibtex\n@misc{known}\n```" in head
    assert pages.endswith(f"cite them:\n\n- `{other}`: [Other](https://x.org/o)")
