"""The section `fields` of a connector file: where single fields stand in a ticket, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.itsm.custom.request_reading import FileReader
from connectors.itsm.custom.spec import Fields

VALUES = "values"  # what is written: a mapping of the fields' names to their values


def read_fields(reader: FileReader, value: object, *, names: Sequence[str]) -> Fields | None:
    """The fields that the file declares; None if it declares none."""
    if value is None:
        return None
    table = reader.mapping(("fields",), value, allowed=("read", "write"), required=("read",))
    given = reader.mapping(("fields", "read"), table.get("read") or {})
    paths = {name: reader.path_into(("fields", "read", name), one) for name, one in given.items()}
    if table.get("write") is None:
        return Fields(paths, None)
    where = ("fields", "write")
    request, _own = reader.request(where, table["write"], names=(*names, VALUES), method="PATCH")
    if request.is_form:
        reader.problem((*where, "form"), "Values are written as JSON: give 'body'.")
    elif f"{{{VALUES}}}" not in str(table["write"]):
        reader.problem(where, "The request writes no {values}.")
    return Fields(paths, request)
