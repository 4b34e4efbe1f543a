"""Files of a ticket of theirs, as the section `attachments` declares them: listed, so that none is attached twice."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

from connectors.itsm.base import Refused, TicketFile
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.request_reading import FileReader
from connectors.itsm.custom.spec import Files, Spec

FILE_NAMES: Final = ("file_name", "media_type", "content")


def read_files(reader: FileReader, value: object, *, names: Sequence[str]) -> Files | None:
    """The section `attachments`; None if the file has none."""
    if value is None:
        return None
    keys = ("list", "name", "add")
    table = reader.mapping(("attachments",), value, allowed=keys, required=keys)
    listed, _own = reader.request(("attachments", "list"), table.get("list", {}), names=names)
    where = ("attachments", "add")
    added, _own = reader.request(where, table.get("add", {}), names=(*names, *FILE_NAMES), method="POST")
    for name in ("file_name", "content"):
        if name not in added.names:
            reader.problem(where, f"The request carries no {{{name}}}.")
    return Files(listed, reader.path_into(("attachments", "name"), table.get("name", "name")), added)


async def attach_once(spec: Spec, client: CustomClient, names: dict[str, str], file: TicketFile) -> None:
    """The ticket has exactly one file of this name. Raises Refused where the file declares no `attachments`."""
    declared = spec.attachments
    if declared is None:
        raise Refused(f"The file of {spec.title} declares no 'attachments'.", field="attachments")
    if any(text_at(row, declared.name) == file.name for row in await client.ask_list(declared.listed, names)):
        return
    content = base64.b64encode(file.content).decode()
    sent = {"file_name": file.name, "media_type": file.media_type, "content": content}
    await client.ask(declared.added, {**names, **sent})
