"""Jira Service Management: /rest/servicedeskapi, with requests, approvals and comments that customers may see."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.jira import adf, attached, issues, moves
from sandbox.jira.calls import CALL, Call, empty, find, page, part_of
from sandbox.jira.catalogue import FIELDS, ISSUE_TYPES, PROJECTS, REQUEST_TYPES, STATUSES, RequestType
from sandbox.jira.errors import Refused, missing
from sandbox.jira.issue_api import IssueApi
from sandbox.jira.metadata import schema
from sandbox.jira.moves import Author
from sandbox.jira.render import View
from sandbox.jira.site import Site
from sandbox.jira.store import Approval, Comment, Issue, instant
from sandbox.jira.values import Dialect

PAGE: Final = 50
BASE: Final = "/rest/servicedeskapi"
DESK: Final = "1"
_PROJECT: Final = PROJECTS["ITSM"]


class DeskApi:
    """Serves the service desk."""

    def __init__(self, site: Site, issue_api: IssueApi, base_url: str) -> None:
        self._site = site
        self._issues = issue_api
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        router.add_get(f"{BASE}/info", self.info)
        router.add_get(f"{BASE}/servicedesk", self.desks)
        router.add_get(f"{BASE}/servicedesk/{{desk}}", self.desk)
        router.add_get(f"{BASE}/servicedesk/{{desk}}/requesttype", self.request_types)
        router.add_get(f"{BASE}/servicedesk/{{desk}}/requesttype/{{type}}/field", self.request_fields)
        request = f"{BASE}/request"
        router.add_post(request, self.create)
        router.add_get(request + "/{key}", self.read)
        router.add_get(request + "/{key}/approval", self.approvals)
        router.add_get(request + "/{key}/approval/{approval}", self.approval)
        router.add_post(request + "/{key}/approval/{approval}", self.answer)
        router.add_get(request + "/{key}/comment", self.comments)
        router.add_post(request + "/{key}/comment", self.comment)
        router.add_get(request + "/{key}/status", self.statuses)
        router.add_get(request + "/{key}/transition", self.transitions)
        router.add_post(request + "/{key}/transition", self.move)

    async def info(self, request: web.Request) -> web.Response:
        """GET /info."""
        del request
        built = {"iso8601": "2026-10-01T00:00:00+0000"}
        return web.json_response({"version": "5.12.0", "platformVersion": "9.12.0", "buildDate": built})

    async def desks(self, request: web.Request) -> web.Response:
        """GET /servicedesk."""
        return _paged(request[CALL], self._base_url + request.path, [self._desk()])

    async def desk(self, request: web.Request) -> web.Response:
        """GET /servicedesk/{id}."""
        _must_be_desk(request[CALL])
        return web.json_response(self._desk())

    async def request_types(self, request: web.Request) -> web.Response:
        """GET /servicedesk/{id}/requesttype."""
        call = request[CALL]
        _must_be_desk(call)
        return _paged(call, self._base_url + request.path, [self._request_type(one) for one in REQUEST_TYPES.values()])

    async def request_fields(self, request: web.Request) -> web.Response:
        """GET …/requesttype/{id}/field."""
        call = request[CALL]
        _must_be_desk(call)
        kind = REQUEST_TYPES.get(call.part("type"))
        if kind is None:
            raise missing("The request type you are trying to view does not exist.")
        fields = [
            {"fieldId": name, "name": FIELDS[name].name, "description": "", "required": FIELDS[name].required,
             "defaultValues": [], "validValues": [{"value": id_, "label": text, "children": []}
                                                  for id_, text in FIELDS[name].options.items()],
             "jiraSchema": schema(FIELDS[name]), "visible": True}
            for name in kind.fields
        ]  # fmt: skip
        body = {"requestTypeFields": fields, "canRaiseOnBehalfOf": True, "canAddRequestParticipants": True}
        return web.json_response(body)

    async def create(self, request: web.Request) -> web.Response:
        """POST /request: 201 with the request."""
        call = request[CALL]
        if call.is_anonymous:
            raise Refused("Authentication required.", status=HTTPStatus.UNAUTHORIZED)
        body = await call.body()
        kind = REQUEST_TYPES.get(str(body.get("requestTypeId")))
        if str(body.get("serviceDeskId")) != DESK or kind is None:
            raise Refused("The service desk or request type does not exist.")
        values = part_of(body, "requestFieldValues")
        if unknown := sorted(set(values) - set(kind.fields)):
            raise Refused(f"The field {unknown[0]} is not on the request form.")
        fields = {**values, "project": {"key": _PROJECT.key}, "issuetype": {"id": kind.issue_type}}
        author = Author(self._behalf_of(call, body), _plain(call.dialect))
        issue = issues.create(self._site, fields, {}, (), author=author)
        issue.request_type = kind.id
        return web.json_response(self._request(call, issue), status=HTTPStatus.CREATED)

    async def read(self, request: web.Request) -> web.Response:
        """GET /request/{key}."""
        call = request[CALL]
        return web.json_response(self._request(call, self._find(call)))

    async def approvals(self, request: web.Request) -> web.Response:
        """GET …/approval: all that were ever asked for."""
        call = request[CALL]
        issue = self._find(call)
        shown = [self._approval(call, issue, one) for one in issue.approvals]
        return _paged(call, self._base_url + request.path, shown)

    async def approval(self, request: web.Request) -> web.Response:
        """GET …/approval/{id}."""
        call = request[CALL]
        issue = self._find(call)
        return web.json_response(self._approval(call, issue, _approval(issue, call.part("approval"))))

    async def answer(self, request: web.Request) -> web.Response:
        """POST …/approval/{id}: the caller's own decision; 403 for whoever was not asked."""
        call = request[CALL]
        issue = self._find(call)
        held = _approval(issue, call.part("approval"))
        body = await call.body()
        note = body.get("comment") if not call.dialect.cloud else None  # only Data Center takes words along
        moves.decide(self._site, issue, held, str(body.get("decision", "")), by=call.person)
        if isinstance(note, str) and note:
            self._add_comment(call, issue, note, is_public=bool(body.get("commentPublic", True)))
        return web.json_response(self._approval(call, issue, held))

    async def comments(self, request: web.Request) -> web.Response:
        """GET …/comment: `public` and `internal` choose."""
        call = request[CALL]
        issue = self._find(call)
        hidden = {request.query.get(name, "true").lower() == "false" and name for name in ("public", "internal")}
        found = [one for one in issue.comments if ("internal" if one.internal else "public") not in hidden]
        return _paged(call, self._base_url + request.path, [self._comment(call, issue, one) for one in found])

    async def comment(self, request: web.Request) -> web.Response:
        """POST …/comment `{body, public}`: 201."""
        call = request[CALL]
        issue = self._find(call)
        body = await call.body()
        added = self._add_comment(call, issue, body.get("body"), is_public=bool(body.get("public", True)))
        return web.json_response(self._comment(call, issue, added), status=HTTPStatus.CREATED)

    async def statuses(self, request: web.Request) -> web.Response:
        """GET …/status: newest first."""
        call = request[CALL]
        issue = self._find(call)
        moved = [
            (item["to"], change.at) for change in issue.history for item in change.items if item["field"] == "status"
        ]
        first = next((item["from"] for change in issue.history for item in change.items if item["field"] == "status"),
                     issue.status)  # fmt: skip
        shown = [_status(id_, at) for id_, at in [(first, issue.created), *moved]]
        return _paged(call, self._base_url + request.path, shown[::-1])

    async def transitions(self, request: web.Request) -> web.Response:
        """GET …/transition."""
        call = request[CALL]
        issue = self._find(call)
        shown = [{"id": one.id, "name": one.name} for one in moves.available(issue, call.person) if not one.required]
        return _paged(call, self._base_url + request.path, shown)

    async def move(self, request: web.Request) -> web.Response:
        """POST …/transition `{id, additionalComment}`: 204."""
        call = request[CALL]
        issue = self._find(call)
        body = await call.body()
        note = part_of(body, "additionalComment").get("body")
        self._issues.move_issue(call, issue, {"transition": {"id": body.get("id")}})
        if note:
            self._add_comment(call, issue, note, is_public=True)
        return empty()

    def _find(self, call: Call) -> Issue:
        issue = find(self._site, call, call.part("key"))
        if not PROJECTS[issue.project].desk:
            raise missing("The customer request does not exist or you do not have permission to view it.")
        return issue

    def _behalf_of(self, call: Call, body: dict[str, Any]) -> Any:
        wanted = body.get("raiseOnBehalfOf")
        if not wanted:
            return call.person
        person = self._site.store.person_by(str(wanted))
        if person is None:
            raise Refused(f"The user {wanted} does not exist.")
        return person

    def _add_comment(self, call: Call, issue: Issue, text: Any, *, is_public: bool) -> Comment:
        sent: dict[str, Any] = {"body": text}
        if not is_public:
            sent["properties"] = [{"key": "sd.public.comment", "value": {"internal": True}}]
        author = Author(call.person, _plain(call.dialect))
        return attached.comment(self._site, issue, attached.read_comment(sent, author.dialect), author=author)

    def _desk(self) -> dict[str, Any]:
        return {"id": DESK, "projectId": _PROJECT.id, "projectName": _PROJECT.name, "projectKey": _PROJECT.key,
                "_links": {"self": f"{self._base_url}{BASE}/servicedesk/{DESK}"}}  # fmt: skip

    def _request_type(self, kind: RequestType) -> dict[str, Any]:
        return {
            "id": kind.id,
            "name": kind.name,
            "description": kind.description,
            "helpText": "",
            "issueTypeId": kind.issue_type,
            "serviceDeskId": DESK,
            "groupIds": ["1"],
            "_links": {"self": f"{self._base_url}{BASE}/servicedesk/{DESK}/requesttype/{kind.id}"},
        }

    def _request(self, call: Call, issue: Issue) -> dict[str, Any]:
        view = _view(call)
        names = ("summary", "description")
        fields = [{"fieldId": n, "label": FIELDS[n].name, "value": adf.plain(issue.values.get(n))} for n in names]
        kind = next((k.id for k in REQUEST_TYPES.values() if k.issue_type == ISSUE_TYPES[issue.type].id), "")
        links = {
            "jiraRest": f"{self._base_url}/rest/api/2/issue/{issue.id}",
            "web": f"{self._base_url}/servicedesk/customer/portal/{DESK}/{issue.key}",
            "self": f"{self._base_url}{BASE}/request/{issue.id}",
        }
        return {
            "issueId": issue.id,
            "issueKey": issue.key,
            "requestTypeId": issue.request_type or kind,
            "serviceDeskId": DESK,
            "createdDate": _date(issue.created),
            "reporter": view.person(issue.values.get("reporter")),
            "requestFieldValues": fields,
            "currentStatus": _status(issue.status, issue.status_changed),
            "_links": links,
        }

    def _approval(self, call: Call, issue: Issue, held: Approval) -> dict[str, Any]:
        view = _view(call)
        shown: dict[str, Any] = {
            "id": held.id,
            "name": held.name,
            "finalDecision": held.final,
            "canAnswerApproval": moves.may_answer(held, call.person),
            "approvers": [
                {"approver": view.person(person), "approverDecision": decision}
                for person, decision in held.decisions.items()
            ],
            "createdDate": _date(held.created),
            "_links": {"self": f"{self._base_url}{BASE}/request/{issue.id}/approval/{held.id}"},
        }
        if held.completed:
            shown["completedDate"] = _date(held.completed)
        return shown

    def _comment(self, call: Call, issue: Issue, held: Comment) -> dict[str, Any]:
        return {
            "id": held.id,
            "body": adf.plain(held.body),
            "public": not held.internal,
            "author": _view(call).person(held.author),
            "created": _date(held.created),
            "_links": {"self": f"{self._base_url}{BASE}/request/{issue.id}/comment/{held.id}"},
        }


def _plain(dialect: Dialect) -> Dialect:
    """The service desk speaks markup on both products."""
    return Dialect(dialect.cloud, 2)


def _view(call: Call) -> View:
    return View(call.view.site, call.view.base_url, _plain(call.dialect), call.view.hides_emails)


def _approval(issue: Issue, id_: str) -> Approval:
    held = next((one for one in issue.approvals if one.id == id_), None)
    if held is None:
        raise missing("The approval does not exist.")
    return held


def _must_be_desk(call: Call) -> None:
    if call.part("desk") not in {DESK, _PROJECT.key}:
        raise missing("The service desk you are trying to view does not exist.")


def _status(id_: str, at: str) -> dict[str, Any]:
    status = STATUSES[id_]
    return {"status": status.name, "statusCategory": status.category.upper(), "statusDate": _date(at)}


def _date(text: str) -> dict[str, Any]:
    at = instant(text)
    return {"iso8601": at.strftime("%Y-%m-%dT%H:%M:%S%z"), "jira": text, "friendly": at.strftime("%d/%b/%y %I:%M %p"),
            "epochMillis": int(at.timestamp() * 1000)}  # fmt: skip


def _paged(call: Call, url: str, values: list[Any]) -> web.Response:
    start, most = call.number("start", 0), min(call.number("limit", PAGE) or PAGE, PAGE)
    shown, is_last = page(values, start=start, most=most)
    links = {"self": url, "base": url.partition("/rest/")[0]}
    body = {"size": len(shown), "start": start, "limit": most, "isLastPage": is_last, "values": shown, "_links": links}
    return web.json_response(body)
