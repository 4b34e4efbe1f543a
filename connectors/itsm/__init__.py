"""Ticket systems, all behind one small protocol.

base.py        the protocol, its values and its four failures
registry.py    which systems there are
servicenow/    ServiceNow, through pysnow
"""
