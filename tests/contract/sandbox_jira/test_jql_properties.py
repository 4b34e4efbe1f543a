"""The simulator's reading of JQL: what is written is read back, and no text crashes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jira import adf, jql
from sandbox.jira.jql import All, Any, BadQuery, Clause, Function, Not, Query, Sort
from sandbox.jira.searching import Search
from sandbox.jira.seed import provision
from sandbox.jira.site import Site

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10)
names = st.sampled_from(["project", "labels", "status", "cf[10021]", "issue.property[a].b", "Risk level"])
functions = st.builds(Function, st.sampled_from(["now", "currentUser"]), st.lists(words, max_size=2).map(tuple))
operands = st.one_of(words, functions)
clauses = st.one_of(
    st.builds(Clause, names, st.sampled_from(["=", "!=", "~", "!~", "<", "<=", ">", ">="]), st.tuples(operands)),
    st.builds(Clause, names, st.sampled_from(["in", "not in"]), st.lists(operands, min_size=1, max_size=3).map(tuple)),
    st.builds(Clause, names, st.sampled_from(["is", "is not"])),
)
parts = st.recursive(
    clauses,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
queries = st.builds(Query, st.none() | parts, st.lists(st.builds(Sort, names, st.booleans()), max_size=2).map(tuple))


@pytest.fixture(scope="module")
def site() -> Site:
    filled = Site()
    provision(filled)
    return filled


@given(queries)
def test_what_is_written_is_read_back(query):
    assert jql.parse(jql.render(query)) == query


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_sentence(text):
    try:
        jql.parse(text)
    except BadQuery as bad:
        assert str(bad)


@given(st.text(alphabet="projectGOV=!~<>()\"' andorniemptyslabc[]10021-", max_size=40))
def test_whatever_was_read_can_be_asked(site, text):
    person = next(iter(site.store.people.values()))
    try:
        found = Search(site, person).run(jql.parse(text), site.store.issues.values())
    except BadQuery:
        return
    assert len(found) in {0, 1}


@given(clauses)
def test_no_issue_satisfies_a_condition_and_its_negation(site, clause):
    person = next(iter(site.store.people.values()))
    try:
        one, other = (
            Search(site, person).run(Query(where), site.store.issues.values()) for where in (clause, Not(clause))
        )
    except BadQuery:
        return
    assert len(one) + len(other) <= 1  # neither of them when the field is empty


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_markup_becomes_a_valid_document(text):
    assert adf.flaw(adf.document(text)) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["type", "content", "version", "text", "marks", "attrs"]), inner),
                    max_leaves=12))  # fmt: skip
def test_no_value_crashes_the_check_of_documents(value):
    assert adf.flaw({"type": "doc", "version": 1, "content": value}) is None or value != []
