"""Rules over many items: position of the key, likeness, balance, quota."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from quizapp.domain.lint import text
from quizapp.domain.lint.questions import key, options
from quizapp.domain.lint.rules import Bank, Finding, Item, Severity

# Below this many questions a share says nothing.
FEW = 12
KEY_LONGEST_SHARE = 0.35
KEY_SHORTEST_SHARE = 0.35
SCENARIO_SHARE = 1 / 3
SCENARIO_WORDS = 18
KEY_POSITION_P = 0.01
KEY_RUN = 4
CARD_LIKENESS = 0.8
STEM_LIKENESS = 0.85
# A key of so many meaningful words standing in another stem is no accident.
TELLING_WORDS = 4
QUOTA_POINTS = 2.0
# One spelling or the other, not both in a deck.
VARIANTS = (
    ("organisation", "organization"), ("organisational", "organizational"), ("e-mail", "email"),
    ("programme", "program"), ("centre", "center"), ("defence", "defense"),
    ("authorisation", "authorization"), ("prioritise", "prioritize"), ("behaviour", "behavior"),
    ("cyber security", "cybersecurity"), ("third-party", "3rd-party"),
)  # fmt: skip


def check(bank: Bank) -> Iterator[Finding]:
    """What is wrong with one deck as a whole; each pool of questions by itself."""
    yield from _spelling(bank)
    for pool, items in _pools(bank).items():
        if len(items) >= FEW:
            for id_, reason, remedy in _of_pool(items):
                yield _finding(bank, items[0], id_, reason.format(pool=pool), remedy)


def check_across(banks: Sequence[Bank]) -> Iterator[Finding]:
    """Items that are too like each other, or give each other away, wherever they stand."""
    placed = [(bank, item) for bank in banks for item in bank.items]
    yield from _like_cards([p for p in placed if p[1].kind != "choice"])
    yield from _like_stems([p for p in placed if p[1].kind == "choice"])


def off_quota(counts: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, float]:
    """M30: by how many points each domain of a form is off its weight, where over two.

    ``weights`` are shares of 1 and add up to 1; one item of slack is always allowed.
    """
    total = sum(counts.values())
    allowed = max(QUOTA_POINTS, 100 / total) if total else 0.0
    off = {d: 100 * (counts.get(d, 0) / total - w) for d, w in weights.items()} if total else {}
    return {domain: points for domain, points in off.items() if abs(points) > allowed + 1e-9}


def chi_square_p(counts: Sequence[int]) -> float:
    """The probability of a split at least as uneven if all places were equally likely.

    Survival function of the chi-square distribution with len(counts) - 1 degrees of
    freedom (Abramowitz & Stegun 26.4.4-5).
    """
    mean = sum(counts) / len(counts)
    if not mean:
        return 1.0
    x = sum((count - mean) ** 2 / mean for count in counts)
    odd = (len(counts) - 1) % 2
    q = math.erfc(math.sqrt(x / 2)) if odd else math.exp(-x / 2)
    for degrees in range(1 if odd else 2, len(counts) - 1, 2):
        q += (x / 2) ** (degrees / 2) * math.exp(-x / 2) / math.gamma(degrees / 2 + 1)
    return min(1.0, q)


def key_positions(items: Sequence[Item]) -> list[int]:
    """How often the key stands in each place, over items with the usual number of options."""
    usual = Counter(len(options(item)) for item in items).most_common(1)[0][0]
    counts = [0] * usual
    for item in items:
        if len(options(item)) == usual:
            counts[_place(item)] += 1
    return counts


def key_longest_share(items: Sequence[Item]) -> float:
    """The share of items whose key is longer than each other option."""
    return sum(_extreme(item, max) for item in items) / len(items)


def is_scenario(item: Item) -> bool:
    """Whether a stem describes a situation before it asks, at more than recall."""
    stem = text.prompt(item)
    told = len(text.sentences(stem)) > 1 or len(text.words(stem)) >= SCENARIO_WORDS
    return told and item.level != "recall"


def _of_pool(items: Sequence[Item]) -> Iterator[tuple[str, str, str]]:
    share = sum(map(is_scenario, items)) / len(items)
    if share < SCENARIO_SHARE:
        yield "M08", f"{share:.0%} of the {{pool}} pool are situations.", "Write more of them."
    if (share := key_longest_share(items)) > KEY_LONGEST_SHARE:
        yield (
            "M13",
            f"The key is the longest option in {share:.0%} of the {{pool}} pool.",
            "Cut it.",
        )
    if (share := sum(_extreme(i, min) for i in items) / len(items)) > KEY_SHORTEST_SHARE:
        yield (
            "M13",
            f"The key is the shortest option in {share:.0%} of the {{pool}} pool.",
            "Fill it.",
        )
    if len({len(options(item)) for item in items}) > 1:
        yield "M23", "The {pool} pool mixes items with more and fewer options.", "Use one number."
    counts = key_positions(items)
    if (p := chi_square_p(counts)) <= KEY_POSITION_P:
        yield "M24", f"The key stands at {counts} in the {{pool}} pool (p = {p:.3f}).", "Spread it."
    longest_run = max(len(list(run)) for _, run in groupby(map(_place, items)))
    if longest_run > KEY_RUN:
        yield "M24", f"The key has one place {longest_run} times running.", "Move one of them."


def _like_cards(placed: Sequence[tuple[Bank, Item]]) -> Iterator[Finding]:
    prompts = [text.content(text.prompt(item)) for _, item in placed]
    for a, b in _alike(prompts, CARD_LIKENESS):
        (bank, item), (_, other) = placed[a], placed[b]
        if item.kind == "reversed" or other.kind == "reversed":
            continue  # a reversed card beside a cloze of the same fact is welcome
        if text.normal(text.answer(item)) != text.normal(text.answer(other)):
            reason = f"The prompt is much like that of {other.key}, with another answer."
            yield _finding(bank, item, "C06", reason, "Tell them apart, or contrast them.")
        else:
            reason = f"The card asks what {other.key} asks."
            yield _finding(bank, item, "C06", reason, "Keep one of them.")


def _like_stems(placed: Sequence[tuple[Bank, Item]]) -> Iterator[Finding]:
    stems = [text.content(text.prompt(item)) for _, item in placed]
    for a, b in _alike(stems, STEM_LIKENESS):
        (bank, item), (_, other) = placed[a], placed[b]
        yield _finding(bank, item, "M29", f"The stem is much like that of {other.key}.", "Rewrite.")
    normals = [f" {text.normal(text.prompt(item))} " for _, item in placed]
    for bank, item in placed:
        told = text.normal(key(item))
        if len(text.content(told)) < TELLING_WORDS:
            continue
        for (_, other), stem in zip(placed, normals, strict=True):
            if other is not item and f" {told} " in stem:
                reason = f"The stem of {other.key} gives the key away."
                yield _finding(bank, item, "M29", reason, "Reword one of them.")


def _alike(texts: Sequence[frozenset[str]], at_least: float) -> Iterator[tuple[int, int]]:
    """Pairs of texts with that likeness; a pair must share one of its rarest words."""
    common = Counter(word for words in texts for word in words)
    seen: dict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(texts):
        if len(words) < 3:
            continue
        # Two sets this alike share more than this many of the rarest words of either.
        prefix = len(words) - math.ceil(at_least * len(words)) + 1
        rarest = sorted(words, key=lambda w: (common[w], w))[:prefix]
        others = sorted({other for word in rarest for other in seen[word]})
        for other in others:
            if text.likeness(words, texts[other]) >= at_least:
                yield index, other
        for word in rarest:
            seen[word].append(index)


def _spelling(bank: Bank) -> Iterator[Finding]:
    # In lower case and without the reference: names of works keep their spelling.
    said = [
        (item, Counter(text.words(text.everything(item).removesuffix(item.reference))))
        for item in bank.items
    ]
    used: Counter[str] = sum((count for _, count in said), Counter())
    for pair in VARIANTS:
        if all(used[word] for word in pair):
            rarer = min(pair, key=lambda word: used[word])
            item = next(item for item, count in said if count[rarer])
            reason = f"The deck writes “{pair[0]}” and “{pair[1]}”."
            yield _finding(bank, item, "M10", reason, "Choose one spelling.")


def _pools(bank: Bank) -> dict[str, list[Item]]:
    pools: dict[str, list[Item]] = {}
    for item in bank.items:
        if item.kind == "choice":
            pools.setdefault(item.pool, []).append(item)
    return pools


def _place(item: Item) -> int:
    return next((n for n, option in enumerate(options(item)) if option["correct"]), 0)


def _extreme(item: Item, most: Callable[[list[int]], int]) -> bool:
    lengths = [len(option["text"]) for option in options(item)]
    edge = most(lengths)
    return len(key(item)) == edge and lengths.count(edge) == 1


def _finding(bank: Bank, item: Item, rule: str, reason: str, remedy: str) -> Finding:
    return Finding(rule, Severity.WARNING, bank.path, item.line, item.key, reason, remedy)
