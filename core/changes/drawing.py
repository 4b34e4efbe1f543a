"""The life of a change as a picture, drawn from its table (docs/changes.md holds the same; a test compares them)."""

from __future__ import annotations

from core.changes.state import ENDS, TRANSITIONS, ChangeState


def state_diagram() -> str:
    """The table as a Mermaid state diagram."""
    moves: dict[tuple[ChangeState, ChangeState], list[str]] = {}
    for step, by_state in TRANSITIONS.items():
        for before, after in by_state.items():
            moves.setdefault((before, after), []).append(step.replace("_", " "))
    order = list(ChangeState)
    lines = ["stateDiagram-v2", f"    [*] --> {ChangeState.DRAFT}"]
    for (before, after), steps in sorted(moves.items(), key=lambda each: [order.index(state) for state in each[0]]):
        lines.append(f"    {before} --> {after}: {', '.join(steps)}")
    lines += [f"    {state} --> [*]" for state in order if state in ENDS]
    return "\n".join(lines)
