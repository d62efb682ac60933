"""Studying cards of others: what their frames cost the server, and when they are painted."""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from quizapp.storage import learners
from quizapp.storage.database import bind, connection, open_database, proxy
from tests.benchmarks import imports
from tests.benchmarks.browser import UNPACED, WARM_UP, share
from tests.benchmarks.server import Browser, p99, timed
from tests.browser.chromium import browser
from tests.browser.studying import grade, show_answer
from tests.packages import make_package
from tests.running import RunningApp

NOTES, FACES = 50_000, 400
CARDS = 150

# From the key's own time stamp to the task after the frame that shows its effect: the next
# card's surroundings ("next"), its question in the frame ("frame"), the answer ("answer").
MEASURE = """
window.measured = {answer: [], next: [], frame: []};
let since = 0, graded = false;
function painted(kind, since) {
  requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => {
      const count = window.measured[kind].push(performance.now() - since);
      document.documentElement.setAttribute(`data-${kind}`, count);
    };
    after.port2.postMessage(0);
  });
}
document.addEventListener("keydown", (event) => {
  since = event.timeStamp;
  graded = Boolean(document.querySelector("#study-card[data-revealed]"));
  if (!graded && event.key === " ") painted("answer", since);
}, true);
document.addEventListener("htmx:afterSettle", () => { if (graded) painted("next", since); });
document.addEventListener("load", (event) => {
  if (graded && event.target.matches?.("[data-frame=question]")) painted("frame", since);
}, true);
"""
LABELS = {
    "answer": "key -> answer painted",
    "next": "grade -> next card's page painted",
    "frame": "grade -> next card's frame painted",
}


def main() -> None:
    """Print what the server needs for a frame, and when the browser has painted it."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        (data / "decks").mkdir()
        package = data / "package.apkg"
        make_package(package, NOTES)
        imports.phase("import", data, package)
        _lift_limits(data)
        with RunningApp(data, data / "decks") as app:
            _server(app)
            for how, arguments in (
                ("60 frames a second", ()),
                ("frames as soon as they are ready", UNPACED),
            ):
                print(how)
                _browser(app, arguments)


def _lift_limits(data: Path) -> None:
    """So that the queue does not run dry."""
    bind(open_database(f"sqlite:///{data / 'quizapp.db'}"))
    with connection():
        [learner] = learners.ids()
        learners.change(learner, new_per_day=9999)
        proxy.close()


def _server(app: RunningApp) -> None:
    visitor = Browser(app.port)
    numbers = iter(range(1, NOTES, NOTES // (2 * FACES + 100)))
    print(f"a side of an imported card at {NOTES:,} notes  (ms)")
    for side in ("question", "answer"):
        taken = timed(FACES, 40, lambda side=side: visitor.face(next(numbers), side))
        print(f"  {side}: p50 {statistics.median(taken):.2f}  p99 {p99(taken):.2f}")
    taken = timed(FACES, 40, visitor.answer)
    print(f"  answer -> next card: p50 {statistics.median(taken):.2f}  p99 {p99(taken):.2f}")


def _browser(app: RunningApp, arguments: tuple[str, ...]) -> None:
    with browser(*arguments) as chromium:
        page = chromium.new_page(base_url=app.url, viewport={"width": 1280, "height": 800})
        page.goto("/study/all")
        page.evaluate(MEASURE)
        measured = _study(page)
    for kind, label in LABELS.items():
        values = sorted(measured[kind][WARM_UP:])
        print(
            f"  {label}: p50 {statistics.median(values):.1f}  p95 {share(values, 0.95):.1f}"
            f"  p99 {share(values, 0.99):.1f}  n {len(values)}"
        )


def _study(page: Page) -> dict[str, list[float]]:
    for n in range(1, CARDS + WARM_UP + 1):
        show_answer(page)
        grade(page)
        # Somebody reads the question first.
        page.wait_for_selector(f"html[data-frame='{n}']")
    page.wait_for_timeout(100)
    measured: dict[str, list[float]] = page.evaluate("window.measured")
    return measured
