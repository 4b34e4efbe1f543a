"""Updating as callers see it: some instances refuse a state without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.servicenow.errors import RuleRefused
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import Row
from sandbox.servicenow.writing import Account


def update(
    instance: Instance, options: Options, row: Row, fields: Mapping[str, Any], *, by: Account, labels: bool
) -> None:
    """The row as the rules leave it. Raises RuleRefused or AccessDenied, changing nothing.

    With the option `silent_refusal` a refused state stays as it was, the other fields are written, nothing is raised.
    """
    try:
        instance.update(row, fields, by=by, labels=labels)
    except RuleRefused:
        if not options.silent_refusal or "state" not in fields:
            raise
        rest = {name: value for name, value in fields.items() if name != "state"}
        instance.update(row, rest, by=by, labels=labels)
