"""Links between issues, links to the outside, and files."""

from __future__ import annotations

import base64
from http import HTTPStatus

from aiohttp import BodyPartReader, web

from sandbox.jira import attached
from sandbox.jira.calls import CALL, VERSIONS, Call, empty, find
from sandbox.jira.errors import Refused, missing
from sandbox.jira.settings import Options
from sandbox.jira.site import Site
from sandbox.jira.store import Attachment, Issue, Link, RemoteLink


class LinkApi:
    """Serves links and files."""

    def __init__(self, site: Site, options: Options) -> None:
        self._site = site
        self._options = options

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """The vendor's paths."""
        base = f"/rest/api/{VERSIONS}"
        router.add_post(f"{base}/issueLink", self.link)
        router.add_get(f"{base}/issueLink/{{id}}", self.read_link)
        router.add_delete(f"{base}/issueLink/{{id}}", self.unlink)
        remote = f"{base}/issue/{{key}}/remotelink"
        router.add_get(remote, self.remote_links)
        router.add_post(remote, self.add_remote_link)
        router.add_delete(remote, self.delete_remote_link)
        router.add_get(f"{remote}/{{id}}", self.remote_link)
        router.add_put(f"{remote}/{{id}}", self.edit_remote_link)
        router.add_delete(f"{remote}/{{id}}", self.delete_remote_link)
        router.add_post(f"{base}/issue/{{key}}/attachments", self.attach)
        router.add_get(f"{base}/attachment/meta", self.limits)
        router.add_get(f"{base}/attachment/content/{{id}}", self.content)
        router.add_get(f"{base}/attachment/{{id}}", self.attachment)
        router.add_delete(f"{base}/attachment/{{id}}", self.detach)
        router.add_get("/secure/attachment/{id}/{name}", self.content)

    async def link(self, request: web.Request) -> web.Response:
        """POST /issueLink: 201 without a body, as always."""
        call = request[CALL]
        body = await call.body()
        read = attached.read_comment(body["comment"], call.dialect) if body.get("comment") else None
        for side in ("inwardIssue", "outwardIssue"):
            end = body.get(side)
            find(self._site, call, str(end.get("key") or end.get("id")) if isinstance(end, dict) else "")
        made = attached.link(self._site, body, author=call.author)
        if read is not None:
            attached.comment(self._site, find(self._site, call, made.inward), read, author=call.author)
        return web.Response(status=HTTPStatus.CREATED, headers={"Location": call.view.url(f"issueLink/{made.id}")})

    async def read_link(self, request: web.Request) -> web.Response:
        """GET /issueLink/{id}."""
        call = request[CALL]
        return web.json_response(call.view.whole_link(self._link(call)))

    async def unlink(self, request: web.Request) -> web.Response:
        """DELETE /issueLink/{id}: 204."""
        call = request[CALL]
        attached.unlink(self._site, self._link(call), author=call.author)
        return empty()

    async def remote_links(self, request: web.Request) -> web.Response:
        """GET: all of the issue, or the one with this globalId."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        wanted = request.query.get("globalId")
        if wanted is None:
            return web.json_response([call.view.remote_link(issue, one) for one in issue.remote_links])
        return web.json_response(call.view.remote_link(issue, _by_global_id(issue, wanted)))

    async def add_remote_link(self, request: web.Request) -> web.Response:
        """POST: 201 for a new one, 200 when the globalId was there already."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        made, is_new = attached.remote_link(self._site, issue, await call.body(), author=call.author)
        shown = {"id": int(made.id), "self": call.view.url(f"issue/{issue.key}/remotelink/{made.id}")}
        return web.json_response(shown, status=HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def remote_link(self, request: web.Request) -> web.Response:
        """GET /{id}."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        return web.json_response(call.view.remote_link(issue, _remote(issue, call.part("id"))))

    async def edit_remote_link(self, request: web.Request) -> web.Response:
        """PUT /{id}: 204."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        held = _remote(issue, call.part("id"))
        body = await call.body()
        target = body.get("object")
        if not isinstance(target, dict) or not target.get("url") or not target.get("title"):
            raise Refused(errors={"object": "'object' with 'url' and 'title' is required."})
        held.data = body
        return empty()

    async def delete_remote_link(self, request: web.Request) -> web.Response:
        """DELETE /{id}, or by globalId: 204."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        if "id" in request.match_info:
            held = _remote(issue, call.part("id"))
        else:
            held = _by_global_id(issue, request.query.get("globalId", ""))
        issue.remote_links.remove(held)
        return empty()

    async def attach(self, request: web.Request) -> web.Response:
        """POST /attachments, multipart, part `file`, with the header X-Atlassian-Token: 200 with a list."""
        call = request[CALL]
        issue = find(self._site, call, call.part("key"))
        if request.headers.get("X-Atlassian-Token", "").lower() not in {"no-check", "nocheck"}:
            raise Refused("XSRF check failed", status=HTTPStatus.FORBIDDEN)
        if request.content_type != "multipart/form-data":
            raise Refused("Unsupported Media Type", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        files = await self._files(request)
        if not files:
            raise Refused("No files were attached: the part must be named 'file'.")
        made = [attached.attach(self._site, issue, *one, author=call.author) for one in files]
        return web.json_response([call.view.attachment(one) for one in made])

    async def limits(self, request: web.Request) -> web.Response:
        """GET /attachment/meta."""
        del request
        return web.json_response({"enabled": True, "uploadLimit": self._options.attachment_max_bytes})

    async def attachment(self, request: web.Request) -> web.Response:
        """GET /attachment/{id}."""
        call = request[CALL]
        return web.json_response(call.view.attachment(self._attachment(call)[1]))

    async def content(self, request: web.Request) -> web.Response:
        """The bytes."""
        held = self._attachment(request[CALL])[1]
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=base64.b64decode(held.data), content_type=held.mime_type, headers=headers)

    async def detach(self, request: web.Request) -> web.Response:
        """DELETE /attachment/{id}: 204."""
        call = request[CALL]
        issue, held = self._attachment(call)
        attached.detach(self._site, issue, held, author=call.author)
        return empty()

    async def _files(self, request: web.Request) -> list[tuple[str, str, bytes]]:
        most = self._options.attachment_max_bytes
        found = []
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name != "file":
                    continue
                data = bytearray()
                while chunk := await part.read_chunk(65_536):
                    data += chunk
                    if len(data) > most:
                        words = f"The file is larger than the maximum of {most} bytes."
                        raise Refused(words, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                kind = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
                found.append((part.filename or "file", kind, bytes(data)))
        except ValueError as exc:
            raise Refused("The multipart body cannot be read.") from exc
        return found

    def _link(self, call: Call) -> Link:
        held = None if call.is_anonymous else self._site.store.links.get(call.part("id"))
        if held is None:
            raise missing(f"No issue link with id '{call.part('id')}' exists.")
        return held

    def _attachment(self, call: Call) -> tuple[Issue, Attachment]:
        wanted = call.part("id")
        for issue in () if call.is_anonymous else self._site.store.issues.values():
            for held in issue.attachments:
                if held.id == wanted:
                    return issue, held
        raise missing(f"The attachment with id '{wanted}' does not exist")


def _remote(issue: Issue, id_: str) -> RemoteLink:
    held = next((one for one in issue.remote_links if one.id == id_), None)
    if held is None:
        raise missing(f"The remote link with id '{id_}' does not exist.")
    return held


def _by_global_id(issue: Issue, wanted: str) -> RemoteLink:
    held = next((one for one in issue.remote_links if one.data.get("globalId") == wanted), None)
    if held is None:
        raise missing(f"The remote link with globalId '{wanted}' does not exist.")
    return held
