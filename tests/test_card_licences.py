"""What the card says of licences.

Its front matter, the answers, one line a source, and that any text can stand in a line.
"""

from __future__ import annotations

import pytest
from card_data import licence, licensed, section, small, two

from pipelines.card.licences import terms
from pipelines.card.render import front_matter
from pipelines.card.summary import LicenceSummary

UNKNOWN = "unknown: ask the authors"


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (
            [licence("CC-BY-NC-4.0", "CC-BY-NC-4.0"), licence("cc-by-nc-4.0", "CC-BY-NC-4.0")],
            {"license": "cc-by-nc-4.0"},
        ),
        ([licence("ODbL-1.0", "ODbL-1.0")], {"license": "odbl"}),
        ([licence("GPL-3.0-only", "GPL-3.0-only")], {"license": "gpl-3.0"}),
        ([licence("unstated", "unstated")], {"license": "unknown"}),
        (
            [licence("academic use only", "academic use only")],
            {"license": "other", "license_name": "academic-use-only"},
        ),
        (
            [
                licence(
                    "fMoW Challenge Public License",
                    "fMoW Challenge Public License",
                    url="https://fmow.example/LICENSE",
                )
            ],
            {
                "license": "other",
                "license_name": "fmow-challenge-public-license",
                "license_link": "https://fmow.example/LICENSE",
            },
        ),
        (
            [licence("CC-BY-4.0", "unstated")],
            {"license": "other", "license_name": "licences-of-the-sources"},
        ),
        (
            [licence("CC-BY-4.0", "CC-BY-4.0"), licence("CC-BY-NC-4.0", "CC-BY-NC-4.0")],
            {"license": "other", "license_name": "licences-of-the-sources"},
        ),
    ],
)
def test_licence_keys(pairs: list[LicenceSummary], expected: dict[str, str]) -> None:
    assert {
        key: value
        for key, value in front_matter(licensed(*pairs)).items()
        if key.startswith("license")
    } == expected


@pytest.mark.parametrize(
    ("name", "named", "commercial", "redistribution"),
    [
        ("unstated", UNKNOWN, UNKNOWN, UNKNOWN),
        ("CC-BY-4.0", "yes", "yes", "yes, with attribution"),
        ("CC-BY-SA-4.0", "yes", "yes", "yes, with attribution, under the same licence"),
        ("CC-BY-NC-4.0", "yes", "no", "yes, with attribution, for non-commercial purposes"),
        (
            "CC-BY-NC-SA-3.0",
            "yes",
            "no",
            "yes, with attribution, for non-commercial purposes, under the same licence",
        ),
        (
            "CC-BY-NC-ND-4.0",
            "yes",
            "no",
            "only unchanged, with attribution, for non-commercial purposes",
        ),
        ("CC0-1.0", "yes", "yes", "yes"),
        ("public domain", "yes", "yes", "yes"),
        ("CDLA-Permissive-1.0", "yes", "yes", "yes, with the licence's notice"),
        ("ODbL-1.0", "yes", "yes", "yes, under the same licence"),
        ("academic use only", "no: the authors' own words", "no", UNKNOWN),
        ("free for everyone", "no: the authors' own words", UNKNOWN, UNKNOWN),
    ],
)
def test_terms(name: str, named: str, commercial: str, redistribution: str) -> None:
    assert terms(name) == (named, commercial, redistribution)


def licence_row(pair: LicenceSummary) -> str:
    """The line of the licence table that a licence gives."""
    (line,) = [
        line
        for line in section(licensed(pair), "Licences").splitlines()
        if line.startswith("| `set0`")
    ]
    return line


def test_licence_line_of_one_named_licence() -> None:
    assert licence_row(licence("MIT", "MIT", note="since 2020", url="https://mit.example")) == (
        "| `set0` | MIT | MIT | yes | yes | yes, with the licence's notice | no | since 2020; "
        "[terms](https://mit.example) |"
    )


def test_licence_line_of_one_that_others_state_otherwise() -> None:
    line = licence_row(licence("MIT", "MIT", source="README", conflict="card: Apache-2.0"))
    assert line.endswith(" | no | source: README; conflict: card: Apache-2.0 |")


def test_licence_line_unstated() -> None:
    assert (
        licence_row(licence("unstated", "unstated"))
        == f"| `set0` | unstated | unstated | {UNKNOWN} | {UNKNOWN} | {UNKNOWN} | {UNKNOWN} |  |"
    )


def test_licence_line_where_annotations_and_pictures_differ() -> None:
    assert licence_row(licence("CC-BY-4.0", "academic use only")) == (
        "| `set0` | CC-BY-4.0 | academic use only | annotations: yes; pictures: no: the authors' "
        "own words | annotations: yes; pictures: no "
        f"| annotations: yes, with attribution; pictures: {UNKNOWN} | yes |  |"
    )


def test_licence_line_where_only_pictures_are_unstated() -> None:
    assert licence_row(licence("CC-BY-4.0", "unstated")).endswith(
        f"| annotations: yes, with attribution; pictures: {UNKNOWN} | {UNKNOWN} |  |"
    )


def test_the_strictest_source_binds_the_mix() -> None:
    assert (
        "bound by all of the licences below at once: as a whole it cannot be more permissive "
        "than the strictest of them." in section(two(), "Licences")
    )


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ("embed", "The rows hold the pictures themselves"),
        ("reencode", "The rows hold the pictures, encoded anew"),
        ("path", "The rows hold no picture, only paths"),
    ],
)
def test_what_passing_on_means(images: str, words: str) -> None:
    assert words in section(small() | {"images": images}, "Licences")


def test_cells_escape_bars_and_line_breaks() -> None:
    assert licence_row(licence("MIT", "MIT", note="one | two\nthree\r\nfour")).endswith(
        r"| one \| two three four |"
    )


def test_cells_escape_markup() -> None:
    assert licence_row(licence("MIT", "MIT", note="<image> [x] *y* `z` \\")).endswith(
        r"| \<image> \[x\] \*y\* \`z\` \\ |"
    )
