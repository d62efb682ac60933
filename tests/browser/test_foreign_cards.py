"""The cards of others in a real browser, by the cleaning alone: no sandbox, no policy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from quizapp.domain.notetypes import NoteType, Template
from quizapp.domain.templates import Rendered, render
from quizapp.formats.cards import shown
from quizapp.formats.css import foreign_css
from quizapp.formats.frames import document
from tests.vectors import VECTORS

pytestmark = pytest.mark.browser

HOME = "http://card.invalid/"
IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"></svg>'
SHEET = (
    "</style><script>x()</script>@import url(//evil.invalid/1);"
    "body{background:u\\72l(//evil.invalid/2)}p{background:image-set('//evil.invalid/3' 1x)}"
)


class Opened:
    """A page of a test's own HTML, and the addresses it asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.html = ""
        self.asked: list[str] = []
        page.route("**/*", self._answer)

    def show(self, html: str) -> None:
        self.html = html
        self.page.goto(HOME)
        self.page.wait_for_timeout(300)

    def _answer(self, route: Route) -> None:
        if route.request.url == HOME:
            script = "<script>window.x = () => { window.acted = true; }</script>"
            return route.fulfill(body=script + self.html, content_type="text/html; charset=utf-8")
        self.asked.append(route.request.url)
        return route.fulfill(body=IMAGE, content_type="image/svg+xml")


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    page = browser.new_page(viewport={"width": 640, "height": 480})
    yield Opened(page)
    page.close()


def test_a_hostile_card_acts_where_nothing_is_cleaned(opened: Opened) -> None:
    opened.show("".join(VECTORS[:6]))
    assert opened.page.evaluate("window.acted") is True


@pytest.mark.parametrize(
    "place",
    ["{}", "<b><i><table>{}", "<svg>{}", "<math><mtext>{}", '<p title="{}">a</p>', "\\({}\\)"],
)
def test_no_card_of_others_acts_or_loads(opened: Opened, place: str) -> None:
    cards = (shown(Rendered(place.format(vector), "", ("x.mp3",)), {}) for vector in VECTORS)
    opened.show(document("<hr>".join(c.question for c in cards), foreign_css(SHEET), 0))
    assert not opened.page.evaluate("window.acted")
    assert opened.asked == []


def test_shapes_stand_where_the_note_has_them_and_can_be_uncovered(opened: Opened) -> None:
    fields = ("Occlusion", "Image", "Header", "Back Extra", "Comments")
    notetype = NoteType("io", "IO", "occlusion", fields, (Template("c", "", ""),))
    shapes = (
        "{{c1::image-occlusion:rect:left=.25:top=.5:width=.5:height=.25:oi=1}}"
        "{{c2::image-occlusion:polygon:points=0,0 .5,0 .5,.5:oi=1}}"
    )
    note = {"Occlusion": shapes, "Image": "<img src=a.svg>"}
    card = shown(render(notetype, note, 0), {"a.svg": f"{HOME}a.svg"})
    opened.show(document(card.answer, "", 0))
    image = opened.page.locator("img").bounding_box()
    told = opened.page.locator(".told").bounding_box()
    assert image
    assert told
    # The box of a shape counts half of its line on each side.
    assert told["x"] + 1.5 == pytest.approx(image["x"] + 100, abs=2)
    assert told["y"] + 1.5 == pytest.approx(image["y"] + 100, abs=2)
    assert told["width"] == pytest.approx(200, abs=4)
    assert told["height"] == pytest.approx(50, abs=4)
    covered = opened.page.locator(".covered")
    box = covered.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (
        pytest.approx(200, abs=4),
        pytest.approx(100, abs=4),
    )
    opened.page.get_by_text("Show the whole image").click()
    assert covered.is_hidden()
