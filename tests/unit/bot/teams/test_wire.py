import pytest

from bot.teams.wire import Malformed, read_activity, spoken
from core.links import ConversationKind

BOT, ANN = {"id": "28:bot", "name": "Countersign"}, {"id": "29:ann", "name": "Ann", "aadObjectId": "AA-1"}
BODY = {
    "type": "message", "id": "1", "serviceUrl": "https://smba.example/", "channelId": "msteams", "from": ANN,
    "recipient": BOT, "text": "hello",
    "conversation": {"conversationType": "channel", "id": "19:x@thread.tacv2;messageid=77", "tenantId": "T-1"},
    "channelData": {"tenant": {"id": "T-1"}, "team": {"id": "19:team"}, "channel": {"id": "19:x", "name": "approvals"}},
}  # fmt: skip


def mention(account, words):
    return {"type": "mention", "mentioned": account, "text": words}


def said(text, *entities, known=None):
    return spoken(read_activity({**BODY, "text": text, "entities": list(entities)}), known or {})


def test_an_activity_says_who_did_what_where():
    activity = read_activity(BODY)
    assert (activity.sender.id, activity.sender.directory_id) == ("29:ann", "aa-1")
    assert (activity.conversation, activity.root, activity.kind) == (
        "19:x@thread.tacv2", "77", ConversationKind.CHANNEL,
    )  # fmt: skip
    assert (activity.team, activity.channel_name, activity.tenant_ids) == ("19:team", "approvals", frozenset({"T-1"}))
    assert activity.key == "19:x@thread.tacv2:1"


@pytest.mark.parametrize("name", ["type", "serviceUrl", "from", "conversation"])
@pytest.mark.parametrize("bad", [None, 7, [], "", {"id": None}, {"id": "x" * 2000}])
def test_an_activity_without_what_every_handler_reads_is_refused_by_name(name, bad):
    with pytest.raises(Malformed, match=name):
        read_activity({**BODY, name: bad})


@pytest.mark.parametrize("document", [None, [], "text", 7])
def test_what_is_no_object_is_no_activity(document):
    with pytest.raises(Malformed):
        read_activity(document)


@pytest.mark.parametrize(
    "name", ["entities", "channelData", "value", "recipient", "membersAdded", "text", "replyToId", "id"]
)
@pytest.mark.parametrize("bad", [None, 7, [None, 7, "x", {"type": "mention"}], {"tenant": 7}, "\ud800\x00"])
def test_any_other_part_may_be_anything(name, bad):
    activity = read_activity({**BODY, name: bad})
    assert "\x00" not in activity.text + activity.id + activity.reply_to
    spoken(activity, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<at>Countersign</at> approve REQ-1", "approve REQ-1"),
        ("<at>Countersign</at>\u00a0approve REQ-1", "approve REQ-1"),
        ("  <at>Countersign</at>\u00a0\u00a0 approve", "approve"),
        ("approve <at>Countersign</at>", "approve"),
    ],
)
def test_the_mention_of_the_bot_is_no_part_of_what_is_said(text, expected):
    assert said(text, mention(BOT, "<at>Countersign</at>")) == expected


def test_a_mention_in_the_text_alone_is_none():
    assert said("<at>Countersign</at> help") == "<at>Countersign</at> help"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"29:lee": "lee@acme.example"}, "approve delegate REQ-1 lee@acme.example on leave"),
        ({}, 'approve delegate REQ-1 "Lee Chen" on leave'),
    ],
)
def test_somebody_else_who_is_mentioned_is_said_by_their_address_or_name(known, expected):
    lee = {"id": "29:lee", "name": "Lee Chen"}
    text = "<at>Countersign</at> approve delegate REQ-1 <at>Lee Chen</at>\u00a0on leave"
    entities = (mention(BOT, "<at>Countersign</at>"), mention(lee, "<at>Lee Chen</at>"))
    assert " ".join(said(text, *entities, known=known).split()) == expected
