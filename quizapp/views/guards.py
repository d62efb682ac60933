"""What stands before and after every request: host, connection, forgery, headers, errors."""

import hashlib
import hmac
import secrets
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, ValidationError

from quizapp import clock
from quizapp.actions import backups as backup_actions
from quizapp.actions import goals as goal_actions
from quizapp.actions import learners as learner_actions
from quizapp.actions import study as study_actions
from quizapp.config import Config, host_name
from quizapp.domain.backups import Shelf
from quizapp.domain.errors import Missing, Refusal, Stale
from quizapp.domain.learners import Learner
from quizapp.storage import backups, files, goals, learners
from quizapp.storage.backups import Failure
from quizapp.storage.database import Full, Unavailable, connection, excuse
from quizapp.storage.fields import Garbled
from quizapp.views import respond
from quizapp.views.words import local_zone

# Bytes of a file that is brought in.
MAX_UPLOAD = 512_000_000

_COOKIE = "quizapp"
_MONTH = 30 * 24 * 3600
# Seconds after which it is looked again whether the day's backup was made.
_LOOK_AGAIN = 600

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "font-src 'self'",
        "frame-src 'self'",
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
_MUCH = f"This file has more than {MAX_UPLOAD // 1_000_000} MB, so it was not taken."
# What is said of a file that is too large, by where files come in.
_TOO_LARGE = {
    "imports.create": f"{_MUCH} Export fewer decks, or leave the media out.",
    "backups.uploads": f"{_MUCH} Restore it where the server runs: flask --app wsgi restore FILE",
}
_FOREIGN_HOST = (
    "This server does not answer to {}. Open it by one of its own names, or add the name to"
    " QUIZAPP_TRUSTED_HOSTS."
)
_NUL = (
    "What was sent holds a character that cannot be stored (NUL), so nothing was saved."
    " Remove it and try again."
)


def row_id(text: str) -> int:
    """The number of a row, as in addresses and forms.

    Raises ValueError where no database could have such a number.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 10) or int(text) >= 2**31:
        raise ValueError(text)
    return int(text)


class RowId(IntegerConverter):
    """``<int:…>`` in an address; what is no number of a row is not found."""

    # Short already here: what a rule only refuses later counts as a wrong method.
    regex = "[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        try:
            return row_id(value)
        except ValueError:
            raise ValidationError from None


def init(app: Flask) -> None:
    """Put the guards around an app."""
    app.url_map.converters["int"] = RowId
    app.before_request(_refuse_foreign_host)
    app.before_request(_allow_upload)
    app.before_request(_connect)
    app.before_request(_refuse_forgery)
    app.before_request(_refuse_nul)
    app.after_request(_finish)
    app.teardown_request(_disconnect)
    app.extensions["backups"] = {}
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)


def current_learner() -> Learner:
    """Who is studying; without sign-in, the local learner, at the start of their day.

    A page is shown also while the database takes no writes; the day then begins with
    the next request.
    """
    if "learner" not in g:
        now = clock.now()
        found = learners.first() or learner_actions.local_learner(local_zone(), now)
        try:
            g.learner = study_actions.begin_day(found, now)
        except Unavailable:
            if request.method not in ("GET", "HEAD"):
                raise
            g.learner = found
        _back_up_later(g.learner, now)
    learner: Learner = g.learner
    return learner


def shelf() -> Shelf:
    """Where the backups lie."""
    return _config().shelf


def imports() -> Path:
    """Where files lie that just came in."""
    return _config().imports


def backup_failure() -> Failure | None:
    """Why the last backup was not made, if it was not.

    On a full disk there is no room for a note about it; then the process remembers.
    """
    remembered: Failure | None = current_app.extensions["backups"].get("failure")
    return backups.failure(shelf()) or remembered


def plan_later(learner: Learner, now: datetime) -> None:
    """Have the day planned in the background where an exam is ahead and there is no list."""
    today = learner.today(now)
    if goals.active(learner.id, learner.calendar.date(today)) and not goals.has_plan(
        learner.id, today
    ):
        later = current_app.extensions["later"]
        later(f"plan {learner.id}", goal_actions.plan_day, learner, now)


def csrf_token() -> str:
    """A token for one form: a nonce, and its signature under the browser's cookie.

    A new nonce each time keeps the token out of reach of compression attacks.
    """
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_signature(nonce, _browser())}"


def _back_up_later(learner: Learner, now: datetime) -> None:
    """Have the day's backup made in the background; a failed one is tried again."""
    day = learner.calendar.date(learner.today(now))
    known = current_app.extensions["backups"]
    look = (day, int(now.timestamp()) // _LOOK_AGAIN)
    if known.get("look") != look:
        known["look"] = look
        later = current_app.extensions["later"]
        later("backup", _back_up, known, _config().shelf, now, day)


def _back_up(known: dict[str, object], shelf: Shelf, now: datetime, day: date) -> None:
    sentence = backup_actions.daily(shelf, now, day)
    known["failure"] = None if sentence is None else Failure(now, sentence)


def _refuse_foreign_host() -> ResponseReturnValue | None:
    """Only own names are answered to, or another site could pose as this one by DNS."""
    said = request.headers.get("Host")
    if said is None:  # HTTP/1.0; no browser
        return None
    name, config = host_name(said), _config()
    for own in config.answers_to:
        if name and (name == own or (own.startswith(".") and f".{name}".endswith(own))):
            return None
    return respond.notice(_FOREIGN_HOST.format(f"“{said[:100]}”"), 400)


def _allow_upload() -> None:
    """A file that comes in may be large; it goes to the disk as it comes."""
    if request.endpoint in _TOO_LARGE:
        request.max_content_length = MAX_UPLOAD


def _refuse_nul() -> ResponseReturnValue | None:
    """PostgreSQL stores no NUL, and nothing that people type holds one."""
    form = request.form if request.method == "POST" else request.args
    given = chain(request.args.items(multi=True), form.items(multi=True))
    if any("\0" in text for text in chain((request.path,), *given)):
        return respond.notice(_NUL, 400)
    return None


def _config() -> Config:
    config: Config = current_app.config["QUIZAPP"]
    return config


def _connect() -> None:
    if request.endpoint == "assets_file":
        return
    opened = connection()
    opened.__enter__()
    g.connection = opened


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
    return origin is None or urlsplit(origin).netloc.lower() == request.host.lower()


def _browser() -> str:
    """The random value that stands for this browser."""
    if "browser" not in g:
        g.browser = request.cookies.get(_cookie_name()) or secrets.token_urlsafe(24)
    value: str = g.browser
    return value


def _cookie_name() -> str:
    return f"__Host-{_COOKIE}" if request.is_secure else _COOKIE


def _signature(nonce: str, browser: str) -> str:
    secret = _secret().encode()
    return hmac.new(secret, f"{nonce}|{browser}".encode(), hashlib.sha256).hexdigest()


def _secret() -> str:
    if not current_app.config["SECRET_KEY"]:
        current_app.config["SECRET_KEY"] = _config().prepared().secret
    secret: str = current_app.config["SECRET_KEY"]
    return secret


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # What Flask sends a file with says only that it is to be asked for again. Whoever lets
    # something be kept says for whom and how long.
    if response.cache_control.max_age is None:
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


def status_of(refusal: Refusal) -> int:
    """The status that goes with a refusal, also where a form is shown again with it."""
    kinds = ((Garbled, 500), (Missing, 404), (Stale, 409), (Full, 507), (Unavailable, 503))
    return next((status for kind, status in kinds if isinstance(refusal, kind)), 400)


def _refused(error: Refusal) -> ResponseReturnValue:
    status = status_of(error)
    response = respond.notice(str(error), status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if 300 <= code < 400:
        return error.get_response()
    if code == 413 and request.endpoint in _TOO_LARGE:
        return respond.notice(_TOO_LARGE[request.endpoint], code)
    return _error(code)


def _broken(error: Exception) -> ResponseReturnValue:
    refusal = files.excuse(error) if isinstance(error, OSError) else excuse(error)
    if refusal is not None:
        current_app.logger.warning("%s failed: %s", request.endpoint, error)
        return _refused(refusal)
    current_app.logger.exception("unexpected error at %s", request.endpoint)
    return _error(500)


def _error(code: int) -> ResponseReturnValue:
    return respond.notice(_SENTENCES.get(code, _SENTENCES[400]), code)
