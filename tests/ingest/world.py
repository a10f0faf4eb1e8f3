"""What the series hold after files came one after the other, told by plain dictionaries; and random files for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import text

from app.storage.resources import Resources

Row = tuple[str, ...]

HEADERS = {
    "polls": "store_id,status,timestamp_utc",
    "hours": "store_id,day,start_time_local,end_time_local",
    "timezones": "store_id,timezone_str",
    "pull_requests": "repo,number,team,author,created_at",
    "review_times": "review_time,merge_time,date,team",
}

STORES = [f"s{number}" for number in range(6)]
TEAMS = [f"t{number}" for number in range(3)]

#: One row of a kind as a random file has it.
RANDOM_ROWS: dict[str, Callable[[Random], Row]] = {
    "polls": lambda r: (
        r.choice(STORES),
        r.choice(["active", "inactive"]),
        f"2023-01-{r.choice([16, 22, 23])}T05:00:00Z",
    ),
    "hours": lambda r: (r.choice(STORES), str(r.randrange(7)), f"0{r.randrange(7, 9)}:00:00", "17:00:00"),
    "timezones": lambda r: (r.choice(STORES), r.choice(["UTC", "Asia/Tokyo", "Europe/Oslo"])),
    "pull_requests": lambda r: (
        f"org/r{r.randrange(2)}",
        str(r.randrange(1, 4)),
        r.choice(TEAMS),
        r.choice("ab"),
        "2024-11-01T20:00:00Z",
    ),
    "review_times": lambda r: (str(r.randrange(1000)), "7", "2023-01-16", r.choice(TEAMS)),
}

_QUERIES = {
    "entities": "SELECT kind, key FROM entity",
    "polls": "SELECT e.key, CASE WHEN active THEN 'active' ELSE 'inactive' END, "
    """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM poll JOIN entity e ON e.id = entity_id""",
    "hours": "SELECT e.key, weekday::text, opens::text, closes::text "
    "FROM hours_window JOIN entity e ON e.id = entity_id WHERE superseded_at IS NULL",
    "timezones": "SELECT key, zone.timezone FROM entity_zone AS zone JOIN entity ON id = entity_id "
    "WHERE superseded_at IS NULL",
    "pull_requests": "SELECT r.key, number::text, t.key, author FROM pull_request "
    "JOIN entity r ON r.id = repo_id AND r.kind = 'repository' JOIN entity t ON t.id = team_id AND t.kind = 'team'",
    "review_times": "SELECT dataset_id, review_seconds::text, key FROM review_time JOIN entity ON id = team_id",
}


@dataclass(frozen=True)
class File:
    """Rows of a kind, and whether there is a wrong one behind them, for which the file is refused."""

    kind: str
    rows: Sequence[Row]
    dataset_id: str
    is_wrong: bool = False

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.dataset_id}.csv"
        lines = [HEADERS[self.kind], *(",".join(row) for row in self.rows), *(["wrong"] if self.is_wrong else [])]
        path.write_text("\n".join(lines) + "\n")
        return path


def random_file(random: Random, dataset_id: str, *, kind: str | None = None, is_wrong: bool = False) -> File:
    chosen = random.choice(list(HEADERS)) if kind is None else kind
    return File(chosen, [RANDOM_ROWS[chosen](random) for _ in range(random.randrange(3, 12))], dataset_id, is_wrong)


@dataclass
class World:
    """The series by the keys of their entities."""

    entities: set[Row] = field(default_factory=set)
    polls: dict[Row, str] = field(default_factory=dict)
    hours: dict[str, set[Row]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    pulls: dict[Row, Row] = field(default_factory=dict)
    samples: dict[str, list[Row]] = field(default_factory=dict)

    def take(self, file: File) -> None:
        """Bring in the file, when all before it were brought in."""
        if file.kind == "hours":
            self.hours |= {row[0]: set() for row in file.rows}
        for row in file.rows:
            match file.kind:
                case "polls":
                    self.entities.add(("store", row[0]))
                    self.polls[row[0], row[2]] = row[1]
                case "hours":
                    self.entities.add(("store", row[0]))
                    self.hours[row[0]].add(row[1:])
                case "timezones":
                    self.entities.add(("store", row[0]))
                    self.zones[row[0]] = row[1]
                case "pull_requests":
                    self.entities |= {("repository", row[0]), ("team", row[2])}
                    self.pulls[row[:2]] = row[2:4]
                case "review_times":
                    self.entities.add(("team", row[3]))
                    self.samples.setdefault(file.dataset_id, []).append((row[0], row[3]))

    def tables(self) -> dict[str, list[Row]]:
        """The rows of each table, sorted."""
        rows = {
            "entities": list(self.entities),
            "polls": [(store, status, at) for (store, at), status in self.polls.items()],
            "hours": [(store, *window) for store, windows in self.hours.items() for window in windows],
            "timezones": list(self.zones.items()),
            "pull_requests": [(*which, *what) for which, what in self.pulls.items()],
            "review_times": [(dataset, *row) for dataset, sample in self.samples.items() for row in sample],
        }
        return {name: sorted(found) for name, found in rows.items()}


def tables(resources: Resources) -> dict[str, list[Row]]:
    """The same, as Postgres has them."""
    with resources.engine.connect() as connection:
        return {name: sorted(tuple(row) for row in connection.execute(text(query))) for name, query in _QUERIES.items()}
