"""Which spellings of SKUs are one product: a table that an engine makes of the SKUs of rows.

`name` is what a spelling counts under, where that is another one; NULL where it could be that of several products.
"""

from collections.abc import Iterable

from backorderctl.bulk.engine import Engine
from backorderctl.bulk.job import Job
from backorderctl.bulk.policy_tables import SqlTable
from backorderctl.bulk.sql_text import Reading, statements
from backorderctl.store.sku import case_folded, database_key

PRODUCTS = "backorderctl_products"
_SKU = (("sku", "VARCHAR(255)"),)


class SkuNames:
    """The SKUs of the store file by what makes them the same."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine = engine
        self.tables = job.tables
        self.products = job.store.products
        self.merged = {database_key(sku) for sku in self.products}
        plain = sorted({database_key(sku) for sku in self.products if not sku.isascii()})
        self.engine.load(SqlTable("backorderctl_plain_names", _SKU, [(key,) for key in plain if key.isascii()]))
        self.same = {case_folded(sku) for sku in self.products}

    def keep(self, table: str, spellings: str) -> None:
        """Make the table of the spellings, which are those of a table or of a query in brackets."""
        [[small, capital, foreign]] = self.engine.fetch(
            "SELECT COUNT(CASE WHEN UPPER(sku) <> sku THEN 1 END), COUNT(CASE WHEN LOWER(sku) <> sku THEN 1 END), "
            f"COUNT(CASE WHEN bit_length(sku) > 8 * length(sku) THEN 1 END) FROM {spellings} s"
        )
        mixed = (small and capital) or foreign  # else no two are the same, and only those of the store file count
        text = self._statement(spellings if mixed else self._of_products(spellings))
        self.engine.keep(f"{table}_alike", text)
        merged = list(self._merged(table, spellings, foreign=bool(foreign)))
        if not merged:
            self.engine.keep(table, f"SELECT * FROM {table}_alike", view=True)
            return
        self.engine.load(SqlTable(f"{table}_merged", _SKU, merged))
        self.engine.keep(
            table,
            f"SELECT n.sku, n.name FROM {table}_alike n LEFT JOIN {table}_merged m ON m.sku = n.sku "
            f"WHERE m.sku IS NULL UNION ALL SELECT m.sku, NULL FROM {table}_merged m",
            view=True,
        )

    def _statement(self, spellings: str) -> str:
        return statements(self.tables, Reading(spellings=spellings, lowered=self.engine.lowered)).names

    def _of_products(self, spellings: str) -> str:
        """Those of the spellings that are of products of the store file."""
        of_product, of_spelling = (self.engine.lowered.format(name=f"{table}.sku") for table in "ps")
        stored = f"(SELECT DISTINCT {of_product} AS lowered FROM {PRODUCTS} p)"
        return f"(SELECT s.sku AS sku FROM {spellings} s JOIN {stored} k ON k.lowered = {of_spelling})"

    def _merged(self, table: str, spellings: str, *, foreign: bool) -> Iterable[tuple[str]]:
        """The spellings of no product that Magento's database would take for one, though letters differ."""
        if any(not sku.isascii() for sku in self.products):
            alike = self.engine.fetch(
                f"SELECT DISTINCT s.sku FROM {spellings} s JOIN backorderctl_plain_names k ON k.sku = LOWER(s.sku) "
                f"LEFT JOIN {table}_alike n ON n.sku = s.sku LEFT JOIN {PRODUCTS} p ON p.sku = s.sku "
                f"LEFT JOIN {PRODUCTS} o ON o.sku = n.name WHERE p.sku IS NULL AND o.sku IS NULL"
            )
            yield from ((sku,) for (sku,) in alike)
        query = f"SELECT DISTINCT sku FROM {spellings} s WHERE bit_length(sku) > 8 * length(sku)"
        for (sku,) in self.engine.fetch(query) if self.products and foreign else ():
            if case_folded(sku) not in self.same and database_key(sku) in self.merged:
                yield (sku,)
