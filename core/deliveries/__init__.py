"""Looking at the outbox's deliveries and sending dead ones again, by those who may (N6)."""

from core.deliveries.service import list_all, replay_one

__all__ = ["list_all", "replay_one"]
