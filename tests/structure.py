"""The structure of a checkout, out of its imports: ``python -m tests.structure [folder]`` prints it.

With ``--diagram`` in the place of the folder it prints the diagram of docs/architecture.md.

A room is a folder or a file of app/. Room A has an arrow to room B when any module of A imports one of B, wherever in
its source. The level of a room is the length of the longest way from it down to a room that imports no other.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import grimp


@dataclass(frozen=True, slots=True)
class Structure:
    """How the rooms of a package stand on each other.

    Attributes:
        arrows: by room, those that it imports.
        levels: the rooms of each level, from the ground up; those of a cycle share a level.
        cycles: groups of rooms each of which reaches the others.
        modules, imports: how many there are in all.
    """

    arrows: Mapping[str, frozenset[str]]
    levels: tuple[tuple[str, ...], ...]
    cycles: tuple[tuple[str, ...], ...]
    modules: int
    imports: int


def measure(folder: Path, package: str = "app") -> Structure:
    """The structure of a package in a folder that this process has not imported from elsewhere."""
    sys.path.insert(0, str(folder))
    graph = grimp.build_graph(package, cache_dir=None)
    modules, imports = len(graph.modules), graph.count_imports()
    rooms = sorted(graph.find_children(package))
    for room in rooms:
        graph.squash_module(room)
    arrows = {room: graph.find_modules_directly_imported_by(room) - {room, package} for room in rooms}
    circles = {
        room: frozenset({room} | graph.find_upstream_modules(room) & graph.find_downstream_modules(room))
        for room in rooms
    }
    return Structure(
        arrows={_short(room): frozenset(map(_short, arrows[room])) for room in rooms},
        levels=_levels(arrows, circles),
        cycles=tuple(sorted({_named(circle) for circle in circles.values() if len(circle) > 1})),
        modules=modules,
        imports=imports,
    )


def _levels(arrows: Mapping[str, set[str]], circles: Mapping[str, frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    below = {
        circle: {circles[other] for room in circle for other in arrows[room] - circle} for circle in circles.values()
    }
    sorter = TopologicalSorter(below)
    sorter.prepare()
    levels = []
    while ready := sorter.get_ready():
        levels.append(_named(frozenset().union(*ready)))
        sorter.done(*ready)
    return tuple(levels)


def _named(rooms: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(map(_short, rooms)))


def _short(room: str) -> str:
    return room.partition(".")[2]


def text(structure: Structure) -> str:
    """For people: the sums, then each room from the top down with its level and what it imports."""
    sums = {
        "rooms": len(structure.arrows),
        "levels": len(structure.levels),
        "arrows": sum(map(len, structure.arrows.values())),
        "cycles": len(structure.cycles),
        "modules": structure.modules,
        "imports": structure.imports,
    }
    lines = [", ".join(f"{number} {what}" for what, number in sums.items())]
    for level, rooms in reversed(list(enumerate(structure.levels))):
        lines += (f"{level:>3}  {room:<16} {' '.join(sorted(structure.arrows[room]))}".rstrip() for room in rooms)
    lines += (f"cycle: {' '.join(cycle)}" for cycle in structure.cycles)
    return "\n".join(lines)


def diagram(structure: Structure) -> str:
    """The fewest arrows over which each room still reaches what it imports, as a Mermaid flowchart; without cycles."""
    lines = ["flowchart TB"]
    for room in (room for level in reversed(structure.levels) for room in level):
        direct = structure.arrows[room]
        further = set().union(*(_reached(structure, other) for other in direct))
        lines += (f"    {room} --> {other}" for other in sorted(direct - further))
    return "\n".join(lines)


def _reached(structure: Structure, room: str) -> set[str]:
    direct = structure.arrows[room]
    return set(direct).union(*(_reached(structure, other) for other in direct))


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "."
    print(diagram(measure(Path())) if asked == "--diagram" else text(measure(Path(asked))))  # noqa: T201 - a command
