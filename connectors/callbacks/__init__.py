"""Callbacks: agent platforms are told that an access request is over (X1).

signing.py      pure: Standard Webhooks signatures
posting.py      one POST to a checked address
subscriber.py   one notice to one address, delivered by the outbox
automation.py   what rules of workflow automation send (N5)
"""

from connectors.callbacks.automation import RuleWebhooks
from connectors.callbacks.subscriber import Callbacks

__all__ = ["Callbacks", "RuleWebhooks"]
