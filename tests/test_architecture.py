"""The layers of ARCHITECTURE.md, held against what the files import."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "quizapp"

OURS = {
    "domain", "formats", "storage", "actions", "views", "cli", "cli_backups", "cli_imports",
    "cli_exports",
    "clock", "config", "jobs", "works", "workers", "later", "alive",
}  # fmt: skip
COMMANDS = {"cli", "cli_backups", "cli_imports", "cli_exports"}
FORBIDDEN = {
    "domain": {*OURS - {"domain"}, "flask", "peewee", "playhouse"},
    "formats": {*OURS - {"domain", "formats"}, "flask", "peewee", "playhouse"},
    "storage": {*OURS - {"domain", "storage"}, "flask"},
    "actions": {
        *OURS - {"domain", "formats", "storage", "actions"},
        "flask",
        "peewee",
        "playhouse",
    },
    "views": {"formats", *COMMANDS, "works", "workers", "later", "alive", "peewee", "playhouse"},
    "jobs": {"formats", "views", *COMMANDS, "works", "workers", "peewee", "playhouse"},
    "works": {"formats", "views", *COMMANDS, "workers", "peewee", "playhouse"},
    "cli": {"formats", "peewee", "playhouse"},
    "cli_backups": {"formats", "peewee", "playhouse"},
    "cli_imports": {"formats", "peewee", "playhouse"},
    "cli_exports": {"formats", "peewee", "playhouse"},
}
# What screens share; a screen may import these and no other screen.
SHARED_VIEWS = {"guards", "media", "respond", "words"}
DOMAIN_LIBRARIES = {"numpy", "fsrs"}


def imports(path: Path) -> set[str]:
    """The modules a file imports, ours without the leading package name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("quizapp.") for name in found}


def files() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "migrations" not in p.parts]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_layer_imports_only_what_the_plan_allows(path: Path) -> None:
    layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in FORBIDDEN.get(layer, set()), f"{path} imports {name}"
        if layer == "actions" and top == "actions":
            own = path.relative_to(PACKAGE).parts[1].removesuffix(".py")
            assert name.split(".")[1] == own, f"{path} imports another action: {name}"
        if layer == "views" and top == "views":
            assert name.split(".")[1] in SHARED_VIEWS, f"{path} imports another screen: {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=lambda p: p.name)
def test_the_domain_needs_nothing_but_the_standard_library(path: Path) -> None:
    import sys

    for name in imports(path):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names | DOMAIN_LIBRARIES | {"domain"}, name


def test_only_the_clock_asks_the_time() -> None:
    asked = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    asking = {
        str(p.relative_to(PACKAGE)) for p in files() if asked.search(p.read_text(encoding="utf-8"))
    }
    assert asking == {"clock.py"}


def test_stored_html_is_let_through_in_one_place() -> None:
    passing = [p for p in files() if re.search(r"\bMarkup\(", p.read_text(encoding="utf-8"))]
    assert [p.name for p in passing] == ["words.py"]
    for template in (ROOT / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "|safe" not in text and "| safe" not in text, template
        assert "autoescape false" not in text, template


def test_only_respond_reads_htmx_headers() -> None:
    reading = [p.name for p in files() if "request.htmx" in p.read_text(encoding="utf-8")]
    assert reading == ["respond.py"]


def test_every_endpoint_uses_get_or_post_only() -> None:
    verbs = re.compile(r"\.(put|patch|delete|route)\(\"/")
    assert not [p for p in files() if verbs.search(p.read_text(encoding="utf-8"))]
