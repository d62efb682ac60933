"""The app for a WSGI server."""

from quizapp import create_app

app = create_app()
