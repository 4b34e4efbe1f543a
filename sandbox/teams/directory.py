"""Finding people and conversations: by the words that people use, and by the ids that the bot uses."""

from __future__ import annotations

from typing import Any, Final

from sandbox.system import ControlError
from sandbox.teams.errors import ConnectorError
from sandbox.teams.world import Conversation, Json, Person, Place, Tenant

THREAD: Final = ";messageid="


def find_person(world: Tenant, word: Any) -> Person:
    """The person with this id (either), e-mail or name, case and a leading @ aside. Raises ControlError 404."""
    if not isinstance(word, str) or not word:
        raise ControlError("`user` is missing: an id, a name or an e-mail address.")
    wanted = word.strip().removeprefix("@").casefold()
    for person in world.people.values():
        words = (person.id, person.aad, person.email, person.upn, person.email.partition("@")[0], person.name)
        if wanted in {known.casefold() for known in words}:
            return person
    known = tuple(person.email for person in world.people.values())
    raise ControlError(f"Nobody here is called {word!r}.", status=404, accepted=known)


def find_place(world: Tenant, word: Any, person: Person | None = None) -> Conversation:
    """The conversation meant by an id, a name, #name, or @person (that person's chat with the bot).

    Without a word it is `person`'s chat with the bot. Raises ControlError 404, naming the places there are.
    """
    if not word and person is not None:
        return world.open_personal(person.id)
    if not isinstance(word, str) or not word:
        raise ControlError("`channel` is missing: an id, a name, or @e-mail for a person's chat with the bot.")
    id_ = word.partition(THREAD)[0]
    if id_ in world.conversations:
        return world.conversations[id_]
    name = word.removeprefix("#").casefold()
    for conversation in world.conversations.values():
        if conversation.kind is not Place.PERSONAL and conversation.name.casefold() == name:
            return conversation
    if "@" in word or word in world.people:
        return world.open_personal(find_person(world, word).id)
    known = tuple(
        f"#{c.name}" if c.kind is Place.CHANNEL else c.name
        for c in world.conversations.values()
        if c.kind is not Place.PERSONAL
    )
    raise ControlError(f"There is no channel or chat {word!r}.", status=404, accepted=known)


def conversation_for_bot(world: Tenant, id_: str) -> tuple[Conversation, str | None]:
    """The conversation that the bot means, and the thread's first message if the id names one.

    Raises ConnectorError for an unknown id, and when the bot may not take part there.
    """
    bare, marked, root = id_.partition(THREAD)
    conversation = world.conversations.get(bare)
    if conversation is None:
        known_shape = bare.startswith(("a:", "19:"))
        raise ConnectorError("ConversationNotFound" if known_shape else "BadSyntax")
    check_bot(world, conversation)
    if not marked:
        return conversation, None
    if conversation.kind is not Place.CHANNEL or conversation.find(root) is None:
        raise ConnectorError("ConversationNotFound", f"There is no message {root!r} to reply to.")
    return conversation, root


def check_bot(world: Tenant, conversation: Conversation) -> None:
    """The bot may take part in this conversation. Raises ConnectorError otherwise."""
    if world.app_disabled:
        raise ConnectorError("BotDisabledByAdmin")
    if conversation.kind is Place.PERSONAL:
        check_personal(world, world.people[conversation.members[0]])
    elif not conversation.installed:
        raise ConnectorError("BotNotInConversationRoster")


def check_personal(world: Tenant, person: Person) -> None:
    """The bot may write to this person. Raises ConnectorError otherwise."""
    if world.app_disabled:
        raise ConnectorError("BotDisabledByAdmin")
    if person.deleted or not person.installed:
        raise ConnectorError("ForbiddenOperationException")
    if person.blocked:
        raise ConnectorError("ConversationBlockedByUser")


def member_for_bot(world: Tenant, id_: str) -> Person | None:
    """The person with this `29:` id or directory object id."""
    wanted = id_.casefold()
    return next((p for p in world.people.values() if p.id == id_ or p.aad.casefold() == wanted), None)


def member_json(world: Tenant, person: Person) -> Json:
    """A person as the roster describes them."""
    given, _, surname = person.name.partition(" ")
    return {
        "id": person.id,
        "name": person.name,
        "aadObjectId": person.aad,
        "objectId": person.aad,
        "givenName": given,
        "surname": surname,
        "email": person.email,
        "userPrincipalName": person.upn,
        "tenantId": world.id,
        "userRole": "anonymous" if person.deleted else "guest" if person.guest else "user",
    }
