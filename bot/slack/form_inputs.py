"""Inputs of a form -> input blocks. Their block id and action id are both the input's own id; inputs.py reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never

from bot.actions import choice_value
from bot.cards import ChecksInput, Input, Option, PeopleInput, PersonInput, SelectInput, TextInput
from bot.slack.inputs import continued
from bot.slack.limits import (
    CHECKS_MAX,
    CONTEXT_TEXT_MAX,
    INPUT_TEXT_MAX,
    LABEL_MAX,
    OPTION_TEXT_MAX,
    OPTIONS_MAX,
    PLACEHOLDER_MAX,
    SECTION_TEXT_MAX,
)
from bot.slack.mrkdwn import escaped
from bot.slack.texts import marked_text, plain_text

Json = dict[str, Any]


def input_blocks(part: Input) -> list[Json]:
    """The blocks of one input; what cannot be chosen from is said in words."""
    match part:
        case TextInput():
            longest = min(part.max_chars or INPUT_TEXT_MAX, INPUT_TEXT_MAX)
            element: Json = {
                "type": "plain_text_input",
                "action_id": part.id,
                "multiline": part.is_multiline,
                "max_length": longest,
            }
            if part.initial:
                element["initial_value"] = part.initial[:longest]
            if part.placeholder:
                element["placeholder"] = plain_text(part.placeholder, PLACEHOLDER_MAX)
            return [_input(part, element)]
        case SelectInput():
            options = [_option(option) for option in part.options[:OPTIONS_MAX]]
            element = {"type": "static_select", "action_id": part.id, "options": options}
            chosen = [option for option in options if part.initial and option["value"] == choice_value(part.initial)]
            if chosen:
                element["initial_option"] = chosen[0]
            return [*_in_full(part.options), _input(part, element)] if options else [_nothing_to_choose(part)]
        case ChecksInput():
            return [*_in_full(part.options), *_checks(part)] if part.options else [_nothing_to_choose(part)]
        case PersonInput():
            element = {"type": "users_select", "action_id": part.id}
            if part.initial:
                element["initial_user"] = part.initial
            return [_input(part, element)]
        case PeopleInput():
            return [_input(part, {"type": "multi_users_select", "action_id": part.id, "max_selected_items": part.most})]
        case _:
            assert_never(part)


def _checks(part: ChecksInput) -> list[Json]:
    """A block for every ten boxes: Slack takes no more in one, and a box that is not there could not be ticked.

    Of several blocks none insists on a tick, since the tick may stand in another; the use case says if there is none.
    """
    blocks: list[Json] = []
    initial = {choice_value(value) for value in part.initial}
    for number, at in enumerate(range(0, len(part.options), CHECKS_MAX)):
        block_id = continued(part.id, number)
        options = [_option(option) for option in part.options[at : at + CHECKS_MAX]]
        element: Json = {"type": "checkboxes", "action_id": block_id, "options": options}
        ticked = [option for option in options if option["value"] in initial]
        if ticked:
            element["initial_options"] = ticked
        further = replace(part, id=block_id, label=f"{part.label} ({number + 1})", hint="", is_optional=True)
        first = replace(part, is_optional=part.is_optional or len(part.options) > CHECKS_MAX)
        blocks.append(_input(further if number else first, element))
    return blocks


def _in_full(options: Iterable[Option]) -> list[Json]:
    """The labels that Slack's options are too short for, whole, above what is chosen from."""
    long = [option.label for option in options if len(option.label) > OPTION_TEXT_MAX]
    return [{"type": "section", "text": marked_text(f"• {escaped(label)}", SECTION_TEXT_MAX)} for label in long]


def _input(part: Input, element: Json) -> Json:
    block: Json = {
        "type": "input",
        "block_id": part.id,
        "label": plain_text(part.label, LABEL_MAX),
        "element": element,
        "optional": part.is_optional,
    }
    if isinstance(part, SelectInput) and part.redraws:
        block["dispatch_action"] = True  # Slack says so at once when another is chosen
    if part.hint:
        block["hint"] = plain_text(part.hint, LABEL_MAX)
    return block


def _nothing_to_choose(part: Input) -> Json:
    return {
        "type": "context",
        "elements": [marked_text(f"{escaped(part.label)}: there is nothing to choose from.", CONTEXT_TEXT_MAX)],
    }


def _option(option: Option) -> Json:
    rendered: Json = {"text": plain_text(option.label, OPTION_TEXT_MAX), "value": choice_value(option.value)}
    if option.description:
        rendered["description"] = plain_text(option.description, OPTION_TEXT_MAX)
    return rendered
