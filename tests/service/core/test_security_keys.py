"""Passkeys and security keys as second factor: registered, used, copied, removed (X2)."""

import pytest

from core import signin
from core.actor import Door
from core.approvals import Choice, cast_vote, confirm_vote
from core.errors import Forbidden, NotFound
from core.signin import Claim, Proof, StepUpRequired
from core.signin.attempts import ATTEMPTS_PER_ACCOUNT
from core.signin.errors import (
    CodeRefused,
    KeyRefused,
    LinkOver,
    PasswordRefused,
    SecondFactorWanted,
    TooManyAttempts,
)
from tests.authenticator import SoftKey
from tests.factories import ask, policies

PASSWORD = "a quiet green lamp"
WHO = "security_manager"
CAREFUL = """
Agent Creation Approval:
  stages:
    - {stage: review, approvers: [security_manager], timeout: 1 hour, assurance: mfa}
"""


async def with_key(company, key=None, *, actor=None, name="Blue key"):
    """The person has this key; its recovery codes are the answer."""
    actor = actor or company.actor(WHO)
    if not (await signin.my_security(company.database, actor)).has_password:
        administrator = company.actor("enterprise_administrator", door=Door.SYSTEM)
        token = await signin.invite(company.database, administrator, email=actor.email)
        await signin.accept_invitation(company.database, token, password=PASSWORD)
    key = key or SoftKey()
    await signin.begin_key(company.database, actor, password=PASSWORD)
    options = await signin.pending_key(company.database, actor)
    codes = await signin.confirm_key(company.database, actor, response=key.create(options), name=name)
    return key, codes


async def proof_by(company, key):
    return Proof(key=key.get(await signin.key_question(company.database, company.actor(WHO), company.people[WHO].id)))


async def half(company):
    claim = Claim("enterprise-corp", company.people[WHO].email, PASSWORD)
    with pytest.raises(SecondFactorWanted) as wanted:
        await signin.sign_in(company.database, claim, ip_address="192.0.2.7", user_agent="Firefox")
    return wanted.value.token


async def finish(company, token, proof):
    return await signin.finish_sign_in(company.database, token, proof, ip_address="192.0.2.7", user_agent="Firefox")


@pytest.mark.row("X2", "R4")
async def test_with_a_key_the_password_alone_is_half_a_sign_in_and_the_key_finishes_it_once(company):
    key, _codes = await with_key(company)
    token = await half(company)
    person, options = await signin.half_signed_in(company.database, token)
    assert person.email == company.people[WHO].email
    actor = await finish(company, token, Proof(key=key.get(options)))
    assert (actor.user, actor.assured_at) == (company.people[WHO].id, company.clock.now())
    (known,) = (await signin.my_security(company.database, actor)).keys
    assert (known.name, known.last_used_at) == ("Blue key", company.clock.now())
    with pytest.raises(LinkOver):
        await signin.half_signed_in(company.database, token)


@pytest.mark.row("X2")
async def test_half_a_sign_in_waits_for_five_minutes_and_takes_a_recovery_code_too(company):
    _key, codes = await with_key(company)
    assert len(codes) == 10
    late = await half(company)
    company.advance(minutes=5)
    with pytest.raises(LinkOver):
        await finish(company, late, Proof(codes[0]))
    token = await half(company)
    with pytest.raises(CodeRefused):
        await finish(company, token, Proof("000000"))
    assert (await finish(company, token, Proof(codes[0]))).assured_at == company.clock.now()


@pytest.mark.row("X2")
async def test_a_vote_that_waits_is_cast_with_the_key(company):
    key, _codes = await with_key(company)
    pending = await ask(company, policies(CAREFUL))
    voter = company.actor(WHO, door=Door.SLACK)
    with pytest.raises(StepUpRequired) as refused:
        await cast_vote(company.database, voter, pending.request_id, choice=Choice.APPROVE, reason="Reads only.")
    token = refused.value.link.rpartition("/")[2]
    after, _actor = await confirm_vote(company.database, voter, token, proof=await proof_by(company, key))
    assert (after.status, after.stages[0].votes[0].assurance) == ("approved", "mfa")


@pytest.mark.row("X2", "R6")
@pytest.mark.parametrize(
    "fault", ["another page", "another site", "a stranger's key", "said before", "no JSON", "endless JSON"]
)
async def test_what_a_key_did_not_sign_for_us_now_is_refused_and_recorded(company, fault):
    key, _codes = await with_key(company)
    before = await proof_by(company, key)
    options = await signin.key_question(company.database, company.actor(WHO), company.people[WHO].id)
    if fault == "another page":
        key.origin = "https://countersign.example.evil.example"
    elif fault == "another site":
        key.party = "evil.example"
    elif fault == "a stranger's key":
        key = SoftKey()
    response = {"said before": before.key, "no JSON": "{", "endless JSON": "[" * 100_000}.get(fault) or key.get(options)
    with pytest.raises(KeyRefused):
        await signin.give_proof(company.database, company.actor(WHO), Proof(key=response))
    (denied,) = await company.trail(action="session.assure")
    assert (denied["result"], denied["details"]["code"]) == ("denied", "signin.key_refused")


@pytest.mark.row("X2")
async def test_a_copy_of_a_key_is_noticed_by_its_count(company):
    key, _codes = await with_key(company)
    await signin.give_proof(company.database, company.actor(WHO), await proof_by(company, key))
    await signin.give_proof(company.database, company.actor(WHO), await proof_by(company, key))
    key.count = 1  # the copy was made earlier
    with pytest.raises(KeyRefused):
        await signin.give_proof(company.database, company.actor(WHO), await proof_by(company, key))


@pytest.mark.row("X2", "R4")
async def test_another_factor_is_added_with_the_password_and_the_one_that_there_is(company):
    key, _codes = await with_key(company)
    actor = company.actor(WHO)
    with pytest.raises(PasswordRefused):
        await signin.begin_key(company.database, actor, password="not the password")
    for begin in (signin.begin_key, signin.begin_totp):
        with pytest.raises(Forbidden):
            await begin(company.database, actor, password=PASSWORD)
    assured = await signin.give_proof(company.database, actor, await proof_by(company, key))
    company.advance(seconds=1)
    second, codes = await with_key(company, actor=assured, name="Spare key")
    assert codes == ()
    with pytest.raises(KeyRefused):
        await with_key(company, second, actor=assured)  # it is registered already
    assert [each.name for each in (await signin.my_security(company.database, actor)).keys] == ["Blue key", "Spare key"]


@pytest.mark.row("X2")
async def test_a_key_is_removed_with_a_factor_and_the_recovery_codes_go_with_the_last(company):
    key, codes = await with_key(company)
    actor = company.actor(WHO)
    (known,) = (await signin.my_security(company.database, actor)).keys
    with pytest.raises(CodeRefused):
        await signin.remove_key(company.database, actor, key=known.id, proof=Proof("000000"))
    with pytest.raises(NotFound):
        await signin.remove_key(company.database, actor, key="zz", proof=await proof_by(company, key))
    await signin.remove_key(company.database, actor, key=known.id, proof=Proof(codes[0]))
    mine = await signin.my_security(company.database, actor)
    assert (mine.keys, mine.has_factor, mine.recovery_codes_left) == ((), False, 0)


@pytest.mark.row("X2")
async def test_guessing_at_the_other_half_of_a_sign_in_ends(company):
    await with_key(company)
    token = await half(company)
    for _guess in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(CodeRefused):
            await finish(company, token, Proof("000000"))
    with pytest.raises(TooManyAttempts):
        await finish(company, token, Proof("000000"))
