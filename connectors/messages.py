"""Messages that other systems send us: read only once they have proven where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.json_bounds import DEPTH_MAX, is_shallow, is_storable, texts


class UnreadableMessage(InvalidInput):
    """The message proves where it comes from, but says nothing that can be taken."""

    code = "hooks.unreadable"


def document_of(body: bytes) -> Mapping[str, Any]:
    """The object in this body. Raises UnreadableMessage for what is none, nests too deep, or cannot be kept."""
    try:
        text = body.decode()
        if not is_shallow(text):
            raise UnreadableMessage(f"The body nests more than {DEPTH_MAX} arrays or objects in each other.")
        document = json.loads(text)
    except ValueError as exc:
        raise UnreadableMessage("The body is not JSON.") from exc
    if not isinstance(document, dict):
        raise UnreadableMessage("The body is no JSON object.")
    if not all(map(is_storable, texts(document))):
        raise UnreadableMessage("The body holds text with the character U+0000 or half of a surrogate pair.")
    return document
