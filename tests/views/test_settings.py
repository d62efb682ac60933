"""The settings page over HTTP."""

import sqlite3
from contextlib import closing

import pytest

from quizapp.domain.queue import Queue
from quizapp.storage.database import proxy
from quizapp.storage.models import Learner, Memory
from tests.conftest import Visitor
from tests.views.test_study import form_of

FORM = {
    "new_per_day": "5",
    "reviews_per_day": "300",
    "maximum_interval": "365",
    "leech_threshold": "4",
    "rollover_hour": "3",
    "desired_retention": "85",
    "learning_steps": "1 10 1h",
    "relearning_steps": "",
    "timezone": "Europe/Berlin",
    "two_buttons": "on",
}


def test_settings_are_stored_and_shown(visitor: Visitor) -> None:
    assert visitor.post("/settings", **FORM).status_code == 303
    row = Learner.get()
    assert (row.new_per_day, row.desired_retention, row.timezone) == (5, 0.85, "Europe/Berlin")
    assert (row.two_buttons, row.shortcuts) == (True, False)
    page = visitor.get("/settings?saved=1").get_data(as_text=True)
    assert "Saved." in page
    assert 'value="1 10 60"' in page or 'value="1 10 1h"' in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"new_per_day": "many"}, "“many” is not a whole number"),
        ({"new_per_day": "-1"}, "is not a whole number"),
        ({"desired_retention": "100"}, "must be from 70% to 99%"),
        ({"maximum_interval": "0"}, "The longest interval must be from 1"),
        ({"rollover_hour": "24"}, "The hour a new day begins must be from 0 to 23"),
        ({"learning_steps": "soon"}, "soon"),
        ({"timezone": "Mars/Olympus"}, "time zone is not known"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_stored(
    visitor: Visitor, changed: dict[str, str], sentence: str
) -> None:
    visitor.get("/settings")
    before = Learner.get().__data__
    response = visitor.post("/settings", **{**FORM, **changed})
    page = response.get_data(as_text=True)
    assert response.status_code == 400
    assert sentence in page
    assert 'value="300"' in page, "what was typed stays in the form"
    assert Learner.get().__data__ == before


def test_the_browsers_zone_can_be_taken_over(visitor: Visitor) -> None:
    assert visitor.post("/settings/timezone", timezone="Asia/Tokyo").status_code == 303
    assert Learner.get().timezone == "Asia/Tokyo"
    assert visitor.post("/settings/timezone", timezone="../etc").status_code == 400


def test_the_day_stays_the_day_when_its_beginning_moves(visitor: Visitor) -> None:
    form = form_of(visitor)
    visitor.post("/study/all/burials", True, **form)
    visitor.post("/study/all/reviews", True, rating=4, **form_of(visitor))
    aside = Memory.select().where(Memory.queue == Queue.BURIED).count()
    assert aside
    visitor.post("/settings", **{**FORM, "timezone": "UTC", "rollover_hour": "23"})
    page = visitor.get("/study/all").get_data(as_text=True)
    assert Memory.select().where(Memory.queue == Queue.BURIED).count() == aside
    assert "Undone: Easy" in visitor.post("/study/all/undos", True).get_data(as_text=True)
    assert 'id="study-card"' in page


def test_a_retention_may_have_a_decimal(visitor: Visitor) -> None:
    assert visitor.post("/settings", **{**FORM, "desired_retention": "87,5"}).status_code == 303
    assert Learner.get().desired_retention == 0.875


def test_a_zone_this_machine_does_not_know_counts_as_utc_and_can_be_repaired(
    visitor: Visitor,
) -> None:
    Learner.update(timezone="Mars/Olympus").execute()
    for page in ("/", "/study/all", "/settings", "/plan", "/exams"):
        assert visitor.get(page).status_code == 200, page
    assert "<option selected>UTC</option>" in visitor.get("/settings").get_data(as_text=True)
    assert visitor.post("/settings/timezone", timezone="Asia/Tokyo").status_code == 303
    assert Learner.get().timezone == "Asia/Tokyo"


def test_what_was_typed_stays_while_another_program_writes(visitor: Visitor) -> None:
    visitor.get("/settings")
    proxy.execute_sql("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(proxy.obj.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        response = visitor.post("/settings", **FORM)
    page = response.get_data(as_text=True)
    assert response.status_code == 503
    assert "Another program is using the database" in page
    assert 'value="300"' in page
