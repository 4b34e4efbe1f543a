"""What an administrator has set up on the site: projects, issue types, statuses, fields, screens, link types.

Ids are the vendor's where a fresh site has fixed ones (status 3 is In Progress), and high ones where it hands them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """How a field's value is stored, checked and shown."""

    STRING = "string"
    TEXT = "text"  # rich: a document on v3, markup on v2
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    URL = "url"
    USER = "user"
    USERS = "users"
    OPTION = "option"
    OPTIONS = "options"
    LABELS = "labels"
    PRIORITY = "priority"
    RESOLUTION = "resolution"
    COMPONENTS = "components"


@dataclass(frozen=True, slots=True)
class Field:
    """A field that people may set. `options` maps option ids to their words."""

    id: str
    name: str
    kind: Kind
    options: Mapping[str, str] = field(default_factory=dict)
    required: bool = False

    @property
    def custom_id(self) -> int | None:
        """The number of a custom field, None for a system field."""
        return int(self.id.removeprefix("customfield_")) if self.id.startswith("customfield_") else None


@dataclass(frozen=True, slots=True)
class Status:
    """A status; `category` is the key of its category."""

    id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class IssueType:
    """An issue type; `workflow` names the life of its issues."""

    id: str
    name: str
    workflow: str
    description: str = ""
    is_subtask: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `desk` is the id of its service desk, empty for a software project."""

    id: str
    key: str
    name: str
    types: tuple[str, ...]
    screen: tuple[str, ...]
    components: Mapping[str, str] = field(default_factory=dict)
    desk: str = ""


@dataclass(frozen=True, slots=True)
class RequestType:
    """What the portal of a service desk offers."""

    id: str
    name: str
    issue_type: str
    fields: tuple[str, ...]
    description: str = ""


CATEGORIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "undefined": {"id": 1, "name": "No Category", "colorName": "medium-gray"},
    "new": {"id": 2, "name": "To Do", "colorName": "blue-gray"},
    "indeterminate": {"id": 4, "name": "In Progress", "colorName": "yellow"},
    "done": {"id": 3, "name": "Done", "colorName": "green"},
}
_STATUSES: Final = (
    ("1", "Open", "new"), ("3", "In Progress", "indeterminate"), ("5", "Resolved", "done"), ("6", "Closed", "done"),
    ("10000", "To Do", "new"), ("10001", "Done", "done"), ("10003", "Waiting for Approval", "indeterminate"),
    ("10004", "Approved", "indeterminate"), ("10005", "Rejected", "done"), ("10006", "Canceled", "done"),
    ("10010", "Planning", "new"), ("10011", "Awaiting CAB approval", "indeterminate"),
    ("10012", "Awaiting implementation", "indeterminate"), ("10013", "Declined", "done"),
    ("10014", "Implementing", "indeterminate"), ("10015", "Completed", "done"), ("10016", "Failed", "done"),
    ("10020", "Work in progress", "indeterminate"), ("10021", "Pending", "indeterminate"),
    ("10030", "Waiting for support", "indeterminate"), ("10031", "Waiting for approval", "indeterminate"),
)  # fmt: skip
STATUSES: Final[Mapping[str, Status]] = {id_: Status(id_, name, category) for id_, name, category in _STATUSES}
PRIORITIES: Final[Mapping[str, str]] = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
DEFAULT_PRIORITY: Final = "3"
RESOLUTIONS: Final[Mapping[str, str]] = {
    "10000": "Done", "10001": "Won't Do", "10002": "Duplicate", "10003": "Cannot Reproduce", "10004": "Declined",
}  # fmt: skip
LINK_TYPES: Final[Mapping[str, tuple[str, str, str]]] = {  # id: name, inward, outward
    "10000": ("Blocks", "is blocked by", "blocks"),
    "10001": ("Cloners", "is cloned by", "clones"),
    "10002": ("Duplicate", "is duplicated by", "duplicates"),
    "10003": ("Relates", "relates to", "relates to"),
    "10004": ("Problem/Incident", "is caused by", "causes"),
}

APPROVERS_FIELD: Final = "customfield_10026"
REQUEST_TYPE_FIELD: Final = "customfield_10010"
RESOLUTION: Final = Field("resolution", "Resolution", Kind.RESOLUTION)
_FIELDS: Final = (
    Field("summary", "Summary", Kind.STRING, required=True),
    Field("description", "Description", Kind.TEXT),
    Field("priority", "Priority", Kind.PRIORITY),
    Field("labels", "Labels", Kind.LABELS),
    Field("assignee", "Assignee", Kind.USER),
    Field("reporter", "Reporter", Kind.USER, required=True),
    Field("duedate", "Due date", Kind.DATE),
    Field("components", "Components", Kind.COMPONENTS),
    RESOLUTION,
    Field("customfield_10020", "Governance request", Kind.STRING),
    Field("customfield_10021", "Risk level", Kind.OPTION,
          {"10100": "Low", "10101": "Medium", "10102": "High", "10103": "Critical"}),
    Field("customfield_10022", "Planned start", Kind.DATETIME),
    Field("customfield_10023", "Planned end", Kind.DATETIME),
    Field("customfield_10024", "Implementation plan", Kind.TEXT),
    Field("customfield_10025", "Backout plan", Kind.TEXT),
    Field(APPROVERS_FIELD, "Approvers", Kind.USERS),
    Field("customfield_10027", "Change type", Kind.OPTION,
          {"10110": "Normal", "10111": "Standard", "10112": "Emergency"}),
    Field("customfield_10028", "Environments", Kind.OPTIONS,
          {"10120": "Development", "10121": "Staging", "10122": "Production"}),
    Field("customfield_10029", "Estimated cost", Kind.NUMBER),
    Field("customfield_10030", "Pending reason", Kind.OPTION,
          {"10130": "More info required", "10131": "Awaiting approval", "10132": "Waiting on vendor"}),
    Field("customfield_10031", "Countersign link", Kind.URL),
)  # fmt: skip
FIELDS: Final[Mapping[str, Field]] = {one.id: one for one in _FIELDS}

_COMMON: Final = ("summary", "description", "priority", "labels", "assignee", "reporter", "duedate", "components",
                  "customfield_10020", "customfield_10021", "customfield_10028", "customfield_10029",
                  "customfield_10031")  # fmt: skip
_DESK: Final = (*_COMMON, "customfield_10022", "customfield_10023", "customfield_10024", "customfield_10025",
                APPROVERS_FIELD, "customfield_10027", "customfield_10030")  # fmt: skip
ISSUE_TYPES: Final[Mapping[str, IssueType]] = {
    "10001": IssueType("10001", "Story", "governance", "A user story."),
    "10002": IssueType("10002", "Task", "governance", "A small piece of work."),
    "10003": IssueType("10003", "Sub-task", "subtask", "A part of a piece of work.", is_subtask=True),
    "10004": IssueType("10004", "Bug", "governance", "A problem that impairs a function."),
    "10100": IssueType("10100", "[System] Change", "change", "A change to a service."),
    "10101": IssueType("10101", "[System] Incident", "incident", "An interruption of a service."),
    "10102": IssueType("10102", "[System] Service request", "request", "Something asked for with approval."),
}
PROJECTS: Final[Mapping[str, Project]] = {
    "GOV": Project("10000", "GOV", "Agent Governance", ("10002", "10001", "10004", "10003"), _COMMON,
                   {"10200": "Agents", "10201": "Data", "10202": "Platform"}),
    "ITSM": Project("10001", "ITSM", "IT Service Management", ("10100", "10101", "10102"), _DESK,
                    {"10210": "Payments", "10211": "Customer Support", "10212": "Claims Processing"}, desk="1"),
}  # fmt: skip
REQUEST_TYPES: Final[Mapping[str, RequestType]] = {
    "1": RequestType("1", "Request a change", "10100", ("summary", "description", "customfield_10021",
                     "customfield_10022", "customfield_10023", "customfield_10027", APPROVERS_FIELD),
                     "Ask for a change to a service."),
    "2": RequestType("2", "Report an incident", "10101", ("summary", "description", "priority"),
                     "Something does not work."),
    "3": RequestType("3", "Request access", "10102", ("summary", "description", APPROVERS_FIELD),
                     "Ask for a right; somebody approves it."),
}  # fmt: skip


def project(wanted: str) -> Project | None:
    """The project with this key or id."""
    return PROJECTS.get(wanted.upper()) or next((one for one in PROJECTS.values() if one.id == wanted), None)


def by_name(names: Mapping[str, str], wanted: str) -> str | None:
    """The id under which this name is kept, without regard to case."""
    return next((id_ for id_, name in names.items() if name.casefold() == wanted.casefold()), None)


STATUS_NAMES: Final = {id_: status.name for id_, status in STATUSES.items()}
TYPE_NAMES: Final = {id_: one.name for id_, one in ISSUE_TYPES.items()}
