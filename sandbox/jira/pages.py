"""What people see in a browser: the list of issues and a page per issue, under the vendor's addresses. Read only."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Final

from aiohttp import web

from sandbox import html
from sandbox.jira import adf, jql, moves
from sandbox.jira.catalogue import FIELDS, ISSUE_TYPES, LINK_TYPES, PROJECTS, STATUSES, Kind
from sandbox.jira.jql import BadQuery
from sandbox.jira.searching import Search
from sandbox.jira.settings import Options
from sandbox.jira.site import Site
from sandbox.jira.store import Change, Comment, Issue
from sandbox.jira.values import words

BRAND: Final = "#0747a6"
_TONES: Final = {"new": "", "indeterminate": "live", "done": "good"}
_BAD: Final = frozenset({"10005", "10006", "10013", "10016"})
_WAITING: Final = frozenset({"10003", "10011", "10031", "10021"})
_DECISIONS: Final = {"pending": "wait", "approved": "good", "declined": "bad"}


class Pages:
    """Serves the pages. `base_url` has no trailing slash."""

    def __init__(self, site: Site, options: Options, base_url: str) -> None:
        self._site = site
        self._options = options
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's addresses for people."""
        router.add_get("/", self.list_page)
        router.add_get("/issues/", self.list_page)
        router.add_get("/browse/{key}", self.issue_page)
        router.add_get("/projects/{key}", self.project_page)
        router.add_get("/servicedesk/customer/portal/{desk}/{key}", self.issue_page)

    async def list_page(self, request: web.Request) -> web.Response:
        """/issues/?jql=…: newest first without an order."""
        return self._list("Issues", request.query.get("jql", ""))

    async def project_page(self, request: web.Request) -> web.Response:
        """/projects/GOV."""
        project = PROJECTS.get(request.match_info["key"])
        if project is None:
            return self._missing("There is no such project.")
        return self._list(project.name, f"project = {project.key}")

    async def issue_page(self, request: web.Request) -> web.Response:
        """/browse/GOV-1."""
        issue = self._site.store.issue(request.match_info["key"])
        if issue is None:
            return self._missing("You can't view this issue. It may have been deleted, or the link is wrong.")
        return self._page(f"[{issue.key}] {issue.values.get('summary', '')}", self._issue(issue), issue.project)

    def _list(self, title: str, query: str) -> web.Response:
        nobody = next(iter(self._site.store.people.values()))
        try:
            found = Search(self._site, nobody).run(jql.parse(query), self._site.store.issues.values())
        except BadQuery as bad:
            return self._page(title, html.card("The search failed", f"<p>{escape(str(bad))}</p>"), "")
        rows = "".join(
            f'<tr><td class="number">{self._link(one.key)}</td><td>{escape(ISSUE_TYPES[one.type].name)}</td>'
            f'<td class="words">{escape(str(one.values.get("summary", "")))}</td><td>{_status(one.status)}</td>'
            f"<td>{escape(self._shown(one, 'assignee') or 'Unassigned')}</td>"
            f'<td class="number">{_when(one.updated)}</td></tr>'
            for one in found
        )
        heads = ("Key", "Type", "Summary", "Status", "Assignee", "Updated")
        counted = "1 issue" if len(found) == 1 else f"{len(found)} issues"
        body = html.table(heads, rows) if rows else '<p class="empty">No issues match.</p>'
        here = next((one.key for one in PROJECTS.values() if one.name == title), "Issues")
        return self._page(title, html.heading(title, counted) + html.card("", body), here)

    def _issue(self, issue: Issue) -> str:
        kind = f"{issue.key} · {ISSUE_TYPES[issue.type].name} · {PROJECTS[issue.project].name}"
        lines = [("Status", _status(issue.status), False)]
        for name in PROJECTS[issue.project].screen:
            if name in {"summary", "description"}:
                continue
            text = self._shown(issue, name)
            shown = html.link(text, text) if FIELDS[name].kind is Kind.URL else escape(text)
            lines.append((FIELDS[name].name, shown, FIELDS[name].kind is Kind.TEXT))
        lines += [("Resolution", escape(self._shown(issue, "resolution") or "Unresolved"), False),
                  ("Created", _when(issue.created), False), ("Updated", _when(issue.updated), False),
                  ("Description", escape(adf.plain(issue.values.get("description"))), True)]  # fmt: skip
        parts = [
            html.heading(str(issue.values.get("summary", "")), kind),
            _flow(issue),
            html.card("", html.form(lines)),
            self._approvals(issue),
            self._links(issue),
            html.card("Activity", html.stream(self._stream(issue))),
        ]
        return "".join(parts)

    def _approvals(self, issue: Issue) -> str:
        rows = "".join(
            f"<tr><td>{escape(one.name)}</td><td>{escape(self._name(person))}</td>"
            f"<td>{html.chip(decision.capitalize(), _DECISIONS[decision])}</td></tr>"
            for one in issue.approvals
            for person, decision in one.decisions.items()
        )
        return html.card("Approvals", html.table(("Approval", "Approver", "Decision"), rows)) if rows else ""

    def _links(self, issue: Issue) -> str:
        items = []
        for link in self._site.store.links_of(issue.key):
            _, inward, outward = LINK_TYPES[link.type]
            other, how = (link.outward, outward) if link.inward == issue.key else (link.inward, inward)
            items.append(f"<p>{escape(how)} {self._link(other)}</p>")
        for remote in issue.remote_links:
            target = remote.data["object"]
            how = str(remote.data.get("relationship") or "links to")
            items.append(f"<p>{escape(how)} {html.link(str(target['url']), str(target['title']))}</p>")
        items += [f"<p>{escape(one.filename)} · {one.size} bytes</p>" for one in issue.attachments]
        return html.card("Links and files", "".join(items)) if items else ""

    def _stream(self, issue: Issue) -> list[str]:
        told = [(issue.created, html.happened(self._name(issue.creator), _when(issue.created), "Created"))]
        told += [(one.at, self._changed(one)) for one in issue.history]
        told += [(one.created, self._said(one)) for one in issue.comments]
        return [text for _, text in sorted(told, key=lambda one: one[0])][::-1]  # of one instant, the later stays first

    def _said(self, comment: Comment) -> str:
        label = "Internal note" if comment.internal else "Comment"
        kind = "work_notes" if comment.internal else "comments"
        text = escape(adf.plain(comment.body))
        return html.happened(self._name(comment.author), _when(comment.created), text, kind=kind, label=label)

    def _changed(self, change: Change) -> str:
        lines = [
            f"{escape(_label(str(one['field'])))}: <b>{escape(str(one['toString'] or '(none)'))}</b> "
            f'<span class="soft">was {escape(str(one["fromString"] or "(none)"))}</span>'
            for one in change.items
        ]
        return html.happened(self._name(change.by), _when(change.at), "<br>".join(lines))

    def _shown(self, issue: Issue, name: str) -> str:
        return words(FIELDS[name], issue.values.get(name), self._site.store, self._site.project_of(issue))

    def _name(self, account_id: str) -> str:
        person = self._site.store.people.get(account_id)
        return person.display_name if person else account_id

    def _link(self, key: str) -> str:
        return html.link(f"{self._base_url}/browse/{key}", key)

    def _missing(self, message: str) -> web.Response:
        body = html.card("Not found", f"<p>{escape(message)}</p>")
        return self._page("Not found", body, "", status=HTTPStatus.NOT_FOUND)

    def _page(self, title: str, body: str, here: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        navigation = {"Issues": f"{self._base_url}/issues/"}
        navigation |= {key: f"{self._base_url}/projects/{key}" for key in PROJECTS}
        product = "Jira" if self._options.is_cloud else "Jira Data Center"
        return html.page(title, body, product=product, note="simulated site · times in UTC", brand=BRAND,
                         navigation=navigation, here=here, status=status)  # fmt: skip


def _status(id_: str) -> str:
    tone = "bad" if id_ in _BAD else "wait" if id_ in _WAITING else _TONES[STATUSES[id_].category]
    return html.chip(STATUSES[id_].name, tone)


def _flow(issue: Issue) -> str:
    flow = moves.workflow_of(issue)
    path = [one for one in dict.fromkeys([flow.first, *(move.target for move in flow.moves)]) if one not in _BAD]
    shown = path if issue.status in path else [*path, issue.status]
    at = shown.index(issue.status)
    seen = {item["from"] for change in issue.history for item in change.items if item["field"] == "status"}
    steps = [
        (STATUSES[id_].name, ("stop" if id_ in _BAD else "here") if number == at else "done" if id_ in seen else "")
        for number, id_ in enumerate(shown)
    ]
    return html.flow(steps)


def _label(name: str) -> str:
    return FIELDS[name].name if name in FIELDS else name[:1].upper() + name[1:]


def _when(text: str) -> str:
    return f"{text[:10]} {text[11:19]}"
