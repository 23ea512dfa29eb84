"""What can be wrong with a delivery: the answer that Shopify gets for it."""

from __future__ import annotations

from shared.errors import BadRequest, DomainError, NotFound, Unauthenticated, Unavailable


class DeliveryNotSigned(Unauthenticated):
    """The delivery is not signed by this app's secret."""


class ShopNotAllowed(Unauthenticated):
    """The delivery is of another shop."""


class DeliveryMalformed(BadRequest):
    """The delivery lacks a header, or its body is not a JSON object."""


class TopicUnknown(NotFound):
    """This topic is not subscribed to."""


class DeliveryNotAccepted(DomainError):
    """The delivery could not be queued; it must be sent again."""


class OrderKeepsChanging(Unavailable):
    """The order changed each time between its reading and its writing."""


class OrderNotShown(Unavailable):
    """Shopify shows no such order, and it is not known to be deleted: what is told of it is kept.

    The access token may lack `read_all_orders`, without which orders of more than 60 days are
    hidden; once it is granted, the dead letter can be replayed.
    """


class BodyGone(NotFound):
    """The body of the delivery is no longer kept."""
