"""Slack: Card -> Block Kit, the workspace, and how commands, clicks and modals reach the conversation."""
