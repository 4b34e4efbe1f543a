"""How a tenant's reports look, as its YAML says it, with every problem at its line."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.tenants.policy import BrandPolicy

BRAND_KEYS: Final = ("name", "colour", "logo")
NAME_MAX: Final = 80  # characters
LOGO_BYTES_MAX: Final = 100_000
LOGO_PIXELS_MAX: Final = 2000  # each way
PNG: Final = b"\x89PNG\r\n\x1a\n"  # how each begins (W3C, PNG, 5.2)
CONTRAST_LEAST: Final = 4.5  # of headings on white; WCAG 2.2, 1.4.3
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_PREFIX: Final = "data:image/png;base64,"


def read_brand(reader: Reader, path: YamlPath, value: object) -> BrandPolicy:
    """In whose name, colour and sign reports are."""
    fields = reader.mapping(path, value, allowed=BRAND_KEYS)
    name = reader.text((*path, "name"), fields["name"]) if "name" in fields else ""
    if len(name) > NAME_MAX:
        reader.problem((*path, "name"), "That is too long.", accepted=(f"up to {NAME_MAX} characters",))
    colour = reader.text((*path, "colour"), fields["colour"]) if "colour" in fields else ""
    if colour and (not _COLOUR.fullmatch(colour) or contrast_with_white(colour) < CONTRAST_LEAST):
        accepted = (f'"#rrggbb" that can be read on white: a contrast of {CONTRAST_LEAST} at least, such as "#0b5fff"',)
        reader.problem((*path, "colour"), f"'{colour}' cannot be taken.", accepted=accepted)
    logo = reader.text((*path, "logo"), fields["logo"]).strip() if "logo" in fields else ""
    if logo and not _is_picture(logo):
        limits = f"at most {LOGO_BYTES_MAX:,} bytes and {LOGO_PIXELS_MAX} pixels each way"
        reader.problem((*path, "logo"), "That is no picture.", accepted=(f"{_PREFIX}…, {limits}",))
    return BrandPolicy(name, colour.lower(), "".join(logo.removeprefix(_PREFIX).split()))


def contrast_with_white(colour: str) -> float:
    """The contrast of #rrggbb with white, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _is_picture(logo: str) -> bool:
    if not logo.startswith(_PREFIX):
        return False
    try:
        content = base64.b64decode("".join(logo.removeprefix(_PREFIX).split()), validate=True)
    except ValueError:
        return False
    if len(content) > LOGO_BYTES_MAX or not content.startswith(PNG) or not _is_whole(content):
        return False
    sides = (int.from_bytes(content[at : at + 4]) for at in (16, 20))  # of its first chunk, IHDR (W3C, PNG, 11.2.1)
    return all(0 < each <= LOGO_PIXELS_MAX for each in sides)


def _is_whole(png: bytes) -> bool:
    """Whether each chunk is what its checksum says, down to the last one (W3C, PNG, 5.3)."""
    at, kind = len(PNG), b""
    while kind != b"IEND":
        length, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        end = at + 8 + length
        if end + 4 > len(png) or zlib.crc32(png[at + 4 : end]) != int.from_bytes(png[end : end + 4]):
            return False
        at = end + 4
    return True
