"""Tenants: their policy document (T11) and how they come to be.

bypass_policy.py  its section on the emergency bypass; bypass_file.py reads it
report_file.py   its sections on reports
policy.py   the framework's tenant YAML -> TenantPolicy
model.py    the table
service.py  provision, list, the policy in force
"""

from core.tenants.bypass_policy import ANYWHERE, UNNAMED, BypassPolicy, ReviewRule, StepUp, Who
from core.tenants.policy import MonthlyReport, TenantPolicy, WeeklyReport
from core.tenants.service import (
    SCHEDULE,
    THE_TENANT,
    TenantView,
    list_tenants,
    provision,
    tenant_ids,
    tenant_policy,
)

__all__ = [
    "ANYWHERE",
    "SCHEDULE",
    "THE_TENANT",
    "UNNAMED",
    "BypassPolicy",
    "MonthlyReport",
    "ReviewRule",
    "StepUp",
    "TenantPolicy",
    "TenantView",
    "WeeklyReport",
    "Who",
    "list_tenants",
    "provision",
    "tenant_ids",
    "tenant_policy",
]
