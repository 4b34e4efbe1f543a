"""BMC Remedy (AR System, Helix ITSM) over its REST interface; no vendor client exists.

connector.py  the ticket protocol, and the declaration CONNECTOR
settings.py   address, account, whose tickets, own fields and statuses
client.py     entries: create, select, modify; session.py: AR-JWT and licence; failures.py: one of the four failures
qualification.py   the query language; wire.py: entries -> one value; mapping.py: our words <-> fields and statuses
tickets.py    reading; people.py: who asks; worklog.py: notes written once
walk.py       pure: the next step of a ticket; moves.py: taking it and looking again
polling.py    what was touched; webhooks.py: nudges of a scripted filter; doctor.py: what `countersign doctor` asks
"""

from connectors.itsm.remedy.connector import CONNECTOR, Remedy, connect
from connectors.itsm.remedy.settings import RemedySettings

__all__ = ["CONNECTOR", "Remedy", "RemedySettings", "connect"]
