"""What the outside knows of a subject. The doors keep here what they must remember, because they hold no SQL.

model.py     tables
tickets.py   one ticket per subject and system; recording.py takes one over; events.py what is told of them
moves.py     which of their moves are our own
origins.py   which rules of workflow automation stand behind a subject
messages.py  one living message per subject, place and role
conversations.py  where a bot may write, as the platform told of it
"""

from core.links.conversations import (
    Conversation,
    ConversationKind,
    channel_called,
    channels_of,
    conversation_with,
    conversations_with,
    drop_conversation,
    drop_team,
    find_conversation,
    keep_conversation,
    newest_conversation,
)
from core.links.events import TicketEvent
from core.links.messages import (
    MessageSlot,
    drop_message,
    find_message,
    messages_of,
    reserve_message,
    settle_message,
    stored_message,
)
from core.links.moves import (
    OwnMove,
    begin_move,
    break_off_move,
    end_move,
    look_again_at,
    own_moves,
    settle_move,
    tickets_to_look_at,
)
from core.links.origins import keep_origin, origin_of, ticket_place
from core.links.recording import record_ticket, take_ticket, tell_of_ticket
from core.links.tickets import (
    EMERGENCY,
    INCIDENT,
    OWN,
    SYSTEM_TITLES,
    TicketLink,
    TicketPhase,
    count_tickets,
    save_ticket,
    tickets_after,
    tickets_known_as,
    tickets_of,
)

__all__ = [
    "EMERGENCY",
    "INCIDENT",
    "OWN",
    "SYSTEM_TITLES",
    "Conversation",
    "ConversationKind",
    "MessageSlot",
    "OwnMove",
    "TicketEvent",
    "TicketLink",
    "TicketPhase",
    "begin_move",
    "break_off_move",
    "channel_called",
    "channels_of",
    "conversation_with",
    "conversations_with",
    "count_tickets",
    "drop_conversation",
    "drop_message",
    "drop_team",
    "end_move",
    "find_conversation",
    "find_message",
    "keep_conversation",
    "keep_origin",
    "look_again_at",
    "messages_of",
    "newest_conversation",
    "origin_of",
    "own_moves",
    "record_ticket",
    "reserve_message",
    "save_ticket",
    "settle_message",
    "settle_move",
    "stored_message",
    "take_ticket",
    "tell_of_ticket",
    "ticket_place",
    "tickets_after",
    "tickets_known_as",
    "tickets_of",
    "tickets_to_look_at",
]
