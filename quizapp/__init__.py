"""quizapp: cards, exam questions and spaced repetition for future CISOs."""

import os

# Before NumPy comes in: its threads win little on arrays this small, and where others
# compute too they cost many times what they win.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from flask import Flask
from flask_compress import Compress
from htmx_flask import Htmx
from jinja2 import StrictUndefined

from quizapp import cli, cli_backups, cli_exports, cli_imports, later, workers, works
from quizapp.config import ROOT, Config
from quizapp.storage.database import bind, open_database
from quizapp.views import (
    assets,
    backups,
    cards,
    decks,
    exams,
    exports,
    goals,
    guards,
    home,
    imports,
    media,
    readiness,
    settings,
    study,
    words,
)
from quizapp.views import jobs as jobs_screen  # quizapp.jobs is another module

# No form of the app comes near this; uploads will name a limit of their own.
MAX_BODY = 1_000_000


def create_app(config: Config | None = None) -> Flask:
    """The application: config, database, guards, screens, in that order."""
    config = config or Config.from_environment()
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=None,
    )
    app.config.update(
        QUIZAPP=config,
        SECRET_KEY=config.secret,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=200,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_MIN_SIZE=800,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    bind(open_database(config.database))
    Htmx(app)
    Compress(app)
    assets.init(app)
    words.init(app)
    guards.init(app)
    later.init(app)
    workers.init(app)
    works.init(app)
    for screen in (
        home, study, readiness, goals, exams, cards, decks, media, imports, exports, jobs_screen,
        settings, backups,
    ):  # fmt: skip
        app.register_blueprint(screen.blueprint)
    cli.init(app)
    cli_backups.init(app)
    cli_imports.init(app)
    cli_exports.init(app)
    return app
