"""Every table that the code knows: the models of all features of the core, wherever they are."""

from __future__ import annotations

import importlib
import pkgutil

import core
from core.db import references  # its table has no model.py of its own
from core.db.tables import metadata

for _module in pkgutil.walk_packages(core.__path__, "core."):
    if _module.name.endswith(".model"):
        importlib.import_module(_module.name)

METADATA = metadata
INSTALLATION = ("receipt_keys", "sealing_keys")  # of no tenant: the system scope alone sees them
TABLES = [name for name in sorted(METADATA.tables) if name not in INSTALLATION]
assert references.reference_counters.name in TABLES
