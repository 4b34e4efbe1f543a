"""Tenants: their policy document (T11) and how they come to be.

policy.py   the framework's tenant YAML -> TenantPolicy
model.py    the table
service.py  provision, list, the policy in force
"""

from core.tenants.policy import TenantPolicy
from core.tenants.service import TenantView, list_tenants, provision, tenant_ids, tenant_policy

__all__ = ["TenantPolicy", "TenantView", "list_tenants", "provision", "tenant_ids", "tenant_policy"]
