"""YAML that a person may write, and what is refused, with the line."""

from __future__ import annotations

from itertools import pairwise

import pytest

from config.errors import YamlSyntaxError
from config.yamlfile import SIZE_MAX_BYTES, load_yaml, parse_yaml

POLICY = """\
name: creation
stages:
  - title: Technical
    approvers: [ann, bob]

  - title: Security
"""


def refusal(text: str) -> YamlSyntaxError:
    with pytest.raises(YamlSyntaxError) as caught:
        parse_yaml(text, file="policy.yaml")
    return caught.value


def test_a_document_becomes_plain_values():
    assert parse_yaml(POLICY, file="policy.yaml").value == {
        "name": "creation",
        "stages": [{"title": "Technical", "approvers": ["ann", "bob"]}, {"title": "Security"}],
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("name",), 1),
        (("stages",), 2),
        (("stages", 0), 3),
        (("stages", 0, "approvers"), 4),
        (("stages", 0, "approvers", 1), 4),
        (("stages", 1, "title"), 6),
        (("stages", 2), None),
        (("stages", 1, "timeout"), None),
    ],
)
def test_each_value_knows_its_line(path, line):
    assert parse_yaml(POLICY, file="policy.yaml").line_of(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("stages", 1, "timeout"), 6), (("stages", 7, "title"), 2), (("nothing", "here"), 1), (("stages", 0), 3)],
)
def test_a_missing_value_is_placed_where_it_should_have_stood(path, line):
    assert parse_yaml(POLICY, file="policy.yaml").nearest_line(path) == line


@pytest.mark.parametrize(("text", "line"), [("", 1), ("# nothing but a comment\n", 1), ("---\n", 2)])
def test_an_empty_document_is_none(text, line):
    document = parse_yaml(text, file="policy.yaml")
    assert document.value is None
    assert document.nearest_line(("any",)) == line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("22:00", "22:00"),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("007", 7),
        ("-12", -12),
        ("0o17", 15),
        ("0xFF", 255),
        ("2.5e-3", 0.0025),
        (".5", 0.5),
        ("'7'", "7"),
        ('"true"', "true"),
        ("!!str 7", "7"),
    ],
)
def test_scalars_mean_what_the_yaml_1_2_core_schema_says(written, meant):
    value = parse_yaml(f"key: {written}", file="policy.yaml").value["key"]
    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "The key 'a' is given twice; it already stands on line 1."),
        ("x:\n  1: one\n", 2, "A key must be text; write '1' in quotes."),
        ("true: x\n", 1, "A key must be text; write 'true' in quotes."),
        ("? [a, b]\n: x\n", 1, "A key must be text."),
        ("base: &b {x: 1}\nmore:\n  <<: *b\n", 3, "The merge key '<<' is not accepted; write the keys out."),
        ("x: !!set {a}\n", 1, "The tag 'tag:yaml.org,2002:set' is not accepted."),
        ("x: !!int abc\n", 1, "'abc' is not a number."),
        ("x: 1e999\n", 1, "The number '1e999' is too large."),
        (f"x: {'9' * 101}\n", 1, "The number has more than 100 digits."),
        ("x:\n  - &me [*me]\n", 2, "An alias contains itself."),
        ("a: fine\nb: \x07\n", 2, "Character U+0007 cannot be used."),
        ("a: *nobody\n", 1, "This is not accepted YAML: found undefined alias 'nobody'."),
        ("[" * 51, 1, "This is not accepted YAML: more than 50 levels deep."),
        (
            "a: b\n---\nc: d\n",
            2,
            "This is not accepted YAML: expected a single document in the stream, but found another document.",
        ),
        (
            "a: [\n",
            2,
            "This is not accepted YAML: while parsing a flow node, expected the node content, "
            "but found '<stream end>'.",
        ),
    ],
)
def test_what_is_refused_is_named_with_its_line(text, line, message):
    error = refusal(text)
    assert (error.file, error.line, error.message) == ("policy.yaml", line, message)


def test_a_tag_that_would_run_code_is_refused():
    assert "is not accepted" in refusal("x: !!python/object/apply:os.system ['true']").message


def test_aliases_that_multiply_are_stopped_long_before_they_hurt():
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in pairwise("abcdefgh")]
    message = "The document has more than 50000 values once its aliases are expanded."
    assert refusal("\n".join(lines)).message == message


def test_an_alias_is_a_copy_with_lines_of_its_own_place():
    document = parse_yaml("first: &same\n  x: 1\nsecond: *same\n", file="policy.yaml")
    assert document.value == {"first": {"x": 1}, "second": {"x": 1}}
    assert document.line_of(("second",)) == 3


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"a: b\nc: \xff\n", 2, "The file is not UTF-8 text."),
        (b"#" * (SIZE_MAX_BYTES + 1), None, f"The file is larger than {SIZE_MAX_BYTES} bytes."),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, line, message):
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)
    with pytest.raises(YamlSyntaxError) as caught:
        load_yaml(path)
    assert (caught.value.file, caught.value.line, caught.value.message) == (str(path), line, message)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(YamlSyntaxError) as caught:
        load_yaml(tmp_path / "nowhere.yaml")
    assert str(caught.value) == f"{tmp_path}/nowhere.yaml: The file cannot be read: No such file or directory."


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: creation\n")
    assert load_yaml(path).value == {"name": "creation"}
