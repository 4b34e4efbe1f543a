"""The resources of /api/v1: one module each. Parse, call one use case, show its result."""
