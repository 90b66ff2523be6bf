"""SKUs as files write them: what spreadsheets, blanks and letter case have done to them."""

import re

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.magento.report import Notice, Report
from backorderctl.store.sku import canonical_sku

MANY = 10
"""So many SKUs cut short by a spreadsheet, and the whole file is refused."""

_CUT_SHORT = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


class Spellings:
    """The SKUs met so far in one file, by what Magento takes for the same: letter case and blanks at the ends."""

    def __init__(self, file: str, report: Report) -> None:
        self._file = file
        self._report = report
        self._cut_short = 0
        self._known: dict[str, str] = {}

    def sku(self, cell: str, line: int) -> str:
        """The SKU in a cell as the file wrote it first, or nothing for a blank cell.

        BackorderctlError when it is one that a spreadsheet has cut short; InvalidFile when it is one of many.
        """
        sku = cell.strip()
        # Magento's export sets one blank before what a spreadsheet would take for a formula.
        if len(sku) < len(cell) and sku and not (cell == f" {sku}" and sku[0] in "=+-"):
            self._report.note(Notice.SKU_BLANKS, line=line, value=cell)
        if "+" in sku and _CUT_SHORT.fullmatch(sku):
            self._refuse(sku, line)
        first = self._known.setdefault(canonical_sku(sku), sku)
        if first != sku:
            self._report.note(Notice.SKU_CASE, line=line, value=sku, other=first)
        return first

    def _refuse(self, sku: str, line: int) -> None:
        self._cut_short += 1
        if self._cut_short < MANY:
            raise BackorderctlError(f"sku: expected a SKU, got {sku!r}, which a spreadsheet has cut short")
        problem = f"sku: {MANY} SKUs that a spreadsheet has cut short, such as {sku!r}: export the file again"
        raise InvalidFile(self._file, [Problem(problem, line)])
