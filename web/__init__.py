"""The HTTP front.

application.py                        everything put together on one aiohttp application
endpoint.py, operation.py, registry.py  how endpoints are declared, resolved and collected
dispatch.py                           one request through one endpoint
schema.py, json_text.py, body.py, parameters.py, faults.py  what may come in, and what is said when it may not
errors.py, problems.py                errors as RFC 9457 problem documents
auth.py, idempotency.py, paging.py    bearer tokens, Idempotency-Key, cursors
middleware.py, metrics.py, health.py  around every request; /metrics, /healthz, /readyz
openapi.py, docs_*.py, markup.py, documents.py  /api/openapi.json and /api/docs
ports.py                              what `app` must hand in
api/                                  the resources, one module each: parse, call a use case, serialise
"""
