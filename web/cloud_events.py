"""CloudEvents 1.0 over HTTP in binary content mode: attributes in headers, data in the body.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md (3.1)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from web.json_text import parse_json

_PREFIX: Final = "ce-"


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether a body that is not an event itself is the data of one."""
    return f"{_PREFIX}specversion" in headers


def structured(headers: Mapping[str, str], data: bytes) -> bytes:
    """The same event in structured mode, as JSON. Raises Malformed if the data is not JSON."""
    attributes = {
        name.lower().removeprefix(_PREFIX): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith(_PREFIX)
    }
    return json.dumps({**attributes, "data": parse_json(data)}).encode()
