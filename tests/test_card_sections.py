"""The card's sections: tables, texts and the ledger in words."""

from __future__ import annotations

from card_data import floods, page, section, ships, small, two

from pipelines.card.markdown import fenced
from pipelines.card.render import render
from pipelines.card.sections import ORIGINS
from schemas.conversation import load_schema


def test_about_states_what_is_left_out() -> None:
    assert (
        render(two())
        .split("---\n\n")[1]
        .startswith(
            "# both\n\nQuestions about floods.\n\n"
            "1,230 rows from 2 remote-sensing datasets, as LLaVA-style conversations about "
            "pictures, made by earthmix 0.1.0.\n\n"
            "Left out:\n\n- questions by a language model\n\n## Loading\n"
        )
    )


def test_loading_in_three_lines() -> None:
    assert (
        "```python\nfrom datasets import load_dataset\nrows = "
        'load_dataset("path/to/this/folder")["train"]\nprint(rows[0]["conversations"])\n```'
        in render(two())
    )


def test_loading_of_paths_reads_a_column_that_needs_no_picture() -> None:
    assert 'print(rows["conversations"][0])' in section(small() | {"images": "path"}, "Loading")


def test_contents_table() -> None:
    assert section(two(), "Contents").startswith(
        """
| Dataset | Name | Tasks | Rows | Pictures | Turns | Boxes | Splits |
| --- | --- | --- | ---: | ---: | ---: | ---: | --- |
| `floodnet_vqa` | [FloodNet-VQA](https://flood.example) ([paper](https://flood.example/paper)) \
| vqa | 1,200 | 1,200 | 2,400 | 0 | train 1,200 |
| `ships` | [Ships](https://ships.example) \
| identify, refer | 30 | 30 | 60 | 45 | train 18, val 12 |
| **all** |  |  | 1,230 | 1,230 | 2,460 | 45 |  |
"""
    )


def test_tasks_table() -> None:
    assert section(two(), "Contents").endswith(
        """### Tasks

| Task | Rows | What is asked |
| --- | ---: | --- |
| vqa | 1,200 | answer a question about the picture |
| refer | 20 | give the box of the object that a phrase names |
| identify | 10 | say what is in a given box |
"""
    )


def test_text_origins_table() -> None:
    assert """
| `text_origin` | Rows | Meaning |
| --- | ---: | --- |
| human | 1,200 | people wrote the answers, for the source dataset |
| template | 30 | fixed wordings filled in from annotations, by this mix or by the source's \
authors |
""" in section(two(), "Where the text comes from")


def test_dialects_are_explained() -> None:
    assert (
        "- `geochat` (30 rows): `{<x1><y1><x2><y2>|<angle>}`: per cent of the unpadded picture"
        in section(two(), "Boxes")
    )


def test_no_dialect_where_no_box_is_written() -> None:
    assert section(small(), "Boxes") == "\nNo box is written as text.\n"


def test_every_text_origin_has_words() -> None:
    assert set(ORIGINS) == set(load_schema("entry")["properties"]["text_origin"]["enum"])


def test_reasons_in_words_faults_first() -> None:
    assert """
| Reason | Kind | Meaning | Items | Rows |
| --- | --- | --- | ---: | ---: |
| `missing_image` | fault | the picture is not there | 7 | 0 |
| `zero_area` | fault | the region has no area, natively or inside the picture | 2 | 0 |
| `no_answer` | policy | a question without an answer (a held-out split) | 2,750 | 0 |
| `duplicate` | policy | another row with the same pictures and text was kept | 0 | 51 |
| `too_small` | policy | smaller than the mix asks for | 3 | 0 |
""" in section(two(), "What was dropped, and why")


def test_ledger_of_items() -> None:
    assert """
| Dataset | Split | Kind | Read | Used | Faults | Policies |
| --- | --- | --- | ---: | ---: | --- | --- |
| `floodnet_vqa` | train | question | 4,000 | 1,250 | - | no_answer 2,750 |
| `ships` | train | region | 28 | 19 | missing_image 7, zero_area 2 | - |
| `ships` | val | region | 15 | 12 | - | too_small 3 |
""" in section(two(), "What was dropped, and why")


def test_ledger_of_rows() -> None:
    summary = small()
    rows = summary["ledger"]["floodnet_vqa"]["train"]["rows"]
    rows |= {
        "built": 1260,
        "repeated": 4,
        "sampled_out": 5,
        "rejected": {"empty_turn": 2},
        "filtered": {"ambiguous": 3},
    }
    assert """
| Dataset | Split | Built | Written | Repeated | Duplicates | Sampled out | Faults | Policies |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |
| `floodnet_vqa` | train | 1,260 | 1,200 | 4 | 50 | 5 | empty_turn 2 | ambiguous 3 |
""" in section(summary, "What was dropped, and why")


def test_repairs_in_words() -> None:
    assert section(two(), "What was dropped, and why").endswith(
        """
| Dataset | Repair | Meaning | Times |
| --- | --- | --- | ---: |
| `ships` | clipped | the region reached beyond its picture and was cut at the edge | 1,500 |
"""
    )


def test_nothing_dropped_is_said() -> None:
    summary = small() | {"ledger": {"floodnet_vqa": {"train": page("question", 1200, 1200)}}}
    assert "\nNothing was dropped.\n" in section(summary, "What was dropped, and why")


def test_notes_are_listed() -> None:
    assert (
        section(small() | {"notes": ["3 pictures are of another year"]}, "Notes")
        == "\n- 3 pictures are of another year\n"
    )


def test_no_notes_no_heading() -> None:
    assert "## Notes" not in render(small())


def test_limits_name_formats_that_were_never_met() -> None:
    assert "without the authors' files at hand to compare: `ships`." in section(two(), "Limits")


def test_rebuilding() -> None:
    assert (
        section(small(), "Rebuilding")
        == """
```sh
earthmix mix floods --data-root data --out out
```

Seed 3. The same source files, mix and versions give the same bytes, on any engine \
and with any number of workers. \
The mix itself stands in `card.json`, the checksums in `manifest.json`.

| Package | Version |
| --- | --- |
| earthmix | 0.1.0 |
| apache-beam | 2.77.0 |
| pyarrow | 25.0.1 |
"""
    )


def test_links_escape_brackets_and_bars() -> None:
    summary = small() | {
        "datasets": {
            "a": floods() | {"name": "A [b]", "home": "https://a.example/x_(1)|y z", "paper": ""}
        }
    }
    assert r"[A \[b\]](https://a.example/x_%281%29%7Cy%20z)" in section(summary, "Contents")


def test_a_fence_is_longer_than_the_backticks_inside() -> None:
    assert fenced("a ``` b", "sh") == "````sh\na ``` b\n````"


def test_sixty_datasets_take_a_line_each() -> None:
    summary = small() | {"datasets": {f"set{i:02}": ships() for i in range(60)}}
    assert section(summary, "Contents").count("\n| `set") == 60
