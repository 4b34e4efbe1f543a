"""Why a request goes the way it goes: its risk, the stages it needs, what approved it by itself (P4, P5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.cards import Block, Context, Markup, Plain, Section, Text, one_line
from core.approvals import Judged, RequestView

LEVELS: Final = {"low": "🟢 Low risk", "medium": "🟡 Medium risk", "high": "🔴 High risk"}
_VALUE_MAX: Final = 80  # characters of one value


def risk_line(request: RequestView) -> Text:
    """The level with its heaviest reason; nothing for a request from before risk was assessed."""
    found = request.assessment
    if found is None:
        return ()
    level = Markup(f"{LEVELS[found.risk.level]} ({found.risk.score}/100)")
    if not found.risk.counted:
        return (level,)
    more = len(found.risk.counted) - 1
    rest = f" and {more} more" if more else ""
    return (level, Markup(": "), one_line(found.risk.counted[0].name), Markup(rest))


def why_blocks(request: RequestView) -> tuple[Block, ...]:
    """Every factor, condition and criterion with the values that decided."""
    found = request.assessment
    if found is None:
        return (Context((Markup("It was asked before risk was assessed, so there is nothing to explain."),)),)
    blocks: list[Block] = [Section((Markup("*Policy* "), one_line(request.policy)))]
    blocks.append(Section((Markup(f"*{LEVELS[found.risk.level]}*, {found.risk.score} of 100"),)))
    for factor in found.risk.counted:
        line = (Markup(f"+{factor.weight} "), one_line(factor.name), *_because(factor.values, factor.error))
        blocks.append(Context(line))
    if not found.risk.counted:
        blocks.append(Context((Markup("No risk factor holds."),)))
    titles = {stage.key: stage.title for stage in request.stages}
    for judged in found.stages:
        needed = "is needed" if judged.holds else "is not needed"
        blocks.append(Context((one_line(titles.get(judged.name, judged.name)), Markup(f" {needed}"), *_judged(judged))))
    if found.automatic:
        outcome = "Approved automatically" if found.is_automatic else "Not approved automatically"
        blocks.append(Section((Markup(f"*{outcome}*"),)))
    for judged in found.automatic:
        mark = "✅ " if judged.holds else "❌ "
        blocks.append(Context((Markup(mark), one_line(judged.name), *_judged(judged))))
    return tuple(blocks)


def _judged(judged: Judged) -> Text:
    return (Markup(": "), one_line(judged.condition), *_because(judged.values, judged.error))


def _because(values: Mapping[str, Any], error: str) -> Text:
    if error:
        return (Markup(" · it could not be told: "), Plain(error))
    if not values:
        return ()
    told = ", ".join(f"{name} = {_shown(value)}" for name, value in values.items())
    return (Markup(" · "), one_line(told))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"
