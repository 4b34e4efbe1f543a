"""What looks like a secret, or is called one, is struck out before a person or a log sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

# Tokens and secrets as they look: Slack's, our own, Standard Webhooks', bearer headers, passwords in addresses.
_SECRETS: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|cst_[a-z0-9-]+_[0-9a-f]{32}_[0-9a-f]+|whsec_\S+|(?i:bearer)\s+\S+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_SECRET_NAMES: Final = re.compile(r"(?i)(password|passwd|secret|authorization|cookie|token)$")
STRUCK_OUT: Final = "***"
KNOWN_MIN: Final = 6  # characters; a shorter secret would strike out ordinary words
_known: set[str] = set()  # this installation's own secrets: what another system may quote back at us


def strike_out(secrets: Iterable[str]) -> None:
    """From now on these are struck out wherever they stand, whatever they look like."""
    _known.update(secret for secret in secrets if len(secret) >= KNOWN_MIN)


def without_secrets(key: str, value: Any) -> Any:
    """`value` with everything struck out that looks like a secret, or is called one, at any depth."""
    if isinstance(value, Mapping):
        return {inner: without_secrets(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(key, each) for each in value]
    if isinstance(value, str):
        return STRUCK_OUT if _SECRET_NAMES.search(key) else _SECRETS.sub(STRUCK_OUT, _without_known(value))
    return value


def _without_known(text: str) -> str:
    for secret in _known:
        if secret in text:
            text = text.replace(secret, STRUCK_OUT)
    return text
