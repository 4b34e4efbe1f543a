"""A simulated Jira site (Cloud or Data Center, with Service Management), built to the vendor's documents.

catalogue.py, workflow.py     projects, types, fields, screens; statuses, moves, approval steps
store.py, site.py             people, issues, history; what every write has in common
issues.py, moves.py, attached.py, values.py, adf.py   the rules: fields, transitions, approvals, comments, rich text
jql.py, searching.py          the query language and its answers
calls.py, auth.py, limits.py, errors.py, render.py, metadata.py   the wire
issue_api.py, comment_api.py, link_api.py, search_api.py, meta_api.py, desk_api.py, hook_api.py
webhook.py                    deliveries with signature, identity and retries
pages.py                      what people see in a browser
seed.py, settings.py, hands.py, system.py
"""

from sandbox.jira.system import Jira, create

__all__ = ["Jira", "create"]
