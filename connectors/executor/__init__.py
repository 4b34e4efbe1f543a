"""The agent platform as the one who does changes: it is told to begin and to undo, and says how far it is (G6, G7).

docs/connectors/executor.md is the contract that a platform serves.

platform.py   its four calls, signed, and what they answer
wire.py       pure: what it sends, as reports
checks.py     the success criteria, looked at over HTTP
desk.py       the subscriber, and the hook that it calls
"""

from connectors.executor.checks import Checker
from connectors.executor.desk import ExecutorDesk, ExecutorDesks
from connectors.executor.platform import AgentPlatform

__all__ = ["AgentPlatform", "Checker", "ExecutorDesk", "ExecutorDesks"]
