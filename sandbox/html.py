"""Pieces of the record pages of every simulated system. Texts are escaped here; a `body` is HTML already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus

from aiohttp import web

from sandbox.styles import SHEET


def card(title: str, body: str) -> str:
    """A box with a heading, if it has one."""
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    return f'<section class="card">{heading}{body}</section>'


def table(heads: Iterable[str], body: str) -> str:
    """A table that scrolls by itself."""
    shown = "".join(f"<th>{escape(head)}</th>" for head in heads)
    return f'<div class="scroll"><table><thead><tr>{shown}</tr></thead><tbody>{body}</tbody></table></div>'


def heading(title: str, beside: str) -> str:
    """The title of a page, and what stands beside it."""
    return f'<div class="head"><h1>{escape(title)}</h1><span class="number">{escape(beside)}</span></div>'


def chip(text: str, tone: str = "") -> str:
    """A state as a coloured word."""
    return f'<span class="chip {tone}">{escape(text)}</span>'


def link(href: str, text: str) -> str:
    """A link; an address that is none of the web's is shown as words."""
    if not href.startswith(("http://", "https://")):
        return escape(text)
    return f'<a href="{escape(href)}">{escape(text or "(no name)")}</a>'


def form(lines: Iterable[tuple[str, str, bool]]) -> str:
    """Labels with bodies; the wide ones take a whole line."""
    shown = "".join(
        f"<div{' class=wide' if wide else ''}><dt>{escape(label)}</dt><dd>{body}</dd></div>"
        for label, body, wide in lines
        if body
    )
    return f'<dl class="form">{shown}</dl>'


def stream(items: Iterable[str]) -> str:
    """What happened, one item after the other."""
    shown = "".join(items)
    return f'<ol class="stream">{shown}</ol>' if shown else '<p class="empty">Nothing has happened yet.</p>'


def happened(who: str, when: str, body: str, *, kind: str = "", label: str = "") -> str:
    """One item of the stream."""
    css = f' class="{kind}"' if kind else ""
    middle = f" · {escape(label)}" if label else ""
    return (
        f'<li{css}><span class="who">{escape(who)}</span>{middle} · <span class="when">{escape(when)}</span>'
        f"<p>{body}</p></li>"
    )


def flow(steps: Iterable[tuple[str, str]]) -> str:
    """The states of a record in their order, each with its class: done, here, stop or nothing."""
    shown = "".join(f'<li class="{css}">{escape(label)}</li>' for label, css in steps)
    return f'<ol class="flow">{shown}</ol>' if shown else ""


def page(
    title: str, body: str, *, product: str, note: str, brand: str, navigation: Mapping[str, str], here: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:  # fmt: skip
    """A whole page. `navigation` is address by label; `brand` a colour."""
    links = "".join(
        f'<a href="{escape(href)}"{" class=here" if label == here else ""}>{escape(label)}</a>'
        for label, href in navigation.items()
    )
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{SHEET}:root{{--brand:{brand}}}</style></head><body>"
        f'<header class="bar"><b>{escape(product)}</b><small>{escape(note)}</small><nav>{links}</nav></header>'
        f"<main>{body}</main></body></html>"
    )
    return web.Response(text=text, content_type="text/html", status=status)
