"""Words for what annotations say, and the wordings of prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converters.regions import attributes
from converters.tasks import TASKS, wordings
from schemas.toml import ConfigError

# Words for annotations


@pytest.mark.parametrize(
    "label, expected",
    [
        ("small-vehicle", "small vehicle"),
        ("DenseResidential", "dense residential"),
        ("baseball_diamond", "baseball diamond"),
        ("Expressway-Service-area", "expressway service area"),
        ("Dry Cargo Ship", "dry cargo ship"),
        ("airplane", "airplane"),
        ("A220", "a220"),
        (" Railway Station ", "railway station"),
    ],
)
def test_class_names_are_spoken(label: str, expected: str) -> None:
    assert attributes.spoken(label) == expected


@pytest.mark.parametrize(
    "label, expected",
    [("golffield", "golf field"), ("GolfField", "golf field"), ("A220", "A220 airplane")],
)
def test_the_catalogue_has_the_first_word_on_what_a_class_is_called(
    label: str, expected: str
) -> None:
    assert (
        attributes.spoken(label, {"golffield": "golf field", "A220": "A220 airplane"}) == expected
    )


@pytest.mark.parametrize(
    "noun, count, expected",
    [
        ("ship", 1, "1 ship"),
        ("ship", 2, "2 ships"),
        ("bus", 2, "2 buses"),
        ("church", 3, "3 churches"),
        ("ferry", 2, "2 ferries"),
        ("railway", 2, "2 railways"),
        ("tax", 2, "2 taxes"),
        ("bush", 2, "2 bushes"),
        ("glass", 2, "2 glasses"),
        ("buildings", 2, "2 buildings"),
        ("tall buildings", 2, "2 tall buildings"),
    ],
)
def test_nouns_agree_with_their_number(noun: str, count: int, expected: str) -> None:
    assert attributes.counted(noun, count) == expected


@pytest.mark.parametrize(
    "box, place",
    [
        ((0, 0, 10, 10), "top left"),
        ((140, 0, 160, 20), "top"),
        ((280, 0, 300, 20), "top right"),
        ((0, 40, 20, 50), "left"),
        ((100, 30, 200, 60), "center"),
        ((290, 40, 300, 50), "right"),
        ((0, 80, 20, 90), "bottom left"),
        ((100, 61, 200, 90), "bottom"),
        ((290, 80, 300, 90), "bottom right"),
        ((0, 0, 300, 90), "center"),
        ((90, 0, 110, 2), "top"),  # a centre on the line belongs to the next third
    ],
)
def test_places_are_thirds_of_the_picture(box: tuple[int, ...], place: str) -> None:
    assert attributes.positions(np.array([box], float), np.array([[300, 90]], float)) == [place]


@pytest.mark.parametrize("area, word", [(9.9, "small "), (10, ""), (500, ""), (501, "large ")])
def test_sizes_are_shares_of_the_picture(area: float, word: str) -> None:
    assert attributes.magnitudes(np.array([area]), np.array([[100.0, 100.0]])) == [word]


# Wordings of prompts


@pytest.mark.parametrize(
    "name",
    sorted(path.stem for path in (Path(wordings.__file__).parent / "prompts").glob("*.toml")),
)
def test_templates_of_the_package_have_no_fault(name: str) -> None:
    assert wordings.slot_faults(name, wordings.pools(name), TASKS) == []


@pytest.mark.parametrize(
    "pool, expected",
    [
        ({"count": ["{question}"]}, ['t.toml [vqa] key "any" is missing: a list of wordings']),
        ({"any": []}, ["t.toml [vqa] any: not a list of wordings"]),
        ({"any": "Describe it."}, ["t.toml [vqa] any: not a list of wordings"]),
        ({"any": ["{question}", 7]}, ["t.toml [vqa] any: not a list of wordings"]),
        ({"any": ["{question}"], "count": ["{question}"]}, []),
    ],
)
def test_a_pool_is_lists_of_wordings(pool: object, expected: list[str]) -> None:
    assert wordings._shape_faults("t", "vqa", pool) == expected


@pytest.mark.parametrize(
    "task, pool, expected",
    [
        ("vqq", {"any": ["?"]}, [f't.toml [vqq] unknown key "vqq"; known: {", ".join(TASKS)}']),
        (
            "vqa",
            {"any": ["{question}", "Answer!"], "count": ["{question} {question}"]},
            [
                't.toml [vqa] any: "Answer!" does not hold {question} once',
                't.toml [vqa] count: "{question} {question}" does not hold {question} once',
            ],
        ),
        (
            "classification",
            {"any": ["What {thing} is it?"]},
            ['t.toml [classification] any: "What {thing} is it?" holds the unknown {thing}'],
        ),
        ("classification", {"any": ["What is it?"]}, []),
        (
            "description",
            {"any": ["Describe it."]},
            ['t.toml [description] key "picture" is missing: wordings that hold {image}'],
        ),
        (
            "rounds",
            {
                "any": ["What is there?"],
                "picture": ["What is there?"],
                "picture_count": ["How many {label}?"],
            },
            [
                't.toml [rounds] picture: "What is there?" does not hold {image} once',
                't.toml [rounds] picture_count: "How many {label}?" does not hold {image} once',
            ],
        ),
    ],
)
def test_faults_of_templates_are_named(
    task: str, pool: dict[str, list[str]], expected: list[str]
) -> None:
    assert wordings.slot_faults("t", {task: pool}, TASKS) == expected


def test_a_question_type_has_its_own_wording_or_that_of_any() -> None:
    assert wordings.wordings("geochat", "vqa", "Yes_No") == [
        "{question} Answer in one word or a short phrase."
    ]
    assert wordings.wordings("geochat", "vqa", "presence") == [
        "{question}\nAnswer the question using a single word or phrase."
    ]


def test_unknown_templates_are_named_with_those_known() -> None:
    with pytest.raises(ConfigError, match='unknown templates "geo"; known: geochat, plain'):
        wordings.wordings("geo", "vqa")
