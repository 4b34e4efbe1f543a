"""What the site is and has: server, projects, types, fields, create metadata, statuses, people, permissions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.jira.calls import ADMINISTRATORS, CALL, VERSIONS, Call, page
from sandbox.jira.catalogue import (
    CATEGORIES,
    FIELDS,
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    PROJECTS,
    RESOLUTIONS,
    STATUSES,
    Project,
    project,
)
from sandbox.jira.errors import Refused, missing
from sandbox.jira.metadata import described, field_meta, fixed_meta, system_fields
from sandbox.jira.settings import Options
from sandbox.jira.site import Site
from sandbox.jira.workflow import WORKFLOWS

PAGE: Final = 50
PERMISSIONS: Final = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS",
                      "LINK_ISSUES", "CREATE_ATTACHMENTS", "DELETE_ISSUES", "ADMINISTER")  # fmt: skip
_FOR_ADMINS: Final = frozenset({"DELETE_ISSUES", "ADMINISTER"})


class MetaApi:
    """Serves what does not belong to one issue."""

    def __init__(self, site: Site, options: Options, base_url: str) -> None:
        self._site = site
        self._options = options
        self._base_url = base_url

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/rest/api/{VERSIONS}"
        router.add_get(f"{base}/serverInfo", self.server_info)
        router.add_get(f"{base}/myself", self.myself)
        router.add_get(f"{base}/mypermissions", self.permissions)
        router.add_get(f"{base}/user", self.user)
        router.add_get(f"{base}/user/search", self.users)
        router.add_get(f"{base}/user/assignable/search", self.users)
        router.add_get(f"{base}/project", self.projects)
        router.add_get(f"{base}/project/search", self.project_pages)
        router.add_get(f"{base}/project/{{key}}", self.project)
        router.add_get(f"{base}/project/{{key}}/statuses", self.project_statuses)
        router.add_get(f"{base}/project/{{key}}/components", self.components)
        router.add_get(f"{base}/field", self.fields)
        router.add_get(f"{base}/issue/createmeta", self.create_meta)
        router.add_get(f"{base}/issue/createmeta/{{key}}/issuetypes", self.create_types)
        router.add_get(f"{base}/issue/createmeta/{{key}}/issuetypes/{{type}}", self.create_fields)
        for name in ("issuetype", "priority", "resolution", "status", "statuscategory"):
            router.add_get(f"{base}/{name}", self.listing)
            router.add_get(f"{base}/{name}/{{id}}", self.listed)
        router.add_get(f"{base}/issueLinkType", self.link_types)
        router.add_get("/rest/applinks/latest/listApplicationlinks", self.application_links)
        router.add_get("/rest/auth/{version:1|latest}/session", self.session)

    async def server_info(self, request: web.Request) -> web.Response:
        """GET /serverInfo: decides the dialect of clients. Open to everyone."""
        del request
        cloud = self._options.is_cloud
        numbers = [1001, 0, 0] if cloud else [9, 12, 0]
        info: dict[str, Any] = {
            "baseUrl": self._base_url,
            "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.0",
            "versionNumbers": numbers,
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100287 if cloud else 9120000,
            "buildDate": "2026-10-01T00:00:00.000+0000",
            "serverTime": self._site.stamp(),
            "scmInfo": "0000000000000000000000000000000000000000",
            "serverTitle": "Jira",
        }
        return web.json_response(info)

    async def myself(self, request: web.Request) -> web.Response:
        """GET /myself."""
        call = request[CALL]
        _must_be_known(call)
        return web.json_response(call.view.person(call.person.account_id))

    async def session(self, request: web.Request) -> web.Response:
        """GET /rest/auth/1/session."""
        call = request[CALL]
        _must_be_known(call)
        return web.json_response({"self": call.view.url("user"), "name": call.person.name})

    async def permissions(self, request: web.Request) -> web.Response:
        """GET /mypermissions."""
        call = request[CALL]
        admin = call.person.is_in(ADMINISTRATORS)
        asked = call.listed("permissions", () if call.dialect.cloud else PERMISSIONS)
        if not asked:
            raise Refused("The 'permissions' query parameter is required.")
        if unknown := [one for one in asked if one not in PERMISSIONS]:
            raise Refused(f"Unrecognized permission: {unknown[0]}")
        wanted = request.query.get("projectKey", "")
        if wanted and project(wanted) is None:
            raise missing(f"No project could be found with key '{wanted}'.")
        held = {
            one: {"id": str(at), "key": one, "name": one.replace("_", " ").capitalize(), "type": "PROJECT",
                  "description": "", "havePermission": not call.is_anonymous and (admin or one not in _FOR_ADMINS)}
            for at, one in enumerate(asked)
        }  # fmt: skip
        return web.json_response({"permissions": held})

    async def user(self, request: web.Request) -> web.Response:
        """GET /user by account id on Cloud, by name or key on Data Center."""
        call = request[CALL]
        _must_be_known(call)
        if call.dialect.cloud:
            person = self._site.store.people.get(request.query.get("accountId", ""))
        else:
            wanted = request.query.get("username") or request.query.get("key") or ""
            person = next(
                (p for p in self._site.store.people.values() if wanted in {p.name, f"JIRAUSER{p.account_id[-5:]}"}),
                None,
            )
        if person is None:
            raise missing("Specified user does not exist or you do not have required permissions")
        return web.json_response(call.view.person(person.account_id))

    async def users(self, request: web.Request) -> web.Response:
        """GET /user/search: by the beginning of name or address. Inactive people are left out unless asked for."""
        call = request[CALL]
        name = "query" if call.dialect.cloud else "username"
        if call.dialect.cloud and "username" in request.query:
            words = "The query parameter 'username' is not supported in GDPR strict mode."
            raise Refused(words)
        if name not in request.query and request.path.endswith("/user/search"):
            raise Refused(f"The {name} query parameter was not provided")
        found = [] if call.is_anonymous else self._site.store.search_people(request.query.get(name, ""))
        if request.query.get("includeInactive", "false").lower() != "true":
            found = [one for one in found if one.active]
        shown, _ = page(found, start=call.number("startAt", 0), most=call.number("maxResults", PAGE))
        return web.json_response([call.view.person(one.account_id) for one in shown])

    async def projects(self, request: web.Request) -> web.Response:
        """GET /project."""
        call = request[CALL]
        found = [] if call.is_anonymous else list(PROJECTS.values())
        return web.json_response([call.view.project(one) for one in found])

    async def project_pages(self, request: web.Request) -> web.Response:
        """GET /project/search: Cloud's pages."""
        call = request[CALL]
        if not call.dialect.cloud:
            raise missing("No project could be found with key 'SEARCH'.")
        start, most = call.number("startAt", 0), call.number("maxResults", PAGE)
        shown, is_last = page([call.view.project(one) for one in PROJECTS.values()], start=start, most=most)
        body = {"self": call.view.url("project/search"), "maxResults": most, "startAt": start,
                "total": len(PROJECTS), "isLast": is_last, "values": shown}  # fmt: skip
        return web.json_response(body)

    async def project(self, request: web.Request) -> web.Response:
        """GET /project/{key}."""
        call = request[CALL]
        found = _project(call)
        kinds = [call.view.issue_type(one) for one in found.types]
        components = [call.view.choice(FIELDS["components"], one, found) for one in found.components]
        shown = {**call.view.project(found), "description": "", "issueTypes": kinds, "components": components,
                 "versions": [], "assigneeType": "UNASSIGNED"}  # fmt: skip
        return web.json_response(shown)

    async def project_statuses(self, request: web.Request) -> web.Response:
        """GET /project/{key}/statuses: by issue type."""
        call = request[CALL]
        found = _project(call)
        shown = []
        for id_ in found.types:
            flow = WORKFLOWS[ISSUE_TYPES[id_].workflow]
            used = dict.fromkeys([flow.first, *(one.target for one in flow.moves)])
            shown.append({**call.view.issue_type(id_), "statuses": [call.view.status(one) for one in used]})
        return web.json_response(shown)

    async def components(self, request: web.Request) -> web.Response:
        """GET /project/{key}/components."""
        call = request[CALL]
        found = _project(call)
        return web.json_response([call.view.choice(FIELDS["components"], one, found) for one in found.components])

    async def fields(self, request: web.Request) -> web.Response:
        """GET /field: all of them."""
        del request
        return web.json_response([*system_fields(), *(described(one) for one in FIELDS.values())])

    async def create_meta(self, request: web.Request) -> web.Response:
        """GET /issue/createmeta: Cloud's deprecated one; Data Center 9 has none."""
        call = request[CALL]
        if not call.dialect.cloud:
            raise missing("Issue Does Not Exist")  # the path is read as an issue's key
        keys, ids = call.listed("projectKeys"), call.listed("projectIds")
        names, types = call.listed("issuetypeNames"), call.listed("issuetypeIds")
        with_fields = any("fields" in one for one in call.listed("expand"))
        shown = []
        for one in PROJECTS.values():
            if call.is_anonymous or ((keys or ids) and one.key not in keys and one.id not in ids):
                continue
            kinds = [
                self._kind(call, one, id_, with_fields=with_fields)
                for id_ in one.types
                if (not types or id_ in types) and (not names or ISSUE_TYPES[id_].name in names)
            ]
            shown.append({**call.view.project(one), "issuetypes": kinds})
        return web.json_response({"expand": "projects", "projects": shown})

    async def create_types(self, request: web.Request) -> web.Response:
        """GET /issue/createmeta/{key}/issuetypes: `issueTypes` on Cloud, `values` on Data Center."""
        call = request[CALL]
        found = _project(call)
        return _paged(call, "issueTypes", [call.view.issue_type(one) for one in found.types])

    async def create_fields(self, request: web.Request) -> web.Response:
        """GET …/issuetypes/{type}: `fields` on Cloud, `values` on Data Center."""
        call = request[CALL]
        found, id_ = _project(call), call.part("type")
        if id_ not in found.types:
            raise missing("Issue type not found in the project")
        return _paged(call, "fields", self._screen(call, found, id_))

    async def listing(self, request: web.Request) -> web.Response:
        """GET /priority and its like: all of them."""
        return web.json_response(list(_things(request[CALL], request.path.rpartition("/")[2]).values()))

    async def listed(self, request: web.Request) -> web.Response:
        """GET /priority/{id} and its like; statuses also by name."""
        call = request[CALL]
        things = _things(call, request.path.split("/")[-2])
        wanted = call.part("id")
        named = (one for one in things.values() if wanted in {one["name"], str(one["id"])})
        found = things.get(wanted) or next(named, None)
        if found is None:
            raise missing(f"The {request.path.split('/')[-2]} with id '{wanted}' does not exist")
        return web.json_response(found)

    async def link_types(self, request: web.Request) -> web.Response:
        """GET /issueLinkType."""
        call = request[CALL]
        return web.json_response({"issueLinkTypes": [call.view.link_type(one) for one in LINK_TYPES]})

    async def application_links(self, request: web.Request) -> web.Response:
        """The site is linked to no other."""
        del request
        return web.json_response({"list": []})

    def _kind(self, call: Call, project_: Project, id_: str, *, with_fields: bool) -> dict[str, Any]:
        shown = call.view.issue_type(id_)
        if with_fields:
            shown["fields"] = {one["key"]: one for one in self._screen(call, project_, id_)}
        return shown

    def _screen(self, call: Call, project_: Project, id_: str) -> list[dict[str, Any]]:
        fields = [field_meta(call.view, FIELDS[name], project_) for name in project_.screen]
        return [*fixed_meta(call.view, project_, ISSUE_TYPES[id_]), *fields]


def _must_be_known(call: Call) -> None:
    if call.is_anonymous:
        raise Refused("You are not authenticated. Authentication required.", status=HTTPStatus.UNAUTHORIZED)


def _project(call: Call) -> Project:
    found = None if call.is_anonymous else project(call.part("key"))
    if found is None:
        raise missing(f"No project could be found with key '{call.part('key')}'.")
    return found


def _paged(call: Call, name: str, values: list[Any]) -> web.Response:
    start, most = call.number("startAt", 0), call.number("maxResults", PAGE) or PAGE
    shown, is_last = page(values, start=start, most=most)
    body: dict[str, Any] = {"maxResults": most, "startAt": start, "total": len(values)}
    if call.dialect.cloud:
        return web.json_response({**body, name: shown})
    return web.json_response({**body, "isLast": is_last, "values": shown})


def _things(call: Call, name: str) -> dict[str, dict[str, Any]]:
    view = call.view
    match name:
        case "issuetype":
            return {id_: view.issue_type(id_) for id_ in ISSUE_TYPES}
        case "priority":
            return {id_: view.priority(id_) for id_ in PRIORITIES}
        case "resolution":
            return {id_: view.resolution(id_) for id_ in RESOLUTIONS}
        case "status":
            return {id_: view.status(id_) for id_ in STATUSES}
        case _:
            return {key: view.category(key) for key in CATEGORIES}
