"""One order and one product, each written by hand in both of Shopify's shapes."""

from tests.unit.shopify.order_shapes import bag, graphql_order
from tests.unit.shopify.product_shapes import graphql_product, rest_product
from tests.unit.shopify.rest_order_shape import rest_order

__all__ = ["bag", "graphql_order", "graphql_product", "rest_order", "rest_product"]
