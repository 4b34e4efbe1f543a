"""Single values of settings: how they are read, and what is wrong with one."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr

from config.fields import split_url

KEY_BYTES: Final = 32  # of an encryption key: AES-256


def _postgresql_url(secret: SecretStr) -> SecretStr:
    scheme, separator, rest = secret.get_secret_value().partition("://")
    if scheme not in {"postgresql", "postgres"} or not separator:
        raise ValueError("it must read postgresql://user:password@host:port/database")
    url = f"postgresql://{rest}"
    try:
        database = split_url(url).path.strip("/")
    except ValueError:
        # not chained: the cause may quote a part of the password
        raise ValueError("it names no host; a '/', '@' or '#' in the password is written %2F, %40 or %23") from None
    if not database:
        raise ValueError("it names no database; it must read postgresql://user:password@host:port/database")
    return SecretStr(url)


def _key_text(secret: SecretStr) -> SecretStr:
    for text in secret.get_secret_value().replace(",", " ").split() or [""]:
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise ValueError("a key is 32 bytes in base64; make one with: openssl rand -base64 32")
    return secret


def _one_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().replace(",", " ").split()) > 1:
        raise ValueError("one key seals; others belong into 'encryption_other_keys'")
    return _key_text(secret)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder '{path}'")
    return path


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file '{path}'")
    return path


def words(value: object) -> object:
    """A text with commas as its words; anything else as it is."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def lower(value: object) -> object:
    """A text in small letters; anything else as it is."""
    return value.lower() if isinstance(value, str) else value


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgresql_url)]
KeyText = Annotated[SecretStr, AfterValidator(_one_key)]
KeyTexts = Annotated[SecretStr, AfterValidator(_key_text)]
Folder = Annotated[Path, AfterValidator(_folder)]
File = Annotated[Path, AfterValidator(_file)]
