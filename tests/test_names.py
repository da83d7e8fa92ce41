"""What an error line says about a name that nobody knows."""

from __future__ import annotations

from schemas.names import known_names

MANY = [f"set_{number}" for number in range(11)] + ["levir_cc", "levir_cd", "rsicd"]


def test_few_names_are_all_listed_once() -> None:
    assert known_names("x", ["b", "a", "b"], "docs") == "known: b, a"


def test_of_many_names_those_that_begin_alike_come_first() -> None:
    line = known_names("levir", MANY, "earthmix datasets")
    assert line == "did you mean levir_cc or levir_cd? all 14: earthmix datasets"


def test_a_name_in_capitals_or_with_a_hyphen_or_with_a_wrong_letter_finds_its_own() -> None:
    for word in ("LEVIR-CC", "levir_c", "lewir_cc"):
        assert known_names(word, MANY, "here").startswith("did you mean levir_cc")


def test_of_many_names_none_of_them_near_twelve_are_listed() -> None:
    line = known_names("zz", MANY, "here")
    listed = "set_0, set_1, set_2, set_3, set_4, set_5, set_6, set_7, set_8, set_9, set_10"
    assert line == f"known: {listed}, levir_cc, and 2 more: here"
