"""Settings: every key the code reads, checked at start, all problems reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from shared.errors import FieldProblem, SettingsInvalid


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
    return name


FlagName = Literal["engagement", "suggestions"]
FLAG_NAMES: Final[tuple[FlagName, ...]] = get_args(FlagName)


def _flag_names(text: object) -> object:
    if not isinstance(text, str):
        return text
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := sorted(set(names) - set(FLAG_NAMES)):
        raise ValueError(f"{unknown[0]!r} is no flag; there are {', '.join(FLAG_NAMES)}")
    return names


Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
ShopDomain = Annotated[
    str, Field(pattern=r"^([a-zA-Z0-9][a-zA-Z0-9-]*\.myshopify\.com|(127\.0\.0\.1|localhost):\d+)$")
]
Zone = Annotated[str, AfterValidator(_known_zone)]


class Settings(BaseModel):
    """What a deployment must or may set; the names are those of the environment."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    SHOP_DOMAIN: ShopDomain
    SHOP_TIMEZONE: Zone = "UTC"
    SHOPIFY_ACCESS_TOKEN: SecretStr | None = None
    SHOPIFY_CLIENT_ID: str | None = None
    SHOPIFY_CLIENT_SECRET: SecretStr | None = None
    SHOPIFY_WEBHOOK_SECRET: SecretStr | None = None
    SHOPIFY_WEBHOOK_SECRET_PREVIOUS: SecretStr | None = None
    SHOPIFY_URL: Url | None = None
    """Base of the Admin API when it is not `https://{SHOP_DOMAIN}`: the emulator."""
    INGEST_URL: Url | None = None
    """Where Shopify reaches ingest: the base of the webhooks' and the OAuth callback's address."""
    CF_ACCESS_TEAM_DOMAIN: Url | None = None
    CF_ACCESS_AUD: str | None = None
    CATALOG_URI: Url | None = None
    CATALOG_WAREHOUSE: str | None = None
    CATALOG_TOKEN: SecretStr | None = None
    MEASUREMENT_URL: Url | None = None
    MEASUREMENT_TOKEN: SecretStr | None = None
    STREAMS_URL: Url | None = None
    """Where a development stand-in takes events in place of Pipelines, `{url}/{stream}`."""
    CLICK_SIGNING_KEY: SecretStr | None = None
    CLICK_SIGNING_KEY_PREVIOUS: SecretStr | None = None
    """The key before the last rotation: the clicks that it signed are still believed."""
    CF_ACCOUNT_ID: str | None = None
    ANALYTICS_TOKEN: SecretStr | None = None
    ASSET_BASE_URL: Url | None = None
    DROPBOX_URL: Url | None = None
    """Base of an emulator that stands for Dropbox's hosts, `{url}/{host}/{path}`."""
    ALERT_WEBHOOK_URL: Url | None = None
    CORS_ORIGIN: Url | None = None
    FLAGS_OFF: Annotated[frozenset[FlagName], BeforeValidator(_flag_names)] = frozenset()
    """Feature flags that are off unless somebody switches them on: names with commas between."""

    @property
    def shopify_url(self) -> str:
        """Return the base URL of the shop's Admin API."""
        return self.SHOPIFY_URL or f"https://{self.SHOP_DOMAIN}"


def load_settings(values: Mapping[str, str], *, required: frozenset[str] = frozenset()) -> Settings:
    """Check the values and return the settings.

    Args:
        values: Names and texts, as an environment has them; empty texts count as missing.
        required: Names that this worker cannot do without, beyond those that have no default.

    Raises:
        SettingsInvalid: Names every missing or bad key, not only the first.
    """
    given = {name: text for name, text in values.items() if text}
    problems = [FieldProblem(f"/{name}", "is required") for name in sorted(required - given.keys())]
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += [
            FieldProblem(
                "/" + "/".join(map(str, item["loc"])),
                "is required" if item["type"] == "missing" else item["msg"],
            )
            for item in error.errors(include_input=False, include_url=False)
        ]
    if problems:
        lines = ", ".join(f"{p.pointer[1:]} {p.detail}" for p in dict.fromkeys(problems))
        raise SettingsInvalid(lines, problems=list(dict.fromkeys(problems)))
    return settings
