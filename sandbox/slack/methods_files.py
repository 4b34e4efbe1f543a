"""Web API: files.*, and the two addresses outside it: where bytes are uploaded, and where they are fetched.

What Slack answers at an upload address is not documented beyond "200 on success"; the refusals here are ours.
"""

from __future__ import annotations

import base64
import hmac
from http import HTTPStatus

from aiohttp import web

from sandbox.slack.files import SIZE_MAX, File, file_json
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.methods_chat import by_app, message_content, writable
from sandbox.slack.scopes import FILES_READ
from sandbox.slack.world import Json

ALT_MAX = 1000  # characters; Slack, files.getUploadURLExternal "alt_txt_too_large"


def get_upload_url(hub: Hub, args: Json) -> Json:
    """files.getUploadURLExternal."""
    name, alt_txt = str(args.get("filename") or ""), str(args.get("alt_txt") or "")
    try:
        length = int(args.get("length") or 0)
    except (TypeError, ValueError):
        raise ApiError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] must be a number [/length]"]}
        ) from None
    if not name or length <= 0:
        raise ApiError("missing_argument")
    if len(alt_txt) > ALT_MAX:
        raise ApiError("alt_txt_too_large")
    if length > SIZE_MAX:
        raise ApiError("file_upload_size_restricted")
    file = hub.world.files.announce(name, length, alt_txt)
    return {"upload_url": f"{hub.settings.base_url}/upload/v1/{file.token}", "file_id": file.id}


def complete(hub: Hub, args: Json) -> Json:
    """files.completeUploadExternal; with a channel the files are posted there, else the app alone has them."""
    given = args.get("files")
    if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
        raise ApiError("invalid_arguments", response_metadata={"messages": ["[ERROR] must be a list [/files]"]})
    found = [(_uploaded(hub, entry.get("id")), str(entry.get("title") or "")) for entry in given]
    words = [args.get("channel_id"), *str(args.get("channels") or "").split(",")]
    channels = [writable(hub, word) for word in words if word]
    content = message_content(hub, {"text": args.get("initial_comment"), "blocks": args.get("blocks")})
    for file, title in found:
        hub.world.files.complete(file, title)
    shown = [_shown(hub, file) for file, _title in found]
    for channel in channels:
        message = by_app(hub) | content | {"files": shown}
        if args.get("thread_ts"):
            message["thread_ts"] = str(args["thread_ts"])
        hub.world.post(channel, message)
    # Slack has not looked them through when it answers: what they are is not known yet.
    return {"files": [{**entry, "mimetype": "", "filetype": ""} for entry in shown]}


def info(hub: Hub, args: Json) -> Json:
    """files.info."""
    file = hub.world.files.by_id.get(str(args.get("file")))
    if file is None or file.completed is None:
        raise ApiError("file_not_found")
    return {"file": _shown(hub, file), "comments": []}


class FileAddresses:
    """Serves `/upload/v1/<token>` and `/files-pri/<id>/<name>`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes, raw or as the first part of a form, are kept."""
        file = self._hub.world.files.of_token(request.match_info["token"])
        if file is None:
            return web.Response(text="There is no upload at this address.", status=HTTPStatus.NOT_FOUND)
        data = await _bytes(request)
        if data is None:
            return web.Response(text="There is no file in this form.", status=HTTPStatus.BAD_REQUEST)
        if len(data) != file.length:
            told = f"{len(data)} bytes came and {file.length} were announced."
            return web.Response(text=told, status=HTTPStatus.BAD_REQUEST)
        file.content = base64.b64encode(data).decode()
        return web.Response(text=f"OK - {len(data)}")

    async def fetch(self, request: web.Request) -> web.Response:
        """The bytes, to whoever has the app's token and `files:read`."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        file = self._hub.world.files.by_id.get(request.match_info["id"])
        is_known = hmac.compare_digest(token.encode("utf-8", "surrogateescape"), self._hub.settings.bot_token.encode())
        if not is_known or FILES_READ not in self._hub.scopes.granted:
            return web.Response(text="Sign in first.", status=HTTPStatus.UNAUTHORIZED)
        if file is None or file.completed is None:
            return web.Response(text="There is no such file.", status=HTTPStatus.NOT_FOUND)
        return web.Response(body=file.data, content_type=file.mimetype)


async def _bytes(request: web.Request) -> bytes | None:
    if request.content_type != "multipart/form-data":
        return await request.read()
    try:
        form = await request.post()
    except (ValueError, LookupError):
        return None
    part = next((value for value in form.values() if isinstance(value, web.FileField)), None)
    return None if part is None else part.file.read()


def _uploaded(hub: Hub, word: object) -> File:
    file = hub.world.files.by_id.get(str(word))
    if file is None or not file.content:
        raise ApiError("file_not_found")
    return file


def _shown(hub: Hub, file: File) -> Json:
    files = hub.world.files
    return file_json(file, hub.settings.base_url, hub.world.app.bot_user, is_ready=files.is_ready(file))
