"""The rules in force for each tenant: one file, or a folder of files, named by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import YamlSyntaxError
from config.yamlfile import load_yaml
from core.automation.errors import UnknownRule
from core.automation.rule_file import read_rules
from core.automation.surroundings import CheckUrl, Surroundings, Systems
from core.automation.values import Rule
from core.errors import ConfigError
from core.ids import TenantId


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every loaded rule."""

    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)

    def of(self, tenant: TenantId) -> tuple[Rule, ...]:
        """The tenant's, in the order of its files."""
        return self.rules.get(tenant, ())

    def triggers(self) -> frozenset[str]:
        """Every event that any rule of any tenant listens to."""
        return frozenset(trigger for rules in self.rules.values() for rule in rules for trigger in rule.on)

    def find(self, tenant: TenantId, name: str) -> Rule:
        """The tenant's rule of this name. Raises UnknownRule."""
        for rule in self.of(tenant):
            if rule.name == name:
                return rule
        raise UnknownRule(where="rule", accepted=tuple(rule.name for rule in self.of(tenant)))

    def version(self, tenant: TenantId) -> str:
        """SHA-256 over the versions of the tenant's rules, in hex."""
        return hashlib.sha256("".join(rule.version for rule in self.of(tenant)).encode()).hexdigest()


def load_rulebook(folder: Path, systems: Mapping[str, Systems], *, check_url: CheckUrl) -> RuleBook:
    """The rules of `<tenant>.yaml` and `<tenant>/*.yaml` in the folder. Raises ConfigError naming file, line and key.

    `systems` are the ticket systems that each tenant is connected to.
    """
    found: dict[str, tuple[Rule, ...]] = {}
    for tenant, path in _files(folder):
        try:
            document = load_yaml(path, file=str(path.relative_to(folder)))
        except YamlSyntaxError as exc:
            raise ConfigError(exc.message, file=exc.file, line=exc.line) from exc
        before = found.get(tenant, ())
        rules = read_rules(document, Surroundings(systems.get(tenant, {}), check_url))
        twice = {rule.name for rule in before} & {rule.name for rule in rules}
        if twice:
            raise ConfigError(f"There are two rules '{min(twice)}'.", file=document.file)
        found[tenant] = (*before, *rules)
    return RuleBook(found)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob("*.yaml")):
        yield path.stem, path
    for path in sorted(folder.glob("*/*.yaml")):
        yield path.parent.name, path
