"""Headers, forgery, foreign hosts, and a database that does not take part."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from peewee import Database

from quizapp import create_app
from quizapp.config import Config
from quizapp.storage.database import proxy
from quizapp.storage.models import Card, Journal, Learner, Memory
from tests.conftest import Clock, Visitor

PAGES = ("/", "/study/all", "/settings", "/keys", "/cards/1", "/decks/deck-1", "/nowhere")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_strict_policy(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_foreign_host_is_refused(visitor: Visitor) -> None:
    response = visitor.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    page = response.get_data(as_text=True)
    assert "This server does not answer to “evil.example”. Open it by one of its own names" in page
    assert "QUIZAPP_TRUSTED_HOSTS" in page


def test_what_a_foreign_host_says_is_text_and_not_markup(visitor: Visitor) -> None:
    page = visitor.get("/", headers={"Host": "<b>x</b>"}).get_data(as_text=True)
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8000", "127.0.0.1:8000", "[::1]:8000", "quiz.example", "QUIZ.example"],
)
def test_own_names_are_answered_to_in_any_case(tmp_path: Path, app: Flask, host: str) -> None:
    app.config["QUIZAPP"] = Config(
        data=tmp_path, database="", secret="", trusted_hosts=("quiz.example",)
    )
    assert Visitor(app.test_client()).get("/keys", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "me@localhost", "localhost.evil.example", "localhost/", ":80"]
)
def test_what_only_looks_like_an_own_name_is_refused(visitor: Visitor, host: str) -> None:
    assert visitor.get("/keys", headers={"Host": host}).status_code == 400


def test_a_name_that_begins_with_a_dot_stands_for_all_below_it(app: Flask, tmp_path: Path) -> None:
    app.config["QUIZAPP"] = Config(
        data=tmp_path, database="", secret="", trusted_hosts=(".example.org",)
    )
    visitor = Visitor(app.test_client())
    for host, status in (("a.example.org", 200), ("example.org", 200), ("badexample.org", 400)):
        assert visitor.get("/keys", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
def test_another_site_cannot_act_even_with_a_token(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    token = visitor.token()
    response = visitor.client.post("/study/all/undos", data={"csrf": token}, headers=headers)
    assert response.status_code == 403


@pytest.mark.parametrize("path", ["/study/all/reviews", "/settings", "/decks/1/options"])
def test_a_form_without_token_is_refused(visitor: Visitor, path: str) -> None:
    visitor.get("/settings")
    response = visitor.client.post(path, headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 403


def test_a_token_in_the_address_does_not_count(visitor: Visitor) -> None:
    token = visitor.token()
    response = visitor.client.post(
        f"/study/all/undos?csrf={token}", headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status_code == 403


def test_a_token_belongs_to_its_browser(visitor: Visitor) -> None:
    token = visitor.token()
    visitor.client.set_cookie("quizapp", "another")
    response = visitor.client.post(
        "/study/all/undos", data={"csrf": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert response.status_code == 403


def test_the_cookie_is_out_of_reach_of_script(visitor: Visitor) -> None:
    cookie = visitor.get("/settings").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_assets_are_kept_for_a_year_under_their_content(visitor: Visitor) -> None:
    page = visitor.get("/study/all").get_data(as_text=True)
    for name in ("app", "htmx", "card"):
        start = page.index(f"/assets/{name}.")
        address = page[start : page.index('"', start)]
        response = visitor.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
    assert visitor.get("/assets/app.000000000000.css").status_code == 404


def test_an_export_is_not_kept_by_the_browser(visitor: Visitor) -> None:
    made = visitor.post("/exports", form="tsv", what="all").headers["Location"]
    response = visitor.get(f"/exports/{made.rpartition('/')[2]}/file")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"


HUGE = "99999999999999999999999"


@pytest.mark.parametrize("number", [HUGE, "2147483648", "9" * 5000, "٣"])
@pytest.mark.parametrize(
    "address",
    ["/cards/{}", "/cards/{}/edit", "/exams/{}", "/exams/1/items/{}", "/goals/{}", "/decks/deck-{}",
     "/study/pick-{}"],
)  # fmt: skip
def test_a_number_that_no_row_can_have_is_not_found(
    visitor: Visitor, address: str, number: str
) -> None:
    response = visitor.get(address.format(number))
    assert response.status_code == 404
    assert 'role="alert"' in response.get_data(as_text=True)


@pytest.mark.parametrize(
    "address", ["/decks/{}/options", "/cards/{}/wordings", "/exams/{}/submissions", "/goals/{}"]
)
def test_nothing_can_be_sent_to_such_a_number(visitor: Visitor, address: str) -> None:
    assert visitor.post(address.format(HUGE)).status_code == 404


def test_such_a_number_in_a_form_is_no_goal(visitor: Visitor) -> None:
    assert visitor.post("/goals/previews", goal=HUGE, outline="none").status_code < 500


@pytest.mark.parametrize("field", ["timezone", "any"])
def test_a_character_that_cannot_be_stored_is_refused(visitor: Visitor, field: str) -> None:
    response = visitor.post("/settings/timezone", **{field: "a\0b"})
    assert response.status_code == 400
    assert "(NUL), so nothing was saved. Remove it" in response.get_data(as_text=True)


def test_such_a_character_in_an_address_is_refused(visitor: Visitor) -> None:
    for address in ("/decks/group-%00", "/study/all?mode=%00"):
        assert visitor.get(address).status_code == 400


@pytest.fixture
def on_either(
    database: Database, database_url: str, loaded: object, deck_folder: Path, tmp_path: Path
) -> Visitor:
    """A visitor of an app on SQLite and on PostgreSQL."""
    made = create_app(
        Config(data=tmp_path, database=database_url, secret="not a secret", decks=deck_folder)
    )
    made.testing = True
    return Visitor(made.test_client())


def test_strange_numbers_and_characters_break_neither_database(on_either: Visitor) -> None:
    assert on_either.get("/cards/2147483647").status_code == 404
    assert on_either.get(f"/cards/{HUGE}").status_code == 404
    card = Card.select().get().id
    fields = {"version": 0, "text": "a\0 [b]", "front": "a\0", "back": "b", "stem": "a\0"}
    response = on_either.post(f"/cards/{card}/wordings", **fields)
    assert response.status_code == 400
    assert "(NUL)" in response.get_data(as_text=True)


@contextmanager
def somebody_writes(database: str) -> Iterator[None]:
    """Another program holds the database, and nobody wants to wait for it here."""
    proxy.execute_sql("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_page_is_shown_while_another_program_writes_and_the_day_begins_later(
    visitor: Visitor, clock: Clock
) -> None:
    visitor.get("/")
    clock.pass_(days=1)
    before = Learner.get().day_begun
    with somebody_writes(proxy.obj.database):
        for page in ("/", "/study/all", "/settings"):
            assert visitor.get(page).status_code == 200
        assert Learner.get().day_begun == before
    visitor.get("/")
    assert Learner.get().day_begun == before + 1


def test_a_change_while_another_program_writes_is_refused_with_a_time_to_try(
    visitor: Visitor, clock: Clock
) -> None:
    token = visitor.token()
    clock.pass_(days=1)
    with somebody_writes(proxy.obj.database):
        response = visitor.client.post(
            "/settings/timezone",
            data={"csrf": token, "timezone": "Asia/Tokyo"},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert Learner.get().timezone == "UTC"


def test_a_full_disk_is_said_and_the_next_change_is_saved(visitor: Visitor) -> None:
    card = Memory.select().get().card
    address = f"/cards/{card}/due-dates"
    pages = proxy.execute_sql("PRAGMA page_count").fetchone()[0]
    proxy.execute_sql(f"PRAGMA max_page_count = {pages}")
    # What stands free in the last pages is used up first.
    for _ in range(300):
        kept, before = Journal.select().count(), Memory.get(Memory.card == card).version
        response = visitor.post(address, version=before, days=kept % 2 + 1)
        if response.status_code != 303:
            break
    assert response.status_code == 507
    sentence = "The disk is full, so nothing was saved. Make room and try again."
    assert sentence in response.get_data(as_text=True)
    assert (Journal.select().count(), Memory.get(Memory.card == card).version) == (kept, before)
    proxy.execute_sql("PRAGMA max_page_count = 1000000")
    assert visitor.post(address, version=before, days=9).status_code == 303
    assert Journal.select().count() == kept + 1


@pytest.mark.parametrize("start", [0, 4096], ids=["all of it", "all but its head"])
def test_a_database_damaged_under_the_server_is_said(visitor: Visitor, start: int) -> None:
    visitor.get("/")
    proxy.close()
    path = Path(proxy.obj.database)
    path.write_bytes(path.read_bytes()[:start] + b"\xa5" * (path.stat().st_size - start))
    for address in ("/", "/study/all", "/cards/1"):
        response = visitor.get(address)
        assert response.status_code == 503
        assert (
            "The database file is damaged. Stop the server and restore a backup of it."
            in response.get_data(as_text=True)
        )
