"""A simulated Splunk: the HTTP Event Collector with acknowledgement, and a saved search's webhook.

system.py   its calls and the control surface
"""

from sandbox.splunk.system import create

__all__ = ["create"]
