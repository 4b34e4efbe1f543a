"""A simulated New Relic: the metric, event and log APIs, and a workflow's webhook.

system.py   its calls and the control surface
"""

from sandbox.newrelic.system import create

__all__ = ["create"]
