"""Options that several commands have: typer makes them from the parameters of one function."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["with_options"]


def with_options(
    **groups: Callable[..., object],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds groups of options to a command's own.

    typer makes its options from a signature. So the decorated command has the parameters of the
    groups in place of those that are called like them, and the function receives what each
    group's function returns.

    Args:
        groups: for each parameter of the function, the function whose parameters are the options.
    """
    parameters = {
        name: inspect.signature(group, eval_str=True).parameters for name, group in groups.items()
    }

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        def command(**values: Any) -> None:
            for name, group in groups.items():
                values[name] = group(**{option: values.pop(option) for option in parameters[name]})
            function(**values)

        own = inspect.signature(function, eval_str=True).parameters
        options: list[inspect.Parameter] = []
        for name, parameter in own.items():
            options += parameters[name].values() if name in groups else [parameter]
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [option.replace(kind=option.KEYWORD_ONLY) for option in options]
        )
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = {}
        return command

    return decorate
