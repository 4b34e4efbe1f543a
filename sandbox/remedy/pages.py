"""What people see in a browser: lists and records, under the address that links in mails have. Read only."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from sandbox import html
from sandbox.remedy import rules
from sandbox.remedy.arserver import ArServer, number_of
from sandbox.remedy.schema import (
    CHANGE,
    CHANGE_BASE,
    CHANGE_LOG,
    CHANGE_STATUSES,
    FORMS,
    GROUPS,
    HELP_DESK,
    INCIDENT,
    INCIDENT_LOG,
    INCIDENT_STATUSES,
    PEOPLE,
    SIGNATURE,
    STATUS_FIELDS,
    Form,
    Kind,
)
from sandbox.remedy.store import Change, Entry
from sandbox.remedy.values import shown, stamp

BRAND: Final = "#7a2e0e"
VIEW: Final = "/arsys/servlet/ViewFormServlet"
LISTED: Final = {"Changes": CHANGE_BASE, "Incidents": HELP_DESK, "Approvals": SIGNATURE, "People": PEOPLE,
                 "Groups": GROUPS}  # fmt: skip
_COLUMNS: Final = {
    CHANGE_BASE: ("Infrastructure Change ID", "Description", "Change Timing", "Change Request Status", "ASGRP",
                  "Last Modified Date"),
    HELP_DESK: ("Incident Number", "Description", "Priority", "Status", "Assigned Group", "Last Modified Date"),
    SIGNATURE: ("Request ID", "Request", "Approval Phase", "Approvers", "Approval Status", "Last Modified Date"),
    PEOPLE: ("Full Name", "Remedy Login ID", "Internet E-mail", "JobTitle"),
    GROUPS: ("Support Group Name", "Support Organization", "Members"),
}  # fmt: skip
_SHORT: Final = {
    "Request For Authorization": "Authorization", "Planning In Progress": "Planning",
    "Scheduled For Approval": "Approval", "Implementation In Progress": "Implementation",
}  # fmt: skip
_WIDE: Final = frozenset({"Detailed Description", "Detailed Decription", "Resolution", "Justification"})
_TONES: Final = {
    "Approved": "good", "Scheduled": "good", "Completed": "good", "Closed": "good", "Resolved": "good",
    "Rejected": "bad", "Cancelled": "bad", "Pending": "wait", "Request For Authorization": "wait",
    "Scheduled For Approval": "wait", "Implementation In Progress": "live", "In Progress": "live",
}  # fmt: skip


class Pages:
    """Serves the pages. `base_url` has no trailing slash."""

    def __init__(self, server: ArServer, base_url: str) -> None:
        self._server = server
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The addresses for people."""
        router.add_get("/", self.home)
        router.add_get("/arsys/home", self.home)
        router.add_get(VIEW, self.view)

    async def home(self, _request: web.Request) -> web.Response:
        """The list of changes."""
        return self._list(FORMS[CHANGE_BASE])

    async def view(self, request: web.Request) -> web.Response:
        """?form=…&eid=…: one record, by request id or number; without eid the list."""
        form = FORMS.get(request.query.get("form", ""))
        if form is None:
            return self._missing("This address names no form.")
        wanted = request.query.get("eid", "").partition("|")[0]
        if not wanted:
            return self._list(FORMS[form.base])
        entries = self._server.store.entries(form.base)
        entry = entries.get(wanted) or next((one for one in entries.values() if number_of(one) == wanted), None)
        if entry is None:
            return self._missing("The record was deleted, or the link is wrong.")
        return self._record(FORMS[form.base], entry)

    def _list(self, form: Form) -> web.Response:
        names = _COLUMNS.get(form.name, ("Request ID", "Submitter", "Last Modified Date"))
        entries = list(reversed(self._server.store.entries(form.name).values()))
        rows = "".join(
            "<tr>" + "".join(self._cell(form, one, name, is_first=at == 0) for at, name in enumerate(names)) + "</tr>"
            for one in entries
        )
        title = next((label for label, name in LISTED.items() if name == form.name), form.name)
        counted = "1 record" if len(entries) == 1 else f"{len(entries)} records"
        body = html.table(names, rows) if rows else '<p class="empty">Nothing here yet.</p>'
        return self._page(title, html.heading(title, counted) + html.card("", body), title)

    def _record(self, form: Form, entry: Entry) -> web.Response:
        title = str(entry["Description"] or entry["Full Name"] or number_of(entry))
        lines = [
            (one.name, self._value(form, entry, one.name), one.name in _WIDE)
            for one in form.fields.values()
            if entry[one.name] is not None and not one.on_display_only
        ]
        parts = [
            html.heading(title, f"{form.name} {number_of(entry)}"),
            _flow(entry),
            html.card("", html.form(lines)),
            self._signatures(entry),
            html.card("Work log and history", html.stream(self._stream(form, entry))),
        ]
        here = next((label for label, name in LISTED.items() if name == form.name), "")
        return self._page(f"{number_of(entry)} {title}", "".join(parts), here)

    def _signatures(self, entry: Entry) -> str:
        form = FORMS[SIGNATURE]
        names = ("Approval Phase", "Approvers", "Approval Status", "Justification")
        rows = "".join(
            f"<tr>{''.join(self._cell(form, one, name, is_first=False) for name in names)}</tr>"
            for one in self._server.store.where(SIGNATURE, Request=entry.id)
            if entry.form == CHANGE_BASE
        )
        return html.card("Approvers", html.table(names, rows)) if rows else ""

    def _stream(self, form: Form, entry: Entry) -> list[str]:
        told = [(one.at, self._changed(form, one)) for one in entry.history]
        for log, name in ((CHANGE_LOG, "Infrastructure Change ID"), (INCIDENT_LOG, "Incident Number")):
            for one in self._server.store.entries(log).values():
                if one[name] is not None and one[name] == entry[name]:
                    at = one["Submit Date"]
                    text = escape(str(one["Detailed Description"]))
                    kind = "comments" if one["View Access"] else "work_notes"
                    told.append(
                        (
                            at * 1000,
                            html.happened(one["Submitter"], _when(at), text, kind=kind, label="Work log"),
                        )
                    )
        return [text for _, text in sorted(told, key=lambda one: one[0])][::-1]  # of one instant, the later stays first

    def _changed(self, form: Form, change: Change) -> str:
        if change.operation == "create":
            return html.happened(change.by, _when(change.at / 1000), "Created")
        lines = [
            f'{escape(name)}: <b>{_words(form, name, new)}</b> <span class="soft">was {_words(form, name, old)}</span>'
            for name, (old, new) in change.fields.items()
        ]
        return html.happened(change.by, _when(change.at / 1000), "<br>".join(lines))

    def _cell(self, form: Form, entry: Entry, name: str, *, is_first: bool) -> str:
        css = ' class="words"' if name == "Description" else ""
        shown_value = self._value(form, entry, name)
        return f"<td{css}>{self._link(form, entry, shown_value) if is_first else shown_value}</td>"

    def _value(self, form: Form, entry: Entry, name: str) -> str:
        if name == "Request" and entry[name]:
            change = self._server.store.entries(CHANGE_BASE).get(entry[name])
            return self._link(FORMS[CHANGE], change, escape(number_of(change))) if change else escape(entry[name])
        text = _words(form, name, entry[name])
        is_status = name in {*STATUS_FIELDS.values(), "Approval Status"}
        return html.chip(str(shown(form.fields[name], entry[name])), _TONES.get(text, "")) if is_status else text

    def _link(self, form: Form, entry: Entry, body: str) -> str:
        query = f"form={quote(form.name)}&eid={quote(entry.id)}"
        return f'<a href="{escape(self._base_url + VIEW)}?{escape(query)}">{body or "(no name)"}</a>'

    def _missing(self, message: str) -> web.Response:
        body = html.card("Not found", f"<p>{escape(message)}</p>")
        return self._page("Not found", body, "", status=HTTPStatus.NOT_FOUND)

    def _page(self, title: str, body: str, here: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        navigation = {label: f"{self._base_url}{VIEW}?form={quote(name)}" for label, name in LISTED.items()}
        return html.page(title, body, product="BMC Remedy ITSM", note="simulated server · times in UTC", brand=BRAND,
                         navigation=navigation, here=here, status=status)  # fmt: skip


def page_of(base_url: str, entry: Entry) -> str:
    """The address of a record's page."""
    name = {CHANGE_BASE: CHANGE, HELP_DESK: INCIDENT}.get(entry.form, entry.form)
    return f"{base_url}{VIEW}?form={quote(name)}&eid={quote(entry.id)}"


def _words(form: Form, name: str, value: Any) -> str:
    if value is None:
        return "(empty)"
    field = form.fields[name]
    if field.kind is Kind.TIME:
        return _when(value)
    if field.kind is Kind.ATTACHMENT:
        return escape(f"{value['name']} ({value['sizeBytes']} bytes)")
    return escape(str(shown(field, value)))


def _flow(entry: Entry) -> str:
    if entry.form == HELP_DESK:
        labels, stopped = INCIDENT_STATUSES, {rules.CANCELLED}
    elif entry.form == CHANGE_BASE:
        labels, stopped = CHANGE_STATUSES, {rules.REJECTED, rules.C_CANCELLED}
    else:
        return ""
    status = entry[STATUS_FIELDS[entry.form]]
    optional = {rules.REQUEST, rules.FOR_REVIEW, rules.ON_HOLD} if entry.form == CHANGE_BASE else set()
    steps = [
        (_SHORT.get(label, label), ("stop" if number in stopped else "here") if number == status else
         "done" if label in entry.statuses else "")
        for number, label in labels.items()
        if number == status or number not in stopped | optional
    ]  # fmt: skip
    return html.flow(steps)


def _when(seconds: float) -> str:
    text = stamp(seconds)
    return f"{text[:10]} {text[11:19]}"
