"""[global] as Magento's configuration: commands for its shell, or a file that its tools and our import read.

Values are set with `bin/magento config:set -- PATH VALUE`: without `--`, -50 would be an option. Never with --lock-env
or --lock-config: these save the value without the data of its form, from which Magento takes a threshold below 0
(InventoryConfiguration, AllowNegativeMinQtyInConfigPlugin::aroundBeforeSave).
"""

from decimal import Decimal
from enum import StrEnum
from shlex import quote
from typing import TextIO

from backorderctl.store.model import Store
from backorderctl.store.scalars import ZERO
from backorderctl.store.settings import BACKORDERS, DEFAULTS, SETTINGS, THRESHOLD, Backorders, Settings

_COMMAND = "bin/magento config:set -- "


class ConfigFormat(StrEnum):
    """How a configuration is written; `import magento --config` reads each of them."""

    SH = "sh"
    CSV = "csv"
    JSON = "json"
    YAML = "yaml"


def global_values(store: Store) -> Settings:
    """Every setting's global value: that of [global], or else the default."""
    return {**DEFAULTS, **store.settings}


def exported_configuration(store: Store) -> Settings:
    """The values that are written: a threshold below 0 is 0 where backorders are off.

    As it is stored, it shows a sold-out product as In Stock (InventorySales, MinQtyStockWithReservationsCondition).
    """
    values = global_values(store)
    return {**values, THRESHOLD.key: ZERO} if zeroed(store) else values


def zeroed(store: Store) -> bool:
    """Whether the global threshold is written as 0."""
    values = global_values(store)
    threshold = values[THRESHOLD.key]
    return values[BACKORDERS.key] is Backorders.NO and isinstance(threshold, Decimal) and threshold < 0


def is_exported(text: str) -> bool:
    """Whether a shell script is the configuration of an export, of any store; an empty one is of none."""
    lines = text.splitlines()
    return bool(lines) and all(line.startswith(_COMMAND) for line in lines)


def write_config(store: Store, config_format: ConfigFormat, out: TextIO) -> int:
    """Write every setting's global value, those that are Magento's defaults too; and return how many there are."""
    values = exported_configuration(store)
    paths = {row.config_path: row.kind.config_value(values[row.key]) for row in SETTINGS.values()}
    match config_format:
        case ConfigFormat.SH:
            out.writelines(f"{_COMMAND}{path} {quote(value)}\n" for path, value in paths.items())
        case ConfigFormat.CSV:
            out.writelines(["path,value\n", *(f"{path},{value}\n" for path, value in paths.items())])
        case ConfigFormat.JSON:
            import json

            out.write(json.dumps({path: {"default": {"0": value}} for path, value in paths.items()}, indent=2) + "\n")
        case ConfigFormat.YAML:
            out.writelines(f"{path}:\n  default:\n    0: '{value}'\n" for path, value in paths.items())
    return len(paths)
