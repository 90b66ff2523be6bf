"""The JSON Schema of the store file, made from its fields and the settings table."""

from typing import Any

from backorderctl.store import fields, scalars
from backorderctl.store.fields import Form
from backorderctl.store.settings import INHERIT

_END = r"(?![\s\S])"
"""The end of a text: `$` also matches before a last line break in Python's regular expressions."""
_CODES = {"pattern": f"^{scalars.CODE.pattern}{_END}"}
_SKUS = {"pattern": rf"^\S([\s\S]*\S)?{_END}"}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that every valid store file satisfies once it is parsed as TOML 1.0, dates as text.

    It does not say what no schema can: that names are declared, and how many decimal places a number has."""
    product = _table(
        fields.PRODUCT,
        sources=_named(_table(fields.SOURCE_ITEM) | {"dependentRequired": {"status": ["quantity"]}}, _CODES),
        stocks=_named(_table(fields.RESERVATION), _CODES),
    )
    accept = {"type": "array", "items": _table(fields.ACCEPT)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "backorderctl store file",
        **_table(
            fields.TOP,
            **{"global": _table(fields.GLOBAL)},
            stocks=_named(_table(fields.STOCK), _CODES),
            sources=_named(_table(fields.SOURCE), _CODES),
            products=_named(product, _SKUS),
            schedule={"type": "array", "items": _schedule_entry()},
            check=_table(fields.CHECK, accept=accept),
            drift=_table(fields.DRIFT, accept={"type": "array", "items": _table(fields.DRIFT_ACCEPT)}),
        ),
    }


def _table(form: Form, **tables: dict[str, Any]) -> dict[str, Any]:
    own = {key: {"description": field.meaning, **field.schema} for key, field in form.own.items()}
    chosen = {key: setting.schema for key, setting in form.settings.items()}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": own | chosen | tables}
    needed = [key for key, field in form.own.items() if field.needed]
    return schema | ({"required": needed} if needed else {})


def _schedule_entry() -> dict[str, Any]:
    """An entry of the schedule: any setting or `inherit`, and a first or a last day."""
    entry = _table(fields.SCHEDULE)
    chosen = {key: {"anyOf": [setting.schema, {"const": INHERIT}]} for key, setting in fields.SCHEDULE.settings.items()}
    ends = [{"required": ["from"]}, {"required": ["until"]}]
    return {**entry, "properties": entry["properties"] | chosen, "anyOf": ends}


def _named(table: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": names, "additionalProperties": table}
