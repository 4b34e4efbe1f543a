"""What can go wrong in the registry."""

from core.errors import Conflict, NotFound


class UnknownAgent(NotFound):
    """There is no such agent in the registry."""

    code = "agents.unknown"


class AgentExists(Conflict):
    """An agent of this name exists already."""

    code = "agents.exists"


class WrongAgentState(Conflict):
    """The agent is not in a state that allows this."""

    code = "agents.wrong_state"
