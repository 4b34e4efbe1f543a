"""The simulator's reading of encoded queries, as the vendor's page describes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.servicenow.query import Order, Query, Term, matches, parse, render

KNOWN = ("number", "state", "active", "short_description", "assignment_group.name")
VALUED = ("=", "!=", "LIKE", "NOT LIKE", "STARTSWITH", "ENDSWITH", "IN", "NOT IN", ">", "<", ">=", "<=", "BETWEEN")

terms = st.one_of(
    # A value that begins with = would be read as part of the operators > and <: the language itself is ambiguous there.
    st.builds(
        Term, st.sampled_from(KNOWN), st.sampled_from(VALUED), st.text(max_size=12).filter(lambda s: s[:1] != "=")
    ),
    st.builds(Term, st.sampled_from(KNOWN), st.sampled_from(("ISEMPTY", "ISNOTEMPTY", "ANYTHING"))),
)
any_of = st.lists(terms, min_size=1, max_size=3).map(tuple)
all_of = st.lists(any_of, min_size=1, max_size=3).map(tuple)
orders = st.lists(st.builds(Order, st.sampled_from(KNOWN), st.booleans()), max_size=2).map(tuple)
queries = st.builds(Query, st.lists(all_of, min_size=1, max_size=3).map(tuple), orders)
rows = st.fixed_dictionaries({name: st.text(max_size=6) for name in KNOWN})


def is_known(field: str) -> bool:
    return field in KNOWN


def holds(query: Query, row: dict[str, str]) -> bool:
    return matches(query, row.__getitem__, lambda name: name == "state")


@given(queries)
def test_what_is_written_is_read_back(query):
    assert parse(render(query), is_known=is_known) == query


@given(st.text())
def test_no_text_is_an_error(text):
    parse(text, is_known=is_known)


@given(st.text(alphabet="^=<>ORNQDEBYactivestate,@! ", max_size=40), rows)
def test_whatever_was_read_can_be_asked_of_a_row(text, row):
    assert holds(parse(text, is_known=is_known), row) in {True, False}


@given(all_of, rows)
def test_an_invalid_condition_is_dropped_and_the_rest_runs(groups, row):
    valid = Query((groups,))
    spoiled = parse(f"{render(valid)}^no_such_field=1", is_known=is_known)

    assert spoiled.has_invalid
    assert holds(spoiled, row) == holds(valid, row)


@given(rows)
def test_nothing_but_invalid_conditions_matches_every_row(row):
    assert holds(parse("no_such_field=1^another.one=2", is_known=is_known), row)


@given(terms, rows)
def test_a_condition_and_its_negation_never_agree(term, row):
    opposite = {"=": "!=", "LIKE": "NOT LIKE", "IN": "NOT IN", "ISEMPTY": "ISNOTEMPTY"}.get(term.operator)
    if opposite is not None:
        one, other = Query((((term,),),)), Query((((Term(term.field, opposite, term.value),),),))
        assert holds(one, row) != holds(other, row)


def test_or_binds_tighter_than_and():
    query = parse("active=true^state=-5^ORstate=-4^NQnumberSTARTSWITHINC^ORDERBYDESCnumber", is_known=is_known)

    assert query.alternatives == (
        ((Term("active", "=", "true"),), (Term("state", "=", "-5"), Term("state", "=", "-4"))),
        ((Term("number", "STARTSWITH", "INC"),),),
    )
    assert query.order == (Order("number", descending=True),)


def test_numbers_compare_as_numbers_and_texts_without_case():
    row = dict.fromkeys(KNOWN, "") | {"state": "-5", "number": "chg0001"}

    assert holds(parse("state=-5.0^state<-4^stateBETWEEN-6@-1^numberLIKECHG", is_known=is_known), row)
    assert not holds(parse("state>-5", is_known=is_known), row)
