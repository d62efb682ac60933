"""Stylesheet, scripts and icons, each under an address that names its content.

The stylesheet is one response joined from static/css in the order of LAYERS; htmx
comes from the installed package that carries it.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from flask import Flask, Response, abort, make_response

from quizapp.config import ROOT

STATIC = ROOT / "static"
LAYERS = (
    "layers", "tokens", "base", "components", "home", "study", "exams", "goals", "readiness",
    "cards", "decks", "imports", "jobs", "settings", "backups",
)  # fmt: skip
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    name: str
    body: bytes
    type: str

    @property
    def address(self) -> str:
        stem, dot, end = self.name.rpartition(".")
        digest = hashlib.sha256(self.body).hexdigest()[:12]
        return f"/assets/{stem}.{digest}{dot}{end}"


def init(app: Flask) -> None:
    """Read the assets once and let templates ask for their addresses."""
    assets = {asset.name: asset for asset in _collect()}
    by_address = {asset.address: asset for asset in assets.values()}

    def asset(name: str) -> str:
        return assets[name].address

    app.jinja_env.globals["asset"] = asset

    @app.get("/assets/<path:name>")
    def assets_file(name: str) -> Response:
        found = by_address.get(f"/assets/{name}")
        if found is None:
            abort(404)
        return _sent(found, _YEAR)

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return _sent(assets["icon.svg"], "public, max-age=86400")


def _collect() -> list[Asset]:
    css = b"\n".join((STATIC / "css" / f"{name}.css").read_bytes() for name in LAYERS)
    found = [Asset("app.css", css, TYPES[".css"]), Asset("htmx.js", _htmx(), TYPES[".js"])]
    for path in sorted([*(STATIC / "js").glob("*.js"), *(STATIC / "img").iterdir()]):
        if path.suffix in TYPES:
            found.append(Asset(path.name, path.read_bytes(), TYPES[path.suffix]))
    return found


def _htmx() -> bytes:
    spec = find_spec("django_htmx")
    assert spec is not None and spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    return (folder / "static" / "django_htmx" / "htmx-2.min.js").read_bytes()


def _sent(asset: Asset, caching: str) -> Response:
    response = make_response(asset.body)
    response.headers["Content-Type"] = asset.type
    response.headers["Cache-Control"] = caching
    return response
