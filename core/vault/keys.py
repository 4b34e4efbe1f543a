"""The master key: given by the settings, or made once and kept in a file beside the installation's other data.

Every process that serves a database proves at its start that it holds each key that has sealed something there. Two
replicas that each made a key of their own would otherwise write what the other cannot read.
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from core.db import Database
from core.errors import ConfigError
from core.sealing import KEY_BYTES, Keyring, MasterKey
from core.vault import store
from core.vault.errors import WrongKey

SETTING: Final = "encryption_key"
_SHARE: Final = (
    "Give every process of this database the same COUNTERSIGN_ENCRYPTION_KEY (or _FILE); where none was set, it lies "
    "in 'encryption.key' of the data_dir of the process that came first. A key that was replaced goes into "
    "COUNTERSIGN_ENCRYPTION_OTHER_KEYS until 'countersign db rewrap' has run."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """What the settings say. Without a `sealing` key, `file` holds it, or will. Prints no secret."""

    file: Path
    sealing: MasterKey | None = None
    others: tuple[MasterKey, ...] = ()


async def take_keys(database: Database, given: GivenKeys) -> Keyring:
    """The keys of this process, which open whatever is sealed in this database. Raises WrongKey, ConfigError."""
    async with database.system() as tx:
        await store.lock(tx)
        known = await store.key_ids(tx)
        sealing = given.sealing or await asyncio.to_thread(_read, given.file)
        if sealing is None and not known:
            sealing = await asyncio.to_thread(_make, given.file)
            log.info("encryption_key_made", key_id=sealing.id, file=str(given.file))
        if sealing is None:
            message = f"This database's secrets are sealed with key {_names(known)}, and this process has none."
            raise WrongKey(message, key=SETTING, next_step=_SHARE)
        keyring = Keyring(sealing, given.others)
        if known - keyring.ids:
            message = (
                f"This database's secrets are sealed with key {_names(known - keyring.ids)}, "
                f"and this process has {_names(keyring.ids)}."
            )
            raise WrongKey(message, key=SETTING, next_step=_SHARE)
        await store.add_key(tx, sealing.id)
    return keyring


def _names(ids: frozenset[str]) -> str:
    return ", ".join(sorted(ids))


def _read(file: Path) -> MasterKey | None:
    try:
        text = file.read_text()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigError(f"The key cannot be read: {exc.strerror}.", file=str(file), key=SETTING) from exc
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ConfigError("This file holds no key.", file=str(file), accepted=("32 bytes in base64",), key=SETTING)
    return MasterKey(raw)


def _make(file: Path) -> MasterKey:
    """A new key, in its file before anything is sealed with it: readable by its owner alone, and never half there."""
    key = MasterKey(secrets.token_bytes(KEY_BYTES))
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(base64.b64encode(key.raw) + b"\n")
            written.flush()
            os.fsync(written.fileno())
        os.link(draft, file)  # refuses to replace one that another process has made meanwhile
        draft.unlink()
    except FileExistsError:
        draft.unlink(missing_ok=True)
        return _read(file) or key
    except OSError as exc:
        raise ConfigError(
            f"No key can be kept there: {exc.strerror}.",
            file=str(file),
            key=SETTING,
            next_step="Make one (openssl rand -base64 32) and set COUNTERSIGN_ENCRYPTION_KEY, or _FILE.",
        ) from exc
    return key
