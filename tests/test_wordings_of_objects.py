"""Wordings for authors' words that are sentences, and nouns in their number."""

from __future__ import annotations

from typing import Any

import pytest
from given import convert, said, sample
from native import DATA, read

from converters.catalogue import catalogue, entry_of
from converters.regions.attributes import plural, spoken
from schemas.sample import Box, Expression, Picture, Region

PAIR = (Picture("before.png", 100, 80), Picture("after.png", 100, 80))


# Expressions


def referred(text: str, **settings: Any) -> dict[str, Any]:
    region = Region("0", "ship", Box(10, 10, 20, 20), settings.pop("image", 0))
    record = sample(
        regions=(region,),
        expressions=(Expression("0", text, ("0",), settings.pop("ours", False)),),
        pictures=settings.pop("pictures", (Picture("a.png", 100, 80),)),
    )
    [row] = convert([record], ["refer"], dialect="pixel", **settings).rows
    return row


def first_words(row: dict[str, Any]) -> str:
    value: str = row["conversations"][0]["value"]
    return value.replace("<image>\n", "")


@pytest.mark.parametrize("templates", ["plain", "geochat"])
@pytest.mark.parametrize(
    "text", ["The ship at the pier.", "Where do planes land?", "In the middle stands a hall"]
)
def test_words_that_are_a_sentence_are_put_into_no_other(text: str, templates: str) -> None:
    row = referred(text, templates=templates)
    assert (first_words(row), row["template"]) == (
        f"[refer] {text}",
        f"{templates}/refer/sentence/0",
    )


@pytest.mark.parametrize(
    "word",
    [
        *("In", "On", "At", "To", "Near", "Next", "Beside", "Between", "Behind", "Under", "Above"),
        *("There", "It", "Segment", "What", "Which", "Where", "Who", "How"),
        *("find", "Find", "search", "Search", "locate", "LOCATE"),
    ],
)
def test_words_that_begin_as_a_sentence_or_a_command_are_one(word: str) -> None:
    assert referred(f"{word} the pier lies a ship")["template"] == "plain/refer/sentence/0"


@pytest.mark.parametrize("text", ["A ship.", "A ship!", "A ship?"])
def test_words_that_end_as_a_sentence_are_one(text: str) -> None:
    assert referred(text)["template"] == "plain/refer/sentence/0"


@pytest.mark.parametrize("word", ["in", "Inland", "There's", "finding", "Locator"])
def test_words_that_only_begin_like_a_sentence_are_a_name(word: str) -> None:
    assert referred(f"{word} the ship")["template"] == "plain/refer/words/0"


def test_a_sentence_about_one_of_two_pictures_says_which() -> None:
    row = referred("Where do planes land?", pictures=PAIR, image=1)
    assert first_words(row) == "[refer] In the second image: Where do planes land?"


def test_a_name_keeps_its_own_article() -> None:
    found = {
        first_words(referred("the ship", templates="geochat", seed=seed)) for seed in range(60)
    }
    assert found == {
        "[refer] the ship",
        "[refer] Give me the location of this: the ship",
        "[refer] Where is this in the image? the ship",
        "[refer] From this image, tell me the location of this: the ship",
        "[refer] This is to be located in the image: the ship",
        "[refer] Could you tell me the location of this? the ship",
        "[refer] Where can I locate this? the ship",
    }


@pytest.mark.parametrize(
    "text", ["The ship", "both ships", "road", "The airport is in the middle", "A hall that stands"]
)
def test_words_of_any_form_fit_the_wording(text: str) -> None:
    assert first_words(referred(text)) == f"[refer] Locate in the image: {text}"


@pytest.mark.parametrize("ours, origin", [(True, "template"), (False, "human")])
def test_words_made_of_a_class_name_are_a_templates(ours: bool, origin: str) -> None:
    assert referred("the area of ships", ours=ours)["text_origin"] == origin


@pytest.mark.parametrize(
    "slug, root",
    [("loveda", "mask_raster/loveda"), ("levir_cd", "change_masks/levir_cd")],
)
def test_readers_of_masks_say_that_the_words_are_made(slug: str, root: str) -> None:
    found = read(entry_of(slug), DATA / root).samples
    assert {one.ours for record in found for one in record.expressions} == {True}


# Nouns


@pytest.mark.parametrize("label", ["golffield", "Golffield", "GOLFFIELD"])
def test_the_catalogues_word_for_a_class_goes_for_its_name_in_any_case(label: str) -> None:
    assert spoken(label, {"golffield": "golf field"}) == "golf field"


@pytest.mark.parametrize(
    "name, one, several",
    [
        ("storage tank", "storage tank", "storage tanks"),
        ("storage tanks", "storage tank", "storage tanks"),
        ("life saving appliances", "life saving appliance", "life saving appliances"),
        ("agro-forestry areas", "agro-forestry area", "agro-forestry areas"),
        ("facilities", "facility", "facilities"),
        ("boxes", "box", "boxes"),
        ("people", "person", "people"),
        ("marine debris", "piece of marine debris", "pieces of marine debris"),
        ("low vegetation", "area of low vegetation", "areas of low vegetation"),
        ("hut or tent", "hut or tent", "huts or tents"),
        ("barge or boat with sails", "barge or boat with sails", "barges or boats with sails"),
        ("aircraft", "aircraft", "aircraft"),
        ("bus", "bus", "buses"),
        ("buses", "bus", "buses"),
        ("glass house", "glass house", "glass houses"),
        ("overpass", "overpass", "overpasses"),
        ("gas", "gas", "gases"),
        ("others", "other object", "other objects"),
        (
            "buildings with minor damage",
            "building with minor damage",
            "buildings with minor damage",
        ),
        ("TU-95", "TU-95", "TU-95s"),
    ],
)
def test_a_noun_has_its_number(name: str, one: str, several: str) -> None:
    assert (plural(name, 1), plural(name, 2)) == (one, several)


@pytest.mark.parametrize(
    "slug, label, words",
    [
        ("fgscr_42", "KittyHawk-class_aircraft_carrier", "Kitty Hawk-class aircraft carrier"),
        ("fmow", "single-unit_residential", "single-unit residential building"),
        ("fmow", "nuclear_powerplant", "nuclear power plant"),
        ("treesatai_ts", "Acer", "Acer trees"),
        ("evattrs_mar20", "A10", "B-1B airplane"),
        ("evattrs_ships", "Perry FF", "Perry frigate"),
        ("evattrs_fair1m", "Boeing737", "Boeing 737 airplane"),
        ("evattrs_95k", "A10", "B-1B airplane"),
        ("geopixinstruct", "Boeing737", "Boeing 737 airplane"),
    ],
)
def test_codes_and_proper_names_are_spoken_as_people_write_them(
    slug: str, label: str, words: str
) -> None:
    assert spoken(label, entry_of(slug).spoken) == words


def test_no_class_of_several_is_spoken_with_a_comma() -> None:
    # A comma stands between the classes of an answer.
    found = {}
    for slug, entry in catalogue().items():
        native = {*entry.classes, *entry.spoken, *entry.options.get("values", ())}
        said = {spoken(name, entry.spoken) for name in native if isinstance(name, str)}
        if "classification" in entry.tasks and any("," in words for words in said):
            found[slug] = sorted(words for words in said if "," in words)
    assert found == {}


def test_one_object_of_a_class_whose_name_is_a_plural_is_one() -> None:
    regions = (Region("0", "storage tanks", Box(10, 10, 30, 30)),)
    for task, answer in (
        ("grounding", "The image shows 1 storage tank [10, 10, 30, 30]."),
        ("description", "The image shows 1 storage tank. The storage tank is at the top left."),
        ("identify", "1 storage tank at the top left"),
    ):
        [turns] = said(convert([sample(regions=regions)], [task], dialect="pixel"))
        assert turns[1] == answer
