"""`countersign doctor`: what works and what does not, with what to do about it."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_sdk.errors import SlackApiError

from app.administration import operator
from app.automation import read_rulebook
from app.changes import examine_executors
from app.container import Service, build, database_urls
from app.monitoring import examine_monitoring
from app.opentelemetry import examine_opentelemetry
from app.teams import examine_teams
from app.tickets import Connected, connected_systems, distinct_titles
from bot.slack.workspace import make_client
from config.settings import Settings
from connectors.itsm.base import Finding, TicketKind
from connectors.itsm.rule_checking import examine_rules
from core.approvals import holders
from core.automation import RuleBook, asked_fields
from core.errors import CountersignError
from core.redaction import without_secrets
from core.tenants import list_tenants, tenant_ids


async def examine(settings: Settings) -> list[dict[str, Any]]:
    """What works and what does not, with what to do about it."""
    matching: list[dict[str, Any]] | None = None
    findings = [{"subject": "settings", "health": "ok", "message": "Every setting is valid.", "next_step": ""}]
    urls, server = await asyncio.to_thread(database_urls, settings)
    try:
        service = await build(settings, urls)
        try:
            undecidable = await _examine_policies(service)
            matching = await _matched_by_default(service) if settings.slack.enabled else None
        finally:
            await service.database.close()
        findings.append(
            {
                "subject": "database",
                "health": "ok",
                "next_step": "",
                "message": "It answers, its schema is current, its role is bound by row-level security.",
            }
        )
        findings += undecidable
    except CountersignError as exc:
        findings.append(
            {"subject": "database", "health": "failed", "message": exc.message, "next_step": exc.next_step or ""}
        )
    finally:
        if server:
            await asyncio.to_thread(server.stop)
    findings.append(await _examine_slack(settings))
    findings += await examine_teams(settings.teams)
    findings += await examine_executors(settings)
    findings += await examine_monitoring(settings)
    findings += await examine_opentelemetry(settings)
    findings += matching or []
    systems = connected_systems(settings)
    rulebook = read_rulebook(settings)
    for title, connected in zip(distinct_titles(systems), systems, strict=True):
        result = await connected.system.check()
        ruled = await _examine_rules(connected, rulebook) if result.is_usable else ()
        findings += [
            {
                "subject": f"{title}: {each.subject}",
                "health": str(each.health),
                "message": each.message,
                "next_step": each.next_step,
            }
            for each in (*result.findings, *ruled)
        ]
        await connected.system.close()
    return [{**each, "message": without_secrets("", each["message"])} for each in findings]  # systems quote


async def _examine_rules(connected: Connected, rulebook: RuleBook) -> tuple[Finding, ...]:
    """How the fields that the tenant's rules write stand in this system."""
    asked = asked_fields(rulebook.of(connected.tenant), connected.slug)
    kinds = tuple(kind for kind in TicketKind if kind in connected.kinds or kind is TicketKind.EMERGENCY_CHANGE)
    return await examine_rules(connected.system, asked, kinds)


async def _examine_policies(service: Service) -> list[dict[str, Any]]:
    """Of each tenant, the stages that nobody could decide today (X5)."""
    findings = []
    for tenant in await tenant_ids(service.database):
        found = await holders(service.database, service.catalogue, operator(tenant))
        problems = [
            f"{policy.title}, stage '{stage.key}': {stage.problem}"
            for policy in found
            for stage in policy.stages
            if stage.problem
        ]
        findings.append(
            {
                "subject": f"policies of {tenant}",
                "health": "warning" if problems else "ok",
                "message": " ".join(problems) or "Somebody could decide every stage.",
                "next_step": "Grant these roles: countersign policy check --tenant says more." if problems else "",
            }
        )
    return findings


async def _matched_by_default(service: Service) -> list[dict[str, Any]]:
    """Where a tenant asks people for a second factor and does not say how sure it wants to be of chat accounts."""
    async with service.database.system() as tx:
        found = [each for each in await list_tenants(tx) if each.tenant_id == service.settings.slack.tenant]
    return [
        {
            "subject": f"chat accounts of {each.tenant_id}",
            "health": "warning",
            "message": "It asks for second factors, and takes an e-mail address in Slack for proof of who somebody is.",
            "next_step": "Write 'chat: {email_match: false}' into its YAML (people type /approve link), or true.",
        }
        for each in found
        if each.policy.security_policies.mfa_required and each.policy.chat.email_match is None
    ]


async def _examine_slack(settings: Settings) -> dict[str, Any]:
    if settings.slack.bot_token is None:
        return {
            "subject": "slack",
            "health": "warning",
            "message": "Slack is not configured.",
            "next_step": "Set COUNTERSIGN_SLACK__BOT_TOKEN; see docs/connectors/slack.md.",
        }
    client = make_client(settings.slack.bot_token.get_secret_value(), settings.slack.api_url)
    try:
        answer = await client.auth_test()
    except SlackApiError as exc:
        return {
            "subject": "slack",
            "health": "failed",
            "message": f"Slack refuses the token: {exc.response['error']}.",
            "next_step": "Install the app again and copy its bot token.",
        }
    except OSError as exc:
        return {
            "subject": "slack",
            "health": "failed",
            "message": f"Slack cannot be reached: {exc}.",
            "next_step": "Check the network and COUNTERSIGN_SLACK__BASE_URL.",
        }
    return {"subject": "slack", "health": "ok", "message": f"Connected to {answer['team']}.", "next_step": ""}
