"""Cards and forms of every kind, with whatever people may write in them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

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
    Instant,
    Link,
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
    Strong,
    TextInput,
    Tone,
)

HOSTILE = (
    *("<!channel>", "<@U1|x>", "&", "<", ">", "&amp;", "\u202e", "\n", "*", "`", "👩🏽‍🚀", "שלום ", "|", " "),
    *("{", "{{TIME(2026-03-10T09:00:00Z)}}", "[a](https://e.example)", "<at>x</at>", "\\", "\x00", '"'),
)
words = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=20).map("".join),
    st.builds(
        lambda part, times: part * times,
        st.sampled_from((*HOSTILE, "word ")),
        st.sampled_from((1, 149, 151, 3001, 40_000)),
    ),
)
ours = st.sampled_from((" · ", "*bold*", "_quiet_", "`/approve help`", "✅ "))
instants = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
urls = st.one_of(words, words.map(lambda text: "https://x.example/" + "".join(text.split())))
pieces = st.one_of(
    st.builds(Plain, words),
    st.builds(Strong, words),
    st.builds(Markup, ours),
    st.builds(Instant, instants, ours),
    st.builds(Link, words, urls),
)
texts = st.lists(pieces, max_size=12).map(tuple)
ids = st.from_regex(r"[a-z]{1,12}\.[a-z]{1,12}", fullmatch=True)
confirms = st.one_of(st.none(), st.builds(Confirm, words, words, words, words))
buttons = st.builds(
    Button, ids, words, st.text("0123456789abcdef", min_size=1, max_size=99), st.sampled_from(Tone), confirms
)
rows = st.lists(
    st.one_of(buttons, st.builds(LinkButton, ids, words, urls)), max_size=30, unique_by=lambda each: each.action_id
).map(tuple)
blocks = st.one_of(
    st.builds(Heading, words),
    st.builds(Section, texts, st.one_of(st.none(), buttons)),
    st.builds(Fields, st.lists(st.tuples(words, texts), max_size=25).map(tuple)),
    st.builds(Quote, st.builds(Plain, words)),
    st.builds(Passage, st.builds(Plain, words)),
    st.builds(Picture, urls, words, words),
    st.builds(Steps, st.lists(texts, max_size=60).map(tuple)),
    st.builds(Context, texts),
    st.builds(Actions, rows),
    st.just(Divider()),
)
cards = st.builds(Card, words, st.lists(blocks, max_size=70).map(tuple))
options = st.lists(
    st.builds(Option, st.text("abcdef", min_size=1, max_size=300), words, words),
    max_size=120,
    unique_by=lambda o: o.value[:150],
).map(tuple)
inputs = st.one_of(
    st.builds(
        TextInput,
        id=ids,
        label=words,
        initial=words,
        placeholder=words,
        hint=words,
        max_chars=st.one_of(st.none(), st.integers(1, 9000)),
    ),
    st.builds(
        SelectInput, id=ids, label=words, options=options, initial=st.one_of(st.none(), st.text("abc", max_size=3))
    ),
    st.builds(ChecksInput, id=ids, label=words, options=options, initial=st.just(("a", "b"))),
    st.builds(PersonInput, id=ids, label=words, hint=words),
)
forms = st.builds(
    Form,
    callback_id=ids,
    title=words,
    blocks=st.lists(st.one_of(blocks, inputs), max_size=30, unique_by=lambda part: getattr(part, "id", id(part))).map(
        tuple
    ),
    submit=words.map(lambda text: text or "Send"),
    memo=st.text(max_size=200),
)
