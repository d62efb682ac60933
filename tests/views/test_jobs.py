"""The pages about long work."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from quizapp import jobs
from quizapp.actions import jobs as actions
from quizapp.domain.errors import Refusal
from quizapp.domain.jobs import Job, Report, State
from quizapp.domain.learners import Learner
from quizapp.storage import jobs as store
from quizapp.storage import learners
from tests.conftest import NOON, Clock, Visitor

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def me(app: Flask) -> Learner:
    found = learners.first()
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def count(job: Job, report: Report) -> Mapping[str, Any]:
        if job.arguments.get("refuse") and job.attempt == 1:
            raise Refusal("The file is <b>no</b> package. Choose another one.")
        address = "" if job.arguments.get("nowhere") else "/decks/all"
        return {"said": "Counted to 3.", "address": address}

    monkeypatch.setattr(jobs, "WORK", {"count": count})
    return iter(())


def waiting(me: Learner) -> int:
    return actions.submit(me.id, "count", "Count <3", {}, NOON)


def running(me: Learner, done: int = 2, total: int = 8, said: str = "Counted 2.") -> Job:
    job = actions.take_up("here/1/a", NOON, waiting(me))
    assert job is not None
    actions.beat(job, done, total, said, NOON)
    return job


def submit(app: Flask, me: Learner, **arguments: Any) -> int:
    with app.app_context():
        return jobs.submit(me.id, "count", "Count <3", arguments)


def test_a_job_that_waits_says_so_and_asks_again(visitor: Visitor, me: Learner) -> None:
    job = waiting(me)
    page = visitor.get(f"/jobs/{job}").get_data(as_text=True)
    assert "Waiting for its turn." in page
    assert f'hx-get="/jobs/{job}?seen=waiting&amp;quarter=0"' in page
    assert "Count &lt;3" in page and "<noscript><meta" in page


def test_a_job_that_runs_shows_how_far_it_is(visitor: Visitor, me: Learner) -> None:
    page = visitor.get(f"/jobs/{running(me).id}").get_data(as_text=True)
    assert '<progress max="8" value="2"' in page
    assert "Counted 2." in page and "25 %" in page and "2 of 8" in page


def test_without_a_total_the_bar_has_no_value(visitor: Visitor, me: Learner) -> None:
    page = visitor.get(f"/jobs/{running(me, 5, 0).id}").get_data(as_text=True)
    assert "<progress aria-label=" in page and "not known yet" in page


def test_a_job_that_is_done_leads_to_its_result_and_asks_no_more(
    app: Flask, visitor: Visitor, me: Learner, clock: Clock
) -> None:
    job = submit(app, me)
    clock.pass_(seconds=10)
    page = visitor.get(f"/jobs/{job}").get_data(as_text=True)
    assert "Counted to 3." in page and 'href="/decks/all"' in page
    assert "hx-get" not in page and "http-equiv" not in page


def test_a_job_that_failed_says_why_and_can_be_started_again(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    job = submit(app, me, refuse=True)
    page = visitor.get(f"/jobs/{job}").get_data(as_text=True)
    assert "The file is &lt;b&gt;no&lt;/b&gt; package." in page
    answer = visitor.post(f"/jobs/{job}/restarts")
    assert (answer.status_code, answer.location) == (303, f"/jobs/{job}")
    assert store.find(me.id, job).state is State.DONE
    again = visitor.post(f"/jobs/{job}/restarts")
    assert again.status_code == 409
    assert "done already" in again.get_data(as_text=True)


def test_who_comes_just_after_the_end_is_led_on_as_well(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    answer = visitor.get(f"/jobs/{submit(app, me)}")
    assert (answer.status_code, answer.location) == (303, "/decks/all")


def test_a_job_that_a_restored_backup_does_not_know_is_asked_for_no_more(
    visitor: Visitor, me: Learner
) -> None:
    answer = visitor.get("/jobs/7?seen=running&quarter=0", headers=FRAGMENT)
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (404, "#jobs-job")
    assert "a backup was restored meanwhile" in text
    assert "hx-get" not in text and "<progress" not in text and "Stop it" not in text


def test_the_bar_alone_is_swapped_while_nothing_else_changes(visitor: Visitor, me: Learner) -> None:
    job = running(me)
    answer = visitor.get(f"/jobs/{job.id}?seen=running&quarter=1", headers=FRAGMENT)
    text = answer.get_data(as_text=True)
    assert text.strip().startswith('<div id="jobs-progress"')
    assert "HX-Retarget" not in answer.headers
    assert "announcer" not in text and "Stop it" not in text


def test_each_quarter_is_told_aloud(visitor: Visitor, me: Learner) -> None:
    job = running(me)
    answer = visitor.get(f"/jobs/{job.id}?seen=running&quarter=0", headers=FRAGMENT)
    assert '<div id="announcer" hx-swap-oob="innerHTML">25 % Counted 2.' in answer.get_data(
        as_text=True
    )


def test_who_watches_a_job_is_led_on_to_its_result(
    app: Flask, visitor: Visitor, me: Learner
) -> None:
    answer = visitor.get(f"/jobs/{submit(app, me)}?seen=running&quarter=1", headers=FRAGMENT)
    assert answer.headers["HX-Redirect"] == "/decks/all"
    assert answer.get_data() == b""


def test_another_state_brings_another_piece(app: Flask, visitor: Visitor, me: Learner) -> None:
    job = submit(app, me, nowhere=True)
    answer = visitor.get(f"/jobs/{job}?seen=running&quarter=1", headers=FRAGMENT)
    text = answer.get_data(as_text=True)
    assert answer.headers["HX-Retarget"] == "#jobs-job"
    assert text.strip().startswith('<section id="jobs-job"') and "hx-get" not in text
    assert 'hx-swap-oob="innerHTML">Done. Counted to 3.' in text


def test_what_waits_can_be_stopped(visitor: Visitor, me: Learner) -> None:
    job = waiting(me)
    answer = visitor.post(f"/jobs/{job}/cancellations")
    assert (answer.status_code, answer.location) == (303, f"/jobs/{job}")
    page = visitor.get(f"/jobs/{job}").get_data(as_text=True)
    assert actions.CANCELLED in page and "Start again" in page


def test_what_runs_elsewhere_is_asked_to_stop(visitor: Visitor, me: Learner) -> None:
    job = running(me)
    visitor.post(f"/jobs/{job.id}/cancellations")
    page = visitor.get(f"/jobs/{job.id}").get_data(as_text=True)
    assert "Stopping at the next chance." in page and "Stop it" not in page


@pytest.mark.parametrize("path", ["", "/restarts", "/cancellations"])
def test_somebody_elses_job_is_not_found(visitor: Visitor, me: Learner, path: str) -> None:
    job = waiting(learners.create("Stranger", "UTC", NOON))
    for number in (job, job + 100):
        call = visitor.post if path else visitor.get
        answer = call(f"/jobs/{number}{path}")
        assert answer.status_code == 404
        assert "There is no such work." in answer.get_data(as_text=True)
    assert store.waiting() == job


def test_a_job_is_changed_by_its_own_forms_only(app: Flask, visitor: Visitor, me: Learner) -> None:
    job = waiting(me)
    assert visitor.get(f"/jobs/{job}/cancellations").status_code == 405
    assert app.test_client().post(f"/jobs/{job}/cancellations").status_code == 403
    assert store.waiting() == job


def test_the_list_holds_ones_own_last_twenty(visitor: Visitor, me: Learner) -> None:
    assert "Nothing has run yet." in visitor.get("/jobs").get_data(as_text=True)
    waiting(learners.create("Stranger", "UTC", NOON))
    mine = [waiting(me) for _ in range(21)]
    page = visitor.get("/jobs").get_data(as_text=True)
    places = [page.find(f'href="/jobs/{job}"') for job in mine]
    assert places[0] == -1 and places.count(-1) == 1
    assert sorted(places, reverse=True) == [*places[1:], places[0]]
    assert page.count("/jobs/") == 20


def test_a_missing_worker_is_noticed_where_it_is_apart(
    app: Flask, visitor: Visitor, me: Learner, clock: Clock
) -> None:
    app.config["QUIZAPP"] = replace(app.config["QUIZAPP"], worker="apart")
    job = waiting(me)
    assert "Is the worker running?" not in visitor.get(f"/jobs/{job}").get_data(as_text=True)
    clock.at += timedelta(seconds=21)
    assert "flask --app wsgi worker" in visitor.get(f"/jobs/{job}").get_data(as_text=True)
    other = actions.take_up("here/1/a", NOON, waiting(me))
    assert other is not None
    assert "Is the worker running?" not in visitor.get(f"/jobs/{job}").get_data(as_text=True)


def test_the_settings_lead_to_it(visitor: Visitor, me: Learner) -> None:
    assert 'href="/jobs"' in visitor.get("/settings").get_data(as_text=True)
