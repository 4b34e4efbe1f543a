"""A share as a bar: pure SVG, coloured by class."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

_LENGTH: Final = 120  # pixels


def bar(value: float, most: float) -> Markup:
    """A bar as long as `value` is of `most`. The number stands beside it in words, so it is hidden from readers."""
    filled = 0 if most <= 0 else round(_LENGTH * min(max(value / most, 0), 1))
    return Markup(
        '<svg class="bar" aria-hidden="true" focusable="false" width="{0}" height="8" viewBox="0 0 {0} 8">'
        '<rect class="track" width="{0}" height="8" rx="4"/><rect class="fill" width="{1}" height="8" rx="4"/></svg>'
    ).format(_LENGTH, filled)
