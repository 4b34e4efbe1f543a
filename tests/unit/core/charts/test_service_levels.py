"""Pictures of a service's levels can be read (S7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import vl_convert

from core.charts import Theme, service_chart
from core.sla import Course, Metric, Objective
from core.sla.courses import Burndown
from core.sla.objective import Bound
from core.sla.windows import LAST_30_DAYS

START = datetime(2026, 11, 27, 14, 20, tzinfo=UTC)
LABEL = re.compile(r'translate\(([0-9.]+),[0-9.]+\)[^>]*opacity="1">[0-9]{2} Nov [0-9]{2}:[0-9]{2}<')
LABEL_WIDTH = 90  # pixels of "27 Nov 18:00" in a picture's letters


@pytest.mark.row("S7")
@pytest.mark.parametrize("width", [250, 400])
def test_times_below_a_burn_down_stand_apart(width):
    promised = Objective(
        name="availability",
        metric=Metric.AVAILABILITY,
        bound=Bound(">=", 0.999),
        window=LAST_30_DAYS,
        service="payments",
    )
    points = tuple((START + timedelta(hours=hour), 1 - hour / 60) for hour in range(25))
    chart = service_chart(Course("payments", 1, (), None, Burndown(promised, points)), "budget")
    picture = vl_convert.vegalite_to_svg({**chart.spec(Theme.LIGHT), "width": width})
    places = [float(place) for place in LABEL.findall(picture)]
    assert len(places) > 1
    assert all(after - before > LABEL_WIDTH for before, after in pairwise(places))
