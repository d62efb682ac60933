"""The list of decks, and today's work at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from quizapp import clock
from quizapp.domain import queue
from quizapp.domain.queue import Counts, Limits
from quizapp.storage import goals, reviews, sessions
from quizapp.storage.decks import DeckRow
from quizapp.views import respond
from quizapp.views.guards import backup_failure, current_learner, plan_later

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class Row:
    """A deck, a group of decks or a family, with what it offers today."""

    scope: str
    name: str
    counts: Counts
    rows: tuple["Row", ...] = ()


@blueprint.get("/")
def index() -> Response:
    """Decks in their families, with one button to study what is due."""
    learner, now = current_learner(), clock.now()
    today = learner.today(now)
    having, offered, overall = sessions.overview(learner, now)
    offer = sum(offered.values(), Counts())
    everything = overall.cap(offer)
    day = reviews.day(learner.id, today)
    ahead = goals.active(learner.id, learner.calendar.date(today))
    planned = None
    if ahead:
        plan_later(learner, now)
        if goals.has_plan(learner.id, today):
            left = goals.planned_left(learner.id, today)
            everything = planned = Counts(left.new, everything.learning, left.due)
    studied = reviews.studied_days(learner.id, today)
    new_pace, review_pace = reviews.pace(learner.id)
    return respond.page(
        "home/index.html",
        learner=learner,
        families=_families(having, offered, overall),
        everything=everything,
        minutes=queue.minutes(
            everything, new_pace or queue.FIRST_PACE[0], review_pace or queue.FIRST_PACE[1]
        ),
        waiting=offer.due - everything.due if planned is None else 0,
        ahead=[(goal, (goal.day - learner.calendar.date(today)).days) for goal in ahead],
        held=[
            past.goal
            for past in goals.past(learner.id, learner.calendar.date(today))
            if not past.outcome
        ],
        planning=bool(ahead) and planned is None,
        day=day,
        streak=queue.streak(studied, today),
        first_visit=not studied,
        backup_failure=backup_failure(),
    )


@blueprint.get("/keys")
def keys() -> Response:
    """All keyboard shortcuts."""
    return respond.page("home/keys.html", learner=current_learner())


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the app on its home screen."""
    response = Response(
        render_template("home/manifest.json", root=request.url_root),
        mimetype="application/manifest+json",
    )
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _families(
    having: Sequence[DeckRow], offered: Mapping[int, Counts], overall: Limits
) -> list[Row]:
    rows = []
    # What somebody brought or made is what they look for first.
    for family in ("own", *(name for name in sessions.FAMILIES if name != "own")):
        title = sessions.FAMILIES[family]
        inside = [deck for deck in having if deck.family == family]
        if not inside:
            continue
        if family == "own":
            children = _tree(inside, offered, overall)
        else:
            children = [_row(d, offered, overall) for d in inside if not d.parent]
            children += _groups([d for d in inside if d.parent], offered, overall)
        total = overall.cap(sum((offered[deck.id] for deck in inside), Counts()))
        rows.append(Row(f"family-{family}", title, total, rows=tuple(children)))
    return rows


def _tree(inside: Sequence[DeckRow], offered: Mapping[int, Counts], overall: Limits) -> list[Row]:
    """Own decks below those their names put them under, each with all that is below it."""
    below: dict[str, list[DeckRow]] = {}
    names = {deck.name for deck in inside}
    for deck in inside:
        above = deck.name.rpartition("::")[0]
        while above and above not in names:
            above = above.rpartition("::")[0]
        below.setdefault(above, []).append(deck)

    def grown(deck: DeckRow, above: str) -> tuple[Row, Counts]:
        inner = [grown(child, deck.name) for child in below.get(deck.name, ())]
        total = sum((counts for _, counts in inner), offered[deck.id])
        name = deck.name.removeprefix(f"{above}::").replace("::", " › ")
        rows = tuple(row for row, _ in inner)
        return Row(f"deck-{deck.id}", name, overall.cap(total), rows), total

    return [grown(deck, "")[0] for deck in below.get("", ())]


def _groups(inside: Sequence[DeckRow], offered: Mapping[int, Counts], overall: Limits) -> list[Row]:
    groups: dict[str, list[DeckRow]] = {}
    for deck in inside:
        groups.setdefault(deck.parent, []).append(deck)
    return [
        Row(
            f"group-{sessions.group_key(parent)}",
            parent,
            overall.cap(sum((offered[deck.id] for deck in decks), Counts())),
            rows=tuple(_row(deck, offered, overall) for deck in decks),
        )
        for parent, decks in groups.items()
    ]


def _row(deck: DeckRow, offered: Mapping[int, Counts], overall: Limits) -> Row:
    return Row(f"deck-{deck.id}", deck.name, overall.cap(offered[deck.id]))
