"""Files of custom ticket systems: what is accepted, what is refused and how that is said; templates; what would be sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli import cli
from app.connectors import attempt, check
from config.yamlfile import parse_yaml
from connectors.itsm.base import FieldUse
from connectors.itsm.custom import OPERATIONS, Custom, read_spec
from connectors.itsm.custom.fields import uses
from connectors.itsm.templates import Template, TemplateError, parse, rendered
from core.errors import ConfigError, InvalidInput

DOCS = Path(__file__).parents[4] / "docs" / "connectors" / "custom.md"
BLOCKS = re.findall(r"```yaml\n(# (\w+\.yaml)\n.*?)```", DOCS.read_text(), re.DOTALL)
EXAMPLES = {name: text for text, name in BLOCKS if name != "countersign.yaml"}
DESK = EXAMPLES["desk.yaml"]


def spec_of(text: str, file: Path = Path("desk.yaml")):
    return read_spec(parse_yaml(text, file=str(file)), file=file)


def refusal(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        spec_of(text)
    return refused.value


def test_the_documentation_shows_two_whole_files():
    assert sorted(EXAMPLES) == ["desk.yaml", "glpi.yaml"]


@pytest.mark.row("N4")
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_accepted_as_it_stands(name):
    assert spec_of(EXAMPLES[name]).title in {"Ticket desk", "GLPI"}


@pytest.mark.row("N4")
@pytest.mark.parametrize(
    ("old", "new", "key", "message", "accepted"),
    [
        ("title: Ticket desk\n", "", None, "The key 'title' is missing.", None),
        ("account:", "acount:", "acount", "'acount' is not a key here. Did you mean 'account'?", None),
        ("url: https://desk", "url: http://desk", "url", "Credentials would travel in clear text.", ("https://…",)),
        ("token: {env: DESK_TOKEN}", "token: s3cret", "auth.token",
         "A secret never stands in this file: refer to a variable or a file.", ("{env: NAME}", "{file: path}")),
        ("token: {env: DESK_TOKEN}", "token: {env: A, file: b}", "auth.token", "Give exactly one of the two.",
         ("{env: NAME}", "{file: path}")),
        ("kind: bearer", "kind: bearr", "auth.kind", "'bearr' is not accepted here. Did you mean 'bearer'?",
         ("none", "basic", "bearer", "header", "oauth2", "session")),
        ("    in_approval: review\n", "", "states.write", "The key 'in_approval' is missing.", None),
        ('title: "{summary}"', 'title: "{sumary}"', "create.body.title", "'{sumary}' is not known here.",
         ("{key}", "{kind}", "{summary}", "{description}", "{requester_email}", "{state}", "{fields.…}")),
        ('title: "{summary}"', 'title: "{summary"', "create.body.title",
         "A single '{' stands here; a brace is written '{{'.", None),
        ("path: /tickets/{id}\n  stepwise", "path: tickets/{id}\n  stepwise", "update.path",
         "The path begins with / and has no '?': put what follows it into 'query'.", None),
        ("method: PATCH", "method: PATHC", "update.method", "'PATHC' is not accepted here. Did you mean 'PATCH'?",
         ("GET", "POST", "PUT", "PATCH", "DELETE")),
        ("paging: {kind: page, size: 20", "paging: {kind: pages, size: 20", "changes.paging.kind",
         "'pages' is not accepted here. Did you mean 'page'?", ("none", "page", "offset", "cursor", "link")),
        ("means: throttled", "means: later", "errors.rules.0.means", "'later' is not accepted here.",
         ("not_sent", "throttled", "refused", "unknown", "nothing")),
        ("status: 503,", "status: soon,", "errors.rules.0.status", "'soon' is not a whole number from 200.", None),
        ("  updated_at: updated_at\n", "", "ticket", "'changes' needs 'updated_at'.", None),
        ("  key: external_ref\n", "", "ticket",
         "'find' needs 'key': only what carries our key is taken for ours.", None),
        ('query: {external_ref: "{key}"}', "query: {open: 1}", "find", "The request does not ask for {key}.", None),
        ('updated_since: "{since}", ', "", "changes",
         "The request does not ask for what changed since {since}; or read 'newest_first'.", None),
        ("  header: X-Desk-Signature\n", "", "webhook",
         "The kind 'hmac' needs 'header': where the signature stands.", None),
        ("    rejected: rejected", "    rejected: closed", "states.write.closed",
         "'closed' is written for closed, rejected: say in 'states.read' which it means.", None),
        ("account:", "times: {format: tomorrow}\naccount:", "times.format", "'tomorrow' is no format of times.", None),
        ("account:", "times: {zone: Atlantis/Deep}\naccount:", "times.zone", "'Atlantis/Deep' is no time zone.", None),
        ("account:", "headers: {Authorization: x}\naccount:", "headers.Authorization",
         "A secret never stands in this file: refer to a variable or a file.", ("{env: NAME}", "{file: path}")),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_key_and_what_would_be_accepted(old, new, key, message, accepted):
    assert old in DESK
    error = refusal(DESK.replace(old, new, 1))
    found = error.sentence()

    assert message in found
    assert "desk.yaml:" in found
    if not error.message.startswith(("2 problems", "3 problems")):
        assert (error.key, error.message) == (key, message)
        assert accepted is None or error.accepted == accepted
        lines = DESK.replace(old, new, 1).splitlines()
        last = (key or "").rpartition(".")[2]
        assert key is None or last in lines[error.line - 1] or last.isdecimal()


@pytest.mark.row("N6")
def test_a_file_by_which_a_ticket_could_be_doubled_is_refused():
    without = re.sub(r"find:\n(  .*\n)+", "", DESK)

    error = refusal(without)

    assert error.key == "create"
    assert error.message.startswith("A call that times out may have made a ticket, and nothing here could tell")
    keyed = without.replace(
        "create:\n  path: /tickets\n",
        'create:\n  path: /tickets\n  idempotent: true\n  headers: {Idempotency-Key: "{key}"}\n',
    )
    assert spec_of(keyed).is_create_idempotent


def test_a_promise_of_idempotency_without_the_key_is_refused():
    text = DESK.replace('    external_ref: "{key}"\n', "").replace("\ncreate:\n", "\ncreate:\n  idempotent: true\n")

    assert "carries no {key} by which the system could know it again" in refusal(text).sentence()


def test_a_file_by_which_a_comment_could_be_doubled_is_refused():
    error = refusal(re.sub(r"comments:\n(  .*\n)+", "", DESK))

    assert (error.key, error.message.partition(",")[0]) == ("comment", "A comment whose call timed out may be there")


ANSWERS = "write: {requested: waiting, approved: granted, rejected: refused, ended: dropped}"
MARK = """  mark:
    path: /approvals/{approval}
    body: {state: "{state}", comment: "{comment}"}
"""
WITHDRAW = """  withdraw:
    path: /approvals/{approval}
    body: {state: "{state}"}
"""
ASK = """  ask:
    path: /tickets/{id}/approvals
    body: {approver: "{account}"}
"""


@pytest.mark.row("N4")
@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        (ANSWERS, ANSWERS.replace("approved: granted, ", ""), "approvals.states.write", "The key 'approved' is missing."),
        ("read: {on_hold: requested}", "read: {on_hold: requestd}", "approvals.states.read.on_hold",
         "'requestd' is not accepted here. Did you mean 'requested'?"),
        ("ended: dropped}", "ended: refused}", "approvals.states.write.rejected",
         "'refused' is written for rejected, ended: say in 'approvals.states.read' which it means."),
        ("  account: approver.login\n", "", "approvals", "The key 'account' is missing."),
        ("  mark:\n", "  marks:\n", "approvals.marks", "'marks' is not a key here. Did you mean 'mark'?"),
        ('approver: "{account}"', 'approver: "{acount}"', "approvals.ask.body.approver", "'{acount}' is not known here."),
        ('approver: "{account}"', "approver: ken.ito", "approvals.ask", "The request asks for nobody."),
        (WITHDRAW, "", "approvals.ask", "Whoever is asked must be let go when nobody waits for them: declare 'withdraw'."),
        (ASK, "", "approvals.mark", "'mark' is for approvals that we asked for, and the file declares no 'ask'."),
        (WITHDRAW, WITHDRAW.replace("{approval}", "{id}"), "approvals.withdraw", "The request names no {approval}."),
        (MARK, MARK.replace('"{state}"', "done"), "approvals.mark",
         "The request writes no {state}, so it could not say what was decided."),
        (", ended: dropped", "", "approvals.states",
         "'withdraw' writes {state}, and 'write' has no value for 'ended'."),
        ("  by: updated_by  ", "  # by:  ", "approvals.mark", "What we write on somebody's approval would come back"),
        ("  asked_by: asked_by  ", "  # asked_by:  ", "approvals.ask", "Which approvals are ours is known by who asked"),
        ("account: countersign ", "# account: ", "approvals.ask", "Which approvals are ours is known by who asked"),
        ("    ticket: ticket  ", "    # ticket:  ", "approvals.changes",
         "The key 'ticket' is missing: where in an approval its ticket's id stands."),
        ("  at: updated_at\n", "", "approvals", "'changes' needs 'at': when an approval was touched."),
        ('/approvals\n    query: {updated_since: "{since}"', "/approvals\n    query: {x: y", "approvals.changes",
         "The request does not ask for what changed since {since}; or read 'newest_first'."),
    ],
)  # fmt: skip
def test_a_mistake_in_the_approvals_is_named_with_line_and_key(old, new, key, message):
    assert DESK.count(old) == 1, old
    text = DESK.replace(old, new)
    said = refusal(text).sentence()

    assert message in said
    (line,) = {int(one) for one in re.findall(rf"desk\.yaml:(\d+)[^\n]*\b{re.escape(key)}\b", said)}
    assert key.rpartition(".")[2] in text.splitlines()[line - 1]
    assert line > text[: text.index("approvals:")].count("\n")


@pytest.mark.parametrize(
    ("section", "other", "message"),
    [
        ("approvals", "tasks", "What people decide is found with what was touched: declare 'changes'."),
        ("tasks", "approvals", "What people do with tasks is found with what was touched: declare 'changes'."),
    ],
)
def test_what_people_do_there_without_changes_is_refused_as_nobody_would_look(section, other, message):
    text = re.sub(rf"^(changes|{other}):.*\n(  .*\n)+", "", DESK, flags=re.MULTILINE)

    error = refusal(text)

    assert (error.key, error.message) == (section, message)


@pytest.mark.row("N4", "G3")
@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("  words: result", "  wrds: result", "tasks.wrds", "'wrds' is not a key here. Did you mean 'words'?"),
        ("  by: last_by ", "  # by: ", "tasks", "The key 'by' is missing."),
        ("done: done, failed", "failed", "tasks.states.write", "The key 'done' is missing."),
        ('kind: "{type}", external_ref: "{key}"', "kind: x", "tasks.create", "The request writes no {key}"),
        ('{state: "{state}", result', "{state: done, result", "tasks.update", "The request names no {state}."),
        ("    path: /tasks/{task}\n", "    path: /tasks/1\n", "tasks.update", "The request names no {task}."),
        ("account: countersign ", "# account: ", "tasks", "What we do to a task would come back as somebody's"),
    ],
)
def test_a_mistake_in_the_tasks_is_named_with_its_key(old, new, key, message):
    assert DESK.count(old) == 1, old
    said = refusal(DESK.replace(old, new)).sentence()

    assert message in said
    assert re.search(rf"desk\.yaml:\d+[^\n]*\b{re.escape(key)}\b", said)


def test_all_problems_are_told_at_once():
    said = refusal(DESK.replace("kind: bearer", "kind: x").replace("method: PATCH", "method: y", 1)).sentence()

    assert "2 problems" in said
    assert "auth.kind" in said
    assert "update.method" in said


@pytest.mark.parametrize("text", ["", "[]", "x", "title: 1", "states: []", "ticket: 3\ncreate: 4", "auth: {kind: [1]}",
                                  "create: {path: [1], body: 3, query: 4}", "tables: {kind: 3}", "errors: {rules: 3}",
                                  "changes: 1", "webhook: x", "approvals: 3", "approvals: {path: /, states: {write: 1}, changes: x, ask: y}", "comments: []", "kinds: {a: 1}", "url: 'http://[x'"])  # fmt: skip
def test_a_file_of_any_shape_is_refused_with_its_place(text):
    assert "desk.yaml" in refusal(text).sentence()


def test_a_secret_that_is_not_there_is_named_and_never_shown(monkeypatch, tmp_path):
    monkeypatch.delenv("DESK_TOKEN", raising=False)
    with pytest.raises(ConfigError, match=r"The secret of Ticket desk \(env DESK_TOKEN\) is not set\."):
        Custom(spec_of(DESK))
    monkeypatch.setenv("DESK_WEBHOOK_SECRET", "x")
    monkeypatch.setenv("DESK_TOKEN", "two\nlines")
    with pytest.raises(ConfigError, match=r"has more than one line") as refused:
        Custom(spec_of(DESK))
    assert "lines" not in refused.value.sentence().replace("one line", "")
    text = DESK.replace("{env: DESK_TOKEN}", "{file: nowhere}")
    with pytest.raises(ConfigError, match=r"\(file nowhere\) cannot be read: No such file"):
        Custom(spec_of(text, tmp_path / "desk.yaml"))


# Templates


@given(st.text(max_size=40), st.text(min_size=1, max_size=40).filter(lambda text: text not in {".", ".."}))
def test_a_value_stays_one_segment_of_the_path(key, text):
    path = parse("/tickets/{id}/x").path({"id": text})

    head, _, rest = path.removeprefix("/").partition("/")
    segment, _, tail = rest.partition("/")
    assert (head, unquote(segment), tail) == ("tickets", text, "x")
    assert not set("?#") & set(path)


@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_a_value_that_would_lead_elsewhere_is_refused(value):
    with pytest.raises(ValueError, match="would lead to another path"):
        parse("/tickets/{id}").path({"id": value})


@given(st.text(max_size=60))
def test_braces_written_twice_are_braces_and_everything_else_is_itself(text):
    escaped = text.replace("{", "{{").replace("}", "}}")

    assert parse(escaped).text({}) == text


@given(st.text(max_size=60))
def test_any_text_is_a_template_or_says_why_not(text):
    try:
        found = parse(text)
    except TemplateError as exc:
        assert str(exc)
    else:
        assert isinstance(found, Template)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_a_body_holds_values_and_never_more(texts, value):
    tree = {name: parse("{text}") for name in texts}

    filled = rendered({**tree, "fixed": 3, "list": (parse("a{text}"), None)}, {"text": value})

    assert json.loads(json.dumps(filled))["list"] == [f"a{value}"]
    expected = dict.fromkeys(tree, value) if value else {}
    assert filled == {**expected, "fixed": 3, "list": [f"a{value}"]}


def test_a_single_placeholder_keeps_its_type_and_nothing_leaves_its_entry_out():
    tree = {"a": parse("{n}"), "b": parse("x{n}"), "c": parse("{none}"), "d": None, "e": parse("{flag}")}

    assert rendered(tree, {"n": 3, "flag": False}) == {"a": 3, "b": "x3", "d": None, "e": False}


# What would be sent


@pytest.mark.row("N4")
def test_a_trial_shows_the_exact_request_with_secrets_struck_out(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_TOKEN", "s3cret")
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)

    found = attempt(file, "create", ["kind=incident", "fields.risk=low", "summary=Two\nlines"])

    assert (found["method"], found["url"]) == ("POST", "https://desk.example.com/api/tickets")
    assert found["headers"]["Authorization"] == "Bearer ***(env DESK_TOKEN)"
    assert found["body"]["type"] == "incident"
    assert (found["body"]["title"], found["body"]["priority"]) == ("Two lines", 3)
    assert "s3cret" not in json.dumps(found)
    moved = attempt(file, "update", ["target=closed", "id=7", "text=Done."])
    assert (moved["method"], moved["url"][-10:], moved["body"]) == (
        "PATCH", "/tickets/7", {"status": "closed", "resolution": "Done."},
    )  # fmt: skip


UNDECLARED = {  # by glpi.yaml
    "approvals.mark", "approvals.reopen", "attachments.list", "attachments.add", "tasks", "tasks.changes",
    "tasks.create", "tasks.update",
}  # fmt: skip


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - UNDECLARED))
def test_every_operation_of_glpi_can_be_tried(tmp_path, operation):
    file = tmp_path / "glpi.yaml"
    file.write_text(EXAMPLES["glpi.yaml"])

    found = attempt(file, operation, [])

    assert found["headers"]["App-Token"] == "***(env GLPI_APP_TOKEN)"
    assert found["url"].startswith("https://glpi.example.com/apirest.php/")


@pytest.mark.row("N1")
def test_a_file_that_is_attached_can_be_tried_and_one_that_could_be_doubled_is_refused(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)
    sent = attempt(file, "attachments.add", ["id=7"])
    assert (sent["method"], sent["url"][-16:], sent["body"]["name"]) == (
        "POST", "/tickets/7/files", "REQ-1042-decision.json",
    )  # fmt: skip

    file.write_text(DESK.replace('name: "{file_name}", ', ""))
    with pytest.raises(ConfigError, match="carries no {file_name}"):
        attempt(file, "attachments.add", [])


@pytest.mark.row("N4")
def test_what_is_asked_marked_withdrawn_and_reopened_can_be_tried(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)

    def tried(operation, *samples):
        found = attempt(file, f"approvals{operation}", samples)
        return (found["method"], found["url"].removeprefix("https://desk.example.com/api"), found["body"])

    assert tried("") == ("GET", "/tickets/1042/approvals", None)
    assert tried(".ask", "account=ken.ito") == ("POST", "/tickets/1042/approvals", {"approver": "ken.ito"})
    assert tried(".mark", "decision=rejected", "text=No owner.") == (
        "PATCH", "/approvals/17", {"state": "refused", "comment": "No owner."},
    )  # fmt: skip
    assert tried(".withdraw", "approval=9") == ("PATCH", "/approvals/9", {"state": "dropped"})
    assert tried(".reopen") == ("PATCH", "/approvals/17", {"state": "waiting"})


def test_a_secret_in_a_header_of_any_request_is_found(tmp_path, monkeypatch):
    for name in ("DESK_TOKEN", "DESK_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "eA==")
    monkeypatch.delenv("ASKING", raising=False)
    with pytest.raises(ConfigError, match=r"\(env ASKING\) is not set"):
        Custom(spec_of(DESK.replace(ASK, f"{ASK}    headers: {{X-Key: {{env: ASKING}}}}\n")))


@pytest.mark.parametrize(
    ("operation", "samples", "said"),
    [
        ("destroy", [], "There is no operation 'destroy'."),
        ("login", [], "Ticket desk needs no login."),
        ("create", ["kind"], "'kind' is no sample; it reads name=value."),
        ("create", ["colour=red"], "'colour' is no sample."),
        ("create", ["kind=party"], "'party' is not a valid TicketKind."),
        ("get", ["id=.."], "would lead to another path"),
    ],
)
def test_a_trial_that_cannot_be_made_says_why(tmp_path, operation, samples, said):
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)

    with pytest.raises(InvalidInput) as refused:
        attempt(file, operation, samples)
    assert said in refused.value.message


def test_the_command_line_checks_and_tries(tmp_path):
    file = tmp_path / "desk.yaml"
    file.write_text(DESK)
    assert check([file])[0]["can"] == [
        "changes", "incidents", "comments", "webhooks", "polling", "approvals", "asking approvers",
        "marking approvals", "reopening approvals", "attachments",
    ]  # fmt: skip

    checked = CliRunner().invoke(cli, ["connector", "check", str(file), "--json"])
    tried = CliRunner().invoke(cli, ["connector", "try", str(file), "find"])

    assert json.loads(checked.stdout)[0]["title"] == "Ticket desk"
    assert tried.stdout.splitlines()[0].startswith("GET https://desk.example.com/api/tickets?external_ref=0190c2f0")
    assert "Authorization: Bearer ***(env DESK_TOKEN)" in tried.stdout


WRITE = '  write: {method: PATCH, path: "/tickets/{id}", body: "{values}"}\n'


@pytest.mark.row("N4")
@pytest.mark.parametrize(
    ("new", "key", "message"),
    [
        ('  write: {method: PATCH, path: "/tickets/{id}", body: {a: 1}}\n', "fields.write", "writes no {values}"),
        (
            '  write: {method: PATCH, path: "/tickets/{id}", form: {a: "{values}"}}\n',
            "fields.write.form",
            "give 'body'",
        ),
        (WRITE.replace("write", "wirte"), "fields.wirte", "Did you mean 'write'?"),
    ],
)
def test_a_mistake_in_how_fields_are_written_is_named_with_its_key(new, key, message):
    assert WRITE in DESK
    refused = refusal(DESK.replace(WRITE, new))
    assert (refused.key, message in refused.message) == (key, True)


@pytest.mark.row("N4", "N5")
def test_a_declared_field_tells_whether_the_ticket_s_state_key_or_number_stands_at_its_place():
    read = "read: {reason: reason, cost_centre: cost_centre}"
    assert read in DESK
    spec = spec_of(DESK.replace(read, "read: {reason: reason, standing: status, ours: external_ref, at: updated_at}"))
    assert uses(spec) == {
        "reason": FieldUse.FREE,
        "standing": FieldUse.STATE,
        "ours": FieldUse.KEY,
        "at": FieldUse.GIVEN,
    }
