"""A real mail server for the tests, on this machine, that keeps what it takes; with TLS where it has a certificate."""

from __future__ import annotations

import email
import socket
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from connectors.mail import Mailer, MailSettings, Security


class Post:
    """What it does with what it is given: `refuse` answers to recipients, `reply` to messages.

    `tls`: it offers STARTTLS with this, and takes nothing before it; with `at_once` it speaks nothing else.
    """

    def __init__(self, tls=None, *, at_once=False):
        self.taken = []
        self.refuse = {}
        self.reply = "250 OK"
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=_free_port(),
            authenticator=self._check,
            auth_require_tls=tls is not None and not at_once,
            auth_required=False,
            ssl_context=tls if at_once else None,
            tls_context=None if at_once else tls,
            require_starttls=tls is not None and not at_once,
        )

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the same
        if self.reply.startswith("250"):
            self.taken.append((envelope, email.message_from_bytes(envelope.content, policy=policy.default)))
        return self.reply

    def mailer(self, **changes):
        """Who sends through it."""
        values = {
            "host": "127.0.0.1",
            "port": self.controller.port,
            "sender": "bills@corp.example",
            "security": Security.NONE,
            "timeout_s": 5,
        }
        return Mailer(MailSettings(**(values | changes)))

    def _check(self, server, session, envelope, mechanism, data):
        is_known = (data.login, data.password) == (b"countersign", b"pass")
        return AuthResult(success=is_known, handled=False)  # the server answers by itself


def _free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


@pytest.fixture
def post():
    found = Post()
    found.controller.start()
    yield found
    found.controller.stop()
