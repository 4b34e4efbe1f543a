"""A reference agent platform: it rolls changes out and back, as docs/connectors/executor.md asks of every platform.

rollouts.py   what it does with a rollout, in its own time
webhook.py    it tells the product of every step
system.py     its four calls, health and figures of what it runs, and the control surface
"""

from sandbox.platform.system import create

__all__ = ["create"]
