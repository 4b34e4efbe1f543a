"""Any figures make pictures, nothing is fetched, and a renderer that hangs is replaced."""

import asyncio
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.approvals import DayOutcomes, Figures, Outcomes
from core.approvals.analytics import Spread, StageFigures, Totals, bottlenecks
from core.charts import Chart, PictureFailed, PictureFormat, Renderer, Theme
from core.charts.definitions import approval_charts

COUNT = st.integers(0, 10**6)
SECONDS = st.floats(0, 10**9)
SPREAD = st.builds(Spread, COUNT, SECONDS, SECONDS) | st.just(Spread(0, None, None))
NAME = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
STAGES = st.lists(st.builds(StageFigures, NAME, NAME, SPREAD, COUNT, COUNT, COUNT, COUNT), max_size=15).map(tuple)
DAYS = st.lists(st.builds(DayOutcomes, st.dates(), COUNT, COUNT, COUNT, COUNT), max_size=40).map(tuple)
WINDOW = st.tuples(st.datetimes(), st.timedeltas(timedelta(days=1), timedelta(days=366)))
NOBODY = Totals(0, 0, 0, 0, 0, 0, 0, 0, Spread(0, None, None))


@pytest.fixture(scope="module")
def drawn():
    """What one renderer draws of all examples: to start one takes longer than they do."""
    with asyncio.Runner() as runner:
        renderer = Renderer()
        yield lambda chart, picture, theme: runner.run(renderer.draw(chart, picture, theme))
        runner.run(renderer.close())


@pytest.mark.row("P8")
@given(stages=STAGES, days=DAYS, window=WINDOW, automatic=COUNT, by_people=COUNT)
@settings(max_examples=15)
def test_any_figures_make_pictures(drawn, stages, days, window, automatic, by_people):
    since = window[0].replace(year=2000)
    figures = Figures(since, since + window[1], NOBODY, stages, (), (), bottlenecks(stages))
    outcomes = Outcomes(since, since + window[1], days, automatic, by_people)
    for chart in approval_charts(figures, outcomes):
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        ET.fromstring(drawn(chart, PictureFormat.SVG, Theme.DARK))  # noqa: S314  our own
        assert drawn(chart, PictureFormat.PNG, Theme.LIGHT).startswith(b"\x89PNG")


async def test_names_with_line_separators_are_drawn(renderer):
    stages = tuple(StageFigures(f"p{n}", "a\u2028b\u2029c", Spread(1, 60.0, 120.0), n, 1, 1, 1) for n in range(1, 4))
    now = datetime(2026, 3, 2)  # noqa: DTZ001 - figures are of one zone
    figures = Figures(now, now + timedelta(days=1), NOBODY, stages, (), (), bottlenecks(stages))
    for each in approval_charts(figures, Outcomes(now, now + timedelta(days=1), (), 0, 0)):
        ET.fromstring(await renderer.draw(each, PictureFormat.SVG, Theme.LIGHT))  # noqa: S314  our own


def chart(**body):
    return Chart("x", "X", "X.", (), (), {"mark": "bar", "data": {"values": [{}]}, **body})


@pytest.fixture
async def renderer():
    opened = Renderer()
    yield opened
    await opened.close()


async def test_a_chart_that_would_fetch_something_is_not_drawn_and_fetches_nothing(renderer):
    asked = []

    async def note(_reader, writer):
        asked.append(1)
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(PictureFailed):
            await renderer.draw(chart(data={"url": f"http://127.0.0.1:{port}/x.json"}), PictureFormat.SVG, Theme.LIGHT)
    assert asked == []
    assert (await renderer.draw(chart(), PictureFormat.SVG, Theme.LIGHT)).startswith(b"<svg")


async def test_a_picture_that_was_drawn_is_not_drawn_again(renderer):
    first = await renderer.draw(chart(), PictureFormat.SVG, Theme.LIGHT)
    assert await renderer.draw(chart(), PictureFormat.SVG, Theme.LIGHT) is first


@pytest.mark.parametrize("worker", ["import time; time.sleep(600)", "raise SystemExit", "print('x' * 17_000_000)"])
async def test_a_renderer_that_hangs_ends_or_floods_is_an_error_and_leaves_no_process(tmp_path, worker):
    script = tmp_path / "worker.py"
    script.write_text(worker)
    renderer = Renderer(timeout_s=2, worker=script)
    with pytest.raises(PictureFailed):
        await renderer.draw(chart(), PictureFormat.SVG, Theme.LIGHT)
    assert renderer._process is None
