"""view_submission's state -> values, with the payload's shape as Slack documents it."""

from uuid import UUID

from bot.actions import Target, choice_value, decode
from bot.cards import Actions, Card, ChecksInput, Choice, Form, Menu, Option, PersonInput, SelectInput, TextInput
from bot.slack import render
from bot.slack.inputs import clicked, read_inputs
from tests.unit.bot.blockkit_schema import message_problems


def submitted(values):
    return {"state": {"values": values}}


def test_each_kind_of_input_is_read_under_its_own_id():
    view = submitted(
        {
            "reason": {"reason": {"type": "plain_text_input", "value": "Because."}},
            "action": {"action": {"type": "static_select", "selected_option": {"value": "agent.create"}}},
            "criteria": {"criteria": {"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}},
            "owner": {"owner": {"type": "users_select", "selected_user": "U0DANA"}},
        }
    )
    assert read_inputs(view) == {
        "reason": "Because.",
        "action": "agent.create",
        "criteria": ["a", "b"],
        "owner": "U0DANA",
    }


def test_what_was_left_untouched_is_none_and_no_box_ticked_is_an_empty_list():
    view = submitted(
        {
            "reason": {"reason": {"type": "plain_text_input", "value": None}},
            "action": {"action": {"type": "static_select", "selected_option": None}},
            "criteria": {"criteria": {"type": "checkboxes", "selected_options": []}},
            "owner": {"owner": {"type": "users_select", "selected_user": None}},
        }
    )
    assert read_inputs(view) == {"reason": None, "action": None, "criteria": [], "owner": None}


def test_a_choice_that_slack_has_no_room_for_is_told_from_others_that_begin_alike():
    first, second = "x" * 200, "x" * 201
    assert choice_value("short") == "short"
    assert len({choice_value(first), choice_value(second), first[:150]}) == 3


def test_a_view_without_inputs_has_no_values():
    assert read_inputs({}) == {}
    assert read_inputs(submitted({})) == {}


def test_every_kind_of_input_that_is_rendered_can_be_read():
    parts = (
        TextInput("t", "Text"),
        SelectInput("s", "Select", (Option("a", "A"),)),
        ChecksInput("c", "Checks", (Option("a", "A"),)),
        PersonInput("p", "Person"),
    )
    answers = {
        "plain_text_input": {"value": "x"},
        "static_select": {"selected_option": {"value": "a"}},
        "checkboxes": {"selected_options": [{"value": "a"}]},
        "users_select": {"selected_user": "U1"},
    }
    rendered = render.modal(Form("f", "F", parts, submit="Send"))["blocks"]
    values = {
        block["block_id"]: {
            block["element"]["action_id"]: {"type": block["element"]["type"], **answers[block["element"]["type"]]}
        }
        for block in rendered
    }
    assert read_inputs(submitted(values)) == {"t": "x", "s": "a", "c": ["a"], "p": "U1"}


def test_more_boxes_than_one_block_takes_are_all_shown_and_read_as_one_list():
    names = [f"criterion_{number}" for number in range(23)]
    part = ChecksInput("criteria", "Criteria", tuple(Option(name, name) for name in names), initial=tuple(names))
    blocks = render.modal(Form("f", "F", (part, TextInput("reason", "Reason")), submit="Send"))["blocks"]
    assert [block["label"]["text"] for block in blocks] == ["Criteria", "Criteria (2)", "Criteria (3)", "Reason"]
    assert [block["optional"] for block in blocks[:3]] == [True, True, True]
    values = {
        block["block_id"]: {
            block["element"]["action_id"]: {
                "type": "checkboxes",
                "selected_options": block["element"]["initial_options"],
            }
        }
        for block in blocks[:3]
    }
    assert read_inputs(submitted(values)) == {"criteria": names}
    nothing = {
        block_id: {name: {**element, "selected_options": []} for name, element in elements.items()}
        for block_id, elements in values.items()
    }
    assert read_inputs(submitted(nothing)) == {"criteria": []}


def chosen(menu):
    rendered = render.message(Card("A card", (Actions((menu,)),)))["blocks"][0]["elements"][0]
    assert rendered["type"] == "overflow"
    return [
        clicked({"type": "overflow", "action_id": rendered["action_id"], "selected_option": option})
        for option in rendered["options"]
    ]


def test_a_line_of_a_menu_comes_back_as_what_it_does_and_what_it_is_about():
    target = Target(id=UUID(int=2**128 - 1), digest="f" * 16)
    menu = Menu("approvals.menu", (Choice("approvals.comment", "Comment", target.encode()), Choice("b", "Why", "v w")))
    (action_id, value), other = chosen(menu)
    assert (action_id, decode(value)) == ("approvals.comment", target)
    assert other == ("b", "v w")


def test_a_menu_shows_five_lines_at_most_and_an_empty_one_is_left_out():
    many = Menu("m", tuple(Choice(f"a{number}", "x" * 200, "v" * 500) for number in range(8)))
    rendered = render.message(Card("A card", (Actions((many,)),)))
    assert message_problems(rendered) == []
    assert [action_id for action_id, _value in chosen(many)] == ["a0", "a1", "a2", "a3", "a4"]
    assert render.message(Card("A card", (Actions((Menu("m", ()),)),)))["blocks"] == []


def test_a_menu_line_that_is_none_of_ours_is_no_target():
    for option in (None, {}, {"value": ""}, {"value": "words"}, {"value": "approvals.comment {"}):
        _action_id, value = clicked({"type": "overflow", "action_id": "m", "selected_option": option})
        assert decode(value) is None
