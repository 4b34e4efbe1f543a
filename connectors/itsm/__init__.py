"""Ticket systems, all behind one small protocol.

base.py        the protocol, its values and its four failures
registry.py    which systems there are
http.py        calls over HTTP for those without a vendor's client; signatures.py: signed webhooks
custom/        what a file declares, without code
remedy/        BMC Remedy, over its REST interface
servicenow/    ServiceNow, through pysnow
jira/          Jira, Cloud and Data Center, through jira
threads.py     blocking clients in threads, given up in time; transport.py: what goes wrong on the way
cursor.py      up to where changes were read
subscriber.py  one ticket per request and bypass, over the protocol alone; incidents.py: one per incident
"""
