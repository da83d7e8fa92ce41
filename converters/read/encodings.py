"""The encodings that annotation files come in.

Most are UTF-8, with or without a byte order mark. Some are UTF-16 with one, and older sets hold
Chinese in GB2312 or GBK without saying so. What is none of these stays an error: a guess would
put wrong words into a caption or a class.
"""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, ParseError, XMLParser

from defusedxml.ElementTree import fromstring

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
# Encodings that an XML file may declare and that expat cannot read itself.
_WIDE = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
}
# What is damaged in UTF-16 becomes a lone surrogate, which no decoder of JSON takes.
_UNSOUND = "earthmix.unsound"
_HIGH_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")


def _unsound(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_UNSOUND, _unsound)


def text_of(data: bytes) -> str:
    """A file's text, without a byte order mark.

    Raises UnicodeDecodeError where it is neither UTF-8, UTF-16 with a mark, nor Chinese in GBK.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        chinese = _chinese(data)
        if chinese is None:
            raise
        return chinese


def utf8_of(data: bytes, is_head: bool = False) -> bytes:
    """The same as `text_of`, as UTF-8; a file that begins like UTF-8 is passed as it is.

    For JSON, where bytes that are no UTF-8 shall cost one record and not the file. is_head: the
    bytes are a file's first, so that a character may be cut in two.
    """
    for mark, encoding in _MARKS[1:]:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "ignore" if is_head else _UNSOUND)
            return text.encode("utf-8", "surrogatepass")
    return data.removeprefix(codecs.BOM_UTF8)


def is_wide(data: bytes) -> bool:
    """True for the beginning of a file in UTF-16 that says so by its mark."""
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def xml_of(data: bytes) -> Element:
    """The root of an XML file in the encoding that it declares; entities are not expanded.

    Tags come without their namespaces: what a file is in does not change what its tags say.

    Raises ParseError, DefusedXmlException, or ValueError and LookupError for its encoding.
    """
    root = _parsed(data)
    if b"xmlns" in data.replace(b"\0", b""):  # in UTF-16 too; few files have any
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
    return root


def _parsed(data: bytes) -> Element:
    declared = _DECLARED.match(data[:200])
    name = declared[1].decode().lower() if declared else ""
    if is_wide(data):  # whatever is declared: the file was saved anew, and its first line was not
        return fromstring(text_of(data).lstrip())
    if data[:1].isspace() and data.lstrip().startswith(b"<?xml"):
        data = data.lstrip()  # blank lines before the declaration, which no parser takes
    if name in _WIDE:
        return fromstring(data.decode(_WIDE[name]))
    if name not in ("", "utf-8") and _is_misnamed(name, data):
        return fromstring(data.decode("utf-8"))
    if name in ("", "utf-8"):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            if (chinese := _chinese(data)) is not None:
                return fromstring(chinese)
        else:
            # Fast way: in UTF-8 without `<!` there is no document type, so nothing can declare an
            # entity, and Python's parser in C, which takes a third of the time, is as safe as the
            # plain way, defusedxml's in Python. (UTF-16 without a mark has zero bytes.)
            if b"<!" not in data and b"\0" not in data:
                return _quickly_parsed(data)
    return fromstring(data)


def _is_misnamed(name: str, data: bytes) -> bool:
    """True for UTF-8 that declares no known encoding, UTF-16, or its own in another spelling.

    Programs that make their XML as a text in memory declare what that is in, not the file.
    """
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if (known and not known.startswith(("utf-8", "utf-16"))) or b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _quickly_parsed(data: bytes) -> Element:
    parser = XMLParser()
    try:
        parser.feed(data)
        return parser.close()
    except ParseError:
        return fromstring(data)  # which says what is wrong


def _chinese(data: bytes) -> str | None:
    """Text in GB2312 or GBK, or None where the bytes do not look like it.

    In GB2312 both bytes of a character are high, which text in Latin-1 hardly ever has: most
    characters have to be of that kind, and all of them Chinese signs or punctuation.
    """
    try:
        text = data.decode("gbk")
    except UnicodeDecodeError:
        return None
    wide = [character for character in text if character > "\x7f"]
    if len(_HIGH_PAIR.findall(data)) * 2 <= len(wide):
        return None
    chinese = all(
        "\u4e00" <= sign <= "\u9fff" or "\u3000" <= sign <= "\u303f" or "\uff00" <= sign <= "\uffef"
        for sign in wide
    )
    return text if chinese else None
