"""The kit for readers: records of text and XML, and pictures of records, or Rejects."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import msgspec
import pytest
from defusedxml import EntitiesForbidden
from native_records import folder

from converters.read.encodings import text_of, utf8_of, xml_of
from converters.read.files import SourceError
from converters.read.folder import Span, open_folder
from converters.read.picture_paths import PicturePaths
from converters.read.picture_patterns import picture_patterns
from converters.read.records import (
    record_pictures,
    text_lines,
    text_records,
    xml_records,
)
from schemas.sample import Picture, Reject

# Text and XML


def test_a_text_that_cannot_be_read_costs_its_file(tmp_path: Path) -> None:
    place = folder(tmp_path, a_txt="one\n\n two ", b_txt=b"\xe4 b", c_txt=b"")
    span = Span("s", "val", 0, ("a.txt", "b.txt", "c.txt", "d.txt"))
    found = dict(text_records(place, span))
    assert found == {
        "a.txt": "one\n\n two ",
        "b.txt": Reject(
            "b.txt",
            "",
            "val",
            "unreadable_file",
            "'utf-8' codec can't decode byte 0xe4 in position 0: invalid continuation byte",
        ),
        "c.txt": "",
        "d.txt": Reject("d.txt", "", "val", "unreadable_file", "the file is not there"),
    }


def test_a_damaged_character_of_utf_16_is_no_text_for_a_decoder_of_json() -> None:
    whole = '[{"a": "x"}, {"a": "yy"}, {"a": "z"}]'.encode("utf-16-le")
    at = whole.index("y".encode("utf-16-le"))
    damaged = codecs.BOM_UTF16_LE + whole[:at] + b"\x00\xd8" + whole[at + 2 :]
    decoded = utf8_of(damaged)
    assert decoded.count(b"\xed\xb3\xbf") == 1
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(decoded)


def test_lines_keep_their_numbers() -> None:
    assert list(text_lines("one\n\n two ")) == [(1, "one"), (3, " two ")]


@pytest.mark.parametrize(
    "data, text",
    [
        (b"\xef\xbb\xbfa", "a"),
        ("ä机".encode(), "ä机"),
        ("ä机".encode("utf-16"), "ä机"),
        (b"\xfe\xff" + "ä机".encode("utf-16-be"), "ä机"),
        ("12 34 飞机 0".encode("gb2312"), "12 34 飞机 0"),
        ("机场\uff0c港口".encode("gbk"), "机场\uff0c港口"),
        (b"", ""),
    ],
)
def test_an_encoding_is_found(data: bytes, text: str) -> None:
    assert text_of(data) == text


@pytest.mark.parametrize(
    "data", ["Flüsse".encode("latin-1"), "Äöl Süß".encode("cp1252"), b"\xff", b"a\x80"]
)
def test_what_is_no_known_encoding_is_not_guessed(data: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        text_of(data)


@pytest.mark.parametrize(
    "data",
    [
        '<?xml version="1.0" encoding="GB2312"?><a>机场</a>'.encode("gb2312"),
        '<?xml version="1.0" encoding="gbk"?><a>机场</a>'.encode("gbk"),
        '<?xml version="1.0" encoding="utf-8"?><a>机场</a>'.encode("gbk"),
        '<?xml version="1.0" encoding="UTF-16"?><a>机场</a>'.encode("utf-16"),
        '<?xml version="1.0"?><a>机场</a>'.encode(),
        "\ufeff<a>机场</a>".encode(),
    ],
)
def test_xml_is_read_in_its_encoding(data: bytes) -> None:
    assert xml_of(data).text == "机场"


def test_xml_in_a_single_byte_encoding_is_read_as_declared() -> None:
    data = '<?xml version="1.0" encoding="ISO-8859-1"?><a>Flüsse</a>'.encode("latin-1")
    assert xml_of(data).text == "Flüsse"


@pytest.mark.parametrize("encoding", ["utf-16", "UTF-16LE", "unicode", "UTF_8"])
def test_utf_8_that_declares_what_it_cannot_be_is_read_as_what_it_is(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert xml_of(f"{declared}<a>Flüsse</a>".encode()).text == "Flüsse"


@pytest.mark.parametrize("data", ["é".encode("latin-1"), "a".encode("utf-16-le")])
def test_what_is_no_utf_8_is_not_read_as_such_whatever_it_declares(data: bytes) -> None:
    with pytest.raises((ParseError, LookupError, ValueError)):
        xml_of(b'<?xml version="1.0" encoding="unicode"?><a>' + data + b"</a>")


def test_blank_lines_before_the_declaration_of_xml_do_not_count() -> None:
    assert xml_of(b'\n \r\n<?xml version="1.0" encoding="gbk"?><a>\xbb\xfa</a>').text == "机"
    assert xml_of(b'\n<?xml version="1.0"?><a>b</a>').text == "b"


def test_xml_that_cannot_be_read_costs_its_file(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    place = folder(tmp_path, a_xml="<a/>", b_xml=bomb, c_xml="<a>")
    span = Span("s", "val", 0, ("a.xml", "b.xml", "c.xml"))
    found = [record for _, record in xml_records(place, span)]
    assert [isinstance(record, Element) or record.reason for record in found] == [
        True,
        "unreadable_file",
        "unreadable_file",
    ]


def test_an_xml_file_that_is_not_there_costs_itself_alone(tmp_path: Path) -> None:
    place, span = folder(tmp_path, b_xml="<b/>"), Span("s", "val", 0, ("a.xml", "b.xml"))
    [(_, gone), (name, read)] = xml_records(place, span)
    assert gone == Reject("a.xml", "", "val", "unreadable_file", "the file is not there")
    assert (Path(name).name, isinstance(read, Element)) == ("b.xml", True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp037"])
def test_no_encoding_hides_an_entity(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>'
    data = {"utf-8": declared + bomb.encode(), "cp037": declared + bomb.encode("cp037")}
    with pytest.raises((EntitiesForbidden, ParseError)):
        xml_of(data.get(encoding) or bomb.encode(encoding))


def test_comments_and_marked_signs_of_xml_are_read_as_elsewhere() -> None:
    root = xml_of(b"<a><!-- b --><c d='1'>x &amp; y<![CDATA[<z>]]></c><?pi q?></a>")
    assert [(one.tag, one.text, one.attrib) for one in root] == [("c", "x & y<z>", {"d": "1"})]
    assert xml_of(b"<a><c d='1'>x &amp; y</c><?pi q?></a>")[0].text == "x & y"


# Pictures


def test_a_picture_that_leaves_the_folder_costs_its_record(tmp_path: Path) -> None:
    paths = PicturePaths(folder(tmp_path, a_txt=""), "images/{image}")
    good, bad = (
        record_pictures([(paths, {"image": image})], "a.txt", "7", "val", 3)
        for image in ("a.png", "../../a.png")
    )
    assert (good, bad) == (
        (Picture("images/a.png"),),
        Reject("a.txt", "7", "val", "bad_value", "'images/../../a.png' leaves its folder", 3),
    )


@pytest.mark.parametrize(
    "template, message",
    [
        ({"val": "{image}"}, "the entry's `images` has no pattern for split 'train'"),
        ("{stem}.png", "'{stem}.png' needs 'stem'; a record gives: image, split"),
    ],
)
def test_a_template_that_does_not_fit_is_named(tmp_path: Path, template: Any, message: str) -> None:
    paths = PicturePaths(folder(tmp_path, a_txt=""), template)
    with pytest.raises(SourceError) as error:
        paths.path({"image": "a.png", "split": "train"})
    assert str(error.value) == message


@pytest.mark.parametrize(
    "images, patterns",
    [
        ("a/{id}.png", ("a/{id}.png",)),
        (["A/{id}.png", "B/{id}.png"], ("A/{id}.png", "B/{id}.png")),
        ({"train": "t/{id}.png", "val": "v/{id}.png"}, ("t/{id}.png", "v/{id}.png")),
    ],
)
def test_a_plan_has_one_pattern_for_each_picture(images: Any, patterns: tuple[str, ...]) -> None:
    assert picture_patterns(images) == patterns


def test_a_file_that_links_to_itself_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").symlink_to("b.txt")
    folder = open_folder("ponds", "ponds", str(tmp_path))
    span = Span("ponds", "train", 0, ("a.txt", "b.txt"))
    good, bad = text_records(folder, span)
    assert good == ("a.txt", "one")
    assert bad[1] == Reject(
        "b.txt", "", "train", "unreadable_file", "Too many levels of symbolic links"
    )
