"""/issue/{key}/comment and the entity properties of comments."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from sandbox.jira import attached
from sandbox.jira.calls import CALL, VERSIONS, Call, empty, find, page
from sandbox.jira.errors import Refused, missing
from sandbox.jira.site import Site
from sandbox.jira.store import Comment, Issue

PAGE = 100  # comments of one answer on Cloud; Data Center gives all


class CommentApi:
    """Serves comments."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/rest/api/{VERSIONS}/issue/{{key}}/comment"
        router.add_get(base, self.listing)
        router.add_post(base, self.add)
        router.add_get(base + "/{comment}", self.read)
        router.add_put(base + "/{comment}", self.edit)
        router.add_delete(base + "/{comment}", self.delete)
        properties = f"/rest/api/{VERSIONS}/comment/{{comment}}/properties"
        router.add_get(properties, self.properties)
        router.add_get(properties + "/{name}", self.read_property)
        router.add_put(properties + "/{name}", self.set_property)

    async def listing(self, request: web.Request) -> web.Response:
        """GET: oldest first, or as `orderBy` says; properties with `expand=properties`."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        comments = list(issue.comments)
        if request.query.get("orderBy", "").startswith("-"):
            comments.reverse()
        most = call.number("maxResults", PAGE) or PAGE if call.dialect.cloud else call.number("maxResults", 1_048_576)
        start = call.number("startAt", 0)
        shown, _ = page(comments, start=start, most=most)
        grown = "properties" in call.listed("expand")
        body = {"startAt": start, "maxResults": most, "total": len(comments),
                "comments": [call.view.comment(issue, one, with_properties=grown) for one in shown]}  # fmt: skip
        return web.json_response(body)

    async def add(self, request: web.Request) -> web.Response:
        """POST: 201 with the comment."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        read = attached.read_comment(await call.body(), call.dialect)
        added = attached.comment(self._site, issue, read, author=call.author)
        return web.json_response(call.view.comment(issue, added), status=HTTPStatus.CREATED)

    async def read(self, request: web.Request) -> web.Response:
        """GET /{comment}."""
        call = request[CALL]
        issue, held = self._find(call)
        grown = "properties" in call.listed("expand")
        return web.json_response(call.view.comment(issue, held, with_properties=grown))

    async def edit(self, request: web.Request) -> web.Response:
        """PUT /{comment}: 200 with the comment. One's own; an administrator everyone's."""
        call = request[CALL]
        issue, held = self._find(call)
        _must_own(call, held)
        read = attached.read_comment(await call.body(), call.dialect)
        attached.edit_comment(self._site, issue, held, read, author=call.author)
        return web.json_response(call.view.comment(issue, held))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /{comment}: 204."""
        call = request[CALL]
        issue, held = self._find(call)
        _must_own(call, held)
        attached.delete_comment(self._site, issue, held, author=call.author)
        return empty()

    async def properties(self, request: web.Request) -> web.Response:
        """GET the keys."""
        call = request[CALL]
        _, held = self._anywhere(call)
        base = call.view.url(f"comment/{held.id}/properties")
        return web.json_response({"keys": [{"self": f"{base}/{key}", "key": key} for key in held.properties]})

    async def read_property(self, request: web.Request) -> web.Response:
        """GET one."""
        call = request[CALL]
        _, held = self._anywhere(call)
        name = call.part("name")
        if name not in held.properties:
            raise missing(f"The property {name} does not exist.")
        return web.json_response({"key": name, "value": held.properties[name]})

    async def set_property(self, request: web.Request) -> web.Response:
        """PUT one: 201 for a new one, 200 for a replaced one."""
        call = request[CALL]
        _, held = self._anywhere(call)
        name, value = call.part("name"), await call.json()
        attached.check_property(name, value)
        is_new = name not in held.properties
        held.properties[name] = value
        return web.Response(status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    def _find(self, call: Call) -> tuple[Issue, Comment]:
        wanted = call.part("comment")
        if call.part("key") == "0":  # clients that know only the comment ask so
            return self._anywhere(call)
        issue = find(self._site, call, call.part("key"))
        held = next((one for one in issue.comments if one.id == wanted), None)
        if held is None:
            raise missing(f"Can not find a comment for the id: {wanted}.")
        return issue, held

    def _anywhere(self, call: Call) -> tuple[Issue, Comment]:
        wanted = call.part("comment")
        for issue in () if call.is_anonymous else self._site.store.issues.values():
            for held in issue.comments:
                if held.id == wanted:
                    return issue, held
        raise missing(f"Can not find a comment for the id: {wanted}.")


def _must_own(call: Call, held: Comment) -> None:
    if held.author != call.person.account_id and not call.person.is_in("jira-administrators"):
        raise Refused(f"You do not have the permission for this comment: {held.id}.")
