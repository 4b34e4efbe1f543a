"""Ticket systems that a file declares: no code for them, plain HTTP.

connector.py  the ticket protocol; declared(file, slug): the declaration
spec.py       what a file says, as frozen values; approval_spec.py, request_spec.py: what it is made of
reading.py    YAML -> Spec; reading_parts.py, approval_reading.py, field_reading.py: sections; state_reading.py and
              request_reading.py: what sections share
templates.py  {name} in what is sent; paths.py: places in what is answered; references.py: secrets, by reference
building.py   pure: request and values -> call; trial.py: shown and not sent; client.py: sent, signed in, in its rate
failures.py   answers as one of the four failures
tickets.py    theirs -> ours; walk.py: the next state; notes.py: comments written once
approvals.py  people are asked there, and what they decide is read
polling.py    what was touched; paging.py: page after page; webhooks.py: nudges
doctor.py     what `countersign doctor` asks
"""

from connectors.itsm.custom.connector import Custom, CustomSettings, declared
from connectors.itsm.custom.reading import load, read_spec
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.trial import OPERATIONS, Sample, trial

__all__ = ["OPERATIONS", "Custom", "CustomSettings", "Sample", "Spec", "declared", "load", "read_spec", "trial"]
