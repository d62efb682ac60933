"""House rules of the templates."""

import re
from pathlib import Path

import pytest
from flask import Flask

FOLDER = Path(__file__).resolve().parent.parent / "templates"
TEMPLATES = sorted(p for p in FOLDER.rglob("*.html"))


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_compiles(path: Path, app: Flask) -> None:
    app.jinja_env.get_template(name(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_stands_inline_that_the_policy_would_refuse(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\son[a-z]+=", text), "an inline handler"
    assert not re.search(r"\sstyle=", text), "an inline style"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "an inline script"
    assert "hx-on" not in text
    assert "http://" not in text.replace("http://www.w3.org", "") and "https://" not in text


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.name.startswith("_")], ids=name)
def test_a_fragment_says_what_it_needs(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("{# needs: ")


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_post_form_carries_a_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.S):
        assert 'name="csrf"' in form
