"""Answers kept for repeated calls: HTTP POSTs with an Idempotency-Key, chat interactions delivered twice.

model.py    the table
service.py  begin, complete, abandon
"""

from core.idempotency.service import Begun, StoredAnswer, abandon, begin, complete, purge

__all__ = ["Begun", "StoredAnswer", "abandon", "begin", "complete", "purge"]
