"""Card -> Block Kit, one limit at a time. What holds for every card is in test_render_properties.py."""

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.cards import (
    Actions,
    Button,
    Card,
    ChecksInput,
    Confirm,
    Context,
    Divider,
    Fields,
    Form,
    Heading,
    LinkButton,
    Markup,
    Option,
    Passage,
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
from bot.slack import render
from tests.unit.bot.blockkit_schema import message_problems, reply_problems, view_problems


def blocks_of(*blocks):
    message = render.message(Card("A summary", blocks))
    assert message_problems(message) == []
    return message["blocks"]


def input_of(part):
    view = render.modal(Form("form", "A form", (part,), submit="Send"))
    assert view_problems(view) == []
    return view["blocks"][0]


def test_somebodys_words_can_neither_mention_nor_link_nor_format_an_entity():
    (section,) = blocks_of(Section((Plain("<!channel> <@U1> <https://evil.example|our site> &lt;"),)))
    assert section["text"] == {
        "type": "mrkdwn",
        "text": "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|our site&gt; &amp;lt;",
        "verbatim": True,
    }


def test_a_bare_address_or_name_in_somebodys_words_is_not_turned_into_a_link_by_slack():
    (section,) = blocks_of(Section((Plain("@here https://evil.example #general"),)))
    assert section["text"]["verbatim"] is True


def test_a_card_with_every_kind_of_block_is_what_slack_sdk_accepts():
    blocks = blocks_of(
        Heading("Title"),
        Section((Markup("*ours*"),), button=Button("a", "Show", "v")),
        Fields((("Owner", (Plain("Dana"),)),)),
        Quote(Plain("words")),
        Passage(Plain("words")),
        Picture("https://charts.example/spend.png", "Spend by day", "Spend"),
        Steps(((Markup("✅ one"),), (Markup("▶️ two"),))),
        Context((Markup("small"),)),
        Divider(),
        Actions((Button("b", "Yes", "v", Tone.PRIMARY, Confirm("Sure?", "Really?", "Yes")),)),
    )
    for block in Block.parse_all(blocks):
        block.validate_json()
    assert [block["type"] for block in blocks] == [
        "header",
        "section",
        "section",
        "section",
        "section",
        "image",
        "section",
        "context",
        "divider",
        "actions",
    ]


def test_a_form_with_every_kind_of_input_is_what_slack_sdk_accepts():
    view = render.modal(
        Form(
            "form",
            "A form",
            (
                TextInput("name", "Name", placeholder="support-bot", hint="As people call it."),
                SelectInput("action", "Action", (Option("a", "A"), Option("b", "B", "the other")), initial="b"),
                ChecksInput("criteria", "Criteria", (Option("c", "C"),), initial=("c",)),
                PersonInput("owner", "Owner", initial="U0DANA"),
            ),
            submit="Send",
            memo="C1",
        )
    )
    View(**view).validate_json()
    assert view_problems(view) == []
    assert [block["block_id"] for block in view["blocks"]] == ["name", "action", "criteria", "owner"]


def test_a_form_without_submit_only_closes():
    view = render.modal(Form("details", "REQ-1", (Section((Markup("x"),)),)))
    assert "submit" not in view
    assert view["close"]["text"] == "Close"


def test_text_over_the_limit_is_shortened_and_says_how_to_see_the_rest():
    (section,) = blocks_of(Section((Plain("x" * 40_000),)))
    assert len(section["text"]["text"]) == 3000
    assert section["text"]["text"].endswith("x … (show all)")


def test_the_cut_never_leaves_half_an_entity():
    for padding in range(8):
        (section,) = blocks_of(Section((Plain("x" * padding + "&" * 2000),)))
        assert section["text"]["text"].endswith("&amp; … (show all)")


def test_the_cut_never_leaves_half_an_emoji():
    (header,) = blocks_of(Heading("👩‍🚀" * 100))
    assert header["text"]["text"].removesuffix("…").replace("👩‍🚀", "") == ""


def test_a_passage_is_shown_whole_however_long_it_is():
    words = "\n".join(f"line {number}: {'& ' * 40}" for number in range(80))
    reply = render.reply(Card("A summary", (Passage(Plain(words)),)))
    assert reply_problems(reply) == []
    blocks = reply["blocks"]
    assert len(blocks) > 1
    assert blocks == render.home([Passage(Plain(words))])["blocks"]
    shown = "\n".join(block["text"]["text"] for block in blocks).replace("&amp;", "&").replace("\n>", "\n")
    assert shown.removeprefix(">").split() == words.split()


def test_a_reply_is_a_message_unless_that_would_be_too_long():
    card = Card("A summary", (Quote(Plain("words")), Actions((Button("a", "Yes", "v"),))))
    assert render.reply(card) == render.message(card)


def test_a_quotation_has_the_mark_before_each_line():
    (section,) = blocks_of(Quote(Plain("one\ntwo > one")))
    assert section["text"]["text"] == ">one\n>two &gt; one"


def test_somebodys_words_cannot_turn_the_direction_of_ours():
    (section,) = blocks_of(Section((Plain("\u202ebot-evil"), Markup(" · approved"))))
    assert section["text"]["text"] == "bot-evil · approved"


def test_right_to_left_writing_and_emoji_stay_as_they_are():
    (section,) = blocks_of(Section((Plain("سوبورت بوت 👍🏽"),)))
    assert section["text"]["text"] == "سوبورت بوت 👍🏽"


def test_sixty_stages_take_a_few_sections_and_no_line_is_lost():
    lines = tuple((Markup("▶️ "), Plain(f"Stage {number} " + "n" * 100)) for number in range(60))
    blocks = blocks_of(Steps(lines))
    assert len(blocks) < 6
    assert sum(block["text"]["text"].count("Stage ") for block in blocks) == 60


def test_more_than_ten_fields_take_another_section():
    blocks = blocks_of(Fields(tuple((f"Name {number}", (Plain("value"),)) for number in range(23))))
    assert [len(block["fields"]) for block in blocks] == [10, 10, 3]


def test_a_long_card_is_folded_in_the_middle_so_that_its_buttons_stay():
    sections = tuple(Section((Plain(str(number)),)) for number in range(80))
    blocks = blocks_of(*sections, Actions((Button("a", "Approve", "v"),)))
    assert len(blocks) == 50
    assert blocks[46]["elements"][0]["text"] == "… 32 parts are not shown here."
    assert blocks[-1]["type"] == "actions"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "ftp://files.example/x", "https://x.example/" + "p" * 3000])
def test_an_address_that_slack_refuses_costs_the_link_and_nothing_else(url):
    assert blocks_of(Section((Markup("kept"),)), Actions((LinkButton("a", "Open", url),))) == blocks_of(
        Section((Markup("kept"),))
    )


def test_a_picture_without_a_usable_address_leaves_its_words():
    (context,) = blocks_of(Picture("file:///etc/passwd", "Spend by day"))
    assert context["elements"][0]["text"] == "Spend by day"


def test_what_is_filled_in_never_exceeds_what_may_be_typed():
    element = input_of(TextInput("name", "Name", initial="n" * 300, max_chars=120))["element"]
    assert (element["max_length"], len(element["initial_value"])) == (120, 120)


def test_an_input_takes_no_more_than_slack_allows():
    assert input_of(TextInput("why", "Why", max_chars=9000))["element"]["max_length"] == 3000


@pytest.mark.parametrize("part", [SelectInput("a", "Action", ()), ChecksInput("c", "Criteria", ())])
def test_nothing_to_choose_from_is_said_in_words(part):
    assert input_of(part)["elements"][0]["text"].endswith("there is nothing to choose from.")


def test_an_initial_choice_that_is_not_offered_is_left_out():
    element = input_of(SelectInput("a", "Action", (Option("x", "X"),), initial="y"))["element"]
    assert "initial_option" not in element


def test_a_card_without_a_summary_still_has_the_text_that_slack_demands():
    assert render.message(Card("  ", (Divider(),)))["text"] == "Countersign"


def test_the_summary_of_a_notification_cannot_mention_anybody():
    assert render.message(Card("<!here> & co", ()))["text"] == "&lt;!here&gt; &amp; co"


def test_the_home_tab_takes_a_hundred_blocks():
    view = render.home([Section((Plain(str(number)),)) for number in range(150)])
    assert view_problems(view) == []
    assert len(view["blocks"]) == 100


def test_a_picture_that_was_uploaded_is_named_by_the_platforms_own_id():
    (image,) = blocks_of(Picture("", "Spend by day", "Spend", file="F0PICTURE1"))
    assert (image["type"], image["slack_file"], image["alt_text"]) == ("image", {"id": "F0PICTURE1"}, "Spend by day")
    assert "image_url" not in image
