"""What stands before and after every request: host, connection, forgery, headers, errors."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from quizapp import clock
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.storage import learners
from quizapp.storage.database import Unavailable, connection
from quizapp.views import respond
from quizapp.views.words import local_zone

_COOKIE = "quizapp"
_MONTH = 30 * 24 * 3600

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

_SENTENCES = {
    400: "The request could not be understood. Go back, reload the page and try again.",
    403: "This form did not come from this page. Reload the page and try again.",
    404: "There is nothing at this address. Go back to your decks.",
    405: "This address cannot be used that way. Go back to your decks.",
    413: "What was sent is too large, so nothing was saved. Send less than 1 MB.",
    500: "Something went wrong on our side and nothing was saved. Try again.",
}


def init(app: Flask) -> None:
    """Put the guards around an app."""
    app.before_request(_connect)
    app.before_request(_refuse_forgery)
    app.after_request(_finish)
    app.teardown_request(_disconnect)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)


def current_learner() -> Learner:
    """Who is studying; without sign-in, the local learner, at the start of their day."""
    if "learner" not in g:
        now = clock.now()
        found = learners.first() or learner_actions.local_learner(local_zone(), now)
        g.learner = study_actions.begin_day(found, now)
    learner: Learner = g.learner
    return learner


def csrf_token() -> str:
    """A token for one form: a nonce, and its signature under the browser's cookie.

    A new nonce each time keeps the token out of reach of compression attacks.
    """
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_signature(nonce, _browser())}"


def _connect() -> None:
    if request.endpoint == "assets_file":
        return
    g.connection = connection()
    g.connection.__enter__()


def _disconnect(error: BaseException | None) -> None:
    opened = g.pop("connection", None)
    if opened is not None:
        opened.__exit__(None, None, None)


def _refuse_forgery() -> ResponseReturnValue | None:
    """Every request that changes something carries a token of this browser and comes
    from this site."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    if not _same_site():
        return _error(403)
    token = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
    nonce, _, signature = token.partition(".")
    cookie = request.cookies.get(_cookie_name(), "")
    if not cookie or not hmac.compare_digest(
        signature.encode(), _signature(nonce, cookie).encode()
    ):
        return _error(403)
    return None


def _same_site() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _browser() -> str:
    """The random value that stands for this browser."""
    if "browser" not in g:
        g.browser = request.cookies.get(_cookie_name()) or secrets.token_urlsafe(24)
    value: str = g.browser
    return value


def _cookie_name() -> str:
    return f"__Host-{_COOKIE}" if request.is_secure else _COOKIE


def _signature(nonce: str, browser: str) -> str:
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"{nonce}|{browser}".encode(), hashlib.sha256).hexdigest()


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if "browser" in g and _cookie_name() not in request.cookies:
        response.set_cookie(
            _cookie_name(),
            g.browser,
            max_age=12 * _MONTH,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def _refused(error: Refusal) -> ResponseReturnValue:
    status = 400
    if isinstance(error, Missing):
        status = 404
    elif isinstance(error, Stale):
        status = 409
    elif isinstance(error, Unavailable):
        status = 503
    response = respond.notice(str(error), status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if 300 <= code < 400:
        return error.get_response()
    return _error(code)


def _broken(error: Exception) -> ResponseReturnValue:
    current_app.logger.exception("unexpected error at %s", request.endpoint)
    return _error(500)


def _error(code: int) -> ResponseReturnValue:
    return respond.notice(_SENTENCES.get(code, _SENTENCES[400]), code)
