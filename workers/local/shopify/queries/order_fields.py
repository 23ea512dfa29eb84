"""The fields of Order and what hangs on it, as the 2026-10 schema names them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from local.shopify.money import Bag, plus, zero
from local.shopify.orders import Address, Order, TaxLine
from local.shopify.queries.agreements import agreements_of
from local.shopify.queries.fields import (
    Field,
    Fields,
    Kind,
    connection,
    constant,
    from_store,
    many,
    moment,
    one,
    read,
)
from local.shopify.store import Store
from local.shopify.totals import (
    Totals,
    financial_status,
    fulfillment_status,
    order_totals,
    return_status,
)
from shared.ports import JsonObject


class OrderView:
    """An order with its sums, added up once for all fields."""

    __slots__ = ("_totals", "gid", "order")

    def __init__(self, order: Order) -> None:
        self.order, self.gid = order, order.gid
        self._totals: Totals | None = None

    @property
    def totals(self) -> Totals:
        """The order's sums."""
        if self._totals is None:
            self._totals = order_totals(self.order)
        return self._totals


def _sum(name: str) -> Field:
    def get(view: OrderView) -> Bag:
        amount: Bag = getattr(view.totals, name)
        return amount

    return one("MoneyBag", get)


def _nothing(view: OrderView) -> Bag:
    return zero(view.order.currencies)


def _net_payment(view: OrderView) -> Bag:
    received, refunded = view.totals.received, view.totals.refunded
    return Bag(
        received.shop - refunded.shop,
        received.presentment - refunded.presentment,
        received.currencies,
    )


def _scalar(get: Callable[[OrderView], object]) -> Field:
    return Field(get)


def _shipping_lines(view: OrderView, arguments: JsonObject, _: Store) -> object:
    lines = view.order.shipping_lines
    return lines if arguments.get("includeRemovals") else [x for x in lines if not x.is_removed]


def _visit(view: OrderView) -> Order | None:
    return view.order if view.order.landing_page else None


def _campaign(order: Order) -> dict[str, str] | None:
    query = parse_qs(urlsplit(order.landing_page or "").query)
    return {key[4:]: value[0] for key, value in query.items() if key.startswith("utm_")} or None


def _gateways(view: OrderView) -> list[str]:
    return list(dict.fromkeys(transaction.gateway for transaction in view.order.transactions))


def summed_taxes(view: OrderView) -> list[TaxLine]:
    """Return the order's taxes, one line per title and rate."""
    found: dict[tuple[str, int], TaxLine] = {}
    taxes = [tax for line in view.order.lines for tax in line.tax_lines]
    taxes += [tax for line in view.order.shipping_lines for tax in line.tax_lines]
    for tax in taxes:
        known = found.get((tax.title, tax.rate_ppm))
        price = tax.price if known is None else plus(known.price, tax.price)
        found[tax.title, tax.rate_ppm] = TaxLine(tax.title, tax.rate_ppm, price)
    return list(found.values())


def _weight(view: OrderView) -> str:
    return str(sum(line.grams * line.quantity for line in view.order.lines))


def _name(address: Address) -> str | None:
    return " ".join(part for part in (address.first_name, address.last_name) if part) or None


ORDER: Fields = {
    "id": read("gid"),
    "legacyResourceId": _scalar(lambda view: str(view.order.id)),
    "name": read("order.name"),
    "number": read("order.number"),
    "confirmationNumber": read("order.confirmation_number"),
    "createdAt": moment("order.created_at"),
    "processedAt": moment("order.processed_at"),
    "updatedAt": moment("order.updated_at"),
    "closedAt": moment("order.closed_at"),
    "closed": _scalar(lambda view: view.order.closed_at is not None),
    "cancelledAt": moment("order.cancelled_at"),
    "cancelReason": read("order.cancel_reason"),
    "test": read("order.test"),
    "confirmed": constant(value=True),
    "edited": _scalar(lambda view: bool(view.order.edits)),
    "sourceName": read("order.source_name"),
    "sourceIdentifier": constant(None),
    "poNumber": read("order.po_number"),
    "note": read("order.note"),
    "tags": read("order.tags"),
    "email": read("order.email"),
    "phone": read("order.phone"),
    "customerLocale": read("order.customer_locale"),
    "landingPageUrl": read("order.landing_page"),
    "referrerUrl": read("order.referrer"),
    "currencyCode": read("order.currencies.shop"),
    "presentmentCurrencyCode": read("order.currencies.presentment"),
    "taxesIncluded": read("order.taxes_included"),
    "taxExempt": read("order.tax_exempt"),
    "dutiesIncluded": constant(value=False),
    "displayFinancialStatus": _scalar(lambda view: financial_status(view.order, view.totals)),
    "displayFulfillmentStatus": _scalar(lambda view: fulfillment_status(view.order)),
    "returnStatus": _scalar(lambda view: return_status(view.order)),
    "fullyPaid": _scalar(lambda view: not view.totals.outstanding.shop),
    "unpaid": _scalar(lambda view: view.totals.outstanding.shop > 0),
    "capturable": _scalar(lambda view: financial_status(view.order, view.totals) == "AUTHORIZED"),
    "requiresShipping": _scalar(lambda v: any(x.requires_shipping for x in v.order.lines)),
    "paymentGatewayNames": _scalar(_gateways),
    "discountCode": _scalar(lambda view: next(iter(view.order.discount_codes), None)),
    "discountCodes": read("order.discount_codes"),
    "totalWeight": _scalar(_weight),
    "subtotalLineItemsQuantity": _scalar(lambda v: sum(x.quantity for x in v.order.lines)),
    "currentSubtotalLineItemsQuantity": _scalar(lambda v: sum(x.current for x in v.order.lines)),
    "customAttributes": many("Attribute", "order.custom_attributes"),
    "customer": one("Customer", "order.customer"),
    "billingAddress": one("MailingAddress", "order.billing"),
    "shippingAddress": one("MailingAddress", "order.shipping"),
    "customerJourneySummary": one("CustomerJourneySummary", lambda view: view),
    "totalPriceSet": _sum("total"),
    "originalTotalPriceSet": _sum("total"),
    "subtotalPriceSet": _sum("subtotal"),
    "totalTaxSet": _sum("tax"),
    "totalDiscountsSet": _sum("discounts"),
    "totalShippingPriceSet": _sum("shipping"),
    "currentTotalPriceSet": _sum("current_total"),
    "currentSubtotalPriceSet": _sum("current_subtotal"),
    "currentTotalTaxSet": _sum("current_tax"),
    "currentTotalDiscountsSet": _sum("current_discounts"),
    "currentShippingPriceSet": _sum("current_shipping"),
    "totalReceivedSet": _sum("received"),
    "totalRefundedSet": _sum("refunded"),
    "totalOutstandingSet": _sum("outstanding"),
    "totalCapturableSet": one("MoneyBag", _nothing),
    "netPaymentSet": one("MoneyBag", _net_payment),
    "totalTipReceivedSet": one("MoneyBag", _nothing),
    "taxLines": many("TaxLine", summed_taxes),
    "transactions": many("OrderTransaction", "order.transactions"),
    "refunds": many("Refund", "order.refunds"),
    "fulfillments": many("Fulfillment", "order.fulfillments"),
    "lineItems": connection("LineItem", "order.lines"),
    "shippingLines": from_store(_shipping_lines, Kind.CONNECTION, "ShippingLine"),
    "returns": connection("Return", "order.returns"),
    "discountApplications": connection("DiscountApplication", "order.discount_applications"),
    "agreements": connection("SalesAgreement", lambda view: agreements_of(view.order)),
}

_CUSTOMER: Fields = {
    "id": read("gid"),
    "firstName": read("first_name"),
    "lastName": read("last_name"),
    "displayName": Field(lambda customer: f"{customer.first_name} {customer.last_name}"),
    "email": read("email"),
    "phone": read("phone"),
    "createdAt": moment("created_at"),
}

_ADDRESS: Fields = {
    "firstName": read("first_name"),
    "lastName": read("last_name"),
    "name": Field(_name),
    "company": read("company"),
    "address1": read("address1"),
    "address2": read("address2"),
    "city": read("city"),
    "province": read("province"),
    "provinceCode": read("province_code"),
    "country": read("country"),
    "countryCode": read("country_code"),
    "countryCodeV2": read("country_code"),
    "zip": read("zip"),
    "phone": read("phone"),
    "latitude": read("latitude"),
    "longitude": read("longitude"),
}

_VISIT: Fields = {
    "id": Field(lambda order: f"gid://shopify/CustomerVisit/{order.id}"),
    "landingPage": read("landing_page"),
    "referrerUrl": read("referrer"),
    "referralCode": Field(lambda order: next(iter(_query(order).get("ref", ())), None)),
    "occurredAt": moment("created_at"),
    "source": constant("direct"),
    "sourceDescription": constant(None),
    "utmParameters": one("UTMParameters", _campaign),
}


def _query(order: Order) -> dict[str, list[str]]:
    return parse_qs(urlsplit(order.landing_page or "").query)


def _from_mapping(key: str) -> Field:
    return Field(lambda found: found.get(key))


TYPES: dict[str, Fields] = {
    "Order": ORDER,
    "Customer": _CUSTOMER,
    "MailingAddress": _ADDRESS,
    "CustomerJourneySummary": {
        "ready": constant(value=True),
        "customerOrderIndex": constant(None),
        "daysToConversion": constant(0),
        "firstVisit": one("CustomerVisit", _visit),
        "lastVisit": one("CustomerVisit", _visit),
    },
    "CustomerVisit": _VISIT,
    "UTMParameters": {
        name: _from_mapping(name) for name in ("campaign", "content", "medium", "source", "term")
    },
    "Attribute": {"key": Field(lambda pair: pair[0]), "value": Field(lambda pair: pair[1])},
    "TaxLine": {
        "title": read("title"),
        "rate": Field(lambda tax: tax.rate_ppm / 1_000_000),
        "ratePercentage": Field(lambda tax: tax.rate_ppm / 10_000),
        "source": constant("Shopify"),
        "channelLiable": constant(value=False),
        "priceSet": one("MoneyBag", "price"),
    },
    "MoneyBag": {
        "shopMoney": one("MoneyV2", lambda bag: (bag.shop, bag.currencies.shop)),
        "presentmentMoney": one(
            "MoneyV2", lambda bag: (bag.presentment, bag.currencies.presentment)
        ),
    },
    "Reference": {"id": read("gid"), "name": read("name"), "handle": read("name")},
    "App": {"id": read("gid")},
}
