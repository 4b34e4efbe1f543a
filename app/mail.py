"""What goes out by e-mail, where a mail server is named."""

from __future__ import annotations

from app.container import Service
from connectors.mail import Mailer, MailSettings, Security, StatementMail
from core.outbox import RetryPolicy, Subscription
from core.schedules import ScheduleEvent


def connect_mail(service: Service) -> None:
    """Statements of costs are sent to those whom each tenant's document names."""
    given = service.settings.mail
    if given.host is None:
        return
    settings = MailSettings(
        host=given.host,
        port=given.port,
        sender=given.sender,
        security=Security(given.security.value),
        username=given.username,
        password=given.password.get_secret_value() if given.password else "",
        ca_file=given.ca_file,
        timeout_s=given.timeout_s,
    )
    console = f"{service.settings.base_url}/console"
    mail = StatementMail(service.database, service.rates, Mailer(settings), console)
    retry = RetryPolicy(timeout_s=given.timeout_s + 60)  # the files are made first
    service.subscriptions.append(
        Subscription("mail", frozenset({str(ScheduleEvent.CHARGEBACK_DUE)}), mail.deliver, retry)
    )
