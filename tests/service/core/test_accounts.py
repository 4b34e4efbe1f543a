"""Which chat account is which person: matched by address where allowed, linked by whoever has both, set by others."""

import asyncio
from dataclasses import replace

import pyotp
import pytest

from core import signin
from core.accounts import (
    AccountEvent,
    ChatId,
    LinkedBy,
    NoLinkWaiting,
    Platform,
    Profile,
    UnknownChatAccount,
    WrongLinkCode,
    account_of,
    begin_link,
    chat_id,
    confirm_link,
    find_account,
    find_link,
    finish_link,
    list_accounts,
    match_by_email,
    my_accounts,
    refuse,
    set_account,
    unlink_account,
    unlink_mine,
)
from core.accounts.errors import OwnAccount
from core.accounts.linking import LINKS_MOST, WRONG_CODES_MOST
from core.accounts.matching import RECORDED_MOST
from core.actor import Door
from core.approvals import Choice, cast_vote
from core.errors import Forbidden, InvalidInput, LimitExceeded, NotFound
from core.outbox.model import outbox_events
from core.signin import Proof
from core.signin.errors import LinkOver, PasswordRefused
from core.tenants import TenantPolicy, provision
from core.tenants.policy import ChatPolicy
from tests.factories import ADDRESS, ask, found_company, policies

PASSWORD = "a quiet green lamp"
CHAT = ChatId(Platform.SLACK, "T1ACME", "U0LEE")
REVIEW = policies(
    "Agent Creation Approval:\n  stages:\n    - {stage: review, approvers: [security_manager], timeout: 1 hour}\n"
)


def profile(company, who="security_manager", chat=CHAT, **changes):
    person = company.people[who]
    return replace(Profile(chat, person.name, person.email, "Acme"), **changes)


async def with_password(company, who="security_manager"):
    system = company.actor("enterprise_administrator", door=Door.SYSTEM)
    token = await signin.invite(company.database, system, email=company.people[who].email)
    await signin.accept_invitation(company.database, token, password=PASSWORD)


async def begun(company, **changes):
    address = await begin_link(company.database, company.tenant, profile(company, **changes))
    assert address.startswith(f"{ADDRESS}/console/link/")
    return address.rpartition("/")[2]


async def confirmed(company, token, who="security_manager"):
    actor = company.actor(who, door=Door.CONSOLE)
    return (await confirm_link(company.database, actor, token, proof=Proof(), password=PASSWORD))[0]


async def linked(company, who="security_manager", chat=CHAT):
    """The account is the person's by a signed link."""
    await with_password(company, who)
    code = await confirmed(company, await begun(company, who=who, chat=chat), who)
    return await finish_link(company.database, company.tenant, profile(company, who, chat), code)


async def set_policy(company, **chat):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, chat=ChatPolicy(**chat)))


async def holder(company, chat=CHAT):
    async with company.database.tenant(company.tenant) as tx:
        found = await find_account(tx, chat)
    return None if found is None else (found.user, found.linked_by)


def id_of(company, who):
    return company.people[who].id


@pytest.mark.row("X2")
async def test_an_account_is_matched_by_its_verified_address_where_the_tenant_allows_it(company):
    _account, person = await match_by_email(company.database, company.tenant, profile(company))
    assert person.email == company.people["security_manager"].email
    assert await holder(company) == (id_of(company, "security_manager"), LinkedBy.VERIFIED_EMAIL)

    await set_policy(company, email_match=False)
    assert await holder(company) is None  # what was matched before does not hold either
    async with company.database.tenant(company.tenant) as tx:
        assert await account_of(tx, Platform.SLACK, "T1ACME", person.id) is None
    with pytest.raises(UnknownChatAccount) as refusal:
        await match_by_email(company.database, company.tenant, profile(company))
    assert "/approve link" in refusal.value.sentence()


@pytest.mark.row("X2")
@pytest.mark.parametrize("changes", [{"is_foreign": True}, {"email": ""}, {"email": "stranger@elsewhere.example"}])
async def test_guests_and_accounts_without_an_address_of_ours_are_nobody(company, changes):
    with pytest.raises(UnknownChatAccount):
        await match_by_email(company.database, company.tenant, profile(company, **changes))
    assert await holder(company) is None


@pytest.mark.row("X2")
async def test_a_signed_link_makes_the_account_that_of_whoever_signed_in_and_says_so(company):
    await set_policy(company, email_match=False)
    _account, person = await linked(company)
    assert person.id == id_of(company, "security_manager")
    assert await holder(company) == (person.id, LinkedBy.SIGNED_LINK)
    done = await company.trail(action="chat_account.link", result="success")
    assert [(each["user_id"], each["resource"], each["details"]["linked_by"]) for each in done] == [
        (str(CHAT), person.email, "signed_link")
    ]
    trail = [each["action"] for each in await company.trail() if each["action"].startswith("chat_account")]
    assert trail == ["chat_account.link_begin", "chat_account.link_confirm", "chat_account.link"]


@pytest.mark.row("X2")
async def test_a_link_that_an_attacker_sends_gives_them_nothing_without_the_code_that_its_victim_sees(company):
    await with_password(company)
    attackers, victims = ChatId(Platform.SLACK, "T1ACME", "U0EVIL"), CHAT
    token = await begun(company, who="agent_developer", chat=attackers)
    pending = await find_link(company.database, company.actor("security_manager", door=Door.CONSOLE), token)
    assert pending.profile.email == company.people["agent_developer"].email
    assert pending.is_of_another_address(company.people["security_manager"].email)

    code = await confirmed(company, token)  # the victim goes on in spite of the warning …
    with pytest.raises(NoLinkWaiting):  # … and gives the code in their own account
        await finish_link(company.database, company.tenant, profile(company, chat=victims), code)
    wrong = "000000" if code != "000000" else "000001"
    for _try in range(WRONG_CODES_MOST):
        with pytest.raises(WrongLinkCode):
            await finish_link(company.database, company.tenant, profile(company, "agent_developer", attackers), wrong)
    with pytest.raises(NoLinkWaiting):  # guessing has ended it, for the right code as well
        await finish_link(company.database, company.tenant, profile(company, "agent_developer", attackers), code)
    assert await holder(company, attackers) is None
    denied = await company.trail(action="chat_account.link", result="denied")
    assert len(denied) == WRONG_CODES_MOST


@pytest.mark.row("X2")
async def test_a_link_takes_the_password_or_the_second_factor_and_not_the_session_alone(company):
    await with_password(company)
    actor, token = company.actor("security_manager", door=Door.CONSOLE), await begun(company)
    with pytest.raises(PasswordRefused):
        await confirm_link(company.database, actor, token, proof=Proof(), password="not this one, sorry")
    app = pyotp.TOTP(await signin.begin_totp(company.database, actor, password=PASSWORD))
    await signin.confirm_totp(company.database, actor, code=app.at(company.clock.now()))
    company.advance(seconds=60)
    with pytest.raises(Forbidden):  # whoever has a second factor gives that
        await confirm_link(company.database, actor, token, proof=Proof(), password=PASSWORD)
    proof = Proof(code=app.at(company.clock.now()))
    code, proven = await confirm_link(company.database, actor, token, proof=proof, password="")
    assert proven.assured_at == company.clock.now()
    await finish_link(company.database, company.tenant, profile(company), code)
    assert await holder(company) == (actor.user, LinkedBy.SIGNED_LINK)


@pytest.mark.row("X2")
async def test_a_link_holds_once_for_ten_minutes_for_its_tenant_and_only_the_newest(company, database, clock):
    await with_password(company)
    first, second = await begun(company), await begun(company)
    with pytest.raises(LinkOver):
        await confirmed(company, first)
    await confirmed(company, second)
    with pytest.raises(LinkOver):
        await confirmed(company, second)
    third = await begun(company)
    other = await found_company(database, clock, TenantPolicy(tenant_id="northwind"), roles=("security_manager",))
    with pytest.raises(LinkOver):
        await find_link(database, other.actor("security_manager"), third)
    code = await confirmed(company, third)
    company.advance(minutes=10)
    with pytest.raises(NoLinkWaiting):
        await finish_link(database, company.tenant, profile(company), code)
    with pytest.raises(LinkOver):
        await find_link(database, company.actor("security_manager"), await expired(company))


async def expired(company):
    token = await begun(company)
    company.advance(minutes=10)
    return token


@pytest.mark.row("X2")
async def test_two_people_who_confirm_the_same_link_at_once_and_the_code_given_twice_make_one_owner(company):
    for who in ("security_manager", "compliance_manager"):
        await with_password(company, who)
    token = await begun(company)
    both = await asyncio.gather(
        *(confirmed(company, token, who) for who in ("security_manager", "compliance_manager")), return_exceptions=True
    )
    codes = [each for each in both if isinstance(each, str)]
    assert len(codes) == 1
    assert [type(each) for each in both if not isinstance(each, str)] == [LinkOver]
    winner = ("security_manager", "compliance_manager")[both.index(codes[0])]
    twice = await asyncio.gather(
        *(finish_link(company.database, company.tenant, profile(company), codes[0]) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in twice) == ["NoLinkWaiting", "tuple"]
    assert await holder(company) == (id_of(company, winner), LinkedBy.SIGNED_LINK)
    assert len(await company.trail(action="chat_account.link", result="success")) == 1


@pytest.mark.row("X2")
async def test_accounts_taken_over_at_once_go_from_hand_to_hand_and_everybody_before_is_told(company):
    async def take(who):
        actor = company.actor("tenant_administrator")
        return await set_account(company.database, actor, id_of(company, who), CHAT, linked_by=LinkedBy.ADMINISTRATOR)

    people = ("agent_developer", "agent_operator", "audit_reviewer")
    await asyncio.gather(*map(take, people))
    user, _how = await holder(company)
    done = await company.trail(action="chat_account.link")
    addresses = [company.people[who].email for who in people]
    assert sorted(each["resource"] for each in done) == sorted(addresses)
    lost = [each["details"]["before"] for each in done if each["details"]["before"]]
    assert sorted([*lost, next(each for each in addresses if company.people[key(company, each)].id == user)]) == sorted(
        addresses
    )


def key(company, email):
    return next(who for who, person in company.people.items() if person.email == email)


@pytest.mark.row("X2")
async def test_an_unlinked_account_is_refused_until_it_is_linked_again_though_its_address_would_match(company):
    await match_by_email(company.database, company.tenant, profile(company))
    actor = company.actor("security_manager", door=Door.CONSOLE)
    await unlink_mine(company.database, actor, CHAT)
    with pytest.raises(UnknownChatAccount) as refusal:
        await match_by_email(company.database, company.tenant, profile(company))
    assert "unlinked" in refusal.value.message
    mine = await my_accounts(company.database, actor)
    assert (list(mine.linked), [each.chat for each in mine.lost]) == ([], [CHAT])
    await linked(company)
    assert await holder(company) == (actor.user, LinkedBy.SIGNED_LINK)
    assert list((await my_accounts(company.database, actor)).lost) == []
    with pytest.raises(NotFound):
        await unlink_mine(company.database, company.actor("agent_developer"), CHAT)


@pytest.mark.row("X2")
async def test_an_address_never_moves_an_account_that_is_linked_in_a_stronger_way(company):
    await linked(company)
    known, person = await match_by_email(company.database, company.tenant, profile(company, "agent_developer"))
    assert (known.linked_by, person.id) == (LinkedBy.SIGNED_LINK, id_of(company, "security_manager"))


@pytest.mark.row("X2", "R7")
@pytest.mark.parametrize("who", ["enterprise_administrator", "tenant_administrator"])
async def test_nobody_votes_as_somebody_else_by_giving_them_their_own_account(company, who):
    """An administrator who asks for something could click as its approver, from the account that they sit at."""
    administrator, approver = company.actor(who), id_of(company, "security_manager")
    own = profile(company, who)
    await match_by_email(company.database, company.tenant, own)

    async def give():
        return await set_account(company.database, administrator, approver, own.chat, linked_by=LinkedBy.ADMINISTRATOR)

    with pytest.raises(OwnAccount):
        await give()
    await unlink_mine(company.database, administrator, own.chat)
    with pytest.raises(OwnAccount):
        await give()
    denied = await company.trail(action="chat_account.link", result="denied")
    assert [each["details"]["code"] for each in denied] == [OwnAccount.code] * 2


@pytest.mark.row("X2", "R7")
async def test_whoever_manages_users_sets_and_takes_accounts_up_to_their_own_rank(company):
    administrator = company.actor("tenant_administrator")
    user = id_of(company, "security_manager")
    await set_account(company.database, administrator, user, CHAT, linked_by=LinkedBy.DIRECTORY, name="lee")
    assert await holder(company) == (user, LinkedBy.DIRECTORY)
    other = replace(CHAT, chat_user="U0LEE2")
    await set_account(company.database, administrator, user, other, linked_by=LinkedBy.DIRECTORY)
    found = await list_accounts(company.database, administrator, user)
    assert [each.chat for each in found] == [other]  # an attribute has one value
    await unlink_account(company.database, administrator, user, other)
    with pytest.raises(UnknownChatAccount):
        await match_by_email(company.database, company.tenant, profile(company, chat=other))

    boss = id_of(company, "enterprise_administrator")
    for actor in (company.actor("agent_developer"), administrator):
        with pytest.raises(Forbidden):
            await set_account(company.database, actor, boss, CHAT, linked_by=LinkedBy.ADMINISTRATOR)
    with pytest.raises(Forbidden):
        await list_accounts(company.database, company.actor("agent_developer"), boss)
    with pytest.raises(InvalidInput):
        await set_account(company.database, administrator, user, CHAT, linked_by=LinkedBy.SIGNED_LINK)
    assert len(await company.trail(action="chat_account.link", result="denied")) == 2


@pytest.mark.row("X2", "R7")
async def test_nobody_takes_the_account_of_somebody_above_them(company):
    boss, system = (
        id_of(company, "enterprise_administrator"),
        company.actor("enterprise_administrator", door=Door.SYSTEM),
    )
    await set_account(company.database, system, boss, CHAT, linked_by=LinkedBy.DIRECTORY)
    user = id_of(company, "security_manager")
    with pytest.raises(Forbidden):
        await set_account(
            company.database, company.actor("tenant_administrator"), user, CHAT, linked_by=LinkedBy.DIRECTORY
        )
    assert await holder(company) == (boss, LinkedBy.DIRECTORY)


@pytest.mark.row("X2", "R6")
async def test_a_stranger_who_knocks_a_hundred_times_is_recorded_once_an_hour_and_counted(company):
    stranger = profile(company, email="stranger@elsewhere.example")
    for _knock in range(20):
        await refuse(company.database, company.tenant, stranger, UnknownChatAccount())
    assert len(await company.trail(action="chat_account.use", result="denied")) == 1
    company.advance(minutes=61)
    await refuse(company.database, company.tenant, stranger, UnknownChatAccount())
    assert [each["details"]["unrecorded_before"] for each in await company.trail(action="chat_account.use")] == [0, 19]


@pytest.mark.row("X2", "R6")
async def test_a_crowd_of_strangers_does_not_flood_the_trail(company):
    for number in range(RECORDED_MOST + 10):
        chat = replace(CHAT, chat_user=f"U{number:05}")
        await refuse(company.database, company.tenant, Profile(chat), UnknownChatAccount())
    assert len(await company.trail(action="chat_account.use")) == RECORDED_MOST


@pytest.mark.row("X2")
async def test_an_account_asks_for_ten_links_an_hour_at_most_and_a_guest_for_none(company):
    for _link in range(LINKS_MOST):
        await begun(company)
    with pytest.raises(LimitExceeded):
        await begun(company)
    company.advance(minutes=61)
    await begun(company)
    with pytest.raises(UnknownChatAccount):
        await begun(company, is_foreign=True)


@pytest.mark.row("X2", "A1")
async def test_a_vote_in_chat_says_in_the_trail_how_sure_its_account_was(company):
    pending = await ask(company, REVIEW)
    voter = replace(company.actor("security_manager", door=Door.SLACK), linked_by=LinkedBy.VERIFIED_EMAIL)
    request = await cast_vote(company.database, voter, pending.request_id, choice=Choice.APPROVE, reason="Fine.")
    assert [vote.assurance for vote in request.stages[0].votes] == ["click"]
    votes = [each for each in await company.trail() if each["details"]["door"] == "slack"]
    assert {each["details"]["linked_by"] for each in votes} == {"verified_email"}
    assert "review" in str([each["details"] for each in votes])


@pytest.mark.row("X2")
async def test_what_changes_is_told_to_whoever_gains_and_whoever_loses(company):
    await linked(company)
    actor = company.actor("tenant_administrator")
    after = id_of(company, "agent_developer")
    await set_account(company.database, actor, after, CHAT, linked_by=LinkedBy.ADMINISTRATOR)
    async with company.database.tenant(company.tenant) as tx:
        rows = (
            await tx.connection.execute(
                outbox_events.select()
                .where(outbox_events.c.type == AccountEvent.LINKED)
                .order_by(outbox_events.c.event_id)
            )
        ).all()
    assert [(row.subject, row.data["before"]) for row in rows] == [
        (f"person:{id_of(company, 'security_manager')}", None),
        (f"person:{after}", str(id_of(company, "security_manager"))),
    ]


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (("irc", "T1ACME", "U0LEE"), "platform"),
        (("slack", "acme", "U0LEE"), "workspace"),
        (("slack", "T1ACME", "lee"), "chat_user"),
        (("teams", "T1ACME", "U0LEE"), "workspace"),
    ],
)
def test_an_identity_that_no_platform_would_give_is_refused_with_what_is_accepted(given, where):
    with pytest.raises(InvalidInput) as refusal:
        chat_id(*given)
    assert refusal.value.where == where
    assert refusal.value.accepted


def test_a_person_in_teams_is_their_object_id():
    directory, user = "0198c1f2-6a00-7000-8000-000000000000", "0198c1f2-6a00-7000-8000-000000000001"
    assert chat_id("teams", directory, user) == ChatId(Platform.TEAMS, directory, user)
