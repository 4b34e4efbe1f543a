"""A policy's stages as a drawing: pure, from stages and what they need to places, from places to SVG.

A stage stands one step behind the last of those that it needs; stages of one step stand beside each other. Colours and
fonts come from the style sheet by class, because the browser is told to take no style from the page itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from markupsafe import Markup

WIDTH: Final = 172  # pixels of one stage
HEIGHT: Final = 62
_GAP_ALONG: Final = 20
_GAP_BESIDE: Final = 18
_MARGIN: Final = 6
_TITLE_MAX: Final = 18  # characters that fit into WIDTH
_DETAIL_MAX: Final = 22
_SIGNS: Final = {"approved": "✓", "rejected": "✕", "open": "●", "skipped": "–", "waiting": "○", "": ""}


class Way(StrEnum):
    """Which way a drawing is read."""

    ACROSS = "across"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Node:
    """One stage. `detail` is the line below its title; `status` is empty in a policy that nobody asked by yet."""

    key: str
    title: str
    detail: str
    needs: tuple[str, ...]
    status: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stage stands: its upper left corner, in pixels."""

    node: Node
    x: int
    y: int


def steps(nodes: Sequence[Node]) -> tuple[tuple[Node, ...], ...]:
    """The stages by step, each behind all that it needs; a need that does not exist or goes in a circle is ignored."""
    known = {node.key: node for node in nodes}
    depth: dict[str, int] = {}

    def depth_of(node: Node, above: frozenset[str]) -> int:
        if node.key not in depth:
            inside = above | {node.key}
            before = [depth_of(known[need], inside) for need in node.needs if need in known and need not in inside]
            depth[node.key] = 1 + max(before, default=-1)
        return depth[node.key]

    for node in nodes:
        depth_of(node, frozenset())
    last = max(depth.values(), default=-1)
    return tuple(tuple(node for node in nodes if depth[node.key] == step) for step in range(last + 1))


def places(nodes: Sequence[Node], way: Way) -> tuple[Place, ...]:
    """Where each stage stands; those of one step are centred."""
    rows = steps(nodes)
    widest = max((len(row) for row in rows), default=0)
    along, beside = (WIDTH, HEIGHT) if way is Way.ACROSS else (HEIGHT, WIDTH)
    found = []
    for step, row in enumerate(rows):
        indent = (widest - len(row)) * (beside + _GAP_BESIDE) // 2
        for index, node in enumerate(row):
            forward = _MARGIN + step * (along + _GAP_ALONG)
            sideways = _MARGIN + indent + index * (beside + _GAP_BESIDE)
            found.append(Place(node, *((forward, sideways) if way is Way.ACROSS else (sideways, forward))))
    return tuple(found)


def drawing(nodes: Sequence[Node], *, name: str, title: str, way: Way) -> Markup:
    """The SVG; `name` makes its ids unique in the page. Empty for no stages."""
    if not nodes:
        return Markup("")
    standing = places(nodes, way)
    by_key = {place.node.key: place for place in standing}
    width = max(place.x for place in standing) + WIDTH + _MARGIN
    height = max(place.y for place in standing) + HEIGHT + _MARGIN
    edges = [_edge(by_key[need], place, way) for place in standing for need in place.node.needs if need in by_key]
    ident = f"{name}-{way}"
    return Markup(
        '<svg class="graph graph-{way}" role="img" aria-labelledby="{ident}-t {ident}-d" width="{w}" height="{h}" '
        'viewBox="0 0 {w} {h}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{ident}-t">{title}</title><desc id="{ident}-d">{desc}</desc>{edges}{nodes}</svg>'
    ).format(
        way=way.value,
        ident=ident,
        w=width,
        h=height,
        title=title,
        desc=described(nodes),
        edges=Markup("").join(edges),
        nodes=Markup("").join(_box(place) for place in standing),
    )


def described(nodes: Sequence[Node]) -> str:
    """The drawing in a sentence for each stage."""
    titles = {node.key: node.title for node in nodes}
    sentences = []
    for node in nodes:
        needs = [titles[need] for need in node.needs if need in titles]
        after = f" after {' and '.join(needs)}" if needs else " at the start"
        status = f", {node.status}" if node.status else ""
        sentences.append(f"{node.title}{after}{status}.")
    return " ".join(sentences)


def _edge(start: Place, end: Place, way: Way) -> Markup:
    if way is Way.ACROSS:
        x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
        middle = (x1 + x2) // 2
        curve = f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2 - 7} {y2}"
        tip = f"M{x2 - 8} {y2 - 5} L{x2 - 1} {y2} L{x2 - 8} {y2 + 5} Z"
    else:
        x1, y1, x2, y2 = start.x + WIDTH // 2, start.y + HEIGHT, end.x + WIDTH // 2, end.y
        middle = (y1 + y2) // 2
        curve = f"M{x1} {y1} C{x1} {middle} {x2} {middle} {x2} {y2 - 7}"
        tip = f"M{x2 - 5} {y2 - 8} L{x2} {y2 - 1} L{x2 + 5} {y2 - 8} Z"
    done = " done" if start.node.status in {"approved", "skipped"} else ""
    return Markup('<path class="edge{0}" d="{1}"/><path class="tip{0}" d="{2}"/>').format(done, curve, tip)


def _box(place: Place) -> Markup:
    node = place.node
    return Markup(
        '<g class="stage {status}"><title>{full}</title><rect x="{x}" y="{y}" width="{w}" height="{h}" rx="10"/>'
        '<text class="name" x="{tx}" y="{y1}">{title}</text><text class="detail" x="{tx}" y="{y2}">{detail}</text></g>'
    ).format(
        status=node.status or "plain",
        full=f"{node.title}: {node.detail}",
        x=place.x,
        y=place.y,
        w=WIDTH,
        h=HEIGHT,
        tx=place.x + 12,
        y1=place.y + 26,
        y2=place.y + 46,
        title=shortened(node.title, _TITLE_MAX),
        detail=shortened(f"{_SIGNS.get(node.status, '')} {node.detail}".strip(), _DETAIL_MAX),
    )


def shortened(text: str, most: int) -> str:
    """At most `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
