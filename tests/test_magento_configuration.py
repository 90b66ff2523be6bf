"""`import magento --config`: every format of Magento's configuration, and that nothing else of it is ever shown."""

import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

SHOWN = """cataloginventory/options/can_subtract - 1
cataloginventory/options/stock_threshold_qty - 5
cataloginventory/item_options/manage_stock - 1
cataloginventory/item_options/backorders - 2
cataloginventory/item_options/min_qty - -4.5
cataloginventory/item_options/min_sale_qty - {"32000":1,"1":5}
cataloginventory/item_options/notify_stock_qty -
carriers/dhl/password - s3cret
"""
TABLE = """path,value,scope,scope_code
carriers/dhl/password,s3cret,,
cataloginventory/options/stock_threshold_qty,5,default,
cataloginventory/item_options/manage_stock,1,,
cataloginventory/item_options/backorders,2,default,
cataloginventory/item_options/min_qty,-4.5,default,0
"""
FLAT = """
carriers/dhl/password: {default: {0: s3cret}}
cataloginventory/options/stock_threshold_qty:
  default:
    0: 5
cataloginventory/item_options/manage_stock: {default: {0: '1'}}
cataloginventory/item_options/backorders:
  default:
    0: '2'
cataloginventory/item_options/min_qty: {default: {0: -4.5}}
"""
NESTED = """
carriers: {dhl: {password: {default: {0: s3cret}}}}
cataloginventory:
  options: {stock_threshold_qty: {default: {0: '5'}}}
  item_options:
    manage_stock: {default: {0: 1}}
    backorders: {default: {0: 2}}
    min_qty: {default: {0: '-4.5'}}
"""
JSON = """{"carriers": {"dhl": {"password": "s3cret"}},
"cataloginventory/item_options/backorders": {"default": {"0": "2"}},
"cataloginventory": {"options": {"stock_threshold_qty": 5}, "item_options": {"manage_stock": true, "min_qty": -4.5}}}"""
PHP = r"""<?php
declare(strict_types=1);
# app:config:dump
return [
    'scopes' => array('websites' => ['base' => ['website_id' => 1, 'group' => -1.5, 'is_default' => true]]),
    /* secrets
       of many lines */
    "db" => ['password' => 's3cret $it\'s; return [', 'key' => "a\"b\$c", 'empty' => null, 'list' => ['x', 'y',]],
    'system' => [
        'default' => [
            'carriers' => ['dhl' => ['password' => 's3cret']],
            'cataloginventory' => [
                'options' => ['stock_threshold_qty' => '5'],
                'item_options' => ['manage_stock' => true, 'backorders' => 2, 'min_qty' => '-4.5'], // locked
            ],
        ],
    ],
];
"""
EXPECTED = {
    "only_x_left_threshold": 5,
    "manage_stock": True,
    "backorders": "notify",
    "out_of_stock_threshold": Decimal("-4.5"),
}


def taken(folder: Path) -> dict[str, Any]:
    text = (folder / "store.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text, parse_float=Decimal).get("global", {})
    return found


@pytest.mark.parametrize(
    "content",
    [SHOWN, TABLE, FLAT, NESTED, JSON, PHP, PHP.removesuffix("\n") + "?>\n"],
    ids=["shown", "csv", "flat", "nested", "json", "php", "php closed"],
)
def test_every_format_gives_the_same_settings_and_shows_nothing_else(folder: Path, run: Run, content: str) -> None:
    (folder / "config").write_text(content)
    ran = run("import", "magento", "--config", "config")
    assert ran.status == 0, ran.err
    assert taken(folder) == EXPECTED
    assert "s3cret" not in ran.out + ran.err + (folder / "store.toml").read_text()
    assert "carriers" not in ran.out + ran.err


def test_values_of_websites_and_stores_that_differ_are_reported(folder: Path, run: Run) -> None:
    (folder / "c.yaml").write_text(
        "cataloginventory/item_options/backorders:\n"
        "  default: {0: '1'}\n"
        "  websites: {base: '2', eu: '1'}\n"
        "  stores: {1: 'x'}\n"
    )
    ran = run("import", "magento", "--config", "c.yaml")
    assert taken(folder) == {"backorders": "allow"}
    assert ran.err.endswith(
        "2 cataloginventory/item_options/backorders of a website or store view, which a store file has no level for: "
        "not taken (first: '2 for websites base')\n"
    )


def test_keep_and_delete_of_configimportexport_are_understood(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text("version = 1\n[global]\nbackorders = 'allow'\nmanage_stock = false\n")
    (folder / "c.json").write_text(
        '{"cataloginventory": {"item_options": {"backorders": "!!DELETE", "manage_stock": "!!KEEP", '
        '"min_qty": "%env(MIN_QTY)%", "notify_stock_qty": null}}}'
    )
    ran = run("import", "magento", "--config", "c.json", "--take-policy")
    assert taken(folder) == {"manage_stock": False}
    assert ran.err.endswith(
        "2 configuration paths without a value: ignored "
        "(first: 'cataloginventory/item_options/min_qty is %env(MIN_QTY)%')\n"
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            "cataloginventory/item_options/min_qty - ******\n",
            "1: cataloginventory/item_options/min_qty: expected a number",
        ),
        ('{"password": "s3cret",\n', "2:1: expected JSON, got something else: "),
        ("cataloginventory:\npassword: 's3cret\n", "3: expected YAML, got something else"),
        ("password: 's3cret\n", "c: expected what config:show prints, a CSV"),
        (
            "password: !!python/object/apply:os.system ['cataloginventory']\n",
            "c: expected values of cataloginventory, ",
        ),
        ("s3cret\n", " expected what config:show prints, a CSV"),
        ('The "cataloginventory" path doesn\'t exist. Verify and try again.\n', "c: expected what config:show prints"),
        ("<?php\nreturn [\n'x' => getenv('s3cret'),\n];\n", "c:3: expected a literal of PHP, got something else"),
        ("<?php\nreturn [\n'x' => 's3' . 'cret'];\n", "c:3: expected a literal of PHP, got something else"),
        ('<?php\nreturn ["x" => "s3cret $y"];\n', "c:2: expected a literal of PHP, got something else"),
        ("<?php\nreturn ['x' => 's3cret',\n", "c:2: expected a literal of PHP, got something else"),
        ("<?php\nreturn 's3cret';\n", "c:2: expected one array, got something else"),
        ("<?php\nreturn [[] => 's3cret'];\n", "c:2: expected a key that is text or a number"),
        ("<?php\nreturn ['x' 's3cret'];\n", "c:2: expected , or ], got something else"),
        ("<?php\nreturn ['x'];\necho 's3cret';\n", "c:3: expected a literal of PHP, got something else"),
        ("<?php\nreturn ['x'];\n;\n", "c:3: expected one array, got something else"),
        ("<?php\nreturn " + "[" * 500, "c:2: expected at most 100 arrays inside each other"),
        ("<?php\nreturn ['system' => ['default' => 's3cret']];\n", "c: expected values of cataloginventory, got none"),
        ("path,value\na,b,s3cret\n", "2: record 1: expected 2 cells, got 3"),
        ("[" * 100_000, " expected a configuration, got one nested too deeply"),
        ("cataloginventory: &b\n  x: *b\n", "expected at most 1000000 values, got more by its aliases"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused_without_quoting_its_content(
    folder: Path, run: Run, content: str, error: str
) -> None:
    (folder / "c").write_text(content)
    ran = run("import", "magento", "--config", "c")
    assert error in ran.err.splitlines()[0]
    assert ran.status == 2
    assert "s3cret" not in ran.err


def test_the_missing_reader_of_yaml_is_named_only_for_a_configuration(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (folder / "c").write_text("cataloginventory/item_options/backorders: 1\n")
    ran = run("import", "magento", "--config", "c")
    assert ran == (2, "", "Error: c: reading YAML needs PyYAML\nHint: pip install pyyaml\n")
    for content in ("some: text\n", "version = 1\n", ""):
        (folder / "c").write_text(content)
        ran = run("import", "magento", "--config", "c")
        assert ran == (
            2,
            "",
            "Error: c: expected what config:show prints, a CSV with the columns path and value, config.php, YAML or "
            "JSON, got none of them\n",
        )


def test_a_file_that_is_not_utf8_is_refused(folder: Path, run: Run) -> None:
    (folder / "c").write_bytes(b"a\nb\xf4\n")
    assert run("import", "magento", "--config", "c").err == "Error: c:2:2: expected UTF-8, got byte 0xf4\n"


def test_of_a_value_given_twice_the_last_counts(folder: Path, run: Run) -> None:
    lines = "cataloginventory/item_options/min_qty - 3\ncataloginventory/item_options/min_qty - -4\n"
    (folder / "c.txt").write_text(lines)
    ran = run("import", "magento", "--config", "c.txt")
    assert ran.status == 0
    assert "given twice" in ran.err
    assert tomllib.loads((folder / "store.toml").read_text())["global"] == {"out_of_stock_threshold": -4}


def test_a_scope_that_magento_does_not_have_is_refused(folder: Path, run: Run) -> None:
    path = "cataloginventory/item_options/backorders"
    (folder / "c.csv").write_text(f"path,value,scope,scope_code\n{path},2,website,base\n")
    assert run("import", "magento", "--config", "c.csv") == (
        2,
        "",
        f"Error: c.csv:2: {path}: expected scope default, websites, stores, got 'website'\n",
    )


def test_a_value_of_a_website_alone_is_not_taken(folder: Path, run: Run) -> None:
    path = "cataloginventory/item_options/backorders"
    (folder / "c.csv").write_text(f"path,value,scope,scope_code\n{path},2,websites,base\n{path},!!DELETE,stores,de\n")
    ran = run("import", "magento", "--config", "c.csv")
    assert (ran.status, ran.err.splitlines()[0]) == (1, "store.toml: nothing imported")
    assert not (folder / "store.toml").exists()


def test_values_of_websites_in_php_are_reported(folder: Path, run: Run) -> None:
    (folder / "c.php").write_text(
        "<?php return ['system' => ['default' => ['cataloginventory' => ['item_options' => ['backorders' => '1']]],"
        "'websites' => ['base' => ['cataloginventory' => ['item_options' => ['backorders' => '2']]]]]];"
    )
    assert "(first: '2 for websites base')" in run("import", "magento", "--config", "c.php").err
    assert taken(folder) == {"backorders": "allow"}


@pytest.mark.parametrize("value", ["NULL", r"\N", ""])
def test_null_of_the_database_is_no_value(folder: Path, run: Run, value: str) -> None:
    path = "cataloginventory/item_options/"
    (folder / "c.csv").write_text(
        f"config_id|scope|scope_id|path|value\n1|default|0|{path}min_qty|{value}\n2|default|0|{path}backorders|2\n"
    )
    ran = run("import", "magento", "--config", "c.csv")
    assert ran.status == 0
    assert taken(folder) == {"backorders": "notify"}
    assert f"1 configuration path without a value: ignored (first: '{path}min_qty')\n" in ran.err
