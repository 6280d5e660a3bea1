"""The tests that plugins inherit find every kind of bad config model."""

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator

from pulp_notifiers.errors import InvalidConfig
from tests.support.contract_kit import SECRET, GoodConfig, contract, failing_tests


class Undescribed(GoodConfig):
    """Has an option without a description."""

    extra: str = ""


class Unserializable(GoodConfig):
    """Has a schema that is not JSON."""

    extra: str = Field("", description="Extra.", json_schema_extra={"examples": [object()]})


class OpenSecret(GoodConfig):
    """Does not declare its secret."""

    api_token: str = Field("", description="Of the account.")


class Assuming(GoodConfig):
    """Assumes the type that it should check."""

    @field_validator("address", mode="before")
    @classmethod
    def _strip(cls, value):
        return value.strip()


class OneByOne(GoodConfig):
    """Reports only the first problem."""

    @model_validator(mode="before")
    @classmethod
    def _check(cls, options):
        if options.get("size") is not None and options["size"] != 1:
            raise ValueError("size must be 1")
        return options


class Silent(GoodConfig):
    """Refuses options without a reason."""

    @model_validator(mode="before")
    @classmethod
    def _check(cls, options):
        if not isinstance(options.get("address"), str):
            raise InvalidConfig("silent", {})
        return options


class Quoting(GoodConfig):
    """Quotes the secret in the error."""

    @field_validator("password", mode="before")
    @classmethod
    def _check(cls, value):
        if not isinstance(value, str):
            raise ValueError(f"{value} is not a password")
        return value


class Showing(GoodConfig):
    """Shows its secret."""

    def __repr__(self):
        return f"Showing({self.password.get_secret_value()})"


class Choosy(GoodConfig):
    """Refuses options that are said to be valid."""

    size: int = Field(description="How large.")


class Published(GoodConfig):
    """Shows a secret to everybody who reads the schema."""

    password: SecretStr = Field(SecretStr(""), description="Of the account.", examples=[SECRET])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Undescribed, "test_its_options_have_a_json_schema"),
        (Unserializable, "test_its_options_have_a_json_schema"),
        (OpenSecret, "test_secrets_are_declared"),
        (Choosy, "test_valid_options_are_accepted"),
        (Assuming, "test_any_options_are_accepted_or_refused"),
        (OneByOne, "test_all_problems_are_reported_at_once"),
        (Silent, "test_any_options_are_accepted_or_refused"),
        (Quoting, "test_no_secret_reaches_text"),
        (Showing, "test_no_secret_reaches_text"),
        (Published, "test_no_secret_reaches_text"),
    ],
)
def test_a_bad_config_is_found(config, expected):
    """The test that fails says what is wrong with it."""
    assert expected in failing_tests(contract(config))


def test_an_option_may_be_declared_public():
    """Its name only suggests a secret."""
    assert set() == failing_tests(contract(OpenSecret, public_options=["api_token"]))
