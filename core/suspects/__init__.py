"""What may have caused an incident: ranked suspects with evidence (S5).

evidence.py   pure: what is known around an incident, and what is suspected
shares.py     pure: how often labels are among failures, of alerts and of samples
ranking.py    pure: the likeliest first, with the reasons in words
gathering.py  from the registry of changes, the trail, the dependency graph, other incidents, alerts and samples
service.py    use case
keeping.py    the likeliest stays with the incident
"""

from core.suspects.evidence import Happening, Kind, Scene, Share, ShareOf, Suspect
from core.suspects.keeping import HEARD, keep_likeliest
from core.suspects.ranking import rank
from core.suspects.service import list_suspects, suspects_of

__all__ = [
    "HEARD",
    "Happening",
    "Kind",
    "Scene",
    "Share",
    "ShareOf",
    "Suspect",
    "keep_likeliest",
    "list_suspects",
    "rank",
    "suspects_of",
]
