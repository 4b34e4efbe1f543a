"""Approvals of declared systems, as far as their files go: GLPI's validations, and files that declare less (N4)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import Health, Refused, Ticket, TicketState
from connectors.itsm.custom import Custom, declared, load
from core.tickets import Decision, Shown
from tests.contract.itsm.bench import make_draft, patch, told
from tests.contract.itsm.desks import SECRETS, Desk, serving
from tests.contract.itsm.glpi import Glpi

pytestmark = pytest.mark.row("N4")

JEANNE = "3"  # a user of GLPI, by id
KEN = "ken.ito"


@pytest.fixture(autouse=True)
def secrets_set(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def asks(account: str, decision: Decision = Decision.REQUESTED, **more: object) -> Shown:
    return Shown(account, "", decision, **more)  # type: ignore[arg-type]


async def in_review(system: Custom) -> Ticket:
    ticket = await system.create(make_draft())
    return await system.update(ticket, patch(TicketState.IN_APPROVAL))


# GLPI: only the approver answers, and what is not answered can be deleted


@pytest.fixture
def glpi() -> Glpi:
    return Glpi()


@pytest.fixture
async def on_glpi(glpi: Glpi, tmp_path: Path) -> AsyncIterator[Custom]:
    async with serving(glpi, tmp_path, name="glpi.yaml") as file:
        assert declared(file, slug="glpi").capabilities.approvals == ApprovalAbilities(reads=True, asks=True)
        system = Custom(load(file))
        yield system
        await system.close()


async def test_glpi_asks_once_and_tells_the_answer_though_the_ticket_is_not_touched(glpi, on_glpi):
    ticket = await in_review(on_glpi)
    for _ in range(2):
        (open_,) = await on_glpi.show_approvers(ticket, [asks(JEANNE)])
    _, cursor = await told(on_glpi, None)
    (row,) = glpi.validations.on(15)
    touched = dict(glpi.tickets[15])
    glpi.validations.answer(row["id"], glpi.validations.refused, "No owner.")

    (change,), cursor = await told(on_glpi, cursor)

    (approval,) = change.approvals
    assert (open_.decision, open_.account, open_.version) == (Decision.REQUESTED, JEANNE, 0)
    assert (approval.decision, approval.account, approval.comment) == (Decision.REJECTED, JEANNE, "No owner.")
    assert (approval.id, approval.is_ours, approval.version > 0) == (open_.id, False, True)
    assert glpi.tickets[15] == touched
    assert await told(on_glpi, cursor) == ([], cursor)


async def test_glpi_deletes_what_waits_for_nobody_and_keeps_what_was_answered(glpi, on_glpi):
    ticket = await in_review(on_glpi)
    await on_glpi.show_approvers(ticket, [asks(JEANNE), asks("4")])
    (jeannes, _other) = glpi.validations.on(15)
    glpi.validations.answer(jeannes["id"], glpi.validations.accepted)

    stand = await on_glpi.show_approvers(ticket, ())

    assert [(one.account, one.decision) for one in stand] == [(JEANNE, Decision.APPROVED)]


async def test_a_vote_that_cannot_be_marked_there_lets_its_person_go(glpi, on_glpi):
    ticket = await in_review(on_glpi)
    await on_glpi.show_approvers(ticket, [asks(JEANNE)])

    assert await on_glpi.show_approvers(ticket, [asks(JEANNE, Decision.APPROVED)]) == ()


async def test_what_others_asked_for_in_glpi_is_left_to_them(glpi, on_glpi):
    ticket = await in_review(on_glpi)
    await on_glpi.show_approvers(ticket, [asks(JEANNE)])
    (row,) = glpi.validations.on(15)
    row["users_id"] = 4

    (stands,) = await on_glpi.show_approvers(ticket, [asks(JEANNE, Decision.APPROVED)])

    assert stands.decision is Decision.REQUESTED


async def test_an_answer_on_somebody_elses_ticket_is_no_news(glpi, on_glpi):
    ticket = await in_review(on_glpi)
    await on_glpi.show_approvers(ticket, [asks(JEANNE)])
    _, cursor = await told(on_glpi, None)
    glpi.tickets[15]["externalid"] = ""
    (row,) = glpi.validations.on(15)
    glpi.validations.answer(row["id"], glpi.validations.accepted)
    before = len(glpi.calls)

    for _ in range(2):
        changes, cursor = await told(on_glpi, cursor)
        assert changes == []
    assert [call for call in glpi.calls[before:] if call == "GET /apirest.php/Ticket/15"] == [
        "GET /apirest.php/Ticket/15"
    ]


# Files that declare less


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def file(desk: Desk, tmp_path: Path) -> AsyncIterator[Path]:
    async with serving(desk, tmp_path, name="desk.yaml") as found:
        yield found


def without(file: Path, *sections: str) -> Path:
    """The file with these parts of its approvals left out."""
    text = file.read_text()
    (block,) = re.findall(r"^approvals:.*\n(?:  .*\n)+", text, flags=re.MULTILINE)
    left = block
    for name in sections:
        left, count = re.subn(rf"^  {name}:\n(    .*\n)+", "", left, flags=re.MULTILINE)
        assert count == 1, name
    file.write_text(text.replace(block, left))
    return file


async def test_without_a_list_of_all_an_answer_is_found_with_its_touched_ticket(desk, file):
    system = Custom(load(without(file, "changes")))
    ticket = await in_review(system)
    await system.show_approvers(ticket, [asks(KEN)])
    _, cursor = await told(system, None)
    (row,) = [one for one in desk.approvals.on("1") if one["approver"]["login"] == KEN]
    desk.approvals.put(row, "granted", "", by=KEN)
    desk.note("1", "Have a look.", KEN)

    (change,), cursor = await told(system, cursor)

    assert [(one.account, one.decision) for one in change.approvals] == [(KEN, Decision.APPROVED)]
    assert await told(system, cursor) == ([], cursor)
    await system.close()


async def test_a_file_that_only_reads_changes_nothing_there(desk, file):
    file = without(file, "ask", "mark", "withdraw", "reopen")
    assert declared(file, slug="desk").capabilities.approvals == ApprovalAbilities(reads=True)
    system = Custom(load(file))
    ticket = await in_review(system)

    (manager,) = await system.show_approvers(ticket, [asks(KEN), asks("mary", Decision.APPROVED)])

    assert (manager.name, manager.written_by, manager.decision) == ("Olga Ruiz", "workflow", Decision.REQUESTED)
    assert {call.partition(" ")[0] for call in desk.calls if call.endswith("/approvals")} == {"GET"}
    await system.close()


async def test_a_file_without_approvals_has_none(file):
    text = re.sub(r"^approvals:.*\n(  .*\n)+", "", file.read_text(), flags=re.MULTILINE)
    file.write_text(text)
    system = Custom(load(file))
    ticket = await in_review(system)

    assert await system.show_approvers(ticket, [asks(KEN)]) == ()
    assert not declared(file, slug="desk").capabilities.approvals.reads
    assert "Approvals" not in {one.subject for one in (await system.check()).findings}
    await system.close()


async def test_an_answer_that_is_not_let_go_of_is_asked_for_anew(desk, file):
    system = Custom(load(without(file, "reopen")))
    ticket = await in_review(system)
    await system.show_approvers(ticket, [asks(KEN)])
    (row,) = [one for one in desk.approvals.on("1") if one["approver"]["login"] == KEN]
    desk.approvals.put(row, "granted", "", by=KEN)

    stand = await system.show_approvers(ticket, [asks(KEN, reopen=str(row["id"]))])

    assert [one.decision for one in stand if one.account == KEN] == [Decision.APPROVED, Decision.REQUESTED]
    await system.close()


async def test_a_state_that_the_file_does_not_know_asks_nobody(desk, file):
    system = Custom(load(file))
    ticket = await in_review(system)
    await system.show_approvers(ticket, [asks(KEN)])
    (row,) = [one for one in desk.approvals.on("1") if one["approver"]["login"] == KEN]
    for state, meant in (("on_hold", Decision.REQUESTED), ("lost", Decision.ENDED)):
        desk.approvals.touch(row, KEN, state=state)
        stand = await system.show_approvers(ticket, [asks(KEN)])
        assert next(one.decision for one in stand if one.id == str(row["id"])) is meant
    await system.close()


async def test_a_misread_list_never_passes_for_nobody_asked(file):
    file.write_text(file.read_text().replace("  path: /tickets/{id}/approvals\n  answer: approvals\n",
                                             "  path: /tickets/{id}/approvals\n  answer: rows\n"))  # fmt: skip
    system = Custom(load(file))
    ticket = await in_review(system)

    with pytest.raises(Refused, match="without the list that the file says stands there"):
        await system.show_approvers(ticket, [asks(KEN)])
    await system.close()


async def test_the_doctor_reads_approvals_and_names_what_is_wrong(file):
    system = Custom(load(file))
    found = {one.subject: one for one in (await system.check()).findings}
    assert found["Approvals"].message == "They are read, asked for, marked, asked again."
    await system.close()
    file.write_text(file.read_text().replace("path: /approvals\n", "path: /approvalz\n"))
    system = Custom(load(file))
    found = {one.subject: one for one in (await system.check()).findings}
    assert (found["Approvals"].health, found["Approvals"].next_step) == (
        Health.FAILED, "Check 'approvals' of the file, and that our account may read them.",
    )  # fmt: skip
    await system.close()
