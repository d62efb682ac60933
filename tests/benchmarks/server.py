"""Answer → next card, and the home page, over HTTP on loopback with the real server."""

import http.client
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks import collection
from tests.running import RunningApp

SIZES = (1_000, 10_000, 100_000)
ANSWERS = 400
WARM_UP = 40
HOMES = 60
OWN_DECKS, OWN_CARDS = 500, 100_000


def main() -> None:
    """Print p50 and p99 for each size."""
    print(f"answer -> next card and home page: {collection.DECKS} decks, 65 % of the cards")
    print(f"studied with {collection.REVIEWS_EACH} reviews each; {ANSWERS} answers, {HOMES} homes")
    print(
        f"{'cards':>8} {'answer p50':>11} {'answer p99':>11} {'home p50':>9} {'home p99':>9}   (ms)"
    )
    medians = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder)
            collection.build(data / "quizapp.db", size, datetime.now(UTC))
            decks = data / "decks"
            decks.mkdir()
            with RunningApp(data, decks) as app:
                browser = Browser(app.port)
                answers = timed(ANSWERS, WARM_UP, browser.answer)
                homes = timed(HOMES, 10, browser.home)
        medians[size] = statistics.median(answers)
        print(
            f"{size:>8,} {medians[size]:>11.2f} {p99(answers):>11.2f}"
            f" {statistics.median(homes):>9.2f} {p99(homes):>9.2f}",
            flush=True,
        )
    small, large = SIZES[0], SIZES[-1]
    print(f"p50 at {large:,} is {medians[large] / medians[small]:.2f} x p50 at {small:,}")
    own_decks()


def own_decks() -> None:
    """Print what the home page and an answer cost with very many decks of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        collection.build(data / "quizapp.db", OWN_CARDS, datetime.now(UTC), own=OWN_DECKS)
        decks = data / "decks"
        decks.mkdir()
        with RunningApp(data, decks) as app:
            browser = Browser(app.port)
            homes = timed(HOMES, 10, browser.home)
            answers = timed(ANSWERS, WARM_UP, browser.answer)
    print(
        f"{OWN_DECKS} own decks, {OWN_CARDS:,} cards: home p50 {statistics.median(homes):.2f},"
        f" p99 {p99(homes):.2f}, answer p50 {statistics.median(answers):.2f},"
        f" p99 {p99(answers):.2f} ms"
    )


class Browser:
    """A keep-alive connection that answers cards the way the page does."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.cookie = ""
        self.form: dict[str, str] = {}
        self._read("GET", "/study/all")

    def answer(self) -> None:
        """Grade the card at hand Good and take in the next."""
        self._read("POST", "/study/all/reviews", urlencode(self.form | {"rating": "3"}))

    def home(self) -> None:
        """Fetch the list of decks."""
        self._fetch("GET", "/")

    def face(self, card: int, side: str) -> None:
        """Fetch the frame of one side of an imported card."""
        self._fetch("GET", f"/cards/{card}/faces/{side}")

    def _read(self, method: str, path: str, body: str | None = None) -> None:
        page = self._fetch(method, path, body)
        grades = page[page.index("data-grades") :]
        self.form = dict(
            re.findall(r'name="(csrf|card|version|drawn|mode)" value="([^"]*)"', grades)
        )

    def _fetch(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": self.cookie, "Sec-Fetch-Site": "same-origin"}
        if body is not None:
            headers |= {
                "HX-Request": "true",
                "Content-Type": "application/x-www-form-urlencoded",
            }
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {text[:300]}")
        if cookie := response.getheader("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        return text


def timed(count: int, warm_up: int, act: Callable[[], None]) -> list[float]:
    """Milliseconds of each time."""
    taken = []
    for i in range(warm_up + count):
        began = time.perf_counter()
        act()
        if i >= warm_up:
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def p99(values: list[float]) -> float:
    """What 99 of a hundred stay below."""
    return sorted(values)[int(len(values) * 0.99)]
