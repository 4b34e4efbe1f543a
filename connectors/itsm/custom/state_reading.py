"""States of theirs and ours: what is written for each of ours, and what each of theirs means."""

from __future__ import annotations

from collections.abc import Sequence

from config.yamlfile import YamlPath
from connectors.itsm.custom.request_reading import FileReader
from connectors.itsm.custom.request_spec import Ours, Scalar, States, shown


def read_states(
    reader: FileReader, where: YamlPath, value: object, *, kind: type[Ours], required: Sequence[Ours]
) -> States[Ours]:
    """The states under `where`. What is written for one of ours means it, unless `read` says which of several."""
    ours = tuple(map(str, kind))
    table = reader.mapping(where, value, allowed=("write", "read"), required=("write",))
    rows = reader.mapping((*where, "write"), table.get("write", {}), allowed=ours, required=tuple(map(str, required)))
    write = {kind(name): scalar(reader, (*where, "write", name), row) for name, row in rows.items() if name in ours}
    read: dict[str, Ours] = {}
    for theirs, meant in reader.mapping((*where, "read"), table.get("read") or {}).items():
        state = reader.choice((*where, "read", theirs), meant, ours)
        if state in ours:
            read[theirs] = kind(state)
    for state, sent in write.items():
        theirs = shown(sent)
        several = [one for one, other in write.items() if shown(other) == theirs]
        if len(several) > 1 and theirs not in read:
            place = ".".join(map(str, (*where, "read")))
            message = f"'{theirs}' is written for {', '.join(several)}: say in '{place}' which it means."
            reader.problem((*where, "write", state), message)
        read.setdefault(theirs, state)
    return States(write, read)


def scalar(reader: FileReader, path: YamlPath, value: object) -> Scalar:
    """The single value at `path`."""
    if isinstance(value, str | int | float | bool):
        return value
    reader.problem(path, "Here stands a single value.")
    return ""
