"""Access requests: how a denial is lifted, in the words of the AuthZEN Access Request and Approval Profile (X1).

naming.py     pure: the ids of evaluations, tasks and approvals; what a denial is bound to
rules.py      pure: a task's status, how long an approval lasts, what a presented approval is worth
addresses.py  which addresses a callback may reach
judging.py    an evaluation, with how to ask where that can help
submitting.py a task, opened from an evaluation
tasks.py      tasks shown and cancelled; each comes to its end once
callbacks.py  addresses that may be told, with their secrets; what they are told
model.py, store.py   tables and SQL
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.access_requests.addresses import Network, Reachable, reach, read_endpoint
from core.access_requests.callbacks import (
    SECRET_PREFIX,
    CallbackView,
    Notice,
    list_callbacks,
    notice_of,
    register_callback,
    remove_callback,
)
from core.access_requests.errors import (
    AddressRefused,
    CallbackRefused,
    DuplicateRequest,
    EmergencyElsewhere,
    ExpiredDenial,
    HiddenTask,
    InvalidBinding,
    InvalidSubmission,
    InvalidTaskState,
    NotRequestable,
    UnknownTask,
)
from core.access_requests.events import ENDINGS, AccessRequestEvent
from core.access_requests.judging import Evaluated, Judgement, judge
from core.access_requests.model import CALLBACK_SECRET
from core.access_requests.rules import CALLBACK_EVENTS, TaskStatus
from core.access_requests.submitting import CallbackWish, Submission, submit
from core.access_requests.tasks import cancel_task, get_task, settle_tasks
from core.access_requests.views import TaskView

__all__ = [
    "CALLBACK_EVENTS",
    "CALLBACK_SECRET",
    "ENDINGS",
    "SECRET_PREFIX",
    "AccessRequestEvent",
    "AddressRefused",
    "CallbackRefused",
    "CallbackView",
    "CallbackWish",
    "DuplicateRequest",
    "EmergencyElsewhere",
    "Evaluated",
    "ExpiredDenial",
    "HiddenTask",
    "InvalidBinding",
    "InvalidSubmission",
    "InvalidTaskState",
    "Judgement",
    "Network",
    "NotRequestable",
    "Notice",
    "Reachable",
    "Submission",
    "TaskStatus",
    "TaskView",
    "UnknownTask",
    "cancel_task",
    "get_task",
    "judge",
    "list_callbacks",
    "notice_of",
    "reach",
    "read_endpoint",
    "register_callback",
    "remove_callback",
    "settle_tasks",
    "submit",
]
