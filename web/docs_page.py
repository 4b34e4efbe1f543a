"""The reference page: every endpoint of the document, rendered here, with nothing fetched from anywhere else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from web.docs_schema import constraints, example_of, followed, members, prose, type_text
from web.markup import Html, element, join

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_METHODS: Final = ("get", "post", "put", "patch", "delete")
Document = Mapping[str, Any]


def docs_page(document: Document, *, assets_url: str) -> str:
    """The whole page for an OpenAPI document; style and script are found below `assets_url`."""
    info = document["info"]
    title = f"{info['title']}: API reference"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="icon", href=f"{assets_url}/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href=f"{assets_url}/docs.css"),
        element("script", src=f"{assets_url}/docs.js", defer=""),
    )
    body = element("body", _bar(document), element("div", _navigation(document), _main(document), class_="layout"))
    return "<!doctype html>\n" + element("html", head, body, lang="en")


def _bar(document: Document) -> Html:
    info = document["info"]
    return element(
        "header",
        element("a", element("span", "✓", class_="mark"), info["title"], href="#top", class_="brand"),
        element("span", f"v{info['version']}", class_="version"),
        element(
            "input",
            id="search",
            type="search",
            placeholder="Search endpoints ( / )",
            aria_label="Search endpoints",
            autocomplete="off",
        ),
        element("a", "openapi.json", href="openapi.json", class_="link"),
        element("button", "Theme", id="theme", type="button", aria_label="Switch between light and dark"),
        class_="bar",
    )


def _navigation(document: Document) -> Html:
    groups = [
        element(
            "section",
            element("h2", tag["name"]),
            element("ul", *(_navigation_item(*found) for found in _operations(document, tag["name"]))),
            data_group="",
        )
        for tag in document["tags"]
    ]
    return element("nav", *groups, aria_label="Endpoints")


def _navigation_item(path: str, method: str, operation: Document) -> Html:
    link = element("a", _badge(method), element("span", operation["summary"]), href=f"#{operation['operationId']}")
    return element("li", link, data_search=_search_text(path, method, operation))


def _main(document: Document) -> Html:
    introduction = element(
        "section",
        element("h1", document["info"]["title"]),
        prose(document["info"].get("description", "")),
        element("p", "Base address: ", element("code", document["servers"][0]["url"])),
        class_="introduction",
        id="top",
    )
    groups = [_group(document, tag) for tag in document["tags"]]
    nothing = element("p", "No endpoint matches.", id="nothing", hidden="")
    return element("main", introduction, nothing, *groups)


def _group(document: Document, tag: Document) -> Html:
    return element(
        "section",
        element("h2", tag["name"]),
        prose(tag["description"]),
        *(_operation(document, *found) for found in _operations(document, tag["name"])),
        data_group="",
    )


def _operation(document: Document, path: str, method: str, operation: Document) -> Html:
    schemas = document["components"]["schemas"]
    lock = None if operation["security"] else element("span", "no sign-in", class_="public")
    return element(
        "article",
        element(
            "h3",
            _badge(method),
            element("code", path, class_="path"),
            lock,
            element("a", "#", href=f"#{operation['operationId']}", class_="anchor", aria_label="Link to this endpoint"),
        ),
        element("p", operation["summary"], class_="summary"),
        prose(operation.get("description", "")),
        _parameters(operation, schemas),
        _request(operation, schemas),
        _responses(document, operation),
        _curl(document, path, method, operation),
        id=operation["operationId"],
        data_search=_search_text(path, method, operation),
    )


def _parameters(operation: Document, schemas: Document) -> Html | None:
    rows = [
        element(
            "tr",
            element(
                "th",
                element("code", parameter["name"]),
                element("span", "required", class_="required") if parameter["required"] else None,
                scope="row",
            ),
            element(
                "td",
                element("span", f"{parameter['in']} · {type_text(parameter['schema'], schemas)}", class_="type"),
                prose(parameter["description"]),
                constraints(parameter["schema"], schemas),
            ),
        )
        for parameter in operation["parameters"]
    ]
    return (
        join(element("h4", "Parameters"), element("table", element("tbody", *rows), class_="members")) if rows else None
    )


def _request(operation: Document, schemas: Document) -> Html | None:
    if "requestBody" not in operation:
        return None
    content = operation["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    kinds = ", ".join(content)
    shown = members(schema, schemas) or element("p", type_text(schema, schemas))
    return join(element("h4", "Body ", element("small", kinds)), shown)


def _responses(document: Document, operation: Document) -> Html:
    return join(
        element("h4", "Answers"),
        *(_response(document, status, answer) for status, answer in operation["responses"].items()),
    )


def _response(document: Document, status: str, answer: Document) -> Html:
    schemas = document["components"]["schemas"]
    target = document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
    level = "ok" if status.startswith("2") else "problem"
    name = "any other" if status == "default" else f"{status} {HTTPStatus(int(status)).phrase}"
    title = element("summary", element("span", name, class_=f"status {level}"), target["description"])
    shown: list[Html] = []
    for kind, media in target.get("content", {}).items():
        schema = media["schema"]
        shown.append(element("p", element("code", kind), " ", type_text(schema, schemas), class_="type"))
        table = members(schema, schemas)
        if table is not None:
            shown.append(table)
        if level == "ok" and "properties" in followed(schema, schemas):
            shown.append(_code(json.dumps(example_of(schema, schemas), indent=2, ensure_ascii=False)))
    return element("details", title, *shown, class_="response")


def _curl(document: Document, path: str, method: str, operation: Document) -> Html:
    lines = " \\\n  ".join(_curl_parts(document, path, method, operation))
    return join(element("h4", "Example"), _code(lines))


def _curl_parts(document: Document, path: str, method: str, operation: Document) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    address = document["servers"][0]["url"].rstrip("/") + path
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            value = str(example_of(parameter["schema"], schemas))
            address = address.replace("{" + parameter["name"] + "}", value)
    yield f"curl {shlex.quote(address)}" if method == "get" else f"curl -X {method.upper()} {shlex.quote(address)}"
    if operation["security"]:
        yield '-H "Authorization: Bearer $TOKEN"'
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"]):
        yield '-H "Idempotency-Key: $(uuidgen)"'
    if "requestBody" in operation:
        kind, media = next(iter(operation["requestBody"]["content"].items()))
        example = media.get("example", example_of(media["schema"], schemas))
        yield f"-H 'Content-Type: {kind}'"
        yield f"-d {shlex.quote(json.dumps(example, indent=2, ensure_ascii=False))}"


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods and methods[method]["tags"][0] == tag:
                yield path, method, methods[method]


def _code(text: str) -> Html:
    copy = element("button", "Copy", type="button", class_="copy")
    return element("div", copy, element("pre", element("code", text)), class_="code")


def _badge(method: str) -> Html:
    return element("span", method.upper(), class_=f"method {method}")


def _search_text(path: str, method: str, operation: Document) -> str:
    return " ".join((method, path, operation["summary"], *operation["tags"])).lower()
