"""A simulated Datadog: the intakes of series, events, checks and logs, and a monitor's webhook.

system.py   its calls and the control surface
"""

from sandbox.datadog.system import create

__all__ = ["create"]
