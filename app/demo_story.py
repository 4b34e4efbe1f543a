"""`make demo ARGS="--story"`: request, approvals, ticket, deployment, bypass, change, budget, incident, all real.

People act through the sandbox's control surface, which does what their Slack client would do; the agent platform acts
through the API. Each step waits for what a person would see, and says it; the first that does not come ends the story.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiohttp
from rich.console import Console

from app import demo_budget_story, demo_change_story, demo_incident_story
from app import demo_world as world
from app.demo_seed import Api

WITHIN_S: Final = 90.0  # for any one thing: a small machine that does much else is slow, and not wrong
POLL_S: Final = 0.1
STAGES: Final = (
    ("meta_agent_manager", "technical"),
    ("security_manager", "security"),
    ("compliance_manager", "compliance"),
    ("tenant_administrator", "business"),
)


class StoryError(Exception):
    """What should have been seen was not."""


async def play(status: Mapping[str, Any], out: Console) -> int:
    """0 if every step was seen, 1 otherwise."""
    async with aiohttp.ClientSession() as session:
        story = _Story(status, session, out)
        try:
            await story.play()
        except (StoryError, RuntimeError, aiohttp.ClientError) as exc:
            out.print(f"[bold red]The story ends here:[/] {exc}", markup=True, highlight=False)
            return 1
    out.print("[bold green]The story is told: every step was seen.[/]")
    return 0


@dataclass(slots=True)
class _Story:
    status: Mapping[str, Any]
    session: aiohttp.ClientSession
    out: Console
    step: int = 0

    async def play(self) -> None:
        """All chapters."""
        agent = f"support-triage-{secrets.token_hex(2)}"
        reference, request_id = await self._ask(agent)
        for role, title in STAGES[:-1]:
            await self._approve(role, title, reference)
        await self._approve_in_teams(*STAGES[-1], reference)
        await self._ticket(reference, "scheduled")
        await self._create_and_deploy(agent, request_id)
        await self._bypass(agent)
        await demo_change_story.play(self, agent)
        await demo_budget_story.play(self, agent)
        await demo_incident_story.play(self, agent)

    async def _ask(self, agent: str) -> tuple[str, str]:
        dana = self._email("agent_developer")
        self.say(f"Dana types /approve in #approvals and asks for the agent “{agent}”")
        answer = await self.control("command", {"user": dana, "channel": "approvals", "text": "/approve"})
        values = {
            "Agent name": agent,
            "Owner": dana,
            "Sponsor": self._email("tenant_administrator"),
            "Business service": "Customer support",
            "Justification": "Sorts incoming tickets by urgency, so that people answer the worst first.",
        }
        done = await self.control("submit", {"user": dana, "view_id": _modal(answer)["view_id"], "values": values})
        if done.get("errors"):
            raise StoryError(f"The form was refused: {done['errors']}")
        message = await self.until(lambda: self.message("approvals", agent), "the request in #approvals")
        reference = message["text"].partition(":")[0]
        found = await self.api("agent_developer").get(f"/api/v1/requests?q={agent}")
        self.seen(f"{reference} is posted in #approvals and to the technical reviewer")
        return reference, found["items"][0]["id"]

    async def _approve(self, role: str, title: str, reference: str) -> None:
        email = self._email(role)
        self.say(f"{self.name(role)} gets a direct message and approves the {title} stage")
        message = await self.until(
            lambda: self.message(f"@{email}", reference, action="Approve"), f"{reference} with buttons for {email}"
        )
        answer = await self.click(role, f"@{email}", message, "Approve")
        await self.fill(role, answer, {"Reason": f"The {title} review found nothing against it."})
        await self.until(lambda: self._stage_is_done(reference, title), f"the {title} stage as approved")
        self.seen("the message changes in place, for everybody")

    async def _approve_in_teams(self, role: str, title: str, reference: str) -> None:
        """The last of them is in Teams at the moment."""
        email = self._email(role)
        self.say(f"{self.name(role)} sees the same request in Microsoft Teams and approves the {title} stage there")
        message = await self.until(
            lambda: self._in_teams(email, reference, "Approve"), f"{reference} with buttons in Teams for {email}"
        )
        place = {"user": email, "channel": message["channel"], "ts": message["ts"]}
        answer = await self.control("click", {**place, "action_id": "Approve"}, system="teams")
        values = {"Reason": f"The {title} review found nothing against it."}
        form = _modal(answer)["view_id"]
        done = await self.control("submit", {"user": email, "view_id": form, "values": values}, system="teams")
        if not done.get("closed"):
            raise StoryError(f"The vote was refused: {done}")
        await self.until(lambda: self._stage_is_done(reference, title), f"the {title} stage as approved, in Slack")
        self.seen("Slack's message changes with the one in Teams")

    async def _ticket(self, reference: str, wanted: str) -> None:
        self.say("ServiceNow has a change request by itself, linked in the message")

        async def linked() -> dict[str, Any] | None:
            records = await self._get("/control/servicenow/records?type=change_request")
            rows = records["records"] if isinstance(records, dict) else records
            mine = [row for row in rows if reference in str(row.get("short_description", ""))]
            message = await self.message("approvals", reference)
            if len(mine) == 1 and message and str(mine[0]["number"]) in str(message["blocks"]):
                return dict(mine[0])
            return None

        record = await self.until(linked, f"one change request for {reference}, linked in the message")
        self.seen(f"{record['number']} follows the request ({wanted})")

    async def _create_and_deploy(self, agent: str, request_id: str) -> None:
        self.say("The agent platform asks the gate: may it be created now, and deployed?")
        request = await self.api("agent_developer").get(f"/api/v1/requests/{request_id}")
        question = {"action": "agent.create", "resource": {**request["resource"], "type": "agent"}, "context": {}}
        decision = await self.api("agent_developer").post("/api/v1/decisions", question)
        self._expect(decision["decision"] == "allow", f"the gate to allow it, not {decision['reasons']}")
        await self.api("agent_developer").post(f"/api/v1/decisions/{decision['id']}/outcome", {"status": "succeeded"})
        question = {"action": "agent.deploy", "resource": {"type": "agent", "name": agent}, "context": {}}
        deploy = await self.api("agent_operator").post("/api/v1/decisions", question)
        self._expect(deploy["decision"] == "allow", f"the deployment to be allowed, not {deploy['reasons']}")
        await self.api("agent_operator").post(f"/api/v1/decisions/{deploy['id']}/outcome", {"status": "succeeded"})
        self.seen("allowed once, by the approval; deployed; the outcome is stored beside it")

    async def _bypass(self, agent: str) -> None:
        tomas = self._email("meta_agent_manager")
        amara = self._email("tenant_administrator")
        # Whoever was last in Teams is told there, and Amara reads the night's messages in Slack.
        await self.control("command", {"user": amara, "channel": "general", "text": "/approve list"})
        self.say("At night the agent misroutes tickets. Tomás types /bypass")
        answer = await self.control("command", {"user": tomas, "channel": "emergency", "text": "/bypass"})
        values = {
            "What do you want to do?": "agent.modify",
            "Agent": agent,
            "Duration": "1800",
            "Justification": "It sends urgent tickets to nobody; the routing table must be changed now.",
        }
        done = await self.control("submit", {"user": tomas, "view_id": _modal(answer)["view_id"], "values": values})
        if done.get("errors"):
            raise StoryError(f"The bypass was refused: {done['errors']}")
        message = await self.until(
            lambda: self.message(f"@{amara}", "BYP-", action="Acknowledge"),
            "the bypass in senior management's direct messages",
        )
        reference = message["text"].partition(":")[0]
        self.seen(f"{reference} is active; senior management is told at once")
        change = {
            "action": "agent.modify",
            "resource": {"type": "agent", "name": agent, "routing": "v2"},
            "context": {},
        }
        decision = await self.api("meta_agent_manager").post("/api/v1/decisions", change)
        self._expect(
            decision["decision"] == "allow" and bool(decision["bypass_id"]), "the gate to allow it by the bypass"
        )
        self.say("Amara acknowledges it, and next morning reviews it")
        button = _button(message, "Acknowledge")
        await self.control(
            "click",
            {
                "user": amara,
                "channel": f"@{amara}",
                "ts": message["ts"],
                "action_id": button["action_id"],
                "value": button["value"],
            },
        )
        message = await self.until(lambda: self.message(f"@{amara}", reference, action="Review"), "the Review button")
        button = _button(message, "Review")
        answer = await self.control(
            "click",
            {
                "user": amara,
                "channel": f"@{amara}",
                "ts": message["ts"],
                "action_id": button["action_id"],
                "value": button["value"],
            },
        )
        await self.control(
            "submit",
            {
                "user": amara,
                "view_id": _modal(answer)["view_id"],
                "values": {"Verdict": "justified", "Notes": "The change was needed and is tested."},
            },
        )

        async def reviewed() -> dict[str, Any] | None:
            found = await self.api("tenant_administrator").get("/api/v1/bypasses?review_state=done")
            return next((each for each in found["items"] if each["reference"] == reference), None)

        await self.until(reviewed, "the review to be done")
        self.seen("the review is done, and everything is in the audit trail")
        trail = await self.api("audit_reviewer").get(f"/api/v1/audit?q={agent}&limit=200")
        self._expect(len(trail["items"]) > 1, "audit records of the agent")

    async def message(self, channel: str, words: str, *, action: str | None = None) -> dict[str, Any] | None:
        """The newest message in the channel that holds the words, and the button where one is asked for."""
        found = await self._get("/control/slack/messages", channel=channel)
        messages = found["messages"] if isinstance(found, dict) else found
        for message in reversed(messages):
            text = message["text"] + str(message["blocks"])
            if words in text and (action is None or _button(message, action)):
                return dict(message)
        return None

    async def _in_teams(self, email: str, words: str, action: str) -> dict[str, Any] | None:
        """The newest message in this person's chat in Teams that holds the words and the button."""
        found = await self._get("/control/teams/ephemerals", user=email)
        for message in reversed(found["ephemeral"]):
            if words in message["words"] and _button(message, action):
                return dict(message)
        return None

    async def _stage_is_done(self, reference: str, title: str) -> dict[str, Any] | None:
        message = await self.message("approvals", reference)
        lines = str(message["blocks"]) if message else ""
        return message if f"✅ *{title.capitalize()} " in lines else None

    async def until(self, look: Callable[[], Awaitable[dict[str, Any] | None]], what: str) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + WITHIN_S
        while asyncio.get_running_loop().time() < deadline:
            found = await look()
            if found:
                return found
            await asyncio.sleep(POLL_S)
        raise StoryError(f"Waited {WITHIN_S:.0f} s for {what}.")

    async def control(self, call: str, body: Mapping[str, Any], *, system: str = "slack") -> dict[str, Any]:
        return await self._control(f"{system}/{call}", body)

    async def advance(self, duration: str) -> datetime:
        moved = await self._control("clock", {"advance": duration})
        return datetime.fromisoformat(moved["now"])

    async def _control(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self.session.post(f"{self.status['sandbox_url']}/control/{call}", json=body) as answer:
            if answer.status >= 400:
                raise StoryError(f"/control/{call} answered {answer.status}: {await answer.text()}")
            found: dict[str, Any] = await answer.json()
            return found

    async def _get(self, path: str, **query: str) -> Any:
        async with self.session.get(self.status["sandbox_url"] + path, params=query or None) as answer:
            return await answer.json()

    async def click(self, role: str, channel: str, message: Mapping[str, Any], label: str) -> dict[str, Any]:
        button = _button(message, label)
        self._expect(bool(button), f"a button “{label}”")
        clicked = {"channel": channel, "ts": message["ts"], "user": self._email(role)}
        return await self.control("click", clicked | {name: button[name] for name in ("action_id", "value")})

    async def fill(self, role: str, answer: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        view_id = _modal(answer)["view_id"]
        done = await self.control("submit", {"user": self._email(role), "view_id": view_id, "values": values})
        if done.get("errors"):
            raise StoryError(f"The form was refused: {done['errors']}")

    def api(self, role: str) -> Api:
        return Api(self.session, self.status["base_url"], self._person(role)[1]["token"])

    def _email(self, role: str) -> str:
        return self._person(role)[0]

    def name(self, role: str) -> str:
        return str(self._person(role)[1]["name"])

    def _person(self, role: str) -> tuple[str, dict[str, str]]:
        people = self.status["tenants"][world.TENANT]["people"]
        return next((email, person) for email, person in people.items() if person["role"] == role)

    def say(self, words: str) -> None:
        self.step += 1
        self.out.print(f"[bold]{self.step}.[/] {words} …", highlight=False)

    def seen(self, words: str) -> None:
        self.out.print(f"   [green]✓[/] {words}", highlight=False)

    def _expect(self, is_so: bool, what: str) -> None:  # noqa: FBT001
        if not is_so:
            raise StoryError(f"Expected {what}.")


def _modal(answer: Mapping[str, Any]) -> dict[str, Any]:
    modal: dict[str, Any] | None = answer.get("modal")
    if not modal:
        raise StoryError(f"No form opened: {answer.get('ephemeral') or answer}")
    return modal


def _button(message: Mapping[str, Any], label: str) -> dict[str, Any]:
    return next((dict(action) for action in message["actions"] if action["text"] == label), {})
