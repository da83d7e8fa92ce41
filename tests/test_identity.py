"""Hashes, ids and choices: written out, so that no change alters them, however a column is cut."""

from __future__ import annotations

import itertools
import os
import re
import string
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash
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

# XXH3-128, seed 0, as the xxhash library writes it: every way in which XXH3 treats a length.
HASHES = {
    "": "99aa06d3014798d86001c324468d497f",
    "a": "a96faf705af16834e6c632b61e964e1f",
    "ab": "89c65ebc828eebaca873719c24d5735c",
    "abc": "06b05ab6733a618578af5f94892f3950",
    "abcd": "8d6b60383dfa90c21be79eecd1b1353d",
    "abcde": "3043c78169f25c3f97d5a48ef320eec2",
    "abcdef": "389197a55db2b2e4da35a6714d34f8a2",
    "abcdefg": "2aafd83869a59c313fe798c0edaa6dc6",
    "abcdefgh": "dac23237af37353342b702b313880f12",
    "abcdefghi": "b43ff5bc5ff2e0adc0646b2d7986db98",
    "abcdefghij": "9e814df2752571c7b0a8c058e69ff5a7",
    "abcdefghijk": "f63802ddeb8a84810c30617e220bd2c5",
    "abcdefghijkl": "d5c1c71e1ef3a2b6ca41a0e8a26ef9e2",
    "abcdefghijklm": "b3f3c61b89a9d1224c633bfeef25de5b",
    "abcdefghijklmn": "4d15f6daa22c156bcb0743e0c58a8d23",
    "abcdefghijklmno": "5e190a0fa5ad0836d35dc9eaab32b9a0",
    "abcdefghijklmnop": "1f58fc809b1b8c4b3e8e153ff12f6330",
    "abcdefghijklmnopq": "11078c38a5ca3a8dc3acc9940596efab",
    "abcdefghijklmnopqrstuvwxyz012345": "427c421757a8079329514a480c01d224",
    "abcdefghijklmnopqrstuvwxyz0123456": "ca1d90fbf2da6d15f6c34ba556823047",
    "abcdefghijklmnopqrstuvwxyz0123456789": "6d54bb4e6bb9d97a10f98e19d9422276",
    "x" * 64: "445cabaf9820e986ac7d730b79ae9428",
    "x" * 65: "fe55772baf900dc819228ac7c2afb5d4",
    "x" * 96: "7721511296b6d830e6bc08ccf205f48a",
    "x" * 97: "2193aa369fdf88a0b64bd1e431ca39d8",
    "x" * 127: "46a4301ce72313759ea5fbe8d5dbde3b",
    "x" * 128: "fd990d088a9365ae7813452547ab9912",
    "x" * 129: "e7f1abc92bce4135ae9ec8f29e5baa27",
    "x" * 240: "bfede978870834bedf2b586ca80bb7aa",
    "x" * 241: "586c2f1b13edf30f14da9e5c301a6a1d",
    "x" * 511: "350fd1609029c0101cead32d8065b5b4",
    "x" * 512: "5d874687f5fd028a12a81a98c393ea66",
    "x" * 513: "b99f52a8a22746ef81af63d8e0cbb1ec",
    "Is there a road?": "ec111134ff5bd8475a32cafef126e76c",
    "道路": "a5d1a4527832beaaf43fce5039e97a45",
    "é": "90326970ab18793af7940a006cf10cb3",
    "🛰": "ac076adc47b8638e142646873c0e56ce",
    "a\u00a0b": "8c5cb6ae5f92751f95a7d9155dfb88e2",
    "rsvqa_lr": "117ac8356ebda012f9bd13f77c44e851",
    "7203": "3ee931f70b61ea1cffe44ae70d0227d3",
    "Images/Train_Image/0.JPG": "df3fec5d75f669638076e4e1ece921a5",
    "\x00": "a6cd5e9392000f6ac44bdff4074eecdb",
    "\x00\x00": "4758ddac5f9ee9383325230e1f285505",
    "a\x00": "fe6c33c14011b5780d78baac08237ddb",
    "abcdefgh\x00": "b258d55858fb544ea3c4075beda23521",
    "a\x1fb": "d565f29ad8964a7cd671f8867f47bbb9",
}
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
TEXTS = st.lists(
    st.one_of(st.text(max_size=20), st.text(alphabet="ab", min_size=120, max_size=135)), max_size=12
)


def hexadecimal(texts: pa.Array) -> list[str]:
    return [f"{int(first):016x}{int(second):016x}" for first, second in hash128(texts)]


@pytest.mark.parametrize("text", HASHES)
def test_hashes_never_change(text: str) -> None:
    assert hexadecimal(pa.array([text])) == [HASHES[text]]


def test_texts_of_every_length_have_the_hashes_of_the_library() -> None:
    texts = [(ALPHABET * 9)[:length] for length in range(301)]
    assert hexadecimal(pa.array(texts)) == [
        xxhash.xxh3_128_hexdigest(text.encode()) for text in texts
    ]


@given(st.lists(st.one_of(st.text(max_size=20), st.text(max_size=150)), max_size=12))
def test_any_text_has_the_hash_of_the_library(texts: list[str]) -> None:
    assert hexadecimal(pa.array(texts, pa.string())) == [
        xxhash.xxh3_128_hexdigest(text.encode()) for text in texts
    ]


def test_more_texts_than_are_hashed_at_once_have_the_hashes_of_the_library() -> None:
    texts = [f"{'road ' * (i % 9)}{i}" for i in range(40_000)]
    assert hexadecimal(pa.array(texts)) == [
        xxhash.xxh3_128_hexdigest(text.encode()) for text in texts
    ]


def test_a_column_is_hashed_text_by_text() -> None:
    assert hexadecimal(pa.array(list(HASHES))) == list(HASHES.values())


def test_combined_hashes_never_change() -> None:
    assert (
        digests(combine(hash_one("a"), hash_one("b")))[0].as_py().hex()
        == "5ce2dbd41fa2f3d8083be89b4b5573e9"
    )


def test_ids_are_the_first_96_bits() -> None:
    assert ids(hash128(pa.array(["a", ""]))).to_pylist() == [
        "a96faf705af16834e6c632b6",
        "99aa06d3014798d86001c324",
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
        ("a" * 16, "a" * 17),
        ("a" * 128, "a" * 129),
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
    code = (
        "import pyarrow as pa; from converters.rows.identity import hash128, ids; "
        "print(ids(hash128(pa.array(['a'])))[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "a96faf705af16834e6c632b6"


@pytest.mark.parametrize("places", [(7, 11, 15), (7, 23), (0, 8), (15, 31)])
def test_texts_that_differ_in_few_places_differ_in_both_halves(places: tuple[int, ...]) -> None:
    letters = string.ascii_letters[:40]
    texts = []
    for signs in itertools.product(letters, repeat=len(places)):
        text = list("Are there more buildings than p?")
        for place, sign in zip(places, signs, strict=True):
            text[place] = sign
        texts.append("".join(text))
    hashes = hash128(pa.array(texts))
    assert [len(np.unique(hashes[:, half])) for half in (0, 1)] == [len(texts)] * 2


@pytest.mark.parametrize("size", [4, 8, 16])
def test_blocks_in_another_order_or_number_differ_in_both_halves(size: int) -> None:
    blocks = [f"{name * size}"[:size] for name in ("a", "b", "road", "\x00")]
    texts = [
        "".join(some) for count in range(1, 7) for some in itertools.product(blocks, repeat=count)
    ]
    hashes = hash128(pa.array(texts))
    assert [len(np.unique(hashes[:, half])) for half in (0, 1)] == [len(set(texts))] * 2


def test_the_page_on_ids_states_the_hashes_that_are_made() -> None:
    page = (Path(__file__).parents[1] / "docs" / "identity.md").read_text("utf-8")
    stated = {
        text.strip("`"): digest
        for text, digest in re.findall(r"^\| (.+?) \| `([0-9a-f]{32})` \|$", page, re.MULTILINE)
    }
    assert stated == {
        "(empty)": HASHES[""],
        **{text: HASHES[text] for text in ("a", "Is there a road?", "道路")},
    }
