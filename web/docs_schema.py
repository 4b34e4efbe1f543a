"""JSON schemas for people: a table of members, and an example value where the author gave none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from web.markup import Html, element, join
from web.openapi import NO_NUL

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]

_DEPTH_MAX: Final = 4  # nested objects shown; deeper ones are named only
_FORMAT_EXAMPLES: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00Z",
    "email": "dana@example.com",
    "uri": "https://example.com/",
    "uuid": "0198c1f2-6a00-7000-8000-000000000000",
}
_BOUNDS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
    "default": "default {}",
}


def followed(schema: Schema, schemas: Schemas) -> Schema:
    """The schema itself, or the one that it refers to."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    target = schemas[reference.rpartition("/")[2]]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def type_text(schema: Schema, schemas: Schemas) -> str:
    """The schema's type in a few words: `string · date-time`, `array of StageOut`, `integer or null`."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = followed(schema, schemas)
        return str(target.get("title", "object")) if "properties" in target else type_text(target, schemas)
    if options := (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        return " or ".join(dict.fromkeys(type_text(option, schemas) for option in options))
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"array of {type_text(schema.get('items', {}), schemas)}"
    return f"{kind} · {schema['format']}" if "format" in schema else kind


def members(schema: Schema, schemas: Schemas, *, depth: int = 0) -> Html | None:
    """A table of the object's members, nested ones folded away below their row; None if it has no members."""
    inner = _object_within(schema, schemas)
    if inner is None or depth >= _DEPTH_MAX:
        return None
    required = set(inner.get("required", ()))
    rows = [
        _row(name, member, schemas, is_required=name in required, depth=depth)
        for name, member in inner["properties"].items()
    ]
    return element("table", element("tbody", *rows), class_="members")


def constraints(schema: Schema, schemas: Schemas) -> Html | None:
    """What a value must satisfy: bounds, pattern, default and the accepted values."""
    target = _without_null(followed(schema, schemas), schemas)
    stated = {key: value for key, value in target.items() if value is not None and value not in ("", NO_NUL)}
    words = [text.format(_spelled(stated[key])) for key, text in _BOUNDS.items() if key in stated]
    accepted = [element("code", str(value)) for value in _accepted(target)]
    if not words and not accepted:
        return None
    parts = [element("span", "; ".join(words))] if words else []
    return element("div", *parts, *accepted, class_="constraints")


def example_of(schema: Schema, schemas: Schemas, *, depth: int = 0) -> object:
    """A plausible value: the author's example, else one made of the schema."""
    target = _without_null(followed(schema, schemas), schemas)
    for key in ("example", "const", "default"):
        if target.get(key) is not None:
            return target[key]
    for key in ("examples", "enum"):
        if target.get(key):
            return target[key][0]
    return _made_example(target, schemas, depth=depth)


def _made_example(target: Schema, schemas: Schemas, *, depth: int) -> object:
    is_shown = depth <= _DEPTH_MAX
    match target.get("type"):
        case "object":
            properties: Schema = target.get("properties", {}) if is_shown else {}
            return {name: example_of(member, schemas, depth=depth + 1) for name, member in properties.items()}
        case "array":
            return [example_of(target.get("items", {}), schemas, depth=depth + 1)] if is_shown else []
        case kind:
            return _scalar_example(kind, target)


def _scalar_example(kind: object, target: Schema) -> object:
    match kind:
        case "integer":
            return target.get("minimum", 1)
        case "number":
            return target.get("minimum", 0.5)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _FORMAT_EXAMPLES.get(str(target.get("format")), "text")


def _row(name: str, member: Schema, schemas: Schemas, *, is_required: bool, depth: int) -> Html:
    description = member.get("description") or followed(member, schemas).get("description", "")
    nested = members(member, schemas, depth=depth + 1)
    fold = element("details", element("summary", "members"), nested) if nested else None
    mark = element("span", "required", class_="required") if is_required else None
    return element(
        "tr",
        element("th", element("code", name), mark, scope="row"),
        element(
            "td",
            element("span", type_text(member, schemas), class_="type"),
            prose(str(description)),
            constraints(member, schemas),
            fold,
        ),
    )


def _object_within(schema: Schema, schemas: Schemas) -> Schema | None:
    target = followed(schema, schemas)
    if target.get("type") == "array":
        return _object_within(target.get("items", {}), schemas)
    if "properties" in target:
        return target
    found = [_object_within(option, schemas) for option in _options(target)]
    objects = [option for option in found if option is not None]
    return objects[0] if len(objects) == 1 else None


def _without_null(schema: Schema, schemas: Schemas) -> Schema:
    options = [followed(option, schemas) for option in _options(schema)]
    kept = [option for option in options if option.get("type") != "null"]
    return {**kept[0], **{k: v for k, v in schema.items() if k not in {"anyOf", "oneOf"}}} if kept else schema


def _options(schema: Schema) -> Iterator[Schema]:
    yield from schema.get("anyOf", ())
    yield from schema.get("oneOf", ())


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _accepted(schema: Schema) -> tuple[object, ...]:
    return tuple(schema.get("enum", ())) or ((schema["const"],) if "const" in schema else ())


def prose(text: str) -> Html:
    """Paragraphs; `code` and **strong** as in Markdown, nothing else."""
    return join(*(element("p", *_inline(paragraph)) for paragraph in text.split("\n\n") if paragraph.strip()))


def _inline(text: str) -> Iterator[Html]:
    for number, part in enumerate(text.split("`")):
        if number % 2:
            yield element("code", part)
            continue
        for inner, run in enumerate(part.split("**")):
            yield element("strong", run) if inner % 2 else join(run)
