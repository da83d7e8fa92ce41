"""How written rows spread, the card's section and plots made of it, and citations."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from converters.catalogue import catalogue
from pipelines.card import plots, spreads
from pipelines.card.citations import bibtex
from pipelines.spread import Spread, doublings, spread
from schemas.entry import Citation, Entry, Licence
from schemas.table import ROW


def row(**values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        **dict.fromkeys(ROW.names),
        "task": "vqa",
        "dataset": "a",
        "conversations": [
            {"from": "human", "value": "<image>\nwho?"},
            {"from": "gpt", "value": "no"},
        ],
        "regions": [],
        "sizes": [],
        "images": [],
        "image_sha256": [],
        "times": [],
    }
    return plain | values


def found(*rows: dict[str, Any]) -> Counter[Spread]:
    return spread(pa.Table.from_pylist(list(rows), ROW))


def region(*bbox: float, image: int = 0) -> dict[str, Any]:
    return {"image": image, "label": "x", "shape": "box", "bbox": list(bbox), "points": []}


def test_what_is_counted_does_not_depend_on_how_many_rows_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [
        row(
            task=("vqa", "caption")[n % 2],
            gsd=0.5 * n,
            sensor="abc"[n % 3],
            regions=[region(n, 0, 9 + n, 9, image=at) for at in range(n % 3)],
            sizes=[{"width": 10 + n, "height": 20}, {"width": 30, "height": 40 + n}],
        )
        for n in range(7)
    ]
    whole = found(*rows)
    monkeypatch.setattr("pipelines.spread._ROWS_AT_ONCE", 2)
    assert found(*rows) == whole
    assert {one.measure for one in whole} >= {"turns", "box_side", "box_place", "gsd", "sensor"}


@pytest.mark.parametrize("count, power", [(0, -1), (1, 0), (2, 1), (3, 1), (4, 2), (1023, 9)])
def test_bins_double(count: int, power: int) -> None:
    assert doublings([count]).tolist() == [power]


def test_turns_and_lengths_are_counted_by_task() -> None:
    assert found(row(), row(task="caption")) == {
        Spread("turns", "vqa", 2): 1,
        Spread("turns", "caption", 2): 1,
        Spread("request", "vqa", 3): 1,
        Spread("request", "caption", 3): 1,
        Spread("answer", "vqa", 1): 1,
        Spread("answer", "caption", 1): 1,
    }


def test_boxes_are_measured_by_their_own_picture() -> None:
    pair = row(
        sizes=[{"width": 10, "height": 10}, {"width": 400, "height": 200}],
        regions=[region(0, 0, 10, 10), region(100, 0, 200, 50, image=1)],
    )
    counts = {key: n for key, n in found(pair).items() if key.measure.startswith("box")}
    assert counts == {
        Spread("box_side", "a", 16): 1,  # the whole picture
        Spread("box_side", "a", 12): 1,  # a sixteenth of its area: a quarter of its side
        Spread("box_place", "", 8 * 16 + 8): 1,
        Spread("box_place", "", 2 * 16 + 6): 1,
    }


def test_boxes_of_pictures_without_a_size_are_not_measured() -> None:
    counts = found(
        row(regions=[region(0, 0, 1, 1)], sizes=[None]), row(regions=[region(0, 0, 1, 1)])
    )
    assert not [key for key in counts if key.measure.startswith("box")]


def test_resolution_sensor_and_chinese_are_counted() -> None:
    said = [{"from": "human", "value": "<image>\n哪里"}, {"from": "gpt", "value": "é"}]
    counts = found(row(gsd=0.3, sensor="GF-2"), row(conversations=said), row(gsd=10.0))
    assert {key: n for key, n in counts.items() if key.measure in ("gsd", "sensor", "chinese")} == {
        Spread("gsd", "a", -2): 1,
        Spread("gsd", "a", 3): 1,
        Spread("sensor", "GF-2", 0): 1,
        Spread("chinese", "", 0): 1,
    }


SUMMARY: Any = {
    "rows": 3,
    "tasks": {"vqa": 2, "refer": 1},
    "datasets": {"a": {"rows": 3, "tasks": {"vqa": 2, "refer": 1}}},
    "ledger": {
        "a": {
            "train": {
                "items": {
                    "region": {"read": 3, "used": 1, "rejected": {"zero_area": 2}, "filtered": {}}
                },
                "rows": {
                    "built": 1,
                    "written": 1,
                    "repeated": 0,
                    "duplicate": 0,
                    "sampled_out": 0,
                    "rejected": {},
                    "filtered": {},
                },
            }
        }
    },
    "spread": {
        "turns": {"vqa": {"2": 2}, "refer": {"2": 1}},
        "request": {"vqa": {"4": 2}, "refer": {"5": 1}},
        "answer": {"vqa": {"-1": 1, "1": 1}, "refer": {"4": 1}},
        "box_side": {"a": {"12": 1}},
        "box_place": {"": {"136": 1}},
        "gsd": {"a": {"-2": 2}},
    },
}


def test_the_section_says_middle_and_ends() -> None:
    text = spreads.section(SUMMARY, ["boxes"])
    assert "| vqa | 2 | 2 | 16+ | 0 (0 to 2+) |" in text
    assert "| `a` | 1 | 25 % | 0.25+ |" in text
    assert text.endswith("(plots/boxes.png)")


def test_a_card_without_counts_has_no_such_section() -> None:
    assert spreads.section({**SUMMARY, "spread": {}}, []) == ""


def test_plots_are_pictures_and_the_same_each_time() -> None:
    first, second = plots.plots(SUMMARY), plots.plots(SUMMARY)
    assert [*first] == ["composition", "lengths", "boxes", "rejects"]
    assert first == second
    for data in first.values():
        assert Image.open(io.BytesIO(data)).format == "PNG"


def test_where_there_is_no_box_there_is_no_plot_of_boxes() -> None:
    spare = {name: v for name, v in SUMMARY["spread"].items() if not name.startswith("box")}
    assert "boxes" not in plots.plots({**SUMMARY, "spread": spare})


def entry(**values: Any) -> Entry:
    return Entry(
        slug="a_b",
        name="A & B",
        licence=Licence("MIT", "MIT"),
        evidence="none",
        **values,
    )


@pytest.mark.parametrize(
    "values, text",
    [
        ({}, ""),
        (
            {"paper": "https://arxiv.org/abs/2311.15826"},
            "@misc{a_b,\n  title = {A \\& B},\n  year = {2023},\n  eprint = {2311.15826},\n"
            "  archiveprefix = {arXiv},\n  url = {https://arxiv.org/abs/2311.15826}\n}",
        ),
        (
            {"citation": Citation("On B", 2020, "B. Bee", "Journal of B")},
            "@article{a_b,\n  title = {On B},\n  author = {B. Bee},\n  journal = {Journal of B},\n"
            "  year = {2020}\n}",
        ),
        (
            {"citation": Citation(year=2022, venue="TGRS"), "paper": "https://x.org/9"},
            "@misc{a_b,\n  title = {A \\& B},\n  howpublished = {TGRS},\n  year = {2022},\n"
            "  url = {https://x.org/9}\n}",
        ),
        (
            {"citation": Citation("On B"), "paper": "https://arxiv.org/abs/2311.15826"},
            "@misc{a_b,\n  title = {On B},\n  year = {2023},\n  eprint = {2311.15826},\n"
            "  archiveprefix = {arXiv},\n  url = {https://arxiv.org/abs/2311.15826}\n}",
        ),
    ],
)
def test_a_citation_says_what_is_known(values: dict[str, Any], text: str) -> None:
    assert bibtex(entry(**values)) == text


def test_every_entry_of_a_dataset_cites_the_paper_that_one_of_them_has() -> None:
    cited = {entry.system for entry in catalogue().values() if bibtex(entry)}
    assert [
        slug for slug, entry in catalogue().items() if entry.system in cited and not bibtex(entry)
    ] == []


@pytest.mark.parametrize(
    "slug, lines",
    [
        (
            "levir_cc",
            [
                "title = {Remote Sensing Image Change Captioning With Dual-Branch Transformers: "
                "A New Method and a Large Scale Dataset}",
                "journal = {TGRS}",
                "year = {2022}",
                "url = {https://ieeexplore.ieee.org/abstract/document/9934924}",
            ],
        ),
        (
            "s2_100k",
            ["title = {SatCLIP: Satellite-Image Representation Learning through GeoCLIPping}"],
        ),
        ("git_10m", ["author = {Liu, Chenyang and Chen, Keyan and Zhao, Rui and Zou, Zhengxia "]),
    ],
)
def test_papers_of_the_catalogue_are_cited(slug: str, lines: list[str]) -> None:
    text = bibtex(catalogue()[slug])
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize(
    "value, text",
    [(0.0078125, "0.0078"), (8.8388, "8.8"), (99.4, "99"), (100.0, "100"), (1024.0, "1,024")],
)
def test_a_figure_of_two_digits_has_no_power_of_ten(value: float, text: str) -> None:
    assert spreads.two_digits(value) == text
