"""The section of the agent platform that rolls changes out, and what may contradict itself in it."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr

from config.errors import SettingsError
from config.fields import HttpUrl, Section, TenantSlug, TimeoutSeconds, missing

SECRET_BYTES: Final = range(24, 65)  # Standard Webhooks: 24 to 64 bytes
_PREFIX: Final = "whsec_"


def _signing_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    try:
        size = len(base64.b64decode(text.removeprefix(_PREFIX), validate=True))
    except ValueError:
        size = 0
    if not text.startswith(_PREFIX) or size not in SECRET_BYTES:
        raise ValueError(f"a secret is {_PREFIX} and 24 to 64 bytes in base64")
    return secret


class ExecutorSettings(Section):
    """The agent platform of one tenant; on once its address is given (docs/connectors/executor.md)."""

    url: HttpUrl | None = None  # under which it serves /rollouts
    secret: Annotated[SecretStr, AfterValidator(_signing_secret)] | None = None  # signs what both sides send
    tenant: TenantSlug | None = None
    connect_timeout_s: TimeoutSeconds = 5.0
    read_timeout_s: TimeoutSeconds = 10.0

    @property
    def enabled(self) -> bool:
        """Whether there is a platform."""
        return self.url is not None


def executor_contradictions(sections: Sequence[ExecutorSettings]) -> Iterator[SettingsError]:
    """What is missing beside an address, and tenants that have two platforms."""
    for each in sections:
        if each.enabled and each.secret is None:
            yield missing("executor.secret", "what both sides send is signed with it")
        if each.enabled and each.tenant is None:
            yield missing("executor.tenant", "the platform belongs to a tenant")
    for tenant, count in Counter(each.tenant for each in sections if each.enabled and each.tenant).items():
        if count > 1:
            yield SettingsError(f"The tenant '{tenant}' has {count} agent platforms; it has one.", key="executor")
