"""Records as questions: names of fields, mixed answers, options, prompts that are not ours.

A reader of any container (JSON, tables) gives a record as a mapping, and gets its Question::

    fields = QuestionFields(question="text", answer="ground_truth", id="question_id")
    question_of({"question_id": 4, "text": "Is it a dam?", "ground_truth": "yes"}, "4", fields)

Names match in any case where none matches as written. An answer may be a text or a number; an
absent, null or empty one makes a question without an answer. "None" is an answer like any other.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from converters.read.choices import (
    Answers,
    Choices,
    choices_of,
    chosen,
    is_scalar,
    split_question,
    text_of,
)
from converters.read.column_bytes import body_of, is_printable
from converters.read.json_elements import BadRecord
from schemas.sample import Question, Reject, Sample

Names = str | tuple[str, ...]  # of a field: the first that a record has is taken
Where = dict[str, list[str]]  # values of fields
_PLACEHOLDER = re.compile(r"<(?:image|video)>\s*", re.IGNORECASE)
_ODD_BLANKS = b"\x0b\x0c\x1c\x1d\x1e\x1f"  # which Python counts as white space
_NUMBERED = re.compile(r"<\s*image[ _]?(\d+)\s*>", re.IGNORECASE)


class QuestionFields(Struct, frozen=True, forbid_unknown_fields=True):
    """Names of a question's fields.

    question: a text, or a list of which the first is taken (paraphrases). choices: the field that
    holds the options of a multiple choice, a list of fields with one option each, or the question's
    own field where they stand in its text.
    """

    question: Names = "question"
    answer: Names = "answer"
    type: str | None = None
    id: str | None = None
    choices: str | list[str] | None = None


def first(names: Names) -> str:
    """The first name of a field."""
    return names if isinstance(names, str) else names[0]


def value_of(record: Mapping[str, Any], names: Names) -> Any:
    """What a record holds under the first of some names that it has, or None."""
    several = (names,) if isinstance(names, str) else names
    for name in several:
        if record.get(name) is not None:
            return record[name]
    folded = {key.casefold(): value for key, value in record.items()}
    return next(
        (found for name in several if (found := folded.get(name.casefold())) is not None), None
    )


def picture_names(value: Any) -> list[str]:
    """Names of a record's pictures, with forward slashes, from a field: a text, a number, a file's
    object, or a list.

    Raises BadRecord where one is none of these.
    """
    if isinstance(value, str) and "\\" not in value:
        return [value] if value else []
    several = value if isinstance(value, list) else [value]
    found = [one.get("path") if isinstance(one, dict) else one for one in several]
    if any(not is_scalar(one) or isinstance(one, float) for one in found):
        raise BadRecord("bad_value", f"a picture is no path: {str(value)[:80]}")
    return [name for one in found if (name := text_of(one).replace("\\", "/"))]


def question_of(
    record: Mapping[str, Any],
    key: str,
    fields: QuestionFields,
    answers: Answers = "text",
    prompts: Sequence[str] = (),
) -> Question:
    """A record's question.

    answers: what the answer of a multiple choice is. prompts: words that the authors put before or
    behind every question. A question of which several options are right has no `choices`: its text
    lists them, and its answer is all of the right ones.

    Raises BadRecord where there is no question, or answer and options do not fit.
    """
    asked = value_of(record, fields.question)
    if isinstance(asked, list) and asked:
        asked = asked[0]
    if not isinstance(asked, str) or not asked.strip():
        raise BadRecord("missing_field", f"no {first(fields.question)}")
    asked = _bare(asked, prompts)  # a prompt may stand behind the last option
    answer = value_of(record, fields.answer)
    kind = value_of(record, fields.type) if fields.type else None
    kind = ", ".join(map(text_of, kind)) if isinstance(kind, list) else text_of(kind)
    right: tuple[str, ...]
    options: Choices = {}
    if fields.choices is None:
        if not is_scalar(answer):
            detail = f"{first(fields.answer)} is {type(answer).__name__}"
            raise BadRecord("bad_value", detail)
        text, right = asked, (text_of(answer),)
    else:
        text, options = _options(record, asked, fields)
        right = chosen(answer, options, answers) if answer not in (None, "", []) else ("",)
    listed = tuple(option for option in options.values() if option)
    if len(right) > 1:
        text, listed = _named(f"{text.strip()} {_listed(options)}"), ()
    choices = tuple(_named(option) for option in listed)
    return Question(key, text, _named("; ".join(right)), kind or None, choices)


def _options(record: Mapping[str, Any], asked: str, fields: QuestionFields) -> tuple[str, Choices]:
    """The question, and its options; two at least. Raises BadRecord."""
    if isinstance(fields.choices, list):
        values = [value_of(record, field) for field in fields.choices]
        text, options = asked, choices_of(values, "options")
    elif fields.choices == first(fields.question):
        text, options = split_question(asked)
    else:
        name = fields.choices or ""
        text, options = asked, choices_of(value_of(record, name), name)
    number = sum(map(bool, options.values()))
    if number < 2:
        raise BadRecord("bad_choices", f"{number} choices")
    return text, options


def _listed(options: Choices) -> str:
    return "; ".join(f"{letter}. {text}" for letter, text in options.items() if text) + "."


def _bare(text: str, prompts: Sequence[str]) -> str:
    """A question without placeholders of pictures and without prompts that are not ours."""
    if "<" in text:
        text = _named(_PLACEHOLDER.sub("", text))
    for prompt in prompts:
        text = _around(prompt).sub("", text)
    return text


def _named(text: str) -> str:
    """A text that calls a picture by its number in words: "<image 2>" becomes "image 2"."""
    return _NUMBERED.sub(r"image \1", text) if "<" in text else text


@functools.cache
def _around(prompt: str) -> re.Pattern[str]:
    """A prompt at either end of a text, whatever white space its words have between them."""
    words = r"\s+".join(map(re.escape, prompt.split()))
    return re.compile(rf"^\s*{words}\s*|\s*{words}\s*$", re.IGNORECASE)


def without_prompts(questions: pa.Array, prompts: Sequence[str]) -> pa.Array:
    """A column of questions without prompts that are not ours, as `question_of` takes them."""
    for prompt in prompts:
        questions = _without_end(questions, prompt)
    return questions


def _without_end(questions: pa.Array, prompt: str) -> pa.Array:
    # Fast way: as a rule all questions end with the very same words, which are cut off, and none
    # has the first of them elsewhere. The plain way looks at each with a regular expression.
    words = " ".join(prompt.split())
    if words and pc.all(pc.ends_with(questions, words)).as_py():
        rest = pc.binary_slice(questions.cast(pa.binary()), 0, -len(words.encode()))
        rest = pc.utf8_rtrim_whitespace(rest.cast(pa.string()))
        lead = words.partition(" ")[0]
        body = body_of(rest)
        is_odd = any(sign in body for sign in _ODD_BLANKS) or not (body + lead.encode()).isascii()
        again = pc.match_substring(pc.ascii_lower(rest), lead.lower())
        if not is_odd and not pc.any(again).as_py():
            return rest
    return pa.array([_around(prompt).sub("", text) for text in questions.to_pylist()], pa.string())


def left_out(record: Mapping[str, Any], only: Where, skip: Where) -> str:
    """Which field's value leaves a record out, or nothing where it is to be read.

    only: values of which the field must have one; skip: values that it must not have; in any case.
    """
    for name, values in only.items():
        if _texts(value_of(record, name)).isdisjoint(map(str.casefold, values)):
            return name
    for name, values in skip.items():
        if not _texts(value_of(record, name)).isdisjoint(map(str.casefold, values)):
            return name
    return ""


def _texts(value: Any) -> set[str]:
    several = value if isinstance(value, list) else [value]
    return {text_of(one).casefold() for one in several if is_scalar(one)}


def without_contradictions(found: Iterable[Sample | Reject]) -> Iterator[Sample | Reject]:
    """Samples of one question each; those that ask one thing and differ in the answer are Rejects.

    One thing: the same key, pictures, type, words and options. What repeats word for word stays.
    """
    items = list(found)
    said: dict[tuple[object, ...], dict[str, None]] = {}
    for item in items:
        if isinstance(item, Sample) and (answer := _folded(item.questions[0].answer)):
            said.setdefault(_asked(item), {})[answer] = None
    # Fast way: as a rule none is contradicted, and no item needs to be looked up.
    if all(len(answers) == 1 for answers in said.values()):
        yield from items
        return
    for item in items:
        answers = said.get(_asked(item), {}) if isinstance(item, Sample) else {}
        if isinstance(item, Sample) and len(answers) > 1:
            detail = f"asked twice with different answers: {', '.join(map(repr, answers))}"
            yield Reject(item.file, item.key, item.split, "ambiguous_reference", detail[:200])
        else:
            yield item


def _asked(sample: Sample) -> tuple[object, ...]:
    question = sample.questions[0]
    paths = tuple(picture.path for picture in sample.pictures)
    return sample.key, paths, question.type, _folded(question.question), question.choices


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?")


def folded_texts(texts: pa.Array) -> pa.Array:
    """What is asked, whatever its case, its white space and the marks at its end."""
    # Fast way: printable ASCII with single blanks between words needs only small letters. The plain
    # way is to fold each distinct text.
    body = body_of(texts)
    if (
        is_printable(body)
        and b"  " not in body
        and not pc.any(pc.or_(pc.starts_with(texts, " "), pc.ends_with(texts, " "))).as_py()
    ):
        return pc.utf8_rtrim(pc.ascii_lower(texts), "?")
    encoded = texts.dictionary_encode()
    folded = pa.array(map(_folded, encoded.dictionary.to_pylist()), pa.string())
    return folded.take(encoded.indices)
