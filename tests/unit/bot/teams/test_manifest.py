"""The app package, against the limits of Microsoft's schema 1.23."""

import io
import json
import struct
import zipfile
import zlib

import pytest

from bot.teams.manifest import COMMANDS, SCOPES, Package, archive, manifest
from core.errors import InvalidInput

PACKAGE = Package("6f1b2c54-7d0a-4e0a-9a53-3f6f0a4f7a11", "https://countersign.example.com", "0.1.0")


@pytest.fixture
def files():
    with zipfile.ZipFile(io.BytesIO(archive(PACKAGE))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def pixels(png):
    """(width, height, rows of (red, green, blue, alpha)) of a PNG as we write it."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + content)
        chunks[kind] = content
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    raw, stride = zlib.decompress(chunks[b"IDAT"]), 1 + 4 * width
    rows = [[tuple(raw[y * stride + 1 + 4 * x :][:4]) for x in range(width)] for y in range(height)]
    return width, height, rows


def test_the_package_holds_the_manifest_and_the_two_icons(files):
    assert set(files) == {"manifest.json", "color.png", "outline.png"}
    assert json.loads(files["manifest.json"]) == manifest(PACKAGE)


def test_the_same_settings_make_the_same_package():
    assert archive(PACKAGE) == archive(PACKAGE)


def test_the_color_icon_fills_its_square(files):
    width, height, rows = pixels(files["color.png"])
    assert (width, height) == (192, 192)
    assert {alpha for row in rows for *_color, alpha in row} == {255}
    assert len({color for row in rows for color in row}) > 2  # something is drawn on the ground


def test_the_outline_icon_is_white_and_transparent_alone(files):
    width, height, rows = pixels(files["outline.png"])
    assert (width, height) == (32, 32)
    assert {color[:3] for row in rows for color in row} == {(255, 255, 255)}
    alphas = {color[3] for row in rows for color in row}
    assert {0, 255} <= alphas


def test_texts_keep_to_the_schema_s_limits():
    made = manifest(Package(PACKAGE.app_id, PACKAGE.website, "0.1.0", developer="D" * 50))
    assert len(made["name"]["short"]) <= 30
    assert len(made["name"]["full"]) <= 100
    assert len(made["description"]["short"]) <= 80
    assert len(made["description"]["full"]) <= 4000
    assert len(made["developer"]["name"]) <= 32


def test_every_scope_has_its_commands_within_what_teams_shows():
    lists = manifest(PACKAGE)["bots"][0]["commandLists"]
    assert [each["scopes"] for each in lists] == [[scope] for scope in SCOPES]
    assert len(COMMANDS) <= 10
    assert all(len(title) <= 32 and len(words) <= 128 for title, words in COMMANDS)
    assert {"approve", "bypass", "help"} <= {title for title, _words in COMMANDS}


@pytest.mark.parametrize("field", ["website", "privacy", "terms"])
def test_an_address_without_encryption_is_refused(field):
    given = {"website": PACKAGE.website, field: "http://countersign.example.com"}
    with pytest.raises(InvalidInput, match="https://"):
        manifest(Package(PACKAGE.app_id, version="0.1.0", **given))
