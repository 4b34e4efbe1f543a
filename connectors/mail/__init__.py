"""E-mail: what comes by the calendar, to whoever the tenant's document names (C10).

sender.py      one message to one server, by SMTP
statements.py  the subscriber: a month's statement with its files
"""

from connectors.mail.sender import Attachment, Mailer, MailSettings, Security
from connectors.mail.statements import StatementMail

__all__ = ["Attachment", "MailSettings", "Mailer", "Security", "StatementMail"]
