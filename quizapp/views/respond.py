"""Page or fragment: the only reader of htmx's headers."""

from typing import Any

from flask import Response, redirect, render_template, request
from htmx_flask import make_response


def wants_fragment() -> bool:
    """Whether htmx asks for a piece to swap in, not for a whole page."""
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(page: str, piece: str, status: int = 200, **values: Any) -> Response:
    """The fragment where htmx swaps it in, else the page around it."""
    template = piece if wants_fragment() else page
    response: Response = make_response(render_template(template, **values), status)
    response.vary.add("HX-Request")
    return response


def piece(template: str, status: int = 200, **values: Any) -> Response:
    """A fragment for a form that has no page of its own at its address."""
    response: Response = make_response(render_template(template, **values), status)
    response.vary.add("HX-Request")
    return response


def notice(sentence: str, status: int) -> Response:
    """A sentence about what went wrong: on a page of its own, or where notices stand."""
    if not wants_fragment():
        response: Response = make_response(
            render_template("error.html", sentence=sentence, status=status), status
        )
    else:
        response = make_response(
            render_template("_notice.html", sentence=sentence, kind="error"),
            status,
            retarget="#notice",
            reswap="innerHTML",
        )
    response.vary.add("HX-Request")
    return response


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page that has no fragment of its own."""
    response: Response = make_response(render_template(template, **values), status)
    return response


def go(address: str) -> Response:
    """On to another page after a form: htmx is told, so that the page is not swapped in."""
    if wants_fragment():
        response: Response = make_response("", 204)
        response.headers["HX-Redirect"] = address
    else:
        response = redirect(address, 303)  # type: ignore[assignment]
    response.vary.add("HX-Request")
    return response
