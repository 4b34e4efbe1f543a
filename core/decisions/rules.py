"""Pure rules of the gate: what a well-formed question is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.agents import FACT_MAX, NAME_MAX, REQUIRED_FACTS, missing_facts
from core.decisions.errors import InvalidQuestion
from core.decisions.views import Reason

ATTRIBUTES_MAX: Final = 30


def normalised(resource: Mapping[str, object]) -> dict[str, str]:
    """The resource as it is compared and stored: texts, trimmed, blanks dropped, `type: agent` implied.

    Raises InvalidQuestion naming the field.
    """
    if len(resource) > ATTRIBUTES_MAX:
        raise InvalidQuestion(f"A resource has at most {ATTRIBUTES_MAX} attributes.", where="resource")
    texts: dict[str, str] = {}
    for key, value in resource.items():
        if value is None:
            continue
        if not isinstance(value, (str, int, float)):
            raise InvalidQuestion(f"'{key}' must be a text or a number.", where=f"resource.{key}")
        text = str(value).strip()
        if len(text) > FACT_MAX:
            raise InvalidQuestion(
                f"'{key}' has {len(text)} characters; at most {FACT_MAX} are accepted.", where=f"resource.{key}"
            )
        if text:
            texts[key] = text
    if texts.pop("type", "agent") != "agent":
        raise InvalidQuestion("The gate governs agents only.", where="resource.type", accepted=("agent",))
    if not texts.get("name"):
        raise InvalidQuestion("Name the agent.", where="resource.name")
    if len(texts["name"]) > NAME_MAX:
        raise InvalidQuestion(f"An agent's name has at most {NAME_MAX} characters.", where="resource.name")
    return texts


def missing(action: str, resource: Mapping[str, str]) -> tuple[Reason, ...]:
    """Why an agent may not be created like this: every agent has a sponsor, an owner and a business service (X7)."""
    if action != "agent.create":
        return ()
    return tuple(
        Reason("agents.fact_missing", f"Every agent needs {', '.join(REQUIRED_FACTS)}; '{fact}' is missing.")
        for fact in missing_facts(resource)
    )
