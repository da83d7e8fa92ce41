"""Which wordings ask for what: several classes, pairs, captions of a few words or of many."""

from __future__ import annotations

from typing import Any

import pytest
from given import convert, said, sample
from native import DATA, changed, read

from converters.catalogue import entry_of
from schemas.sample import Caption, Label, Picture, Question

PAIR = (Picture("before.png", 100, 80), Picture("after.png", 100, 80))
FORTY = " ".join(["word"] * 40)


def asked(**items: Any) -> tuple[str, str]:
    """First words, without picture tokens, and template of the only row."""
    templates = items.pop("templates", "plain")
    task = "classification" if "labels" in items else items.pop("task", "caption")
    found = convert([sample(**items)], [task], templates=templates)
    [turns] = said(found)
    return turns[0].replace("<image>\n", ""), found.rows[0]["template"]


# Labels


def test_the_class_of_a_scene_is_asked_for_as_its_scene() -> None:
    assert asked(labels=(Label("0", ("port",)),)) == (
        "Which class does the image belong to? Answer in one word or a short phrase.",
        "plain/classification/0",
    )


@pytest.mark.parametrize("names", [("port", "sea"), ("sea",)])
def test_classes_that_a_picture_shows_are_all_asked_for(names: tuple[str, ...]) -> None:
    words, template = asked(labels=(Label("0", names, several=True),))
    assert words in (
        "Which classes are in the image? Name all of them, separated by commas.",
        "What can be seen in the image? List every class, separated by commas.",
        "Name all classes that the image shows, separated by commas.",
    )
    assert template.startswith("plain/classification/several/")


def test_wordings_for_several_classes_vary_and_stay() -> None:
    records = [sample(str(i), labels=(Label("0", ("sea",), several=True),)) for i in range(60)]
    first, second = (convert(records, ["classification"]).rows for _ in range(2))
    assert {row["template"] for row in first} == {
        "plain/classification/several/0",
        "plain/classification/several/1",
        "plain/classification/several/2",
    }
    assert [row["template"] for row in first] == [row["template"] for row in second]


def test_one_batch_may_hold_both_kinds_of_labels() -> None:
    records = [
        sample("a", labels=(Label("0", ("sea",)),)),
        sample("b", labels=(Label("0", ("sea",), several=True),)),
    ]
    assert {
        row["images"][0]["path"]: row["template"].rpartition("/")[0]
        for row in convert(records, ["classification"]).rows
    } == {"given/a.png": "plain/classification", "given/b.png": "plain/classification/several"}


def test_the_class_of_a_pair_is_that_of_both_pictures() -> None:
    assert asked(pictures=PAIR, labels=(Label("0", ("volcano",)),)) == (
        "Which class do the images together belong to? Answer in one word or a short phrase.",
        "plain/classification/pair/0",
    )


@pytest.mark.parametrize(
    "slug, root, several",
    [
        ("loveda", "mask_raster/loveda", {True}),
        ("mlrsnet", "label_table/mlrsnet", {True}),
        ("bigearthnet", "label_json/bigearthnet", {True}),
        ("satin", "label_parquet/satin", {False, True}),
        ("meter_ml", "geojson_labels/meter_ml", {True}),
        ("aid", "class_folder/aid", {False}),
        ("xbd", "disaster_pairs/xbd", {False}),
    ],
)
def test_a_reader_says_whether_a_label_tells_all_classes(
    slug: str, root: str, several: set[bool]
) -> None:
    found = read(entry_of(slug), DATA / root).samples
    assert {label.several for one in found for label in one.labels} == several


def test_a_cell_with_a_list_tells_all_classes_and_one_with_a_name_does_not(tmp_path: Any) -> None:
    (tmp_path / "t.csv").write_text("image,label\na.png,\"['sea']\"\nb.png,sea\n")
    options = {"annotations": "t.csv", "images": "{image}", "image": "image", "labels": ["label"]}
    found = read(changed("mlrsnet", options=options), tmp_path).samples
    assert [label for one in found for label in one.labels] == [
        Label("a.png", ("sea",), several=True),
        Label("b.png", ("sea",), several=False),
    ]


# Captions


def test_a_caption_of_forty_words_is_asked_for_in_a_sentence() -> None:
    assert asked(captions=(Caption("0", FORTY),)) == (
        "Describe the image in one sentence.",
        "plain/caption/0",
    )


@pytest.mark.parametrize("templates", ["plain", "geochat"])
def test_a_caption_of_more_words_is_asked_for_in_detail(templates: str) -> None:
    words, template = asked(captions=(Caption("0", FORTY + " more"),), templates=templates)
    assert "detail" in words
    assert "sentence" not in words
    assert template.startswith(f"{templates}/caption/long/")


def test_long_words_do_not_make_a_caption_long() -> None:
    assert asked(captions=(Caption("0", f"{'w' * 90} {'v' * 90}"),))[1] == "plain/caption/0"


def test_a_long_change_caption_keeps_saying_that_there_are_two_dates() -> None:
    assert asked(
        pictures=PAIR, captions=(Caption("0", FORTY + " more"),), task="change_caption"
    ) == (
        "The two images show the same place at two dates, the earlier first. "
        "Describe in detail what has changed.",
        "plain/change_caption/long/0",
    )


def test_a_long_caption_of_a_series_speaks_of_all_its_pictures() -> None:
    pictures = tuple(Picture(f"{i}.png", 100, 80) for i in range(3))
    caption = Caption("0", FORTY + " more")
    assert asked(pictures=pictures, captions=(caption,), task="change_caption") == (
        "The images show the same place at several dates, the earliest first. "
        "Describe in detail what has changed.",
        "plain/change_caption/long_series/0",
    )


@pytest.mark.parametrize(
    "caption",
    [
        "A port. Ships lie at its pier.",
        "the pond is green. it lies in a park",
        'A "red" roof! "Blue" ones beside.',
        "Is it a lake? No.",
    ],
)
def test_a_caption_of_several_sentences_is_not_asked_for_in_one(caption: str) -> None:
    assert asked(captions=(Caption("0", caption),)) == (
        "Describe the image in a few sentences.",
        "plain/caption/sentences/0",
    )


@pytest.mark.parametrize(
    "caption", ["A port of approx. 20 ships.", "A U.S. base.", "A lake of 3.5 km.", "A port. ."]
)
def test_a_stop_inside_a_sentence_makes_no_second_one(caption: str) -> None:
    assert asked(captions=(Caption("0", caption),))[1] == "plain/caption/0"


@pytest.mark.parametrize("templates", ["plain", "geochat"])
def test_a_caption_of_several_sentences_about_a_series_says_so(templates: str) -> None:
    pictures = tuple(Picture(f"{i}.png", 100, 80) for i in range(3))
    caption = Caption("0", "A field. It is a pond now.")
    for task in ("caption", "change_caption"):
        words, template = asked(
            pictures=pictures, captions=(caption,), task=task, templates=templates
        )
        assert "images" in words
        assert "sentence " not in words
        assert template.startswith(f"{templates}/{task}/sentences_series/")


# Questions


def test_a_question_about_a_place_says_itself_how_to_answer() -> None:
    question = Question("0", "Where? Answer in degrees.", "1.00 N, 2.00 E", "geolocation")
    record = sample(questions=(question,))
    assert said(convert([record], ["vqa"], templates="geochat")) == [
        ["<image>\nWhere? Answer in degrees.", "1.00 N, 2.00 E"]
    ]


@pytest.mark.parametrize(
    "pictures, words",
    [
        (1, "Has it changed?"),
        (2, "The two images show the same place at two dates, the earlier first. Has it changed?"),
        (
            3,
            "The images show the same place at several dates, the earliest first. Has it changed?",
        ),
    ],
)
@pytest.mark.parametrize("templates", ["plain", "geochat"])
def test_a_question_about_several_pictures_says_their_order(
    pictures: int, words: str, templates: str
) -> None:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    record = sample(pictures=shown, questions=(Question("0", "Has it changed?", "yes", "change"),))
    [[turn, _]] = said(convert([record], ["vqa"], templates=templates, values={"dates": True}))
    assert turn.replace("<image>\n", "").split("\n")[0] == words


@pytest.mark.parametrize("templates", ["plain", "geochat"])
@pytest.mark.parametrize("pictures", [2, 3])
def test_pictures_of_which_nobody_says_that_they_are_dates_are_not_called_so(
    pictures: int, templates: str
) -> None:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    record = sample(pictures=shown, questions=(Question("0", "Is the sensor new?", "yes"),))
    [[turn, _]] = said(convert([record], ["vqa"], templates=templates))
    assert turn.replace("<image>\n", "").split("\n")[0] == (
        "The question is about the images in the order in which they are given. Is the sensor new?"
    )


LONG = "There are two ships at the pier beside the road."


@pytest.mark.parametrize(
    "pictures, dates, words",
    [
        (1, False, "Why?"),
        (2, True, "The two images show the same place at two dates, the earlier first. Why?"),
        (
            3,
            True,
            "The images show the same place at several dates, the earliest first. Why?",
        ),
        (
            2,
            False,
            "The question is about the images in the order in which they are given. Why?",
        ),
    ],
)
@pytest.mark.parametrize("kind", [None, "Yes_No"])
def test_a_long_answer_is_not_asked_for_in_a_word(
    pictures: int, dates: bool, words: str, kind: str | None
) -> None:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    record = sample(pictures=shown, questions=(Question("0", "Why?", LONG, kind),))
    values = {"dates": dates}
    [[turn, _]] = said(convert([record], ["vqa"], templates="geochat", values=values))
    assert turn.replace("<image>\n", "") == words


def test_an_answer_of_eight_words_is_a_phrase() -> None:
    record = sample(questions=(Question("0", "Why?", "one two three four five six seven eight"),))
    [[turn, _]] = said(convert([record], ["vqa"], templates="geochat"))
    assert turn == "<image>\nWhy?\nAnswer the question using a single word or phrase."


@pytest.mark.parametrize(
    "caption, words",
    [
        ("a pier", "Describe the images in one sentence."),
        ("A pier. It is long.", "Describe the images in a few sentences."),
    ],
)
@pytest.mark.parametrize("pictures", [2, 3])
def test_a_caption_of_several_pictures_is_asked_of_all(
    pictures: int, caption: str, words: str
) -> None:
    shown = tuple(Picture(f"{i}.png", 100, 80) for i in range(pictures))
    record = sample(pictures=shown, captions=(Caption("0", caption),))
    [[turn, _]] = said(convert([record], ["caption"]))
    assert turn.replace("<image>\n", "") == words
