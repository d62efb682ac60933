"""Key press to paint in Chromium, with the real server and the shipped decks."""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.chromium import browser
from tests.browser.studying import grade, show_answer
from tests.running import ROOT, RunningApp

CARDS = 200
WARM_UP = 20

# From the key's own time stamp to the task after the frame that shows its effect.
MEASURE = """
window.measured = {answer: [], next: []};
function painted(kind, since) {
  requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => window.measured[kind].push(performance.now() - since);
    after.port2.postMessage(0);
  });
}
document.addEventListener("keydown", (event) => {
  const since = event.timeStamp;
  if (document.querySelector("#study-card[data-revealed]")) {
    document.addEventListener("htmx:afterSettle", () => painted("next", since), {once: true});
  } else if (event.key === " ") {
    painted("answer", since);
  }
}, true);
"""


UNPACED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")


def main() -> None:
    """Print p50, p95 and p99, at 60 frames a second and with frames at once."""
    print(f"key press to paint in Chromium: {CARDS} cards of the shipped decks  (ms)")
    _measured("60 frames a second, so up to 16.7 is waiting for the next", ())
    _measured("frames as soon as they are ready", UNPACED)


def _measured(how: str, arguments: tuple[str, ...]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningApp(Path(folder), ROOT / "decks") as app,
        browser(*arguments) as chromium,
    ):
        page = chromium.new_page(base_url=app.url, viewport={"width": 1280, "height": 800})
        page.goto("/settings")
        page.get_by_label("New cards a day").fill("500")
        page.get_by_role("button", name="Save").click()
        page.goto("/study/all")
        page.evaluate(MEASURE)
        measured = _study(page)
    print(how)
    for kind, label in (("answer", "key -> answer painted"), ("next", "grade -> next painted")):
        values = sorted(measured[kind][WARM_UP:])
        print(
            f"  {label}: p50 {statistics.median(values):.1f}  p95 {share(values, 0.95):.1f}"
            f"  p99 {share(values, 0.99):.1f}  n {len(values)}"
        )


def _study(page: Page) -> dict[str, list[float]]:
    for _ in range(CARDS + WARM_UP):
        show_answer(page)
        grade(page)
    page.wait_for_timeout(100)
    measured: dict[str, list[float]] = page.evaluate("window.measured")
    return measured


def share(values: list[float], part: float) -> float:
    """What a part of sorted values stays below."""
    return values[int(len(values) * part)]
