"""A submission's data -> values, with the payload's shape as Microsoft documents it; the same values as from Slack."""

import pytest

from bot.actions import choice_value
from bot.cards import ChecksInput, Form, Markup, Option, PeopleInput, PersonInput, Section, SelectInput, TextInput
from bot.conversation.shape import Field
from bot.teams import render
from bot.teams.inputs import clicked, fields_of, read_inputs, submitted

SENTENCE = "Data is encrypted, at rest, with 100% of keys ours, and " + "x" * 200
PARTS = (
    Section((Markup("Words"),)),
    TextInput("reason", "Reason"),
    SelectInput("action", "Action", (Option("agent.create", "Create"), Option("b,c", "Other"))),
    ChecksInput("criteria", "Criteria", (Option("a", "A"), Option("b, 50%2C", "B"), Option(SENTENCE, "C"))),
    PersonInput("owner", "Owner"),
    PeopleInput("suggested", "Suggested", most=3),
)
FORM = Form("approvals.request", "Ask", PARTS, submit="Send", memo="19:abc@thread.tacv2")


def sent(form, **typed):
    """What Teams sends: the button's data with the inputs among it. `typed` choices are numbers of what was chosen."""
    content = render.dialog(form)["card"]["content"]
    data = dict(content["actions"][0]["data"])
    choices = {element["id"]: element.get("choices") for element in content["body"] if "id" in element}
    for name, value in typed.items():
        numbers = value if isinstance(value, tuple) else ()
        data[name] = ",".join(choices[name][number]["value"] for number in numbers) if numbers else value
    return data


def test_each_kind_of_input_is_read_under_its_own_id():
    data = sent(FORM, reason="Because.", action=(1,), criteria=(0, 1, 2), owner="aad-dana", suggested="aad-1,aad-2")
    assert read_inputs(data) == {
        "reason": "Because.",
        "action": "b,c",
        "criteria": ["a", "b, 50%2C", choice_value(SENTENCE)],
        "owner": "aad-dana",
        "suggested": ["aad-1", "aad-2"],
    }
    assert submitted(data) == ("approvals.request", "19:abc@thread.tacv2")


def test_the_conversation_learns_which_inputs_are_texts_and_which_may_stay_empty():
    assert fields_of(sent(FORM)) == (
        Field("reason", is_text=True, is_optional=False),
        Field("action", is_text=False, is_optional=False),
        Field("owner", is_text=False, is_optional=False),
        Field("criteria", is_text=False, is_optional=False),
        Field("suggested", is_text=False, is_optional=True),
    )


@pytest.mark.parametrize("untouched", ["", None])
def test_what_was_left_untouched_is_none_and_no_box_ticked_is_an_empty_list(untouched):
    nothing: dict[str, object] = {"reason": None, "action": None, "criteria": [], "owner": None, "suggested": []}
    assert read_inputs(sent(FORM, **dict.fromkeys(nothing, untouched))) == nothing
    assert read_inputs(sent(FORM)) == nothing


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"inputs": ["reason"], "reason": "x"},
        {"inputs": {"one": None, "many": 7}},
        {"inputs": {"one": [1, {}], "many": ["a"]}, "a": ["x"]},
        {"inputs": {"one": "reason"}, "reason": "x"},
        {"form": 7, "memo": [], "action": {}, "value": None},
    ],
)
def test_data_that_we_did_not_write_raises_nothing(data):
    assert set(map(str, read_inputs(data).values())) <= {"[]"}
    assert all(isinstance(field, Field) for field in fields_of(data))
    assert submitted(data) == ("", "")
    assert clicked(data) == ("", "")


def test_a_click_is_read_whichever_way_it_was_sent():
    data = {"action": "approvals.details", "value": '{"r":"1"}', "msteams": {"type": "task/fetch"}}
    assert clicked(data) == ("approvals.details", '{"r":"1"}')
