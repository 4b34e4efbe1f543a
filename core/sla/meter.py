"""What an objective counts, over any time back from now. Pure (S2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from core.sla import sketch
from core.sla.burn import Ratio
from core.sla.objective import Metric, Objective
from core.sla.series import PER_HOUR, USUAL_INTERVALS, Series, Slice, minute_of
from core.sla.windows import DAY, HOUR, MINUTE

FINE: Final = timedelta(hours=6)  # longer windows begin at a whole hour, up to an hour earlier
GAP_SHARE: Final = 0.1  # of the budget: so long may nothing be heard
GAP_LEAST: Final = 2 * MINUTE
GAP_MOST: Final = HOUR
GAP_USUAL: Final = 5 * MINUTE  # where nothing is promised


def gap_of(objective: Objective | None) -> timedelta:
    """After how long a silence counts as down: the stricter the promise, the sooner (D20)."""
    if objective is None or objective.target is None:
        return GAP_USUAL
    tenth = objective.window.usual * ((1 - objective.target) * GAP_SHARE)
    return MINUTE * round(max(GAP_LEAST, min(tenth, GAP_MOST)) / MINUTE)


@dataclass(frozen=True)
class Meter:
    """One service's series, read at `now` for one objective."""

    series: Series
    objective: Objective
    now: datetime

    @cached_property
    def until(self) -> int:
        """The minute before which everything counts: the one that runs counts as soon as it has samples."""
        running = minute_of(self.now)
        return running + 1 if running in self.series.minutes else running

    @cached_property
    def bridge(self) -> int:
        """Minutes of silence that are no gap yet, by the promise and by how often samples come."""
        day = int(DAY / MINUTE)
        interval = self.series.interval(self.until - day, self.until)
        return max(int(gap_of(self.objective) / MINUTE), USUAL_INTERVALS * interval if interval > 1 else 0)

    @cached_property
    def is_expected(self) -> bool:
        """Whether silence says something: of a service that is named, or that was busy before it fell silent (D20)."""
        if not self.objective.is_inherited:
            return True
        until = max((hour for hour, each in self.series.hours.items() if each.total), default=0) + PER_HOUR
        return self.series.counts(until - int(DAY / MINUTE), until).total >= self.objective.minimum_traffic

    def over(self, length: timedelta) -> Ratio:
        """What happened in the last so long."""
        since = self.until - max(int(length / MINUTE), 1)
        return self.between(since - since % PER_HOUR if length > FINE else since, self.until)

    @cached_property
    def whole(self) -> Ratio:
        """What has happened of the objective's window."""
        since = minute_of(self.objective.window.span(self.now).start)
        is_long = self.until - since > int(FINE / MINUTE)
        return self.between(since - since % PER_HOUR if is_long else since, self.until)

    def between(self, since: int, until: int) -> Ratio:
        """What happened from `since` to before `until`."""
        counts = self.series.counts(since, until)
        match self.objective.metric:
            case Metric.AVAILABILITY:
                found = self.series.uptime(since, until, self.bridge)
                down = found.minutes - found.up
                silent = found.unsampled if self.is_expected else 0
                return Ratio(down, found.minutes, counts.total + silent, counts.failed + silent)
            case Metric.RESPONSE_TIME:
                slow = sum(map(self._slow_in, self.series.tiles(since, until)))
                return Ratio(slow, counts.total, counts.total, slow)
            case _:
                return Ratio(counts.failed, counts.total, counts.total, counts.failed)

    def value(self) -> float | None:
        """The promised figure over the window, from sketches; None without samples."""
        since = minute_of(self.objective.window.span(self.now).start)
        if self.objective.metric is Metric.RESPONSE_TIME:
            return sketch.percentile(
                self.series.sketch(since - since % PER_HOUR, self.until), self.objective.percentile
            )
        if self.objective.metric is Metric.THROUGHPUT:
            return self.throughput(since)
        whole = self.whole
        if not whole.total:
            return None
        return whole.share if self.objective.metric is Metric.ERROR_RATE else 1 - whole.share

    def throughput(self, since: int) -> float | None:
        """Operations per minute since then, or since the first sample; None if it was before there were any."""
        begin = since if self.series.first is None else max(since, self.series.first)
        minutes = self.until - begin
        return self.series.counts(begin, self.until).total / minutes if minutes > 0 else None

    def silent_for(self, last_at: datetime | None) -> timedelta:
        """How long nothing has been heard beyond what is usual; zero if that is not long."""
        silence = self.now - last_at if last_at and not self.series.is_asked_only else timedelta()
        return silence if silence > MINUTE * self.bridge else timedelta()

    def _slow_in(self, found: Slice) -> int:
        """How many operations of the slice were too slow. Windows overlap, so each is unpacked once."""
        slow = self._slow.get(id(found))
        if slow is None:
            slow = self._slow[id(found)] = sketch.above(found.sketch, self.objective.bound.limit)
        return slow

    @cached_property
    def _slow(self) -> dict[int, int]:
        return {}
