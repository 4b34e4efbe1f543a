"""Which letters print is set in: DejaVu Sans where the machine has it, else Helvetica, which has Western ones alone."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from fpdf import FPDF

FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts")
FILES: Final = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
FAMILY: Final = "DejaVu"
FALLBACK: Final = "Helvetica"  # one of the fourteen that every reader of PDF has (ISO 32000-1, 9.6.2.2)


def set_fonts(pdf: FPDF) -> str:
    """The document can be set in the family that is returned."""
    found = _found()
    if len(found) < len(FILES):
        return FALLBACK
    for style, path in found.items():
        pdf.add_font(FAMILY, style, path)
    return FAMILY


def legible(text: str, family: str) -> str:
    """The text without what the family cannot set: control characters, and for the fallback what is not Western."""
    plain = "".join(" " if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") else each for each in text)
    return plain if family != FALLBACK else plain.encode("latin-1", "replace").decode("latin-1")


@cache
def _found() -> dict[str, str]:
    """The files by style, as many as there are."""
    return {
        style: str(path)
        for style, name in FILES.items()
        for path in [next((each for folder in FOLDERS for each in Path(folder).rglob(name)), None)]
        if path is not None
    }
