"""The document of the frame in which a card of others stands, without any script.

Whether it is dark is decided by the browser alone, so that nothing flashes: a deck's rules
for Anki's night mode stand in a style sheet of their own for dark screens, a deck without
such rules gets ours, and one that paints more than its paper is left on light paper.
"""

import re
from html import escape

# The frame cannot read the style sheets of the page around it. What a deck's own sheet says
# comes after this one and wins; names of classes are Anki's, so that it finds them.
_STYLE = """
:root { color-scheme: light dark; }
:root:has(> .nightMode) { color-scheme: dark; }
:root:has(> .day) { color-scheme: light; }
html, html > body {
  height: auto !important; min-height: 0 !important; max-height: none !important;
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 16px; overflow-wrap: break-word;
  font: 400 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: light-dark(#24221e, #e9e5dc); background: light-dark(#ffffff, #1f1d1a);
}
.card { text-align: center; }
a { color: light-dark(#0f5e5e, #6cc4bb); }
img, video { max-width: 100%; height: auto; }
audio { max-width: 100%; vertical-align: middle; }
audio.sound { width: 13rem; height: 44px; }
hr { border: 0; border-top: 1px solid light-dark(#dfdbd1, #57524a); margin: 16px 0; }
table { border-collapse: collapse; margin-inline: auto; }
pre { overflow-x: auto; text-align: start; }
ul, ol { text-align: start; display: inline-block; }
li > ul, li > ol { display: block; }
.scroll { display: block; overflow-x: auto; }
.cloze { font-weight: 700; color: light-dark(#1c5aa6, #8bb8f0); }
details.hint { display: inline-block; }
summary { cursor: pointer; color: light-dark(#0f5e5e, #6cc4bb); }
details.hint > summary { padding: 10px 8px; }
:focus-visible { outline: 2px solid light-dark(#0f5e5e, #6cc4bb); outline-offset: 2px; }
.speak {
  font: inherit; color: inherit; background: none; cursor: pointer; min-height: 44px;
  padding: 8px 16px; border: 1px solid light-dark(#8d877b, #7d776b); border-radius: 8px;
}
.typing:empty { display: none; }
.typing {
  display: inline-block; max-width: 100%; vertical-align: top; white-space: pre-wrap;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
.typing > span { display: block; }
.typing > .arrow { line-height: 1.1; color: light-dark(#645f56, #a8a296); }
.typeGood { background: light-dark(#e6f0e5, #1f2e20); }
.typeBad { background: light-dark(#f8e7e4, #38211e); text-decoration: line-through; }
.typeMissed { background: light-dark(#f2f0ea, #37342e); text-decoration: underline; }
.missing, .problem { color: light-dark(#87520b, #e0b26a); }
.occlusion { position: relative; display: inline-block; max-width: 100%; line-height: 0; }
.occlusion > svg { position: absolute; inset: 0; width: 100%; height: 100%; container-type: size; }
.shapes .asked { stroke: #7a1f19; stroke-width: 3; }
.shapes .covered { stroke: #6b5a1c; stroke-width: 1; }
.shapes .told { fill: none; stroke: #b3261e; stroke-width: 3; }
.shapes .label { fill: #24221e; stroke: #fff; stroke-width: 3px; paint-order: stroke; }
.uncover > summary { padding: 10px 8px; }
.occlusion:has(+ .uncover[open]) .covered { display: none; }
"""
# Over a deck's ".card", under its rules for the night. What was written for white paper in
# the fields themselves, as editors paste it, is turned where it could not be read.
_NIGHT = """
html body.card { color: #e9e5dc; background: #1f1d1a; }
html body.card .cloze { color: #8bb8f0; }
html body.card a { color: #6cc4bb; }
[style*="background"]:not([style*="transparent" i], [style*="none" i], [style*="initial" i],
  [style*="inherit" i], [style*="rgba(0, 0, 0, 0)"]), [bgcolor] { color: #24221e; }
:is([style*="background-color:#fff" i], [style*="background-color:white" i],
  [style*="background-color:rgb(255, 255, 255)"], [style*="background:white" i],
  [style*="background:#fff" i], [bgcolor="#ffffff" i], [bgcolor="white" i]) {
  background: none !important; color: inherit !important; }
:is([style^="color:#000" i], [style*=";color:#000" i], [style^="color:black" i],
  [style*=";color:black" i], [style^="color:rgb(0, 0, 0)"], [style*=";color:rgb(0, 0, 0)"],
  font[color="#000000"], font[color="black" i]):not([style*="background"]) {
  color: inherit !important; }
:is([style^="color:blue" i], [style*=";color:blue" i], [style^="color:#0000ff" i],
  [style*=";color:#0000ff" i], [style^="color:rgb(0, 0, 255)"], [style*=";color:rgb(0, 0, 255)"],
  font[color="blue" i], font[color="#0000ff" i]):not([style*="background"]) {
  color: #8bb8f0 !important; }
"""
_DARK, _LIGHT = "(prefers-color-scheme: dark)", "not all and (prefers-color-scheme: dark)"

_NIGHT_CLASS = re.compile(r"\.(?:nightMode|night_mode)(?![-\w])")
# Selectors that say how the paper looks, and what stands on it; our own rules know these.
_PAPER = re.compile(r"(?:html|body|\*|:root|\.card\d{0,4}|\.cloze|a|hr|\s|,)*+", re.IGNORECASE)
_INK = re.compile(r"(?:^|[;\s])(?:color|background(?:-color|-image)?)\s*:\s*([^;]+)", re.IGNORECASE)
_NO_INK = ("transparent", "none", "inherit", "initial", "unset", "currentcolor")
# A frame is as high as its content, so a share of its height would make it grow for ever.
_SHARE = re.compile(r"(?<![-\w.])(\d{0,4}(?:\.\d{1,6})?)[sld]?vh\b")
_WINDOW = 6.0  # pixels, a hundredth of a common window


def document(
    html: str,
    css: str,
    ord_: int,
    night: bool | None = None,
    title: str = "Card",
    lang: str = "en",
) -> str:
    """A whole document around one side of a shown card.

    html   from shown(), css from foreign_css(): nothing else is safe here
    ord_   the card's number from 0, for the class card1, card2, … of a deck's style sheet
    night  dark, light, or as the system has it; only True gives Anki's class nightMode
    """
    css = _SHARE.sub(_in_pixels, css)
    if night is None and not knows_night(css) and paints(css):
        night = False
    mode = {True: " nightMode", False: " day", None: ""}[night]
    return (
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{_sheets(css, night)}</head>"
        f'<body class="card card{ord_ + 1}{mode}">{html}</body></html>'
    )


def knows_night(css: str) -> bool:
    """Whether a deck's style sheet says itself how its cards look in the dark."""
    return bool(_NIGHT_CLASS.search(css)) or "prefers-color-scheme" in css


def paints(css: str) -> bool:
    """Whether a style sheet colours more than the paper, what is hidden and links."""
    for rule in css.split("}"):
        head, _, body = rule.rpartition("{")
        selector = re.split("[{;]", head)[-1]
        if _PAPER.fullmatch(selector):
            continue
        if any(ink.strip().lower() not in _NO_INK for ink in _INK.findall(body)):
            return True
    return False


def _sheets(css: str, night: bool | None) -> str:
    if night is False:
        return f"<style>{css}</style>"
    if night:
        return f"<style>{_NIGHT}</style><style>{css}</style>"
    # No class can follow the system without script, so its rules are told apart by medium.
    dark = _NIGHT_CLASS.sub(".card.card", css)
    return (
        f'<style media="{_DARK}">{_NIGHT}</style><style media="{_LIGHT}">{css}</style>'
        f'<style media="{_DARK}">{dark}</style>'
        if dark != css
        else f'<style media="{_DARK}">{_NIGHT}</style><style>{css}</style>'
    )


def _in_pixels(share: re.Match[str]) -> str:
    return f"{float(share[1]) * _WINDOW:g}px" if share[1] else share[0]
