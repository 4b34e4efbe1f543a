"""The sections of a connector file that stand for themselves: sign-in, errors, comments, changes, webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from config.fields import is_loopback
from config.yamlfile import YamlPath
from connectors.itsm.custom.request_reading import REQUEST_KEYS, FileReader
from connectors.itsm.custom.request_spec import Changes, Paging, PagingKind, Request
from connectors.itsm.custom.spec import Auth, AuthKind, Comments, ErrorRule, Errors, Means, Webhook, WebhookKind

CHANGES_NAMES: Final = ("since", "page", "offset", "last", "size", "cursor")
CHANGES_KEYS: Final = ("paging", "overlap_s", "newest_first")
ALGORITHMS: Final = ("sha256", "sha512", "sha1")
ENCODINGS: Final = ("hex", "base64")
_AUTH_KEYS: Final = {
    AuthKind.NONE: ("kind",),
    AuthKind.BASIC: ("kind", "user", "password"),
    AuthKind.BEARER: ("kind", "token"),
    AuthKind.HEADER: ("kind", "header", "value"),
    AuthKind.OAUTH2: ("kind", "token_url", "client_id", "client_secret", "scope"),
    AuthKind.SESSION: ("kind", "login", "token", "header", "logout"),
}
_SECRETS: Final = {
    AuthKind.BASIC: "password",
    AuthKind.BEARER: "token",
    AuthKind.HEADER: "value",
    AuthKind.OAUTH2: "client_secret",
}
_OPTIONAL: Final = frozenset({"scope", "logout"})


def read_auth(reader: FileReader, value: object) -> Auth:
    """How calls prove who makes them; nothing given is no proof."""
    if value is None:
        return Auth()
    every = tuple(dict.fromkeys(key for keys in _AUTH_KEYS.values() for key in keys))
    table = reader.mapping(("auth",), value, allowed=every, required=("kind",))
    chosen = reader.choice(("auth", "kind"), table.get("kind", "none"), tuple(AuthKind))
    if chosen not in tuple(AuthKind):
        return Auth()
    kind = AuthKind(chosen)
    keys = _AUTH_KEYS[kind]
    table = reader.mapping(
        ("auth",),
        {name: one for name, one in table.items() if name in every},
        allowed=keys,
        required=[key for key in keys if key not in _OPTIONAL],
    )
    text = {
        name: reader.text(("auth", name), table[name])
        for name in ("user", "header", "token_url", "client_id", "scope")
        if name in keys and table.get(name) is not None
    }
    secret = _SECRETS.get(kind)
    if (url := text.get("token_url")) and not _is_safe(url):
        reader.problem(("auth", "token_url"), "Here stands an address.", accepted=("https://…",))
    is_session = kind is AuthKind.SESSION
    return Auth(
        kind=kind,
        user=text.get("user", text.get("client_id", "")),
        secret=reader.secret(("auth", secret), table[secret]) if secret and table.get(secret) is not None else None,
        header=text.get("header", "Authorization"),
        token_url=text.get("token_url", ""),
        scope=text.get("scope", ""),
        login=_request(reader, table.get("login"), "login") if is_session else None,
        token=reader.optional_path(("auth",), table, "token") if is_session else (),
        logout=_request(reader, table.get("logout"), "logout") if is_session else None,
    )


def read_errors(reader: FileReader, value: object) -> Errors:
    """How noes are read."""
    table = reader.mapping(("errors",), value or {}, allowed=("message", "field", "rules"))
    rules = []
    for index, one in enumerate(reader.sequence(("errors", "rules"), table.get("rules") or [])):
        path = ("errors", "rules", index)
        row = reader.mapping(path, one, allowed=("status", "path", "is", "means"), required=("status", "means"))
        statuses = row.get("status", 400)
        listed = statuses if isinstance(statuses, list) else [statuses]
        found = frozenset(reader.integer((*path, "status"), status, least=200) for status in listed)
        means = reader.choice((*path, "means"), row.get("means", "refused"), tuple(Means))
        if ("path" in row) != ("is" in row):
            reader.problem(path, "'path' and 'is' belong together: what stands there, and what it must be.")
        rules.append(
            ErrorRule(
                statuses=found,
                path=reader.optional_path(path, row, "path"),
                value=str(row.get("is", "")),
                means=Means(means) if means in tuple(Means) else Means.REFUSED,
            )
        )
    return Errors(
        message=reader.optional_path(("errors",), table, "message"),
        field=reader.optional_path(("errors",), table, "field"),
        rules=tuple(rules),
    )


def read_comments(reader: FileReader, value: object, *, names: tuple[str, ...]) -> Comments | None:
    """How comments are listed; None if they cannot be."""
    if value is None:
        return None
    more = ("id", "text", "author", "at", "internal")
    request, table = reader.request(("comments",), value, names=names, more=more)
    for key in ("id", "text"):
        if table.get(key) is None:
            reader.problem(("comments",), f"The key '{key}' is missing.", accepted=(*REQUEST_KEYS, *more))
    paths = {name: reader.optional_path(("comments",), table, name) for name in more}
    return Comments(request=request, **paths)


def read_changes(
    reader: FileReader, where: YamlPath, value: object, *, more: Sequence[str] = ()
) -> tuple[Changes, Mapping[str, object]]:
    """How what was touched is listed, and the table that says so, for the further keys `more`."""
    request, table = reader.request(where, value, names=CHANGES_NAMES, more=(*CHANGES_KEYS, *more))
    path = (*where, "paging")
    rows = reader.mapping(path, table.get("paging") or {}, allowed=("kind", "size", "first", "next"))
    kind = reader.choice((*path, "kind"), rows.get("kind", "none"), tuple(PagingKind))
    paging = Paging(
        kind=PagingKind(kind) if kind in tuple(PagingKind) else PagingKind.NONE,
        size=reader.integer((*path, "size"), rows.get("size", 100), least=1),
        first=reader.integer((*path, "first"), rows.get("first", 1)),
        next=reader.optional_path(path, rows, "next"),
    )
    if (paging.kind is PagingKind.CURSOR) != bool(paging.next):
        reader.problem(
            path, "'next' says where an answer holds the next cursor: it belongs to the kind 'cursor', which needs it."
        )
    found = Changes(
        request=request,
        paging=paging,
        overlap_s=reader.integer((*where, "overlap_s"), table.get("overlap_s", 60)),
        is_newest_first=reader.boolean((*where, "newest_first"), table.get("newest_first", False)),
    )
    if not found.is_newest_first and "since" not in request.names:
        reader.problem(where, "The request does not ask for what changed since {since}; or read 'newest_first'.")
    return found, table


def read_webhook(reader: FileReader, value: object) -> Webhook | None:
    """How messages to us are checked; None if there are none."""
    if value is None:
        return None
    allowed = ("kind", "secret", "header", "algorithm", "encoding", "prefix", "id", "number", "by", "operation")
    table = reader.mapping(("webhook",), value, allowed=allowed, required=("kind", "secret", "id"))
    kind = reader.choice(("webhook", "kind"), table.get("kind", "standard"), tuple(WebhookKind))
    if kind == WebhookKind.HMAC and table.get("header") is None:
        reader.problem(("webhook",), "The kind 'hmac' needs 'header': where the signature stands.")
    return Webhook(
        kind=WebhookKind(kind) if kind in tuple(WebhookKind) else WebhookKind.STANDARD,
        secret=reader.secret(("webhook", "secret"), table.get("secret")),
        header=reader.text(("webhook", "header"), table.get("header", "Authorization")).lower(),
        algorithm=reader.choice(("webhook", "algorithm"), table.get("algorithm", "sha256"), ALGORITHMS),
        encoding=reader.choice(("webhook", "encoding"), table.get("encoding", "hex"), ENCODINGS),
        prefix=reader.text(("webhook", "prefix"), table["prefix"]) if table.get("prefix") else "",
        id=reader.optional_path(("webhook",), table, "id"),
        number=reader.optional_path(("webhook",), table, "number"),
        by=reader.optional_path(("webhook",), table, "by"),
        operation=reader.optional_path(("webhook",), table, "operation"),
    )


def _request(reader: FileReader, value: object, name: str) -> Request | None:
    if value is None:
        return None
    # Headers with credentials are references; a login's body may not hold any, so none can stand in this file.
    return reader.request(("auth", name), value, names=())[0]


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host or "")))
