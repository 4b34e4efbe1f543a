"""What a connector's failure means for the delivery that met it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.itsm.base import NotSent, OutcomeUnknown, Refused, Throttled
from core.outbox import Again, Permanent, Throttle


@contextmanager
def as_delivery_failures() -> Iterator[None]:
    """Within it each of the four failures of a connector is raised as what the dispatcher does about it."""
    try:
        yield
    except Throttled as exc:
        raise Throttle(exc.retry_after_s, spares_others=exc.spares_others) from exc
    except Refused as exc:
        raise Permanent(exc.reason + (f" (field {exc.field})" if exc.field else "")) from exc
    except (NotSent, OutcomeUnknown) as exc:
        raise Again(exc.reason) from exc  # the dispatcher tries again, and the connector looks by key first
