"""What Teams sends -> an Activity. Nothing here is believed before the request is verified (door.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.links import ConversationKind

MESSAGE: Final = "message"
INVOKE: Final = "invoke"
INSTALLATION: Final = "installationUpdate"
CONVERSATION: Final = "conversationUpdate"
THREAD: Final = ";messageid="  # in a channel's conversation id: the message that began the thread
_KINDS: Final = {
    "personal": ConversationKind.PERSONAL,
    "groupChat": ConversationKind.GROUP,
    "channel": ConversationKind.CHANNEL,
}
_ID_MAX: Final = 1000  # characters of an id; Microsoft's have up to two hundred
_TEXT_MAX: Final = 30_000  # of a message


class Malformed(Exception):
    """The activity lacks a part, or it is not what it should be; the argument names the part."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody in Teams: the id that this bot sees (`29:…`), and the directory's own, the same for every bot."""

    id: str
    directory_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """Who is mentioned, and the words in the text that do it."""

    account: Account
    words: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened in Teams. `name` and `value` are an invoke's; `root` the first message of the thread."""

    type: str
    id: str
    service_url: str
    channel_id: str
    tenant_ids: frozenset[str]
    conversation: str
    kind: ConversationKind
    sender: Account
    bot: str
    root: str = ""
    name: str = ""
    text: str = ""
    reply_to: str = ""
    action: str = ""
    event: str = ""
    team: str = ""
    channel_name: str = ""
    mentions: tuple[Mention, ...] = ()
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    value: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it from every other one, and is the same if it is sent again."""
        return f"{self.conversation}:{self.id}"


def read_activity(document: Any) -> Activity:
    """The activity in a request's body. Raises Malformed."""
    body = _object(document, "the body")
    conversation, data = _object(body.get("conversation"), "conversation"), _maybe(body.get("channelData"))
    id_, _, root = _id(conversation.get("id"), "conversation.id").partition(THREAD)
    team, channel = _maybe(data.get("team")), _maybe(data.get("channel"))
    value = body.get("value")
    return Activity(
        type=_id(body.get("type"), "type"),
        id=_words(body.get("id"))[:_ID_MAX],
        service_url=_id(body.get("serviceUrl"), "serviceUrl"),
        channel_id=_words(body.get("channelId")),
        tenant_ids=frozenset(
            filter(None, (_words(conversation.get("tenantId")), _words(_maybe(data.get("tenant")).get("id"))))
        ),
        conversation=id_,
        root=root,
        kind=_KINDS.get(_words(conversation.get("conversationType")), ConversationKind.GROUP),
        sender=_account(_object(body.get("from"), "from"), "from"),
        bot=_words(_maybe(body.get("recipient")).get("id")),
        name=_words(body.get("name")),
        text=_words(body.get("text"))[:_TEXT_MAX],
        reply_to=_words(body.get("replyToId"))[:_ID_MAX],
        action=_words(body.get("action")),
        event=_words(data.get("eventType")),
        team=_words(team.get("id"))[:_ID_MAX],
        channel_name=_words(channel.get("name")),
        mentions=tuple(_mentions(body.get("entities"))),
        added=frozenset(_ids(body.get("membersAdded"))),
        removed=frozenset(_ids(body.get("membersRemoved"))),
        value=value if isinstance(value, dict) else {},
    )


def spoken(activity: Activity, known: Mapping[str, str]) -> str:
    """What was written to the bot: without its own mention, other mentions as `known` says them (by `29:` id).

    Teams marks mentions in the text as `<at>Name</at>` and says in the entities whom they mean; the text alone would
    let anybody write one. A space that does not break follows a mention.
    """
    text = activity.text
    for mention in activity.mentions:
        said = "" if mention.account.id == activity.bot else known.get(mention.account.id, f'"{mention.account.name}"')
        text = text.replace(mention.words, f" {said} ", 1)
    return " ".join(text.split(" ")).replace("\u00a0", " ").strip()


def _mentions(entities: Any) -> Iterator[Mention]:
    for entity in _objects(entities):
        words, who = _words(entity.get("text")), _maybe(entity.get("mentioned"))
        if entity.get("type") == "mention" and words and _words(who.get("id")):
            yield Mention(_account(who, "entities"), words)


def _account(found: Mapping[str, Any], where: str) -> Account:
    return Account(
        _id(found.get("id"), f"{where}.id"), _words(found.get("aadObjectId")).lower(), _words(found.get("name"))
    )


def _objects(found: Any) -> Iterable[Mapping[str, Any]]:
    return (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def _ids(found: Any) -> Iterator[str]:
    return (each["id"] for each in _objects(found) if isinstance(each.get("id"), str))


def _object(found: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise Malformed(where)
    return found


def _maybe(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _id(found: Any, where: str) -> str:
    if not isinstance(found, str) or not found or len(found) > _ID_MAX:
        raise Malformed(where)
    return _words(found)


def _words(found: Any) -> str:
    """A text that PostgreSQL and UTF-8 can hold."""
    return found.encode(errors="replace").decode().replace("\x00", "") if isinstance(found, str) else ""
