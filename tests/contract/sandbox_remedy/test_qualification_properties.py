"""The simulator's reading of qualifications: what is written is read back, and no text crashes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.remedy.answering import Asked, holds
from sandbox.remedy.qualification import (
    BadQualification,
    Both,
    Compare,
    Either,
    FieldRef,
    Keyword,
    Literal,
    Not,
    Sum,
    parse,
    render,
)

NAMES = ("Status", "Description", "It's mine", "7")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
atoms = st.one_of(
    st.builds(FieldRef, st.sampled_from(NAMES)),
    st.builds(Literal, texts | st.integers(0, 10**9)),
    st.builds(Keyword, st.sampled_from(["$NULL$", "$USER$", "$TIMESTAMP$"])),
)
operands = st.recursive(atoms, lambda inner: st.builds(Sum, st.sampled_from("+-*/%"), inner, inner), max_leaves=3)
relations = st.builds(Compare, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"]), operands, operands)
nodes = st.recursive(
    relations,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(Both, inner, inner), st.builds(Either, inner, inner)),
    max_leaves=5,
)
entries = st.fixed_dictionaries({name: st.none() | texts | st.integers(0, 99) for name in NAMES})


def asked(entry) -> Asked:
    return Asked(entry.get, lambda _, value: value, {"$USER$": "ann", "$TIMESTAMP$": 1_800_000_000})


@given(nodes)
def test_what_is_written_is_read_back(node):
    assert parse(render(node)) == node


@given(st.text(max_size=60))
def test_any_text_is_a_qualification_or_a_sentence(text):
    try:
        parse(text)
    except BadQualification as bad:
        assert str(bad)


@given(nodes, entries)
def test_no_entry_satisfies_a_condition_and_its_negation(node, entry):
    assert not (holds(node, asked(entry)) and holds(Not(node), asked(entry)))


@given(texts, entries)
def test_a_text_with_quotes_cannot_leave_its_quotes(text, entry):
    quoted = text.replace('"', '""')
    node = parse(f"'Description' = \"{quoted}\" AND 'Status' = 1")

    assert node == Both(
        Compare("=", FieldRef("Description"), Literal(text)), Compare("=", FieldRef("Status"), Literal(1))
    )


@given(texts)
def test_everything_is_like_a_percent_sign_and_nothing_equals_null(text):
    entry = {"Description": text}

    assert holds(parse("'Description' LIKE \"%\""), asked(entry))
    assert not holds(parse("'Description' != \"x\""), asked({"Description": None}))
    assert not holds(parse("NOT 'Description' = \"x\""), asked({"Description": None}))
    assert holds(parse("NOT 'Description' = \"x\""), asked({"Description": "y"}))
    assert holds(parse("'Description' = $NULL$"), asked({"Description": None}))


def test_and_binds_tighter_than_or_and_not_tightest():
    a, b, c = (Compare("=", FieldRef(name), Literal(1)) for name in ("7", "8", "9"))

    assert parse("'7' = 1 OR NOT '8' = 1 AND '9' = 1") == Either(a, Both(Not(b), c))
    assert parse("('7' = 1 || '8' = 1) && '9' = 1") == Both(Either(a, b), c)
