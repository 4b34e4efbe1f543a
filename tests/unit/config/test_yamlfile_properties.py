"""Invariants of the YAML reader over arbitrary documents and arbitrary text."""

from __future__ import annotations

import string

import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.errors import YamlSyntaxError
from config.yamlfile import parse_yaml

words = st.text(alphabet=string.ascii_letters, min_size=1).map(lambda word: f"k{word}")
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(words, values, max_size=4)


def every_path(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from every_path(inner, (*path, key))


@given(documents)
def test_what_was_written_is_read_back_and_every_value_has_a_line(document):
    text = yaml.safe_dump(document)
    read = parse_yaml(text, file="any.yaml")
    assert read.value == document
    last = max(1, text.count("\n"))
    assert all(1 <= read.line_of(path) <= last for path in every_path(document))


@given(documents)
def test_lines_never_run_backwards_from_a_value_to_what_it_contains(document):
    read = parse_yaml(yaml.safe_dump(document), file="any.yaml")
    assert all(read.line_of(path[:-1]) <= read.line_of(path) for path in every_path(document) if path)


@given(st.text() | st.text(alphabet="ab:-[]{}&*!|>?'\"#%@, \n\t0123.~<"))
def test_any_text_is_read_or_refused_with_a_place(text):
    refusal = None
    try:
        parse_yaml(text, file="any.yaml")
    except YamlSyntaxError as error:
        refusal = error
    if refusal is not None:
        assert refusal.file == "any.yaml"
        assert refusal.line is None or 1 <= refusal.line <= len(text) + 1
        assert refusal.message.endswith(".")
