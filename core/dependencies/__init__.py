"""Who needs what: agents, services, tools, data and infrastructure as a graph, declared and learnt (G4).

resources.py    pure: what a resource is called
graph.py        pure: what feels a change, how far away, through what
model.py, store.py, service.py   the table; SQL; use cases
errors.py       what can go wrong
"""

from core.dependencies.graph import Felt, blast_radius, merged, path_to, paths_in
from core.dependencies.resources import TENANT, named, read_resource, shared
from core.dependencies.service import (
    DependencyView,
    declare_dependency,
    dismiss_dependency,
    held_dependencies,
    learn_dependencies,
    list_dependencies,
)

__all__ = [
    "TENANT",
    "DependencyView",
    "Felt",
    "blast_radius",
    "declare_dependency",
    "dismiss_dependency",
    "held_dependencies",
    "learn_dependencies",
    "list_dependencies",
    "merged",
    "named",
    "path_to",
    "paths_in",
    "read_resource",
    "shared",
]
