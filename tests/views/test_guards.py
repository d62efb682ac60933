"""Headers, forgery and foreign hosts."""

import pytest

from tests.conftest import Visitor

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
