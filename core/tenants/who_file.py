"""People as a tenant's YAML names them, with every problem at its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.tenants.bypass_policy import Who

WHO_KEYS: Final = ("roles", "groups", "people")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")

Roles = Callable[[YamlPath, object, tuple[str, ...]], tuple[str, ...]]  # a list of the tenant's role names; a default


def read_who(reader: Reader, path: YamlPath, value: object, roles: Roles) -> Who:
    """Those whom the mapping names, by role, group or address."""
    return who_in(reader, path, reader.mapping(path, value, allowed=WHO_KEYS), roles)


def who_in(reader: Reader, path: YamlPath, fields: object, roles: Roles) -> Who:
    """The same in a mapping that says more than that."""
    named = fields if isinstance(fields, dict) else {}
    who = Who(
        roles((*path, "roles"), named.get("roles", ()), ()),
        read_texts(reader, (*path, "groups"), named.get("groups", ())),
        read_people(reader, (*path, "people"), named.get("people", ())),
    )
    if not who.names:
        reader.problem(path, "This names nobody.", accepted=WHO_KEYS)
    return who


def read_texts(reader: Reader, path: YamlPath, value: object) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(reader.text((*path, index), each) for index, each in enumerate(reader.sequence(path, value)))


def read_people(reader: Reader, path: YamlPath, value: object) -> tuple[str, ...]:
    """A list of addresses, in small letters."""
    people = read_texts(reader, path, value)
    for index, each in enumerate(people):
        if not _EMAIL.fullmatch(each):
            reader.problem((*path, index), f"'{each}' is no e-mail address.", accepted=("lee@enterprise.example",))
    return tuple(each.lower() for each in people)
