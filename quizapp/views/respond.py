"""Page or fragment: the only reader of htmx's headers."""

from typing import Any

from flask import Response, redirect, render_template, request
from htmx_flask import make_response

# The wall around the cards of others, beside the cleaning of their HTML.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; font-src 'self';"
    " style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; sandbox allow-same-origin;"
    " frame-ancestors 'self'"
)


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


def framed(document: str) -> Response:
    """A document for a frame of a page of ours: no script runs in it and it asks nobody."""
    response: Response = make_response(document, 200)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
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
