"""What may have caused an incident, the likeliest first, with the reasons (S5). Pure.

A suspect's score is the product of what is known of it: how long before the incident it took effect, how near what it
touches is to what is affected, and how much such a thing leads to trouble. Confidence is the share of a score among all
of them and of a constant for what nobody knows, so that a lonely weak suspect is not taken for sure.
`bench/root_cause.py` measures it on incidents whose causes are known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from core.dependencies import Felt, blast_radius, path_to
from core.suspects.evidence import Happening, Kind, Scene, Share, ShareOf, Suspect

LOOK_BACK: Final = timedelta(hours=24)  # what took effect earlier is not suspected
AHEAD: Final = timedelta(minutes=1)  # how much later than its effect something may be written down, or measured
FADES: Final = timedelta(hours=2)  # the time in which suspicion falls to 1/e
NEARNESS: Final = (1.0, 0.75, 0.5, 0.3)  # by steps from what is affected; farther off as the last
UNCONNECTED: Final = 0.06  # what the graph does not connect may still be connected
UNKNOWN: Final = 0.25  # the score of what nobody knows of
LIKELY: Final = 0.5  # the score of a connected suspect beside which nobody looks at unconnected ones
SHOWN: Final = 5
SHOWN_UNCONNECTED: Final = 3  # how far down these still stand
NO_CONNECTION: Final = "nothing is known that connects it"
YEARS: Final = (1970, 9000)  # in which something can be placed
_PRIORS: Final = {Kind.CHANGE: 1.0, Kind.DEPLOYMENT: 0.9, Kind.INCIDENT: 1.2, Kind.THROTTLE: 0.9, Kind.DIMENSION: 0.8}
FAILURES_MIN: Final = 5  # with which a share says something
EXCESS_MIN: Final = 0.2  # of a share over what is usual
CHANCE_MAX: Final = 0.001  # that chance explains it, for any of all the values that were looked at (Bonferroni)


def rank(scene: Scene) -> tuple[Suspect, ...]:
    """The suspects, the likeliest first; of equal ones the later first."""
    reach = _reach(scene)
    scored = [each for each in (*_happened(scene, reach), *_shared(scene.shares)) if each[0] > 0]
    scored.sort(key=lambda pair: (-pair[0], -_seconds(pair[1].at), pair[1].reference))
    total = sum(score for score, _suspect in scored) + UNKNOWN
    is_outdone = _is_clear(scored)
    shown = [each for place, each in enumerate(scored) if _is_worth_showing(each[1], place, is_outdone=is_outdone)]
    return tuple(replace(suspect, confidence=round(score / total, 3)) for score, suspect in shown[:SHOWN])


def _is_clear(scored: Iterable[tuple[float, Suspect]]) -> bool:
    """Whether something that is connected is likely."""
    return any(score > LIKELY for score, suspect in scored if NO_CONNECTION not in suspect.reasons)


def _is_worth_showing(suspect: Suspect, place: int, *, is_outdone: bool) -> bool:
    """What nothing connects is shown where it stands near the top, and nothing that is connected is likely."""
    return NO_CONNECTION not in suspect.reasons or (place < SHOWN_UNCONNECTED and not is_outdone)


def is_placed(at: datetime) -> bool:
    """Whether times around it can be reckoned with: what others tell may lie at the edges of the calendar."""
    return at.tzinfo is not None and YEARS[0] <= at.year <= YEARS[1]


def _reach(scene: Scene) -> dict[str, Felt]:
    """Everything that what is affected needs, and how far away that is."""
    needed_by: dict[str, set[str]] = {}
    for resource, others in scene.needs.items():
        for other in others:
            needed_by.setdefault(other, set()).add(resource)
    return {each.resource: each for each in blast_radius(scene.affected, needed_by)}


def _happened(scene: Scene, reach: dict[str, Felt]) -> Iterator[tuple[float, Suspect]]:
    for each in scene.happenings:
        if not (is_placed(each.at) and (each.ended_at is None or is_placed(each.ended_at))):
            continue
        lag = scene.began_at - _took_effect(each, scene.began_at)
        is_over = each.kind in (Kind.INCIDENT, Kind.THROTTLE) and each.ended_at and each.ended_at < scene.began_at
        if not -AHEAD <= lag <= LOOK_BACK or is_over:
            continue
        near = min((reach[one] for one in each.resources if one in reach), key=_distance, default=None)
        nearness = UNCONNECTED if near is None else NEARNESS[min(near.distance, len(NEARNESS) - 1)]
        fades = math.exp(-max(lag, timedelta()) / FADES)
        score = _PRIORS[each.kind] * each.weight * nearness * fades
        reasons = (_when(each, lag), _where(near, reach), *each.marks)
        yield score, Suspect(each.kind, each.reference, each.title, 0.0, reasons, each.at, each.change_id)


def _took_effect(happening: Happening, began_at: datetime) -> datetime:
    """From when on it was felt: work that goes on as the incident begins is felt then."""
    match happening.kind:
        case Kind.CHANGE | Kind.DEPLOYMENT:
            over = happening.ended_at
            if happening.at > began_at:
                return happening.at
            return began_at if over is None or over > began_at else over
        case Kind.INCIDENT | Kind.THROTTLE | Kind.DIMENSION:
            return happening.at
        case _:
            assert_never(happening.kind)


def _shared(shares: Iterable[Share]) -> Iterator[tuple[float, Suspect]]:
    """Labels that failures have far more often than chance explains; each once, however it was counted."""
    tested = [each for each in shares if each.failures >= FAILURES_MIN]
    best: dict[str, tuple[float, Suspect]] = {}
    for each in tested:
        excess = each.here - each.usually
        if excess < EXCESS_MIN or (each.usual_all and chance_of(each) * len(tested) > CHANCE_MAX):
            continue
        surely = 1 - math.exp(-each.failed / 20)  # few failures say little
        reference = f"{each.label}={each.value}"
        title = f"{each.label} {each.value}"
        suspect = Suspect(Kind.DIMENSION, reference, title, 0.0, (_in_common(each),), None, share=each)
        found = _PRIORS[Kind.DIMENSION] * excess * surely, suspect
        best[reference] = max(best.get(reference, found), found, key=lambda pair: pair[0])
    yield from best.values()


def chance_of(share: Share) -> float:
    """How likely it is by chance alone that failures have the value so much more often: likelihood ratio, one-sided."""
    others, good = share.failed - share.failures, share.usual_all - share.usual
    table = ((share.failures, others), (share.usual, good))
    total = share.failed + share.usual_all
    columns = share.failures + share.usual, others + good
    ratio = sum(
        seen * math.log(seen * total / (sum(row) * column))
        for row in table
        for seen, column in zip(row, columns, strict=True)
        if seen
    )
    return math.erfc(math.sqrt(max(ratio, 0.0))) / 2


def _in_common(share: Share) -> str:
    """The counts behind it, in words."""
    what = f"{share.label} = {share.value}"
    match share.of:
        case ShareOf.ALERTS:
            usual = f"usually {share.usually:.0%}" if share.usual_all else "nothing is known of how it usually is"
            return f"{share.here:.0%} of what failed has {what}; {usual}"
        case ShareOf.SAMPLES:
            often = "never otherwise" if share.ratio is None else f"{share.ratio:.2g} times as often"
            good = f"{share.usual:,} of {share.usual_all:,} that did not ({share.usually:.0%})"
            failed = f"{share.failures:,} of {share.failed:,} samples that failed ({share.here:.0%})"
            return f"{failed} have {what}, {good}: {often}, p < {CHANCE_MAX:g}"
        case _:
            assert_never(share.of)


def _when(happening: Happening, lag: timedelta) -> str:
    is_work = happening.kind in (Kind.CHANGE, Kind.DEPLOYMENT)
    if is_work and lag == timedelta() and (happening.ended_at is None or happening.ended_at > happening.at):
        return "it was under way as the incident began"
    if lag < timedelta():
        return "it is told of just after the incident began"
    verb = {Kind.INCIDENT: "began", Kind.THROTTLE: "was turned on"}.get(happening.kind, "was done")
    return f"it {verb} {_in_words(lag)} before the incident"


def _where(near: Felt | None, reach: dict[str, Felt]) -> str:
    if near is None:
        return NO_CONNECTION
    if near.distance == 0:
        return f"it touches {near.resource} itself"
    way = " needs ".join(path_to(near, reach.values()))
    return f"it touches {near.resource}: {way}"


def _distance(felt: Felt) -> int:
    return felt.distance


def _seconds(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


def _in_words(lag: timedelta) -> str:
    minutes = round(lag.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
