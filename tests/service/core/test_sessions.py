"""A browser's session: its secret is replaced now and then, an old copy ends it, and its tenant says how long it lasts."""

import asyncio

import pyotp
import pytest

from core import access, signin
from core.access import SignedInWith, TokenRefused
from core.access.rotation import GRACE, ROTATED_EVERY
from core.actor import Door
from core.durations import parse_duration
from core.tenants import TenantPolicy, provision
from core.tenants.policy import SecurityPolicies, SessionLimits

WHO, PASSWORD = "security_manager", "a quiet green lamp"


async def opened(company, **changes):
    return (await access.open_session(company.database, company.actor(WHO), **changes))[1]


async def comes(database, text):
    return await access.authenticate(database, text, door=Door.CONSOLE, ip_address="192.0.2.9", user_agent="Firefox")


async def rotated(company, text):
    """The new secret, as the browser gets it with its next page after a quarter of an hour."""
    company.clock.advance(ROTATED_EVERY)
    await comes(company.database, text)
    found = await access.rotate_session(company.database, text)
    assert found is not None
    return found[1]


async def refused(database, text):
    with pytest.raises(TokenRefused) as refusal:
        await comes(database, text)
    return refusal.value.message


@pytest.mark.row("R4")
async def test_a_secret_is_replaced_after_a_quarter_of_an_hour_and_the_session_stays_the_same(company):
    first = await opened(company)
    assert await access.rotate_session(company.database, first) is None
    second = await rotated(company, first)
    assert second != first
    assert access.session_id_of(second) == access.session_id_of(first)
    assert (await comes(company.database, second)).user == company.people[WHO].id
    assert await access.rotate_session(company.database, second) is None
    assert len(await access.list_sessions(company.database, company.actor(WHO))) == 1


@pytest.mark.row("R4")
async def test_what_was_sent_at_the_same_moment_still_counts_and_a_late_old_secret_ends_the_session(company):
    first = await opened(company)
    second = await rotated(company, first)
    await comes(company.database, second)
    company.advance(seconds=GRACE.total_seconds() - 1)
    await comes(company.database, first)
    company.advance(seconds=1)
    assert "old copy" in await refused(company.database, first)
    assert "revoked" in await refused(company.database, second)  # nobody can tell which of the two is the thief
    await refused(company.database, first)
    signals = await company.trail(action="session.replayed")
    assert [(each["result"], each["ip_address"], each["user_id"]) for each in signals] == [
        ("denied", "192.0.2.9", company.people[WHO].email)
    ]


@pytest.mark.row("R4")
async def test_a_secret_from_long_ago_ends_the_session_as_well(company):
    first = await opened(company)
    second = await rotated(company, first)
    await comes(company.database, second)
    third = await rotated(company, second)
    assert "old copy" in await refused(company.database, first)
    assert "revoked" in await refused(company.database, third)


@pytest.mark.row("R4")
async def test_an_answer_that_got_lost_on_its_way_ends_nothing_but_its_secret_is_a_copy_once_it_was_replaced(company):
    first = await opened(company)
    lost = await rotated(company, first)
    company.advance(minutes=5)  # the browser never got it, and goes on with what it has
    await comes(company.database, first)
    found = await access.rotate_session(company.database, first)
    assert found is not None
    await comes(company.database, found[1])
    assert await company.trail(action="session.replayed") == []
    assert "old copy" in await refused(company.database, lost)


@pytest.mark.row("R4")
async def test_of_two_pages_at_once_one_replaces_the_secret_and_the_other_replica_takes_it_at_once(
    company, other_replica
):
    first = await opened(company)
    company.clock.advance(ROTATED_EVERY)
    await comes(other_replica, first)  # which remembers it
    both = await asyncio.gather(
        access.rotate_session(company.database, first), access.rotate_session(other_replica, first)
    )
    (done,) = [each for each in both if each is not None]
    for replica in (company.database, other_replica):
        assert (await comes(replica, done[1])).user == company.people[WHO].id
        assert (await comes(replica, first)).user == company.people[WHO].id


@pytest.mark.row("R4")
async def test_a_made_up_secret_of_a_session_is_refused_and_ends_nothing(company):
    text = await opened(company)
    second = await rotated(company, text)
    made_up = second[:-4] + ("0000" if not second.endswith("0000") else "1111")
    await refused(company.database, made_up)
    assert await access.form_key(company.database, made_up) == b""
    await comes(company.database, second)
    assert await company.trail(action="session.replayed") == []


@pytest.mark.row("R4")
async def test_a_form_of_a_page_that_was_open_before_is_known_after_and_none_of_another_session(company):
    first, other = await opened(company), await opened(company)
    key = await access.form_key(company.database, first)
    second = await rotated(company, first)
    third = await rotated(company, second)
    assert {await access.form_key(company.database, each) for each in (first, second, third)} == {key}
    assert await access.form_key(company.database, other) not in (b"", key)


@pytest.mark.row("R4")
async def test_a_page_that_stays_open_keeps_the_session_and_is_no_thief_though_its_secret_was_replaced(company):
    first = await opened(company)
    second = await rotated(company, first)
    await comes(company.database, second)
    for _minute in range(40):
        company.advance(minutes=1)
        await company.database.cache.forget()  # it remembers for seconds of the real clock
        assert await access.touch_session(company.database, first) is True
    await comes(company.database, second)
    assert await company.trail(action="session.replayed") == []
    await access.end_session(company.database, company.actor(WHO), access.session_id_of(second))
    assert await access.touch_session(company.database, first) is False


@pytest.mark.row("R4", "T3")
async def test_a_tenant_says_how_long_a_session_lasts_unused_and_at_all_also_for_those_that_are_open(company):
    text = await opened(company)
    limits = SessionLimits(idle=parse_duration("10 minutes"), absolute=parse_duration("1 hour"))
    security = SecurityPolicies(sessions=limits)
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, security_policies=security))
    view, fresh = await access.open_session(company.database, company.actor(WHO))
    assert view.expires_at == company.clock.now() + limits.absolute
    for _use in range(6):
        company.advance(minutes=9)
        await company.database.cache.forget()
        await comes(company.database, text)
    company.advance(minutes=6)
    await refused(company.database, text)  # an hour, though it was opened for twelve
    await refused(company.database, fresh)  # not used for so long
    assert await access.list_sessions(company.database, company.actor(WHO)) == ()


@pytest.mark.row("T3", "R4")
async def test_who_must_have_a_second_factor_may_only_set_one_up_and_a_token_is_unaffected(company):
    security = SecurityPolicies(mfa_required=True)
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, security_policies=security))
    system = company.actor("enterprise_administrator", door=Door.SYSTEM)
    token = await signin.invite(company.database, system, email=company.people[WHO].email)
    await signin.accept_invitation(company.database, token, password=PASSWORD)
    actor = company.actor(WHO, door=Door.CONSOLE)
    by_password = await opened(company, signed_in_with=SignedInWith.PASSWORD)
    by_token = await opened(company, signed_in_with=SignedInWith.TOKEN)
    anew = await opened(company, instead_of=by_password)
    must = signin.must_set_up_factor
    assert [await must(company.database, actor, each) for each in (by_password, by_token, anew)] == [True, False, True]

    app = pyotp.TOTP(await signin.begin_totp(company.database, actor, password=PASSWORD))
    assert await must(company.database, actor, by_password) is True
    await signin.confirm_totp(company.database, actor, code=app.at(company.clock.now()))
    assert await must(company.database, actor, by_password) is False
