"""A simulated ServiceNow instance, built to the vendor's documents and recorded answers.

schema.py, store.py     tables, columns, rows, history
writing.py, instance.py every write, with rights, rules and journal
change_rules.py, approvals.py, incident_rules.py, conflicts.py, templates.py
query.py, incoming.py   encoded queries, request bodies
table_api.py, change_api.py, attachment_api.py, auth.py, limits.py, errors.py, render.py   the wire
webhook.py              the administrator's outbound business rule
pages.py               what people see in a browser
seed.py, settings.py, system.py
"""

from sandbox.servicenow.system import ServiceNow, create

__all__ = ["ServiceNow", "create"]
