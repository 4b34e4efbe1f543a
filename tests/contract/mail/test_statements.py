"""A message through a real mail server (C10)."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from datetime import UTC, datetime

import pytest

from connectors.mail import Attachment, Security
from core.outbox import Permanent
from tests.certificates import authority
from tests.post_office import Post, post

__all__ = ["authority", "post"]  # fixtures
AT = datetime(2026, 4, 2, 9, tzinfo=UTC)


async def send(found, *to, content=b"%PDF-1.4"):
    files = [Attachment("chargeback-2026-03.pdf", "application/pdf", content)]
    await found.send(to, "Chargeback 2026-03: 12.50 USD", "Zürich: 12.50 USD\n", files, key="chargeback-x", at=AT)


@pytest.mark.row("C10")
async def test_a_message_arrives_with_its_words_and_files_and_one_id(post):
    for _ in range(2):
        await send(post.mailer(username="countersign", password="pass"), "cfo@corp.example", "fin@corp.example")
    (envelope, message), (_, again) = post.taken
    assert envelope.rcpt_tos == ["cfo@corp.example", "fin@corp.example"]
    assert message["Subject"] == "Chargeback 2026-03: 12.50 USD"
    assert message["Message-ID"] == again["Message-ID"] == "<chargeback-x@corp.example>"
    assert message.get_body().get_content().splitlines() == ["Zürich: 12.50 USD"]
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        "chargeback-2026-03.pdf",
        "application/pdf",
        b"%PDF-1.4",
    )


@pytest.mark.row("C10", "N4")
async def test_what_the_server_refuses_for_good_is_not_tried_again_and_what_it_puts_off_is(post):
    post.refuse["gone@corp.example"] = "550 no such person"
    with pytest.raises(Permanent, match="gone@corp.example: 550 no such person"):
        await send(post.mailer(), "gone@corp.example")
    await send(post.mailer(), "gone@corp.example", "cfo@corp.example")  # the others have it
    assert len(post.taken) == 1
    post.reply = "552 too large"
    with pytest.raises(Permanent, match="552 too large"):
        await send(post.mailer(), "cfo@corp.example")
    post.reply = "451 come again later"
    with pytest.raises(Exception, match="come again later") as failed:
        await send(post.mailer(), "cfo@corp.example")
    assert not isinstance(failed.value, Permanent)
    with pytest.raises(Exception, match=r"authentication|535|Authentication") as failed:
        await send(post.mailer(username="countersign", password="wrong"), "cfo@corp.example")
    assert not isinstance(failed.value, Permanent)


@pytest.mark.row("C10", "N4")
async def test_a_server_that_is_not_there_is_tried_again(post):
    found = post.mailer(port=1)
    with pytest.raises(OSError, match="refused"):
        await send(found, "cfo@corp.example")


@contextlib.contextmanager
def opened(tls, **how):
    found = Post(tls, **how)
    found.controller.start()
    try:
        yield found
    finally:
        found.controller.stop()


@pytest.mark.row("C10", "I4")
@pytest.mark.parametrize(("at_once", "security"), [(False, Security.STARTTLS), (True, Security.TLS)])
async def test_a_message_and_the_password_go_out_by_tls_to_a_server_whose_certificate_is_trusted(
    authority, at_once, security
):
    with opened(authority.server("127.0.0.1"), at_once=at_once) as post:
        given = {"security": security, "ca_file": authority.file}
        await send(post.mailer(username="countersign", password="pass", **given), "cfo@corp.example")
    ((envelope, _message),) = post.taken
    assert envelope.rcpt_tos == ["cfo@corp.example"]


@pytest.mark.row("C10", "I4")
@pytest.mark.parametrize(("at_once", "security"), [(False, Security.STARTTLS), (True, Security.TLS)])
@pytest.mark.parametrize("fault", ["unknown authority", "another host", "expired"])
async def test_a_server_with_a_bad_certificate_is_told_nothing_and_tried_again(authority, at_once, security, fault):
    issued = authority.server(
        "127.0.0.2" if fault == "another host" else "127.0.0.1", days=-1 if fault == "expired" else 30
    )
    trusted = None if fault == "unknown authority" else authority.file
    said = {
        "unknown authority": "unable to get local issuer certificate",
        "another host": "IP address mismatch",
        "expired": "certificate has expired",
    }
    with opened(issued, at_once=at_once) as post:
        mailer = post.mailer(security=security, ca_file=trusted, username="countersign", password="pass")
        with pytest.raises(ssl.SSLCertVerificationError, match=said[fault]):
            await send(mailer, "cfo@corp.example")
    assert post.taken == []


@pytest.mark.row("C10", "I4")
async def test_a_server_without_starttls_has_no_message_in_the_clear(post):
    with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS"):
        await send(post.mailer(security=Security.STARTTLS), "cfo@corp.example")
    assert post.taken == []
