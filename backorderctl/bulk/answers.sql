-- What every product offers in every stock, in portable SQL: + and -, comparison, CASE, aggregates, LOWER and CAST.
--
-- It reads five tables. Nothing in them has to be looked up any more: which value wins is decided already.
--   backorderctl_quantities      source_code, sku, quantity, status: 1 is in stock. A quantity or status that is NULL is refused.
--   backorderctl_reservations    sku, stock, reserved: one row for each product and stock
--   backorderctl_products        sku, policy: the SKUs of the store file; policy is NULL where the product has no settings of its own
--   backorderctl_stock_policies  policy, stock, managed, only_x_left
--   backorderctl_item_policies   policy, stock, source_code, counts, pool, backorders, effective, notify
-- Products without settings of their own, which are most, need no table: what holds for them is written into the text.
-- A block from "for each" to "end" is repeated, for each stock or for each pool of goods that share a threshold.

-- statement names

-- Step 1. SKUs that differ only in letter case are one product. One row for each spelling that another one replaces: that
-- of the store file, else the smallest. `name` is NULL where the store file has several such SKUs, and none spelled so.
WITH spelled AS (
    SELECT s.sku AS sku, {lowered_spelling} AS lowered
    FROM {spellings} s
    LEFT JOIN backorderctl_products p ON p.sku = s.sku
    WHERE p.sku IS NULL AND s.sku IS NOT NULL
),
stored AS (
    SELECT {lowered_product} AS lowered, COUNT(*) AS spellings, MIN(p.sku) AS name
    FROM backorderctl_products p
    GROUP BY {lowered_product}
),
alike AS (
    SELECT lowered, MIN(sku) AS name FROM spelled GROUP BY lowered HAVING COUNT(*) > 1
)
SELECT s.sku AS sku, CASE WHEN t.lowered IS NULL THEN a.name WHEN t.spellings = 1 THEN t.name END AS name
FROM spelled s
LEFT JOIN stored t ON t.lowered = s.lowered
LEFT JOIN alike a ON a.lowered = s.lowered
WHERE t.lowered IS NOT NULL OR a.name <> s.sku

-- statement totals

-- Step 2. Add up the rows: one row for each product without settings of its own, one for each source item of the others.
-- `refused` is 1 where a row has a bad cell or an unknown source, or where two rows are about the same source.
SELECT
    q.sku AS sku,
    p.policy AS policy,
    CASE WHEN p.policy IS NOT NULL THEN q.source_code END AS source_code,
    -- for each stock
    MAX(CASE WHEN {linked} THEN 1 ELSE 0 END) AS linked_{stock},
    MAX(CASE WHEN q.status = 1 AND ({low}) THEN 1 ELSE 0 END) AS low_{stock},
    -- end
    -- for each pool
    CAST(SUM(CASE WHEN q.status = 1 AND {sources} THEN q.quantity END) AS DECIMAL(18, 4)) AS pool_{pool},
    -- end
    -- for each word
    {seen} AS sources_{word},
    -- end
    CAST(SUM(CASE WHEN q.status = 1 AND p.policy IS NOT NULL THEN q.quantity END) AS DECIMAL(18, 4)) AS units,
    COUNT(*) AS items,
    CASE
        WHEN COUNT(q.quantity) < COUNT(*) OR COUNT(q.status) < COUNT(*) THEN 1
        -- for each word
        WHEN SUM({bits}) <> {seen_spelled} THEN 1
        -- end
        WHEN 0
            -- for each word
            + COUNT({bits})
            -- end
            < COUNT(*) THEN 1
        ELSE 0
    END AS refused
FROM {rows} q
LEFT JOIN backorderctl_products p ON p.sku = q.sku
GROUP BY q.sku, p.policy, CASE WHEN p.policy IS NOT NULL THEN q.source_code END

-- statement answers

WITH
-- Step 3. The source items of products with settings of their own, as each stock sees them.
items AS (
    SELECT
        t.sku, t.policy, i.stock, i.pool, i.backorders, i.effective,
        CASE WHEN i.counts = 1 THEN t.units END AS quantity,
        CASE WHEN i.counts = 1 AND t.units <= i.notify THEN 1 ELSE 0 END AS low
    FROM backorderctl_totals t
    JOIN backorderctl_item_policies i ON i.policy = t.policy AND i.source_code = t.source_code
),
-- Step 4. Their pools. A pool none of whose items counts has no quantity.
pools AS (
    SELECT
        sku, policy, stock, pool, backorders, effective,
        CASE WHEN effective > 0 THEN effective ELSE 0 END AS kept_back,
        SUM(quantity) AS quantity,
        MAX(low) AS low
    FROM items
    GROUP BY sku, policy, stock, pool, backorders, effective
),
-- Step 5. The goods of each product in each stock, before anything is reserved:
-- counting       pools with an item that counts; backorders, unlimited: those of them that take backorders, without limit
-- on_hand        what can ship now
-- backorderable  what can be backordered, where that has a limit
-- reserve        what a threshold above 0 keeps back
-- below_zero     what pools that take backorders owe already
-- excess         what pools that take backorders owe beyond their limit
-- could_ship     what could ever ship
goods AS (
    SELECT
        p.sku, p.stock, s.managed, s.only_x_left,
        MAX(p.low) AS low,
        SUM(CASE WHEN p.quantity IS NOT NULL THEN 1 ELSE 0 END) AS counting,
        SUM(CASE WHEN p.quantity IS NOT NULL AND p.backorders = 1 THEN 1 ELSE 0 END) AS backorders,
        SUM(CASE WHEN p.quantity IS NOT NULL AND p.backorders = 1 AND p.effective = 0 THEN 1 ELSE 0 END) AS unlimited,
        COALESCE(SUM(p.quantity), 0) AS quantity,
        SUM(CASE WHEN p.quantity > p.kept_back THEN p.quantity - p.kept_back ELSE 0 END) AS on_hand,
        SUM(
            CASE WHEN p.quantity > p.effective THEN p.quantity - p.effective ELSE 0 END
            - CASE WHEN p.quantity > p.kept_back THEN p.quantity - p.kept_back ELSE 0 END
        ) AS backorderable,
        SUM(
            CASE WHEN p.backorders = 0 AND p.quantity > 0 THEN p.quantity ELSE 0 END
            - CASE WHEN p.backorders = 0 AND p.quantity > p.kept_back THEN p.quantity - p.kept_back ELSE 0 END
        ) AS reserve,
        SUM(CASE WHEN p.backorders = 1 AND p.quantity < 0 THEN 0 - p.quantity ELSE 0 END) AS below_zero,
        SUM(
            CASE
                WHEN p.backorders = 1 AND p.effective < 0 AND p.quantity < p.effective THEN p.effective - p.quantity
                ELSE 0
            END
        ) AS excess,
        SUM(
            CASE
                WHEN p.backorders = 1 AND p.quantity > p.effective THEN p.quantity - p.effective
                WHEN p.backorders = 0 AND p.quantity > 0 THEN p.quantity
                ELSE 0
            END
        ) AS could_ship
    FROM pools p
    JOIN backorderctl_stock_policies s ON s.policy = p.policy AND s.stock = p.stock
    GROUP BY p.sku, p.stock, s.managed, s.only_x_left
    -- for each stock
    -- The same of products without settings of their own, in stock {code}.
    UNION ALL
    SELECT
        t.sku, '{code}', {managed}, {only_x_left},
        t.low_{stock},
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} IS NOT NULL THEN 1 ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} IS NOT NULL AND {takes_backorders} = 1 THEN 1 ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} IS NOT NULL AND {takes_backorders} = 1 AND {effective} = 0 THEN 1 ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} IS NOT NULL THEN t.pool_{pool} ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} > {kept_back} THEN t.pool_{pool} - {kept_back} ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN t.pool_{pool} > {effective} THEN t.pool_{pool} - {effective} ELSE 0 END
        - CASE WHEN t.pool_{pool} > {kept_back} THEN t.pool_{pool} - {kept_back} ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN {takes_backorders} = 0 AND t.pool_{pool} > 0 THEN t.pool_{pool} ELSE 0 END
        - CASE WHEN {takes_backorders} = 0 AND t.pool_{pool} > {kept_back} THEN t.pool_{pool} - {kept_back} ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE WHEN {takes_backorders} = 1 AND t.pool_{pool} < 0 THEN 0 - t.pool_{pool} ELSE 0 END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE
            WHEN {takes_backorders} = 1 AND {effective} < 0 AND t.pool_{pool} < {effective}
            THEN {effective} - t.pool_{pool}
            ELSE 0
        END
        -- end
        ,
        0
        -- for each pool of the stock
        + CASE
            WHEN {takes_backorders} = 1 AND t.pool_{pool} > {effective} THEN t.pool_{pool} - {effective}
            WHEN {takes_backorders} = 0 AND t.pool_{pool} > 0 THEN t.pool_{pool}
            ELSE 0
        END
        -- end
    FROM backorderctl_totals t
    WHERE t.policy IS NULL AND t.linked_{stock} = 1
    -- end
    -- Products at no source that a stock sells from.
    UNION ALL
    SELECT t.sku, NULL, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM backorderctl_totals t
    WHERE
        t.policy IS NULL
        -- for each stock
        AND t.linked_{stock} = 0
        -- end
    -- Products of the store file without such a row.
    UNION ALL
    SELECT p.sku, NULL, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM backorderctl_products p
    LEFT JOIN (
        SELECT n.sku FROM backorderctl_totals t JOIN backorderctl_products n ON n.sku = t.sku WHERE n.policy IS NULL
        UNION
        SELECT sku FROM items
    ) r ON r.sku = p.sku
    WHERE r.sku IS NULL
),
-- Step 6. What is reserved is taken from what is on hand first, then from what can be backordered.
offers AS (
    SELECT
        g.sku, g.stock, g.managed, g.only_x_left, g.low, g.counting, g.backorders, g.quantity, g.reserve,
        CASE WHEN g.managed = 0 THEN 1 ELSE g.unlimited END AS unlimited,
        CASE WHEN r.reserved IS NULL THEN 0 ELSE r.reserved END AS reserved,
        CASE
            WHEN r.reserved IS NULL THEN g.on_hand
            WHEN g.on_hand > r.reserved THEN g.on_hand - r.reserved
            ELSE 0
        END AS on_hand,
        CASE
            WHEN r.reserved IS NULL OR g.on_hand >= r.reserved THEN g.backorderable
            WHEN g.backorderable > r.reserved - g.on_hand THEN g.backorderable - (r.reserved - g.on_hand)
            ELSE 0
        END AS backorderable,
        g.below_zero + CASE WHEN r.reserved > g.on_hand THEN r.reserved - g.on_hand ELSE 0 END AS owed,
        g.excess + CASE
            WHEN g.unlimited = 0 AND r.reserved > g.could_ship THEN r.reserved - g.could_ship ELSE 0
        END AS short
    FROM goods g
    LEFT JOIN {reservations} r ON r.sku = g.sku AND r.stock = g.stock
)
-- Step 7. The columns of `product list`, and three that its totals are made of: reserve, owed, short.
SELECT
    sku AS sku,
    stock AS stock,
    CASE
        WHEN managed = 0 OR on_hand > 0 THEN 'in_stock'
        WHEN unlimited > 0 OR backorderable > 0 THEN 'backorder'
        ELSE 'out_of_stock'
    END AS status,
    CASE
        WHEN managed = 0 OR on_hand > 0 OR unlimited > 0 OR backorderable > 0 THEN NULL
        WHEN stock IS NULL THEN 'no_sources'
        WHEN counting = 0 THEN 'no_source_in_stock'
        WHEN backorders > 0 THEN 'backorder_limit_reached'
        WHEN quantity > reserved THEN 'reserve_reached'
        ELSE 'sold_out'
    END AS reason,
    CAST(quantity AS DECIMAL(18, 4)) AS quantity,
    CAST(reserved AS DECIMAL(18, 4)) AS reserved,
    CAST(CASE WHEN managed = 1 THEN on_hand END AS DECIMAL(18, 4)) AS on_hand,
    CAST(CASE WHEN unlimited = 0 THEN backorderable END AS DECIMAL(18, 4)) AS backorderable,
    CAST(CASE WHEN unlimited = 0 THEN on_hand + backorderable END AS DECIMAL(18, 4)) AS salable,
    CASE WHEN unlimited > 0 THEN TRUE ELSE FALSE END AS unlimited,
    CAST(
        CASE
            WHEN unlimited = 0 AND on_hand + backorderable > 0 AND on_hand + backorderable <= only_x_left
            THEN on_hand + backorderable
        END AS DECIMAL(18, 4)
    ) AS only_x_left,
    CASE WHEN managed = 1 AND low = 1 THEN TRUE ELSE FALSE END AS low_stock,
    CAST(CASE WHEN managed = 1 THEN reserve ELSE 0 END AS DECIMAL(18, 4)) AS reserve,
    CAST(CASE WHEN managed = 1 THEN owed ELSE 0 END AS DECIMAL(18, 4)) AS owed,
    CAST(CASE WHEN managed = 1 THEN short ELSE 0 END AS DECIMAL(18, 4)) AS short
FROM offers
