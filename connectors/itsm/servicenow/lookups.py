"""Finding people, groups and services by the names that we know. What is not found is left out, never guessed."""

from __future__ import annotations

from connectors.itsm.base import Refused, TicketDraft
from connectors.itsm.mapping import facts_of
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.wire import SYS_ID, condition, query, text


class Lookups:
    """Answers by the instance; only the account's own name and the configured group are remembered."""

    def __init__(self, client: ServiceNowClient, settings: ServiceNowSettings) -> None:
        self._client = client
        self._settings = settings
        self._group = ""
        self.account = settings.user or ""

    async def requester(self, draft: TicketDraft) -> str:
        """Who asks: whom the mapping names, else who is found by its attribute or by address, else its default."""
        users = self._settings.mapping.users
        if named := users.named(draft.requester_email):
            return await self.user(named)
        by, sought = users.by or "email", users.sought(facts_of(draft), draft.requester_email)
        found = await self._only("sys_user", by, sought)
        return found or (await self.user(users.default) if users.default else "")

    async def user(self, name: str) -> str:
        """The user of this user name, or of this sys_id; empty if there is none."""
        return name if SYS_ID.match(name) else await self._only("sys_user", "user_name", name)

    async def approver(self, account: str, email: str) -> str:
        """The active person with this user name, else with this address; empty if there is not exactly one."""
        field, value = ("user_name", account) if account else ("email", email)
        return await self._only("sys_user", field, value)

    async def service(self, name: str) -> str:
        """The service of this name; empty if there is not exactly one."""
        return await self._only("cmdb_ci_service", "name", name)

    async def own_name(self) -> str:
        """The user name under which the instance knows us."""
        if not self.account:
            page = await self._client.select(
                "sys_user", "sys_id=javascript:gs.getUserID()", fields=("sys_id", "user_name"), limit=2
            )
            if len(page.rows) != 1:
                raise Refused("ServiceNow does not say which account this credential belongs to.", field="user")
            self.account = text(page.rows[0]["user_name"])
        return self.account

    async def configured_group(self) -> str:
        """The group of the settings; empty if none is set. Raises Refused if the instance does not have it."""
        wanted = self._settings.assignment_group
        if wanted and not self._group:
            self._group = wanted if SYS_ID.match(wanted) else await self._only("sys_user_group", "name", wanted)
            if not self._group:
                raise Refused(f"ServiceNow has no group '{wanted}'.", field="assignment_group")
        return self._group

    async def default_group(self, service: str) -> str:
        """The configured group, else the service's support group, else the first group of our own account.

        Raises Refused if there is none: a change cannot leave New without one.
        """
        found = await self.configured_group() or await self._support_group(service) or await self._own_group()
        if not found:
            raise Refused(
                "A change needs an assignment group before it can be assessed: set 'assignment_group', give the "
                "service a support group, or make our account a member of a group.",
                field="assignment_group",
            )
        return found

    async def _support_group(self, service: str) -> str:
        if not service:
            return ""
        row = await self._client.get("cmdb_ci_service", service, fields=("sys_id", "support_group"))
        return text(row.get("support_group")) if row else ""

    async def _own_group(self) -> str:
        asked = query(condition("user.user_name", "=", await self.own_name()), "ORDERBYsys_created_on")
        page = await self._client.select("sys_user_grmember", asked, fields=("user.user_name", "group"), limit=1)
        return text(page.rows[0]["group"]) if page.rows else ""

    async def _only(self, table: str, field: str, value: str) -> str:
        if not value:
            return ""
        try:
            asked = condition(field, "=", value)
        except ValueError:
            return ""
        page = await self._client.select(table, asked, fields=("sys_id", field), limit=2)
        found = [row for row in page.rows if text(row[field]).casefold() == value.casefold()]
        return text(found[0]["sys_id"]) if len(found) == 1 else ""
