"""The ticket systems that can be connected, by name and one by one: nothing is scanned for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connectors.itsm.base import Connector
from connectors.itsm.jira import CONNECTOR as JIRA
from connectors.itsm.remedy import CONNECTOR as REMEDY
from connectors.itsm.servicenow import CONNECTOR as SERVICENOW

CONNECTORS: Final[Mapping[str, Connector]] = MappingProxyType({each.slug: each for each in (JIRA, REMEDY, SERVICENOW)})


def connector(slug: str) -> Connector:
    """The declaration of this system. Raises LookupError with the known names if there is none."""
    try:
        return CONNECTORS[slug]
    except KeyError:
        raise LookupError(f"There is no ticket system '{slug}'. Known: {', '.join(sorted(CONNECTORS))}.") from None
