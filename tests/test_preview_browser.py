"""The preview in a browser: filters, search, drawings, keys, both colour schemes, no complaint."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import previews
import pytest
from PIL import Image

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (browser.BROWSER and browser.DRIVER), reason=browser.MISSING),
]
SIZE = {"width": 8, "height": 6}
SCENE = {"path": "s.tif", "x": 16, "y": 12, "width": 64, "height": 48}
HOSTILE = "<img src=x onerror=document.title=1></script><script>document.title=1</script>"


def images(*names: str) -> list[dict[str, Any]]:
    colours = [(90, 120, 70), (60, 80, 140), (150, 140, 90)]
    return [
        {"bytes": previews.picture(colour=colours[i % 3]), "path": f"ponds/{name}.png"}
        for i, name in enumerate(names)
    ]


ROWS = [
    previews.row(
        1,
        task="grounding",
        regions=[
            previews.region("pond", [1, 1, 4, 4]),
            previews.region("shed", [5, 2, 7, 5], points=[6, 2, 7, 3, 6, 5, 5, 3]),
            previews.region("reed", [2, 1, 5, 4], counts=previews.MASK),
        ],
        conversations=previews.turns("<image>\nWhere is the pond?", "At [1, 1, 4, 4], 🛰 there."),
        dialect="pixel",
    ),
    previews.row(2, conversations=previews.turns("<image>\nIs there a mill?", "no")),
    previews.row(
        3,
        task="change_caption",
        dataset="fields",
        images=images("a", "b"),
        sizes=[SIZE, SIZE],
        conversations=previews.turns("<image>\n<image>\nWhat is new?", "A road."),
    ),
    previews.row(
        4,
        task="series",
        dataset="fields",
        split="test",
        images=images("c", "d", "e"),
        sizes=[SIZE] * 3,
        times=["2019", "2020", "2021"],
    ),
    previews.row(5, task="tile", scene=SCENE),
    previews.row(6, task=HOSTILE, conversations=previews.turns("<image>\n" + HOSTILE, HOSTILE)),
]
REJECTS = [
    previews.reject(key="1#b", reason="zero_area", detail="shed 2 1 2 4 in 8 x 6"),
    previews.reject(key="9", reason="bad_value", detail=HOSTILE),
]


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browser.browser() as running:
        yield running


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = previews.write_mix(tmp_path_factory.mktemp("preview") / "out", ROWS, REJECTS)
    previews.page_of(out)
    return out / "preview" / "index.html"


@pytest.fixture
def page(driver: Any, path: Path) -> Iterator[browser.Shown]:
    """The page, whose console must be empty at the end of every test."""
    shown = browser.Shown(driver, path)
    shown.open()
    yield shown
    assert shown.complaints() == []


def item(n: int) -> str:
    return f"item={n:024x}"


def count(page: browser.Shown) -> list[str]:
    return page.texts("#count")


# Filters and search


def test_all_rows_are_there_at_first(page: browser.Shown) -> None:
    assert count(page) == ["6 of 6 shown"]
    assert len(page.all(".card")) == 6


@pytest.mark.parametrize(
    "name, value, cards",
    [("dataset", "fields", 2), ("task", "vqa", 1), ("split", "test", 1), ("label", "shed", 1)],
)
def test_a_filter_keeps_what_fits(page: browser.Shown, name: str, value: str, cards: int) -> None:
    page.click(f"#filter-{name}")
    page.click(f"#filter-{name} option[value='{value}']")
    assert count(page) == [f"{cards} of 6 shown"]
    assert len(page.all(".card")) == cards
    page.open(page.run("return location.hash.slice(1)"))
    assert count(page) == [f"{cards} of 6 shown"]


def test_filters_are_cleared_together(page: browser.Shown) -> None:
    page.open("dataset=fields&q=nowhere")
    assert (count(page), page.texts("#nothing")) == (
        ["0 of 6 shown"],
        ["Nothing fits these filters."],
    )
    page.click(".selects .plain")
    assert (count(page), page.texts("#nothing")) == (["6 of 6 shown"], [])


def test_search_looks_into_texts_and_labels(page: browser.Shown) -> None:
    page.press("/")
    page.press("mill")
    assert page.texts(".card .said") == ["no"]
    page.press("ESCAPE")
    assert count(page) == ["6 of 6 shown"]


def test_rejects_are_filtered_by_reason_and_their_fault_is_drawn(page: browser.Shown) -> None:
    page.click("#views button[data-value=rejects]")
    assert count(page) == ["2 of 2 shown"]
    page.open("view=rejects&reason=zero_area")
    assert page.texts(".card .reason") == ["zero_area"]
    assert len(page.all(".card .fault .edge")) == 1
    assert len(page.all(".card circle.edge")) == 1


# Drawings


def drawn(page: browser.Shown, kind: str) -> list[str]:
    return [path.get_attribute("d") for path in page.all(f".stage .{kind} .edge")]


def test_regions_are_drawn_from_numbers_and_from_text(page: browser.Shown) -> None:
    page.open(item(1))
    box, diamond, mask = drawn(page, "region")
    assert (box, diamond) == ("M1 1 4 1 4 4 1 4Z", "M6 2 7 3 6 5 5 3Z")
    assert sorted(mask.strip("MZ").split()) == ["1", "1", "2", "2", "4", "4", "5", "5"]
    assert drawn(page, "read") == []
    page.click(".controls button[data-value=text]")
    assert (drawn(page, "region"), drawn(page, "read")) == ([], ["M1 1 4 1 4 4 1 4Z"])
    page.click(".controls button[data-value=both]")
    assert (len(drawn(page, "region")), len(drawn(page, "read"))) == (3, 1)
    page.click(".controls button[data-value=none]")
    assert (drawn(page, "region"), drawn(page, "read")) == ([], [])


def test_labels_have_colours_of_their_own_and_light_up_their_regions(page: browser.Shown) -> None:
    page.open(item(1))
    assert page.texts(".legend button") == ["pond 1", "reed 1", "shed 1"]
    colours = [box.get_attribute("stroke") for box in page.all(".stage .region .edge")]
    assert len(set(colours)) == 3
    page.click(".legend button[data-label=shed]")
    lit = [group.get_attribute("data-label") for group in page.all(".stage g.lit")]
    assert (lit, len(page.all(".stage g.dim"))) == (["shed"], 2)


def test_a_box_in_the_chat_is_marked_and_lights_up(page: browser.Shown) -> None:
    page.open(item(1))
    assert page.texts(".turn .box") == ["[1, 1, 4, 4]"]
    assert page.texts(".turn.gpt .bubble") == ["At [1, 1, 4, 4], 🛰 there."]
    page.click(".turn .box")
    assert len(page.all(".stage g.read.lit")) == 1


def test_a_pair_has_a_slider(page: browser.Shown) -> None:
    page.open(item(3))
    assert page.texts(".stage .tag") == ["Before", "After"]
    page.run(
        "const slide = document.querySelector('.slide'); slide.value = 20;"
        "slide.dispatchEvent(new Event('input'))"
    )
    clip = page.run("return document.querySelector('.over').style.clipPath")
    assert clip == "inset(0px 0px 0px 20%)"
    page.click(".controls button[data-value=beside]")
    assert len(page.all(".twice .stage")) == 2


def test_a_series_has_a_strip(page: browser.Shown) -> None:
    page.open(item(4))
    assert page.texts(".strip button") == ["2019", "2020", "2021"]
    first = page.run("return document.querySelector('.stage image').href.baseVal")
    page.click(".strip button:nth-child(2)")
    assert page.run("return document.querySelector('.stage image').href.baseVal") != first


def test_a_picture_can_be_enlarged(page: browser.Shown) -> None:
    page.open(item(2))
    width = "return document.querySelector('.stage svg').getBoundingClientRect().width"
    before = page.run(width)
    page.click(".controls button[data-value=large]")
    assert page.run(width) > 2 * before
    page.click(".controls button[data-value=fit]")
    assert page.run(width) == before


def test_a_tile_lies_in_its_scene(page: browser.Shown) -> None:
    page.open(item(5))
    [tile] = page.all(".scene .scene-tile")
    place = [tile.get_attribute(name) for name in ("x", "y", "width", "height")]
    assert place == ["16", "12", "8", "6"]
    assert page.texts(".scene p")[0] == "at 16, 12 in a scene of 64 \u00d7 48 pixels"


# Keys


def test_arrows_go_from_row_to_row_and_escape_closes(page: browser.Shown) -> None:
    page.press("ARROW_RIGHT")
    page.press("ARROW_RIGHT")
    page.press("ENTER")
    assert page.texts("#position") == ["2 of 6"]
    page.press("ARROW_RIGHT")
    assert page.texts("#position") == ["3 of 6"]
    page.press("ARROW_LEFT")
    assert page.texts("#position") == ["2 of 6"]
    page.press("ESCAPE")
    assert page.texts("#position") == []
    assert page.run("return document.activeElement.matches('.card:nth-child(2)')")


# Hostile data


def test_hostile_text_does_nothing(page: browser.Shown) -> None:
    page.open(item(6))
    assert page.texts(".turn.gpt .bubble") == [HOSTILE]
    assert page.run("return document.title") == "ponds \u2013 preview"


# Looks


def corner(page: browser.Shown) -> tuple[int, ...]:
    """The colour of the page's ground."""
    shot = Image.open(io.BytesIO(page.driver.get_screenshot_as_png())).convert("RGB")
    pixel = shot.getpixel((3, 3))
    assert isinstance(pixel, tuple)
    return pixel


def test_the_page_is_light_or_dark_as_the_system_is_until_it_is_switched(
    page: browser.Shown,
) -> None:
    assert corner(page) == (246, 247, 245)
    page.open(dark=True)
    assert corner(page) == (16, 20, 19)
    page.click("#theme")
    assert corner(page) == (246, 247, 245)


@pytest.mark.parametrize("state", ["", item(1), item(3), item(4), "view=rejects&item=0"])
def test_nothing_is_wider_than_a_phone(page: browser.Shown, state: str) -> None:
    page.open(state, width=390, height=844)
    assert page.run("return document.documentElement.scrollWidth") == 390


def test_on_a_phone_filters_are_folded(page: browser.Shown) -> None:
    page.open(width=390, height=844)
    assert page.texts("#selects select") == []
    page.click("#filters summary")
    assert len(page.all("#selects select")) == 4
