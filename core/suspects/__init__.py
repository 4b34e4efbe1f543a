"""What may have caused an incident: ranked suspects with evidence (S5).

evidence.py   pure: what is known around an incident, and what is suspected
shares.py     pure: how often labels are among failures, of alerts and of samples
ranking.py    pure: the likeliest first, with the reasons in words
gathering.py  from the registry of changes, the trail, the dependency graph, other incidents, alerts and samples
service.py    use case
"""

from core.suspects.evidence import Happening, Kind, Scene, Share, ShareOf, Suspect
from core.suspects.ranking import rank
from core.suspects.service import list_suspects, suspects_of

__all__ = ["Happening", "Kind", "Scene", "Share", "ShareOf", "Suspect", "list_suspects", "rank", "suspects_of"]
