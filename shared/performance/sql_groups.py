"""The SQL of sales by group, over the relations `performance` and `daily_sales`.

`performance` says which groups a product is in, `daily_sales` has the days that were asked for.
`$names` holds the groups that are asked for, or is NULL for all.
"""

from __future__ import annotations

from typing import Final

from shared.performance.group_schemas import GroupBy, GroupSales, GroupSort, GroupTotals

_GROUPS: Final[dict[GroupBy, str]] = {
    "tag": "tags",
    "category": "categories",
    "designer": "CASE WHEN designer IS NULL THEN [] ELSE [designer] END",
}
_ORDERS: Final[dict[GroupSort, str]] = {
    "units": "units DESC",
    "revenue_minor": "revenue_minor DESC",
    "products": "products DESC",
    "name": "key",
}
_SUMS: Final = """
    count(*) AS products,
    count(*) FILTER (is_active) AS active_products,
    coalesce(sum(units), 0)::BIGINT AS units,
    coalesce(sum(revenue_minor), 0)::BIGINT AS revenue_minor,
    coalesce(sum(refunded_units), 0)::BIGINT AS refunded_units,
    coalesce(sum(refunded_minor), 0)::BIGINT AS refunded_minor
"""
ITEM_COLUMNS: Final = tuple(GroupSales.model_fields)
TOTAL_COLUMNS: Final = tuple(GroupTotals.model_fields)


def _members(group_by: GroupBy) -> str:
    return f"""
        WITH grouped AS (
            SELECT product_id, is_active, unnest({_GROUPS[group_by]}) AS name FROM performance
        ),
        members AS (
            SELECT product_id, is_active, lower(name) AS key, min(name) AS name FROM grouped
            WHERE $names::VARCHAR[] IS NULL OR list_contains(
                list_transform($names::VARCHAR[], lambda n: lower(n)), lower(name))
            GROUP BY ALL
        ),
        sold AS (
            SELECT product_id, sum(gross_units) - sum(refunded_units) AS units,
                   sum(gross_minor) - sum(refunded_minor) AS revenue_minor,
                   sum(refunded_units) AS refunded_units, sum(refunded_minor) AS refunded_minor
            FROM daily_sales GROUP BY product_id
        )
    """


def items(group_by: GroupBy, sort: GroupSort) -> str:
    """Return the SELECT of one page of groups; `$limit` and `$offset` say which."""
    return f"""
        {_members(group_by)},
        groups AS (
            SELECT key, min(name) AS name, {_SUMS}
            FROM members LEFT JOIN sold USING (product_id) GROUP BY key
        )
        SELECT {", ".join(ITEM_COLUMNS)} FROM groups
        ORDER BY {_ORDERS[sort]}, key LIMIT $limit OFFSET $offset
    """


def total(group_by: GroupBy) -> str:
    """Return the SELECT of the totals over all groups, each product counted once."""
    return f"""
        {_members(group_by)}
        SELECT {", ".join(f"t.{name}" for name in TOTAL_COLUMNS)} FROM (
            SELECT {_SUMS} FROM (SELECT DISTINCT product_id, is_active FROM members)
            LEFT JOIN sold USING (product_id)
        ) AS t
    """
