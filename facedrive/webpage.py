"""A page of HTML that needs no other file: its style, its tables and its figures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d1f21; --soft: #5f6368; --line: #d9dce0;
  --paper: #fff; --band: #f5f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7e9; --soft: #a0a5ab; --line: #3a3e44;
  --paper: #17191c; --band: #1f2226; } }
body { font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif;
  color: var(--ink); background: var(--paper); max-width: 62rem; margin: 0 auto;
  padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; padding-top: .6rem;
  border-top: 1px solid var(--line); }
p { max-width: 46rem; margin: .4rem 0; }
.soft, figcaption { color: var(--soft); font-size: .87rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem;
  align-items: start; }
figure { margin: .8rem 0; }
img { display: block; width: 100%; max-width: 28rem; background: #fff; border-radius: 6px;
  padding: .6rem; box-sizing: border-box; border: 1px solid var(--line); }
figcaption { margin-top: .4rem; max-width: 28rem; }
.broad img, .broad figcaption { max-width: none; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums;
  margin: .8rem 0; }
th, td { padding: .18rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
td.name:last-child:not(:first-child) { white-space: normal; min-width: 12rem; }
th { font-weight: 600; border-bottom-color: var(--soft); vertical-align: bottom; }
th.name, td.name { text-align: left; }
tbody tr:nth-child(even) { background: var(--band); }
.wide { overflow-x: auto; }
@media print { :root { --ink: #000; --soft: #444; --line: #ccc; --paper: #fff; --band: #f5f5f5; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  table { font-size: 7.5pt; line-height: 1.25; } th, td { padding: .1rem .5rem; }
  figure, .wide { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .pair { grid-template-columns: 1fr 1fr; } .wide { overflow: visible; } }
"""


def page(title: str, sections: Iterable[str]) -> str:
    """Return the whole page; the sections are HTML already."""
    title = escape(title)
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<style>{STYLE}</style>\n<body>\n<h1>{title}</h1>\n"
        + "\n".join(sections)
        + "\n</body>\n</html>\n"
    )


def figure(svg: bytes, caption: str, *, broad: bool = False) -> str:
    """Lay out a picture, as broad as the page or half of it.

    The caption's second sentence says what is seen to those who do not see it.
    """
    source = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
    alternative = caption.split(". ")[1].rstrip(".")
    kind = ' class="broad"' if broad else ""
    return (
        f'<figure{kind}><img alt="{alternative}" src="{source}"><figcaption>{caption}</figcaption>'
        "</figure>"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], names: Sequence[int] = (0,)) -> str:
    """Lay out a table; ``names`` are the columns of words."""
    lines = [f"<tr>{_cells('th', head, names)}</tr></thead><tbody>"]
    lines += [f"<tr>{_cells('td', row, names)}</tr>" for row in rows]
    return '<div class="wide"><table><thead>' + "\n".join(lines) + "</tbody></table></div>"


def _cells(tag: str, texts: Sequence[str], names: Sequence[int]) -> str:
    kinds = [' class="name"' if index in names else "" for index in range(len(texts))]
    return "".join(
        f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, texts, strict=True)
    )
