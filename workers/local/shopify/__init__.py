"""An emulated Shopify: a generated or imported shop behind the Admin API's real protocols."""
