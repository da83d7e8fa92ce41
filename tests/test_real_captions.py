"""Real caption files, where they are (see tests/test_real_data.py). Counts only."""

from __future__ import annotations

from native import convert, dataset, read
from test_real_data import folder, items, real

from converters.catalogue import catalogue


def test_capera_has_7365_captions_of_1473_videos_of_which_4929_differ() -> None:
    found = read(catalogue()["capera"], folder("capera"), ["train"])
    captions = [caption.text for sample in found.samples for caption in sample.captions]
    assert (len(found.samples), len(captions), len(set(captions))) == (1_473, 7_365, 4_929)
    assert {len(sample.captions) for sample in found.samples} == {5}
    assert found.rejects == []


def test_rs5m_has_10000_captions_with_names_of_their_own() -> None:
    found = real("rs5m", "caption")
    assert items(found) == {"read": 10_000, "used": 10_000}
    names = [row["origin"]["key"].partition("#")[0] for row in found.rows]
    sources = [name.partition("_")[0] for name in names]
    assert len(set(names)) == 10_000
    assert [sources.count(one) for one in ("millionaid", "fmow", "ben")] == [4_807, 3_469, 1_724]


def test_a_question_mark_in_rs5m_stays_one() -> None:
    rows = real("rs5m", "caption").rows
    fmow = [row for row in rows if row["origin"]["key"].startswith("fmow")]
    assert sum("?" in row["conversations"][1]["value"] for row in fmow) == 3_469


def test_nwpu_captions_gives_five_captions_a_picture() -> None:
    [sample] = read(catalogue()["nwpu_captions"], folder("nwpu_captions")).samples
    assert (sample.split, sample.pictures[0].path) == (
        "train",
        "NWPU_images/airplane/airplane_001.jpg",
    )
    assert [caption.key for caption in sample.captions] == [
        *("raw", "raw_1", "raw_2", "raw_3", "raw_4")
    ]


def test_rsicap_gives_a_caption_a_picture() -> None:
    found = convert(dataset(catalogue()["rsicap"], ["caption"], folder("rsicap")))
    assert items(found) == {"read": 6, "used": 6}


def test_a_record_of_rsteller_gives_its_texts() -> None:
    [sample] = read(catalogue()["rsteller"], folder("rsteller")).samples
    assert (sample.key, sample.pictures[0].path) == ("607", "607.jpg")
    assert [caption.text.split()[0] for caption in sample.captions] == ["In", "The"]
