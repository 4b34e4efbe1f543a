"""How Slack's ids look (Slack, "User and team ids")."""

import re
from typing import Final

CHANNEL_ID: Final = re.compile(r"[CDG][A-Z0-9]{6,}")
PERSON_ID: Final = re.compile(r"[UW][A-Z0-9]{4,}")
