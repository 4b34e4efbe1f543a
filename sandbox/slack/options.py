"""What a check may change about the simulated Slack while it runs: rate limits, scopes, events and their retries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.slack.acts import EVENTS, Acts
from sandbox.slack.delivery import RETRY_DELAYS_S, Delivery
from sandbox.slack.directory import find_person
from sandbox.slack.hub import Hub
from sandbox.slack.scopes import ALL
from sandbox.system import ControlError

NAMES = ("rate_limits", "events", "event_retry_delays", "scopes", "file_processing_s", "closed")


class SlackOptions:
    """The options in force, beginning with those of the people file."""

    def __init__(self, hub: Hub, delivery: Delivery, acts: Acts) -> None:
        self._hub = hub
        self._delivery = delivery
        self._acts = acts
        self.chosen: dict[str, Any] = {}
        self.begin_again()

    def begin_again(self) -> None:
        """The options are those of the start. Raises ValueError when the people file names an unknown scope."""
        app = self._hub.settings.people.get("app", {})
        self.chosen = {}
        self._hub.limits.configure({})
        self._hub.scopes.replace(app.get("scopes", ALL))
        self._acts.events = frozenset(app.get("events", EVENTS))
        self._delivery.retry_delays_s = RETRY_DELAYS_S
        self._hub.world.files.processing_s = 0.0
        self._hub.closed.clear()

    def choose(self, options: Mapping[str, Any]) -> None:
        """These options are in force, the others unchanged. Raises ControlError or ValueError and changes nothing."""
        unknown = set(options) - set(NAMES)
        if unknown:
            raise ControlError(f"Slack has no option {min(unknown)!r}.", accepted=NAMES)
        events, delays, scopes = (options.get(name, []) for name in ("events", "event_retry_delays", "scopes"))
        if not isinstance(events, list) or not all(event in EVENTS for event in events):
            raise ControlError("`events` must be a list of event names.", accepted=EVENTS)
        if not isinstance(delays, list) or not all(_is_delay(delay) for delay in delays):
            raise ValueError("`event_retry_delays` must be a list of seconds.")
        if not isinstance(scopes, list) or not all(isinstance(scope, str) and scope in ALL for scope in scopes):
            raise ControlError("`scopes` must be a list of scopes.", accepted=tuple(sorted(ALL)))
        processing_s = options.get("file_processing_s", 0)
        if not _is_delay(processing_s):
            raise ControlError("`file_processing_s` must be a number of seconds.")
        closed = self._closed(options.get("closed", {}))
        if "rate_limits" in options:
            if not isinstance(options["rate_limits"], dict):
                raise ValueError("`rate_limits` must be an object: enabled, burst, per_minute.")
            self._hub.limits.configure(options["rate_limits"])
        if "events" in options:
            self._acts.events = frozenset(events)
        if "event_retry_delays" in options:
            self._delivery.retry_delays_s = tuple(float(delay) for delay in delays)
        if "scopes" in options:
            self._hub.scopes.replace(scopes)
        if "file_processing_s" in options:
            self._hub.world.files.processing_s = float(processing_s)
        if "closed" in options:
            self._hub.closed.clear()
            self._hub.closed.update(closed)
        self.chosen |= options

    def _closed(self, given: Any) -> dict[str, str]:
        if not isinstance(given, dict) or not all(isinstance(code, str) and code for code in given.values()):
            raise ControlError("`closed` must be an object: person -> the error that their messages meet.")
        return {find_person(self._hub.world, word).id: code for word, code in given.items()}


def _is_delay(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
