"""Secrets lie sealed in the database; the key lies elsewhere, is the same for every process, and can be replaced."""

import asyncio
import base64
import stat

import pyotp
import pytest
from sqlalchemy import text

from app.container import SEALED
from core import signin
from core.actor import Door
from core.db import Database
from core.errors import ConfigError
from core.receipts import Issuer
from core.roles.hierarchy import ROLES
from core.sealing import KEY_BYTES, Keyring, MasterKey, Unsealable, mark_of
from core.tenants import TenantPolicy
from core.vault import GivenKeys, WrongKey, rewrap, seal_plain, take_keys
from tests.factories import ADDRESS, KEYRING, START, found_company

PASSWORD = "a quiet green lamp"
NEW = MasterKey(b"n" * KEY_BYTES)


async def with_app(company, who="security_manager"):
    system = company.actor("enterprise_administrator", door=Door.SYSTEM)
    token = await signin.invite(company.database, system, email=company.people[who].email)
    await signin.accept_invitation(company.database, token, password=PASSWORD)
    app = pyotp.TOTP(await signin.begin_totp(company.database, company.actor(who), password=PASSWORD))
    await signin.confirm_totp(company.database, company.actor(who), code=app.at(company.clock.now()))
    company.advance(seconds=60)
    return app


async def comes(company, app, who="security_manager"):
    claim = signin.Claim(company.tenant, company.people[who].email, PASSWORD, app.at(company.clock.now()))
    return await signin.sign_in(company.database, claim, ip_address=None, user_agent=None)


async def kept(company, what="SELECT secret FROM totp_secrets"):
    async with company.database.tenant(company.tenant) as tx:
        return list((await tx.connection.execute(text(what))).scalars())


async def kept_keys(database):
    async with database.system() as tx:
        found = await tx.connection.execute(text("SELECT private_key FROM receipt_keys WHERE private_key IS NOT NULL"))
        return [bytes(each) for each in found.scalars()]


@pytest.mark.row("T3", "R4")
async def test_an_authenticators_secret_lies_sealed_and_still_signs_in(company):
    app = await with_app(company)
    (stored,) = await kept(company)
    assert stored.startswith(mark_of(KEYRING.sealing))
    assert app.secret not in stored
    assert (await comes(company, app)).assured_at == company.clock.now()


@pytest.mark.row("T3", "P11")
async def test_the_private_half_of_a_receipt_key_lies_sealed_and_every_replica_signs_with_it(database, other_replica):
    one, other = Issuer(database, address=ADDRESS), Issuer(other_replica, address=ADDRESS)
    signing = (await one.ready()).signing
    (stored,) = await kept_keys(database)
    assert stored.startswith(mark_of(KEYRING.sealing).encode())
    assert signing.raw not in stored
    assert (await other.ready()).signing == signing


@pytest.mark.row("T3")
async def test_a_secret_that_was_copied_to_another_persons_row_does_not_open(company):
    await with_app(company)
    app = await with_app(company, "compliance_manager")
    user = company.people["compliance_manager"].id
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(
            text("UPDATE totp_secrets SET secret = (SELECT secret FROM totp_secrets WHERE user_id = :u)"), {"u": user}
        )
    assert (await comes(company, app, "compliance_manager")).user == user
    company.advance(seconds=60)
    with pytest.raises(Unsealable):
        await comes(company, app)


@pytest.mark.row("T3")
async def test_what_lay_readable_before_is_read_and_then_sealed_in_every_tenant(company, database, clock):
    other = await found_company(database, clock, TenantPolicy(tenant_id="northwind"), roles=ROLES)
    apps = {each.tenant: await with_app(each) for each in (company, other)}
    await Issuer(database, address=ADDRESS).ready()
    for each in (company, other):  # as the release before wrote them
        async with database.tenant(each.tenant) as tx:
            await tx.connection.execute(text("UPDATE totp_secrets SET secret = :s"), {"s": apps[each.tenant].secret})
    plain = b"p" * 32
    async with database.system() as tx:
        await tx.connection.execute(text("UPDATE receipt_keys SET private_key = :p"), {"p": plain})
    assert (await comes(company, apps[company.tenant])).user is not None
    company.advance(seconds=60)

    assert await seal_plain(database, SEALED) == 3
    assert await seal_plain(database, SEALED) == 0
    for each in (company, other):
        assert apps[each.tenant].secret not in str(await kept(each))
        assert (await comes(each, apps[each.tenant])).user is not None
    assert plain not in (await kept_keys(database))[0]


@pytest.mark.row("T3")
async def test_a_key_is_replaced_without_anybody_setting_anything_up_anew(company, database, monkeypatch):
    monkeypatch.setattr("core.vault.rewrapping.BATCH", 2)
    people = ("security_manager", "compliance_manager", "audit_reviewer", "agent_operator", "agent_developer")
    apps = {who: await with_app(company, who) for who in people}
    await Issuer(database, address=ADDRESS).ready()
    await take_keys(database, GivenKeys(file=None, sealing=KEYRING.sealing))

    database.keyring = await take_keys(database, GivenKeys(file=None, sealing=NEW, others=(KEYRING.sealing,)))
    seen = []
    done = await rewrap(database, SEALED, progress=lambda *at: seen.append(at))
    assert (done.rows, done.unsealable, done.retired) == (6, 0, (KEYRING.sealing.id,))
    assert seen[-1] == (len(SEALED), len(SEALED))  # columns
    database.keyring = await take_keys(database, GivenKeys(file=None, sealing=NEW))  # the old one may go
    for who, app in apps.items():
        assert (await comes(company, app, who)).user == company.people[who].id
    assert (await rewrap(database, SEALED, progress=lambda *_at: None)).rows == 0
    with pytest.raises(WrongKey):  # and does not come back by accident
        await take_keys(database, GivenKeys(file=None, sealing=KEYRING.sealing))


@pytest.mark.row("T3")
async def test_a_row_that_cannot_be_opened_is_counted_and_keeps_the_old_key_in_force(company, database):
    await with_app(company)
    await with_app(company, "compliance_manager")
    await take_keys(database, GivenKeys(file=None, sealing=KEYRING.sealing))
    async with database.tenant(company.tenant) as tx:
        await tx.connection.execute(
            text("UPDATE totp_secrets SET secret = overlay(secret placing 'AAAA' from 30) WHERE user_id = :u"),
            {"u": company.people["security_manager"].id},
        )
    database.keyring = Keyring(NEW, (KEYRING.sealing,))
    done = await rewrap(database, SEALED, progress=lambda *_at: None)
    assert (done.rows, done.unsealable, done.retired) == (1, 1, ())
    with pytest.raises(WrongKey):
        await take_keys(database, GivenKeys(file=None, sealing=NEW))


@pytest.mark.row("T3")
async def test_the_first_process_makes_a_key_that_only_it_may_read_and_finds_it_again(database, tmp_path):
    file = tmp_path / "data" / "encryption.key"
    made = await take_keys(database, GivenKeys(file=file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert base64.b64decode(file.read_text()) == made.sealing.raw
    assert await take_keys(database, GivenKeys(file=file)) == made
    assert [each.name for each in file.parent.iterdir()] == ["encryption.key"]


@pytest.mark.row("T3")
async def test_a_second_replica_without_the_shared_key_is_refused_and_makes_none(database, tmp_path):
    first = await take_keys(database, GivenKeys(file=tmp_path / "one" / "encryption.key"))
    with pytest.raises(WrongKey) as refusal:
        await take_keys(database, GivenKeys(file=tmp_path / "two" / "encryption.key"))
    assert first.sealing.id in refusal.value.message
    assert "COUNTERSIGN_ENCRYPTION_KEY" in refusal.value.sentence()
    assert not (tmp_path / "two").exists()
    with pytest.raises(WrongKey) as refusal:
        await take_keys(database, GivenKeys(file=tmp_path / "x", sealing=NEW))
    assert {first.sealing.id, NEW.id} <= set(refusal.value.message.replace(",", "").replace(".", "").split())


@pytest.mark.row("T3")
async def test_of_two_replicas_that_start_at_once_on_an_empty_database_one_key_wins(
    owner_url, clock, database, tmp_path
):
    other = Database(database.url, clock=clock)
    try:
        taken = await asyncio.gather(
            take_keys(database, GivenKeys(file=tmp_path / "one" / "encryption.key")),
            take_keys(other, GivenKeys(file=tmp_path / "two" / "encryption.key")),
            return_exceptions=True,
        )
    finally:
        await other.close()
    assert sorted(type(each).__name__ for each in taken) == ["Keyring", "WrongKey"]


@pytest.mark.row("T3")
@pytest.mark.parametrize("content", ["", "not base64 at all!", base64.b64encode(b"short").decode()])
async def test_a_file_that_holds_no_key_is_refused_by_its_name(database, tmp_path, content):
    file = tmp_path / "encryption.key"
    file.write_text(content)
    with pytest.raises(ConfigError) as refusal:
        await take_keys(database, GivenKeys(file=file))
    assert str(file) in refusal.value.sentence()


async def test_no_tenant_sees_which_keys_there_are(company):
    await take_keys(company.database, GivenKeys(file=None, sealing=NEW))
    assert await kept(company, "SELECT key_id FROM sealing_keys") == []
    assert company.clock.now() == START
