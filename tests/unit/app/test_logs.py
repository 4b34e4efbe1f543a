"""Log lines: one object each, in one form, without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
import structlog

from app.logs import configure_logging
from config.settings import LogFormat, LogLevel, Settings


@pytest.fixture
def written(monkeypatch):
    """What goes to standard error, with logging configured for the time of the test."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    configure_logging(Settings(log_level=LogLevel.DEBUG))
    yield stream.getvalue
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture
def lines(written):
    """Reads the lines written so far."""
    return lambda: [json.loads(line) for line in written().splitlines()]


def test_a_line_has_event_level_logger_time_and_facts(lines):
    structlog.get_logger("core.approvals").info("vote_recorded", stage="security")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "vote_recorded", "level": "info", "logger": "core.approvals", "stage": "security"}


def test_what_the_door_bound_is_in_every_line_also_of_libraries(lines):
    structlog.contextvars.bind_contextvars(tenant_id="enterprise-corp", correlation_id="c-1")
    structlog.get_logger().info("vote_recorded")
    logging.getLogger("some.library").warning("slow answer: %s s", 3)
    assert [(line["event"], line["tenant_id"], line["correlation_id"]) for line in lines()] == [
        ("vote_recorded", "enterprise-corp", "c-1"),
        ("slow answer: 3 s", "enterprise-corp", "c-1"),
    ]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("sent with xoxb-1-2-abc to Slack", "sent with *** to Slack"),
        ("socket xapp-1-A-b", "socket ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("signed by whsec_abc=", "signed by ***"),
        ("postgresql://owner:hunter2@db/countersign", "postgresql://***@db/countersign"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(lines, said, logged):
    structlog.get_logger().info("call_failed", reason=said)
    logging.getLogger("some.library").warning(said)
    ours, theirs = lines()
    assert (ours["reason"], theirs["event"]) == (logged, logged)


@pytest.mark.parametrize("name", ["password", "webhook_secret", "bot_token", "Authorization", "Set-Cookie"])
def test_what_is_called_a_secret_is_struck_out_at_any_depth(lines, name):
    structlog.get_logger().info("call_failed", request={"headers": [{name: "hunter2", "host": "example.com"}]})
    assert lines()[0]["request"] == {"headers": [{name: "***", "host": "example.com"}]}


def test_a_secret_in_a_traceback_is_struck_out(lines):
    try:
        int("xoxb-1-2-abc")
    except ValueError:
        structlog.get_logger().exception("call_failed")
    (line,) = lines()
    assert "ValueError: invalid literal for int() with base 10: '***'" in line["exception"]
    assert "xoxb" not in json.dumps(line)


def test_libraries_that_chatter_are_heard_from_warnings_on(lines):
    logging.getLogger("slack_bolt.App").debug("every payload")
    logging.getLogger("slack_bolt.App").warning("odd answer")
    assert [line["event"] for line in lines()] == ["odd answer"]


@pytest.mark.usefixtures("written")
def test_lines_for_a_person_are_no_json_and_have_no_colour_codes_in_a_file(capsys):
    configure_logging(Settings(log_format=LogFormat.CONSOLE))
    structlog.get_logger().info("vote_recorded", stage="security")
    line = capsys.readouterr().err
    assert line.split()[1:4] == ["[info", "]", "vote_recorded"]
    assert line.rstrip().endswith("stage=security")
    assert "\x1b" not in line
