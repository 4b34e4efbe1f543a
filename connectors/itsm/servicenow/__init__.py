"""ServiceNow through pysnow, in threads of its own.

connector.py  the ticket protocol, and the declaration CONNECTOR
settings.py   address, credentials, time-outs, own columns and states
client.py     calls: one Client, Resource and session each; session.py: sign-in and time-outs
failures.py   every exception and status as one of the four failures
wire.py       records in all their shapes -> one value; mapping.py: our words <-> columns and states
tickets.py    reading; lookups.py: people, services, groups; notes.py: notes written once
walk.py       pure: the next step of a change; moves.py: taking it and looking again
polling.py    what was touched; webhooks.py: signed nudges; doctor.py: what `countersign doctor` asks
"""

from connectors.itsm.servicenow.connector import CONNECTOR, ServiceNow, connect
from connectors.itsm.servicenow.settings import ServiceNowSettings

__all__ = ["CONNECTOR", "ServiceNow", "ServiceNowSettings", "connect"]
