"""Expressions whose region is a mask picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import DATA, convert, dataset, read
from PIL import Image

from converters.catalogue import entry_of
from converters.read.headers import PictureError
from converters.read.mask_pictures import marked
from schemas.sample import Mask

LISTS = read(entry_of("rrsis_refsegrs"), DATA / "text_mask/rrsis_refsegrs")
FILES = read(entry_of("earthreason"), DATA / "text_mask/earthreason")
LINES = read(entry_of("refgeo_mask"), DATA / "text_mask/refgeo_mask")


def test_a_phrase_has_the_mask_of_its_picture() -> None:
    first, second, third, nothing = LISTS.samples
    assert [said.text for said in first.expressions] == ["the road along the river"]
    assert first.expressions[0].regions == ("mask",)
    # Down the columns of 6 x 4 pixels: (1, 0), (1, 1), then (2, 1).
    assert first.regions[0].shape == Mask(6, 4, (4, 2, 3, 1, 14))
    assert (second.key, second.expressions[0].text) == ("7", "road")
    assert third.regions[0].shape == Mask(6, 4, (24,))
    assert nothing.expressions == ()


def test_a_phrase_without_words_or_mask_is_rejected() -> None:
    assert [(reject.key, reject.reason) for reject in LISTS.rejects] == [
        ("9", "missing_image"),
        ("7#phrase", "missing_field"),
    ]


def test_a_mask_without_a_marked_pixel_is_a_fault_of_its_expression() -> None:
    result = convert(
        dataset(
            entry_of("rrsis_refsegrs"),
            ["refer"],
            DATA / "text_mask/rrsis_refsegrs",
            fallback="pixel",
        )
    )
    assert result.book["test"]["items"]["expression"] == {
        "read": 5,
        "used": 2,
        "rejected": {"zero_area": 1, "missing_image": 1, "missing_field": 1},
        "filtered": {},
    }


def test_all_questions_of_a_file_mean_its_mask() -> None:
    first = FILES.samples[0]
    assert [(said.key, said.text, said.regions) for said in first.expressions] == [
        ("questions[0]", "Where can planes land?", ("mask",)),
        ("questions[1]", "Which strip is long and flat?", ("mask",)),
    ]
    assert first.regions[0].shape == Mask(6, 4, (3, 1, 19, 1))
    assert first.pictures[0].path == "val/images/a_1.jpg"


def test_an_empty_answer_means_that_there_is_no_target() -> None:
    second = FILES.samples[1]
    assert (second.regions, [said.regions for said in second.expressions]) == ((), [()])


def test_a_broken_file_and_an_empty_question_are_rejected() -> None:
    assert [(reject.file, reject.key, reject.reason) for reject in FILES.rejects] == [
        ("val/QAs/a_1.json", "a_1#questions[2]", "missing_field"),
        ("val/QAs/a_3.json", "a_3", "unreadable_record"),
    ]


def test_a_mask_may_be_named_by_fields_of_the_record() -> None:
    assert [sample.regions[0].shape for sample in LINES.samples] == [Mask(6, 4, (0, 1, 23))]
    assert [(reject.key, reject.reason) for reject in LINES.rejects] == [("4", "missing_field")]


def test_transparency_is_no_mark(tmp_path: Path) -> None:
    Image.new("RGBA", (3, 2), (0, 0, 0, 255)).save(tmp_path / "a.png")
    assert not marked(str(tmp_path / "a.png")).any()


def test_only_values_from_the_least_on_are_marked(tmp_path: Path) -> None:
    image = Image.new("L", (2, 1), 100)
    image.putpixel((1, 0), 128)
    image.save(tmp_path / "a.png")
    assert marked(str(tmp_path / "a.png"), 128).tolist() == [[False, True]]


def test_a_cut_off_mask_is_a_fault(tmp_path: Path) -> None:
    Image.effect_noise((40, 40), 80).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PictureError) as fault:
        marked(str(tmp_path / "b.png"))
    assert fault.value.args[0] == "truncated_image"
