"""Burn-rate alerts against a reference that counts minute by minute, and on the workbook's own examples (S3, D20).

The reference shares nothing with the product: it keeps each minute's counts in a list and adds them up anew each time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.sla.burn import WORKBOOK, Ratio, fastest, tiers
from core.sla.windows import DAY, HOUR, MINUTE

TABLE = ((60, 5, 14.4, "fast_burn"), (360, 30, 6.0, "burn"), (1440, 120, 3.0, "slow_burn"), (4320, 360, 1.0, "trickle"))


@dataclass
class Minutes:
    """One (operations, failures) for each minute, the last one last."""

    counts: list[tuple[int, int]]

    def over(self, at):
        def ratio(length):
            first = max(0, at - int(length / MINUTE))
            total = sum(each[0] for each in self.counts[first:at])
            failed = sum(each[1] for each in self.counts[first:at])
            return Ratio(failed, total, total, failed)

        return ratio


def reference(counts, at, target, minimum=30):
    """The workbook's expression, written down again: the first row of the table that holds."""
    for long, short, rate, name in TABLE:

        def share(minutes, at=at):
            part = counts[max(0, at - minutes) : at]
            total = sum(each[0] for each in part)
            return sum(each[1] for each in part) / total if total else 0.0

        window = counts[max(0, at - long) : at]
        if sum(each[0] for each in window) < minimum or sum(each[1] for each in window) < 2:
            continue
        if share(long) > rate * (1 - target) and share(short) > rate * (1 - target):
            return name
    return None


def product(counts, at, target, minimum=30):
    over = Minutes(counts).over(at)
    found = fastest(tiers(30 * DAY, target), over, target=target, minimum_traffic=minimum)
    return found.name if found else None


def series(chance, length):
    """Calm, with incidents of any size and length strewn in."""
    counts = [(chance.randint(0, 40), 0) for _ in range(length)]
    for _ in range(chance.randint(1, 4)):
        start, lasts, share = (
            chance.randrange(length),
            chance.randint(1, 600),
            chance.choice((0.002, 0.01, 0.05, 0.3, 1)),
        )
        for minute in range(start, min(start + lasts, length)):
            total = counts[minute][0]
            counts[minute] = total, sum(chance.random() < share for _ in range(total))
    return counts


@pytest.mark.row("S3")
@pytest.mark.parametrize("seed", range(6))
def test_what_fires_is_what_the_reference_says_at_every_step(seed):
    chance = random.Random(seed)
    counts = series(chance, 5000)
    target = chance.choice((0.99, 0.995, 0.999))
    seen = set()
    for at in range(60, 5000, 37):
        wanted = reference(counts, at, target)
        seen.add(wanted)
        assert product(counts, at, target) == wanted, f"minute {at} of seed {seed}"
    assert len(seen) > 1, "a series in which nothing happens proves nothing"


def steady(share, minutes, *, rate=100_000):
    return [(rate, round(rate * share))] * minutes


# "Site Reliability Workbook", chapter 5, table 5-8 (30 days, 99.9 %), and what its text says of each.
@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("share", "minutes", "fires"),
    [
        pytest.param(1.0, 1, "fast_burn", id="a total outage pages within a minute"),
        pytest.param(0.0144 * 1.05, 60, "fast_burn", id="2 % of the budget in an hour pages"),
        pytest.param(0.006 * 1.05, 360, "burn", id="5 % in six hours pages"),
        pytest.param(0.003 * 1.05, 1440, "slow_burn", id="10 % in a day is a ticket"),
        pytest.param(0.001 * 1.05, 4320, "trickle", id="10 % in three days is a ticket"),
        pytest.param(0.0009, 4320, None, id="slower than allowed says nothing"),
        pytest.param(0.0144 * 0.9, 20, None, id="a little too fast for a little while says nothing yet"),
    ],
)
def test_the_workbooks_cases(share, minutes, fires):
    counts = [*steady(0, 4320 - minutes), *steady(share, minutes)]
    assert product(counts, len(counts), 0.999) == fires


def test_a_page_ends_five_minutes_after_the_outage_does():
    counts = [*steady(0, 4000), *steady(1.0, 10)]
    assert product(counts, len(counts), 0.999) == "fast_burn"
    well = [*counts, *steady(0, 5)]
    assert product(well, len(well), 0.999) != "fast_burn"


@pytest.mark.row("S3")
def test_one_failure_at_night_wakes_nobody():
    night = [*[(1, 0)] * 200, (1, 1), *[(1, 0)] * 3]
    assert product(night, len(night), 0.999) is None
    quiet = [*[(0, 0)] * 50, (2, 2)]
    assert product(quiet, len(quiet), 0.999) is None  # two failures of two: too little traffic to say


def test_the_fastest_tier_speaks_alone():
    counts = steady(1.0, 4320)
    assert product(counts, len(counts), 0.999) == "fast_burn"


def test_rates_follow_the_period_and_windows_shrink_with_a_short_one():
    month = tiers(30 * DAY, 0.999)
    assert [(each.rate, each.long, each.short) for each in month] == [
        (each.rate, each.long, each.short) for each in WORKBOOK
    ]
    assert [round(each.rate, 2) for each in tiers(28 * DAY, 0.999)] == [13.44, 5.6, 2.8, 0.93]
    day = tiers(DAY, 0.999)
    assert [each.rate for each in day] == [14.4, 6.0, 3.0, 1.0]
    assert [each.long for each in day] == [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR]
    assert all(each.share <= 1 and each.short <= each.long for each in day)


def test_a_rate_that_a_target_can_never_reach_is_capped_and_says_so():
    fast = tiers(30 * DAY, 0.9)[0]
    assert (fast.rate, fast.is_capped) == (pytest.approx(9.0), True)
    assert product(steady(1.0, 60), 60, 0.9) == "fast_burn"
    assert timedelta() < fast.short
