"""Every key that a screen listens to is on the page of keys."""

import re
from pathlib import Path

import pytest

from quizapp.domain.misses import CAUSES
from tests.conftest import Visitor

ROOT = Path(__file__).resolve().parent.parent
BOUND = re.compile(r'data-keys="([^"]*)"')
# What templates work out, by all it can become.
WORKED_OUT = {
    "{{ letter|lower }}": list("abcdef"),
    "{{ loop.index }}": list("1234567"),
    "{{ 6 + loop.index }}{{ letter }}": ["7", "8", "9", "g", "s"],
    "{{ value }}": list("1234"),
    "{{ key }}": [key for key, _ in CAUSES.values()],
    "{{ ' 1 2 3 4' if card.kind != 'choice' }}": list("1234"),
}
NAMES = {"esc": "escape", "←": "arrowleft", "→": "arrowright"}
STUDY, EXAM, EVERYWHERE = "While studying", "In a mock exam", "Everywhere"


def bound(text: str) -> set[str]:
    """The keys that a template binds; of two pressed one after the other both."""
    found = set()
    for template in BOUND.findall(text):
        keys = template
        # A number among letters is an option's, of which there are six.
        for expression, values in WORKED_OUT.items():
            while expression in keys:
                apart = "{{ ' " in expression
                prefix = "" if apart else keys.partition(expression)[0].rpartition(" ")[2]
                some = values[:6] if "letter|lower" in template else values
                keys = keys.replace(prefix + expression, " ".join(f" {prefix}{v}" for v in some))
        assert "{" not in keys, f"{keys}: say in WORKED_OUT what this can become"
        for key in keys.split():
            held = key.startswith(("ctrl+", "alt+"))
            found |= {key} if held or key == "+" else set(key.split("+"))
    return found


def listed(page: str) -> dict[str, set[str]]:
    """The keys on the page by its parts; of a range all."""
    parts = {}
    for part in page.split("<tbody>")[1:]:
        name = re.search(r'scope="rowgroup"[^>]*>([^<]+)', part)[1]  # type: ignore[index]
        keys = parts.setdefault(name, set())
        for row in re.findall(r"<tr><td>(.*?)</td>", part):
            whole = re.sub(r"<kbd>([^<]*)(.)</kbd> … <kbd>\1(.)</kbd>", _range, row)
            keys |= {key.lower() for key in re.findall(r"<kbd>([^<]+)</kbd>", whole)}
    return {name: {NAMES.get(key, key) for key in keys} for name, keys in parts.items()}


def _range(ends: re.Match[str]) -> str:
    return "".join(f"<kbd>{ends[1]}{chr(n)}</kbd>" for n in range(ord(ends[2]), ord(ends[3]) + 1))


@pytest.fixture
def known(visitor: Visitor) -> dict[str, set[str]]:
    return listed(visitor.get("/keys").get_data(as_text=True))


@pytest.mark.parametrize("folder", sorted(p.name for p in (ROOT / "templates").iterdir()))
def test_no_key_that_a_screen_binds_is_missing(folder: str, known: dict[str, set[str]]) -> None:
    path = ROOT / "templates" / folder
    files = sorted(path.glob("*.html")) if path.is_dir() else [path]
    keys = set().union(*(bound(file.read_text(encoding="utf-8")) for file in files))
    assert keys <= known[EXAM if folder == "exams" else STUDY] | known[EVERYWHERE]


def test_no_key_that_a_script_listens_to_is_missing(known: dict[str, set[str]]) -> None:
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "static" / "js").glob("*.js")]
    keys = {key.lower() for text in texts for key in re.findall(r'\bkey === "(\w+)"', text)}
    assert "escape" in keys
    assert keys <= set().union(*known.values())


def test_a_range_stands_for_all_in_it(known: dict[str, set[str]]) -> None:
    assert {"b", "e", "5", "alt+4"} <= known[STUDY]
    assert bound('<a data-keys="f+{{ loop.index }} alt+{{ loop.index }}">') >= {"f", "7", "alt+7"}
