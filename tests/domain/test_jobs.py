"""What a job says of itself."""

from datetime import UTC, datetime
from typing import Any

import pytest

from quizapp.domain.jobs import Job, State

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": 1,
        "learner": 1,
        "kind": "count",
        "title": "Counting",
        "state": State.RUNNING,
        "done": 0,
        "total": 0,
        "said": "",
        "arguments": {},
        "result": {},
        "stopping": False,
        "attempt": 1,
        "owner": "here/1/a",
        "made": NOON,
        "started": NOON,
        "finished": None,
        "heartbeat": NOON,
    }
    return Job(**values | changes)


def test_a_share_needs_a_total_and_stays_within_it() -> None:
    assert [job(done=d, total=t).share for d, t in ((3, 0), (1, 4), (9, 4))] == [None, 0.25, 1.0]


def test_quarters_are_full_quarters() -> None:
    assert [job(done=d, total=8).quarter for d in (0, 1, 2, 5, 7, 8)] == [0, 0, 1, 2, 3, 4]
    assert job(done=5).quarter == 0


@pytest.mark.parametrize(
    ("state", "over", "again"),
    [
        (State.WAITING, False, False),
        (State.RUNNING, False, False),
        (State.DONE, True, False),
        (State.FAILED, True, True),
        (State.STOPPED, True, True),
    ],
)
def test_only_what_ended_without_effect_can_be_started_again(
    state: State, over: bool, again: bool
) -> None:
    assert (job(state=state).over, job(state=state).again) == (over, again)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/decks/all", "/decks/all"),
        ("", ""),
        ("https://elsewhere.example", ""),
        ("//elsewhere.example", ""),
        ("/\\elsewhere.example", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_outcome_is_within_this_site(given: str, kept: str) -> None:
    assert job(result={"address": given}).address == kept
