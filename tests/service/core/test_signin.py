"""Who somebody is, proven to us: passwords, one-time codes, recovery codes; and decisions that ask for it again."""

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from core import access, signin
from core.access import TokenScope
from core.access.errors import ScopeMissing
from core.actor import Door
from core.approvals import Choice, amend, cast_vote, confirm_vote, get_request, waiting_vote
from core.approvals.errors import StaleDigest
from core.errors import Forbidden, NotFound
from core.ids import uuid7
from core.signin import Claim, Proof, StepUpRequired, store
from core.signin.attempts import ATTEMPTS_FROM_ANYWHERE, ATTEMPTS_PER_ACCOUNT
from core.signin.errors import (
    CodeRefused,
    LinkOver,
    PasswordRefused,
    SignInRefused,
    TooManyAttempts,
    WeakPassword,
)
from tests.factories import ask, policies

PASSWORD = "a quiet green lamp"
CAREFUL = """
Agent Creation Approval:
  stages:
    - {stage: review, approvers: [security_manager], timeout: 1 hour, assurance: mfa}
"""


async def invited(company, who="security_manager", password=PASSWORD):
    administrator = company.actor("enterprise_administrator", door=Door.SYSTEM)
    token = await signin.invite(company.database, administrator, email=company.people[who].email)
    await signin.accept_invitation(company.database, token, password=password)
    return token


async def with_app(company, who="security_manager"):
    """The person's password is PASSWORD; their authenticator app, and its recovery codes."""
    await invited(company, who)
    actor = company.actor(who)
    app = pyotp.TOTP(await signin.begin_totp(company.database, actor, password=PASSWORD))
    codes = await signin.confirm_totp(company.database, actor, code=app.at(company.clock.now()))
    company.advance(seconds=60)  # the code that confirmed it is used up
    return app, codes


async def comes(
    company, who="security_manager", *, password=PASSWORD, code="", organisation="enterprise-corp", ip="192.0.2.7"
):
    claim = Claim(organisation, company.people[who].email, password, code)
    return await signin.sign_in(company.database, claim, ip_address=ip, user_agent="Firefox")


@pytest.mark.row("R4", "I5")
async def test_an_invited_person_signs_in_with_the_password_they_chose(company):
    await invited(company)
    actor = await comes(company)
    assert (actor.email, actor.assured_at) == (company.people["security_manager"].email, None)
    view, text = await access.open_session(company.database, actor)
    assert view.user == actor.user
    again = await access.authenticate(company.database, text, door=Door.CONSOLE, ip_address=None, user_agent=None)
    assert (again.user, again.assured_at) == (actor.user, None)


@pytest.mark.row("R4")
async def test_an_enrolment_link_holds_once_for_a_day_and_only_the_newest(company):
    used = await invited(company)
    with pytest.raises(LinkOver):
        await signin.accept_invitation(company.database, used, password="another fine sentence")
    administrator = company.actor("enterprise_administrator", door=Door.SYSTEM)
    email = company.people["agent_developer"].email
    first = await signin.invite(company.database, administrator, email=email)
    second = await signin.invite(company.database, administrator, email=email)
    with pytest.raises(LinkOver):
        await signin.invited(company.database, first)
    assert (await signin.invited(company.database, second)).email == email
    company.advance(hours=24)
    with pytest.raises(LinkOver):
        await signin.invited(company.database, second)


@pytest.mark.row("R4", "R7")
async def test_nobody_invites_whom_they_could_not_give_their_role(company):
    with pytest.raises(Forbidden):
        await signin.invite(
            company.database, company.actor("agent_developer"), email=company.people["security_manager"].email
        )
    with pytest.raises(Forbidden):
        await signin.invite(
            company.database,
            company.actor("tenant_administrator"),
            email=company.people["enterprise_administrator"].email,
        )


@pytest.mark.row("R4")
@pytest.mark.parametrize("password", ["short", "password1234", "aaaaaaaaaaaaaa", "x" * 257])
async def test_a_password_that_anybody_would_guess_is_refused_and_the_link_still_holds(company, password):
    administrator = company.actor("enterprise_administrator", door=Door.SYSTEM)
    token = await signin.invite(company.database, administrator, email=company.people["security_manager"].email)
    with pytest.raises(WeakPassword):
        await signin.accept_invitation(company.database, token, password=password)
    await signin.accept_invitation(company.database, token, password=PASSWORD)


@pytest.mark.row("R4", "R6")
async def test_a_wrong_password_an_unknown_person_and_an_unknown_organisation_are_told_the_same(company):
    await invited(company)
    said = set()
    for change in (
        {"password": "a quiet green lamb"},
        {"who": "agent_developer"},  # has no password
        {"organisation": "no-such-corp"},
    ):
        with pytest.raises(SignInRefused) as refusal:
            await comes(company, **change)
        said.add(refusal.value.sentence())
    with pytest.raises(SignInRefused) as refusal:
        claim = Claim("enterprise-corp", "nobody@x.example", PASSWORD)
        await signin.sign_in(company.database, claim, ip_address=None, user_agent=None)
    assert said == {refusal.value.sentence()}
    denied = await company.trail(action="session.signin", result="denied")
    assert [each["user_id"] for each in denied] == [
        company.people["security_manager"].email,
        company.people["agent_developer"].email,
        "nobody@x.example",
    ]
    assert all("lamb" not in str(each) for each in await company.trail())


@pytest.mark.row("R4")
async def test_an_account_is_closed_to_guessing_for_a_quarter_of_an_hour(company):
    await invited(company)
    for _guess in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(SignInRefused):
            await comes(company, password="guess guess guess")
    with pytest.raises(TooManyAttempts):
        await comes(company)
    company.advance(minutes=15)
    assert (await comes(company)).email == company.people["security_manager"].email


@pytest.mark.row("R4")
async def test_whoever_guesses_elsewhere_does_not_keep_the_person_out(company):
    await invited(company)
    for _guess in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(SignInRefused):
            await comes(company, password="guess guess guess", ip="198.51.100.1")
    with pytest.raises(TooManyAttempts):
        await comes(company, ip="198.51.100.1")
    assert (await comes(company)).email == company.people["security_manager"].email


@pytest.mark.row("R4")
async def test_guessing_from_many_places_closes_the_account_in_the_end(company):
    await invited(company)
    account = f"account:{company.people['security_manager'].email}"
    async with company.database.tenant(company.tenant) as tx:
        for _guess in range(ATTEMPTS_FROM_ANYWHERE):
            await store.add_attempt(tx, uuid7(), [account])
    with pytest.raises(TooManyAttempts):
        await comes(company)


@pytest.mark.row("R4", "X2")
async def test_with_an_authenticator_app_a_code_is_needed_and_is_used_once(company):
    app, _codes = await with_app(company)
    with pytest.raises(SignInRefused):
        await comes(company)
    code = app.at(company.clock.now())
    actor = await comes(company, code=code)
    assert actor.assured_at == company.clock.now()
    with pytest.raises(SignInRefused):
        await comes(company, code=code)
    company.advance(seconds=30)
    slow = app.at(company.clock.now() - timedelta(seconds=30))  # the step before, which was used
    with pytest.raises(SignInRefused):
        await comes(company, code=slow)
    company.advance(seconds=60)
    assert await comes(company, code=app.at(company.clock.now() - timedelta(seconds=30)))
    company.advance(seconds=120)
    with pytest.raises(SignInRefused):
        await comes(company, code=app.at(company.clock.now() - timedelta(seconds=60)))


@pytest.mark.row("R4")
async def test_each_recovery_code_stands_in_for_the_app_once(company):
    _app, codes = await with_app(company)
    assert len(set(codes)) == 10
    assert await comes(company, code=codes[3].upper().replace("-", " "))
    with pytest.raises(SignInRefused):
        await comes(company, code=codes[3])
    actor = company.actor("security_manager")
    assert (await signin.my_security(company.database, actor)).recovery_codes_left == 9
    fresh = await signin.renew_recovery_codes(company.database, actor, proof=Proof(codes[4]))
    with pytest.raises(SignInRefused):
        await comes(company, code=codes[5])
    assert await comes(company, code=fresh[0])


@pytest.mark.row("R4")
async def test_whoever_finds_an_open_browser_cannot_change_what_its_person_proves_themselves_with(company):
    await invited(company)
    actor = company.actor("security_manager")
    with pytest.raises(PasswordRefused):
        await signin.begin_totp(company.database, actor, password="not the password")
    with pytest.raises(PasswordRefused):
        await signin.change_password(company.database, actor, present="not the password", new="a brand new sentence")
    app = pyotp.TOTP(await signin.begin_totp(company.database, actor, password=PASSWORD))
    await signin.confirm_totp(company.database, actor, code=app.at(company.clock.now()))
    with pytest.raises(Forbidden):
        await signin.begin_totp(company.database, actor, password=PASSWORD)
    with pytest.raises(CodeRefused):
        await signin.remove_totp(company.database, actor, proof=Proof("000000"))
    company.advance(seconds=60)
    await signin.remove_totp(company.database, actor, proof=Proof(app.at(company.clock.now())))
    assert (await signin.my_security(company.database, actor)).recovery_codes_left == 0


@pytest.mark.row("R4")
async def test_knowing_the_password_does_not_start_the_count_of_codes_anew(company):
    await with_app(company)
    actor = company.actor("security_manager")
    for _guess in range(ATTEMPTS_PER_ACCOUNT):
        with pytest.raises(CodeRefused):
            await signin.give_proof(company.database, actor, Proof("000000"))
        await signin.change_password(company.database, actor, present=PASSWORD, new=PASSWORD)
    with pytest.raises(TooManyAttempts):
        await signin.give_proof(company.database, actor, Proof("000000"))


@pytest.mark.row("X2")
async def test_a_click_on_a_stage_that_needs_more_waits_and_counts_once_its_voter_gives_a_code(company):
    app, _codes = await with_app(company)
    pending = await ask(company, policies(CAREFUL))
    voter = company.actor("security_manager", door=Door.SLACK)
    link = await refused(company, pending.request_id, voter, reason="Reads only.")
    assert link.startswith("https://countersign.example/step-up/enterprise-corp.")
    token = link.rpartition("/")[2]
    assert (await get_request(company.database, voter, pending.request_id)).status == "pending"
    vote, request = await waiting_vote(company.database, voter, token)
    assert (vote.stage, vote.choice, vote.reason, vote.digest) == ("review", "approve", "Reads only.", request.digest)
    with pytest.raises(CodeRefused):
        await confirm_vote(company.database, voter, token, proof=Proof("000000"))
    after, _actor = await confirm_vote(company.database, voter, token, proof=Proof(app.at(company.clock.now())))
    (cast,) = after.stages[0].votes
    assert (after.status, cast.assurance, cast.reason) == ("approved", "mfa", "Reads only.")
    with pytest.raises(LinkOver):
        await confirm_vote(company.database, voter, token, proof=Proof("000000"))
    (told,) = await company.trail(action="request.voted")
    assert told["details"]["assurance"] == "mfa"


@pytest.mark.row("X2")
async def test_a_link_is_used_up_with_its_vote_or_not_at_all(company):
    """Whatever stops the vote (here that the request has changed) leaves it waiting; it is not lost on the way."""
    app, _codes = await with_app(company)
    pending = await ask(company, policies(CAREFUL))
    voter = company.actor("security_manager", door=Door.SLACK)
    token = (await refused(company, pending.request_id, voter)).rpartition("/")[2]
    asker = company.actor("agent_developer")
    changed = {"changes": {}, "justification": "Reads and books invoices."}
    await amend(company.database, policies(CAREFUL), asker, pending.request_id, **changed)
    for _ in range(2):
        with pytest.raises(StaleDigest):
            await confirm_vote(company.database, voter, token, proof=Proof(app.at(company.clock.now())))
        company.advance(seconds=60)
    assert (await get_request(company.database, voter, pending.request_id)).stages[0].votes == ()


@pytest.mark.row("X2")
async def test_what_waits_is_its_voters_alone_and_for_ten_minutes(company):
    await with_app(company)
    pending = await ask(company, policies(CAREFUL))
    voter = company.actor("security_manager", door=Door.SLACK)
    token = (await refused(company, pending.request_id, voter)).rpartition("/")[2]
    with pytest.raises(LinkOver):
        await waiting_vote(company.database, company.actor("tenant_administrator"), token)
    company.advance(minutes=10)
    with pytest.raises(LinkOver):
        await waiting_vote(company.database, voter, token)


@pytest.mark.row("X2")
async def test_an_assured_session_votes_at_once_for_ten_minutes(company):
    app, _codes = await with_app(company)
    pending = await ask(company, policies(CAREFUL))
    actor = await comes(company, code=app.at(company.clock.now()))
    company.advance(minutes=10)
    await refused(company, pending.request_id, actor)
    actor = await signin.give_proof(company.database, actor, Proof(app.at(company.clock.now())))
    company.advance(minutes=9)
    after = await cast_vote(company.database, actor, pending.request_id, choice=Choice.APPROVE)
    assert after.status == "approved"


@pytest.mark.row("X2")
async def test_whoever_has_no_second_factor_is_told_where_to_set_one_up(company):
    pending = await ask(company, policies(CAREFUL))
    with pytest.raises(StepUpRequired) as refusal:
        await cast_vote(
            company.database, company.actor("security_manager"), pending.request_id, choice=Choice.REJECT, reason="No."
        )
    assert "you have none yet" in refusal.value.message
    assert refusal.value.link == "https://countersign.example/console/security"


@pytest.mark.row("X2")
async def test_only_risky_requests_need_it_where_the_policy_says_so(company):
    text = CAREFUL.replace("assurance: mfa", "assurance: {high: mfa}")
    pending = await ask(company, policies(text))
    after = await cast_vote(
        company.database, company.actor("security_manager"), pending.request_id, choice=Choice.APPROVE
    )
    assert (after.status, after.stages[0].votes[0].assurance) == ("approved", "click")


@pytest.mark.row("X2")
async def test_somebody_who_may_not_vote_is_told_that_and_gets_no_link(company):
    await with_app(company, "agent_operator")
    pending = await ask(company, policies(CAREFUL))
    with pytest.raises(Forbidden) as refusal:
        await cast_vote(company.database, company.actor("agent_operator"), pending.request_id, choice=Choice.APPROVE)
    assert refusal.value.code == "approvals.not_an_approver"


async def refused(company, request_id, actor, *, reason=""):
    """The link under which the vote waits."""
    with pytest.raises(StepUpRequired) as refusal:
        await cast_vote(company.database, actor, request_id, choice=Choice.APPROVE, reason=reason)
    return refusal.value.link


async def browser_of(company, who="security_manager"):
    """The text of a new session."""
    _view, text = await access.open_session(company.database, company.actor(who))
    return text


async def lives(company, session):
    """Whether the session is let in."""
    await company.database.cache.forget()
    try:
        await access.authenticate(company.database, session, door=Door.CONSOLE, ip_address=None, user_agent=None)
    except access.TokenRefused:
        return False
    return True


@pytest.mark.row("R4")
async def test_a_session_ends_when_nobody_uses_it_for_half_an_hour_and_after_twelve_hours_at_the_latest(company):
    used, idle = await browser_of(company), await browser_of(company)
    company.advance(minutes=25)
    assert await lives(company, used)
    company.advance(minutes=25)
    assert (await lives(company, used), await lives(company, idle)) == (True, False)
    for _quarter in range(44):
        company.advance(minutes=15)
        assert await lives(company, used)
    company.advance(minutes=10)
    assert not await lives(company, used)


@pytest.mark.row("R4")
async def test_a_person_sees_their_sessions_and_ends_one_or_all_others(company):
    mine, lost, other = [await browser_of(company) for _ in range(3)]
    theirs = await browser_of(company, "agent_developer")
    actor = company.actor("security_manager")
    assert {each.id for each in await access.list_sessions(company.database, actor)} == {
        access.session_id_of(session) for session in (mine, lost, other)
    }
    await access.end_session(company.database, actor, access.session_id_of(lost))
    assert [await lives(company, each) for each in (mine, lost, other)] == [True, False, True]
    with pytest.raises(NotFound):
        await access.end_session(company.database, actor, access.session_id_of(theirs))
    await access.end_other_sessions(company.database, actor, mine)
    assert [await lives(company, each) for each in (mine, lost, other, theirs)] == [True, False, False, True]
    assert len(await company.trail(action="session.end")) == 2


@pytest.mark.row("R4")
async def test_a_changed_password_ends_every_session_but_the_one_it_was_changed_in(company):
    await invited(company)
    mine, lost = [await browser_of(company) for _ in range(2)]
    actor = company.actor("security_manager")
    await signin.change_password(company.database, actor, present=PASSWORD, new="a brand new sentence", session=mine)
    assert [await lives(company, each) for each in (mine, lost)] == [True, False]


@pytest.mark.row("R4")
async def test_a_password_that_is_set_anew_by_link_ends_every_session(company):
    before = await browser_of(company)
    await invited(company)
    assert not await lives(company, before)


@pytest.mark.row("R4")
async def test_an_api_token_does_not_end_by_not_being_used(company):
    _view, token = await access.create_token(
        company.database, company.actor("security_manager"), name="nightly", lifetime=timedelta(days=30)
    )
    company.advance(days=20)
    assert await lives(company, token)


@pytest.mark.row("R4", "R5", "R6")
async def test_a_token_without_votes_sees_and_changes_nothing_that_its_person_proves_themselves_with(company):
    """An administrator may have made it: with the secret of the app they could sign in as that person, and vote."""
    await invited(company)
    actor = company.actor("security_manager")
    secret = await signin.begin_totp(company.database, actor, password=PASSWORD)
    code = pyotp.TOTP(secret).at(company.clock.now())
    database, made = company.database, replace(actor, scopes=frozenset(TokenScope) - {TokenScope.VOTE})
    for use in (
        signin.my_security(database, made),
        signin.pending_totp(database, made),
        signin.confirm_totp(database, made, code=code),
        signin.pending_key(database, made),
        signin.begin_key(database, made, password=PASSWORD),
        signin.confirm_key(database, made, response="{}", name=""),
        signin.give_proof(database, made, Proof(code)),
        signin.change_password(database, made, present=PASSWORD, new="another fine sentence"),
        access.end_other_sessions(database, made, ""),
    ):
        with pytest.raises(ScopeMissing):
            await use
    denied = await company.trail(result="denied")
    assert {each["details"]["code"] for each in denied} == {ScopeMissing.code}
    assert len(denied) == 9
    assert len(await signin.confirm_totp(database, actor, code=code)) == 10


@pytest.mark.row("R4")
async def test_an_app_that_was_begun_and_left_helps_nobody_who_comes_later(company):
    await invited(company)
    actor = company.actor("security_manager")
    secret = await signin.begin_totp(company.database, actor, password=PASSWORD)
    assert await signin.pending_totp(company.database, actor) == secret
    company.advance(minutes=10)
    assert await signin.pending_totp(company.database, actor) is None
    with pytest.raises(CodeRefused):
        await signin.confirm_totp(company.database, actor, code=pyotp.TOTP(secret).at(company.clock.now()))
