"""What Teams accepts of an Adaptive Card, and what we keep to where Microsoft names no number.

What does not fit is shortened by the renderer; nothing here is ever raised as an error.
"""

from __future__ import annotations

from typing import Final

CARD_VERSION: Final = "1.5"  # Teams renders schema 1.5; Microsoft, "Universal Actions for Adaptive Cards"
# Ours: the card alone, as UTF-8. A message with its card may have "approximately 28 KB" (Microsoft, "Format your bot
# messages"; 413 MessageSizeTooBig); the rest is for what the card is wrapped in and sent with.
CARD_BYTES_MAX: Final = 24_000
REFRESH_USERS_MAX: Final = 60  # Microsoft, "User Specific Views": ids in refresh.userIds
ROW_ACTIONS_MAX: Final = 6  # Microsoft, "Cards reference": actions of one row; Teams hides the primary ones beyond

# Ours, as in Slack, so that both say the same; Microsoft names no numbers.
TEXT_MAX: Final = 3000  # characters of one paragraph
BRIEF_MAX: Final = 700  # of one paragraph in a card that would be too long otherwise
HEADING_MAX: Final = 150
FIELD_NAME_MAX: Final = 200
SUMMARY_MAX: Final = 400  # of what a notification and a screen reader say
IMAGE_ALT_MAX: Final = 2000
BUTTON_TEXT_MAX: Final = 75
ACTIONS_MAX: Final = 25  # in one row, menus counted as one
MENU_MAX: Final = 5
VALUE_MAX: Final = 2000
CONFIRM_TITLE_MAX: Final = 100
CONFIRM_TEXT_MAX: Final = 300
CONFIRM_BUTTON_MAX: Final = 30

DIALOG_TITLE_MAX: Final = 75
LABEL_MAX: Final = 2000  # label and hint of an input
PLACEHOLDER_MAX: Final = 150
INPUT_TEXT_MAX: Final = 3000  # what a person can type into one input
OPTION_TEXT_MAX: Final = 400  # of one choice with its description; less where a form would be too long
OPTION_TEXT_LEAST: Final = 25
COMPACT_TEXT_MAX: Final = 75  # of a choice in a drop-down list, which does not wrap; longer ones are shown in full
OPTIONS_MAX: Final = 100  # in a drop-down list
