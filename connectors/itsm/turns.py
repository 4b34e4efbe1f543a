"""Turns of calls to one system, taken from a place that several processes share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Turns = Callable[[float], Awaitable[float]]
"""Takes the next turn, so many seconds after the one before it; seconds from now until it."""
