"""Requests that are written and not yet asked (P9). Nobody but their author sees them.

model.py     the table
store.py     SQL
service.py   use cases
views.py     what doors show
"""

from core.drafts.service import discard, get_draft, list_drafts, save, submit
from core.drafts.views import DraftView

__all__ = ["DraftView", "discard", "get_draft", "list_drafts", "save", "submit"]
