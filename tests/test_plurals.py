"""Nouns after numbers, and words for which, where and how large."""

from __future__ import annotations

import numpy as np
import pytest

from converters.regions.attributes import (
    magnitudes,
    near_positions,
    ordinal,
    plural,
    positions,
    sized_name,
    uncounted,
)

IRREGULAR = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "foot": "feet",
    "shelf": "shelves",
    "roof": "roofs",
    "sheep": "sheep",
    "area of vegetation": "areas of vegetation",
    "cattle": "cattle",
    "fish": "fish",
    "series": "series",
    "species": "species",
    "piece of debris": "pieces of debris",
    "pile of rubble": "piles of rubble",
    "piece of wreckage": "pieces of wreckage",
    "piece of equipment": "pieces of equipment",
    "piece of machinery": "pieces of machinery",
    "piece of infrastructure": "pieces of infrastructure",
}
REGULAR = {
    "bus": "buses",
    "box": "boxes",
    "church": "churches",
    "dish": "dishes",
    "glass": "glasses",
    "fizz": "fizzes",
    "gas": "gases",
    "lens": "lenses",
    "canvas": "canvases",
    "atlas": "atlases",
    "city": "cities",
    "bay": "bays",
    "aircraft": "aircraft",
    "storage tank": "storage tanks",
    "house without roof": "houses without roof",
    "bridge over road": "bridge over roads",
}


@pytest.mark.parametrize(("one", "several"), [*IRREGULAR.items(), *REGULAR.items()])
def test_a_noun_after_a_number_is_one_or_several(one: str, several: str) -> None:
    assert (plural(one, 1), plural(one, 2)) == (one, several)
    assert (plural(several, 1), plural(several, 0)) == (one, several)


@pytest.mark.parametrize(
    ("noun", "one", "several"),
    [
        ("marine debris", "piece of marine debris", "pieces of marine debris"),
        ("rubble", "pile of rubble", "piles of rubble"),
        ("wreckage", "piece of wreckage", "pieces of wreckage"),
        ("equipment", "piece of equipment", "pieces of equipment"),
        ("machinery", "piece of machinery", "pieces of machinery"),
        ("infrastructure", "piece of infrastructure", "pieces of infrastructure"),
        ("vegetation", "area of vegetation", "areas of vegetation"),
    ],
)
def test_of_what_is_not_counted_pieces_are(noun: str, one: str, several: str) -> None:
    assert (plural(noun, 1), plural(noun, 2)) == (one, several)


def test_a_noun_that_only_looks_like_a_plural_has_one() -> None:
    assert [plural(noun, 2) for noun in ("gas", "lens", "glass")] == ["gases", "lenses", "glasses"]
    assert [plural(noun, 1) for noun in ("gas", "lens", "glass")] == ["gas", "lens", "glass"]


def test_what_has_no_name_is_an_object() -> None:
    assert [plural("other", 1), plural("others", 2)] == ["other object", "other objects"]


@pytest.mark.parametrize(
    ("words", "one"),
    [("2 ships", "ship"), ("2 of 4 ships", "ship"), ("ships", ""), ("2", ""), ("two ships", "")],
)
def test_words_with_a_number_name_one_of_their_objects(words: str, one: str) -> None:
    assert uncounted(words) == one


@pytest.mark.parametrize(
    ("place", "word"),
    [
        *((0, "first"), (1, "second"), (2, "third"), (3, "fourth"), (4, "fifth"), (5, "sixth")),
        *((6, "seventh"), (7, "eighth"), (8, "ninth"), (9, "tenth"), (10, "11th"), (11, "12th")),
        *((12, "13th"), (20, "21st"), (21, "22nd"), (22, "23rd"), (23, "24th"), (29, "30th")),
        *((110, "111th"), (120, "121st")),
    ],
)
def test_which_of_several_is_a_word_up_to_the_tenth(place: int, word: str) -> None:
    assert ordinal(place) == word


def test_a_box_lies_in_the_third_of_its_centre() -> None:
    sizes = np.array([[90, 60]] * 5, float)
    boxes = np.array(
        [[0, 0, 10, 10], [30, 0, 30, 0], [59, 19, 60, 20], [88, 58, 92, 62], [0, 20, 2, 20]], float
    )
    assert positions(boxes, sizes) == ["top left", "top", "top", "bottom right", "left"]


def test_each_third_of_a_picture_has_its_name() -> None:
    boxes = np.array([[x, y, x + 2, y + 2] for y in (4, 24, 44) for x in (4, 34, 64)], float)
    assert positions(boxes, np.array([[90, 60]] * 9, float)) == [
        *("top left", "top", "top right", "left", "center", "right"),
        *("bottom left", "bottom", "bottom right"),
    ]


def test_a_box_near_a_border_may_be_said_to_lie_on_either_side() -> None:
    boxes = np.array([[28, 8, 30, 12], [44, 29, 46, 31]], float)
    assert near_positions(boxes, np.array([[90, 60]] * 2, float), 0.02) == [
        {"top left", "top"},
        {"center"},
    ]


@pytest.mark.parametrize(
    ("word", "name", "said"),
    [
        ("small ", "ship", "ship"),
        ("large ", "ship", "ship"),
        ("small ", "vehicle", "vehicle"),
        ("large ", "vehicle", "vehicle"),
        ("small ", "car", "car"),
        ("large ", "car", "large car"),
        ("small ", "aircraft", "aircraft"),
        ("large ", "aircraft", "large aircraft"),
        ("small ", "harbor", "small harbor"),
        ("small ", "large ship", "large ship"),
        ("large ", "small tank", "small tank"),
        ("", "harbor", "harbor"),
    ],
)
def test_a_size_word_makes_no_other_class(word: str, name: str, said: str) -> None:
    assert sized_name(word, name) == said


def test_a_size_is_a_share_of_the_picture() -> None:
    areas, sizes = np.array([0.99, 1, 50, 50.1]), np.array([[100, 10]] * 4, float)
    assert magnitudes(areas, sizes) == ["small ", "", "", "large "]
