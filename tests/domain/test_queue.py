"""Rules of the queue."""

from hypothesis import given
from hypothesis import strategies as st

from quizapp.domain.queue import (
    Candidate,
    Counts,
    Limits,
    Queue,
    allotted,
    interleaved,
    minutes,
    new_is_next,
    queue_of,
    streak,
)
from quizapp.domain.scheduling import State

COUNT = st.integers(0, 300)
CANDIDATES = st.lists(
    st.builds(Candidate, st.integers(1, 50), st.integers(1, 20), st.sampled_from("abc")),
    max_size=24,
)


@given(COUNT, COUNT)
def test_new_cards_and_reviews_run_out_together(new: int, due: int) -> None:
    done, left, order = Counts(), Counts(new=new, due=due), []
    while left.new or left.due:
        if new_is_next(done, left):
            done, left = done + Counts(new=1), Counts(left.new - 1, 0, left.due)
            order.append("new")
        else:
            done, left = done + Counts(due=1), Counts(left.new, 0, left.due - 1)
            order.append("due")
    assert (done.new, done.due) == (new, due)
    for at in range(len(order)):
        share = order[:at].count("new")
        assert abs(share - at * new / len(order)) <= 2


@given(CANDIDATES, st.sampled_from("abc"), st.integers(1, 20))
def test_the_next_card_is_of_another_topic_where_there_is_one(
    candidates: list[Candidate], topic: str, note: int
) -> None:
    last = Candidate(0, note, topic)
    chosen = interleaved(candidates, last)
    assert (chosen is None) == (not candidates)
    if chosen and any(c.topic != topic for c in candidates):
        assert chosen.topic != topic
    elif chosen and any(c.note != note for c in candidates):
        assert chosen.note != note


@given(
    st.dictionaries(st.integers(1, 9), st.builds(Counts, COUNT, COUNT, COUNT)),
    st.dictionaries(st.integers(1, 9), st.builds(Limits, st.none() | COUNT, st.none() | COUNT)),
    st.builds(Limits, st.none() | COUNT, st.none() | COUNT),
)
def test_no_limit_is_ever_passed(
    counts: dict[int, Counts], limits: dict[int, Limits], overall: Limits
) -> None:
    total = allotted(counts, limits, overall)
    everything = sum(counts.values(), Counts())
    assert total.learning == everything.learning
    assert total.new <= min(everything.new, 10**9 if overall.new is None else overall.new)
    assert total.due <= min(everything.due, 10**9 if overall.due is None else overall.due)
    assert allotted(counts, {}, Limits()) == everything


def test_a_streak_forgives_one_day_in_seven() -> None:
    assert streak([], 100) == 0
    assert streak([100, 99, 98], 100) == 3
    assert streak([99, 98], 100) == 2
    assert streak([100, 98, 97], 100) == 3
    assert streak([100, 97], 100) == 1
    assert streak([100, 98, 96, 95], 100) == 2
    assert streak([100, 98, 97, 96, 95, 94, 93, 92, 90], 100) == 9


def test_time_is_told_in_whole_minutes() -> None:
    assert minutes(Counts(), 20, 9) == 0
    assert minutes(Counts(new=1), 20, 9) == 1
    assert minutes(Counts(new=20, due=100), 20, 9) == 22


def test_each_state_has_its_queue() -> None:
    assert [queue_of(state) for state in State] == [
        Queue.NEW,
        Queue.LEARNING,
        Queue.REVIEW,
        Queue.LEARNING,
    ]
