"""Secrets by reference. They are read when the connection is made, and never shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from connectors.itsm.custom.request_spec import Request, SecretRef
from connectors.itsm.custom.spec import Spec
from core.errors import ConfigError

SECRET_MAX_BYTES: Final = 65_536


def resolve(spec: Spec) -> dict[SecretRef, SecretStr]:
    """Every secret that the file refers to. Raises ConfigError for the first that is not there."""
    return {ref: _read(spec, ref) for ref in references(spec)}


def references(spec: Spec) -> tuple[SecretRef, ...]:
    """Every reference, each once."""
    return tuple(dict.fromkeys(_references(spec)))


def _references(spec: Spec) -> Iterator[SecretRef]:
    if spec.auth.secret is not None:
        yield spec.auth.secret
    if spec.webhook is not None:
        yield spec.webhook.secret
    for headers in (spec.headers, *(one.headers for one in _requests(spec))):
        yield from (value for value in headers.values() if isinstance(value, SecretRef))


def _requests(spec: Spec) -> Iterator[Request]:
    """Every request of the file."""
    approvals, fields = spec.approvals, spec.fields
    every: list[Request | None] = [
        spec.create, spec.get, spec.update, spec.find, spec.comment, spec.auth.login, spec.auth.logout, spec.look_up,
        spec.comments.request if spec.comments else None,
        spec.changes.request if spec.changes else None,
        fields.write if fields else None,
        *((spec.attachments.listed, spec.attachments.added) if spec.attachments else ()),
    ]  # fmt: skip
    if approvals is not None:
        touched = approvals.changes.changes.request if approvals.changes else None
        every += [approvals.request, touched, approvals.ask, approvals.withdraw, approvals.mark, approvals.reopen]
    yield from (one for one in every if one is not None)


def _read(spec: Spec, ref: SecretRef) -> SecretStr:
    where = f"{ref.source} {ref.name}"
    if ref.source == "env":
        text = os.environ.get(ref.name, "")
        why = "is not set"
    else:
        text, why = _content(spec.file.parent / Path(ref.name).expanduser())
    if not text.strip():
        raise ConfigError(f"The secret of {spec.title} ({where}) {why}.", file=str(spec.file))
    # It goes into a header: a line break would be another header.
    if any(ord(character) < ord(" ") for character in text):
        raise ConfigError(f"The secret of {spec.title} ({where}) has more than one line.", file=str(spec.file))
    return SecretStr(text)


def _content(path: Path) -> tuple[str, str]:
    try:
        with path.open("rb") as stream:
            raw = stream.read(SECRET_MAX_BYTES + 1)
        return ("", "is too large") if len(raw) > SECRET_MAX_BYTES else (raw.decode().rstrip("\r\n"), "is empty")
    except OSError as exc:
        return "", f"cannot be read: {exc.strerror or exc}"
    except UnicodeDecodeError:
        return "", "is not UTF-8 text"
