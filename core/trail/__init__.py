"""Reading the audit trail, by those who may. Apart from core/audit, which every feature writes with."""

from core.trail.service import export_trail, search_trail

__all__ = ["export_trail", "search_trail"]
