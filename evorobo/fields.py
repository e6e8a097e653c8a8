"""Settings that check their fields: types and ranges come from the annotations, for Python, JSON and `--set` alike.

The annotation is the only declaration: `int`, `float | None`, `tuple[str, ...]`, `Literal["a", "b"]`, an interface or
another class. A range stands beside it, as in `Annotated[int, Limits(ge=1)]`.
NumPy's numbers become Python's and lists become tuples, so that settings survive JSON unchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, TypeVar

from evorobo.annotations import convert_field, field_rules, hints_of, make_rule
from evorobo.checks import MAX_SEED
from evorobo.errors import SettingsError, unknown
from evorobo.printable import shown

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """Limits of a field, written beside its type: `Annotated[float, Limits(gt=0)]`.

    Whatever is made of the settings, in Python, from JSON or with `--set`, is checked against the type and the limits.
    Objects with attributes of the same names, such as those of the library annotated-types, may stand there as well.

    Parameters
    ----------
    ge, gt : float, optional
        The number is at least `ge`, or above `gt`.
    le, lt : float, optional
        The number is at most `le`, or below `lt`.
    multiple_of : int, optional
        The number is a multiple of this one.
    min_length : int, default 0
        The text or tuple has at least this length.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from typing import Annotated
    >>> import evorobo as er
    >>> @er.register_component("settings", "Pause")
    ... @dataclass(frozen=True)
    ... class Pause:
    ...     steps: Annotated[int, er.Limits(ge=1)] = 5
    >>> try:
    ...     Pause(steps=0)
    ... except er.SettingsError as error:
    ...     print(error)
    Pause: steps must be a whole number of at least 1, not 0.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: int | None = None
    min_length: int = 0


@dataclass(frozen=True)
class Example:
    """An accepted object as a person writes it. It stands in the annotation, beside an interface."""

    example: str


PositiveInt = Annotated[int, Limits(ge=1)]
NonNegativeInt = Annotated[int, Limits(ge=0)]
PositiveFloat = Annotated[float, Limits(gt=0)]
NonNegativeFloat = Annotated[float, Limits(ge=0)]
Probability = Annotated[float, Limits(ge=0, le=1)]
Decay = Annotated[float, Limits(gt=0, le=1)]
DecayRate = Annotated[float, Limits(ge=0, lt=1)]

Seed = Annotated[int, Limits(ge=0, le=MAX_SEED)]


def checks_fields(cls: T) -> T:
    """Let a dataclass check its fields when an object is made; a class decorator above `@dataclass`.

    A wrong value is a `SettingsError` that names class, field, value and what is allowed. It is raised before
    `__post_init__`, which may rely on the types. The default of a field is never refused.
    """
    kind: Any = cls
    construct = kind.__init__
    if getattr(construct, "checks_fields", False):
        return cls
    code = construct.__code__
    positional = code.co_varnames[1 : code.co_argcount]
    listed = code.co_varnames[code.co_argcount + code.co_kwonlyargcount] if code.co_flags & inspect.CO_VARARGS else ""
    defaults = {field.name: field.default for field in fields(kind)}

    @wraps(construct)
    def __init__(self: Any, *args: Any, **given: Any) -> None:
        if listed and listed not in given:  # Stages(one, other), or Stages(stages=(one, other))
            args, given = (), {listed: args, **given}
        if args and not positional:
            example = f"{kind.__name__}({next(iter(defaults), 'name')}=...)"
            raise SettingsError(f"{kind.__name__} takes its settings by name, as {example}, not {shown(args[0])}.")
        settings = dict(zip(positional, args, strict=False)) | given
        if len(settings) < len(args) + len(given):
            construct(self, *args, **given)  # raises the TypeError of Python: too many values, or one given twice
        rules = field_rules(kind)
        for name, value in settings.items():
            if name in rules and value is not defaults[name]:
                settings[name] = convert_field(rules[name], value, type(self).__name__, name)
        construct(self, *settings.pop(listed, ()), **settings)

    __init__.checks_fields = True  # type: ignore[attr-defined]
    kind.__init__ = __init__
    return cls


def checked_arguments(function: Callable[..., Any], arguments: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return keyword arguments as the annotations of a function allow them.

    Raises `SettingsError` for a name that the function does not have, and for a wrong value as fields of settings do.
    """
    parameters = inspect.signature(function).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    hints = hints_of(function, vars(inspect.getmodule(function) or object))
    for name in arguments:
        if name not in parameters and not takes_any:
            raise unknown(f"option of {owner}", name, parameters)
    return {
        name: convert_field(make_rule(hints[name]), value, owner, name)
        if name in hints and value is not parameters[name].default
        else value
        for name, value in arguments.items()
    }
