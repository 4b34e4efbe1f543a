"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def no_formula(text: str) -> str:
    """The text as a cell: what a spreadsheet would take for a formula is led by an apostrophe (OWASP, CSV injection).

    For words alone: a number may well begin with a minus.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
