"""Signs and verifies with the installation's keys, which every replica reads from the database and keeps in memory."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog

from core.approvals import ApprovedRequest
from core.db import Database, Transaction
from core.ids import TenantId, uuid7
from core.receipts import jws, records, rules, store
from core.receipts.claims import Receipt
from core.receipts.errors import ExpiredReceipt, InvalidReceipt
from core.receipts.keys import RETIRED_KEY_STAYS_FOR, KeyRing, PublicKey, SigningKey, ring

log = structlog.get_logger(__name__)


class Issuer:
    """The one place where private keys are. `address` is what receipts name as their issuer: the public base URL."""

    def __init__(self, database: Database, *, address: str) -> None:
        self._database = database
        self._address = address
        self._reading = asyncio.Lock()
        self._ring: KeyRing | None = None

    async def ready(self) -> KeyRing:
        """The keys, read within the last minute; the first one is made where there is none, and an old one replaced.

        Raises Unavailable if they cannot be read. To be called before the transaction in which something is issued,
        since reading takes a transaction of its own.
        """
        known = self._ring
        if known is not None and known.is_fresh(self._database.clock.now()):
            return known
        return await self._read_again(known)

    async def public_keys(self) -> tuple[PublicKey, ...]:
        """What verifies receipts: the key that signs now, and those before it whose receipts may not have expired."""
        return (await self.ready()).public

    async def verify(self, token: str, *, tenant: TenantId) -> Receipt:
        """The receipt, which is ours, for this tenant, and holds now. Raises InvalidReceipt or ExpiredReceipt."""
        known = await self.ready()
        key = jws.signer_of(token, known.public)
        if key is None:  # another replica may have made it a moment ago
            key = jws.signer_of(token, (await self._read_again(known)).public)
        if key is None:
            raise InvalidReceipt
        return rules.read(token, key, issuer=self._address, tenant=tenant, now=self._database.clock.now())

    async def attest(self, record: dict[str, Any]) -> str:
        """The record of a decision under our signature, in JWS compact form; no receipt. Raises as `ready`."""
        return jws.sign(record, (await self.ready()).signing, kind=records.TYPE)

    async def issue(self, tx: Transaction, approved: ApprovedRequest) -> tuple[Receipt, bool]:
        """The receipt that holds for the approval, and whether it is new. The request is held by the transaction."""
        keys = self._ring
        if keys is None:
            raise RuntimeError("ready() comes before issue()")
        token = await store.latest_token(tx, approved.id)
        if token is not None and (key := jws.signer_of(token, keys.public)) is not None:
            with contextlib.suppress(InvalidReceipt, ExpiredReceipt):
                known = rules.read(token, key, issuer=self._address, tenant=tx.tenant, now=tx.now)
                if rules.fits(known.claims, approved):
                    return known, False
        claims = rules.certify(approved, receipt_id=uuid7(), issuer=self._address, tenant=tx.tenant, now=tx.now)
        receipt = Receipt(claims, jws.sign(claims.to_json(), keys.signing))
        await store.add(tx, receipt, key_id=keys.signing.id)
        return receipt, True

    async def _read_again(self, known: KeyRing | None) -> KeyRing:
        """Keys that were read after `known`; until then whoever is issuing goes on with those in memory."""
        async with self._reading:
            if self._ring is None or self._ring is known:  # else another call has read them while this one waited
                self._ring = await self._read_keys()
            return self._ring

    async def _read_keys(self) -> KeyRing:
        async with self._database.system() as tx:
            found = ring(await store.keys(tx), now=tx.now)
            if found is not None:
                return found
            await store.lock_keys(tx)
            found = ring(await store.keys(tx), now=tx.now)
            if found is not None:  # another replica was faster
                return found
            key = SigningKey.generate()
            await store.replace_key(tx, key, forget_retired_before=tx.now - RETIRED_KEY_STAYS_FOR)
            made = ring(await store.keys(tx), now=tx.now)
        log.info("receipt_key_made", key_id=key.id)
        if made is None:
            raise RuntimeError("a key that was just made does not sign")
        return made
