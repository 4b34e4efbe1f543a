"""What each person has chosen for themselves. Whoever has chosen nothing has the defaults.

choices.py   pure: what can be chosen
rules.py     pure: where somebody is told; quiet.py: quiet hours, and when they end
model.py     tables: one row for each person who has chosen something; where each thing was told; what waits
service.py   use cases; what subscribers and schedules read
telling.py   where somebody is told of something, decided once; anew where they cannot be reached
holding.py   what waits for the end of quiet hours, and is given back
"""

from core.preferences.choices import DIGEST_TIMES, LAST_ACTIVE, OFF, InvalidPreference, Preferences, Told
from core.preferences.events import PreferenceEvent
from core.preferences.holding import DEADLINES, hold_back, quiet_people
from core.preferences.quiet import CHANCE, QuietHours, quiet_until
from core.preferences.rules import covers
from core.preferences.service import all_preferences, get_preferences, set_digest, set_preferences
from core.preferences.telling import Unheard, is_settled, note_unreached, purge_tellings, settle_telling

__all__ = [
    "CHANCE",
    "DEADLINES",
    "DIGEST_TIMES",
    "LAST_ACTIVE",
    "OFF",
    "InvalidPreference",
    "PreferenceEvent",
    "Preferences",
    "QuietHours",
    "Told",
    "Unheard",
    "all_preferences",
    "covers",
    "get_preferences",
    "hold_back",
    "is_settled",
    "note_unreached",
    "purge_tellings",
    "quiet_people",
    "quiet_until",
    "set_digest",
    "set_preferences",
    "settle_telling",
]
