"""Hashes, ids and choices: written out, so that no change alters them by accident, and the same however a column is cut."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.rows.identity import (
    ID_LENGTH,
    choices,
    combine,
    digests,
    hash128,
    hash_one,
    id_words,
    ids,
)

HASHES = {
    "": "f2fea5823ed3a66770b9288f36465e42",
    "a": "25f99d5ee7f47c46a0f213bd8197f661",
    "abcdefgh": "f943ae18a030df5d5c32d6cfca26f075",
    "abcdefghi": "f930b86e12edb39f47b96f689ca11acb",
    "Is there a road?": "bec220c0fb5e754da6e465eb5e121067",
    "道路": "39d4c7096dbce8c884e7023ce284d038",
    "x" * 512: "ea54a49260d78593c7af1595e6becc1e",
    "x" * 513: "b99f52a8a22746ef81af63d8e0cbb1ec",  # XXH3 from here on
}
TEXTS = st.lists(
    st.one_of(st.text(max_size=20), st.text(alphabet="ab", min_size=505, max_size=520)), max_size=12
)


def hexadecimal(texts: pa.Array) -> list[str]:
    return [f"{int(first):016x}{int(second):016x}" for first, second in hash128(texts)]


@pytest.mark.parametrize(
    "text",
    HASHES,
    ids=[
        "empty",
        "one",
        "a word",
        "a word and one",
        "two words",
        "not ASCII",
        "the longest short one",
        "long",
    ],
)
def test_hashes_never_change(text: str) -> None:
    assert hexadecimal(pa.array([text])) == [HASHES[text]]


def test_a_column_is_hashed_text_by_text() -> None:
    assert hexadecimal(pa.array(list(HASHES))) == list(HASHES.values())


def test_combined_hashes_never_change() -> None:
    assert (
        digests(combine(hash_one("a"), hash_one("b")))[0].as_py().hex()
        == "82de78fc5bc81044182725285667796a"
    )


def test_ids_are_the_first_96_bits() -> None:
    assert ids(hash128(pa.array(["a", ""]))).to_pylist() == [
        "25f99d5ee7f47c46a0f213bd",
        "f2fea5823ed3a66770b9288f",
    ]


def test_digests_are_all_128_bits() -> None:
    assert [digest.as_py().hex() for digest in digests(hash128(pa.array(["a", ""])))] == [
        HASHES["a"],
        HASHES[""],
    ]


@pytest.mark.parametrize(
    "seed, purpose, number",
    [
        (0, "template", 0xDF3A5CD86CEE697D),
        (42, "template", 0x24D735E4C3D88F56),
        (0, "take", 0xD005BB37172315A7),
    ],
)
def test_choices_never_change(seed: int, purpose: str, number: int) -> None:
    assert int(choices(seed, purpose, np.array([1], np.uint64))[0]) == number


@given(TEXTS, st.integers(0, 12), st.integers(0, 12))
def test_a_slice_has_the_hashes_of_the_whole(texts: list[str], start: int, length: int) -> None:
    column = pa.array(texts, pa.string())
    assert hexadecimal(column.slice(start, length)) == hexadecimal(column)[start : start + length]


@given(TEXTS, st.integers(0, 12))
def test_chunks_have_the_hashes_of_the_whole(texts: list[str], cut: int) -> None:
    parts = [pa.array(texts[:cut], pa.string()), pa.array(texts[cut:], pa.string())]
    assert hexadecimal(parts[0]) + hexadecimal(parts[1]) == hexadecimal(pa.concat_arrays(parts))


@given(TEXTS)
def test_the_order_of_a_column_is_the_order_of_its_hashes(texts: list[str]) -> None:
    assert (
        hexadecimal(pa.array(texts[::-1], pa.string()))
        == hexadecimal(pa.array(texts, pa.string()))[::-1]
    )


def test_an_empty_column_has_no_hashes() -> None:
    assert hash128(pa.array([], pa.string())).shape == (0, 2)


def test_a_hundred_thousand_short_texts_do_not_collide() -> None:
    hashes = hash128(pa.array([f"{i}" for i in range(100_000)]))
    assert [len(np.unique(hashes[:, column])) for column in (0, 1)] == [100_000, 100_000]


@pytest.mark.parametrize(
    "one, other",
    [
        ("ab", "ba"),
        ("a", "a\x00"),
        ("\x00", "\x00\x00"),
        ("abcdefgh", "abcdefgh\x00"),
        ("a" * 512, "a" * 513),
    ],
)
def test_texts_that_look_alike_differ(one: str, other: str) -> None:
    hashes = hash128(pa.array([one, other]))
    assert not (hashes[0] == hashes[1]).any()


def test_every_bit_of_a_hash_is_set_half_the_time() -> None:
    bits = np.unpackbits(
        hash128(pa.array([f"{i:06d}" for i in range(20_000)])).view(np.uint8), axis=1
    )
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.02


@pytest.mark.parametrize("parts", [("b", "a"), ("a",), ("a", "b", ""), ("ab", "")])
def test_the_order_and_number_of_parts_counts(parts: tuple[str, ...]) -> None:
    assert not (combine(*map(hash_one, parts)) == combine(hash_one("a"), hash_one("b"))).any()


def test_a_part_of_one_row_stands_for_all() -> None:
    rows = combine(hash_one("a"), hash128(pa.array(["x", "y"])))
    assert (rows[1] == combine(hash_one("a"), hash_one("y"))[0]).all()


def test_ids_have_one_length() -> None:
    assert {
        len(text) for text in ids(hash128(pa.array([f"{i}" for i in range(1000)]))).to_pylist()
    } == {ID_LENGTH}


@given(TEXTS, st.integers(0, 6))
def test_an_id_gives_back_the_words_it_was_made_from(texts: list[str], start: int) -> None:
    words = hash128(pa.array(texts, pa.string()))
    assert id_words(ids(words).slice(start)).tolist() == words[start:, 0].tolist()


def test_an_id_gives_back_its_words_where_its_column_begins_within_a_buffer() -> None:
    made = ids(hash128(pa.array(["a", "b", "c"])))
    lists = pa.ListArray.from_arrays(pa.array([1, 3], pa.int32()), made)
    assert id_words(lists.flatten()).tolist() == hash128(pa.array(["b", "c"]))[:, 0].tolist()


def test_choices_are_a_function_of_the_id_and_not_of_its_place() -> None:
    words = hash128(pa.array([f"{i}" for i in range(100)]))[:, 0]
    assert choices(7, "take", words[::-1]).tolist() == choices(7, "take", words).tolist()[::-1]


@pytest.mark.parametrize("seed, purpose", [(8, "take"), (7, "weight")])
def test_choices_differ_by_seed_and_purpose(seed: int, purpose: str) -> None:
    words = hash128(pa.array([f"{i}" for i in range(100)]))[:, 0]
    assert not (choices(seed, purpose, words) == choices(7, "take", words)).any()


def test_choices_are_even() -> None:
    words = hash128(pa.array([f"{i}" for i in range(10_000)]))[:, 0]
    assert (
        np.abs(np.bincount((choices(1, "template", words) % np.uint64(4)).astype(int)) - 2500).max()
        < 200
    )


@pytest.mark.parametrize("seed", ["0", "1"])
def test_hashes_do_not_depend_on_the_process(seed: str) -> None:
    code = "import pyarrow as pa; from converters.rows.identity import *; print(ids(hash128(pa.array(['a'])))[0])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "25f99d5ee7f47c46a0f213bd"
