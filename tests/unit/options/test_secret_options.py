"""Which options of a config model count as secret."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NewType

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Secret, SecretBytes, SecretStr
from typing_extensions import TypeAliasType, TypedDict

from pulp_notifiers.options import declared_secrets, holds_secret


class ApiKey(SecretStr):
    """A secret with its own name."""


class SecretDate(Secret[date]):
    """A secret of another type."""


class Inner(BaseModel):
    token: ApiKey


class Tree(BaseModel):
    branches: list["Tree"] = []
    leaf: SecretStr | None = None


class Loop(BaseModel):
    next: "Loop | None" = None


@dataclass
class Login:
    password: "SecretStr"


class Account(TypedDict):
    password: SecretStr


Passphrase = NewType("Passphrase", SecretStr)
Alias = TypeAliasType("Alias", list[SecretStr])


@pytest.mark.parametrize(
    "annotation",
    [
        *(SecretStr, SecretBytes, ApiKey, Secret, Secret[str], Secret[int], SecretDate),
        *(SecretStr | None, Annotated[Secret[str], "of the server"], dict[str, list[ApiKey]]),
        *(Inner, list[Inner], Tree, Login, Account, Passphrase, Alias),
    ],
    ids=str,
)
def test_a_type_that_contains_a_secret_is_secret(annotation: Any):
    """pydantic's secret types count, directly or inside another type."""
    assert holds_secret(annotation)


@pytest.mark.parametrize("annotation", [str, int | None, list[str], Any, None, Loop, dict[str, Any]], ids=str)
def test_a_type_without_a_secret_is_not_secret(annotation: Any):
    """It may contain itself."""
    assert not holds_secret(annotation)


def test_a_type_that_cannot_be_examined_is_secret():
    """Hiding too much is the smaller mistake."""

    @dataclass
    class Hidden:
        value: "Nowhere"  # noqa: F821

    assert holds_secret(Hidden)


def test_every_name_of_a_secret_option_is_returned():
    """A config may use any of them."""

    class Named(BaseModel):
        model_config = ConfigDict(alias_generator=lambda name: f"x-{name}")
        plain: SecretStr
        aliased: SecretStr = Field(alias="other")
        choice: SecretStr = Field(validation_alias=AliasChoices("first", "second", AliasPath("third", 0, "deep")))
        path: SecretStr = Field(validation_alias=AliasPath("fourth", 1))
        public: str = Field(alias="fifth")

    expected = {"plain", "x-plain", "aliased", "other", "choice", "first", "second", "third", "path", "fourth"}

    assert expected <= declared_secrets(Named) <= expected | {"x-choice", "x-path"}
