"""The document of the frame in which a card of others stands, without any script."""

from html import escape

# The frame cannot read the style sheets of the page around it. What a deck's own sheet says
# comes after this one and wins; names of classes are Anki's, so that it finds them.
_STYLE = """
:root { color-scheme: light dark; }
:root:has(.nightMode) { color-scheme: dark; }
:root:has(.day) { color-scheme: light; }
* { box-sizing: border-box; }
body {
  margin: 0; padding: 16px; overflow-wrap: break-word;
  font: 400 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: light-dark(#24221e, #e9e5dc); background: light-dark(#ffffff, #1f1d1a);
}
.card { text-align: center; }
.card.nightMode { color: #e9e5dc; background: #1f1d1a; }
a { color: light-dark(#0f5e5e, #6cc4bb); }
img, video { max-width: 100%; height: auto; }
audio { max-width: 100%; vertical-align: middle; }
hr { border: 0; border-top: 1px solid light-dark(#dfdbd1, #37342e); margin: 16px 0; }
table { border-collapse: collapse; margin-inline: auto; }
pre { overflow-x: auto; text-align: start; }
ul, ol { text-align: start; display: inline-block; }
.scroll { display: block; overflow-x: auto; }
.cloze { font-weight: 700; color: light-dark(#1c5aa6, #8bb8f0); }
details.hint { display: inline-block; }
summary { cursor: pointer; color: light-dark(#0f5e5e, #6cc4bb); }
.speak {
  font: inherit; color: inherit; background: none; cursor: pointer; min-height: 44px;
  padding: 8px 16px; border: 1px solid light-dark(#8d877b, #7d776b); border-radius: 8px;
}
.typing:empty { display: none; }
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
.uncover[open] + .occlusion .covered { display: none; }
"""


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
    mode = {True: " nightMode", False: " day", None: ""}[night]
    return (
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><style>{css}</style></head>"
        f'<body class="card card{ord_ + 1}{mode}">{html}</body></html>'
    )
