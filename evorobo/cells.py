"""Records the classes and functions of notebook cells in files, so that trials name them and other processes load them.

The file holds the definition, the statements of its cell that it needs, and the imports of the names that it uses. Its
name has a digest of its code: an edited cell is another file, and the trials of the earlier one can be repeated.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import pickle
import re
import symtable
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from evorobo.errors import EvoroboError
from evorobo.files import write_atomically
from evorobo.loading import SCRIPT_PREFIX, load_script

FOLDER = "cells"
"""The folder below the current one in which cells are recorded."""


_OF_IPYTHON = {"open", "exit", "quit"}  # built-in functions that IPython replaces by its own


class CannotRecord(Exception):
    """A definition that no file can hold; the message is the reason, which may be empty."""


def record_cell(thing: Any) -> Path:
    """Write the file of a class or function that was defined in a cell, load it, and return its path.

    Raises `CannotRecord` where the source is unknown, or where the definition needs names that no file can import.
    """
    name = thing.__qualname__
    text = _text_with_needs(name, _cell_of(thing))
    digest = sha256(ast.dump(ast.parse(text)).encode()).hexdigest()[:8]
    path = Path(FOLDER, f"{name.split('.')[0].lower()}_{digest}.py")
    try:
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_atomically(
                path, f'"""Recorded from a notebook; the trials that use {name} need this file."""\n\n{text}'
            )
        module = load_script(path)
    except OSError as error:
        raise CannotRecord(f"cannot be written to {path} ({error.strerror})") from error
    for changed in _changed_values(text, module):
        raise CannotRecord(f"uses {changed}, which was changed after its cell or cannot be stored")
    return path


def recorded(definition: Any) -> Any:
    """Return the class or function of the recorded file for one that was defined in a cell; others as they are."""
    main = sys.modules.get("__main__")
    if definition.__module__ != "__main__" or getattr(main, "__file__", None):
        return definition
    try:
        thing: Any = load_script(record_cell(definition))
        for part in definition.__qualname__.split("."):
            thing = getattr(thing, part)
    except (CannotRecord, EvoroboError, AttributeError):
        return definition
    return thing


def is_in_a_record(reference: str) -> bool:
    """Return whether a text names something in a recorded file, such as `cells/cart_1a2b3c4d.py:Cart`."""
    return bool(re.fullmatch(rf"(?:.*/)?{FOLDER}/\w+_[0-9a-f]{{8}}\.py:.+", reference))


def _cell_of(thing: Any) -> str:
    """Return the source of the cell that defines a class or function; Python 3.11 keeps it for functions only."""
    owner = thing.__qualname__.split(".")[0]
    for function in _functions(thing):
        source = "".join(linecache.getlines(function.__code__.co_filename))
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            continue
        if any(getattr(statement, "name", None) == owner for statement in statements):
            return source
    raise CannotRecord("")


def _functions(thing: Any) -> Iterator[FunctionType]:
    for part in vars(thing).values() if isinstance(thing, type) else (thing,):
        function = getattr(part, "fget", None) or getattr(part, "__func__", part)
        if isinstance(function, FunctionType) and function.__module__ == "__main__":
            yield function


def _text_with_needs(name: str, cell: str) -> str:
    """Return the statements of a cell that a definition needs, with imports of the names from elsewhere."""
    namespace = vars(sys.modules["__main__"])
    statements = {statement: ast.unparse(statement) for statement in ast.parse(cell).body}
    owner = name.split(".")[0]
    built_in = {name for name, value in vars(builtins).items() if namespace.get(name, value) is value} | _OF_IPYTHON
    needed, imports, waiting = set[ast.stmt](), set[str](), {owner}
    while waiting:
        wanted = waiting.pop()
        binding = [statement for statement, text in statements.items() if wanted in _bound(text)]
        needed.update(binding)
        if not binding:
            imports.add(_import_of(wanted, namespace))
        needed.update(each for each in statements if _registers(each, owner))
        names = {used for statement in needed for used in _global_names(statements[statement])}
        done = {text for statement in needed for text in _bound(statements[statement])} | {
            line.split()[-1] for line in imports
        }
        waiting = names - done - built_in - {"__name__"}
    future = {text: None for text in statements.values() if text.startswith("from __future__ ")}
    body = [text for statement, text in statements.items() if statement in needed and text not in future]
    text = "\n".join([*future, *sorted(imports), "", "\n\n".join(body), ""])
    if "register_component" in text or "get_ipython" in text:
        raise CannotRecord("")
    return text


def _registers(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement is `register(name, ...)` or `er.register(name, ...)`."""
    call = getattr(statement, "value", None)
    if not (isinstance(statement, ast.Expr) and isinstance(call, ast.Call) and call.args):
        return False
    return ast.unparse(call.func).split(".")[-1] == "register" and ast.unparse(call.args[0]) == name


def _import_of(name: str, namespace: dict[str, Any]) -> str:
    """Return the line that imports what a name of the notebook stands for."""
    value = namespace.get(name)
    if isinstance(value, ModuleType) and value.__name__ in sys.modules and _is_importable(value.__name__):
        return f"import {value.__name__} as {name}"
    module, qualified = getattr(value, "__module__", None), getattr(value, "__qualname__", "<")
    module = str(module)
    is_importable = module in sys.modules and _is_importable(module) and qualified.isidentifier()
    if is_importable and callable(value) and getattr(sys.modules[module], qualified, None) is value:
        return f"from {module} import {qualified} as {name}"
    raise CannotRecord(f"uses {name}, which is not defined or imported in the same cell")


def _is_importable(module: str) -> bool:
    return module != "__main__" and not module.startswith(SCRIPT_PREFIX)


def _bound(text: str) -> set[str]:
    """Return the names that a statement defines at the top level."""
    symbols = symtable.symtable(text, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def _global_names(text: str) -> set[str]:
    """Return the names of the top level that a statement uses, in its functions and classes too."""
    tables, names = [symtable.symtable(text, "cell", "exec")], set[str]()
    while tables:
        table = tables.pop()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
                names.add(symbol.get_name())
        tables += table.get_children()
    return names


def _changed_values(text: str, module: ModuleType) -> Iterator[str]:
    """Yield the names of variables that have another value in the notebook than in the recorded file."""
    namespace = vars(sys.modules["__main__"])
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef):
            continue
        for name in _bound(ast.unparse(statement)) & namespace.keys():
            try:
                is_equal = pickle.dumps(namespace[name]) == pickle.dumps(getattr(module, name))
            except Exception:  # user objects raise anything while they are stored
                is_equal = False
            if not is_equal:
                yield name
