"""Which planned changes touch the same configuration item at the same time."""

from __future__ import annotations

from sandbox.servicenow.store import Row, Store


def overlapping(store: Store, change: Row) -> list[Row]:
    """The other active changes on the same item whose planned windows overlap this one's."""
    if not (change["cmdb_ci"] and change["start_date"] and change["end_date"]):
        return []
    return [
        other
        for other in store.where("change_request", cmdb_ci=change["cmdb_ci"], active="true")
        if other is not change
        and other["start_date"]
        and other["end_date"]
        and other["start_date"] < change["end_date"]
        and change["start_date"] < other["end_date"]
    ]
