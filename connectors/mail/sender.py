"""One message to one mail server, by SMTP (RFC 5321), in a thread: the library of Python waits.

What the server refuses for good (5xx to the message or to every recipient) is not tried again; whatever else fails is.
A server whose certificate is not trusted, or that does not offer the security that was chosen, is told nothing. A
message has an id that follows from what it tells of, so that one that is sent twice shows once.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog

from core.outbox import Permanent

log = structlog.get_logger()
REFUSED_FOR_GOOD: Final = 500  # replies from here on (RFC 5321, 4.2.1)


class Security(StrEnum):
    """How the way to the server is kept secret."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # on this machine and in tests


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mail goes out, as whom."""

    host: str
    port: int
    sender: str
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = ""
    ca_file: Path | None = None  # whose certificates are trusted beside those of this machine
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


class Mailer:
    """Sends messages."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(
        self,
        to: Sequence[str],
        subject: str,
        text: str,
        attachments: Sequence[Attachment],
        *,
        key: str,
        at: datetime,
    ) -> None:
        """The server has taken the message. `key` names it. Raises Permanent, or what else went wrong."""
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = ", ".join(to)
        message["Subject"] = subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{key}@{self._settings.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is to answer
        message.set_content(text)
        for each in attachments:
            kind, _, rest = each.media_type.partition("/")
            subtype = rest.partition(";")[0]
            message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
        try:
            refused = await asyncio.to_thread(self._hand_over, message)
        except smtplib.SMTPRecipientsRefused as exc:
            raise Permanent(f"The mail server refuses every recipient: {_reasons(exc.recipients)}") from exc
        except smtplib.SMTPAuthenticationError:
            raise  # people put it right, and then it goes
        except smtplib.SMTPResponseException as exc:
            if exc.smtp_code >= REFUSED_FOR_GOOD:
                raise Permanent(
                    f"The mail server refuses the message: {exc.smtp_code} {_said(exc.smtp_error)}"
                ) from exc
            raise
        if refused:
            log.warning("mail_recipients_refused", recipients=sorted(refused), reason=_reasons(refused))

    def _hand_over(self, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
        given, context = self._settings, ssl.create_default_context()
        if given.ca_file is not None:
            context.load_verify_locations(given.ca_file)
        if given.security is Security.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(given.host, given.port, timeout=given.timeout_s, context=context)
        else:
            server = smtplib.SMTP(given.host, given.port, timeout=given.timeout_s)
        with server:
            if given.security is Security.STARTTLS:
                server.starttls(context=context)
            if given.username:
                server.login(given.username, given.password)
            return server.send_message(message)


def _reasons(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{who}: {code} {_said(words)}" for who, (code, words) in sorted(refused.items()))


def _said(words: bytes | str) -> str:
    return (words if isinstance(words, str) else words.decode(errors="replace"))[:300]
