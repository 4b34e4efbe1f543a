"""`countersign connector`: check a custom ticket system's file, and show what it would send."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from connectors.itsm.base import ConnectorError, TicketKind, TicketState
from connectors.itsm.custom import OPERATIONS, Sample, declared, load, trial
from core.errors import InvalidInput
from core.tickets import Decision

_SLUG_SHOWN = "custom"


def check(files: Sequence[Path]) -> list[dict[str, Any]]:
    """What the files declare. Raises ConfigError with every problem of the first file that has any."""
    found = []
    for file in files:
        connector = declared(file, slug=_SLUG_SHOWN)
        can = connector.capabilities
        abilities = {
            "changes": can.change_requests,
            "incidents": can.incidents,
            "comments": can.comments,
            "webhooks": can.webhooks,
            "idempotent create": can.idempotent_create,
            "polling": can.incremental_by is not None,
            "approvals": can.approvals.reads,
            "asking approvers": can.approvals.asks,
            "marking approvals": can.approvals.marks,
            "reopening approvals": can.approvals.reopens,
            "attachments": can.attachments,
        }
        found.append(
            {"file": str(file), "title": connector.title, "can": [name for name, has in abilities.items() if has]}
        )
    return found


def attempt(file: Path, operation: str, given: Sequence[str]) -> dict[str, Any]:
    """The request that this operation would send, secrets struck out. `given` are samples as name=value.

    Raises InvalidInput for an unknown operation or sample, ConfigError for the file.
    """
    spec = load(file)
    if operation not in OPERATIONS:
        raise InvalidInput(f"There is no operation '{operation}'.", accepted=OPERATIONS)
    try:
        call = trial(spec, operation, _sample(dict(_pair(one) for one in given)))
    except ConnectorError as exc:
        raise InvalidInput(exc.reason) from exc
    return {
        "method": call.method,
        "url": call.url,
        "headers": dict(call.headers),
        "body": _body(call.body),
    }


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise InvalidInput(f"'{text}' is no sample; it reads name=value.", accepted=_names())
    return name, value


def _names() -> tuple[str, ...]:
    return (*(one.name for one in fields(Sample) if one.name != "fields"), "fields.NAME")


def _sample(given: Mapping[str, str]) -> Sample:
    plain: dict[str, Any] = {name: value for name, value in given.items() if not name.startswith("fields.")}
    facts = {name.removeprefix("fields."): value for name, value in given.items() if name.startswith("fields.")}
    known = {one.name for one in fields(Sample)} - {"fields"}
    for name in plain:
        if name not in known:
            raise InvalidInput(f"'{name}' is no sample.", accepted=_names())
    try:
        for name, kind in (("kind", TicketKind), ("target", TicketState), ("decision", Decision)):
            if name in plain:
                plain[name] = kind(plain[name])
    except ValueError as exc:
        raise InvalidInput(f"{exc}.", accepted=(*TicketKind, *TicketState, *Decision)) from exc
    return replace(Sample(**plain), fields=facts or None)


def _body(raw: bytes | None) -> Any:
    if raw is None:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode()
