"""What Block Kit accepts. Source: Slack, Block Kit reference, as enforced by slack_sdk's own validators.

Characters and counts. What does not fit is shortened by the renderer; nothing here is ever raised as an error.
"""

from __future__ import annotations

from typing import Final

MESSAGE_BLOCKS_MAX: Final = 50
VIEW_BLOCKS_MAX: Final = 100
# All blocks of a posted message with their JSON ("msg_blocks_too_long"). Slack names no number; 13,172 characters were
# refused (github.com/slackapi/bolt-js, issue 2509), so there is a margin. The same blocks passed as a reply through a
# response_url (issue 2867).
MESSAGE_CHARACTERS_MAX: Final = 12_000
QUOTE_MIN: Final = 700  # ours: what is left of somebody's words in a message that would be too long otherwise
VIEW_BYTES_MAX: Final = 250_000  # a whole view; Slack, views.open, "view_too_large"
MESSAGE_TEXT_MAX: Final = 4000  # Slack cuts at 40,000 and recommends 4,000

HEADER_MAX: Final = 150
SECTION_TEXT_MAX: Final = 3000
FIELD_TEXT_MAX: Final = 2000
FIELDS_MAX: Final = 10  # in one section
CONTEXT_TEXT_MAX: Final = 3000
IMAGE_ALT_MAX: Final = 2000
IMAGE_TITLE_MAX: Final = 2000
FILE_ALT_MAX: Final = 1000  # of an uploaded file; Slack, files.getUploadURLExternal, "alt_txt_too_large"

ACTIONS_MAX: Final = 25  # elements in one block
BUTTON_TEXT_MAX: Final = 75
VALUE_MAX: Final = 2000
CONFIRM_TITLE_MAX: Final = 100
CONFIRM_TEXT_MAX: Final = 300
CONFIRM_BUTTON_MAX: Final = 30

LABEL_MAX: Final = 2000  # label and hint of an input
PLACEHOLDER_MAX: Final = 150
INPUT_TEXT_MAX: Final = 3000  # what a person can type into one input
OPTION_TEXT_MAX: Final = 75
OPTION_VALUE_MAX: Final = 150
OPTIONS_MAX: Final = 100  # in a select
OVERFLOW_MAX: Final = 5  # options of an overflow menu
CHECKS_MAX: Final = 10  # in a group of checkboxes

MODAL_TITLE_MAX: Final = 24  # title, submit and close
