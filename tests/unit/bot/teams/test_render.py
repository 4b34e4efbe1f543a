"""Card -> Adaptive Card, one rule at a time. What holds for every card is in test_render_properties.py."""

import json

import pytest

from bot import actions
from bot.cards import (
    Actions,
    Button,
    Card,
    ChecksInput,
    Choice,
    Confirm,
    Context,
    Divider,
    Fields,
    Form,
    Heading,
    LinkButton,
    Markup,
    Menu,
    Option,
    Passage,
    PeopleInput,
    PersonInput,
    Picture,
    Plain,
    Quote,
    Section,
    SelectInput,
    Steps,
    TextInput,
    Tone,
)
from bot.teams import render
from bot.teams.render import Refresh
from tests.unit.bot.adaptivecard_schema import card_problems, dialog_problems, message_problems


def body_of(*blocks, **options):
    content = render.adaptive_card(Card("A summary", blocks), **options)
    assert card_problems(content) == []
    return content["body"]


def actions_of(*buttons, **options):
    return [action for row in body_of(Actions(buttons), **options) for action in row["actions"]]


def dialog_of(*parts, submit="Send", **changes):
    value = render.dialog(Form("form", "A form", parts, submit=submit, **changes))
    assert dialog_problems(value) == []
    return value["card"]["content"]


def text(element):
    return "".join(run["text"] for run in element["inlines"])


def test_a_card_with_every_kind_of_block_is_what_teams_takes():
    body = body_of(
        Heading("Title"),
        Section((Markup("*ours*"),), button=Button("a", "Show", "v")),
        Fields((("Owner", (Plain("Dana"),)), ("Due", (Plain("today"),)))),
        Quote(Plain("words")),
        Passage(Plain("words")),
        Picture("https://charts.example/spend.png", "Spend by day", "Spend"),
        Steps(((Markup("✅ one"),), (Markup("▶️ two"),))),
        Context((Markup("small"),)),
        Divider(),
        Actions((Button("b", "Yes", "v", Tone.PRIMARY, Confirm("Sure?", "Really?", "Yes")),)),
    )
    assert [element["type"] for element in body] == [
        "TextBlock",
        "ColumnSet",
        *("RichTextBlock", "RichTextBlock"),
        *("Container", "Container"),
        *("RichTextBlock", "Image"),
        *("RichTextBlock", "RichTextBlock"),
        "RichTextBlock",
        "ActionSet",
    ]
    assert body[-1]["separator"] is True


def test_a_button_says_what_it_does_in_its_verb_and_its_data_and_old_clients_submit_the_same():
    (button,) = actions_of(Button(actions.VOTE_APPROVE, "Approve", "v", Tone.PRIMARY))
    data = {"action": "approvals.vote.approve", "value": "v"}
    assert button == {
        "type": "Action.Execute",
        "title": "Approve",
        "style": "positive",
        "verb": "approvals.vote.approve",
        "data": data,
        "fallback": {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": data},
    }


def test_a_button_that_opens_a_dialog_is_one_for_which_teams_asks_for_it():
    (button,) = actions_of(Button(actions.ASK, "Ask", "v"), dialogs={actions.ASK})
    assert button == {
        "type": "Action.Submit",
        "title": "Ask",
        "data": {"action": "approvals.ask", "value": "v", "msteams": {"type": "task/fetch"}},
    }


def test_a_question_unfolds_under_its_button_with_the_real_one():
    confirm = Confirm("Withdraw?", "Nobody can approve it.", "Withdraw it", tone=Tone.DANGER)
    (button,) = actions_of(Button("a", "Withdraw", "v", confirm=confirm))
    assert (button["type"], button["title"]) == ("Action.ShowCard", "Withdraw")
    assert [text(element) for element in button["card"]["body"]] == ["Withdraw?", "Nobody can approve it."]
    (real,) = button["card"]["actions"]
    assert (real["title"], real["verb"], real["style"]) == ("Withdraw it", "a", "destructive")
    assert "verb" not in button


def test_a_menu_is_the_overflow_and_shows_five_lines_at_most():
    menu = Menu("m", tuple(Choice(f"a{number}", f"Line {number}", "v") for number in range(8)))
    found = actions_of(Button("b", "Details", "v"), menu)
    assert [action.get("mode") for action in found] == [None, *["secondary"] * 5]
    assert [action["verb"] for action in found] == ["b", "a0", "a1", "a2", "a3", "a4"]
    assert body_of(Section((Markup("kept"),)), Actions((Menu("m", ()),)))[1:] == []


def test_buttons_stand_in_rows_that_a_phone_can_show():
    labels = ("Approve", "Reject", "Ask", "Delegate", "Details")
    rows = body_of(Actions(tuple(Button(label, label, "v") for label in labels)))
    assert [[action["title"] for action in row["actions"]] for row in rows] == [
        ["Approve", "Reject", "Ask"],
        ["Delegate", "Details"],
    ]


def test_a_button_with_many_words_stands_below_its_text():
    short, long = (body_of(Section((Markup("x"),), Button("a", label, "v"))) for label in ("Show", "Show everything"))
    assert [element["type"] for element in short] == ["ColumnSet"]
    assert [element["type"] for element in long] == ["RichTextBlock", "ActionSet"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "ftp://files.example/x", "https://x.example/" + "p" * 3000])
def test_an_address_that_is_none_costs_the_link_and_nothing_else(url):
    assert body_of(Section((Markup("kept"),)), Actions((LinkButton("a", "Open", url),))) == body_of(
        Section((Markup("kept"),))
    )


def test_a_link_button_opens_its_address():
    assert actions_of(LinkButton("a", "Open", "https://x.example")) == [
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://x.example"}
    ]


def test_a_picture_without_a_usable_address_leaves_its_words():
    (element,) = body_of(Picture("file:///etc/passwd", "Spend by day"))
    assert text(element) == "Spend by day"


def test_text_over_the_limit_is_shortened_and_says_how_to_see_the_rest():
    (element,) = body_of(Section((Plain("x" * 40_000),)))
    assert len(text(element)) == 3000
    assert text(element).endswith("x… … (show all)")


def test_a_passage_is_shown_whole_however_long_it_is():
    words = "\n".join(f"line {number}: {'& ' * 40}" for number in range(80))
    (element,) = body_of(Passage(Plain(words)))
    assert text(element["items"][0]) == words


def test_a_message_is_the_card_alone_with_the_words_of_a_notification():
    activity = render.message(Card("<at>Dana</at> & co \u202e" + "x" * 500, (Divider(), Section((Markup("x"),)))))
    assert message_problems(activity) == []
    assert set(activity) == {"type", "summary", "attachments"}
    assert (len(activity["summary"]), activity["summary"][:19]) == (400, "<at>Dana</at> & co ")
    content = activity["attachments"][0]["content"]
    assert content["fallbackText"] == activity["summary"]
    assert "<" not in content["speak"]  # a screen reader would take it for the markup of speech


def test_a_card_without_blocks_says_its_summary():
    (element,) = body_of()
    assert text(element) == "A summary"


def test_a_card_without_a_summary_still_has_one():
    assert render.message(Card("  ", (Divider(),)))["summary"] == "Countersign"


def test_people_whose_view_is_their_own_are_sixty_at_most():
    refresh = Refresh(tuple(f"29:{number}" for number in range(70)), "REQ-1")
    content = render.adaptive_card(Card("x", (Heading("x"),)), refresh=refresh)
    assert card_problems(content) == []
    assert content["refresh"]["userIds"] == [f"29:{number}" for number in range(60)]
    assert content["refresh"]["action"]["verb"] == "refresh"
    assert content["refresh"]["action"]["data"] == {"action": "refresh", "value": "REQ-1"}
    assert "refresh" not in render.adaptive_card(Card("x", (Heading("x"),)))


def test_a_form_with_every_kind_of_input_is_what_teams_takes():
    content = dialog_of(
        TextInput("name", "Name", placeholder="support-bot", hint="As people call it.", max_chars=120, initial="a-bot"),
        SelectInput("action", "Action", (Option("a", "A"), Option("b", "B", "the other")), initial="b"),
        ChecksInput("criteria", "Criteria", (Option("c", "C"), Option("d,e", "D")), initial=("c", "d,e")),
        PersonInput("owner", "Owner", initial="aad-dana"),
        PeopleInput("told", "Told", most=3),
        memo="C1",
    )
    name, hint, action, criteria, owner, told = content["body"]
    assert (name["value"], name["maxLength"], name["isRequired"]) == ("a-bot", 120, True)
    assert text(hint) == "As people call it."
    assert (action["style"], action["value"], action["choices"][1]["title"]) == ("compact", "b", "B · the other")
    assert (criteria["isMultiSelect"], criteria["value"]) == (True, "c,d%2Ce")
    assert owner["choices.data"] == {"type": "Data.Query", "dataset": "graph.microsoft.com/users"}
    assert (owner["value"], told["isMultiSelect"], told["isRequired"]) == ("aad-dana", True, False)
    (button,) = content["actions"]
    assert (button["type"], button["title"]) == ("Action.Submit", "Send")
    assert button["data"] == {
        "form": "form",
        "memo": "C1",
        "inputs": {"text": ["name"], "one": ["action", "owner"], "many": ["criteria", "told"], "optional": ["told"]},
    }


def test_a_form_without_submit_has_nothing_to_press():
    assert "actions" not in dialog_of(Section((Markup("x"),)), submit=None)


def test_a_button_within_a_dialog_submits():
    content = dialog_of(Section((Markup("x"),)), Actions((Button("a", "Show", "v"),)), submit=None)
    assert content["body"][1]["actions"][0]["type"] == "Action.Submit"


def test_a_divider_in_a_form_is_a_line():
    body = dialog_of(Section((Markup("x"),)), Divider(), Section((Markup("y"),)), submit=None)["body"]
    assert [element.get("separator") for element in body] == [None, True]


def test_choices_that_a_list_would_cut_are_shown_in_full():
    content = dialog_of(SelectInput("s", "Select", (Option("a", "word " * 30), Option("b", "*B*"))))
    (element,) = content["body"]
    assert (element["style"], element["wrap"]) == ("expanded", True)
    assert element["choices"][0]["title"] == ("word " * 30).strip()
    assert element["choices"][1]["title"] == r"\*B\*"


@pytest.mark.parametrize("part", [SelectInput("a", "Action", ()), ChecksInput("c", "Criteria", ())])
def test_nothing_to_choose_from_is_said_in_words(part):
    (element,) = dialog_of(part)["body"]
    assert text(element).endswith("there is nothing to choose from.")


def test_an_initial_choice_that_is_not_offered_is_left_out():
    (element,) = dialog_of(SelectInput("a", "Action", (Option("x", "X"),), initial="y"))["body"]
    assert "value" not in element


def test_an_error_stands_below_its_field_and_what_was_typed_is_kept():
    parts = (
        TextInput("name", "Name", initial="first"),
        SelectInput("action", "Action", (Option("a", "A"), Option("b", "B")), initial="a"),
        ChecksInput("criteria", "Criteria", (Option("c" * 200, "C"), Option("d", "D")), initial=("d",)),
        PersonInput("owner", "Owner"),
        PeopleInput("told", "Told", most=3),
        TextInput("reason", "Reason", initial="kept as it began"),
    )
    form = Form("form", "A form", parts, submit="Send")
    ticked = render.dialog(form)["card"]["content"]["body"][2]["choices"][0]["value"]
    values = {"name": "second", "action": "b", "criteria": [ticked], "owner": "aad-1", "told": ["aad-2", "aad-3"]}
    value = render.form_with_errors(form, values, {"owner": "Nobody <at>here</at> of that name.", "elsewhere": "x"})
    assert dialog_problems(value) == []
    body = value["card"]["content"]["body"]
    shown = {element["id"]: element.get("value") for element in body if "id" in element}
    assert shown == {
        "name": "second",
        "action": "b",
        "criteria": ticked,
        "owner": "aad-1",
        "told": "aad-2,aad-3",
        "reason": "kept as it began",
    }
    below = body[[element.get("id") for element in body].index("owner") + 1]
    assert text(below) == "Nobody <at>here</at> of that name."
    assert below["inlines"][0]["color"] == "Attention"


def test_what_was_emptied_stays_empty():
    form = Form("form", "A form", (TextInput("name", "Name", initial="first"),), submit="Send")
    (element,) = render.form_with_errors(form, {"name": None}, {})["card"]["content"]["body"]
    assert "value" not in element


def test_the_title_of_a_dialog_is_whole():
    value = render.dialog(Form("f", "Why REQ-1042 needs these approvals", (Section((Markup("x"),)),)))
    assert value["title"] == "Why REQ-1042 needs these approvals"


def test_nothing_but_plain_json_is_rendered():
    card = Card("x", (Heading("x"), Actions((Button("a", "A", "v"),))))
    assert json.loads(json.dumps(render.message(card))) == render.message(card)
