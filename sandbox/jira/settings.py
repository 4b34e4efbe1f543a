"""What can be switched while the site runs: which product it is, webhooks, limits, odd behaviours of real sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

CLOUD: Final = "cloud"
DATA_CENTER: Final = "datacenter"


@dataclass(slots=True)
class Options:
    """The switches. Times are seconds."""

    deployment: str = CLOUD  # which product answers: "cloud" or "datacenter"
    webhook_url: str = ""  # a webhook of the administrator for every issue and comment event
    webhook_secret: str = ""
    webhook_jql: str = ""
    webhook_retries: int = 5  # Cloud only; Data Center tells once
    webhook_retry_pause_s: float = 300.0  # the vendor waits 5 to 15 minutes
    per_issue_limit: bool = True  # Cloud: 20 writes per 2 s and 100 per 30 s for each issue
    burst_limit: int | None = None  # Cloud: calls per second, method and resource; None means none
    quota_limit: int | None = None  # Cloud: points an hour for the whole site; None means none (as for API tokens)
    token_bucket: int | None = None  # Data Center: requests that an account may save up; None means no limit
    token_bucket_interval_s: int = 1  # and how often it gets half of them back
    search_lag_s: float = 0.0  # Cloud: how long a new issue hides from search, unless it is reconciled
    conflict_status: int = 400  # of a move that somebody else made first; some Cloud sites answer 409
    indexed_properties: list[str] = field(default_factory=list)  # entity properties that JQL can ask for
    hides_emails: bool = False  # Cloud: as people's privacy settings may want it
    anonymous_browse: bool = False  # a wrong token is nobody instead of an error, and sees nothing
    attachment_max_bytes: int = 10 * 1024 * 1024

    @property
    def is_cloud(self) -> bool:
        """Whether Cloud answers."""
        return self.deployment == CLOUD

    def update(self, wanted: Mapping[str, Any]) -> None:
        """These options are in force. Raises ValueError, with nothing changed, for an unknown name or a bad value."""
        known = {one.name for one in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"There is no option '{name}'. Known: {', '.join(sorted(known))}, people.")
            if not _is_valid(name, value):
                raise ValueError(f"The option '{name}' cannot be {value!r}.")
        for name, value in wanted.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """Every option by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _is_valid(name: str, value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    match name:
        case "deployment":
            return value in {CLOUD, DATA_CENTER}
        case "webhook_url" | "webhook_secret" | "webhook_jql":
            return isinstance(value, str)
        case "burst_limit" | "quota_limit" | "token_bucket":
            return value is None or whole
        case "webhook_retries" | "attachment_max_bytes":
            return whole
        case "token_bucket_interval_s":
            return whole and value > 0
        case "conflict_status":
            return value in {400, 409}
        case "webhook_retry_pause_s" | "search_lag_s":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600
        case "indexed_properties":
            return isinstance(value, list) and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, bool)
