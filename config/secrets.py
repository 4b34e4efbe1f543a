"""Every secret that an installation was told."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, SecretStr

from config.fields import split_url


def secrets_of(section: BaseModel) -> Iterator[str]:
    """The value of each secret at any depth; of an address, the password in it too."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        for each in value if isinstance(value, tuple) else (value,):  # a section for each tenant
            if isinstance(each, BaseModel):
                yield from secrets_of(each)
            elif isinstance(each, SecretStr):
                yield from _parts(each.get_secret_value())


def _parts(text: str) -> Iterator[str]:
    yield text
    if "://" in text and (password := split_url(text).password):
        yield password
