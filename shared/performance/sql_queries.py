"""The SQL of reads over `measurement.performance`: filters, orders, pages and totals.

Every filter is a parameter that is NULL where it does not filter. A page follows the last row of
the page before it by sort key and product id; rows without a sort key come last either way.
"""

from __future__ import annotations

from typing import Final

from shared.performance.schemas import ProductMeasurementDatum, SortField

PERFORMANCE_COLUMNS: Final = tuple(ProductMeasurementDatum.model_fields)

FILTERS: Final = """
    ($product_id::VARCHAR IS NULL OR product_id = $product_id::VARCHAR)
    AND ($classification::VARCHAR[] IS NULL
        OR list_contains($classification::VARCHAR[], nominal_classification))
    AND ($tag::VARCHAR[] IS NULL OR list_has_all(
        list_transform(tags, lambda t: lower(t)),
        list_transform($tag::VARCHAR[], lambda t: lower(t))))
    AND ($category::VARCHAR IS NULL OR list_contains(
        list_transform(categories, lambda c: lower(c)), lower($category::VARCHAR)))
    AND ($designer::VARCHAR IS NULL OR lower(designer) = lower($designer::VARCHAR))
    AND ($is_active::BOOLEAN IS NULL OR is_active = $is_active::BOOLEAN)
    AND ($min_sales_last_7_days::BIGINT IS NULL
        OR sales_last_7_days >= $min_sales_last_7_days::BIGINT)
    AND ($min_sales_last_30_days::BIGINT IS NULL
        OR sales_last_30_days >= $min_sales_last_30_days::BIGINT)
    AND ($max_sales_last_30_days::BIGINT IS NULL
        OR sales_last_30_days <= $max_sales_last_30_days::BIGINT)
    AND ($text::VARCHAR IS NULL OR contains(lower(product_name), lower($text::VARCHAR)))
"""
FILTER_NAMES: Final = (
    "product_id",
    "classification",
    "tag",
    "category",
    "designer",
    "is_active",
    "min_sales_last_7_days",
    "min_sales_last_30_days",
    "max_sales_last_30_days",
    "text",
)

_DAY_SORTS: Final = frozenset({"first_sale_day", "last_sale_day"})


def page(sort: SortField, *, descending: bool) -> str:
    """Return the SELECT of one page of the relation `performance`, its sort key last.

    Parameters are those of `FILTER_NAMES`, `$is_first`, `$after_key`, `$after_id` and `$limit`.
    """
    key = "lower(product_name)" if sort == "product_name" else sort
    kind = key_type(sort)
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    return f"""
        SELECT {", ".join(PERFORMANCE_COLUMNS)}, {key} AS sort_key
        FROM performance
        WHERE {FILTERS} AND (
            $is_first
            OR ($after_key::{kind} IS NULL AND {key} IS NULL AND product_id > $after_id)
            OR ($after_key::{kind} IS NOT NULL AND (
                {key} IS NULL
                OR {key} {beyond} $after_key::{kind}
                OR ({key} = $after_key::{kind} AND product_id > $after_id))))
        ORDER BY sort_key {order} NULLS LAST, product_id
        LIMIT $limit
    """


def key_type(sort: SortField) -> str:
    """Return the SQL type of a sort key."""
    if sort == "product_name":
        return "VARCHAR"
    if sort in _DAY_SORTS:
        return "DATE"
    return "DOUBLE" if sort == "aggregate_measurement_value" else "BIGINT"


SUMMARY: Final = """
    SELECT nominal_classification, count(*) AS products,
           count(*) FILTER (is_active) AS active_products,
           sum(sales_last_7_days)::BIGINT AS units_last_7_days,
           sum(sales_last_14_days)::BIGINT AS units_last_14_days,
           sum(sales_last_30_days)::BIGINT AS units_last_30_days,
           sum(revenue_last_7_days_minor)::BIGINT AS revenue_last_7_days_minor,
           sum(revenue_last_14_days_minor)::BIGINT AS revenue_last_14_days_minor,
           sum(revenue_last_30_days_minor)::BIGINT AS revenue_last_30_days_minor,
           any_value(currency) AS currency
    FROM performance GROUP BY nominal_classification
"""
