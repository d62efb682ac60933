"""Studying in a real browser with the keyboard."""

import json
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.studying import grade, show_answer, study
from tests.running import RunningApp

pytestmark = pytest.mark.browser


def rows(app: RunningApp, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(app.data / "quizapp.db") as database:
        return database.execute(query).fetchall()


def test_twenty_cards_by_keyboard_survive_kill_9(page: Page, served: RunningApp) -> None:
    page.goto("/")
    page.keyboard.press("s")
    page.wait_for_url("**/study/all")
    study(page, 12)
    before = rows(served, "SELECT card_id, version, rating, at FROM review ORDER BY id")
    assert len(before) == 12
    served.kill()
    show_answer(page)
    page.keyboard.press("3")
    expect(page.get_by_role("alert")).to_contain_text("it is counted once")
    served.start()
    assert rows(served, "SELECT card_id, version, rating, at FROM review ORDER BY id") == before
    grade(page)
    study(page, 7)
    after = rows(served, "SELECT card_id, version FROM review")
    assert len(after) == 20
    assert len(set(after)) == 20
    assert rows(served, "SELECT sum(reps) FROM memory") == [(20,)]
    assert rows(served, "PRAGMA integrity_check") == [("ok",)]


def test_undo_returns_to_the_answer(page: Page) -> None:
    page.goto("/study/all")
    question = page.locator(".question").inner_text()
    study(page, 1)
    assert page.locator(".question").inner_text() != question
    page.keyboard.press("u")
    expect(page.locator("#notice")).to_contain_text("Undone: Good")
    expect(page.locator(".question")).to_have_text(question)
    expect(page.locator("#study-card[data-revealed]")).to_be_visible()
    grade(page, "1")


def test_a_grade_key_on_the_question_shows_the_answer_first(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    page.keyboard.press("4")
    expect(page.locator("[data-answer]")).to_be_visible()
    assert rows(served, "SELECT count(*) FROM review") == [(0,)]


def test_the_answer_does_not_move_the_question(page: Page) -> None:
    for width, height in ((390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/study/all")
        before = page.locator(".question").bounding_box()
        page.keyboard.press("Space")
        expect(page.locator("[data-answer]")).to_be_visible()
        assert page.locator(".question").bounding_box() == before


def test_the_options_stay_where_they_are_when_the_answer_opens(
    page: Page, served: RunningApp
) -> None:
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        _go_to_kind(page, served, "choice")
        options = page.locator(".option")
        before = [option.bounding_box() for option in options.all()]
        show_answer(page)
        assert [option.bounding_box() for option in options.all()] == before
        expect(page.locator(".mark.best:visible")).to_have_count(1)


def test_focus_goes_to_each_new_card_and_is_announced(page: Page) -> None:
    page.goto("/study/all")
    expect(page.locator(".question")).to_be_focused()
    said = page.locator("#announcer")
    question = page.locator(".question").inner_text()
    expect(said).to_have_text(f"Question, new. {question}")
    page.keyboard.press("Space")
    expect(page.locator("[data-answer]")).to_be_focused()
    answer = page.locator("[data-answer] > .prose").inner_text()
    expect(said).to_have_text(f"Answer. {answer}")
    grade(page)
    expect(page.locator(".question")).to_be_focused()
    expect(said).to_contain_text(page.locator(".question").inner_text())


def test_choosing_shows_reasons_with_the_chosen_lure_first(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "choice")
    lure = page.locator(".option:not([data-right])").first
    text = lure.locator(".text").inner_text()
    letter = lure.locator(".letter").inner_text()
    page.keyboard.press(letter.lower())
    page.keyboard.press("9")
    page.keyboard.press("Enter")
    reasons = page.locator("[data-why] li")
    expect(reasons).to_have_count(4)
    expect(reasons.first).to_contain_text(text)
    expect(reasons.nth(1)).to_have_attribute("data-best", "")
    expect(page.locator(".verdict.wrong")).to_be_visible()
    expect(lure.get_by_text("✗ Your choice")).to_be_visible()
    expect(page.locator(".option[data-right]").get_by_text("✓ Best answer")).to_be_visible()
    expect(page.locator(".mark:visible")).to_have_count(2)
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "1")


def test_the_choice_is_kept_with_the_review(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "choice")
    right = page.locator(".option[data-right]")
    page.keyboard.press(right.locator(".letter").inner_text().lower())
    page.keyboard.press("7")
    page.keyboard.press("Enter")
    # A lucky guess is not knowledge.
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "1")
    grade(page, "1")
    ((answer,),) = rows(served, "SELECT answer FROM review WHERE answer IS NOT NULL")
    assert json.loads(answer)["right"]
    assert json.loads(answer)["confidence"] == "guess"


def test_an_option_can_be_struck_out(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "choice")
    page.keyboard.press("x")
    page.keyboard.press("b")
    expect(page.locator(".option.struck .letter")).to_have_text("B")
    page.keyboard.press("x")
    page.keyboard.press("b")
    expect(page.locator(".option.struck")).to_have_count(0)


def test_a_typed_answer_shows_the_difference(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "typed")
    page.keyboard.type("mtx")
    page.keyboard.press("Enter")
    expect(page.locator(".comparison del")).to_have_text("x")
    expect(page.locator(".comparison ins")).to_have_text("D")


def test_keys_type_in_a_field_and_do_nothing_else(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "typed")
    page.keyboard.type("u1-@!e")
    expect(page.locator("[name=typed]")).to_have_value("u1-@!e")
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -1") == [(0,)]


def test_flags_marks_burying_and_suspending_by_key(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    page.keyboard.press("f")
    page.keyboard.press("3")
    expect(page.locator(".crumbs .flag-3")).to_be_visible()
    page.keyboard.press("*")
    expect(page.get_by_text("★ marked")).to_be_visible()
    page.keyboard.press("Alt+2")
    expect(page.locator(".crumbs .flag-2")).to_be_visible()
    grade(page, "-")
    grade(page, "@")
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -2") == [(1,)]
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -1") == [(1,)]
    grade(page, "Control+z")
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -1") == [(0,)]


def test_escape_leaves_a_typed_answer_so_that_keys_work(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "typed")
    page.keyboard.type("mt")
    page.keyboard.press("Escape")
    expect(page.locator(".question")).to_be_focused()
    grade(page, "@")
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -1") == [(1,)]
    page.keyboard.press("u")
    expect(page.locator("#notice")).to_contain_text("Undone")


@pytest.mark.parametrize(
    ("event", "suspends"),
    [
        ({"key": "@", "code": "Digit2", "shiftKey": True}, True),
        ({"key": "@", "code": "KeyL", "altKey": True}, True),
        ({"key": "@", "code": "KeyQ", "ctrlKey": True, "altKey": True}, True),
        (
            {"key": "@", "code": "Digit2", "ctrlKey": True, "altKey": True}
            | {"modifierAltGraph": True},
            True,
        ),
        ({"key": "@", "code": "Digit2", "ctrlKey": True}, False),
        ({"key": "@", "code": "Digit2", "metaKey": True}, False),
    ],
)
def test_a_sign_counts_however_the_keyboard_makes_it(
    page: Page, served: RunningApp, event: dict[str, object], suspends: bool
) -> None:
    page.goto("/study/all")
    _dispatch(page, event)
    page.wait_for_timeout(150)
    assert rows(served, "SELECT count(*) FROM memory WHERE queue = -1") == [(int(suspends),)]


def test_redo_does_not_undo(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    study(page, 1)
    page.keyboard.press("Control+Shift+Z")
    _dispatch(page, {"key": "z", "code": "KeyZ", "metaKey": True, "shiftKey": True})
    page.wait_for_timeout(150)
    assert rows(served, "SELECT count(*) FROM review") == [(1,)]


def test_an_alt_digit_flags_whatever_sign_the_keyboard_makes_of_it(page: Page) -> None:
    page.goto("/study/all")
    _dispatch(page, {"key": "¡", "code": "Digit1", "altKey": True})
    expect(page.locator(".crumbs .flag-1")).to_be_visible()


def test_letters_say_how_sure_one_is(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "choice")
    for key, value in (("g", "guess"), ("s", "sure"), ("8", "unsure")):
        page.keyboard.press(key)
        expect(page.locator("[name=confidence]:checked")).to_have_value(value)


def test_the_verdict_stands_beside_the_grades_and_the_answer_comes_into_view(
    page: Page, served: RunningApp
) -> None:
    for height, moves in ((600, True), (1400, False)):
        page.set_viewport_size({"width": 390, "height": height})
        _go_to_kind(page, served, "choice")
        key = page.locator(".option[data-right] .letter").inner_text().lower()
        expect(page.locator(".outcome:visible")).to_have_count(0)
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        expect(page.locator(".outcome:visible")).to_have_text("✓ Right", use_inner_text=True)
        verdict = page.locator(".verdict.right").bounding_box()
        bar = page.locator(".actions").bounding_box()
        assert verdict and bar
        assert verdict["y"] >= 0 and verdict["y"] + verdict["height"] <= bar["y"]
        assert (page.evaluate("scrollY") > 0) is moves


def test_a_long_label_is_short_on_a_phone_and_whole_for_screen_readers(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/study/all")
    show_answer(page)
    expect(page.get_by_role("button", name="Hard, got it")).to_be_visible()
    heights = page.locator(".grade .label").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(set(heights)) == 1


def test_the_key_list_opens_and_closes(page: Page) -> None:
    page.goto("/study/all")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).not_to_be_visible()


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.goto("/settings")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.locator(".button kbd", has_text="Ctrl+Enter")).to_be_visible()
    page.goto("/study/all")
    page.keyboard.press("1")
    page.keyboard.press("e")
    expect(page.locator("[data-answer]")).not_to_be_visible()
    expect(page.locator(".ask kbd")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("[data-answer]")).to_be_visible()
    page.locator("[data-menu] summary").click()
    expect(page.locator("kbd:visible")).to_have_count(0)
    titles = page.locator("[title]").evaluate_all("all => all.map(one => one.title)")
    assert "Undo" in titles and not [title for title in titles if "(" in title]


def test_editing_in_place_returns_to_the_answer(page: Page) -> None:
    page.goto("/study/all")
    page.keyboard.press("Space")
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Answer").fill("Four words of *mine*")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-answer] em")).to_have_text("mine")


def test_leaving_an_answered_question_brings_one_back_to_ones_choice(
    page: Page, served: RunningApp
) -> None:
    _go_to_kind(page, served, "choice")
    lure = page.locator(".option:not([data-right])").first.locator(".letter").inner_text()
    page.keyboard.press(lure.lower())
    page.keyboard.press("Enter")
    page.keyboard.press("i")
    page.get_by_role("link", name="← Back to studying").click()
    expect(page.locator(".verdict.wrong").first).to_be_visible()
    expect(page.locator("[data-proposed]")).to_have_attribute("value", "1")


def test_a_flag_keeps_the_choice_on_the_screen(page: Page, served: RunningApp) -> None:
    _go_to_kind(page, served, "choice")
    lure = page.locator(".option:not([data-right])").first.locator(".letter").inner_text()
    page.keyboard.press(lure.lower())
    page.keyboard.press("f")
    page.keyboard.press("2")
    expect(page.locator(".crumbs .flag-2")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("*")
    expect(page.get_by_text("★ marked")).to_be_visible()
    expect(page.locator(".verdict.wrong").first).to_be_visible()
    grade(page, "1")
    ((answer,),) = rows(served, "SELECT answer FROM review WHERE answer IS NOT NULL")
    assert not json.loads(answer)["right"]


def test_a_double_press_counts_once(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    page.keyboard.press("Space")
    page.evaluate("document.querySelector('#study-stage > section').dataset.old = 1")
    page.evaluate(
        "for (const i of [1, 2, 3]) document.querySelector('[data-grades] [value=\"3\"]').click()"
    )
    page.wait_for_selector("#study-stage > section:not([data-old])")
    page.wait_for_timeout(200)
    assert rows(served, "SELECT count(*) FROM review") == [(1,)]


def test_a_slow_request_is_seen_and_nothing_else_can_be_pressed(
    page: Page, served: RunningApp
) -> None:
    waiting: list[Route] = []
    others: list[str] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/reviews", hold)
    page.on("request", lambda asked: others.append(asked.url) if "reviews" not in asked.url else 0)
    page.goto("/study/all")
    question = page.locator(".question").inner_text()
    show_answer(page)
    others.clear()
    page.keyboard.press("3")
    stage = page.locator("#study-stage")
    expect(stage).to_have_attribute("aria-busy", "true")
    expect(page.locator(".grades.htmx-request [data-pressed]")).to_have_attribute("value", "3")
    shown = "getComputedStyle(document.getElementById('study-stage'), '::before').visibility"
    page.wait_for_timeout(500)
    assert page.evaluate(shown) == "visible"
    for key in ("u", "4", "e", "*", "-", "@", "Space", "Control+z"):
        page.keyboard.press(key)
    page.locator("button.grade-1").click()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_timeout(200)
    assert (len(waiting), others) == (1, [])
    waiting[0].continue_()
    expect(page.locator(".question")).not_to_have_text(question)
    expect(stage).not_to_have_attribute("aria-busy", "true")
    assert page.evaluate(f"{shown.removesuffix('visibility')}content") == "none"
    page.keyboard.press("u")
    expect(page.locator("#notice")).to_contain_text("Undone: Good")
    assert rows(served, "SELECT count(*) FROM review") == [(0,)]


def test_a_request_without_an_answer_ends_in_a_sentence(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    assert page.evaluate("htmx.config.timeout") == 15_000
    page.evaluate("htmx.config.timeout = 200")
    page.route("**/reviews", lambda route: None)
    show_answer(page)
    page.keyboard.press("3")
    expect(page.get_by_role("alert")).to_have_text(
        "The server did not answer. Press the key again; it is counted once."
    )
    expect(page.locator("[data-pressed]")).to_have_count(0)
    page.unroute("**/reviews")
    grade(page)
    assert rows(served, "SELECT count(*) FROM review") == [(1,)]


def test_a_second_tab_is_told_and_goes_on(page: Page, served: RunningApp) -> None:
    other = page.context.new_page()
    page.goto("/study/all")
    other.goto("/study/all")
    study(page, 1)
    show_answer(other)
    grade(other)
    expect(other.locator("#notice")).to_contain_text("already answered")
    assert rows(served, "SELECT count(*) FROM review") == [(1,)]


def test_the_loop_works_without_script(browser: Browser, served: RunningApp) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="everything, mixed").click()
    for kind in ("basic", "cloze", "choice", "typed", "reversed"):
        _go_to_kind(page, served, kind)
        if page.locator("#study-card.kind-choice").count():
            page.get_by_role("radio").first.check()
            page.get_by_role("button", name="Check").click()
            expect(page.locator("[data-why] li")).to_have_count(4)
        elif page.locator("#study-card.kind-typed").count():
            page.get_by_label("Your answer").fill("mtd")
            page.get_by_role("button", name="Check").click()
            expect(page.get_by_text("✓ Right")).to_be_visible()
        else:
            page.get_by_role("button", name="Show answer").click()
        page.get_by_role("button", name="Good").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: Good")).to_be_visible()
    assert rows(served, "SELECT count(*) FROM review") == [(4,)]
    context.close()


def test_nothing_is_left_in_the_log_but_sentences(page: Page, served: RunningApp) -> None:
    page.goto("/study/all")
    study(page, 3)
    assert "Traceback" not in Path(served.data / "server.log").read_text()


def _dispatch(page: Page, event: dict[str, object]) -> None:
    page.evaluate(
        "event => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {...event, bubbles: true, cancelable: true}))",
        event,
    )


def _go_to_kind(page: Page, served: RunningApp, kind: str) -> None:
    query = "SELECT min(card.id) FROM card JOIN note ON note.id = card.note_id WHERE kind = '{}'"
    ((card,),) = rows(served, query.format(kind))
    page.goto(f"/study/all?card={card}")
