"""Finding people and conversations by the words that people use for them."""

from __future__ import annotations

from typing import Any

from sandbox.slack.world import Channel, Person, Workspace
from sandbox.system import ControlError


def word_to_person(world: Workspace, word: str) -> str | None:
    """The id of the person with this id, name, real name or e-mail (case and a leading @ aside)."""
    wanted = word.strip().removeprefix("@").casefold()
    for person in world.people.values():
        if wanted in {
            person.id.casefold(),
            person.name.casefold(),
            person.email.casefold(),
            person.real_name.casefold(),
        }:
            return person.id
    return None


def find_person(world: Workspace, word: Any) -> Person:
    """The person meant. Raises ControlError 404, naming the people there are."""
    if not isinstance(word, str) or not word:
        raise ControlError("`user` is missing: an id, a name or an e-mail address.")
    found = word_to_person(world, word)
    if found is None:
        known = tuple(person.email for person in world.people.values())
        raise ControlError(f"Nobody here is called {word!r}.", status=404, accepted=known)
    return world.people[found]


def find_place(world: Workspace, word: Any, person: Person | None = None) -> Channel:
    """The conversation meant by an id, a name, #name, or @person (that person's direct message with the app).

    Without a word it is `person`'s direct message. Raises ControlError 404, naming the channels there are.
    """
    if not word and person is not None:
        return world.direct(person.id)
    if not isinstance(word, str) or not word:
        raise ControlError("`channel` is missing: an id, a name, or @e-mail for a direct message.")
    if word in world.channels:
        return world.channels[word]
    if word.startswith("@") or "@" in word or word in world.people:
        return world.direct(find_person(world, word).id)
    name = word.removeprefix("#").casefold()
    for channel in world.channels.values():
        if channel.name.casefold() == name and channel.im_user is None:
            return channel
    known = tuple(f"#{channel.name}" for channel in world.channels.values() if channel.im_user is None)
    raise ControlError(f"There is no channel {word!r}.", status=404, accepted=known)
