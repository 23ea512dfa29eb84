"""Names and texts of the generated shop, with the characters that break careless software."""

from __future__ import annotations

from typing import Final

ADJECTIVES: Final = (
    "Linen", "Walnut", "Brass", "Everyday", "Quilted", "Merino", "Ceramic", "Studio", "Coastal",
    "Recycled", "Midnight", "Harbor", "Alpine", "Woven", "Copper", "Botanical", "Classic", "Nordic",
)  # fmt: skip
NOUNS: Final = (
    ("Tote", "Bags"), ("Mug", "Kitchen"), ("Lamp", "Lighting"), ("Throw", "Textiles"),
    ("Notebook", "Paper"), ("Apron", "Kitchen"), ("Candle", "Home"), ("Backpack", "Bags"),
    ("Cardigan", "Apparel"), ("T-Shirt", "Apparel"), ("Scarf", "Apparel"), ("Vase", "Home"),
    ("Poster", "Art"), ("Cushion", "Textiles"), ("Planter", "Garden"), ("Bottle", "Kitchen"),
)  # fmt: skip
SPARKLES: Final = ("🌿", "✨", "🧵", "𠮷野", "日本", "café", "Ñandú", "👩‍🎨")
CATEGORIES: Final = {
    "Bags": ("lb", "Luggage & Bags"),
    "Kitchen": ("hg-11", "Home & Garden > Kitchen & Dining"),
    "Lighting": ("hg-13", "Home & Garden > Lighting"),
    "Textiles": ("hg-15", "Home & Garden > Linens & Bedding"),
    "Apparel": ("aa-1", "Apparel & Accessories > Clothing"),
    "Home": ("hg-3", "Home & Garden > Decor"),
    "Garden": ("hg-12", "Home & Garden > Lawn & Garden"),
}
VENDORS: Final = ("Northwind", "Atelier Örn", "Mill & Kin", "Søstrene", "Okada 工房", "Fable/Co")
DESIGNERS: Final = ("Ada Quill", "Bram de Vries", "Chloé Martin", "Daiki Mori", "Elif Şahin")
COLORS: Final = ("Sand", "Ink", "Moss", "Clay", "Sky", "Rosé")
SIZES: Final = ("XS", "S", "M", "L", "XL")
FIRST_NAMES: Final = (
    "Ana", "Björn", "Chidi", "Dörte", "Emre", "Fatima", "Grace", "Hiro", "Inês", "José", "Kim",
    "Léa", "Mina", "Nils", "Olga", "Priya", "Quinn", "Rosa", "Sam", "Tove", "Uma", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "O'Neil", "Müller", "García", "Nguyễn", "Tanaka", "Smith", "Dubois", "Kowalski", "Öztürk",
    "Silva", "Johansson", "Rossi", "Brown", "Lee", "van Dijk", "MacLeod",
)  # fmt: skip
NOTES: Final = (
    "Please leave at the back door",
    "Gift wrap 🎁 with a card: «Happy birthday, Zoë!»",
    'She said "no plastic", please\nThank you',
    "nul\x00inside and a tab\tand a / slash",
    "𠮷 unicode 🧑🏽‍🚀 and a line\u2028separator",
    "<script>alert('note')</script>",
)
CUSTOM_TITLES: Final = ("Custom engraving", "Repair service", "Shipping upgrade / express")
PATHS: Final = ("/", "/products/linen-tote", "/collections/new", "/pages/stylist?view=grid")
CAMPAIGNS: Final = ("spring", "newsletter", "influencer", "retarget")
GATEWAYS: Final = ("shopify_payments", "paypal", "manual", "Cash on Delivery (COD)")
ORDER_TAGS: Final = ("vip", "wholesale", "gift", "fraud-checked", "b2b", "première")
CODES: Final = ("WELCOME10", "SUMMER15", "VIP20", "TAKE5", "FREESHIP")
