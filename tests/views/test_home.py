"""The first page over HTTP."""

from flask import Flask

from quizapp.storage import imports, learners
from quizapp.storage.models import Deck, Learner, Memory
from tests.actions.test_imports import bring
from tests.conftest import Clock, Visitor
from tests.packing import basic, package
from tests.views.test_study import form_of


def test_a_first_visit_offers_places_to_begin(visitor: Visitor) -> None:
    page = visitor.get("/").get_data(as_text=True)
    assert "Where do you want to begin?" in page
    assert "/study/family-responsibilities" in page
    assert "Study now" not in page


def test_after_an_answer_the_day_is_told(visitor: Visitor, clock: Clock) -> None:
    form = form_of(visitor)
    clock.pass_(seconds=40)
    visitor.post("/study/all/reviews", rating=4, **form)
    page = visitor.get("/").get_data(as_text=True)
    assert "1 answer today in 40 s" in page
    assert "Study now" in page
    assert "days in a row" not in page


def test_a_streak_counts_days_and_can_be_hidden(visitor: Visitor, clock: Clock) -> None:
    for _ in range(3):
        visitor.post("/study/all/reviews", rating=4, **form_of(visitor))
        clock.pass_(days=1)
    assert "3 days in a row" in visitor.get("/").get_data(as_text=True)
    Learner.update(show_streak=False).execute()
    assert "in a row" not in visitor.get("/").get_data(as_text=True)


def test_what_waits_beyond_the_limit_is_said(visitor: Visitor) -> None:
    visitor.post("/study/all/reviews", rating=4, **form_of(visitor))
    today = Memory.select(Memory.last_day).where(Memory.reps > 0).get().last_day
    Memory.update(state=2, queue=2, turn=today, interval=5, stability=5, difficulty=5).where(
        Memory.reps == 0
    ).execute()
    Learner.update(reviews_per_day=4).execute()
    page = visitor.get("/").get_data(as_text=True)
    waiting = Memory.select().where((Memory.queue == 2) & (Memory.turn <= today)).count()
    assert f"+{waiting - 4} reviews waiting" in page
    assert "(4 due," in page


def test_without_decks_the_page_says_how_to_load_them(visitor: Visitor) -> None:
    Deck.update(retired=True).execute()
    page = visitor.get("/").get_data(as_text=True)
    assert "flask --app wsgi load" in page


def test_the_list_of_keys_and_the_manifest(visitor: Visitor, app: Flask) -> None:
    assert "Show the answer, then Good" in visitor.get("/keys").get_data(as_text=True)
    manifest = visitor.get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert manifest.get_json()["start_url"] == "/"
    assert visitor.get(manifest.get_json()["icons"][0]["src"]).status_code == 200


def own_decks(*names: str) -> dict[str, int]:
    """Own decks of the learner by their full names, each with one new card."""
    learner = learners.first()
    assert learner is not None
    bring(learner, package(*(basic(f"n{i}", deck=name) for i, name in enumerate(names))))
    return {name: id_ for id_, name in imports.own_decks(learner.id).values()}


def test_own_decks_stand_first_and_inside_each_other(visitor: Visitor) -> None:
    decks = own_decks("Law", "Law::EU::GDPR")
    page = visitor.get("/").get_data(as_text=True)
    assert page.index("Your decks") < page.index("Responsibilities")
    outer = page.index(f'href="/decks/deck-{decks["Law"]}"')
    middle = page.index(f'href="/decks/deck-{decks["Law::EU"]}"')
    inner = page.index(f'href="/decks/deck-{decks["Law::EU::GDPR"]}"')
    assert outer < middle < inner
    assert "Law::EU" not in page


def test_a_deck_is_studied_with_all_that_is_below_it(visitor: Visitor) -> None:
    decks = own_decks("Law", "Law::EU::GDPR", "Lawful")
    page = visitor.get(f"/decks/deck-{decks['Law']}").get_data(as_text=True)
    assert '<span class="new" title="New">2' in page
    assert "EU › GDPR" in page
    assert "Lawful" not in page
