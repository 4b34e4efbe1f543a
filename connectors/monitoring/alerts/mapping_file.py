"""YAML -> AlertMapping. Every problem is named at once, with file, line, key and what would be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.yamlfile import LocatedDocument, YamlPath, load_yaml
from connectors.monitoring.alerts.mapping import AlertMapping, Ignored, Looked
from core.incidents import Severity
from core.located import Reader

KEYS: Final = ("severity", "service", "title", "group", "ignore")
LOOKED_KEYS: Final = ("labels", "values", "otherwise")
IGNORED_KEYS: Final = ("label", "is")
SEVERITIES: Final = tuple(map(str, Severity))


def load_alert_mapping(path: Path) -> AlertMapping:
    """The mapping in this file. Raises ConfigError, or YamlSyntaxError if the file is no YAML or cannot be read."""
    return read_alert_mapping(load_yaml(path))


def read_alert_mapping(document: LocatedDocument) -> AlertMapping:
    """The same for a document in hand. Raises ConfigError."""
    reader, shipped = Reader(document), AlertMapping()
    table = reader.mapping((), {} if document.value is None else document.value, allowed=KEYS)
    severity = _looked(reader, ("severity",), table.get("severity", {}), shipped.severity, accepted=SEVERITIES)
    service = _looked(reader, ("service",), table.get("service", {}), shipped.service)
    ignored = reader.sequence(("ignore",), table.get("ignore", ()))
    found = AlertMapping(
        severity=severity,
        service=service,
        title=reader.text(("title",), table["title"]) if "title" in table else "",
        group=_group(reader, table),
        ignored=tuple(_ignored(reader, ("ignore", index), each) for index, each in enumerate(ignored)),
    )
    reader.finish()
    return found


def _looked(
    reader: Reader, path: YamlPath, value: object, shipped: Looked, *, accepted: tuple[str, ...] = ()
) -> Looked:
    fields = reader.mapping(path, value, allowed=LOOKED_KEYS)
    values = reader.mapping((*path, "values"), fields.get("values", {}))
    otherwise = fields.get("otherwise", shipped.otherwise)
    return Looked(
        labels=_labels(reader, (*path, "labels"), fields.get("labels", shipped.labels)),
        values={
            str(name).lower(): _word(reader, (*path, "values", name), each, accepted) for name, each in values.items()
        },
        otherwise=_word(reader, (*path, "otherwise"), otherwise, accepted) if otherwise else "",
    )


def _labels(reader: Reader, path: YamlPath, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (reader.text(path, value),)
    return tuple(reader.text((*path, index), each) for index, each in enumerate(reader.sequence(path, value)))


def _word(reader: Reader, path: YamlPath, value: object, accepted: tuple[str, ...]) -> str:
    if not accepted:
        return reader.text(path, value)
    chosen = reader.choice(path, value, accepted)
    return chosen if chosen in accepted else accepted[0]


def _group(reader: Reader, table: Mapping[str, object]) -> str | None:
    if "group" not in table:
        return None
    return "" if table["group"] == "" else reader.text(("group",), table["group"])


def _ignored(reader: Reader, path: YamlPath, value: object) -> Ignored:
    fields = reader.mapping(path, value, allowed=IGNORED_KEYS, required=IGNORED_KEYS)
    values = fields.get("is", "")
    return Ignored(
        label=reader.text((*path, "label"), fields.get("label", "label")),
        values=frozenset(each.lower() for each in _labels(reader, (*path, "is"), values)),
    )
