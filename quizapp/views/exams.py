"""Mock exams: choosing, sitting, handing in, and what came out."""

import secrets
from datetime import datetime

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from quizapp import clock
from quizapp.actions import exams as exam_actions
from quizapp.actions import notes as note_actions
from quizapp.actions import picks as pick_actions
from quizapp.actions import study as study_actions
from quizapp.domain import exams
from quizapp.domain.blueprints import Blueprint as Outline
from quizapp.domain.errors import Missing, Refusal
from quizapp.domain.learners import Learner
from quizapp.storage import blueprints, journal, links
from quizapp.storage import exams as store
from quizapp.storage.exams import Entry, PaperQuestion, PaperRow
from quizapp.views import respond
from quizapp.views.guards import current_learner, status_of

blueprint = Blueprint("exams", __name__)

LINE = 0.70
FILTERS = ("wrong", "all", "flagged", "guessed", "slow", "changed", "blank")
# Slower than this many times the median is worth a look.
SLOW = 2.0


@blueprint.get("/exams")
def index() -> Response:
    """What can be sat, what is running, and how the last ones went."""
    learner, now = _candidate()
    known = blueprints.known()
    papers = store.papers(learner.id)
    return respond.page(
        "exams/index.html",
        learner=learner,
        now=now,
        outlines=[b for b in known if b.planning],
        running=[(p, _answered(p)) for p in papers if p.submitted is None],
        finished=[p for p in papers if p.score is not None],
    )


@blueprint.get("/exams/new/<outline>")
def new(outline: str) -> Response:
    """Length, time and line are chosen before the clock runs."""
    learner, _ = _candidate()
    return _start_page(learner, blueprints.find(outline), 200, "")


@blueprint.post("/exams")
def start() -> Response:
    """Draw the paper and begin."""
    learner, now = _candidate()
    outline = blueprints.find(request.form.get("outline", ""))
    try:
        paper = exam_actions.start(
            learner,
            outline.outline,
            _number("count"),
            request.form.get("pace", "1"),
            _number("line") / 100,
            secrets.randbelow(2**31),
            now,
        )
    except Missing:
        raise
    except Refusal as refused:
        return _start_page(learner, outline, status_of(refused), str(refused))
    return redirect(url_for("exams.item", paper_id=paper, place=1), 303)


@blueprint.get("/exams/<int:paper_id>")
def resume(paper_id: int) -> Response:
    """Where the candidate stands: the item last opened, or the result."""
    learner, _ = _candidate()
    paper = store.paper(learner.id, paper_id)
    if paper.submitted is not None:
        return _to_result(paper_id)
    return redirect(url_for("exams.item", paper_id=paper_id, place=paper.open_place or 1))


@blueprint.get("/exams/<int:paper_id>/items/<int:place>")
def item(paper_id: int, place: int) -> Response:
    """One item of a running paper."""
    learner, now = _candidate()
    try:
        question = exam_actions.open_item(learner, paper_id, place, now)
    except exam_actions.Late:
        return _to_result(paper_id)
    paper = store.paper(learner.id, paper_id)
    return respond.page(
        "exams/item.html",
        learner=learner,
        paper=paper,
        question=question,
        left=paper.clock.left(now),
        entries=store.entries(paper_id),
    )


@blueprint.post("/exams/<int:paper_id>/items/<int:place>/answers")
def answers(paper_id: int, place: int) -> Response:
    """Store what stands on the item; go where the button says, or stay."""
    learner, now = _candidate()
    exam_actions.mark(learner, paper_id, place, _marks(), now)
    if respond.wants_fragment() and "to" not in request.form:
        return Response(status=204)
    paper = store.paper(learner.id, paper_id)
    to = request.form.get("to", "next")
    if to == "overview" or (to == "next" and place == paper.count):
        return redirect(url_for("exams.overview", paper_id=paper_id), 303)
    if to.isdecimal() and len(to) < 6:
        target = int(to)
    else:
        target = {"previous": place - 1, "stay": place}.get(to, place + 1)
    target = min(max(target, 1), paper.count)
    return redirect(url_for("exams.item", paper_id=paper_id, place=target), 303)


@blueprint.get("/exams/<int:paper_id>/overview")
def overview(paper_id: int) -> Response:
    """All items with their state, to be jumped to."""
    learner, now = _candidate()
    paper = store.paper(learner.id, paper_id)
    if paper.submitted is not None:
        return _to_result(paper_id)
    entries = store.entries(paper_id)
    shown = request.args.get("show", "all")
    return respond.page(
        "exams/overview.html",
        learner=learner,
        paper=paper,
        entries=[e for e in entries if _listed(e, shown)],
        shown=shown,
        counts={name: sum(_listed(e, name) for e in entries) for name in _LISTS},
        left=paper.clock.left(now),
    )


@blueprint.get("/exams/<int:paper_id>/submission")
def submission(paper_id: int) -> Response:
    """Name what is blank or flagged before the paper is handed in."""
    learner, now = _candidate()
    paper = store.paper(learner.id, paper_id)
    if paper.submitted is not None:
        return _to_result(paper_id)
    entries = store.entries(paper_id)
    return respond.page(
        "exams/submission.html",
        learner=learner,
        paper=paper,
        blank=[e for e in entries if e.choice is None],
        flagged=[e for e in entries if e.flagged],
        left=paper.clock.left(now),
    )


@blueprint.post("/exams/<int:paper_id>/submissions")
def submissions(paper_id: int) -> Response:
    """Hand the paper in."""
    learner, now = _candidate()
    exam_actions.submit(learner, paper_id, now)
    return _to_result(paper_id)


@blueprint.get("/exams/<int:paper_id>/result")
def result(paper_id: int) -> Response:
    """The score with its interval, by domain, and every item with its reasons."""
    learner, now = _candidate()
    paper = store.paper(learner.id, paper_id)
    if paper.submitted is None:
        return redirect(url_for("exams.resume", paper_id=paper_id))
    outline = blueprints.find(paper.outline)
    questions = store.questions(paper_id)
    looked = sorted(q.seconds for q in questions if q.seconds)
    middle = looked[len(looked) // 2] if looked else 0.0
    shown = request.args.get("show", "wrong")
    lists = {name: [q for q in questions if _kept(q, name, middle)] for name in FILTERS}
    return respond.page(
        "exams/result.html",
        learner=learner,
        paper=paper,
        outline=outline,
        weights=blueprints.share_of(paper.outline),
        names={domain.id: domain.name for domain in outline.domains},
        result=exams.result([question.answered for question in questions]),
        known=exams.known,
        lists=lists,
        shown=shown if shown in lists else "wrong",
        middle=middle,
        drafts=links.drafts(learner.id, [q.note for q in questions if q.note is not None]),
        bare={item.note for item in note_actions.bare_misses(learner, paper_id)},
        did=DID.get(request.args.get("did", ""), ""),
        deed=journal.latest_id(learner.id, learner.today(now)),
    )


# What the page says after it was used, and whether undo takes that back.
DID = {
    "card": ("Card made. It comes with your next new cards.", True),
    "cards": ("Cards made. They come with your next new cards.", True),
    "known": ("This question has a card already.", False),
    "undone": ("Undone.", False),
}


@blueprint.post("/exams/<int:paper_id>/items/<int:place>/cards")
def cards(paper_id: int, place: int) -> Response:
    """Make a card of an item of a paper that was handed in."""
    learner, now = _candidate()
    question = store.question(paper_id, place)
    if store.paper(learner.id, paper_id).submitted is None or question is None:
        raise Missing("There is no such result. Choose one from the list of exams.")
    if question.note is None:
        raise Missing("This question is not in your decks any more, so no card is made of it.")
    made = note_actions.draft_card(learner, question.note, now)
    return _back_to_items(paper_id, "card" if made.new else "known", f"question-{place}")


@blueprint.post("/exams/<int:paper_id>/cards")
def all_cards(paper_id: int) -> Response:
    """Make a card of every item that was missed and has none."""
    learner, now = _candidate()
    made = note_actions.draft_cards(learner, paper_id, now)
    return _back_to_items(paper_id, "card" if made == 1 else "cards", "items")


@blueprint.post("/exams/<int:paper_id>/undos")
def undos(paper_id: int) -> Response:
    """Take back what was just made here."""
    learner, now = _candidate()
    seen = request.form.get("deed", "")
    study_actions.undo(learner, now, int(seen) if seen.isdecimal() and len(seen) < 19 else None)
    return _back_to_items(paper_id, "undone", "items")


def _back_to_items(paper_id: int, did: str, anchor: str) -> Response:
    shown = request.form.get("show", "wrong")
    address = url_for("exams.result", paper_id=paper_id, show=shown, did=did, _anchor=anchor)
    return redirect(address, 303)


@blueprint.post("/exams/<int:paper_id>/picks")
def picks(paper_id: int) -> Response:
    """Study the cards behind what was missed."""
    learner, now = _candidate()
    pick = pick_actions.study_misses(learner, paper_id, now)
    return redirect(url_for("study.session", scope=f"pick-{pick}"), 303)


_LISTS = ("all", "incomplete", "flagged")


def _candidate() -> tuple[Learner, datetime]:
    """Who sits here, after every paper whose time is up has been handed in."""
    learner, now = current_learner(), clock.now()
    exam_actions.close_overdue(learner, now)
    return learner, now


def _start_page(learner: Learner, outline: Outline, status: int, problem: str) -> Response:
    sizes, share = exam_actions.available(learner, outline)
    most = exams.longest(sizes, share)
    full = min(outline.questions or most, most)
    lengths = sorted({n for n in (10, 20, 40, 75, full) if exam_actions.SHORTEST <= n <= most})
    return respond.page(
        "exams/new.html",
        status,
        learner=learner,
        outline=outline,
        weighted=outline.weighted,
        lengths=lengths,
        full=full,
        each=outline.seconds_each,
        paces=exams.PACES,
        line=LINE,
        problem=problem,
        values=request.form,
    )


def _to_result(paper_id: int) -> Response:
    return redirect(url_for("exams.result", paper_id=paper_id), 303)


def _answered(paper: PaperRow) -> int:
    return sum(entry.choice is not None for entry in store.entries(paper.id))


def _listed(entry: Entry, name: str) -> bool:
    if name == "incomplete":
        return entry.choice is None
    return entry.flagged if name == "flagged" else True


def _kept(question: PaperQuestion, name: str, middle: float) -> bool:
    return {
        "wrong": not question.right,
        "all": True,
        "flagged": question.flagged,
        "guessed": question.confidence == "guess",
        "slow": middle > 0 and question.seconds > SLOW * middle,
        "changed": bool(exams.change(question.choices, question.key)),
        "blank": question.choice is None,
    }[name]


def _marks() -> exam_actions.Marks:
    form = request.form
    choice = form.get("choice", "")
    return exam_actions.Marks(
        choice=int(choice) if choice.isdecimal() and len(choice) < 3 else None,
        confidence=form.get("confidence", ""),
        flagged="flagged" in form,
        struck=tuple(int(n) for n in form.getlist("struck") if n.isdecimal() and len(n) < 3),
    )


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isdecimal() or len(text) > 6:
        raise Refusal("Choose how many questions and which line, in whole numbers.")
    return int(text)
