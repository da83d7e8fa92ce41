"""Records of a picture with captions, questions and objects: what is read from tests/data."""

from __future__ import annotations

from native import DATA, convert, dataset, read, words

from converters.catalogue import catalogue
from schemas.sample import Box, Caption, Expression, Picture, Quad, Question, Region, Reject

PLACE = DATA / "picture_json"
VRSBENCH = read(catalogue()["vrsbench"], PLACE / "vrsbench", ["train"])
RSIEVAL = read(catalogue()["rsieval"], PLACE / "rsieval")
LHRS = read(catalogue()["lhrs_bench"], PLACE / "lhrs_bench")
EARTHVQA = read(catalogue()["earthvqa"], PLACE / "earthvqa")


def test_objects_are_pixels_of_the_frame_corners_before_the_box() -> None:
    assert VRSBENCH.samples[0].regions == (
        Region(
            "0",
            "airplane",
            Quad((128.0, 256.0, 256.0, 256.0, 256.0, 384.0, 128.0, 384.0)),
            attributes={"obj_position": "bottom-left", "obj_size": "largeest"},
        ),
        Region("1", "airplane", Box(256.0, 0.0, 384.0, 128.0)),
    )


def test_a_sentence_of_an_object_picks_that_object_out() -> None:
    assert VRSBENCH.samples[0].expressions == (
        Expression("objects[0]", "The airplane at the bottom left.", ("0",)),
    )


def test_captions_and_questions_stand_beside_the_objects() -> None:
    first = VRSBENCH.samples[0]
    assert first.captions == (Caption("caption", "An airport apron with two airplanes."),)
    assert first.questions == (
        Question(
            "00002_0000.png#qa_pairs[0]", "How many airplanes are there?", "2", "object quantity"
        ),
        Question("00002_0000.png#qa_pairs[1]", "Is there a harbor", "No", "object existence"),
    )


def test_a_file_that_is_only_nearly_json_is_read() -> None:
    second = VRSBENCH.samples[1]
    assert second.captions == (Caption("caption", "A car park. Trees stand around it."),)
    assert second.questions[0].answer == "A car park"


def test_pictures_lie_in_the_folder_of_their_split_and_have_the_frames_size() -> None:
    found = read(catalogue()["vrsbench"], PLACE / "vrsbench").samples
    assert {sample.split: sample.pictures for sample in found if "00" in sample.key[:2]} == {
        "train": (Picture("Images_train/00002_0000.png", 512, 512),),
        "val": (Picture("Images_val/00011_0000.png", 512, 512),),
    }


def test_parts_of_a_record_that_cannot_be_used_are_rejected_one_by_one() -> None:
    file = "Annotations_train/00002_0000.json"
    key = "00002_0000.png"
    numbers = "no 8 numbers: [0.1, 0.1, 0.2]"
    assert VRSBENCH.rejects[:4] == [
        Reject(
            file, f"{key}#qa_pairs[2]", "train", "missing_field", "no question", kind="question"
        ),
        Reject(file, f"{key}#objects[2]", "train", "bad_box", numbers, kind="region"),
        Reject(file, f"{key}#objects[2]", "train", "bad_box", numbers, kind="expression"),
        Reject(file, f"{key}#objects[3]", "train", "missing_field", "no obj_cls", kind="region"),
    ]
    assert VRSBENCH.samples[0].unplaced == ("vehicle",)


def test_a_file_that_is_cut_off_is_one_reject() -> None:
    assert [(one.file, one.key, one.reason) for one in VRSBENCH.rejects[4:]] == [
        ("Annotations_train/P0004_0001.json", "P0004_0001", "unreadable_file")
    ]


def test_files_that_are_no_annotations_are_noted() -> None:
    assert VRSBENCH.notes == [
        "1 file(s) are no annotations, such as Annotations_train/00002_0000_input.json"
    ]


def test_an_expression_becomes_a_row_with_its_region() -> None:
    made = convert(dataset(catalogue()["vrsbench"], ["refer"], PLACE / "vrsbench"))
    assert [words(row)[1] for row in made.rows] == ["{<25><50><50><75>|<0>}"]


def test_a_list_below_a_key_gives_caption_and_questions_of_each_picture() -> None:
    [sample] = RSIEVAL.samples
    assert sample.pictures == (Picture("dataset/RSIEval/images/P1384_0054.png"),)
    assert sample.captions == (Caption("caption", "A harbor with four ships."),)
    assert [(one.question, one.answer, one.type) for one in sample.questions] == [
        ("Is there a ship", "Yes.", "presence"),
        ("How many ships are there?", "Ten.", "quantity"),
    ]


def test_records_below_a_key_that_cannot_be_used_are_rejected() -> None:
    assert [(one.key, one.reason) for one in RSIEVAL.rejects] == [
        ("P1384_0054.png#qa_pairs[2]", "missing_field"),
        ("annotations[1]", "missing_field"),
        ("../P1385_0001.png", "bad_value"),
    ]


def test_options_in_one_text_are_taken_apart() -> None:
    [sample] = LHRS.samples
    assert [(one.answer, one.choices, one.type) for one in sample.questions] == [
        ("Farm", ("Factory", "Park", "Farm", "Forest"), "1, 10"),
        ("Yes", ("Yes", "No"), "1"),
    ]
    assert [(one.key, one.reason, one.detail) for one in LHRS.rejects] == [
        ("12.png#qa_pairs[2]", "bad_choices", "'E.' is none of ['Yes', 'No']"),
        ("12.png#qa_pairs[3]", "bad_choices", "no options in choices: 'Yes'"),
    ]


def test_an_object_keyed_by_pictures_holds_their_questions() -> None:
    by_split = {one.split: one for one in EARTHVQA.samples}
    assert by_split["train"].pictures == (Picture("Train/images_png/2522.png"),)
    assert [(one.question, one.answer, one.type) for one in by_split["train"].questions] == [
        ("Are there any buildings?", "Yes", "Basic Judging"),
        ("How many playgrounds are there?", "3", "Basic Counting"),
    ]
    assert [(one.key, one.reason) for one in EARTHVQA.rejects] == [
        ("2522.png#questions[2]", "unreadable_record"),
        ("2523.png", "unreadable_record"),
    ]


def test_an_empty_answer_is_held_out() -> None:
    made = convert(dataset(catalogue()["earthvqa"], ["vqa"], PLACE / "earthvqa", splits=["test"]))
    assert made.book["test"]["items"]["question"]["filtered"] == {"no_answer": 1}
