"""Labels as arguments."""

from typing import Any

import click


class Label(click.ParamType[tuple[str, str]]):
    """A label as ``KEY=VALUE``."""

    name = "KEY=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return key and value."""
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not (key and equals):
            raise click.BadParameter("write KEY=VALUE", ctx, param)
        return key, text
