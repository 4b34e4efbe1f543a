"""What a check may change about the simulated Teams while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.system import ControlError
from sandbox.teams.delivery import RETRY_DELAYS_S, Delivery
from sandbox.teams.errors import TABLE
from sandbox.teams.hub import Hub, Refusal
from sandbox.teams.tokens import LIFETIME_S, TokenService

NAMES: Final = (
    "rate_limits",
    "refuse",
    "app_disabled",
    "endpoint",
    "event_retry_delays",
    "token_lifetime",
    "rotate_keys",
)
REFUSALS_MAX: Final = 10_000
_KEPT: Final = frozenset({"rate_limits", "endpoint", "event_retry_delays", "token_lifetime"})


class TeamsOptions:
    """The options in force."""

    def __init__(self, hub: Hub, delivery: Delivery, tokens: TokenService) -> None:
        self._hub = hub
        self._delivery = delivery
        self._tokens = tokens
        self.chosen: dict[str, Any] = {}

    def begin_again(self) -> None:
        """The options are those of the start."""
        self.chosen = {}
        self._hub.limits.configure({})
        self._hub.refusals.clear()
        self._delivery.retry_delays_s = RETRY_DELAYS_S
        self._delivery.endpoint = self._hub.settings.messages_url
        self._tokens.lifetime_s = LIFETIME_S

    def choose(self, options: Mapping[str, Any]) -> None:
        """These options are in force, the others unchanged. Raises ControlError or ValueError and changes nothing.

        `refuse` {code, count?, match?, retry_after?}: the next calls of the connector meet this line of the vendor's
        error table; `rate_limits` {enabled}; `app_disabled` by the tenant's administrator; `endpoint`: the bot's
        messaging endpoint; `event_retry_delays` [seconds]; `token_lifetime` in seconds; `rotate_keys`: true.
        """
        unknown = set(options) - set(NAMES)
        if unknown:
            raise ControlError(f"Teams has no option {min(unknown)!r}.", accepted=NAMES)
        refusals = _refusals(options["refuse"]) if "refuse" in options else []
        _check(options)
        if "rate_limits" in options:
            self._hub.limits.configure(options["rate_limits"])
        self._hub.refusals.extend(refusals)
        if "app_disabled" in options:
            self._hub.world.app_disabled = options["app_disabled"]
        if "endpoint" in options:
            self._delivery.endpoint = options["endpoint"]
        if "event_retry_delays" in options:
            self._delivery.retry_delays_s = tuple(float(delay) for delay in options["event_retry_delays"])
        if "token_lifetime" in options:
            self._tokens.lifetime_s = options["token_lifetime"]
        if options.get("rotate_keys"):
            self._hub.keys.rotate()
        self.chosen |= {name: value for name, value in options.items() if name in _KEPT}


def _check(options: Mapping[str, Any]) -> None:
    delays, lifetime = options.get("event_retry_delays", []), options.get("token_lifetime", LIFETIME_S)
    if not isinstance(options.get("rate_limits", {}), dict):
        raise ValueError("`rate_limits` must be an object: enabled.")  # noqa: TRY004 - a bad option, like the others
    for name in ("app_disabled", "rotate_keys"):
        if not isinstance(options.get(name, False), bool):
            raise ValueError(f"`{name}` must be true or false.")  # noqa: TRY004 - the same
    if not str(options.get("endpoint", "http://")).startswith(("http://", "https://")):
        raise ValueError("`endpoint` must be an address that begins with http:// or https://.")
    if not isinstance(delays, list) or not all(_is_number(delay) for delay in delays):
        raise ValueError("`event_retry_delays` must be a list of seconds.")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime < 1:
        raise ValueError("`token_lifetime` must be a whole number of seconds above 0.")


def _refusals(given: Any) -> list[Refusal]:
    code = given.get("code") if isinstance(given, dict) else given
    if not isinstance(given, dict) or not isinstance(code, str) or code not in TABLE:
        raise ControlError(f"`refuse.code`: {code!r} is not in the vendor's table.", accepted=tuple(TABLE))
    count, match, wait_s = given.get("count", 1), given.get("match"), given.get("retry_after")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= REFUSALS_MAX:
        raise ControlError(f"`refuse.count` must be a whole number from 1 to {REFUSALS_MAX}.")
    if match is not None and not isinstance(match, str):
        raise ControlError("`refuse.match` must be a text.")
    if wait_s is not None and not _is_number(wait_s):
        raise ControlError("`refuse.retry_after` must be a number of seconds.")
    return [Refusal(code, match, wait_s)] * count


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
