"""Calendar feeds: bytes over the network. What they mean is core/absences.

feed.py    one GET of one feed, with its limits
guard.py   which addresses may be called at all
"""

from connectors.calendars.feed import FeedReader, FeedSettings

__all__ = ["FeedReader", "FeedSettings"]
