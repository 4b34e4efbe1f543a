"""Ticket systems as configured: one entry in `SOURCES` for each section of the settings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from app.container import Service
from config.credentials import Credential
from config.fields import RateSettings
from config.secrets import secrets_of
from config.settings import Settings
from connectors.itsm.approvals import NO_APPROVALS
from connectors.itsm.asked import EVERY_EVENT, TenantDesks, TicketDesk
from connectors.itsm.automation import TenantActions, TicketActions
from connectors.itsm.base import Capabilities, Connector, TicketKind, TicketState, TicketSystem
from connectors.itsm.custom import CustomSettings, declared, load
from connectors.itsm.custom.references import resolve
from connectors.itsm.custom.request_spec import SecretRef
from connectors.itsm.field_map import MappedFields
from connectors.itsm.happenings import SEATING
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.incidents import IncidentSync
from connectors.itsm.jira import CONNECTOR as JIRA
from connectors.itsm.jira import JiraSettings
from connectors.itsm.mapping import Mapping as FieldMapping
from connectors.itsm.mapping import limits_for, load_mapping
from connectors.itsm.reconciler import Reconciler
from connectors.itsm.remedy import CONNECTOR as REMEDY
from connectors.itsm.remedy import RemedySettings
from connectors.itsm.rule_fields import RuleFields
from connectors.itsm.servicenow import CONNECTOR as SERVICENOW
from connectors.itsm.servicenow import ServiceNowSettings
from connectors.itsm.settling import FieldSync
from connectors.itsm.severing import Severities
from connectors.itsm.subscriber import TicketSync
from connectors.itsm.timing import PlannedTimes
from connectors.itsm.trying import subject_of, try_ticket
from core.actor import Actor
from core.approvals import PolicyCatalogue
from core.automation import ticket_event
from core.db import Database
from core.deliveries import Asked, Check, Connection, Finding, Health, Tried, Try
from core.ids import TenantId
from core.named_tickets import Desk
from core.outbox import Subscription, take_turn
from core.redaction import strike_out


@dataclass(frozen=True, slots=True)
class Connected:
    """A ticket system of one tenant, as its section sets it. `slug` names it in deliveries, links and addresses."""

    slug: str
    title: str
    tenant: TenantId
    system: TicketSystem
    mapping: FieldMapping
    capabilities: Capabilities
    limits: str = ""  # that our calls keep to, in words
    rule_fields: RuleFields = field(default_factory=RuleFields)
    credentials: tuple[Credential, ...] = ()  # with which we sign in there, and know who calls from there

    @classmethod
    def to(
        cls,
        connector: Connector,
        tenant: str,
        system: TicketSystem,
        *,
        mapping: FieldMapping,
        limits: str,
        credentials: tuple[Credential, ...],
        keys: Mapping[TicketKind, str] | None = None,
    ) -> Self:
        """The system that the connector has connected for the tenant; `keys` are the fields that hold our key."""
        return cls(
            connector.slug,
            connector.title,
            TenantId(tenant),
            system,
            mapping,
            connector.capabilities,
            limits,
            RuleFields.of(connector, mapping, keys=keys or {}),
            credentials,
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """What a rule may have made there: an emergency change stands for a bypass, and comes from one alone."""
        can = self.capabilities
        offered = ((TicketKind.CHANGE, can.change_requests), (TicketKind.INCIDENT, can.incidents))
        return tuple(str(kind) for kind, is_there in offered if is_there)


def connected_systems(settings: Settings) -> tuple[Connected, ...]:
    """Every ticket system that is configured; connecting calls nobody.

    From then on, no secret of the settings, nor of a declared system's file, is shown or logged: systems quote them.
    """
    strike_out(secrets_of(settings))
    return tuple(found for source in SOURCES for found in source(settings))


def distinct_titles(systems: Sequence[Connected]) -> tuple[str, ...]:
    """How each is called where they stand together: with its tenant, if several have one of the same kind."""
    sharing = Counter(each.slug for each in systems)
    return tuple(f"{each.title} of {each.tenant}" if sharing[each.slug] > 1 else each.title for each in systems)


def connect_tickets(service: Service) -> None:
    """Every configured system has its subscription and its inbox in the service, and can be tested.

    Tenants with an instance each share the subscription of their system: an event goes to its own tenant's.
    """
    desks: dict[str, list[TicketDesk]] = {}
    actions: dict[str, dict[TenantId, TicketActions]] = defaultdict(dict)
    for each in connected_systems(service.settings):
        service.closers.append(each.system.close)
        each.system.share_pace(partial(_turn, service.database, each))
        fields = fields_of(each, service.database, service.catalogue)
        maps_fields, changes = fields is not None, service.changes if each.capabilities.tasks else None
        inbox = TicketInbox(each.slug, each.tenant, each.system, service.database, maps_fields, changes)
        service.inboxes.append(inbox)
        reconciler = Reconciler(each.slug, each.tenant, each.system, service.database, fields, changes)
        service.reconcilers.append(reconciler)
        can = each.capabilities
        issuer = service.issuer if can.attachments else None
        sync = TicketSync(
            each.slug,
            each.tenant,
            each.system,
            service.database,
            fields,
            can.approvals,
            issuer,
            times=_times_of(each, service),
            tasks=changes if can.tasks else None,
        )
        incidents = (
            IncidentSync(each.slug, each.tenant, each.system, service.database, _severities_of(each, service))
            if can.incidents
            else None
        )
        desk = TicketDesk(sync, incidents)
        desks.setdefault(each.slug, []).append(desk)
        actions[each.slug][each.tenant] = TicketActions(
            each.slug, each.tenant, each.system, service.database, each.rule_fields
        )
        connection = Connection(
            each.slug,
            each.title,
            each.tenant,
            _check_of(each.system),
            preview=desk.preview,
            tries=_tries_of(each, service.database),
            limits=each.limits,
            credentials=each.credentials,
            counts_approvals=each.capabilities.approvals.reads,
            own_accounts=each.system.own_accounts,
            ignores_case=each.capabilities.ignores_case,
        )
        service.connected.connections.append(connection)
        if each.capabilities.look_up:
            service.desks.connect(each.tenant, Desk(each.slug, each.title))
    for slug, several in desks.items():
        shows = any(desk.sync.approvals != NO_APPROVALS for desk in several)
        types = EVERY_EVENT if shows else EVERY_EVENT - SEATING
        tenants = TenantDesks({desk.sync.tenant: desk for desk in several})
        service.subscriptions.append(Subscription(slug, types, tenants.deliver, deliver_many=tenants.deliver_many))
    for slug, by_rules in actions.items():
        wanted = frozenset({ticket_event(slug)})
        service.subscriptions.append(Subscription(f"{slug}_automation", wanted, TenantActions(by_rules).deliver))


def fields_of(connected: Connected, database: Database, catalogue: PolicyCatalogue) -> FieldSync | None:
    """What keeps the system's mapped fields in step; None where nothing is mapped."""
    mapped = MappedFields(connected.mapping, database.address)
    if not any(mapped.rules(kind) for kind in TicketKind):
        return None
    return FieldSync(connected.tenant, connected.system, database, catalogue, mapped)


def _severities_of(connected: Connected, service: Service) -> Severities | None:
    scale = connected.capabilities.severities
    if scale is None:
        return None
    mapped = MappedFields(connected.mapping, service.database.address)
    return Severities(connected.tenant, connected.system, service.database, scale, mapped)


def _times_of(connected: Connected, service: Service) -> PlannedTimes:
    mapped = MappedFields(connected.mapping, service.database.address)
    return PlannedTimes(connected.tenant, connected.system, service.database, service.changes, mapped)


def _check_of(system: TicketSystem) -> Check:
    async def check() -> tuple[Finding, ...]:
        result = await system.check()
        return tuple(
            Finding(each.subject, Health(each.health), each.message, each.next_step) for each in result.findings
        )

    return check


async def _turn(database: Database, connected: Connected, gap_s: float) -> float:
    return await take_turn(database, connected.tenant, connected.slug, gap_s=gap_s)


def _tries_of(connected: Connected, database: Database) -> Try:
    async def attempt(actor: Actor, asked: Asked) -> Tried:
        subject = await subject_of(database, actor, connected.slug, asked.request) if asked.request else None
        return await try_ticket(connected.system, asked, subject)

    return attempt


def _servicenow(settings: Settings) -> Iterable[Connected]:
    for index, given in enumerate(settings.servicenow):
        if given.url is None or given.tenant is None:
            continue
        own = ServiceNowSettings(
            url=given.url,
            user=given.user,
            password=given.password,
            access_token=given.access_token,
            api_key=given.api_key,
            client_id=given.client_id,
            client_secret=given.client_secret,
            webhook_secret=given.webhook_secret,
            assignment_group=given.assignment_group,
            standard_template=given.standard_template or "",
            connect_timeout_s=given.connect_timeout_s,
            read_timeout_s=given.read_timeout_s,
            total_timeout_s=given.total_timeout_s,
            **_rate(given.rate),
            mapping=_mapping(given.mapping, SERVICENOW),
        )
        limits = _limits(own.max_concurrent_calls, own.calls_per_second)
        kept = settings.credentials(SERVICENOW.slug, index)
        system = SERVICENOW.connect(own)
        yield Connected.to(SERVICENOW, given.tenant, system, mapping=own.mapping, limits=limits, credentials=kept)


def _jira(settings: Settings) -> Iterable[Connected]:
    for index, given in enumerate(settings.jira):
        if given.url is None or given.tenant is None or given.project is None:
            continue
        own = JiraSettings(
            url=given.url,
            user=given.user,
            password=given.password,
            access_token=given.access_token,
            project=given.project,
            change_type=given.change_type,
            emergency_type=given.emergency_type,
            incident_type=given.incident_type,
            fields=given.fields,
            create_fields=given.create_fields,
            move_fields=given.move_fields,
            states={name: TicketState(state) for name, state in given.states.items()},
            resolutions={TicketState(end): name for end, name in given.resolutions.items()},
            webhook_secret=given.webhook_secret,
            connect_timeout_s=given.connect_timeout_s,
            read_timeout_s=given.read_timeout_s,
            total_timeout_s=given.total_timeout_s,
            **_rate(given.rate),
            mapping=_mapping(given.mapping, JIRA),
        )
        limits = _limits(own.max_concurrent_calls, own.calls_per_second)
        kept = settings.credentials(JIRA.slug, index)
        system = JIRA.connect(own)
        yield Connected.to(JIRA, given.tenant, system, mapping=own.mapping, limits=limits, credentials=kept)


def _remedy(settings: Settings) -> Iterable[Connected]:
    for index, given in enumerate(settings.remedy):
        if given.url is None or given.tenant is None:
            continue
        # What is required of the section once it has an address stands in `config.itsm`.
        values = given.model_dump(exclude={"tenant", "mapping", "rate"}, exclude_none=True)
        own = RemedySettings(**values, **_rate(given.rate), mapping=_mapping(given.mapping, REMEDY))
        limits = _limits(own.max_concurrent_calls, own.calls_per_second)
        kept = settings.credentials(REMEDY.slug, index)
        system, keys = REMEDY.connect(own), own.key_fields
        yield Connected.to(
            REMEDY, given.tenant, system, mapping=own.mapping, limits=limits, credentials=kept, keys=keys
        )


def _mapping(file: Path | None, connector: Connector) -> FieldMapping:
    """The mapping in the file. Raises ConfigError, or YamlSyntaxError if it is no YAML."""
    return FieldMapping() if file is None else load_mapping(file, limits_for(connector))


def _custom(settings: Settings) -> Iterable[Connected]:
    for given in settings.itsm:
        secrets = resolve(load(given.file))
        strike_out(secret.get_secret_value() for secret in secrets.values())
        kept = tuple(Credential("secret", _kept(given.file, each)) for each in secrets)
        connector = declared(given.file, slug=given.slug)
        mapping = _mapping(given.mapping, connector)
        system = connector.connect(CustomSettings(file=given.file, mapping=mapping))
        calls = load(given.file).limits
        limits = _limits(calls.concurrent, calls.per_second)
        yield Connected.to(connector, given.tenant, system, mapping=mapping, limits=limits, credentials=kept)


def _kept(spec: Path, secret: SecretRef) -> str:
    if secret.source == "env":
        return f"environment variable {secret.name}"
    return f"file {spec.parent / Path(secret.name).expanduser()}"


def _rate(given: RateSettings) -> dict[str, Any]:
    """What is set of it, by the connectors' own names; the rest is theirs."""
    values = {"max_concurrent_calls": given.concurrent, "calls_per_second": given.per_second}
    return {name: value for name, value in values.items() if value is not None}


def _limits(concurrent: int, per_second: float | None) -> str:
    """In words, for the hub."""
    pace = f", {per_second:g} a second over all of them" if per_second else ""
    return f"{concurrent} call{'' if concurrent == 1 else 's'} at once in each process{pace}"


SOURCES: Final[tuple[Callable[[Settings], Iterable[Connected]], ...]] = (_servicenow, _jira, _remedy, _custom)
