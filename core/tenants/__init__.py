"""Tenants: their policy document (T11) and how they come to be.

bypass_policy.py  its section on the emergency bypass; bypass_file.py reads it
incident_policy.py  its section on incidents; incident_file.py reads it; who_file.py: people as YAML names them
brand_file.py    how its reports look
report_file.py   its sections on reports
policy.py   the framework's tenant YAML -> TenantPolicy
model.py    the table
service.py  provision, list, the policy in force
"""

from core.tenants.bypass_policy import ANYWHERE, UNNAMED, BypassPolicy, ReviewRule, StepUp, Who
from core.tenants.incident_policy import SEVERITIES, IncidentPolicy, PageLevel
from core.tenants.policy import BrandPolicy, ChargebackReport, MonthlyReport, TenantPolicy, WeeklyReport
from core.tenants.service import (
    COST_ADVICE,
    COST_CHECK,
    METERING,
    SCHEDULE,
    THE_TENANT,
    TenantView,
    ensure_costs,
    list_tenants,
    provision,
    tenant_ids,
    tenant_policy,
)

__all__ = [
    "ANYWHERE",
    "COST_ADVICE",
    "COST_CHECK",
    "METERING",
    "SCHEDULE",
    "SEVERITIES",
    "THE_TENANT",
    "UNNAMED",
    "BrandPolicy",
    "BypassPolicy",
    "ChargebackReport",
    "IncidentPolicy",
    "MonthlyReport",
    "PageLevel",
    "ReviewRule",
    "StepUp",
    "TenantPolicy",
    "TenantView",
    "WeeklyReport",
    "Who",
    "ensure_costs",
    "list_tenants",
    "provision",
    "tenant_ids",
    "tenant_policy",
]
