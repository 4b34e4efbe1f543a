"""An entry with a file as AR System takes it: a part `entry` in JSON, and a part `attach-FIELD` with the bytes."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import TicketFile

# A JSON text has no line break of its own, and what we attach is JSON: the boundary is in neither.
BOUNDARY: Final = "countersign-7f1d0a94c2e64c0f"
MULTIPART: Final = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(entry: bytes, field: str, file: TicketFile) -> bytes:
    """The body. Raises ValueError for a file that holds the boundary, or a name that would end its line."""
    if BOUNDARY.encode() in file.content or any(one in file.name for one in '"\r\n'):
        raise ValueError("This file cannot be written as a part of a form.")
    head = f'Content-Disposition: form-data; name="attach-{field}"; filename="{file.name}"'
    parts = (
        (b'Content-Disposition: form-data; name="entry"', b"application/json", entry),
        (head.encode(), file.media_type.encode(), file.content),
    )
    line = f"--{BOUNDARY}".encode()
    body = b"".join(
        line + b"\r\n" + named + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + content + b"\r\n"
        for named, kind, content in parts
    )
    return body + line + b"--\r\n"
