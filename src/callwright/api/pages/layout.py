"""The frame of our HTML pages: one inline style sheet, named by its hash in the content security policy, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff;
  overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; }
h4 { margin: .8rem 0 .2rem; }
a { color: #0b57a4; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; }
nav a { display: inline-block; margin: 0 .8rem .2rem 0; }
details { border-bottom: 1px solid #ddd; padding: .3rem 0; }
details[open] { padding-bottom: 1rem; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.2rem; font-size: 14px; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #ddd; padding: .2rem .8rem .2rem 0; vertical-align: top; min-width: 4rem; }
td:first-child { min-width: 7rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #17191c; }
  a { color: #7db7f0; }
  pre { background: #22262b; }
  details, td { border-color: #3a3f45; }
}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
"""Of every page: a browser runs no script, loads nothing and frames it nowhere."""


def page(title: str, body: str) -> str:
    """Returns a whole HTML document. ``body`` is HTML, ``title`` is text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def code(text: str) -> str:
    """Returns text as an HTML ``code`` element."""
    return f"<code>{escape(text)}</code>"


def slug(text: str) -> str:
    """Returns a name for a link within the page: lower case, a hyphen for everything else but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
