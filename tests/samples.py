"""Decks made for tests: every kind of item, and as many as a test needs."""

from pathlib import Path

HEAD = """---
name = "{name}"
description = "A deck for tests."
topic = "R3"
outline = ["CISM-2022"]
---

# Risk treatment

"""

EVERY_KIND = """Q: Which four responses to a risk does treatment choose between?
A: Avoid, modify, share or retain.
ID: t-responses
Ref: ISO/IEC 27005:2022, 8.2
Domains: CISM22-2

C: The risk that remains after treatment is [residual] risk; who accepts it is the [risk owner].
ID: t-residual
Ref: ISO/IEC 27005:2022, 8.6
Domains: CISM22-2

R: Annualised loss expectancy
A: Single loss expectancy × annual rate of occurrence
ID: t-ale
Ref: SP 800-30 Rev. 1
Domains: CISM22-2

# Continuity

T: Which abbreviation names the longest tolerable outage of a process?
A: MTD
Also: maximum tolerable downtime | MTPD
ID: t-mtd
Ref: SP 800-34 Rev. 1, 3.2
Domains: CISM22-4

M: A business unit wants to launch with a known high risk. What should the manager do FIRST?
- [ ] Stop the launch until the risk is treated
  > The decision belongs to the risk owner.
- [x] Present the risk and the options to its owner
  > The owner has the authority; the manager brings the facts.
- [ ] Report the business unit to internal audit
  > Nothing was violated.
- [ ] Buy insurance that covers the whole launch
  > Sharing is one treatment among several.
Objective: Risk acceptance belongs to the owner with the authority for it.
ID: t-m-launch
Ref: ISO/IEC 27005:2022, 8.2
Domains: CISM22-2
Level: application
"""


def plain(count: int, prefix: str = "t-n") -> str:
    """As many question-and-answer items as asked for."""
    return "\n".join(
        f"Q: What is the answer to question {prefix}{i}?\nA: Answer {i}\nID: {prefix}{i}\n"
        f"Ref: Test, {i}\nDomains: CISM22-2\n"
        for i in range(count)
    )


def write(
    folder: Path,
    text: str = EVERY_KIND,
    family: str = "responsibilities",
    name: str = "Risk",
    stem: str = "r03-risk",
) -> Path:
    """A deck file under a folder of decks; return the folder."""
    (folder / family).mkdir(parents=True, exist_ok=True)
    (folder / family / f"{stem}.md").write_text(HEAD.format(name=name) + text, encoding="utf-8")
    return folder


QUESTION = """M: Firm {n} of domain {d} has met trouble {n}. Which way should it take FIRST?
- [{a}] Take step {n} of {d} north
  > North is reason {n}.
- [{b}] Take step {n} of {d} south
  > South is reason {n}.
- [ ] Take step {n} of {d} east
  > East is reason {n}.
- [ ] Take step {n} of {d} west
  > West is reason {n}.
Objective: Principle {n} of {d}.
ID: {d}-{pool}-{n}
Ref: ISO 31000:2018, 3.{n}
Domains: {d}
Level: application
Pool: {pool}

"""
BLUEPRINT = """certification = "TEST"
body = "Nobody"
outline = "TEST-1"
version = "one"
questions = 20
minutes = 32
planning = true
note = "An exam for tests."
confidence = "certain"
read = 2026-01-01
sources = ["tests"]
[[domains]]
id = "D1"
name = "First domain"
weight = 60
[[domains]]
id = "D2"
name = "Second domain"
weight = 40
"""


def questions(domain: str, count: int, pool: str) -> str:
    """Multiple-choice items of one domain; the key stands at the first or second place."""
    return "".join(
        QUESTION.format(n=n, d=domain, pool=pool, a="x" if n % 2 else " ", b=" " if n % 2 else "x")
        for n in range(count)
    )


def exam(folder: Path, held: int = 30) -> Path:
    """A certification of two domains, its blueprint, cards to study and a pool held out."""
    for domain in ("D1", "D2"):
        text = questions(domain, 4, "study") + questions(domain, held, "mock")
        text += plain(3, domain).replace("CISM22-2", domain)
        write(folder, text, "certifications", f"Domain {domain}", domain.lower())
    (folder / "blueprints").mkdir(exist_ok=True)
    (folder / "blueprints" / "test.toml").write_text(BLUEPRINT, encoding="utf-8")
    return folder
