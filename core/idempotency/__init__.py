"""Answers kept for repeated calls: HTTP POSTs with an Idempotency-Key, chat interactions delivered twice.

model.py    the table
service.py  begin, carried_out, complete, abandon
"""

from core.idempotency.service import Begun, CarriedOut, StoredAnswer, abandon, begin, carried_out, complete, purge

__all__ = ["Begun", "CarriedOut", "StoredAnswer", "abandon", "begin", "carried_out", "complete", "purge"]
