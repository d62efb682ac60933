"""A learner's files, served as dead data: nothing in them runs, whatever they claim to be."""

from pathlib import Path

from flask import Blueprint, Response, current_app, request, send_file

from quizapp.config import Config
from quizapp.domain.errors import Missing
from quizapp.storage import imports
from quizapp.views.guards import current_learner

blueprint = Blueprint("media", __name__)

# What a browser may show or play by itself; an SVG only as an image. All else is a download.
TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "bmp": "image/bmp", "ico": "image/x-icon",
    "svg": "image/svg+xml", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg",
    "opus": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac", "m4a": "audio/mp4",
    "aac": "audio/aac", "3gp": "audio/3gpp", "mp4": "video/mp4", "webm": "video/webm",
    "ogv": "video/ogg", "mov": "video/quicktime",
}  # fmt: skip
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_GONE = "This file is not here. It may not have been part of the import."


@blueprint.get("/media/<path:name>")
def medium(name: str) -> Response:
    """One of the learner's files by its name."""
    found = imports.medium(current_learner().id, name)
    if found is None:
        raise Missing(_GONE)
    config: Config = current_app.config["QUIZAPP"]
    response = served(config.media / found[0][:2] / found[0], name, found[0])
    if "is" not in request.args:
        # What a name stands for may change; an address with the digest is for ever.
        response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
    return response


def served(path: Path, name: str, digest: str) -> Response:
    """A file under the name a note gives it; raises Missing where its bytes are gone."""
    kind = TYPES.get(name.rpartition(".")[2].lower())
    try:
        response = send_file(
            path,
            mimetype=kind or "application/octet-stream",
            as_attachment=kind is None or (kind == "image/svg+xml" and not _as_image()),
            download_name=name,
            conditional=True,
            etag=digest,
        )
    except FileNotFoundError:
        raise Missing(_GONE) from None
    response.headers["Content-Security-Policy"] = POLICY
    # Kept as an image it must not be what is opened as a page.
    response.vary.add("Sec-Fetch-Dest")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _as_image() -> bool:
    return request.headers.get("Sec-Fetch-Dest", "image") == "image"
