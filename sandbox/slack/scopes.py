"""What the app's token may do: the scopes that each method asks for, as Slack's method pages name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EMAIL = "users:read.email"
METADATA = "metadata.message:read"
FILES_READ = "files:read"

_READ = ("channels:read", "groups:read", "im:read")
_HISTORY = ("channels:history", "groups:history", "im:history")
NEEDED: Mapping[str, tuple[str, ...]] = {  # any one of them is enough; methods that are not listed ask for none
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "users.lookupByEmail": (EMAIL,),
    "conversations.open": ("im:write", "channels:manage", "groups:write", "mpim:write"),
    "conversations.list": _READ,
    "conversations.info": _READ,
    "conversations.members": _READ,
    "conversations.history": _HISTORY,
    "conversations.replies": _HISTORY,
    "conversations.join": ("channels:join",),
    "conversations.create": ("channels:manage", "groups:write", "im:write", "mpim:write"),
    "conversations.invite": ("channels:manage", "channels:write.invites", "groups:write"),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.info": (FILES_READ,),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
}
ALL = frozenset(scope for scopes in NEEDED.values() for scope in scopes) | {"commands", METADATA}


class Scopes:
    """The scopes that the workspace has granted; all of them, until told otherwise."""

    def __init__(self, granted: Iterable[str] = ALL) -> None:
        self.granted = frozenset(granted)

    def missing(self, method: str) -> str | None:
        """The scope that the app lacks for this method; None when it may call."""
        needed = NEEDED.get(method, ())
        return None if not needed or self.granted.intersection(needed) else ",".join(needed)

    def provided(self) -> str:
        """The granted scopes as Slack writes them."""
        return ",".join(sorted(self.granted))

    def replace(self, granted: Iterable[str]) -> None:
        """Exactly these are granted. Raises ValueError for a scope that nobody knows."""
        asked = frozenset(granted)
        unknown = sorted(asked - ALL)
        if unknown:
            raise ValueError(f"There is no scope {unknown[0]!r} here. Accepted: {', '.join(sorted(ALL))}.")
        self.granted = asked

    def add(self, granted: Iterable[str]) -> None:
        """These are granted too: installing again never takes a scope away. Raises ValueError as `replace`."""
        self.replace(self.granted.union(granted))
