"""M01-M32: multiple-choice items that test knowledge and not test-taking."""

import re
from itertools import combinations
from typing import Any

from quizapp.domain.lint import text
from quizapp.domain.lint.cards import no_domain, no_id, unexplained
from quizapp.domain.lint.rules import Bank, Item, Reasons, Rule, Severity, rule

RULES: list[Rule] = [
    Rule("C16", Severity.WARNING, "Run lint --write-ids, or add a line “ID: …”.", no_id),
]

STEM_WORDS = 6
SCENARIO_WORDS = 120
KEY_LONGER_SHARE, KEY_LONGER_WORDS = 1.3, 6
CLANG_LETTERS = 5
QUALIFIERS = "FIRST|NEXT|BEST|MOST|PRIMARY|PRIMARILY|GREATEST|LEAST|MAIN|HIGHEST|LOWEST"
ROLES = tuple(
    """
    manager auditor ciso board owner director officer executive committee custodian counsel
    administrator developer vendor supplier user users staff team management
    """.split()
)
LEVELS = ("recall", "application", "analysis")

_QUALIFIER = re.compile(rf"\b({QUALIFIERS})\b")
_LOWER = re.compile(r"\b(first|best|most|primary|greatest|least)\b")
_NEGATIVE = re.compile(r"\b(not|except|all but|never|cannot)\b", re.I)
_ABSOLUTE = re.compile(
    r"\b(always|never|all|none|only|must|completely|every|impossible|entirely)\b", re.I
)
_VAGUE = re.compile(r"\b(usually|often|rarely|may|might|sometimes|generally|typically)\b", re.I)
# One -ing among others proved to be a noun (“Training of …”) on every real deck: only the
# odd one out among three is reported.
_GERUND = "begin with a verb in -ing"
_FORMS = {
    "end with a full stop": re.compile(r".*\.$", re.S),
    "begin with a capital": re.compile(r"[^a-zà-ÿ]"),
    "begin with “to”": re.compile(r"to ", re.I),
    _GERUND: re.compile(r"[A-Za-z]{3,}ing\b"),
}
_NUMBER = re.compile(r"^[^\w]*(\d+(?:[.,]\d+)?)")
_OPPOSITES = (
    ("increase", "decrease"), ("raise", "lower"), ("accept", "reject"), ("allow", "deny"),
    ("before", "after"), ("internal", "external"), ("centralise", "decentralise"),
)  # fmt: skip


def options(item: Item) -> list[dict[str, Any]]:
    """The options as they stand in the file."""
    return list(item.fields["options"])


def key(item: Item) -> str:
    """The text of the best answer."""
    return text.answer(item)


def distractors(item: Item) -> list[str]:
    """The texts of the others."""
    return [str(o["text"]) for o in options(item) if not o["correct"]]


@rule(RULES, "M01", Severity.ERROR, "Mark exactly one option “- [x]”.")
def one_key(bank: Bank, item: Item) -> Reasons:
    count = sum(bool(o["correct"]) for o in options(item))
    if count != 1:
        yield f"{count} options are marked as best."


@rule(RULES, "M02", Severity.NOTE, "Give three to five options; the exams here use four.")
def option_count(bank: Bank, item: Item) -> Reasons:
    count = len(options(item))
    if not 2 <= count <= 6:
        yield Severity.ERROR, f"The item has {count} options."
    elif count not in (3, 4):
        yield f"The item has {count} options."


@rule(RULES, "M03", Severity.WARNING, "Ask a full question that can be answered unseen.")
def stem_is_a_question(bank: Bank, item: Item) -> Reasons:
    stem = text.prompt(item)
    if len(text.words(stem)) < STEM_WORDS:
        yield f"The stem has fewer than {STEM_WORDS} words."
    if re.search(r"which of the following", stem, re.I):
        yield "“Which of the following” asks nothing by itself."
    elif not stem.rstrip().endswith(("?", ":", "…", "___")):
        yield "The stem does not end in a question."


@rule(RULES, "M04", Severity.WARNING, "Turn it round and ask for what is right.")
def negative(bank: Bank, item: Item) -> Reasons:
    asked = text.lead_in(text.prompt(item))
    if found := re.search(r"\b(NOT|EXCEPT|not|except|all but|LEAST)\b", asked):
        yield f"The question asks by “{found[0]}”."


@rule(RULES, "M05", Severity.WARNING, "Use one qualifier, in capitals.")
def one_qualifier(bank: Bank, item: Item) -> Reasons:
    stem = text.prompt(item)
    qualifiers = _QUALIFIER.findall(stem)
    if len(qualifiers) > 1:
        yield f"The stem has {len(qualifiers)} qualifiers: {', '.join(qualifiers)}."
    elif not qualifiers and (found := _LOWER.search(text.lead_in(stem))):
        yield f"“{found[0]}” decides the question and stands in small letters."


@rule(RULES, "M06", Severity.NOTE, "Move what options share into the stem; keep the story short.")
def stem_carries_the_idea(bank: Bank, item: Item) -> Reasons:
    stem, texts = text.words(text.prompt(item)), [text.words(o["text"]) for o in options(item)]
    if len(stem) > SCENARIO_WORDS:
        yield Severity.WARNING, f"The stem has {len(stem)} words; {SCENARIO_WORDS} is the limit."
    if len(stem) < sum(map(len, texts)) / len(texts):
        yield "The stem is shorter than its options."
    # One or two shared words are grammar (“that the”); three belong in the stem.
    openings = {tuple(w.casefold() for w in said[:3]) for said in texts}
    if len(openings) == 1 and len(texts) > 1 and len(texts[0]) > 2:
        yield Severity.WARNING, f"Every option begins with “{' '.join(texts[0][:3])}”."


@rule(RULES, "M07", Severity.NOTE, "Name in the stem whose decision it is.")
def whose_decision(bank: Bank, item: Item) -> Reasons:
    found = [
        {role for role in ROLES if re.match(rf"(the )?([\w-]+ )?{role}\b", o["text"], re.I)}
        for o in options(item)
    ]
    named = any(re.search(rf"\b{role}", text.prompt(item), re.I) for role in ROLES)
    if all(found) and len(set().union(*found)) > 1 and not named:
        yield "The options are people, and the stem does not say for whom or what they decide."


@rule(RULES, "M09", Severity.WARNING, "Ask plainly, without double negative, opinion or joke.")
def plain(bank: Bank, item: Item) -> Reasons:
    asked = text.lead_in(text.prompt(item))
    if len(_NEGATIVE.findall(asked)) > 1:
        yield "The question negates twice."
    if re.search(r"\bwould you\b|\bin your opinion\b", asked, re.I):
        yield "The question asks for an opinion."
    if "!" in text.prompt(item):
        yield "The stem exclaims."


@rule(RULES, "M10", Severity.WARNING, "Expand it once: “Long Name (LN)”.")
def abbreviations(bank: Bank, item: Item) -> Reasons:
    yield from unexplained(bank, item)


@rule(RULES, "M11", Severity.WARNING, "Write an option of its own.")
def all_or_none(bank: Bank, item: Item) -> Reasons:
    for option in options(item):
        said = str(option["text"])
        if re.search(r"\ball of the (above|options|others)\b", said, re.I):
            yield Severity.ERROR, f"“{said}” gives the item away to who knows two options."
        elif re.search(r"\bnone of the (above|options|others)\b", said, re.I):
            yield f"“{said}” tests what is wrong, not what is right."
        elif re.search(r"\b[A-F] (and|or) [A-F]\b|\ball but [A-F]\b", said):
            yield Severity.ERROR, f"“{said}” combines options, which are shuffled."


@rule(RULES, "M12", Severity.WARNING, "Cut the key, or give a distractor as much detail.")
def key_length(bank: Bank, item: Item) -> Reasons:
    others = distractors(item)
    if not others:
        return
    letters = sum(map(len, others)) / len(others)
    count = sum(len(text.words(o)) for o in others) / len(others)
    if len(key(item)) > letters * KEY_LONGER_SHARE:
        yield f"The key has {len(key(item))} characters, the others {letters:.0f} on average."
    elif len(text.words(key(item))) > count + KEY_LONGER_WORDS:
        yield "The key has many more words than the others."


@rule(RULES, "M14", Severity.WARNING, "Say what holds without an absolute.")
def absolutes(bank: Bank, item: Item) -> Reasons:
    in_key = _ABSOLUTE.search(key(item))
    found = [m[0] for o in distractors(item) if (m := _ABSOLUTE.search(o))]
    if found and not in_key:
        yield f"Only wrong options say “{found[0]}”, which gives them away."
    elif in_key:
        yield f"The key says “{in_key[0]}”."


@rule(RULES, "M15", Severity.WARNING, "Say how often, or leave the word out.")
def vague(bank: Bank, item: Item) -> Reasons:
    in_key = _VAGUE.search(key(item))
    found = [m[0] for o in distractors(item) if (m := _VAGUE.search(o))]
    if in_key and not found:
        yield f"Only the key says “{in_key[0]}”, which gives it away."
    elif in_key or found:
        yield f"An option says “{found[0] if found else in_key[0] if in_key else ''}”."


@rule(RULES, "M16", Severity.WARNING, "Give all options one form.")
def one_form(bank: Bank, item: Item) -> Reasons:
    texts = [str(o["text"]).strip() for o in options(item)]
    for form, matches in _FORMS.items():
        shares = [bool(matches.match(said)) for said in texts]
        # A two-and-two split is fine; what matters is that none stands out.
        if len(texts) > 2 and shares.count(False) == 1:
            yield f"“{texts[shares.index(False)]}” stands out: the others all {form}."
        elif len(texts) > 2 and shares.count(True) == 1 and form != _GERUND:
            yield f"“{texts[shares.index(True)]}” stands out: it alone seems to {form}."


@rule(RULES, "M17", Severity.WARNING, "Make every option fit the stem's grammar.")
def grammar(bank: Bank, item: Item) -> Reasons:
    stem = text.prompt(item).rstrip(" :…_")
    if found := re.search(r"\b(an?)$", stem):
        wants_vowel = found[1] == "an"
        fits = [str(o["text"])[:1].lower() in "aeiou" for o in options(item)]
        if any(fit != wants_vowel for fit in fits):
            yield f"“{found[1]}” at the end of the stem does not fit every option."


@rule(RULES, "M18", Severity.WARNING, "Use the word in a distractor too, or in none.")
def clang(bank: Bank, item: Item) -> Reasons:
    stem = {w for w in text.content(text.prompt(item)) if len(w) >= CLANG_LETTERS}
    others = frozenset().union(*(text.content(o) for o in distractors(item)))
    if echoed := sorted((stem & text.content(key(item))) - others):
        yield f"Of the options only the key repeats “{echoed[0]}” from the stem."


@rule(RULES, "M19", Severity.NOTE, "Let distractors share terms with each other as well.")
def convergence(bank: Bank, item: Item) -> Reasons:
    texts = [text.content(str(o["text"])) for o in options(item)]
    shared = [sum(len(a & b) for b in texts if b is not a) for a in texts]
    of_key = next((s for s, o in zip(shared, options(item), strict=True) if o["correct"]), 0)
    if of_key >= 3 and shared.count(of_key) == 1 and of_key == max(shared):
        yield "The key shares more words with the other options than any of them does."


@rule(RULES, "M20", Severity.WARNING, "Make options exclude each other.")
def overlap(bank: Bank, item: Item) -> Reasons:
    texts = [text.normal(str(o["text"])) for o in options(item)]
    for a, b in combinations(texts, 2):
        short, long = sorted((a, b), key=len)
        if a == b:
            yield Severity.ERROR, f"Two options say “{a}”."
        elif len(short.split()) > 1 and text.says(long, short):
            yield f"“{short}” is part of “{long}”."
    for one, other in _OPPOSITES:
        swapped = {t.replace(one, other) for t in texts if one in t.split()}
        if swapped & set(texts):
            yield f"Two options differ in “{one}” and “{other}” only, so one of them is the key."


@rule(RULES, "M21", Severity.WARNING, "Order them by size; such options keep their order.")
def numbers_in_order(bank: Bank, item: Item) -> Reasons:
    found = [_NUMBER.match(str(o["text"])) for o in options(item)]
    if all(found):
        values = [float(m[1].replace(",", "")) for m in found if m]
        if values not in (sorted(values), sorted(values, reverse=True)):
            yield "Options that are numbers stand out of order."


@rule(RULES, "M22", Severity.WARNING, "Say which mistake the option stands for.")
def reasons_for_distractors(bank: Bank, item: Item) -> Reasons:
    reasons = [text.normal(o["rationale"]) for o in options(item)]
    for option, reason in zip(options(item), reasons, strict=True):
        if not option["correct"] and len(reason.split()) < 4:
            yield f"“{option['text']}” has no reason of its own."
        elif reason and reasons.count(reason) > 1:
            yield "Two options share one reason."
            return


@rule(RULES, "M25", Severity.WARNING, "Add “Objective:” with the principle in one line.")
def explained(bank: Bank, item: Item) -> Reasons:
    if not any(o["rationale"].strip() for o in options(item) if o["correct"]):
        yield Severity.ERROR, "Nothing says why the key is best."
    if not item.objective.strip():
        yield "The item has no objective."


@rule(RULES, "M26", Severity.ERROR, "Speak of what an option says: options are shuffled.")
def no_letters(bank: Bank, item: Item) -> Reasons:
    for said in [o["rationale"] for o in options(item)] + [item.objective]:
        if found := re.search(
            r"\b([Oo]ption|[Aa]nswer|[Cc]hoice) [A-F]\b|\b[A-F] is (correct|right|wrong|best)\b"
            r"|\b(first|second|third|fourth|last) (option|answer|choice)\b",
            said,
        ):
            yield f"A reason says “{found[0]}”."


@rule(RULES, "M27", Severity.WARNING, "Name source, edition and section, with its year.")
def dated_reference(bank: Bank, item: Item) -> Reasons:
    if not item.reference.strip():
        yield "The item has no reference."
    elif not re.search(r"(19|20)\d\d|\b[Vv]?\d+(\.\d+)*\b", item.reference):
        yield "The reference names neither a year nor an edition."


@rule(RULES, "M28", Severity.WARNING, "Fill in Domains:, Level:, a heading and the deck's outline.")
def classified(bank: Bank, item: Item) -> Reasons:
    for _ in no_domain(bank, item):
        yield Severity.ERROR, "The item has no exam domain."
    if item.level not in LEVELS:
        yield f"The level is “{item.level}”; it is one of {', '.join(LEVELS)}."
    if not item.topic:
        yield "No heading stands above the item."
    if not bank.outline:
        yield "The deck names no exam outline."


@rule(RULES, "M31", Severity.NOTE, "Ask about one idea.")
def one_idea(bank: Bank, item: Item) -> Reasons:
    if len(re.findall(r"\band\b", text.lead_in(text.prompt(item)))) > 1:
        yield "The question joins more than two things with “and”."


@rule(RULES, "M32", Severity.ERROR, "Say in the head: origin = “…” and licence = “…”.")
def provenance(bank: Bank, item: Item) -> Reasons:
    if not (bank.origin and bank.licence):
        yield "The deck does not say where its questions come from and under which licence."
