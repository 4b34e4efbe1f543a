"""The forms of the simulated AR System server and their fields, with the labels that the vendor's ITSM really uses.

An interface form for reading is a join onto its base form; an interface form for creating is a staging form of its own.
Field ids are the vendor's where they are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The data types of fields, by the vendor's names."""

    CHAR = "CHAR"
    ENUM = "ENUM"
    TIME = "TIME"
    INTEGER = "INTEGER"
    ATTACHMENT = "ATTACH"


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `options` are the labels of a selection by number; one on display only is never stored."""

    id: int
    name: str
    kind: Kind = Kind.CHAR
    options: Mapping[int, str] = field(default_factory=dict)
    required: bool = False
    default: str | int | None = None
    read_only: bool = False
    on_display_only: bool = False
    max_length: int = 0  # characters; 0 is unlimited


@dataclass(frozen=True, slots=True)
class Form:
    """A form. `base` is the form that holds the entries; a join shows each of them under the id `X|X`."""

    name: str
    fields: Mapping[str, Field]
    base: str
    prefix: str = ""
    joined: bool = False

    def find(self, wanted: str) -> Field | None:
        """The field with this name, or with this number."""
        if wanted in self.fields:
            return self.fields[wanted]
        if wanted.isdecimal():
            return next((one for one in self.fields.values() if one.id == int(wanted)), None)
        return None


IMPACTS: Final = {1000: "1-Extensive/Widespread", 2000: "2-Significant/Large", 3000: "3-Moderate/Limited",
                  4000: "4-Minor/Localized"}  # fmt: skip
URGENCIES: Final = {1000: "1-Critical", 2000: "2-High", 3000: "3-Medium", 4000: "4-Low"}
PRIORITIES: Final = {0: "Critical", 1: "High", 2: "Medium", 3: "Low"}
INCIDENT_STATUSES: Final = {0: "New", 1: "Assigned", 2: "In Progress", 3: "Pending", 4: "Resolved", 5: "Closed",
                            6: "Cancelled"}  # fmt: skip
INCIDENT_REASONS: Final = {
    2000: "Local Site Action Required", 6000: "Support Contact Hold", 7000: "Third Party Vendor Action Reqd",
    8000: "Client Action Required", 9000: "Infrastructure Change Created", 11000: "Future Enhancement",
    13000: "Client Hold", 14000: "Monitoring Incident", 15000: "Customer Follow-Up Required",
    16000: "Temporary Corrective Action", 17000: "No Further Action Required", 19000: "Automated Resolution Reported",
}  # fmt: skip
SERVICE_TYPES: Final = {0: "User Service Restoration", 1: "User Service Request", 2: "Infrastructure Restoration",
                        3: "Infrastructure Event"}  # fmt: skip
SOURCES: Final = {1000: "Direct Input", 2000: "Email", 4200: "Systems Management", 6000: "Phone", 8000: "Self Service",
                  10000: "Other"}  # fmt: skip
CHANGE_STATUSES: Final = {
    0: "Draft", 1: "Request For Authorization", 2: "Request For Change", 3: "Planning In Progress",
    4: "Scheduled For Review", 5: "Scheduled For Approval", 6: "Scheduled", 7: "Implementation In Progress",
    8: "Pending", 9: "Rejected", 10: "Completed", 11: "Closed", 12: "Cancelled",
}  # fmt: skip
CHANGE_REASONS: Final = {
    1000: "No Longer Required", 2000: "Funding Not Available", 3000: "To Be Re-Scheduled",
    4000: "Resources Not Available", 5000: "Successful", 6000: "Successful with Issues", 7000: "Unsuccessful",
    8000: "Backed Out", 9000: "Final Review Complete", 11000: "Insufficient Task Data", 28000: "Vendor Purchase",
    31000: "Insufficient Change Data",
}  # fmt: skip
TIMINGS: Final = {1000: "Emergency", 2000: "Expedited", 3000: "Latent", 4000: "Normal", 5000: "No Impact",
                  6000: "Standard"}  # fmt: skip
RISKS: Final = {1000: "Risk Level 1", 2000: "Risk Level 2", 3000: "Risk Level 3", 4000: "Risk Level 4",
                5000: "Risk Level 5"}  # fmt: skip
CHANGE_TYPES: Final = {1000: "Project", 2000: "Change", 3000: "Release", 5000: "Asset Configuration"}
ENVIRONMENTS: Final = {1000: "Development", 2000: "Test", 3000: "Production"}
APPROVAL_STATUSES: Final = {0: "Pending", 1: "Approved", 2: "Rejected", 3: "Hold", 4: "More Information",
                            5: "Cancelled", 6: "Error", 7: "Closed"}  # fmt: skip
TASK_STATUSES: Final = {1000: "Staged", 2000: "Assigned", 3000: "Pending", 4000: "Work In Progress", 5000: "Waiting",
                        6000: "Closed", 7000: "Bypassed"}  # fmt: skip
TASK_REASONS: Final = {1000: "Success", 2000: "Failed", 3000: "Canceled"}
TASK_TYPES: Final = {1000: "Automatic", 2000: "Manual"}
LOG_TYPES: Final = {1000: "Customer Communication", 2000: "Customer Follow-up", 8000: "General Information",
                    16000: "Working Log"}  # fmt: skip
ACCESSES: Final = {0: "Internal", 1: "Public"}
PROFILE_STATUSES: Final = {0: "Proposed", 1: "Enabled", 2: "Offline", 3: "Obsolete"}

HELP_DESK, INCIDENT, INCIDENT_CREATE = "HPD:Help Desk", "HPD:IncidentInterface", "HPD:IncidentInterface_Create"
CHANGE_BASE, CHANGE, CHANGE_CREATE = "CHG:Infrastructure Change", "CHG:ChangeInterface", "CHG:ChangeInterface_Create"
INCIDENT_LOG, CHANGE_LOG = "HPD:WorkLog", "CHG:WorkLog"
PEOPLE, GROUPS = "CTM:People", "CTM:Support Group"
TASK, TASK_INTERFACE = "TMS:Task", "TMS:TaskInterface"
SIGNATURE, DETAIL_SIGNATURE = "AP:Signature", "AP:Detail-Signature"


def _char(id_: int, name: str, *, required: bool = False, read_only: bool = False, most: int = 255) -> Field:
    return Field(id_, name, required=required, read_only=read_only, max_length=most)


def _enum(
    id_: int, name: str, options: Mapping[int, str], *, required: bool = False, default: int | None = None,
    read_only: bool = False,
) -> Field:  # fmt: skip
    return Field(id_, name, Kind.ENUM, options, required=required, default=default, read_only=read_only)


def _shown(id_: int, name: str) -> Field:
    return Field(id_, name, on_display_only=True)


def _form(name: str, *fields: Field, base: str = "", prefix: str = "", joined: bool = False) -> Form:
    """The form with the core fields that every form has."""
    core = (
        Field(1, "Request ID", read_only=True, max_length=15),
        Field(2, "Submitter", read_only=True, max_length=254),
        Field(3, "Submit Date", Kind.TIME, read_only=True),
        Field(5, "Last Modified By", read_only=True, max_length=254),
        Field(6, "Last Modified Date", Kind.TIME, read_only=True),
    )
    return Form(name, {one.name: one for one in (*core, *fields)}, base or name, prefix, joined)


_INCIDENT_FIELDS: Final = (
    _char(1000000161, "Incident Number", read_only=True, most=15),
    _char(1000000000, "Description", required=True, most=100),
    _char(1000000151, "Detailed Decription", most=0),  # the vendor's own spelling
    _enum(7, "Status", INCIDENT_STATUSES, required=True, default=0),
    _enum(1000000150, "Status_Reason", INCIDENT_REASONS),
    _enum(1000000163, "Impact", IMPACTS, required=True),
    _enum(1000000162, "Urgency", URGENCIES, required=True),
    _enum(1000000164, "Priority", PRIORITIES, read_only=True),
    _enum(1000000099, "Service Type", SERVICE_TYPES, required=True),
    _enum(1000000215, "Reported Source", SOURCES, required=True),
    _char(1000000019, "First Name", required=True, most=30),
    _char(1000000018, "Last Name", required=True, most=30),
    _char(1000000082, "Contact Company"),
    _char(1000000001, "Company"),
    _char(1000000217, "Assigned Group", most=60),
    _char(1000000218, "Assignee", most=69),
    _char(1000000156, "Resolution", most=0),
    _char(1000000652, "Vendor Ticket Number", most=60),
    _char(240001003, "mc_ueid", most=64),
    _char(303497300, "ServiceCI"),
    Field(1000000564, "Last Resolved Date", Kind.TIME, read_only=True),
)
_CHANGE_FIELDS: Final = (
    _char(1000000182, "Infrastructure Change ID", read_only=True, most=15),
    _char(1000000000, "Description", required=True, most=100),
    _char(1000000151, "Detailed Description", most=0),
    _enum(7, "Change Request Status", CHANGE_STATUSES, required=True, default=0),
    _enum(1000000881, "Status Reason", CHANGE_REASONS),
    _enum(1000000163, "Impact", IMPACTS, required=True),
    _enum(1000000162, "Urgency", URGENCIES, required=True),
    _enum(1000000164, "Priority", PRIORITIES, read_only=True),
    _enum(1000000181, "Change Type", CHANGE_TYPES, required=True),
    _enum(1000000568, "Change Timing", TIMINGS, required=True),
    _enum(1000000180, "Risk Level", RISKS, required=True),
    _enum(1000003662, "Change Environment", ENVIRONMENTS),
    _char(1000000001, "Location Company", required=True),
    _char(1000000082, "Company", required=True),
    _char(1000000019, "First Name", required=True, most=30),
    _char(1000000018, "Last Name", required=True, most=30),
    _char(1000000294, "Reason For Change"),
    Field(1000000350, "Scheduled Start Date", Kind.TIME),
    Field(1000000362, "Scheduled End Date", Kind.TIME),
    Field(1000000348, "Actual Start Date", Kind.TIME),
    Field(1000000364, "Actual End Date", Kind.TIME),
    _char(1000000015, "ASGRP", most=60),
    _char(1000000251, "ASCPY"),
    _char(1000000014, "ASORG", most=60),
    _char(1000000652, "Vendor Ticket Number", most=60),
    _char(303497300, "ServiceCI"),
    _char(1000000510, "Approval Phase Name", read_only=True),
)
LOG_FILES: Final = ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03")
_LOG_FIELDS: Final = (
    _char(1000000000, "Description", most=100),
    _char(1000000151, "Detailed Description", required=True, most=0),
    _enum(1000000170, "Work Log Type", LOG_TYPES, default=8000),
    _enum(1000000761, "View Access", ACCESSES, default=0),
    *(Field(1000000351 + index, name, Kind.ATTACHMENT) for index, name in enumerate(LOG_FILES)),
)
_SIGNATURE_FIELDS: Final = (
    _char(10000, "Application", read_only=True),
    _char(10050, "Request", read_only=True, most=15),
    _char(10051, "Approval Phase", read_only=True),
    _char(13205, "Approvers", read_only=True, most=4000),
    _enum(13191, "Approval Status", APPROVAL_STATUSES, required=True, default=0),
    _char(13207, "Approver Signature", read_only=True),
    _char(13208, "Alternate Signature", read_only=True),
    _char(13506, "Justification", most=0),
    Field(13209, "Action Date", Kind.TIME, read_only=True),
)
_TASK_FIELDS: Final = (
    _char(10000006, "Task ID", read_only=True, most=15),
    _char(10001041, "TaskName", required=True, most=255),
    _char(8, "Summary", required=True, most=255),
    _char(10000101, "Notes", most=0),
    _enum(7, "Status", TASK_STATUSES, required=True, default=1000),
    _enum(10000028, "StatusReasonSelection", TASK_REASONS),
    _enum(10002506, "TaskType", TASK_TYPES, required=True, default=2000),
    _char(10000207, "RootRequestFormName", required=True),
    _char(10000100, "RootRequestID", required=True, most=15),
    _char(10006453, "RootRequestName"),
    _char(1000000001, "Location Company", required=True),
    _char(10002505, "Assignee Group", most=60),
    _char(10000838, "Assignee", most=69),
    _char(303498800, "ElectronicField1"),
)
_ALL: Final = (
    _form(HELP_DESK, *_INCIDENT_FIELDS, prefix="INC"),
    _form(INCIDENT, *_INCIDENT_FIELDS, _shown(1000000076, "z1D_Action"), _shown(304247080, "z1D_Details"),
          _shown(304247081, "z1D_WorklogDetails"), base=HELP_DESK, joined=True),
    _form(INCIDENT_CREATE, _shown(1000000076, "z1D_Action"), _char(1000000161, "Incident Number", read_only=True),
          _char(1000000000, "Description", required=True, most=100), _char(1000000151, "Detailed_Decription", most=0),
          _enum(7, "Status", INCIDENT_STATUSES, required=True),
          _enum(1000000163, "Impact", IMPACTS, required=True), _enum(1000000162, "Urgency", URGENCIES, required=True),
          _enum(1000000099, "Service_Type", SERVICE_TYPES, required=True),
          _enum(1000000215, "Reported Source", SOURCES, required=True), _char(1000000019, "First_Name", most=30),
          _char(1000000018, "Last_Name", most=30), _char(4, "Login_ID", most=30), _char(1000000001, "Company"),
          _char(1000000217, "Assigned Group", most=60), _char(1000000218, "Assignee", most=69),
          _char(1000000652, "Vendor Ticket Number", most=60), _char(240001003, "mc_ueid", most=64),
          _char(303497300, "ServiceCI")),
    _form(CHANGE_BASE, *_CHANGE_FIELDS, prefix="CRQ"),
    _form(CHANGE, *_CHANGE_FIELDS, _shown(1000000076, "z1D_Action"), base=CHANGE_BASE, joined=True),
    _form(CHANGE_CREATE, _shown(1000000076, "z1D_Action"),
          _char(1000000182, "Infrastructure Change Id", read_only=True),
          _char(1000000183, "Change_Entry_ID", read_only=True),
          Field(1000000184, "Create Date", Kind.TIME, read_only=True),
          _char(1000000000, "Description", required=True, most=100), _char(1000000151, "Detailed Description", most=0),
          _enum(7, "Status", CHANGE_STATUSES, required=True),
          _enum(1000000163, "Impact", IMPACTS, required=True), _enum(1000000162, "Urgency", URGENCIES, required=True),
          _enum(1000000181, "Change Type", CHANGE_TYPES, required=True),
          _enum(1000000568, "Timing", TIMINGS, required=True), _enum(1000000180, "Risk Level", RISKS, required=True),
          _enum(1000003662, "Change Environment", ENVIRONMENTS), _char(1000000082, "Company", required=True),
          _char(1000000001, "Location Company", required=True), _char(1000000019, "First Name", required=True, most=30),
          _char(1000000018, "Last Name", required=True, most=30), _char(1000000294, "Reason For Change"),
          Field(1000000350, "Scheduled Start Date", Kind.TIME), Field(1000000362, "Scheduled End Date", Kind.TIME),
          _char(1000000015, "ASGRP", most=60), _char(1000000251, "ASCPY"), _char(1000000014, "ASORG", most=60),
          _char(1000000652, "Vendor Ticket Number", most=60), _char(303497300, "ServiceCI")),
    _form(INCIDENT_LOG, _char(1000000161, "Incident Number", required=True, most=15), *_LOG_FIELDS, prefix="WLG"),
    _form(CHANGE_LOG, _char(1000000182, "Infrastructure Change ID", required=True, most=15), *_LOG_FIELDS,
          prefix="WLG"),
    _form(PEOPLE, _char(1000000054, "Remedy Login ID", most=30),
          _char(1000000019, "First Name", required=True, most=30),
          _char(1000000018, "Last Name", required=True, most=30), _char(1000000048, "Internet E-mail"),
          _char(1000000001, "Company", required=True), _char(1000000017, "Full Name", read_only=True),
          _char(1000000023, "JobTitle"), _enum(7, "Profile Status", PROFILE_STATUSES, default=1), prefix="PPL"),
    _form(GROUPS, _char(1000000015, "Support Group Name", required=True, most=60), _char(1000000001, "Company"),
          _char(1000000014, "Support Organization", most=60), _char(301578000, "Members", most=0), prefix="SGP"),
    _form(TASK, *_TASK_FIELDS, prefix="TAS"),
    _form(TASK_INTERFACE, *_TASK_FIELDS, base=TASK, joined=True),
    _form(SIGNATURE, *_SIGNATURE_FIELDS),
    _form(DETAIL_SIGNATURE, *_SIGNATURE_FIELDS, base=SIGNATURE, joined=True),
)  # fmt: skip
FORMS: Final[Mapping[str, Form]] = {one.name: one for one in _ALL}
STATUS_FIELDS: Final = {HELP_DESK: "Status", CHANGE_BASE: "Change Request Status", TASK: "Status"}
NUMBER_FIELDS: Final = {HELP_DESK: "Incident Number", CHANGE_BASE: "Infrastructure Change ID", TASK: "Task ID"}
