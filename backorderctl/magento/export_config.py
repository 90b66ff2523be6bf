"""[global] as Magento's configuration: commands for its shell, or a file that its tools and our import read.

Values are set with `bin/magento config:set -- PATH VALUE`: without `--`, -50 would be an option. Never with --lock-env
or --lock-config: these save the value without the data of its form, from which Magento takes a threshold below 0
(InventoryConfiguration, AllowNegativeMinQtyInConfigPlugin::aroundBeforeSave).
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from shlex import quote
from typing import TextIO

from backorderctl.store.model import Store
from backorderctl.store.scalars import ZERO
from backorderctl.store.settings import BACKORDERS, DEFAULTS, SETTINGS, THRESHOLD, Backorders, Settings

_COMMAND = "bin/magento config:set -- "
_CHECK = """
# config:set succeeds even where app/etc locks a value: check what is in force now.
stored=$(bin/magento config:show) || stored=
wrong=0
expect() { # PATH VALUE DEFAULT: what is not stored has Magento's default
    found=$(printf '%s\\n' "$stored" |
        awk -v path="$1" 'index($0, path " -") == 1 { print "=" substr($0, length(path) + 4) }')
    if [ -z "$found" ]; then
        found=$(bin/magento config:show "$1" 2>&1) || case $found in "" | *"doesn't exist"*) found=$3 ;; esac
    fi
    found=${found#=}
    if ! awk -v a="$found" -v b="$2" 'BEGIN { exit !(a ~ /^-?[0-9.]*$/ && a + 0 == b + 0) }'; then
        echo "$1: expected $2, got '$found': import nothing before Magento has the value" >&2
        wrong=1
    fi
}
"""


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
    if text.startswith("set -e\n") and _CHECK in text:
        return True
    lines = text.splitlines()  # as version 0.1 wrote it
    return bool(lines) and all(line.startswith(_COMMAND) for line in lines)


def configured_keys(store: Store, since: Store | None = None) -> set[str]:
    """The keys that an export sets in Magento's configuration: those of [global], now or in the older store."""
    return {*store.settings, *(since.settings if since else ())}


def config_script(store: Store, *, since: Store | None = None, inherited: Collection[str] = ()) -> str:
    """A shell script that sets what [global] sets, and then checks that and the `inherited` values; "" for neither.

    What the older store sets and this one no longer does is set to Magento's default. A value of 0 that is stored is
    not printed by `config:show PATH` of every Magento (ConfigShowCommand::execute), so all values are listed first.
    """
    values, keys = exported_configuration(store), configured_keys(store, since)
    rows = [row for row in SETTINGS.values() if row.key in keys or row.key in inherited]
    if not rows:
        return ""
    texts = {row.key: quote(row.kind.config_value(values[row.key])) for row in rows}
    sets = [f"{_COMMAND}{row.config_path} {texts[row.key]}" for row in rows if row.key in keys]
    checks = [f"expect {row.config_path} {texts[row.key]} {row.kind.config_value(row.default)}" for row in rows]
    return "\n".join(["set -e", *sets, *_CHECK.splitlines(), *checks, 'exit "$wrong"']) + "\n"


def write_config(store: Store, config_format: ConfigFormat, out: TextIO) -> int:
    """Write the values that [global] sets, in the form in which Magento is to have them; and return how many."""
    values = exported_configuration(store)
    paths = {
        row.config_path: row.kind.config_value(values[row.key])
        for row in SETTINGS.values()
        if row.key in store.settings
    }
    match config_format:
        case ConfigFormat.SH:
            out.write(config_script(store))
        case ConfigFormat.CSV:
            out.writelines(["path,value\n", *(f"{path},{value}\n" for path, value in paths.items())])
        case ConfigFormat.JSON:
            import json

            out.write(json.dumps({path: {"default": {"0": value}} for path, value in paths.items()}, indent=2) + "\n")
        case ConfigFormat.YAML:
            out.writelines(f"{path}:\n  default:\n    0: '{value}'\n" for path, value in paths.items())
    return len(paths)
