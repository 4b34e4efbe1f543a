"""Reading of what all requests of a file share: templates, headers, bodies, secrets, paths into answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from config.yamlfile import YamlPath
from connectors.itsm.custom.request_spec import HeaderValue, JsonPath, Request, SecretRef
from connectors.itsm.templates import FIELDS, Name, Template, TemplateError, parse
from core.located import Reader

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST_KEYS: Final = ("method", "path", "query", "headers", "body", "form", "answer")
SECRET_KEYS: Final = ("env", "file")
SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "apikey", "app-token", "x-auth-token"}
)
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


class FileReader(Reader):
    """Reads one connector file."""

    def path_into(self, path: YamlPath, value: object) -> JsonPath:
        """A place in an answer: names and positions, parted by dots."""
        text = self.text(path, value)
        steps = tuple(text.split("."))
        if not all(steps):
            self.problem(path, "Here stand names or list positions, parted by dots: data.items.0.id.")
        return steps

    def optional_path(self, path: YamlPath, table: Mapping[str, object], name: str) -> JsonPath:
        """The same under `name`; empty if it is not given."""
        return self.path_into((*path, name), table[name]) if table.get(name) is not None else ()

    def template(self, path: YamlPath, value: object, *, names: Sequence[str]) -> Template:
        """A text with placeholders of these names."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.problem(path, "Here stands a text, with placeholders like {key} where they are wanted.")
            return Template(())
        try:
            found = parse(str(value))
        except TemplateError as exc:
            self.problem(path, str(exc), accepted=tuple(f"{{{name}}}" for name in names))
            return Template(())
        for name in found.names:
            is_field = name.startswith(FIELDS) and f"{FIELDS}…" in names
            if name not in names and not is_field:
                self.problem(path, f"'{{{name}}}' is not known here.", accepted=tuple(f"{{{one}}}" for one in names))
        return found

    def secret(self, path: YamlPath, value: object) -> SecretRef:
        """A reference to a secret."""
        if not isinstance(value, dict):
            message = "A secret never stands in this file: refer to a variable or a file."
            self.problem(path, message, accepted=("{env: NAME}", "{file: path}"))
            return SecretRef("env", "")
        table = self.mapping(path, value, allowed=SECRET_KEYS)
        given = [name for name in SECRET_KEYS if table.get(name) is not None]
        if len(given) != 1:
            self.problem(path, "Give exactly one of the two.", accepted=("{env: NAME}", "{file: path}"))
            return SecretRef("env", "")
        return SecretRef(given[0], self.text((*path, given[0]), table[given[0]]))

    def headers(self, path: YamlPath, value: object, *, names: Sequence[str]) -> dict[str, HeaderValue]:
        """Headers: each a template, or a reference to a secret."""
        found: dict[str, HeaderValue] = {}
        for name, one in self.mapping(path, value).items():
            at = (*path, name)
            if not _HEADER.match(name):
                self.problem(at, f"'{name}' is no name of a header.")
            elif isinstance(one, dict):
                found[name] = self.secret(at, one)
            elif name.lower() in SECRET_HEADERS:
                self.secret(at, one)
            else:
                found[name] = self.template(at, one, names=names)
        return found

    def request(
        self, path: YamlPath, value: object, *, names: Sequence[str], method: str = "GET", more: Sequence[str] = ()
    ) -> tuple[Request, Mapping[str, object]]:
        """A request, and the table it stands in for the further keys `more`."""
        table = self.mapping(path, value, allowed=(*REQUEST_KEYS, *more), required=("path",))
        template = self.template((*path, "path"), table.get("path", "/"), names=names)
        first = template.parts[0] if template.parts else "/"
        if isinstance(first, Name) or not str(first).startswith("/") or "?" in str(template.parts):
            self.problem((*path, "path"), "The path begins with / and has no '?': put what follows it into 'query'.")
        if table.get("body") is not None and table.get("form") is not None:
            self.problem((*path, "form"), "Give either 'body' (JSON) or 'form', not both.")
        query = self.mapping((*path, "query"), table.get("query") or {})
        is_form = table.get("form") is not None
        place = "form" if is_form else "body"
        body = table.get(place)
        if is_form and not isinstance(body, dict):
            self.problem((*path, "form"), "Here stands a mapping of fields to values.")
            body = {}
        found = Request(
            method=self.choice((*path, "method"), table.get("method", method), METHODS),
            path=template,
            query={name: self.template((*path, "query", name), one, names=names) for name, one in query.items()},
            headers=self.headers((*path, "headers"), table.get("headers") or {}, names=names),
            body=None if body is None else self._tree((*path, place), body, names),
            is_form=is_form,
            answer=self.optional_path(path, table, "answer"),
        )
        if found.method == "GET" and body is not None:
            self.problem((*path, place), "A GET has no body.")
        return found, table

    def _tree(self, path: YamlPath, value: object, names: Sequence[str]) -> Any:
        match value:
            case dict():
                return {name: self._tree((*path, name), one, names) for name, one in value.items()}
            case list():
                return tuple(self._tree((*path, index), one, names) for index, one in enumerate(value))
            case str():
                return self.template(path, value, names=names)
            case _:
                return value
