"""The conversation rules: what the JSON Schema and the named checks say of a row.

The columnar check says the same of every row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.rows.check import check_rows, patterns
from schemas.conversation import faults, load_schema
from schemas.sample import REASONS
from schemas.table import SEGMENT_ROW

Row = dict[str, Any]
PLAIN = pa.schema(
    [
        ("id", pa.string()),
        ("images", pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))),
        ("conversations", pa.list_(pa.struct([("from", pa.string()), ("value", pa.string())]))),
    ]
)
TRAVELLING = pa.schema([SEGMENT_ROW.field(name) for name in PLAIN.names])


def row(
    *texts: str | None,
    pictures: int = 1,
    row_id: str | None = "a",
    roles: Sequence[str | None] = ("human", "gpt"),
) -> Row:
    """A row whose turns say `texts`, by roles that repeat."""
    turns = [{"from": roles[i % len(roles)], "value": text} for i, text in enumerate(texts)]
    return {
        "id": row_id,
        "images": [{"bytes": None, "path": f"d/{i}.png"} for i in range(pictures)],
        "conversations": turns,
    }


def batch(rows: Sequence[Row], schema: pa.Schema = PLAIN) -> pa.RecordBatch:
    plain = [pa.array([r[field.name] for r in rows], field.type) for field in PLAIN]
    if schema is TRAVELLING:
        plain[1] = plain[1].cast(TRAVELLING.field("images").type)
        plain[2] = plain[2].cast(TRAVELLING.field("conversations").type)
    return pa.RecordBatch.from_arrays(plain, schema=schema)


def columnar(rows: pa.RecordBatch) -> list[set[str]]:
    broken = check_rows(rows)
    return [{rule for rule, mask in broken.items() if mask[i]} for i in range(rows.num_rows)]


Q, A = "<image>\nIs there a road?", "yes"
CORPUS: dict[str, tuple[Row, set[str]]] = {
    "one turn each": (row(Q, A), set()),
    "two rounds": (row(Q, A, "And a pond?", "no"), set()),
    "a pair, tokens together": (row("<image>\n<image>\nWhat has changed?", A, pictures=2), set()),
    "a pair, tokens in two human turns": (
        row("<image> first", A, "<image> second", A, pictures=2),
        set(),
    ),
    "no picture, no token": (row("What is a pond?", A, pictures=0), set()),
    "newlines between words": (row("<image>\na\n\nb", "c\nd"), set()),
    "a tag that is no picture token": (row("<image>\n<img> < image> <Image>", A), set()),
    "letters of other alphabets": (row("<image>\n路在哪里?", "在左边 é 🛰"), set()),
    "a no-break space is no blank": (row(Q, "\u00a0"), set()),
    "a forward slash and an n": (row(Q, "/n"), set()),
    "no human": (row(A, roles=["gpt"]), {"bad_roles"}),
    "no gpt": (row(Q), {"bad_roles"}),
    "no turns": (row(), {"bad_roles"}),
    "two humans": (row(Q, "Is it wide?", A, roles=["human", "human", "gpt"]), {"bad_roles"}),
    "two answers": (row(Q, A, A, roles=["human", "gpt", "gpt"]), {"bad_roles"}),
    "gpt first": (row(A, Q, roles=["gpt", "human"]), {"bad_roles"}),
    "human last": (row(Q, A, "And?"), {"bad_roles"}),
    "a system turn first": (row("You see.", Q, A, roles=["system", "human", "gpt"]), set()),
    "a system turn before two rounds": (
        row("You see.", Q, A, "Wide?", "no", roles=["system", "human", "gpt", "human", "gpt"]),
        set(),
    ),
    "a system turn alone": (row("You see.", roles=["system"]), {"bad_roles"}),
    "a system turn and no answer": (row("You see.", Q, roles=["system", "human"]), {"bad_roles"}),
    "two system turns": (
        row("You see.", "Be brief.", Q, A, roles=["system", "system", "human", "gpt"]),
        {"bad_roles"},
    ),
    "a system turn later": (
        row(Q, A, "Be brief.", roles=["human", "gpt", "system"]),
        {"bad_roles"},
    ),
    "a system turn in place of a human": (
        row(Q, A, "Be brief.", A, roles=["human", "gpt", "system", "gpt"]),
        {"bad_roles"},
    ),
    "a token in a system turn": (
        row("<image>", "What?", A, roles=["system", "human", "gpt"]),
        {"image_tokens"},
    ),
    "a token in a system turn besides": (
        row("<image>", Q, A, roles=["system", "human", "gpt"]),
        {"image_tokens"},
    ),
    "an empty system turn": (row(" ", Q, A, roles=["system", "human", "gpt"]), {"empty_turn"}),
    "roles in capitals": (row(Q, A, roles=["Human", "Gpt"]), {"bad_roles"}),
    "a role that is null": (row(Q, A, roles=["human", None]), {"bad_roles"}),
    "a turn that is null": (
        {**row(Q, A), "conversations": [{"from": "human", "value": Q}, None]},
        {"bad_roles"},
    ),
    "conversations that are null": ({**row(Q, A), "conversations": None}, {"bad_roles"}),
    "an empty answer": (row(Q, ""), {"empty_turn"}),
    "a null answer": (row(Q, None), {"empty_turn"}),
    "blanks only": (row(Q, "   "), {"empty_turn"}),
    "blanks and newlines only": (row(Q, " \n \n"), {"empty_turn"}),
    "an empty question": (row("", A, pictures=0), {"empty_turn"}),
    "an empty third turn": (row(Q, A, "", A), {"empty_turn"}),
    "too many tokens": (row("<image><image>\nWhat?", A), {"image_tokens"}),
    "a token too few": (row("What?", A), {"image_tokens"}),
    "a token without a picture": (row(Q, A, pictures=0), {"image_tokens"}),
    "a pair with one token": (row(Q, A, pictures=2), {"image_tokens"}),
    "a token in an answer": (row(Q, "see <image>"), {"image_tokens"}),
    "all tokens in the answer": (row("What?", "<image>"), {"image_tokens"}),
    "pictures that are null": ({**row("What?", A), "images": None}, {"image_tokens"}),
    "a tab": (row(Q, "a\tb"), set()),
    "a carriage return": (row("<image>\r\nWhat?", A), {"control_characters"}),
    "a NUL": (row(Q, "a\x00b"), {"control_characters"}),
    "a bell": (row(Q, "a\x07"), {"control_characters"}),
    "the last control character": (row(Q, "a\x1f"), {"control_characters"}),
    "delete": (row(Q, "a\x7fb"), {"control_characters"}),
    "a tab and nothing else": (row(Q, "\t"), {"empty_turn"}),
    "a literal backslash-n": (row(Q, "a\\nb"), {"literal_escape"}),
    "a literal backslash-n in a question": (row("<image>\\nWhat?", A), {"literal_escape"}),
    "an empty id": (row(Q, A, row_id=""), {"bad_id"}),
    "a null id": (row(Q, A, row_id=None), {"bad_id"}),
    "everything at once": (
        row("<image>\r\\n", "", pictures=0, row_id=""),
        {"bad_id", "control_characters", "literal_escape", "empty_turn", "image_tokens"},
    ),
    "bad roles and other faults": (
        row("\\n", " ", roles=["gpt"]),
        {"bad_roles", "empty_turn", "literal_escape"},
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_the_schema_and_its_checks_name_what_is_wrong(name: str) -> None:
    bad, expected = CORPUS[name]
    assert faults(bad) == expected


@pytest.mark.parametrize("name", CORPUS)
def test_the_columnar_check_names_what_is_wrong(name: str) -> None:
    bad, expected = CORPUS[name]
    assert columnar(batch([bad])) == [expected]


@pytest.mark.parametrize("schema", [PLAIN, TRAVELLING], ids=["plain", "with dictionaries"])
def test_the_columnar_check_does_not_mix_up_rows(schema: pa.Schema) -> None:
    assert columnar(batch([bad for bad, _ in CORPUS.values()], schema)) == [
        expected for _, expected in CORPUS.values()
    ]


@pytest.mark.parametrize(
    "bad, expected",
    [
        ({"images": [], "conversations": row("What?", A)["conversations"]}, {"bad_id"}),
        ({"id": "a", "conversations": row("What?", A)["conversations"]}, {"image_tokens"}),
        ({"id": "a", "images": []}, {"bad_roles"}),
        ({}, {"bad_id", "bad_roles", "image_tokens"}),
        (row(Q, A) | {"id": 7}, {"bad_id"}),
        (
            row(Q, A) | {"conversations": [{"from": "human", "value": Q}, {"from": "gpt"}]},
            {"bad_roles"},
        ),
        (
            row(Q, A)
            | {
                "conversations": [
                    {"from": "human", "value": Q},
                    {"from": "gpt", "value": A, "role": "x"},
                ]
            },
            {"bad_roles"},
        ),
        (row(Q, A) | {"conversations": Q}, {"bad_roles"}),
    ],
)
def test_a_row_of_another_shape_breaks_the_rule_of_the_part_that_is_wrong(
    bad: Row, expected: set[str]
) -> None:
    assert faults(bad) == expected


def test_extra_columns_are_no_fault() -> None:
    assert faults(row(Q, A) | {"task": "vqa"}) == set()


def test_the_columnar_check_reads_its_patterns_from_the_schema() -> None:
    assert patterns() == {
        "empty_turn": r"[^ \t\n]",
        "control_characters": r"[\x00-\x08\x0b-\x1f\x7f]",
        "literal_escape": r"\\n",
    }


def test_every_rule_of_the_schema_is_a_reason() -> None:
    comments = json.dumps(load_schema("conversation")).split('"$comment": "')[1:]
    assert {comment.split('"')[0] for comment in comments} <= REASONS.keys()


def test_good_rows_break_no_rule() -> None:
    assert check_rows(batch([row(Q, A)] * 3)) == {}


def test_no_rows_break_no_rule() -> None:
    assert check_rows(batch([])) == {}


def test_turns_hidden_behind_a_null_list_count_for_nothing() -> None:
    turns = pa.array(
        [{"from": "gpt", "value": "\t"}, *row(Q, A)["conversations"]],
        PLAIN.field("conversations").type.value_type,
    )
    lists = pa.ListArray.from_arrays(
        pa.array([0, 1, 3], pa.int32()), turns, mask=pa.array([True, False])
    )
    pictures = pa.array([row(Q)["images"]] * 2, PLAIN.field("images").type)
    hidden = pa.RecordBatch.from_arrays([pa.array(["a", "b"]), pictures, lists], schema=PLAIN)
    assert columnar(hidden) == [{"bad_roles"}, set()]


# The property: generators that reach every rule, and enough good rows between the bad ones.

PIECE = st.sampled_from(
    [
        "<image>",
        "<image",
        "a",
        "road",
        " ",
        "\n",
        "\\n",
        "\\",
        "n",
        "\t",
        "\x00",
        "\x7f",
        "\u00a0",
        "é",
        "🛰",
        "\u2028",
        "\x85",
        '"',
    ]
)
TEXT = st.one_of(
    st.lists(PIECE, max_size=5).map("".join), st.text(max_size=6), st.just("good words"), st.none()
)
ROLE = st.sampled_from(["human", "gpt", "human", "gpt", "system", "", None])
TURN = st.one_of(st.builds(lambda role, text: {"from": role, "value": text}, ROLE, TEXT), st.none())


@st.composite
def shaped(draw: st.DrawFn) -> Row:
    """A row that is right but for what chance put into its texts."""
    pictures, rounds = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    led = draw(st.booleans())
    texts = [draw(st.one_of(st.just("good words"), TEXT)) for _ in range(2 * rounds + led)]
    if draw(st.booleans()):
        texts[led] = "<image>\n" * pictures + (texts[led] or "what?")
    roles = [*["system"] * led, *["human", "gpt"] * rounds]
    row_id = draw(st.sampled_from(["a", "b", "", None]))
    return row(*texts, pictures=pictures, row_id=row_id, roles=roles)


SHAPELESS = st.builds(
    lambda row_id, pictures, turns: {"id": row_id, "images": pictures, "conversations": turns},
    st.one_of(st.text(max_size=2), st.none()),
    st.one_of(st.lists(st.just({"bytes": None, "path": "d/1.png"}), max_size=2), st.none()),
    st.one_of(st.lists(TURN, max_size=4), st.none()),
)
ROWS = st.lists(st.one_of(shaped(), SHAPELESS), max_size=8)


@given(ROWS)
def test_the_columnar_check_agrees_with_the_json_schema_on_every_row(rows: list[Row]) -> None:
    assert columnar(batch(rows)) == [faults(r) for r in rows]


@given(ROWS, st.integers(0, 8), st.integers(0, 8))
def test_it_agrees_on_slices_too(rows: list[Row], start: int, length: int) -> None:
    assert columnar(batch(rows).slice(start, length)) == [
        faults(r) for r in rows[start : start + length]
    ]


@given(ROWS)
def test_it_agrees_where_texts_travel_as_dictionaries(rows: list[Row]) -> None:
    assert columnar(batch(rows, TRAVELLING)) == [faults(r) for r in rows]


@pytest.mark.parametrize(
    "rule",
    ["bad_id", "bad_roles", "empty_turn", "image_tokens", "control_characters", "literal_escape"],
)
def test_the_corpus_reaches_every_rule(rule: str) -> None:
    assert any(rule in expected for _, expected in CORPUS.values())
