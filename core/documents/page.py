"""A report as one HTML page that needs nothing else: styles and pictures are inside, and no script."""

from __future__ import annotations

import base64
import csv
import io
from decimal import Decimal
from html import escape
from typing import Final, assert_never

from core.cells import no_formula
from core.documents.document import Brand, Cell, Document, Picture, Table, Words, shown

LOGO_HEIGHT: Final = 48  # pixels, at most
SENTENCE: Final = 40  # characters, beyond which words of a cell are one
_STYLE: Final = """
:root{color-scheme:light}
body{font:16px/1.5 "Segoe UI","Liberation Sans",Arial,sans-serif;color:#1b1d28;margin:0;overflow-wrap:anywhere}
header{border-top:8px solid ACCENT;padding:24px 0 8px}
main,header,footer{max-width:860px;margin:0 auto;padding-left:24px;padding-right:24px}
h1{margin:0;font-size:28px}
h2{font-size:19px;margin:32px 0 8px;color:ACCENT}
.sub{color:#565d70}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px}
dt{color:#565d70}
dd{margin:0}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #dcdfe8;padding:6px 8px;text-align:left;vertical-align:top}
th{color:#565d70;font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums}
tfoot td{font-weight:600}
img{max-width:100%;height:auto}
figure{margin:20px 0;break-inside:avoid}
figure h2{margin-top:0}
figcaption{color:#565d70;font-size:14px}
.logo{display:block;max-height:LOGOpx;margin-bottom:16px}
.wide{overflow-x:auto;overflow-wrap:break-word}
footer{color:#565d70;font-size:13px;padding-top:24px;padding-bottom:32px}
@media(max-width:640px){.wide td{overflow-wrap:anywhere;min-width:18ch}.wide .n{min-width:0}.wide .t{min-width:36ch}}
@media print{header{padding-top:0}
}
"""
_NUMBER: Final = '<td class="n">'
_SENTENCE: Final = '<td class="t">'


def to_page(document: Document) -> str:
    """The report, to be read in a browser, in its brand's colour and under its sign."""
    style = _STYLE.replace("ACCENT", document.brand.colour).replace("LOGO", str(LOGO_HEIGHT))
    facts = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in document.facts)
    parts = "".join(_part(each) for each in document.parts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(document.title)}</title>'
        f"<style>{style}</style></head><body><header>{_logo(document.brand)}<h1>{escape(document.title)}</h1>"
        f'<p class="sub">{escape(document.subtitle)}</p></header><main><dl>{facts}</dl>{parts}</main>'
        f"<footer>{escape(document.brand.name)} · {document.made_at:%Y-%m-%d %H:%M} UTC</footer></body></html>"
    )


def to_csv(document: Document) -> str:
    """The report's tables, one under the other, each under its title; cells that a spreadsheet would run are quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    for label, value in document.facts:
        writer.writerow((_cell(label), _cell(value)))
    for part in document.parts:
        if isinstance(part, Table):
            writer.writerow(())
            writer.writerow((_cell(part.title),))
            writer.writerow([_cell(each.title) for each in part.columns])
            writer.writerows([_cell(cell) for cell in row] for row in (*part.rows, *part.sums))
    return out.getvalue()


def _part(part: Table | Words | Picture) -> str:
    match part:
        case Words():
            return f"<p>{escape(part.text)}</p>"
        case Picture():
            return _figure(part)
        case Table():
            return _table(part)
        case _:
            assert_never(part)


def _figure(part: Picture) -> str:
    """The words stand below for everybody, so that the picture itself needs none."""
    title = f"<h2>{escape(part.title)}</h2>" if part.title else ""
    width = f' width="{part.width}"' if part.width else ""
    image = f'<img alt=""{width} src="{_png(part.png)}">'
    return f"<figure>{title}{image}<figcaption>{escape(part.words)}</figcaption></figure>"


def _logo(brand: Brand) -> str:
    return f'<img class="logo" alt="{escape(brand.name)}" src="{_png(brand.logo)}">' if brand.logo else ""


def _png(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(each.title)}</th>' for each in table.columns)
    body = "".join(_row(table, row) for row in table.rows)
    foot = f"<tfoot>{''.join(_row(table, row) for row in table.sums)}</tfoot>" if table.sums else ""
    title = f"<h2>{escape(table.title)}</h2>" if table.title else ""
    name = f' aria-label="{escape(table.title)}"' if table.title else ""
    grid = f"<table{name}><thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"
    return f'{title}<div class="wide">{grid}</div>'


def _row(table: Table, row: tuple[Cell, ...]) -> str:
    cells = (_table_cell(cell, shown(cell, column)) for cell, column in zip(row, table.columns, strict=True))
    return f"<tr>{''.join(cells)}</tr>"


def _table_cell(cell: Cell, text: str) -> str:
    """A number stands right; a sentence is no narrow column on a phone, where the table scrolls."""
    if isinstance(cell, Decimal | int):
        return f"{_NUMBER}{escape(text)}</td>"
    is_sentence = len(text) > SENTENCE and " " in text
    return f"{_SENTENCE if is_sentence else '<td>'}{escape(text)}</td>"


def _cell(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    return no_formula(text) if isinstance(cell, str) else text
