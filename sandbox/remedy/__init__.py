"""A simulated BMC Remedy AR System server with ITSM's forms, built to the vendor's documents and recorded answers.

schema.py, values.py          forms, fields; what callers may send and what the wire shows
store.py, arserver.py         entries and history; every write, with permissions, filters and approvals
rules.py                      the life of incidents and changes
qualification.py, answering.py   the query language
auth.py, entry_api.py, incoming.py, errors.py   the wire
webhook.py                    the administrator's filter that calls a web service
pages.py                      what people see in a browser
seed.py, settings.py, hands.py, system.py
"""

from sandbox.remedy.system import Remedy, create

__all__ = ["Remedy", "create"]
