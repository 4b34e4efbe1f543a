"""Jira, Cloud and Data Center, with Service Management, through the library `jira` in threads of its own.

connector.py  the ticket protocol, and the declaration CONNECTOR
settings.py   address, credentials, time-outs, project, issue types, own fields, states and resolutions
client.py     calls: one client and session each; session.py: sign-in and time-outs
failures.py   every exception and status as one of the four failures
wire.py       answers -> values; text.py: plain text as documents or markup; mapping.py: our words <-> statuses
keys.py       finding our issues, also those that the search does not show yet; notes.py: comments written once
screens.py    what screens ask for; drafts.py: a new issue; people.py: our account, and who reports
walk.py       pure: the next step of an issue; moves.py: taking it and looking again; tickets.py: our value of it
polling.py    what was touched; webhooks.py: signed nudges; doctor.py: what `countersign doctor` asks
"""

from connectors.itsm.jira.connector import CONNECTOR, Jira, connect
from connectors.itsm.jira.settings import JiraSettings

__all__ = ["CONNECTOR", "Jira", "JiraSettings", "connect"]
