"""/issue: create, read, edit, delete, move, history, entity properties."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.jira import attached, issues, moves
from sandbox.jira.calls import CALL, VERSIONS, Call, empty, find, page, part_of
from sandbox.jira.catalogue import FIELDS
from sandbox.jira.errors import Refused, missing, refusal
from sandbox.jira.metadata import field_meta
from sandbox.jira.settings import Options
from sandbox.jira.site import Event, Site
from sandbox.jira.store import Issue
from sandbox.jira.values import Reader
from sandbox.jira.workflow import Transition

BULK_MAX: Final = 50
HISTORY_PAGE: Final = 100


class IssueApi:
    """Serves single issues."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site = site
        self._options = options

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/rest/api/{VERSIONS}/issue"
        router.add_post(base, self.create)
        router.add_post(f"{base}/bulk", self.create_bulk)
        router.add_get(base + "/{key}", self.read)
        router.add_put(base + "/{key}", self.edit)
        router.add_delete(base + "/{key}", self.delete)
        router.add_put(base + "/{key}/assignee", self.assign)
        router.add_get(base + "/{key}/transitions", self.transitions)
        router.add_post(base + "/{key}/transitions", self.move)
        router.add_get(base + "/{key}/changelog", self.changelog)
        router.add_get(base + "/{key}/editmeta", self.editmeta)
        router.add_get(base + "/{key}/properties", self.properties)
        router.add_get(base + "/{key}/properties/{name}", self.read_property)
        router.add_put(base + "/{key}/properties/{name}", self.set_property)
        router.add_delete(base + "/{key}/properties/{name}", self.delete_property)

    async def create(self, request: web.Request) -> web.Response:
        """POST: 201 with id, key and address only."""
        call = request[CALL]
        return web.json_response(self._create(call, await call.body()), status=HTTPStatus.CREATED)

    async def create_bulk(self, request: web.Request) -> web.Response:
        """POST /bulk: 201 if any was created, 400 if none was."""
        call = request[CALL]
        updates = (await call.body()).get("issueUpdates")
        if not isinstance(updates, list) or not 0 < len(updates) <= BULK_MAX:
            raise Refused(f"'issueUpdates' must be a list of 1 to {BULK_MAX} issues.")
        made, errors = [], []
        for at, one in enumerate(updates):
            try:
                made.append(self._create(call, one if isinstance(one, dict) else {}))
            except Refused as refused:
                elements = {"errorMessages": list(refused.messages), "errors": refused.errors}
                errors.append({"status": refused.status, "elementErrors": elements, "failedElementNumber": at})
        status = HTTPStatus.CREATED if made else HTTPStatus.BAD_REQUEST
        return web.json_response({"issues": made, "errors": errors}, status=status)

    async def read(self, request: web.Request) -> web.Response:
        """GET with fields, expand and properties."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        expand = call.listed("expand")
        shown = call.view.issue(
            issue, fields=call.listed("fields", ("*all",)), expand=expand, properties=call.listed("properties")
        )
        if "transitions" in expand:
            shown["transitions"] = [self._shown(call, one) for one in moves.available(issue, call.person)]
        return web.json_response(shown)

    async def edit(self, request: web.Request) -> web.Response:
        """PUT: 204; the issue itself with `returnIssue` on Cloud."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        body = await call.body()
        properties = attached.read_properties(body.get("properties") or ())
        issues.edit(self._site, issue, part_of(body, "fields"), part_of(body, "update"), author=call.author)
        issue.properties.update(properties)
        if call.dialect.cloud and request.query.get("returnIssue") == "true":
            return web.json_response(call.view.issue(issue))
        return empty()

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE: 204. For administrators."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        call.must_be_admin()
        if self._site.store.parts_of(issue) and request.query.get("deleteSubtasks") != "true":
            raise Refused(f"The issue '{issue.key}' has subtasks. You must specify the 'deleteSubtasks' parameter.")
        issues.delete(self._site, issue, author=call.author)
        return empty()

    async def assign(self, request: web.Request) -> web.Response:
        """PUT /assignee: 204."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        issues.edit(self._site, issue, {"assignee": await call.body()}, {}, author=call.author)
        return empty()

    async def transitions(self, request: web.Request) -> web.Response:
        """GET /transitions: those open to the caller now."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        only = request.query.get("transitionId")
        with_fields = "transitions.fields" in call.listed("expand")
        found = [
            self._shown(call, one, issue if with_fields else None)
            for one in moves.available(issue, call.person)
            if only in {None, one.id}
        ]
        return web.json_response({"expand": "transitions", "transitions": found})

    async def move(self, request: web.Request) -> web.Response:
        """POST /transitions: 204 and nothing else."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        self.move_issue(call, issue, await call.body())
        return empty()

    def move_issue(self, call: Call, issue: Issue, body: dict[str, Any]) -> None:
        """The issue has made the transition of this body. Raises Refused and changes nothing."""
        author = call.author
        wanted = part_of(body, "transition").get("id")
        conflict = self._options.conflict_status
        move = moves.choose(issue, wanted, author.person, conflict_status=conflict)
        reader = Reader(self._site.store, self._site.project_of(issue), author.dialect)
        update = part_of(body, "update")
        values, errors = issues.screen_values(reader, part_of(body, "fields"), update, move.screen, issue.values)
        errors |= moves.missing(move, values, issue.values)
        comments = attached.read_comments(update, author.dialect, errors)
        if errors:
            raise Refused(errors=errors)
        moves.perform(self._site, issue, move, values, by=author.person)
        for comment in comments:
            attached.comment(self._site, issue, comment, author=author)

    async def changelog(self, request: web.Request) -> web.Response:
        """GET /changelog: pages, oldest first. Cloud only."""
        call = request[CALL]
        if not call.dialect.cloud:
            raise missing("null for uri")
        issue = find(self._site, call, call.part("key"))
        start, most = call.number("startAt", 0), min(call.number("maxResults", HISTORY_PAGE), HISTORY_PAGE)
        found, is_last = page([call.view.change(one) for one in issue.history], start=start, most=most)
        body = {"self": call.view.url(f"issue/{issue.id}/changelog"), "startAt": start, "maxResults": most,
                "total": len(issue.history), "isLast": is_last, "values": found}  # fmt: skip
        return web.json_response(body)

    async def editmeta(self, request: web.Request) -> web.Response:
        """GET /editmeta: the fields of the edit screen."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        project = self._site.project_of(issue)
        fields = {name: field_meta(call.view, FIELDS[name], project) for name in project.screen}
        return web.json_response({"fields": fields})

    async def properties(self, request: web.Request) -> web.Response:
        """GET /properties: the keys."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        base = call.view.url(f"issue/{issue.id}/properties")
        return web.json_response({"keys": [{"self": f"{base}/{key}", "key": key} for key in issue.properties]})

    async def read_property(self, request: web.Request) -> web.Response:
        """GET /properties/{name}."""
        call = request[CALL]
        issue, name = find(self._site, call, call.part("key")), call.part("name")
        if name not in issue.properties:
            raise missing(f"The property {name} does not exist.")
        return web.json_response({"key": name, "value": issue.properties[name]})

    async def set_property(self, request: web.Request) -> web.Response:
        """PUT /properties/{name}: 201 for a new one, 200 for a replaced one."""
        call = request[CALL]
        issue, name = find(self._site, call, call.part("key")), call.part("name")
        value = await call.json()
        attached.check_property(name, value)
        is_new = name not in issue.properties
        issue.properties[name] = value
        extra = {"property": {"key": name, "value": value}}
        self._site.tell(Event("issue_property_set", issue, call.person, extra=extra))
        return web.Response(status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def delete_property(self, request: web.Request) -> web.Response:
        """DELETE /properties/{name}: 204."""
        call = request[CALL]
        issue, name = find(self._site, call, call.part("key")), call.part("name")
        if name not in issue.properties:
            raise missing(f"The property {name} does not exist.")
        value = issue.properties.pop(name)
        extra = {"property": {"key": name, "value": value}}
        self._site.tell(Event("issue_property_deleted", issue, call.person, extra=extra))
        return empty()

    def _create(self, call: Call, body: dict[str, Any]) -> dict[str, Any]:
        if call.is_anonymous:
            raise Refused("You do not have permission to create issues in this project.")
        issue = issues.create(
            self._site,
            part_of(body, "fields"),
            part_of(body, "update"),
            body.get("properties") or (),
            author=call.author,
        )
        return {"id": issue.id, "key": issue.key, "self": call.view.url(f"issue/{issue.id}")}

    def _shown(self, call: Call, move: Transition, with_fields_of: Issue | None = None) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": move.id,
            "name": move.name,
            "to": call.view.status(move.target),
            "hasScreen": bool(move.screen),
            "isGlobal": False,
            "isInitial": False,
            "isConditional": bool(move.group),
            "isAvailable": True,
        }
        if with_fields_of is not None:
            project = self._site.project_of(with_fields_of)
            shown["fields"] = {
                name: field_meta(call.view, FIELDS[name], project, is_required=name in move.required)
                for name in move.screen
            }
        return shown


async def unknown(request: web.Request) -> web.Response:
    """405 or 404 for what the interface does not have."""
    return refusal(Refused(f"{request.method} {request.path} is not offered here.", status=HTTPStatus.NOT_FOUND))
