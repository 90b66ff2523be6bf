"""Where Magento differs: a row for each product, with every cause that explains it."""

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from backorderctl.output import listing
from backorderctl.output.format import Cell, Output, counted, json_number
from backorderctl.output.listing import Listing
from backorderctl.output.quantities import respelled_document, respelled_note
from backorderctl.output.table import Column
from backorderctl.policy.drift import Cause, CauseKind, Drift, DriftReport, LeftOut
from backorderctl.store.settings import BACKORDERS, THRESHOLD, format_value

_COLUMNS = (
    Column("sku"),
    Column("stock", rank=2),
    Column("ours", number=True),
    Column("magento", number=True),
    Column("ours_salable", rank=1),
    Column("magento_salable", rank=1),
    Column("causes"),
)
_REASONS = {
    LeftOut.UNMANAGED: "whose stock is not managed",
    LeftOut.NO_SOURCE_ITEM: "without a source item, such as composites",
    LeftOut.ONLY_IN_STORE: "that only the store has",
    LeftOut.ONLY_IN_MAGENTO: "that only Magento has",
    LeftOut.NOT_GIVEN: "that Magento counts and no file has",
    LeftOut.ACCEPTED: "whose drift is accepted",
}


def show_drift(report: DriftReport, output: Output, out: TextIO, *, respelled: Mapping[str, str]) -> None:
    """Write the products that differ; a table says nothing where none does."""
    if output is Output.JSON:
        rows = ",\n".join(listing.dumps(_document(each)) for each in report.drift)
        left_out = {reason.value: n for reason, n in report.left_out.items()}
        rest = {"compared": report.compared, "left_out": left_out, "respelled": respelled_document(respelled)}
        out.write('{"drift": [' + rows + "],\n" + listing.dumps(rest)[1:] + "\n")
    elif report.drift or output is Output.CSV:
        listing.show(Listing("drift", _COLUMNS, map(_row, report.drift)), output, out)


def drift_notes(report: DriftReport, *, respelled: Mapping[str, str]) -> Iterator[str]:
    """What was compared, and what was not."""
    yield f"{counted(report.compared, 'product')} compared, {len(report.drift)} with drift"
    for reason, number in report.left_out.items():
        yield f"{counted(number, 'product')} {_REASONS[reason]}: left out"
    if respelled:
        yield respelled_note(respelled)


def _row(each: Drift) -> tuple[Cell, ...]:
    causes = "; ".join(map(_words, each.causes)) or "unexplained"
    return (each.sku, each.stock, each.ours, each.magento, each.ours_salable, each.magento_salable, causes)


def _words(cause: Cause) -> str:
    match cause.kind:
        case CauseKind.RESERVATIONS:
            return "reservations are not counted"
        case CauseKind.THRESHOLD | CauseKind.BACKORDERS:
            key = THRESHOLD.key if cause.kind is CauseKind.THRESHOLD else BACKORDERS.key
            return f"{key} inherited" if cause.value is None else f"{key} {format_value(cause.value)}"
        case CauseKind.SOURCE_NOT_LINKED:
            return f"link of source {cause.source}"
        case CauseKind.SOURCE_NOT_ENABLED:
            return f"state of source {cause.source}"
        case CauseKind.STALE_INDEX:
            return "stale index"


def _document(each: Drift) -> dict[str, Any]:
    return {
        "sku": each.sku,
        "stock": each.stock,
        "ours": json_number(each.ours),
        "magento": json_number(each.magento),
        "ours_salable": each.ours_salable,
        "magento_salable": each.magento_salable,
        "causes": [{"cause": cause.kind, "value": cause.value, "source": cause.source} for cause in each.causes],
    }
