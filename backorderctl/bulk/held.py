"""What is reserved for each product and stock, added up by an engine from files or taken from the store file."""

from dataclasses import dataclass

from backorderctl.bulk.engine import Engine, reservations_query
from backorderctl.bulk.job import Job
from backorderctl.bulk.names import PRODUCTS, SkuNames
from backorderctl.bulk.policy_tables import reserved_table

HELD = "backorderctl_held"
"""The table of sku, stock, reserved, and `stored`: 1 for products of the store file."""
SPELLINGS = "backorderctl_held_spellings"
"""The SKUs with reservations that the store file does not have, as they are spelled."""
RESPELLED = "backorderctl_held_respelled"
"""Those that stand for a product of the store file, with its name."""
_ENTRIES, _NAMES, _NAMED = "backorderctl_entries", "backorderctl_held_names", "backorderctl_named_entries"


@dataclass(frozen=True, slots=True)
class Held:
    """Of the reserved files: their rows, those that are good, and the sums above 0, of which one is the first."""

    rows: int = 0
    good: int = 0
    above: int = 0
    first_above: tuple[str, str] = ("", "")


def hold(engine: Engine, job: Job, names: SkuNames) -> Held:
    """Make the tables; reservations of the store file count where there are no files."""
    if not job.reserved:
        engine.load(reserved_table(job.tables)._replace(name=_ENTRIES))
        engine.keep(HELD, f"SELECT e.*, 1 AS stored FROM {_ENTRIES} e", view=True)
        return Held()
    _add_up(engine, job)
    names.keep(_NAMES, f"(SELECT DISTINCT sku FROM {_ENTRIES} WHERE good_sku = 1)")
    engine.keep(
        SPELLINGS,
        f"SELECT DISTINCT e.sku FROM {_ENTRIES} e LEFT JOIN {_NAMES} n ON n.sku = e.sku "
        f"LEFT JOIN {PRODUCTS} p ON p.sku = COALESCE(n.name, e.sku) "
        "WHERE e.good_sku = 1 AND p.sku IS NULL AND (n.sku IS NULL OR n.name IS NOT NULL)",
    )
    engine.keep(RESPELLED, f"SELECT n.sku, n.name FROM {_NAMES} n JOIN {PRODUCTS} p ON p.sku = n.name")
    several = "SUM(e.in_all) > 0 AND SUM(e.good) > 1"  # what `reserved` says is all that is reserved
    engine.keep(
        _NAMED,
        "SELECT COALESCE(n.name, e.sku) AS sku, e.stock AS stock, SUM(e.units) AS reserved, SUM(e.items) AS items, "
        "SUM(CASE WHEN n.sku IS NOT NULL AND n.name IS NULL THEN 0 ELSE e.good END) AS good, "
        f"CASE WHEN {several} THEN 1 ELSE 0 END AS several, "
        "MAX(CASE WHEN p.sku IS NULL THEN 0 ELSE 1 END) AS stored "
        f"FROM {_ENTRIES} e LEFT JOIN {_NAMES} n ON n.sku = e.sku "
        f"LEFT JOIN {PRODUCTS} p ON p.sku = COALESCE(n.name, e.sku) GROUP BY COALESCE(n.name, e.sku), e.stock",
    )
    taken = f"FROM {_NAMED} WHERE several = 0 AND good > 0"
    units = "CAST(reserved AS DECIMAL(18, 4)) AS reserved"
    engine.keep(HELD, f"SELECT sku, stock, {units}, stored {taken} AND reserved > 0")
    [[rows, good, above]] = engine.fetch(
        "SELECT COALESCE(SUM(items), 0), COALESCE(SUM(CASE WHEN several = 0 THEN good ELSE 0 END), 0), "
        f"COUNT(CASE WHEN several = 0 AND good > 0 AND reserved < 0 THEN 1 END) FROM {_NAMED}"
    )
    first = engine.fetch(f"SELECT sku, stock {taken} AND reserved < 0 ORDER BY sku, stock LIMIT 1")
    return Held(int(rows), int(good), int(above), (first[0][0], first[0][1]) if first else ("", ""))


def _add_up(engine: Engine, job: Job) -> None:
    """The rows of the files, added up under the spellings that they have."""
    no_sku = engine.no_sku("sku")
    good = f"NOT {no_sku} AND stock IS NOT NULL AND units IS NOT NULL"
    engine.keep(
        _ENTRIES,
        f"SELECT sku, stock, SUM(CASE WHEN {good} THEN units END) AS units, COUNT(*) AS items, "
        f"COUNT(CASE WHEN {good} THEN 1 END) AS good, SUM(CASE WHEN {good} THEN in_all ELSE 0 END) AS in_all, "
        f"CASE WHEN {no_sku} THEN 0 ELSE 1 END AS good_sku "
        f"FROM ({reservations_query(engine, job)}) r GROUP BY sku, stock",
    )
