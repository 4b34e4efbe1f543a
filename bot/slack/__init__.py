"""Slack: Card -> Block Kit, handlers of commands and clicks, living messages."""
