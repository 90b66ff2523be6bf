"""What the package answers as a library; the commands call the same functions.

A function that needs a day takes a `Store`, which is `file.on(day)`; only `today` reads the clock. Each imports what it
needs when it is called, as the command line needs few of them at a time.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import wraps
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.store.model import Store, StoreFile, Values

if TYPE_CHECKING:
    from backorderctl.check.findings import LocatedFinding
    from backorderctl.output.explain import Explained
    from backorderctl.output.report.content import CatalogueReport
    from backorderctl.policy.diff import Difference
    from backorderctl.policy.evaluate import Salability
    from backorderctl.policy.orders import Order
    from backorderctl.rows.delimited import InputFile

    Answer = (
        Salability | Sequence[Salability] | Sequence[Explained] | Order | LocatedFinding | Difference | CatalogueReport
    )

RowsOrPath = str | PathLike[str] | Iterable[Mapping[str, object]]
"""The path of a file of rows, CSV or Parquet, or the rows, each by the names of its columns."""
Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def loads(text: str, name: str = "store.toml") -> StoreFile:
    """The store file in a text, called `name` in messages; InvalidFile with every problem in it."""
    from backorderctl.store.load import load_bytes

    return load_bytes(text.encode(), name)


def today(file: StoreFile) -> date:
    """The day that it is in the time zone of the file, or by the machine's own setting."""
    return local_day(datetime.now(UTC), file.timezone)


def local_day(instant: datetime, timezone: str | None) -> date:
    """The day that it is then in the time zone, or by the machine's own setting."""
    if timezone is None:
        return instant.astimezone().date()
    from zoneinfo import ZoneInfo

    return instant.astimezone(ZoneInfo(timezone)).date()


def with_quantities(
    file: StoreFile,
    quantities: RowsOrPath | None = None,
    *,
    reserved: RowsOrPath | None = None,
    sources: Sequence[str] = (),
    stock_ids: Mapping[str, str] | None = None,
    allow_missing: bool = False,
) -> StoreFile:
    """The file with the source items, or the reservations, of other rows in place of its own.

    `sources` are those whose items are replaced, all by default; `stock_ids` are stocks by Magento's number.
    BackorderctlError when a row is refused, or, unless `allow_missing`, a source with items has no row.
    """
    from backorderctl.rows.replace_quantities import read_quantities
    from backorderctl.rows.rows_read import STOCK_IDS, Inputs

    with ExitStack() as stack:
        inputs = Inputs(
            quantities=_input(quantities, "quantities", stack),
            reserved=_input(reserved, "reserved", stack),
            sources=tuple(sources),
            stock_ids={**STOCK_IDS, **(stock_ids or {})},
            allow_missing=allow_missing,
        )
        return read_quantities(file, inputs).store


def _input(rows: RowsOrPath | None, name: str, stack: ExitStack) -> "tuple[InputFile, ...]":
    """The rows as a file to read: those in memory are written to one, so that the same reader refuses the same rows."""
    import tempfile
    from pathlib import Path

    from backorderctl.rows.delimited import InputFile, csv_writer
    from backorderctl.store.scalars import format_quantity

    if rows is None:
        return ()
    if isinstance(rows, str | PathLike):
        return (InputFile(fspath(rows), fspath(rows)),)
    records = list(rows)
    header = list(dict.fromkeys(column for record in records for column in record))
    path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv_writer(out)
        writer.writerow(header)
        for record in records:
            cells = (record.get(column) for column in header)
            writer.writerow(
                ["" if cell is None else format_quantity(cell) if isinstance(cell, Decimal) else cell for cell in cells]
            )
    return (InputFile(str(path), name),)


def answers(store: Store, sku: str | None = None, *, stock: str | None = None) -> "Iterator[Salability]":
    """What a product, or each product, offers in each stock that sells it, or in one stock.

    BackorderctlError when there is no such SKU or stock.
    """
    from backorderctl.policy.catalogue import Filter, listed
    from backorderctl.policy.evaluate import evaluate, evaluate_at
    from backorderctl.store.model import stock_named

    code = None if stock is None else stock_named(store, stock).code
    if sku is None:
        return listed(store, Filter(stock=code))
    return iter(evaluate(store, sku) if code is None else [evaluate_at(store, sku, store.stocks[code])])


def explain(store: Store, sku: str, *, stock: str | None = None) -> "list[Explained]":
    """The answers for a product, with the levels that each of its values comes from."""
    from backorderctl.output.explain import Explained
    from backorderctl.policy.viewpoints import all_chains

    return [Explained(answer, all_chains(store, answer)) for answer in answers(store, sku, stock=stock)]


def order(store: Store, sku: str, quantity: Decimal | int | str, *, stock: str | None = None) -> "Order":
    """What an order gets; BackorderctlError for a quantity that is not above 0, or where a stock must be named."""
    from backorderctl.policy.orders import order_from
    from backorderctl.store.scalars import parse_units

    try:
        requested = parse_units(str(quantity))
    except Mismatch as mismatch:
        raise BackorderctlError(f"quantity: {mismatch}") from None
    return order_from(sold_from(store, sku, stock), requested)


def sold_from(store: Store, sku: str, stock: str | None) -> "Salability":
    """The product in the stock that is named or the only candidate; where no stock reaches it, in none."""
    from backorderctl.policy.evaluate import evaluate, evaluate_at

    in_stocks = evaluate(store, sku)
    if stock is None and in_stocks[0].stock is None:
        return in_stocks[0]
    return evaluate_at(store, sku, store.stocks[one_stock(store, sku, stock)])


def one_stock(store: Values, sku: str, named: str | None) -> str:
    """The stock that is named, or the only one that sells the product, or the only one there is.

    BackorderctlError where that leaves several.
    """
    from backorderctl.store.model import product_named, stock_named, stocks_of

    if named is not None:
        return stock_named(store, named).code
    reaching = stocks_of(store, product_named(store, sku))
    if len(reaching) > 1:
        raise BackorderctlError(f"{sku!r} is in several stocks: {', '.join(reaching)}", hint=f"--stock {reaching[0]}")
    if not reaching and len(store.stocks) > 1:
        raise BackorderctlError(f"{sku!r} is in no stock, and none of {', '.join(store.stocks)} was named by --stock")
    return (reaching or list(store.stocks))[0]


def findings(
    file: StoreFile, *, day: date | None = None, codes: Collection[str] | None = None, name: str = "store.toml"
) -> "list[LocatedFinding]":
    """What `check` finds in the file on the day, by default today, and on each coming day of its schedule.

    `codes` are those of the rules; `name` is what the file is called in the findings.
    """
    from backorderctl.check import DEFAULT_CODES, findings_of
    from backorderctl.check.findings import LocatedFinding

    found = findings_of(file, today=day or today(file), codes=DEFAULT_CODES if codes is None else codes)
    return [LocatedFinding(name, finding) for finding in found]


def diff(old: StoreFile, new: StoreFile, *, day: date | None = None, new_day: date | None = None) -> "Difference":
    """What changes in effect from one file to the other, as of a day, by default today, or of two."""
    from backorderctl.policy.compare import compare

    old_day = day or today(new)
    return compare(old, new, old_day=old_day, new_day=new_day or old_day)


def report(
    file: StoreFile,
    *,
    day: date | None = None,
    stock: str | None = None,
    source: str | None = None,
    top: int = 10,
    name: str = "store.toml",
) -> "CatalogueReport":
    """What is owed, what is at risk and what has no limit; each list names at most `top` products."""
    from backorderctl.output.report.content import CatalogueReport, next_days, rule_counts
    from backorderctl.policy.evaluate import Salability, evaluate_all
    from backorderctl.policy.totals import totals
    from backorderctl.store.model import source_named, stock_named

    at = day or today(file)
    store = file.on(at)
    stocks = [stock_named(store, stock).code] if stock is not None else list(store.stocks)
    if source is not None:
        source_named(store, source)

    def wanted(answer: Salability) -> bool:
        at_source = source is None or any(item.source == source for item in answer.items)
        return stock in (None, answer.stock) and at_source

    return CatalogueReport(
        file=name,
        at=at,
        stock=stock,
        source=source,
        totals=totals(filter(wanted, evaluate_all(store)), stocks=stocks, source=source, top=top),
        findings=rule_counts(finding for _, finding in findings(file, day=at)),
        agenda=tuple(next_days(file, at, stock)),
    )


def to_dict(value: "Answer") -> dict[str, Any]:
    """What the command says of it in JSON, with plain numbers.

    An answer is a row of `product list`, a finding one of `check`, an order that of `order check`; all answers for a
    product are `product show`, and explained `product explain`; a difference is `diff`, a report `report`.
    """
    import json

    from backorderctl.output.listing import dumps

    return dict(json.loads(dumps(_document(value))))


def _document(value: "Answer") -> Mapping[str, object]:
    """The document of the value, with the numbers and enums that it holds."""
    from backorderctl.check.findings import LocatedFinding
    from backorderctl.output import diff as difference
    from backorderctl.output import explain as explained
    from backorderctl.output import findings as found
    from backorderctl.output import orders, product
    from backorderctl.output.report.content import CatalogueReport
    from backorderctl.output.report.show import report_document
    from backorderctl.policy.diff import Difference
    from backorderctl.policy.evaluate import Salability
    from backorderctl.policy.orders import Order

    match value:
        case Salability():
            return product.row(value)
        case LocatedFinding():
            return found.finding_document(value)
        case Order():
            return orders.order_document(value)
        case Difference():
            return difference.difference_document(value)
        case CatalogueReport():
            return report_document(value)
        case [explained.Explained(), *_]:
            return explained.sums_document([each for each in value if isinstance(each, explained.Explained)])
        case [Salability(), *_]:
            return product.product_document([each for each in value if isinstance(each, Salability)])
    raise TypeError(f"to_dict: expected an answer of this library, got {type(value).__name__}")


def in_plain_text(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """The function, with the hint of an error as the text to type; commands add their file to a hint before that."""

    @wraps(function)
    def called(*arguments: Parameters.args, **named: Parameters.kwargs) -> Returned:
        try:
            return function(*arguments, **named)
        except BackorderctlError as error:
            from backorderctl.output.format import format_hint

            error.hint = error.hint and format_hint(error.hint)
            raise

    return called
