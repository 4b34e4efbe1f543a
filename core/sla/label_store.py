"""All SQL of the labels of samples."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import text

from core.db import Transaction
from core.sla.labelling import LabelCount, Labelled, Tallies

_KNOWN: Final = text("""
    SELECT service, at, CAST(labels AS text) AS labels FROM sla_labels
    JOIN unnest(CAST(:services AS text[]), CAST(:ats AS timestamptz[])) AS u(service, at) USING (service, at)
    WHERE tenant_id = :tenant
""")
_KEEP: Final = text("""
    INSERT INTO sla_labels (tenant_id, service, at, labels)
    SELECT :tenant, u.service, u.at, CAST(u.labels AS jsonb)
    FROM unnest(CAST(:services AS text[]), CAST(:ats AS timestamptz[]), CAST(:labels AS text[]))
        AS u(service, at, labels)
    ON CONFLICT (tenant_id, service, at) DO UPDATE SET labels = EXCLUDED.labels
""")
_COUNTS: Final = text("""
    WITH counted AS (
        SELECT l.key AS label, v.key AS value, sum((v.value ->> 0)::bigint)::bigint AS total,
            sum((v.value ->> 1)::bigint)::bigint AS failed
        FROM sla_labels, jsonb_each(labels) l, jsonb_each(l.value) v
        WHERE tenant_id = :tenant AND service = ANY(CAST(:services AS text[])) AND at >= :since AND at < :until
        GROUP BY 1, 2
    ), summed AS (
        SELECT *, (sum(total) OVER of_label)::bigint AS label_total, (sum(failed) OVER of_label)::bigint AS label_failed
        FROM counted WINDOW of_label AS (PARTITION BY label)
    )
    SELECT label, value, total, failed, label_total, label_failed FROM summed
    WHERE failed >= :failures ORDER BY failed DESC, label, value LIMIT :limit
""")


async def known_labels(tx: Transaction, keys: Collection[tuple[str, datetime]]) -> Labelled:
    """What was counted of these services and minutes so far."""
    services, ats = zip(*keys, strict=True)
    rows = await tx.connection.execute(_KNOWN, {"tenant": tx.tenant, "services": list(services), "ats": list(ats)})
    return {(row.service, row.at): _tallies(row.labels) for row in rows}


async def keep_labels(tx: Transaction, found: Labelled) -> None:
    """The counts are these."""
    services, ats = zip(*found, strict=True)
    written = [json.dumps(each, ensure_ascii=False) for each in found.values()]
    parameters = {"tenant": tx.tenant, "services": list(services), "ats": list(ats), "labels": written}
    await tx.connection.execute(_KEEP, parameters)


async def label_counts(
    tx: Transaction, services: Collection[str], *, since: datetime, until: datetime, failures: int, limit: int
) -> tuple[LabelCount, ...]:
    """The values that failed at least so often in these services' minutes, those that failed most first."""
    rows = await tx.connection.execute(
        _COUNTS,
        {
            "tenant": tx.tenant,
            "services": list(services),
            "since": since,
            "until": until,
            "failures": failures,
            "limit": limit,
        },
    )
    return tuple(LabelCount(*row) for row in rows)


def _tallies(written: str) -> Tallies:
    return {
        label: {value: (total, failed) for value, (total, failed) in values.items()}
        for label, values in json.loads(written).items()
    }
