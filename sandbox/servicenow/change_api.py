"""The Change Management API: /api/sn_chg_rest[/v1]/change/… with typed pairs, `__meta` and 200 for a creation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.servicenow import change_rules, conflicts, errors, incoming
from sandbox.servicenow.errors import AccessDenied, RuleRefused
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.keys import ACCOUNT
from sandbox.servicenow.query import Order, Query
from sandbox.servicenow.render import change_row
from sandbox.servicenow.schema import CHANGE_STATES, CHANGE_TYPES, TABLES
from sandbox.servicenow.settings import Options
from sandbox.servicenow.store import Row, is_known
from sandbox.servicenow.templates import TEMPLATES, find_template
from sandbox.servicenow.updates import update
from sandbox.servicenow.writing import ADMIN

_ID: Final = "{id:[0-9a-f]{32}}"
_TYPES: Final = "{type:normal|emergency|standard}"


class ChangeApi:
    """Creates and moves changes as the vendor's own API for them does."""

    def __init__(self, instance: Instance, options: Options) -> None:
        self._instance = instance
        self._options = options

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Every path of this API, with and without its version."""
        for version in ("", "/v1"):
            base = f"/api/sn_chg_rest{version}/change"
            router.add_get(f"{base}/model", self.models)
            router.add_get(f"{base}/standard/template", self.templates)
            router.add_get(f"{base}/standard/template/{_ID}", self.template)
            router.add_post(f"{base}/standard/{_ID}", self.create_standard)
            router.add_post(f"{base}/{{type:normal|emergency}}", self.create)
            router.add_post(base, self.create)
            for many, one in ((base, f"{base}/{_ID}"), (f"{base}/{_TYPES}", f"{base}/{_TYPES}/{_ID}")):
                router.add_get(many, self.select)
                router.add_get(one, self.get)
                router.add_patch(one, self.update)
                router.add_delete(one, self.delete)
            router.add_get(f"{base}/{_ID}/nextstates", self.next_states)
            router.add_get(f"{base}/{_ID}/nextstate", self.next_states)
            router.add_patch(f"{base}/{_ID}/approvals", self.approve)
            router.add_post(f"{base}/{_ID}/conflict", self.check_conflicts)
            router.add_get(f"{base}/{_ID}/conflict", self.conflicts)
            router.add_delete(f"{base}/{_ID}/conflict", self.cancel_conflicts)
            router.add_get(f"{base}/{_ID}/schedule", self.schedule)
            router.add_get(f"{base}/{_ID}/task", self.tasks)
            router.add_post(f"{base}/{_ID}/task", self.create_task)
            router.add_get(f"{base}/{_ID}/task/{{task}}", self.task)
            router.add_patch(f"{base}/{_ID}/task/{{task}}", self.update_task)

    async def models(self, _request: web.Request) -> web.StreamResponse:
        """GET /change/model: the three types as models."""
        return _result(
            [{"sys_id": _shown(name, name), "name": _shown(label, label)} for name, label in CHANGE_TYPES.items()]
        )

    async def templates(self, _request: web.Request) -> web.StreamResponse:
        """GET /change/standard/template."""
        return _result([{name: _shown(text, text) for name, text in one.items()} for one in TEMPLATES])

    async def template(self, request: web.Request) -> web.StreamResponse:
        """GET one template."""
        return _result({name: _shown(text, text) for name, text in _template(request).items()})

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST by type, or by model when the path names none: 200 with the whole record."""
        fields = await _fields(request)
        kind = request.match_info.get("type") or str(fields.get("chg_model") or fields.get("type") or "normal").lower()
        try:
            sent = {name: value for name, value in fields.items() if name != "state"}
            row = self._instance.insert("change_request", {**sent, "type": kind}, by=request[ACCOUNT], labels=True)
        except (AccessDenied, RuleRefused) as refused:
            return _refused(refused)
        return self._record(row, fields)

    async def create_standard(self, request: web.Request) -> web.StreamResponse:
        """POST from a template: approved at once."""
        fields = await _fields(request)
        template = _template(request)
        try:
            row = self._instance.insert_from_template(template, fields, by=request[ACCOUNT])
        except (AccessDenied, RuleRefused) as refused:
            return _refused(refused)
        return self._record(row, fields)

    async def select(self, request: web.Request) -> web.StreamResponse:
        """GET a list: sysparm_query, sysparm_limit, sysparm_offset, sysparm_order, textSearch."""
        parameters = request.query
        query = incoming.read_query(parameters, "change_request", self._instance, self._options, request[ACCOUNT])
        order = parameters.get("sysparm_order") or parameters.get("order") or ""
        if query is not None and is_known("change_request", order):
            query = Query(query.alternatives, (*query.order, Order(order)), query.has_invalid)
        found = [] if query is None else self._instance.store.select("change_request", query)
        kind, wanted = request.match_info.get("type"), parameters.get("textSearch", "").casefold()
        found = [row for row in found if kind in {None, row["type"]} and _contains(row, wanted)]
        offset = incoming.number(parameters, "sysparm_offset", 0)
        limit = incoming.number(parameters, "sysparm_limit", incoming.DEFAULT_LIMIT)
        visible = [row for row in found[offset : offset + limit] if row["u_restricted"] != "true"]
        response = _result([change_row(self._instance, row) for row in visible])
        response.headers["X-Total-Count"] = str(len(found))
        return response

    async def get(self, request: web.Request) -> web.StreamResponse:
        """GET one change."""
        fields = [name for name in request.query.get("sysparm_fields", "").split(",") if name]
        return _result(change_row(self._instance, self._row(request), fields=fields))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """PATCH: 200 with the record, 400 for a transition that is refused."""
        row = self._row(request)
        fields = await _fields(request)
        try:
            update(self._instance, self._options, row, fields, by=request[ACCOUNT], labels=True)
        except (AccessDenied, RuleRefused) as refused:
            return _refused(refused)
        return self._record(row, fields)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE: 200; only for an administrator."""
        row = self._row(request)
        try:
            self._instance.delete(row, by=request[ACCOUNT])
        except AccessDenied as denied:
            return _refused(denied)
        return _result({"__meta": {"ignoredFields": []}})

    async def next_states(self, request: web.Request) -> web.StreamResponse:
        """GET nextstates: the present state and those that may follow now; type-driven changes list no transitions."""
        available = change_rules.available_states(self._row(request).values)
        labels = {state: CHANGE_STATES[state] for state in available}
        return _result({"available_states": list(available), "state_transitions": [], "state_label": labels})

    async def approve(self, request: web.Request) -> web.StreamResponse:
        """PATCH approvals: acts on the caller's own approval row only."""
        row = self._row(request)
        fields = await _fields(request)
        caller = request[ACCOUNT]
        store = self._instance.store
        mine = [
            one
            for one in store.where("sysapproval_approver", sysapproval=row.sys_id, state="requested")
            if store.read(one, "approver.user_name") == caller.user_name
        ]
        if not mine:
            return errors.error(HTTPStatus.BAD_REQUEST, "The user is not an approver of this change request")
        if fields.get("state") not in {"approved", "rejected"}:
            return errors.error(HTTPStatus.BAD_REQUEST, "Invalid state. Valid values are approved and rejected")
        try:
            self._instance.update(
                mine[0], {"state": fields["state"], "comments": fields.get("comments", "")}, by=caller
            )
        except RuleRefused as refused:
            return _refused(refused)
        return self._record(row, {})

    async def check_conflicts(self, request: web.Request) -> web.StreamResponse:
        """POST conflict: a check is started (and, here, done); the answer is its process."""
        row = self._row(request)
        found = conflicts.overlapping(self._instance.store, row)
        status = {
            "conflict_status": "Conflict" if found else "No Conflict",
            "conflict_last_run": self._instance.stamp(),
        }
        self._instance.write(row, status, by=request[ACCOUNT])
        return _result(uuid.uuid4().hex)

    async def conflicts(self, request: web.Request) -> web.StreamResponse:
        """GET conflict: status reads "Conflict" whatever was found; the list tells."""
        row = self._row(request)
        found = conflicts.overlapping(self._instance.store, row) if row["conflict_last_run"] else []
        listed = [
            {"change": other.sys_id, "number": other["number"], "type": "ci_already_scheduled"} for other in found
        ]
        summary = {"status": "Conflict", "last_run": row["conflict_last_run"], "job_status": "2"}
        return _result({**summary, "record_count": str(len(found)), "conflicts": listed})

    async def cancel_conflicts(self, request: web.Request) -> web.StreamResponse:
        """DELETE conflict: the check is forgotten."""
        row = self._row(request)
        self._instance.write(row, {"conflict_status": "Not Run", "conflict_last_run": ""}, by=request[ACCOUNT])
        return _result({"status": "cancelled"})

    async def schedule(self, request: web.Request) -> web.StreamResponse:
        """GET schedule: the planned window as the only span."""
        row = self._row(request)
        span = {"start": row["start_date"], "end": row["end_date"]}
        return _result({"spans": [span] if row["start_date"] else []})

    async def tasks(self, request: web.Request) -> web.StreamResponse:
        """GET task: the change's tasks."""
        found = self._instance.store.where("change_task", change_request=self._row(request).sys_id)
        return _result([change_row(self._instance, row) for row in found])

    async def create_task(self, request: web.Request) -> web.StreamResponse:
        """POST task: 200 with the new task."""
        change = self._row(request)
        fields = await _fields(request)
        if change["state"] in {change_rules.CLOSED, change_rules.CANCELED}:
            return errors.error(HTTPStatus.BAD_REQUEST, "The change request is closed")
        values = {**fields, "change_request": change.sys_id}
        try:
            row = self._instance.insert("change_task", values, by=request[ACCOUNT], labels=True)
        except (AccessDenied, RuleRefused) as refused:
            return _refused(refused)
        return self._record(row, fields)

    async def task(self, request: web.Request) -> web.StreamResponse:
        """GET one task."""
        return _result(change_row(self._instance, self._task(request)))

    async def update_task(self, request: web.Request) -> web.StreamResponse:
        """PATCH one task."""
        row = self._task(request)
        fields = await _fields(request)
        try:
            self._instance.update(row, fields, by=request[ACCOUNT], labels=True)
        except (AccessDenied, RuleRefused) as refused:
            return _refused(refused)
        return self._record(row, fields)

    def _row(self, request: web.Request) -> Row:
        row = self._instance.store.find("change_request", request.match_info["id"])
        kind = request.match_info.get("type")
        hidden = row is not None and row["u_restricted"] == "true" and not request[ACCOUNT].has(ADMIN)
        if row is None or hidden or kind not in {None, row["type"]}:
            raise incoming.BadRequest(errors.no_record())
        return row

    def _task(self, request: web.Request) -> Row:
        row = self._instance.store.find("change_task", request.match_info["task"])
        if row is None or row["change_request"] != self._row(request).sys_id:
            raise incoming.BadRequest(errors.no_record())
        return row

    def _record(self, row: Row, sent: Mapping[str, Any]) -> web.Response:
        columns = TABLES[row.table.name].columns
        ignored = [name for name in sent if name not in columns or columns[name].read_only]
        return _result(change_row(self._instance, row, ignored=ignored))


async def _fields(request: web.Request) -> dict[str, Any]:
    """Fields of the query and of the body; the body wins. The vendor's own parameters are none."""
    sent = {name: value for name, value in request.query.items() if not name.startswith("sysparm_")}
    return {**sent, **await incoming.read_body(request)}


def _template(request: web.Request) -> Mapping[str, str]:
    template = find_template(request.match_info["id"])
    if template is None:
        raise incoming.BadRequest(errors.no_record())
    return template


def _contains(row: Row, wanted: str) -> bool:
    return wanted in row["short_description"].casefold() or wanted in row["description"].casefold()


def _shown(value: str, display: str) -> dict[str, str]:
    return {"display_value": display, "value": value}


def _result(result: Any) -> web.Response:
    return web.json_response({"result": result})


def _refused(refused: AccessDenied | RuleRefused) -> web.Response:
    if isinstance(refused, AccessDenied):
        return errors.access_denied(refused)
    return errors.error(HTTPStatus.BAD_REQUEST, str(refused), None)
