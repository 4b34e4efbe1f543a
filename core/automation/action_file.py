"""Reading the actions of a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from config.yamlfile import YamlPath
from core.access import resolve_role
from core.automation.surroundings import KnownSystem, Surroundings
from core.automation.templates import Template, read_template
from core.automation.triggers import VOCABULARY, is_about, kinds_of
from core.automation.values import EVENT_TICKET, Action, ActionKind
from core.errors import CountersignError, InvalidInput
from core.located import Reader
from core.roles.permissions import ACTION_PERMISSIONS

TARGETS: Final = ("in_approval", "approved", "rejected", "implementing", "implemented", "closed", "cancelled")
CLOSE_CODES: Final = ("successful", "successful_with_issues", "unsuccessful")
RECIPIENTS: Final = ("person", "role", "channel")
REQUEST, TICKET = "request", "ticket"  # on what a comment is written, beside the name of a system
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_KEYS: Final[Mapping[ActionKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {  # all, and of them required
    ActionKind.CREATE_TICKET: (("system", "kind", "summary", "description", "fields"), ("system", "kind", "summary")),
    ActionKind.UPDATE_TICKET: (("system", "fields"), ("fields",)),
    ActionKind.TRANSITION: (("system", "to", "note", "close_code", "close_notes"), ("to",)),
    ActionKind.COMMENT: (("on", "text"), ("on", "text")),
    ActionKind.NOTIFY: ((*RECIPIENTS, "text"), ("text",)),
    ActionKind.OPEN_APPROVAL: (("action", "resource", "justification"), ("action", "resource", "justification")),
    ActionKind.CALL_WEBHOOK: (("url", "secret", "data"), ("url", "secret")),
}


@dataclass(frozen=True, slots=True)
class ActionReader:
    """Reads the actions of one rule, which listens to `triggers` and can speak of `subjects`."""

    reader: Reader
    triggers: Sequence[str]
    subjects: Sequence[str]
    around: Surroundings

    def action(self, path: YamlPath, item: object) -> Action | None:
        """The action at `path`; None if it is a problem."""
        entry = self.reader.mapping(path, item, allowed=tuple(ActionKind))
        if len(entry) != 1 or next(iter(entry)) not in tuple(ActionKind):
            if isinstance(item, dict) and len(item) != 1:
                self.reader.problem(path, "Each action stands alone in its list item.", accepted=tuple(ActionKind))
            return None
        kind = ActionKind(next(iter(entry)))
        place = (*path, kind.value)
        allowed, required = _KEYS[kind]
        fields = self.reader.mapping(place, entry[kind], allowed=allowed, required=required)
        match kind:
            case ActionKind.CREATE_TICKET:
                return self._create_ticket(place, fields)
            case ActionKind.UPDATE_TICKET:
                return self._update_ticket(place, fields)
            case ActionKind.TRANSITION:
                return self._transition(place, fields)
            case ActionKind.COMMENT:
                return self._comment(place, fields)
            case ActionKind.NOTIFY:
                return self._notify(place, fields)
            case ActionKind.OPEN_APPROVAL:
                return self._open_approval(place, fields)
            case ActionKind.CALL_WEBHOOK:
                return self._call_webhook(place, fields)

    def _create_ticket(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        system = self._system((*path, "system"), fields.get("system", ""))
        known = (self.around.systems or {}).get(system)
        kinds = known.kinds if known is not None else ("change", "incident")
        kind = self.reader.choice((*path, "kind"), fields.get("kind", kinds[0] if kinds else ""), kinds)
        texts = self._texts(path, fields, "summary", "description") | self._nested(path, fields, "fields")
        return Action(ActionKind.CREATE_TICKET, system, {"kind": kind}, texts)

    def _update_ticket(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        system, place = self._place(path, fields), (*path, "fields")
        given = self.reader.mapping(place, fields.get("fields", {}))
        if not given and isinstance(fields.get("fields"), dict):
            self.reader.problem(place, "Name at least one field, and what it shall hold.")
        texts = {}
        for name, value in given.items():
            self._check_field((*place, name), system, name)
            texts[f"fields.{name}"] = self._field((*place, name), value)
        return Action(ActionKind.UPDATE_TICKET, system, {}, texts)

    def _field(self, path: YamlPath, value: object) -> Template:
        """What the field shall hold; the empty text empties it."""
        if value == "":
            return Template("")
        return self._template(path, str(value).lower() if isinstance(value, bool) else value)

    def _check_field(self, path: YamlPath, system: str, name: str) -> None:
        """A problem if no system that may be meant has the field, or lets a rule write it at one of the events."""
        meant = self._meant(system)
        if not meant:
            return
        for trigger in self.triggers:
            refusals = list(chain.from_iterable(each.refusals(kinds_of(trigger), name) for each in meant))
            if refusals and all(refusals):
                self.reader.problem(path, refusals[0])
                return
        names = [each.fields for each in meant if each.fields is not None]
        if len(names) == len(meant):
            self.reader.choice(path, name, tuple(dict.fromkeys(chain.from_iterable(names))))

    def _meant(self, system: str) -> tuple[KnownSystem, ...]:
        """The systems that may be meant, as far as they are known."""
        known = self.around.systems or {}
        if system == EVENT_TICKET:
            return tuple(known.values())
        return (known[system],) if system in known else ()

    def _transition(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        system = self._place(path, fields)
        fixed = {"to": self.reader.choice((*path, "to"), fields.get("to", TARGETS[0]), TARGETS)}
        if "close_code" in fields:
            fixed["close_code"] = self.reader.choice((*path, "close_code"), fields["close_code"], CLOSE_CODES)
        return Action(ActionKind.TRANSITION, system, fixed, self._texts(path, fields, "note", "close_notes"))

    def _comment(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        on = str(fields.get("on", REQUEST))
        place = (*path, "on")
        texts = self._texts(path, fields, "text")
        if on == REQUEST:
            if all(is_about(trigger, "bypass") for trigger in self.triggers):
                self.reader.problem(place, "Comments stand under requests; no event of this rule is about one.")
            return Action(ActionKind.COMMENT, "", {}, texts)
        if on == TICKET:
            self._needs(place, TICKET, "Name the system: not every event of this rule is one of a ticket.")
            return Action(ActionKind.COMMENT, EVENT_TICKET, {}, texts)
        systems = self.around.systems
        if systems is not None:
            self.reader.choice(place, on, (REQUEST, TICKET, *systems))
        return Action(ActionKind.COMMENT, on, {}, texts)

    def _notify(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        named = [key for key in RECIPIENTS if key in fields]
        if len(named) != 1:
            self.reader.problem(path, "Say who: a person, a role or a channel, one of them.", accepted=RECIPIENTS)
            return Action(ActionKind.NOTIFY)
        who = named[0]
        place, texts = (*path, who), self._texts(path, fields, "text", *(named if who == "person" else ()))
        if who == "person":
            return Action(ActionKind.NOTIFY, "", {"who": who}, texts)
        name = self.reader.text(place, fields[who])
        if who == "role":
            try:
                name = resolve_role(name, {})
            except InvalidInput as exc:
                self.reader.problem(place, exc.message, accepted=exc.accepted)
        return Action(ActionKind.NOTIFY, "", {"who": who, "to": name.removeprefix("#")}, texts)

    def _open_approval(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        actions = tuple(ACTION_PERMISSIONS)
        action = self.reader.choice((*path, "action"), fields.get("action", actions[0]), actions)
        resource = self._nested(path, fields, "resource")
        if "resource.name" not in resource and "resource" in fields:
            self.reader.problem((*path, "resource"), "Name the agent.", accepted=("name",))
        texts = resource | self._texts(path, fields, "justification")
        return Action(ActionKind.OPEN_APPROVAL, "", {"action": action}, texts)

    def _call_webhook(self, path: YamlPath, fields: Mapping[str, object]) -> Action:
        url = self.reader.text((*path, "url"), fields.get("url", ""))
        try:
            self.around.check_url(url)
        except CountersignError as exc:
            self.reader.problem((*path, "url"), exc.message, accepted=exc.accepted)
        fixed = {"url": url, **self._secret((*path, "secret"), fields.get("secret", {}))}
        return Action(ActionKind.CALL_WEBHOOK, "", fixed, self._nested(path, fields, "data"))

    def _secret(self, path: YamlPath, value: object) -> dict[str, str]:
        """Where the secret is. A secret itself has no place in a file of rules."""
        if isinstance(value, str):
            message = "A secret does not stand here; say where it is."
            self.reader.problem(path, message, accepted=("{env: NAME}", "{file: PATH}"))
            return {}
        entry = self.reader.mapping(path, value, allowed=("env", "file"))
        if len(entry) != 1:
            self.reader.problem(path, "Say where the secret is.", accepted=("{env: NAME}", "{file: PATH}"))
            return {}
        kind, name = next(iter(entry.items()))
        text = self.reader.text((*path, kind), name)
        if kind == "env" and not _VARIABLE.match(text):
            self.reader.problem((*path, kind), f"'{text}' is no name of a variable.", accepted=("NAME_IN_CAPITALS",))
        return {f"secret_{kind}": text}

    def _place(self, path: YamlPath, fields: Mapping[str, object]) -> str:
        """In which system the ticket is that something is done to; without one, wherever the event's ticket is."""
        if "system" in fields:
            return self._system((*path, "system"), fields["system"])
        self._needs(path, TICKET, "Say which 'system': not every event of this rule is one of a ticket.")
        return EVENT_TICKET

    def _system(self, path: YamlPath, value: object) -> str:
        name, systems = self.reader.text(path, value), self.around.systems
        if systems is not None and not systems:
            self.reader.problem(path, "This tenant is connected to no ticket system.")
        elif systems is not None:
            self.reader.choice(path, name, tuple(systems))
        return name

    def _needs(self, path: YamlPath, kind: str, message: str) -> None:
        if not all(is_about(trigger, kind) for trigger in self.triggers):
            self.reader.problem(path, message, accepted=tuple(self.around.systems or ()))

    def _texts(self, path: YamlPath, fields: Mapping[str, object], *keys: str) -> dict[str, Template]:
        return {key: self._template((*path, key), fields[key]) for key in keys if key in fields}

    def _nested(self, path: YamlPath, fields: Mapping[str, object], key: str) -> dict[str, Template]:
        entries: Mapping[str, Any] = self.reader.mapping((*path, key), fields.get(key, {}))
        return {f"{key}.{name}": self._template((*path, key, name), value) for name, value in entries.items()}

    def _template(self, path: YamlPath, value: object) -> Template:
        text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        try:
            return read_template(self.reader.text(path, text), self.subjects, vocabulary=VOCABULARY)
        except InvalidInput as exc:
            self.reader.problem(path, exc.message, accepted=exc.accepted)
            return Template("")
