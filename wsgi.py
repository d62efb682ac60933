"""The app for a WSGI server."""

from quizapp import create_app
from quizapp.domain.errors import Refusal

try:
    app = create_app()
except Refusal as refused:
    # A sentence for the one who starts it, and no traceback.
    raise SystemExit(f"Error: {refused}") from None
