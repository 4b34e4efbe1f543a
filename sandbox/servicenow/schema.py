"""The tables of the simulated instance and their columns: a base system's `task` family, people, approvals, journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How a column's value is written and shown."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATETIME = "glide_date_time"
    REFERENCE = "reference"
    JOURNAL = "journal_input"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices` maps values to the labels that people see; a read-only one ignores what callers send."""

    name: str
    label: str
    kind: Kind = Kind.STRING
    reference: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    read_only: bool = False
    max_length: int = 4000


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `display` names the column by which a reference to its rows is shown; `prefix` begins its numbers."""

    name: str
    label: str
    columns: Mapping[str, Column]
    display: str
    prefix: str = ""


LEVELS: Final = {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"}
PRIORITIES: Final = {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"}
RISKS: Final = {"1": "Very High", "2": "High", "3": "Moderate", "4": "Low"}
APPROVALS: Final = {
    "not requested": "Not Yet Requested",
    "requested": "Requested",
    "approved": "Approved",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "not_required": "No Longer Required",
    "duplicate": "Duplicate",
}
CHANGE_STATES: Final = {
    "-5": "New",
    "-4": "Assess",
    "-3": "Authorize",
    "-2": "Scheduled",
    "-1": "Implement",
    "0": "Review",
    "3": "Closed",
    "4": "Canceled",
}
INCIDENT_STATES: Final = {
    "1": "New",
    "2": "In Progress",
    "3": "On Hold",
    "6": "Resolved",
    "7": "Closed",
    "8": "Canceled",
}
TASK_STATES: Final = {"-5": "Pending", "1": "Open", "2": "In Progress", "3": "Closed", "4": "Canceled"}
TASK_TYPES: Final = {
    "planning": "Planning",
    "implementation": "Implementation",
    "testing": "Testing",
    "review": "Review",
}
CHANGE_TYPES: Final = {"normal": "Normal", "standard": "Standard", "emergency": "Emergency"}
CHANGE_CLOSE_CODES: Final = {
    "successful": "Successful",
    "successful_issues": "Successful with issues",
    "unsuccessful": "Unsuccessful",
}


def _columns(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


def _text(name: str, label: str, max_length: int = 4000, default: str = "", *, read_only: bool = False) -> Column:
    return Column(name, label, max_length=max_length, default=default, read_only=read_only)


def _choice(name: str, label: str, choices: Mapping[str, str], default: str = "") -> Column:
    return Column(name, label, choices=choices, default=default, max_length=40)


def _number(name: str, label: str, choices: Mapping[str, str], default: str, *, read_only: bool = False) -> Column:
    return Column(name, label, Kind.INTEGER, choices=choices, default=default, read_only=read_only)


def _flag(name: str, label: str, default: str = "false") -> Column:
    return Column(name, label, Kind.BOOLEAN, default=default)


def _ref(name: str, label: str, table: str, *, read_only: bool = False) -> Column:
    return Column(name, label, Kind.REFERENCE, reference=table, read_only=read_only, max_length=32)


def _when(name: str, label: str, *, read_only: bool = False) -> Column:
    return Column(name, label, Kind.DATETIME, read_only=read_only)


def _journal(name: str, label: str) -> Column:
    return Column(name, label, Kind.JOURNAL)


SYSTEM_COLUMNS: Final = _columns(
    _text("sys_id", "Sys ID", 32, read_only=True),
    _when("sys_created_on", "Created", read_only=True),
    _text("sys_created_by", "Created by", 40, read_only=True),
    _when("sys_updated_on", "Updated", read_only=True),
    _text("sys_updated_by", "Updated by", 40, read_only=True),
    Column("sys_mod_count", "Updates", Kind.INTEGER, default="0", read_only=True),
)

TASK_COLUMNS: Final = SYSTEM_COLUMNS | _columns(
    _text("number", "Number", 40),
    _text("sys_class_name", "Task type", 80, read_only=True),
    _text("short_description", "Short description", 160),
    _text("description", "Description"),
    _flag("active", "Active", "true"),
    _choice("approval", "Approval", APPROVALS, "not requested"),
    _number("priority", "Priority", PRIORITIES, "4"),
    _number("impact", "Impact", LEVELS, "3"),
    _number("urgency", "Urgency", LEVELS, "3"),
    _ref("assignment_group", "Assignment group", "sys_user_group"),
    _ref("assigned_to", "Assigned to", "sys_user"),
    _ref("opened_by", "Opened by", "sys_user"),
    _when("opened_at", "Opened"),
    _ref("closed_by", "Closed by", "sys_user"),
    _when("closed_at", "Closed"),
    _text("close_notes", "Close notes"),
    _ref("cmdb_ci", "Configuration item", "cmdb_ci_service"),
    _ref("business_service", "Service", "cmdb_ci_service"),
    _when("due_date", "Due date"),
    _text("correlation_id", "Correlation ID", 100),
    _text("correlation_display", "Correlation display", 100),
    _journal("comments", "Additional comments"),
    _journal("work_notes", "Work notes"),
    _flag("u_restricted", "Restricted"),  # a customer's own column: rows with it are hidden from ordinary accounts
)

CHANGE_COLUMNS: Final = TASK_COLUMNS | _columns(
    _choice("type", "Type", CHANGE_TYPES, "normal"),
    _number("state", "State", CHANGE_STATES, "-5"),
    _number("risk", "Risk", RISKS, "3"),
    _text("category", "Category", 40, "Other"),
    _ref("requested_by", "Requested by", "sys_user"),
    _text("justification", "Justification"),
    _text("implementation_plan", "Implementation plan"),
    _text("risk_impact_analysis", "Risk and impact analysis"),
    _text("backout_plan", "Backout plan"),
    _text("test_plan", "Test plan"),
    _when("start_date", "Planned start date"),
    _when("end_date", "Planned end date"),
    _when("work_start", "Actual start"),
    _when("work_end", "Actual end"),
    _flag("cab_required", "CAB required"),
    _choice("conflict_status", "Conflict status", {}, "Not Run"),
    _when("conflict_last_run", "Conflict last run"),
    _flag("on_hold", "On hold"),
    _text("on_hold_reason", "On hold reason"),
    _flag("unauthorized", "Unauthorized"),
    _choice("close_code", "Close code", CHANGE_CLOSE_CODES),
    _text("std_change_producer_version", "Standard change template version", 32, read_only=True),
    _text("chg_model", "Model", 40),
)

INCIDENT_COLUMNS: Final = TASK_COLUMNS | _columns(
    _number("state", "State", INCIDENT_STATES, "1"),
    _number("incident_state", "Incident state", INCIDENT_STATES, "1", read_only=True),
    _number("priority", "Priority", PRIORITIES, "5", read_only=True),
    _ref("caller_id", "Caller", "sys_user"),
    _text("category", "Category", 40, "inquiry"),
    _choice(
        "hold_reason",
        "On hold reason",
        {
            "1": "Awaiting Caller",
            "3": "Awaiting Problem",
            "4": "Awaiting Vendor",
            "5": "Awaiting Change",
        },
    ),
    _text("close_code", "Resolution code", 40),
    _ref("resolved_by", "Resolved by", "sys_user"),
    _when("resolved_at", "Resolved"),
    _choice("severity", "Severity", LEVELS, "3"),
)

TASKS: Final = TASK_COLUMNS | _columns(
    _number("state", "State", TASK_STATES, "1"),
    _ref("change_request", "Change request", "change_request"),
    _choice("change_task_type", "Type", TASK_TYPES, "implementation"),
    _choice("close_code", "Close code", CHANGE_CLOSE_CODES),
    _when("planned_start_date", "Planned start date"),
    _when("planned_end_date", "Planned end date"),
)

TABLES: Final[Mapping[str, Table]] = {
    table.name: table
    for table in (
        Table("change_request", "Change Request", CHANGE_COLUMNS, "number", "CHG"),
        Table("incident", "Incident", INCIDENT_COLUMNS, "number", "INC"),
        Table("change_task", "Change Task", TASKS, "number", "CTASK"),
        Table(
            "task_ci",
            "CIs Affected",
            SYSTEM_COLUMNS
            | _columns(
                _ref("task", "Task", "change_request"),
                _ref("ci_item", "Configuration item", "cmdb_ci_service"),
            ),
            "task",
        ),
        Table(
            "sys_user",
            "User",
            SYSTEM_COLUMNS
            | _columns(
                _text("user_name", "User ID", 40),
                _text("name", "Name", 151),
                _text("first_name", "First name", 50),
                _text("last_name", "Last name", 50),
                _text("email", "Email", 100),
                _text("title", "Title", 60),
                _flag("active", "Active", "true"),
            ),
            "name",
        ),
        Table(
            "sys_user_group",
            "Group",
            SYSTEM_COLUMNS
            | _columns(
                _text("name", "Name", 80),
                _text("description", "Description", 1000),
                _ref("manager", "Manager", "sys_user"),
                _flag("active", "Active", "true"),
            ),
            "name",
        ),
        Table(
            "sys_user_grmember",
            "Group Member",
            SYSTEM_COLUMNS
            | _columns(
                _ref("user", "User", "sys_user"),
                _ref("group", "Group", "sys_user_group"),
            ),
            "user",
        ),
        Table(
            "cmdb_ci_service",
            "Service",
            SYSTEM_COLUMNS
            | _columns(
                _text("name", "Name", 255),
                _text("short_description", "Description", 1000),
                _ref("support_group", "Support group", "sys_user_group"),
                _ref("owned_by", "Owned by", "sys_user"),
                _choice(
                    "busines_criticality",
                    "Business criticality",
                    {
                        "1 - most critical": "1 - most critical",
                        "2 - somewhat critical": "2 - somewhat critical",
                        "3 - less critical": "3 - less critical",
                        "4 - not critical": "4 - not critical",
                    },
                    "3 - less critical",
                ),  # misspelt by the vendor
                _choice("operational_status", "Operational status", {"1": "Operational", "2": "Non-Operational"}, "1"),
            ),
            "name",
        ),
        Table(
            "sysapproval_approver",
            "Approval",
            SYSTEM_COLUMNS
            | _columns(
                _ref("sysapproval", "Approval for", "change_request"),
                _ref("document_id", "Approving", "change_request"),
                _text("source_table", "Source table", 80),
                _ref("approver", "Approver", "sys_user"),
                _ref("group", "Assignment group", "sysapproval_group"),
                _choice("state", "State", APPROVALS, "not requested"),
                _journal("comments", "Comments"),
                _when("due_date", "Due date"),
            ),
            "approver",
        ),
        Table(
            "sysapproval_group",
            "Group approval",
            SYSTEM_COLUMNS
            | _columns(
                _ref("parent", "Parent", "change_request"),
                _ref("assignment_group", "Assignment group", "sys_user_group"),
                _choice("approval", "Approval", APPROVALS, "not requested"),
                _text("short_description", "Short description", 160),
            ),
            "assignment_group",
        ),
        Table(
            "sys_dictionary",
            "Dictionary Entry",
            SYSTEM_COLUMNS
            | _columns(
                _text("name", "Table", 80),
                _text("element", "Column name", 80),
                _text("column_label", "Column label", 80),
                _text("internal_type", "Type", 40),
                _text("reference", "Reference", 80),
                Column("max_length", "Max length", Kind.INTEGER),
                _flag("read_only", "Read only"),
                _flag("active", "Active", "true"),
            ),
            "element",
        ),
        Table(
            "sys_choice",
            "Choice",
            SYSTEM_COLUMNS
            | _columns(
                _text("name", "Table", 80),
                _text("element", "Element", 80),
                _text("value", "Value", 100),
                _text("label", "Label", 100),
                _text("language", "Language", 3, "en"),
                _flag("inactive", "Inactive"),
            ),
            "label",
        ),
        Table(
            "sys_attachment",
            "Attachment",
            SYSTEM_COLUMNS
            | _columns(
                _text("file_name", "File name", 100),
                _text("content_type", "Content type", 100),
                _text("table_name", "Table name", 80),
                _text("table_sys_id", "Table sys ID", 32),
                Column("size_bytes", "Size bytes", Kind.INTEGER),
                _text("hash", "Hash", 64),
            ),
            "file_name",
        ),
        Table(
            "sys_attachment_doc",
            "Attachment Document",
            SYSTEM_COLUMNS
            | _columns(
                _ref("sys_attachment", "Attachment", "sys_attachment"),
                _text("data", "Data", 16_000_000),
            ),
            "sys_attachment",
        ),
        Table(
            "sys_journal_field",
            "Journal Entry",
            SYSTEM_COLUMNS
            | _columns(
                _text("name", "Name", 80),
                _text("element", "Element", 80),
                _text("element_id", "Element ID", 32),
                _text("value", "Value", 65000),
            ),
            "name",
        ),
    )
}
