"""The section `risk` of a policy file: factors with their weights, and from which score a risk is medium or high."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from config.yamlfile import YamlPath
from core.approvals.risk import SCORE_MAX, RiskFactor, RiskModel
from core.conditions import Condition
from core.located import Reader

KEYS: Final = ("medium", "high", "factors")
FACTOR_KEYS: Final = ("factor", "weight", "when")


def read_risk(
    reader: Reader,
    path: YamlPath,
    value: object,
    *,
    condition: Callable[[YamlPath, object], Condition | None],
    defaults: RiskModel,
) -> RiskModel:
    """The model; its bounds are those of `defaults` where the file names none.

    `condition` reads one over what is assessed here; None if it is a problem, which it has named.
    """
    fields = reader.mapping(path, value, allowed=KEYS, required=("factors",))
    factors: list[RiskFactor] = []
    for index, item in enumerate(reader.sequence((*path, "factors"), fields.get("factors", ()))):
        place = (*path, "factors", index)
        entry = reader.mapping(place, item, allowed=FACTOR_KEYS, required=FACTOR_KEYS)
        when = condition((*place, "when"), entry.get("when", "false"))
        weight = reader.integer((*place, "weight"), entry.get("weight", 1), least=1)
        if when is not None:
            factors.append(RiskFactor(reader.text((*place, "factor"), entry.get("factor", "factor")), weight, when))
    medium = reader.integer((*path, "medium"), fields.get("medium", defaults.medium_from), least=1)
    high = reader.integer((*path, "high"), fields.get("high", max(defaults.high_from, medium + 1)), least=1)
    if not medium < high <= SCORE_MAX:
        message = f"High risk begins above medium ({medium}) and at {SCORE_MAX} at most; here at {high}."
        reader.problem((*path, "high"), message)
    return RiskModel(tuple(factors), medium, high)
