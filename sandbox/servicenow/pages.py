"""What people see in a browser: a list per table and a page per record, under the vendor's own addresses. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web

from sandbox import html
from sandbox.servicenow import approvals, change_rules
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.render import person_name
from sandbox.servicenow.schema import CHANGE_STATES, INCIDENT_STATES, TABLES, Column
from sandbox.servicenow.store import Change, Row

HIBERNATING: Final = (
    "<!DOCTYPE html><html><head><title>Instance Hibernating page</title></head>"
    "<body><h1>Your instance is hibernating</h1><p>Sign in to the developer site to wake it.</p></body></html>"
)
BRAND: Final = "#0f4a4e"
LISTED: Final = ("change_request", "incident", "change_task", "sysapproval_approver", "cmdb_ci_service", "sys_user",
                 "sys_user_group")  # fmt: skip
LIST_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "change_request": (
        "number",
        "short_description",
        "type",
        "state",
        "approval",
        "assignment_group",
        "sys_updated_on",
    ),
    "incident": ("number", "short_description", "priority", "state", "assignment_group", "sys_updated_on"),
    "change_task": ("number", "short_description", "change_request", "state", "sys_updated_on"),
    "sysapproval_approver": ("sysapproval", "approver", "state", "sys_updated_on"),
    "cmdb_ci_service": ("name", "support_group", "busines_criticality", "operational_status"),
    "sys_user": ("name", "user_name", "email", "title", "active"),
    "sys_user_group": ("name", "description", "manager", "active"),
}
FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "change_request": (
        "number", "type", "requested_by", "state", "business_service", "approval", "cmdb_ci", "risk", "category",
        "impact", "assignment_group", "priority", "assigned_to", "conflict_status", "opened_by", "opened_at",
        "start_date", "end_date", "correlation_display", "correlation_id", "close_code", "closed_at",
    ),
    "incident": (
        "number", "state", "caller_id", "priority", "business_service", "impact", "cmdb_ci", "urgency", "category",
        "assignment_group", "opened_at", "assigned_to", "correlation_display", "correlation_id", "close_code",
        "resolved_at",
    ),
}  # fmt: skip
WIDE: Final = ("description", "justification", "implementation_plan", "risk_impact_analysis", "backout_plan",
               "test_plan", "on_hold_reason", "close_notes")  # fmt: skip
_TONES: Final = {
    "approved": "good", "closed": "good", "resolved": "good", "scheduled": "good", "active": "good",
    "rejected": "bad", "canceled": "bad", "cancelled": "bad",
    "requested": "wait", "assess": "wait", "authorize": "wait", "on hold": "wait",
    "implement": "live", "review": "live", "in progress": "live",
}  # fmt: skip


class Pages:
    """Serves the list and record pages. `base_url` has no trailing slash."""

    def __init__(self, instance: Instance, base_url: str) -> None:
        self._instance = instance
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's addresses for people."""
        router.add_get("/", self.home)
        router.add_get("/nav_to.do", self.nav_to)
        router.add_get("/{table:[a-z_]+}_list.do", self.list_page)
        router.add_get("/{table:[a-z_]+}.do", self.record_page)

    async def home(self, _request: web.Request) -> web.Response:
        """The list of changes."""
        return self._list("change_request")

    async def nav_to(self, request: web.Request) -> web.Response:
        """nav_to.do?uri=change_request.do?sys_id=…: the frame that people's links lead to."""
        page, _, rest = request.query.get("uri", "").lstrip("/").partition("?")
        table = page.removesuffix(".do")
        if table.endswith("_list"):
            return self._list(table.removesuffix("_list"))
        return self._show(table, parse_qs(rest).get("sys_id", [request.query.get("sys_id", "")])[0])

    async def list_page(self, request: web.Request) -> web.Response:
        """change_request_list.do and its like."""
        return self._list(request.match_info["table"])

    async def record_page(self, request: web.Request) -> web.Response:
        """change_request.do?sys_id=… and its like; a number will do as well."""
        return self._show(request.match_info["table"], request.query.get("sys_id", ""))

    def _list(self, table: str) -> web.Response:
        if table not in LIST_COLUMNS:
            return self._missing(f"There is no list of {table or 'nothing'}.")
        columns = [TABLES[table].columns[name] for name in LIST_COLUMNS[table]]
        rows = list(reversed(self._instance.store.table(table).values()))  # newest first
        head = "".join(f"<th>{escape(column.label)}</th>" for column in columns)
        body = "".join(f"<tr>{''.join(self._cell(row, column) for column in columns)}</tr>" for row in rows)
        shown = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        title = f"{TABLES[table].label}s"
        heading = f'<div class="head"><h1>{escape(title)}</h1><span class="number">{_counted(len(rows))}</span></div>'
        return self._page(
            title, heading + html.card("", shown if rows else '<p class="empty">Nothing here yet.</p>'), table
        )

    def _show(self, table: str, wanted: str) -> web.Response:
        if table not in TABLES:
            return self._missing("This address names no table.")
        row = self._instance.store.find(table, wanted) or self._instance.store.find_by(
            table, TABLES[table].display, wanted
        )
        if row is None:
            return self._missing("Record not found: it was deleted, or the link is wrong.")
        name = row.values.get("number") or self._instance.store.display(row, TABLES[table].display)
        title = row.values.get("short_description") or name
        number = f"{escape(TABLES[table].label)} {escape(name)}"
        heading = f'<div class="head"><h1>{escape(title)}</h1><span class="number">{number}</span></div>'
        parts = [
            heading,
            self._flow(row),
            html.card("", self._form(row)),
            self._approvers(row),
            self._tasks(row),
            html.card("Activity", self._stream(row)),
        ]
        return self._page(f"{name} {title}", "".join(parts), table)

    def _flow(self, row: Row) -> str:
        labels = _flow_labels(row)
        if not labels:
            return ""
        states = list(labels)
        position = states.index(row["state"]) if row["state"] in labels else -1
        stopped = row["state"] in {"4", "8"} if row.table.name == "change_request" else row["state"] == "8"
        items = "".join(
            f'<li class="{_step(at, position, stopped=stopped)}">{escape(label)}</li>'
            for at, label in enumerate(labels.values())
        )
        return f'<ol class="flow">{items}</ol>'

    def _form(self, row: Row) -> str:
        columns = row.table.columns
        names = FORMS.get(row.table.name) or tuple(name for name in columns if not name.startswith("sys_"))
        narrow = (self._line(row, columns[name]) for name in names if row[name] and name not in WIDE)
        wide = (self._line(row, columns[name], wide=True) for name in WIDE if name in columns and row[name])
        return f'<dl class="form">{"".join(narrow)}{"".join(wide)}</dl>'

    def _line(self, row: Row, column: Column, *, wide: bool = False) -> str:
        css = ' class="wide"' if wide else ""
        return f"<div{css}><dt>{escape(column.label)}</dt><dd>{self._value(row, column)}</dd></div>"

    def _approvers(self, row: Row) -> str:
        if row.table.name != "change_request":
            return ""
        columns = [
            TABLES["sysapproval_approver"].columns[name] for name in ("approver", "group", "state", "sys_updated_on")
        ]
        body = "".join(
            f"<tr>{''.join(self._cell(one, column) for column in columns)}</tr>"
            for one in approvals.rows_of(self._instance, row)
        )
        return html.card("Approvers", html.table(("Approver", "Group", "State", "Updated"), body)) if body else ""

    def _tasks(self, row: Row) -> str:
        if row.table.name != "change_request":
            return ""
        columns = [TABLES["change_task"].columns[name] for name in ("number", "short_description", "state")]
        body = "".join(
            f"<tr>{''.join(self._cell(one, column) for column in columns)}</tr>"
            for one in self._instance.store.where("change_task", change_request=row.sys_id)
        )
        return html.card("Change tasks", html.table(("Number", "Short description", "State"), body)) if body else ""

    def _stream(self, row: Row) -> str:
        items = [self._moved(row, change) for change in row.history]
        shown = "".join(reversed([item for item in items if item]))
        return f'<ol class="stream">{shown}</ol>' if shown else '<p class="empty">Nothing has happened yet.</p>'

    def _moved(self, row: Row, change: Change) -> str:
        who = f'<span class="who">{escape(person_name(self._instance, change.by))}</span>'
        when = f'<span class="when">{escape(change.at)} UTC</span>'
        journal = [name for name in ("work_notes", "comments") if name in change.fields]
        if journal:
            label = row.table.columns[journal[0]].label
            text = escape(change.fields[journal[0]][1])
            return f'<li class="{journal[0]}">{who} · {escape(label)} · {when}<p>{text}</p></li>'
        told = [self._difference(row, name, *change.fields[name]) for name in ("state", "approval", "assignment_group",
                "close_code", "on_hold") if name in change.fields and change.operation != "insert"]  # fmt: skip
        if change.operation == "insert":
            told = ["Created"]
        return f"<li>{who} · {when}<p>{'<br>'.join(told)}</p></li>" if told else ""

    def _difference(self, row: Row, name: str, old: str, new: str) -> str:
        column = row.table.columns[name]
        before, after = (escape(self._instance.store.display_of(column, value) or "(empty)") for value in (old, new))
        return f'{escape(column.label)}: <b>{after}</b> <span class="soft">was {before}</span>'

    def _cell(self, row: Row, column: Column) -> str:
        kind = {"number": "number", "sys_updated_on": "number", "short_description": "words"}.get(column.name)
        css = f' class="{kind}"' if kind else ""
        if column.name == row.table.display and column.reference == "":
            return f"<td{css}>{self._link(row.table.name, row.sys_id, row[column.name])}</td>"
        return f"<td{css}>{self._value(row, column)}</td>"

    def _value(self, row: Row, column: Column) -> str:
        value, shown = row[column.name], self._instance.store.display(row, column.name)
        if column.reference and value:
            return self._link(column.reference, value, shown)
        if column.name in {"state", "approval"}:
            return f'<span class="chip {_TONES.get(shown.casefold(), "")}">{escape(shown)}</span>'
        return escape(shown)

    def _link(self, table: str, sys_id: str, text: str) -> str:
        href = f"{self._base_url}/nav_to.do?uri={table}.do?sys_id={sys_id}"
        return f'<a href="{escape(href)}">{escape(text or "(no name)")}</a>'

    def _missing(self, message: str) -> web.Response:
        return self._page(
            "Not found", html.card("Not found", f"<p>{escape(message)}</p>"), "", status=HTTPStatus.NOT_FOUND
        )

    def _page(self, title: str, body: str, table: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        navigation = {f"{TABLES[name].label}s": f"{self._base_url}/{name}_list.do" for name in LISTED}
        here = f"{TABLES[table].label}s" if table in LISTED else ""
        return html.page(
            title, body, product="ServiceNow", note="simulated instance · times in UTC", brand=BRAND,
            navigation=navigation, here=here, status=status,
        )  # fmt: skip


def _counted(records: int) -> str:
    return "1 record" if records == 1 else f"{records} records"


def _flow_labels(row: Row) -> dict[str, str]:
    if row.table.name == "incident":
        return {state: label for state, label in INCIDENT_STATES.items() if state != "8" or row["state"] == "8"}
    if row.table.name != "change_request":
        return {}
    path = [*change_rules.MOVES.get(row["type"], {}), change_rules.CLOSED]
    ordered = [state for state in CHANGE_STATES if state in path]
    return {state: CHANGE_STATES[state] for state in (*ordered, *(("4",) if row["state"] == "4" else ()))}


def _step(at: int, position: int, *, stopped: bool) -> str:
    if at == position:
        return "stop" if stopped else "here"
    return "done" if at < position and not stopped else ""
