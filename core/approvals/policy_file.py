"""Reading approval policies from YAML: every problem of a file at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from config.suggest import suggest
from config.yamlfile import LocatedDocument, YamlPath
from core.approvals.asking import WHERE, resolve_asked
from core.approvals.assuring import read_assurance
from core.approvals.calendar_file import read_calendar
from core.approvals.policy import (
    TIMEOUT_MIN,
    WELL_KNOWN_TITLES,
    ApprovalPolicy,
    AutomaticCriterion,
    OnTimeout,
    StagePolicy,
    default_reminder,
    slug,
)
from core.approvals.possible import fits_nobody, quorum_fault, undecidable
from core.approvals.quorum import PerGroup, Quorum
from core.approvals.risk import DEFAULT_MODEL, SUBJECTS, RiskModel
from core.approvals.risk_file import read_risk
from core.conditions import VARIABLES, Condition, compile_condition
from core.durations import EXAMPLES
from core.errors import InvalidInput
from core.located import Reader
from core.named_tickets import read_need
from core.roles.permissions import ACTION_PERMISSIONS

POLICY_KEYS: Final = (
    "stages",
    "applies_to",
    "same_voter_may_decide_stages",
    "when",
    "risk",
    "automatic",
    "calendar",
    "pause_for_questions",
    "ticket",
)
AUTOMATIC_KEYS: Final = ("criterion", "when")
USUAL: Final = timedelta(hours=24)  # read for a duration that is none
CRITERION_MAX: Final = 500  # characters; more is a document, not something to tick off
STAGE_KEYS: Final = (
    "stage",
    "approvers",
    "criteria",
    "timeout",
    "reminder",
    "needs",
    "quorum",
    "when",
    "on_timeout",
    "escalations",
    "assurance",
    "suggested",
)
ACTIONS: Final = tuple(ACTION_PERMISSIONS)
Aliases = Mapping[str, str]


def read_policies(document: LocatedDocument, *, role_aliases: Aliases | None = None) -> tuple[ApprovalPolicy, ...]:
    """The policies of one file. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    policies = tuple(
        _policy(reader, title, body, role_aliases or {}, source=f"{document.file}:{document.nearest_line((title,))}")
        for title, body in reader.mapping((), document.value).items()
    )
    reader.finish()
    return policies


def _policy(reader: Reader, title: str, body: object, aliases: Aliases, *, source: str) -> ApprovalPolicy:
    path: YamlPath = (title,)
    fields = reader.mapping(path, body, allowed=POLICY_KEYS, required=("stages",))
    key = slug(title)
    applies_to = tuple(
        reader.choice((*path, "applies_to", index), action, ACTIONS)
        for index, action in enumerate(reader.sequence((*path, "applies_to"), fields.get("applies_to", ())))
    ) or WELL_KNOWN_TITLES.get(key, ())
    if not applies_to:
        reader.problem(path, f"The policy '{title}' does not say what it applies to.", accepted=ACTIONS)
    calendar = read_calendar(reader, (*path, "calendar"), fields["calendar"]) if "calendar" in fields else None
    stages: list[StagePolicy] = []
    for index, item in enumerate(reader.sequence((*path, "stages"), fields.get("stages", ()))):
        stage = _stage(reader, (*path, "stages", index), item, tuple(stages), aliases)
        stages.append(replace(stage, calendar=calendar))
    if stages and all(stage.when is not None for stage in stages):
        message = "One stage must be without a condition: else a request could pass with nobody looking at it."
        reader.problem((*path, "stages"), message + " Say under `automatic` when nobody needs to.")
    same = reader.boolean((*path, "same_voter_may_decide_stages"), fields.get("same_voter_may_decide_stages", False))
    if not same and (short := undecidable(stages)) is not None:
        place = next(index for index, stage in enumerate(stages) if stage.key == short)
        message = f"Nobody is left for the stage '{short}': its people decide other stages, and nobody decides two."
        reader.problem((*path, "stages", place, "approvers"), message + " Name somebody else, or a role.")
    pauses = reader.boolean((*path, "pause_for_questions"), fields.get("pause_for_questions", True))
    ticket = read_need(reader, (*path, "ticket"), fields["ticket"]) if "ticket" in fields else None
    if ticket is not None and not stages:
        message = "A ticket is asked for before people are; this policy asks nobody, so nothing would wait for it."
        reader.problem((*path, "ticket"), message + " Give it a stage.")
    return ApprovalPolicy(
        pause_for_questions=pauses,
        ticket=ticket,
        key=key,
        title=title,
        applies_to=applies_to,
        stages=tuple(stages),
        same_voter_may_decide_stages=same,
        when=_condition(reader, (*path, "when"), fields["when"]) if "when" in fields else None,
        risk=_risk(reader, (*path, "risk"), fields["risk"]) if "risk" in fields else None,
        automatic=_automatic(reader, (*path, "automatic"), fields.get("automatic", ())),
        calendar=calendar,
        source=source,
    )


def _risk(reader: Reader, path: YamlPath, value: object) -> RiskModel:
    def condition(place: YamlPath, text: object) -> Condition | None:
        return _condition(reader, place, text, subjects=SUBJECTS)

    return read_risk(reader, path, value, condition=condition, defaults=DEFAULT_MODEL)


def _automatic(reader: Reader, path: YamlPath, value: object) -> tuple[AutomaticCriterion, ...]:
    criteria: list[AutomaticCriterion] = []
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        entry = reader.mapping(place, item, allowed=AUTOMATIC_KEYS, required=AUTOMATIC_KEYS)
        name = reader.text((*place, "criterion"), entry.get("criterion", "criterion"))
        when = _condition(reader, (*place, "when"), entry.get("when", "false"))
        if when is not None:
            criteria.append(AutomaticCriterion(name, when))
    return tuple(criteria)


def _stage(
    reader: Reader, path: YamlPath, item: object, earlier: tuple[StagePolicy, ...], aliases: Aliases
) -> StagePolicy:
    fields = reader.mapping(path, item, allowed=STAGE_KEYS, required=("stage", "approvers", "timeout"))
    key = slug(reader.text((*path, "stage"), fields.get("stage", "stage")))
    known = tuple(stage.key for stage in earlier)
    if not key or key in known:
        reader.problem((*path, "stage"), f"The stage '{key}' is there twice." if key else "A stage needs a name.")
    approvers = _people(reader, (*path, "approvers"), fields.get("approvers", ()), aliases)
    if not approvers and "approvers" in fields:
        reader.problem((*path, "approvers"), "A stage needs at least one role that decides it.")
    criteria = tuple(
        reader.text((*path, "criteria", index), name)
        for index, name in enumerate(reader.sequence((*path, "criteria"), fields.get("criteria", ())))
    )
    for index, name in enumerate(criteria):
        if len(name) > CRITERION_MAX:
            message = f"A criterion has at most {CRITERION_MAX} characters; this has {len(name)}."
            reader.problem((*path, "criteria", index), message)
    timeout = reader.duration((*path, "timeout"), fields.get("timeout", "24 hours"), USUAL)
    reminder = (
        reader.duration((*path, "reminder"), fields["reminder"], USUAL)
        if "reminder" in fields
        else default_reminder(timeout)
    )
    if timeout < TIMEOUT_MIN:
        reader.problem((*path, "timeout"), "A stage is open for a second at least.", accepted=EXAMPLES)
    if reminder >= timeout:
        reader.problem(
            (*path, "reminder"), "The reminder comes before the end, so it must be shorter than the timeout."
        )
    needs = (
        tuple(
            reader.choice((*path, "needs", index), name, known)
            for index, name in enumerate(reader.sequence((*path, "needs"), fields["needs"]))
        )
        if "needs" in fields
        else known[-1:]
    )
    quorum = _quorum(reader, (*path, "quorum"), fields.get("quorum", "any"), approvers, aliases)
    if (fault := quorum_fault(approvers, quorum)) is not None:
        reader.problem((*path, "quorum"), fault)
    return StagePolicy(
        key=key,
        approvers=approvers,
        criteria=tuple(dict.fromkeys(criteria)),
        timeout=timeout,
        reminder=reminder,
        needs=needs,
        quorum=quorum,
        when=_condition(reader, (*path, "when"), fields["when"]) if "when" in fields else None,
        assurance=read_assurance(reader, (*path, "assurance"), fields["assurance"]) if "assurance" in fields else None,
        suggested=_people(reader, (*path, "suggested"), fields.get("suggested", ()), aliases),
        on_timeout=_on_timeout(reader, (*path, "on_timeout"), fields.get("on_timeout", "escalate")),
        escalations=(
            reader.integer((*path, "escalations"), fields["escalations"], least=1) if "escalations" in fields else None
        ),
    )


def _on_timeout(reader: Reader, path: YamlPath, value: object) -> OnTimeout:
    if value == "approve":
        message = "Silence is no consent: nothing is approved because nobody answered."
        reader.problem(path, message + " Say under `automatic` what needs nobody.", accepted=tuple(OnTimeout))
        return OnTimeout.ESCALATE
    chosen = reader.choice(path, value, tuple(OnTimeout))
    return OnTimeout(chosen) if chosen in tuple(OnTimeout) else OnTimeout.ESCALATE


def _condition(
    reader: Reader, path: YamlPath, value: object, *, subjects: tuple[str, ...] = tuple(VARIABLES)
) -> Condition | None:
    """None if it is a problem; what stands there is not used then."""
    if not isinstance(value, str):
        reader.problem(path, "Here stands a condition, in quotes.", accepted=('risk.level == "low"',))
        return None
    try:
        return compile_condition(reader.text(path, value), subjects=subjects)
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return None


def _people(reader: Reader, path: YamlPath, value: object, aliases: Aliases) -> tuple[str, ...]:
    items = enumerate(reader.sequence(path, value))
    return tuple(dict.fromkeys(_asked(reader, (*path, index), name, aliases) for index, name in items))


def _asked(reader: Reader, path: YamlPath, name: object, aliases: Aliases) -> str:
    if isinstance(name, Mapping):  # `- where: condition`
        fields = reader.mapping(path, name, allowed=("where",), required=("where",))
        text = WHERE + reader.text((*path, "where"), fields.get("where", ""))
    else:
        text = reader.text(path, name)
    try:
        key = resolve_asked(text, aliases)
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return text
    if fits_nobody(key):
        reader.problem(path, "This fits nobody, whoever works there: the condition is always false.")
    return key


def _quorum(reader: Reader, path: YamlPath, value: object, approvers: tuple[str, ...], aliases: Aliases) -> Quorum:
    named: Mapping[str, Quorum] = {"any": 1, "all": "all", "each": PerGroup(tuple((key, 1) for key in approvers))}
    if isinstance(value, str) and value in named:
        return named[value]
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, Mapping):
        return _shares(reader, path, value, approvers, aliases)
    guess = suggest(str(value), named)
    reader.problem(
        path,
        f"'{value}' is not a quorum." + (f" Did you mean '{guess}'?" if guess else ""),
        accepted=(*named, "a number from 1", "{approver: number}"),
    )
    return 1


def _shares(
    reader: Reader, path: YamlPath, value: Mapping[object, object], approvers: tuple[str, ...], aliases: Aliases
) -> Quorum:
    """{security_manager: 1, "group:sre": 2}: so many approvals from each."""
    shares: dict[str, int] = {}
    for name, count in value.items():
        key = _asked(reader, (*path, str(name)), name, aliases)
        if key not in approvers:
            reader.problem((*path, str(name)), f"'{name}' is not among the stage's approvers.", accepted=approvers)
        shares[key] = reader.integer((*path, str(name)), count, least=1)
    if not shares:
        reader.problem(path, "A quorum by group names at least one of the approvers.", accepted=approvers)
    return PerGroup(tuple(shares.items())) if shares else 1
