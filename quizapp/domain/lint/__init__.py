"""The rules of good cards and questions, as checks that need no model and no network.

C01-C15 follow Wozniak's twenty rules of formulating knowledge (1999), M01-M32
Haladyna, Downing & Rodriguez (2002) and NBME's item-writing guide (2020). The
rules are theirs; the thresholds are ours and stand beside each rule.
"""

from quizapp.domain.lint import banks, cards, questions
from quizapp.domain.lint.rules import Bank, Finding, Item, Severity, found

__all__ = ["Bank", "Finding", "Item", "Severity", "check"]


def check(decks: list[Bank]) -> list[Finding]:
    """Everything found in some decks: item by item, then over each pool, then across all.

    Findings come in the order of the decks and of their lines.
    """
    findings = [
        finding
        for deck in decks
        for item in deck.items
        for finding in found(questions.RULES if item.kind == "choice" else cards.RULES, deck, item)
    ]
    findings += [finding for deck in decks for finding in banks.check(deck)]
    findings += banks.check_across(decks)
    order = {deck.path: place for place, deck in enumerate(decks)}
    return sorted(findings, key=lambda f: (order[f.path], f.line, f.rule))
