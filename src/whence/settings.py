"""Settings: every one is an environment variable `WHENCE_…`."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, Self

import limits
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from ledger.address import database_address
from ledger.keyring import Keyring
from whence.errors import WrongSetting

PREFIX = "WHENCE_"
OFF = "off"

_MEGABYTE = 1024 * 1024

# With their drivers named or not; other drivers of these databases work in other ways.
_DATABASES = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg", "postgres")
_ORIGIN = re.compile(r"https?://[^/\s]+")
_SITE = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?")


# What `serve` does beside answering, and may leave to a process of its own.
Part = Literal["billing", "folding", "delivery"]


class Settings(BaseSettings):
    """The settings of one process; docs/operations.md describes each of them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: str = "sqlite:///var/ledger.db"
    upgrade_on_start: bool = True
    keys_file: str = ""
    secret_keys: str = Field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    rate_limit_per_key: str = "6000/minute"
    rate_limit_public: str = "300/minute"
    require_idempotency_key: bool = False
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    public_url: str = ""
    system_operators: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    connections: int = Field(default=1000, ge=1, le=100_000)
    metrics_token: str = ""
    header_seconds: float = Field(default=10.0, ge=0.1, le=3600)
    body_seconds: float = Field(default=30.0, ge=0.1, le=3600)
    idle_seconds: int = Field(default=60, ge=1, le=3600)
    query_wait_seconds: float = Field(default=2.0, ge=0, le=60)
    serve_without: Annotated[tuple[Part, ...], NoDecode] = ()
    billing_seconds: float = Field(default=1.0, ge=0.01, le=3600)
    allow_insecure_webhooks: bool = False
    delivery_networks: Annotated[tuple[str, ...], NoDecode] = ()
    delivery_attempts_days: int = Field(default=90, ge=1, le=36_500)
    webhook_backlog_per_second: int = Field(default=100, ge=1, le=100_000)
    webhook_retry_4xx: bool = True
    past_facts: int = Field(default=250_000, ge=0)
    past_facts_per_minute: int = Field(default=1_000_000, ge=1)
    past_memory_mb: int = Field(default=512, ge=1)
    shutdown_seconds: int = Field(default=30, ge=1, le=3600)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "text"] = "auto"

    @classmethod
    def load(cls, **chosen: Any) -> Self:
        """Settings from the environment, under the values chosen on the command line.

        A chosen value of None leaves the environment, or the default, as it is.
        Raises WrongSetting, naming the first setting that cannot be used.
        """
        try:
            return cls(**{name: value for name, value in chosen.items() if value is not None})
        except ValidationError as wrong:
            raise WrongSetting(_sentence(wrong)) from None

    @property
    def past_memory_bytes(self) -> int:
        return self.past_memory_mb * _MEGABYTE

    @property
    def on_postgresql(self) -> bool:
        return not self.database_url.startswith("sqlite")

    @property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Those that may be told things although they are not public."""
        return tuple(ip_network(each) for each in self.delivery_networks)

    @field_validator(
        "cors_origins",
        "trusted_proxies",
        "delivery_networks",
        "serve_without",
        "system_operators",
        mode="before",
    )
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(each.strip() for each in value.split(",") if each.strip())
        return value

    @field_validator("cors_origins")
    @classmethod
    def _name_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    'it must be like https://shop.example, separated by commas, or "*"'
                )
        return value

    @field_validator("trusted_proxies", "delivery_networks")
    @classmethod
    def _name_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(each, strict=False)) for each in value)
        except ValueError:
            raise ValueError(
                "it must be addresses or networks, like 10.0.0.7,10.1.0.0/16"
            ) from None

    @field_validator("public_url")
    @classmethod
    def _name_a_site(cls, value: str) -> str:
        site = value.rstrip("/")
        if site and not _SITE.fullmatch(site):
            raise ValueError("it must be like https://pay.shop.example")
        return site

    @field_validator("database_url")
    @classmethod
    def _name_a_database(cls, value: str) -> str:
        try:
            url = database_address(value)
        except (ArgumentError, ValueError):
            raise ValueError("it must look like sqlite:///… or postgresql://…") from None
        if url.drivername not in _DATABASES:
            raise ValueError("it must begin with sqlite:/// or postgresql://")
        if url.drivername.startswith("sqlite") and url.database in (None, "", ":memory:"):
            raise ValueError("it must name a file: sqlite:///var/ledger.db")
        return value

    @field_validator("secret_keys")
    @classmethod
    def _read_as_keys(cls, value: str) -> str:
        Keyring.parsed(value)
        return value

    @field_validator("rate_limit_per_key", "rate_limit_public")
    @classmethod
    def _read_as_a_rate(cls, value: str) -> str:
        if value != OFF:
            try:
                allowed = limits.parse(value).amount
            except ValueError:
                allowed = 0
            if allowed < 1:
                raise ValueError('it must be like 300/minute, or "off"')
        return value


def variable(field: str) -> str:
    """The environment variable of a setting: ``variable("port") == "WHENCE_PORT"``."""
    return PREFIX + field.upper()


# The value itself is left out: the setting at fault may be a database address with a password.
def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not reason.startswith("it "):
        reason = f"it must be {reason}"
    return f"{variable(str(first['loc'][0]))} cannot be used: {reason}"
