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
    "series": "series",
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
        *((0, "first"), (9, "tenth"), (10, "11th"), (11, "12th"), (12, "13th"), (20, "21st")),
        *((21, "22nd"), (22, "23rd"), (23, "24th"), (110, "111th"), (120, "121st")),
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


def test_a_box_near_a_border_may_be_said_to_lie_on_either_side() -> None:
    boxes = np.array([[28, 8, 30, 12], [44, 29, 46, 31]], float)
    assert near_positions(boxes, np.array([[90, 60]] * 2, float), 0.02) == [
        {"top left", "top"},
        {"center"},
    ]


def test_a_size_word_makes_no_other_class() -> None:
    assert [sized_name("small ", name) for name in ("ship", "harbor", "large ship")] == [
        "ship",
        "small harbor",
        "large ship",
    ]


def test_a_size_is_a_share_of_the_picture() -> None:
    areas, sizes = np.array([0.99, 1, 50, 50.1]), np.array([[100, 10]] * 4, float)
    assert magnitudes(areas, sizes) == ["small ", "", "", "large "]
