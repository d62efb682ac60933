"""C01-C15: one fact, one card, asked so that it can be answered."""

import re

from quizapp.domain.cards import GAP, gaps
from quizapp.domain.lint import text
from quizapp.domain.lint.rules import Bank, Item, Reasons, Rule, Severity, rule

RULES: list[Rule] = []

ANSWER_WORDS, ANSWER_WORDS_AT_MOST = 25, 50
ANSWER_SENTENCES = 2
PROMPT_WORDS = 40
GAP_WORDS = 8
GAPS = 5
LIST_COMMAS = 4

_FILLER = re.compile(
    r"\b(please|in the context of|it is important to note|basically|as we know)\b", re.I
)
_YES_NO = re.compile(
    r"(is|are|does|do|did|can|could|should|must|has|have|was|were|will|would|may)\b", re.I
)
_LIST = re.compile(
    r"\b(list|name|enumerate|give|state)\b (all|the|its|their)?\s*"
    r"(\d+|two|three|four|five|six|seven|eight|nine|ten|all)\b",
    re.I,
)
_UNDATED = re.compile(r"\b(currently|latest|newest|most recent|nowadays|up to now|so far)\b", re.I)
_YEAR = re.compile(r"\b(19|20)\d\d\b")
# Standards that live in editions: the name, and what counts as naming one.
EDITIONS = (
    (r"\bISO(?:/IEC)?(?: TR| TS)? \d{4,5}(?:-\d+)?(?![:\d-])", r"ISO[^\n]*?:?(19|20)\d\d"),
    (r"\bSP 800-53A?\b", r"SP 800-53A?[^\n]*?(Rev|r)\.? ?\d"),
    (r"\bSP 800-61\b", r"SP 800-61[^\n]*?(Rev|r)\.? ?\d"),
    (r"\bPCI DSS\b", r"PCI DSS[^\n]*?(v|version )?\d"),
    (r"\bOWASP Top 10\b", r"OWASP[^\n]*?20\d\d"),
    (r"\bCOBIT\b", r"COBIT[^\n]*?(5|20\d\d)"),
    (r"\bCybersecurity Framework\b", r"(CSF|Framework|CSWP)[^\n]*?(\d\.\d|20\d\d|29)"),
)
# Not before a number or a dot: SP 800-53, FIPS 199 and GV.SC are names of documents and parts.
_ABBREVIATION = re.compile(r"(?<![\w/.-])[A-Z]{2,6}(?:&[A-Z]+)?s?(?![\w&/-])(?! [A-Z]?\d|\.[A-Z])")
# Known to everybody who opens these decks, or a name and not an abbreviation.
EVERYDAY = frozenset(
    """
    IT ID IP US EU UK USA PC TV HR PR OK AM PM LAN WAN USB PDF HTML HTTP HTTPS URL DNS SQL TCP UDP
    API CPU VPN SMS PIN QR AI CEO CFO CIO CTO CISO COO CRO ICT ISO IEC NIST ISACA CISA CISM CISSP
    CCISO CSMP COBIT COSO ITIL OWASP PCI DSS GDPR HIPAA SANS ENISA IEEE IETF RFC FBI NSA FTC SEC UN
    CSF CIS RACI SWOT AES RSA TLS SSL SSH ISMI IIA NICE ATT&CK MITRE FAIR STRIDE TOGAF SABSA CVE
    NOT AND OR FIRST BEST MOST NEXT LEAST MAIN AMBER RED GREEN CLEAR WHITE II III IV VI VII REV
    """.split()
)


@rule(RULES, "C01", Severity.WARNING, "Split it into several cards, or keep the one fact.")
def long_answer(bank: Bank, item: Item) -> Reasons:
    if item.kind == "cloze":
        return
    answer = text.answer(item)
    count = len(text.words(answer))
    if count > ANSWER_WORDS_AT_MOST:
        yield Severity.ERROR, f"The answer has {count} words; {ANSWER_WORDS} is the aim."
    elif count > ANSWER_WORDS:
        yield f"The answer has {count} words; {ANSWER_WORDS} is the aim."
    elif len(text.sentences(answer)) > ANSWER_SENTENCES:
        yield f"The answer has more than {ANSWER_SENTENCES} sentences."


@rule(RULES, "C02", Severity.WARNING, "Ask one thing; make a second card for the other.")
def two_questions(bank: Bank, item: Item) -> Reasons:
    prompt = text.prompt(item)
    if prompt.count("?") > 1:
        yield "The prompt has more than one question mark."
    elif re.search(r"\band/or\b", prompt):
        yield "The prompt joins two asks with “and/or”."
    elif re.search(r"\band (what|which|who|why|when|where|how)\b[^?]*\?", prompt):
        yield "The prompt joins two asks with “and”."


@rule(RULES, "C03", Severity.WARNING, "Hide one short, meaningful term.")
def odd_gap(bank: Bank, item: Item) -> Reasons:
    if item.kind != "cloze":
        return
    for gap in gaps(item.fields["text"]):
        if len(text.words(gap)) > GAP_WORDS:
            yield f"The gap “{gap}” hides more than {GAP_WORDS} words."
        elif not text.content(gap) and not re.search(r"\d", gap):
            yield f"The gap “{gap}” hides a word without meaning."
    if not text.content(GAP.sub(" ", item.fields["text"])):
        yield "The gaps hide everything."


@rule(RULES, "C04", Severity.WARNING, "Spread the gaps over several notes.")
def many_gaps(bank: Bank, item: Item) -> Reasons:
    if item.kind == "cloze" and (count := len(gaps(item.fields["text"]))) > GAPS:
        yield f"The note has {count} gaps; {GAPS} are enough."


@rule(RULES, "C05", Severity.WARNING, "Ask for one member at a time, or use overlapping gaps.")
def list_to_recite(bank: Bank, item: Item) -> Reasons:
    if item.kind == "cloze":
        return
    answer = text.answer(item)
    if _LIST.search(text.prompt(item)):
        yield "The prompt asks for a list."
    elif len(re.findall(r"^\s*(?:[-*+]|\d+[.)]) ", answer, re.M)) >= LIST_COMMAS:
        yield "The answer is a list of four or more points."
    elif answer.count(",") >= LIST_COMMAS:
        yield "The answer is a list of five or more."


@rule(RULES, "C07", Severity.WARNING, "Shorten the prompt to what the answer needs.")
def wordy_prompt(bank: Bank, item: Item) -> Reasons:
    prompt = text.prompt(item)
    count = len(text.words(prompt))
    if count > PROMPT_WORDS:
        yield f"The prompt has {count} words; {PROMPT_WORDS} is the limit."
    if filler := _FILLER.search(prompt):
        yield f"The prompt has filler: “{filler[0]}”."


@rule(RULES, "C08", Severity.WARNING, "Ask what, which or why; a guess is right half the time.")
def yes_or_no(bank: Bank, item: Item) -> Reasons:
    if item.kind == "basic" and _YES_NO.match(text.lead_in(text.prompt(item))):
        yield "The prompt can be answered with yes or no."


@rule(RULES, "C09", Severity.WARNING, "Expand it once: “Long Name (LN)”.")
def unexplained(bank: Bank, item: Item) -> Reasons:
    seen = text.everything(item).removesuffix(item.reference)
    known = EVERYDAY | bank.spelled_out | text.spelled_out([seen, item.topic, bank.name])
    used = {found.rstrip("s") for found in _ABBREVIATION.findall(seen)}
    if unknown := sorted(used - known):
        yield f"Nothing in the deck says what {', '.join(unknown)} stands for."


@rule(RULES, "C10", Severity.WARNING, "Name where the fact stands: Ref: source, edition, section.")
def no_reference(bank: Bank, item: Item) -> Reasons:
    if not item.reference.strip():
        yield "The item has no reference."


@rule(RULES, "C11", Severity.WARNING, "Say as of when, or which edition.")
def undated(bank: Bank, item: Item) -> Reasons:
    seen = text.everything(item)
    if (word := _UNDATED.search(text.prompt(item))) and not _YEAR.search(seen):
        yield f"“{word[0]}” will be wrong one day, and no date stands by it."
    for name, edition in EDITIONS:
        if (standard := re.search(name, seen)) and not re.search(edition, seen):
            yield f"“{standard[0]}” is named without its edition."


@rule(RULES, "C12", Severity.WARNING, "Name the exam domains it counts for: Domains: CISM22-2.")
def no_domain(bank: Bank, item: Item) -> Reasons:
    if not item.domains:
        yield "The item has no exam domain."


@rule(RULES, "C13", Severity.ERROR, "Mend the markup, or fill in the side.")
def broken_side(bank: Bank, item: Item) -> Reasons:
    for side in (text.prompt(item), text.answer(item)):
        if not side.strip():
            yield "A side is empty."
        elif side.count("```") % 2 or side.count("`") % 2:
            yield "A code mark ` is opened and not closed."
        elif len(re.findall(r"(?<!\*)\*\*(?!\*)", side)) % 2:
            yield "A bold mark ** is opened and not closed."
        elif len(re.findall(r"(?<![\\\d])\$\$", side)) % 2:
            yield "A formula $$ is opened and not closed."
        elif re.search(r"!\[[^\]]*\]\(\s*\)", side):
            yield "A picture has no address."


@rule(RULES, "C14", Severity.WARNING, "Take the answer out of the prompt.")
def answer_in_prompt(bank: Bank, item: Item) -> Reasons:
    if item.kind == "cloze":
        return
    answer, prompt = text.normal(text.answer(item)), text.normal(text.prompt(item))
    if text.says(prompt, answer):
        yield "The answer stands in the prompt."


@rule(RULES, "C15", Severity.WARNING, "Reword the text so that it does not tell.")
def leaked_gap(bank: Bank, item: Item) -> Reasons:
    if item.kind != "cloze":
        return
    body = str(item.fields["text"])
    outside = text.normal(GAP.sub(" … ", body))
    for gap in gaps(body):
        hidden = text.normal(gap)
        if len(hidden) > 2 and text.says(outside, hidden):
            yield f"What “{gap}” hides stands elsewhere in the text."


@rule(RULES, "C16", Severity.WARNING, "Run lint --write-ids, or add a line “ID: …”.")
def no_id(bank: Bank, item: Item) -> Reasons:
    """Not one of the twenty, but of this format: progress hangs on the ID."""
    if not item.has_id:
        yield "The item has no ID, so its history would end with the next change of wording."
