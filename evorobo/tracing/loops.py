"""Writes the lines of a script with loops: lines that do the same with different operands become the body of a loop.

A robot with many sensors and walls computes the same few numbers for each pair. The script has a line for each number,
and compilers take minutes for ten thousands of lines; with loops it has a few hundred. Each number is computed from the
same operands by the same operation as before, so none changes in any bit.

Lines form a group if they have the same text but for their operands, and if operand by operand these belong to the
same groups, or to their own group, as in a sum or a maximum of many numbers. No two groups need each other's numbers,
so they can be computed one after the other, each from its first line to its last. Groups of equal length share a loop
where each number needs only those of its own or of earlier rounds. Numbers that are needed outside of their round are
kept in the array `kept`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.tracing.arrays import DOUBLE, TRUTH, Script

MIN_LINES = 1100
"""Scripts with fewer lines have no loops: they compile in seconds, and names are faster than the array."""
MIN_ROUNDS = 4
"""Groups of fewer lines are written line by line."""

_OPERAND = re.compile(r"\bv\d+\b|(?<=\()-?(?:\d[\d.e+-]*|math\.(?:inf|nan))(?=\))|(?<=\[)\d+(?=\])")
"""Names, constants within a cast, and indices of inputs."""

Operand = int | str
"""The number of a line, or the text of a constant."""


@dataclass(frozen=True)
class Body:
    """Lines of a function, the constant arrays of its file that they use, and the length of the array `kept`."""

    lines: list[str]
    tables: list[str] = field(default_factory=list)
    n_kept: int = 0


def function_body(script: Script, results: Sequence[str], name: str) -> Body:
    """The lines of a script and of `results`, which use its numbers, with loops if the script is long.

    `name` begins the names of the constant arrays.
    """
    if len(script.lines) < MIN_LINES:
        return Body([*script.lines, *results])
    return _Writer(script, name).body(results)


@dataclass(frozen=True)
class _Line:
    """A line without its name: the text with `{}` for each operand."""

    text: str
    operands: tuple[Operand, ...]
    kind: np.dtype[Any]

    @property
    def sources(self) -> Iterable[int]:
        return (operand for operand in self.operands if isinstance(operand, int))


def _operand(text: str) -> Operand:
    return int(text[1:]) if text[0] == "v" else text


def _parsed(script: Script) -> list[_Line]:
    lines = []
    for line, kind in zip(script.lines, script.kinds, strict=True):
        _, text = line.split(" = ", 1)
        operands = tuple(map(_operand, _OPERAND.findall(text)))
        lines.append(_Line(_OPERAND.sub("{}", text), operands, kind))
    return lines


def _groups(lines: Sequence[_Line]) -> list[int]:
    """The number of each line's group; groups are numbered in an order in which they can be computed."""
    groups: list[int] = []
    first_needs: list[tuple[int | None, ...]] = []  # the groups of the operands of each group's first line
    before: list[int] = []  # the bits of all groups that have to be computed before each group
    by_text: dict[str, list[int]] = {}
    for line in lines:
        needs = tuple(groups[operand] if isinstance(operand, int) else None for operand in line.operands)
        alike = by_text.setdefault(line.text, [])
        group = next((number for number in alike if _belongs(number, needs, first_needs[number], before)), None)
        if group is None:
            group = len(before)
            alike.append(group)
            first_needs.append(needs)
            before.append(0)
        groups.append(group)
        added = 0
        for need in needs:
            if need is not None and need != group:
                added |= before[need] | 1 << need
        if added & ~before[group]:
            before[group] |= added
            for other, bits in enumerate(before):
                if bits >> group & 1:
                    before[other] |= added
    order = sorted(range(len(before)), key=lambda number: before[number].bit_count())
    position = {number: at for at, number in enumerate(order)}
    return [position[group] for group in groups]


def _belongs(
    group: int, needs: tuple[int | None, ...], first_needs: tuple[int | None, ...], before: Sequence[int]
) -> bool:
    """Whether a line with operands of these groups can be computed together with a group of the same text."""
    for need, first in zip(needs, first_needs, strict=True):
        if (need is None) != (first is None) or need not in (first, group):
            return False
    # not if it needs what is computed after the group
    return not any(before[need] >> group & 1 for need in needs if need is not None and need != group)


@dataclass
class _Block:
    """Groups that are computed together: in one loop of that many rounds, or line by line if `n_rounds` is 0."""

    n_rounds: int
    groups: list[int] = field(default_factory=list)


class _Writer:
    def __init__(self, script: Script, name: str) -> None:
        self._lines, self._name = _parsed(script), name
        self._group = _groups(self._lines)
        self._members: list[list[int]] = [[] for _ in range(max(self._group) + 1)]
        self._round: list[int] = []
        for number, group in enumerate(self._group):
            self._round.append(len(self._members[group]))
            self._members[group].append(number)
        self._blocks: list[_Block] = []
        self._block_of: list[int] = []
        for group in range(len(self._members)):
            self._schedule(group)
        self._places: dict[int, int] = {}
        self._n_kept = 0
        self._tables: dict[str, str] = {}

    def _n_rounds(self, group: int) -> int:
        """The rounds of a group's loop, or 0 for a group that is written line by line."""
        n = len(self._members[group])
        return n if n >= MIN_ROUNDS else 0

    def _schedule(self, group: int) -> None:
        """Put a group into the first block of its kind after all that it needs."""
        n_rounds, earliest = self._n_rounds(group), 0
        late: set[int] = set()  # groups of which a round needs a number of the same or a later round
        needed: set[int] = set()
        for number in self._members[group]:
            for source in self._lines[number].sources:
                needed.add(self._group[source])
                if n_rounds and self._round[source] > self._round[number]:
                    late.add(self._group[source])
        for other in needed - {group}:
            block = self._block_of[other]
            shares = self._blocks[block].n_rounds == n_rounds and other not in late
            earliest = max(earliest, block + (not shares))
        for block in range(earliest, len(self._blocks)):
            if self._blocks[block].n_rounds == n_rounds:
                break
        else:
            block = len(self._blocks)
            self._blocks.append(_Block(n_rounds))
        self._blocks[block].groups.append(group)
        self._block_of.append(block)

    def body(self, results: Sequence[str]) -> Body:
        """All lines, in an order in which they can be computed."""
        used = [list(map(_operand, _OPERAND.findall(text))) for text in results]
        self._keep(source for read in used for source in read if isinstance(source, int))
        for group in range(len(self._members)):
            for operands in self._operands(group):
                self._keep_operands(group, operands)
        text: list[str] = []
        for block in self._blocks:
            text += self._loop(block) if block.n_rounds else self._single_lines(block)
        for result, read in zip(results, used, strict=True):
            text.append(_OPERAND.sub("{}", result).format(*map(self._read, read)))
        return Body(text, [f"{name} = np.array({value})" for value, name in self._tables.items()], self._n_kept)

    def _operands(self, group: int) -> list[tuple[Operand, ...]]:
        """For each operand of a group, those of all rounds."""
        return list(zip(*(self._lines[number].operands for number in self._members[group]), strict=True))

    def _keep_operands(self, group: int, operands: tuple[Operand, ...]) -> None:
        """Assign places to the numbers that this group reads from the array."""
        sources = [operand for operand in operands if isinstance(operand, int)]
        if not self._n_rounds(group):
            self._keep(sources)
        elif not self._is_local(group, operands) and sources:
            single = len(set(sources)) == 1 and not self._n_rounds(self._group[sources[0]])
            if not single:
                self._keep(sources, singles=True)

    def _keep(self, sources: Iterable[int], singles: bool = False) -> None:
        """Assign places to numbers of loops, with all numbers of their groups, and to single ones if `singles`."""
        for source in sources:
            if source in self._places:
                continue
            group = self._group[source]
            if self._n_rounds(group):
                numbers = self._members[group]
            elif singles:
                numbers = [source]
            else:
                continue
            for number in numbers:
                self._places[number] = self._n_kept
                self._n_kept += 1

    def _is_local(self, group: int, operands: tuple[Operand, ...]) -> bool:
        """Whether each round needs a number of the same round of the same loop."""
        first = operands[0]
        if not isinstance(first, int) or self._block_of[self._group[first]] != self._block_of[group]:
            return False
        return list(operands) == self._members[self._group[first]]

    def _single_lines(self, block: _Block) -> list[str]:
        text = []
        for number in sorted(number for group in block.groups for number in self._members[group]):
            line = self._lines[number]
            text.append(f"v{number} = {line.text.format(*map(self._read, line.operands))}")
            if number in self._places:
                text.append(f"kept[{self._places[number]}] = v{number}")
        return text

    def _loop(self, block: _Block) -> list[str]:
        before: dict[str, str] = {}  # what is read once, by the name that it gets
        body = []
        for group in block.groups:
            members = self._members[group]
            first = members[0]
            read = [self._read_in_loop(group, operands, before) for operands in self._operands(group)]
            body.append(f"v{first} = {self._lines[first].text.format(*read)}")
            if first in self._places:
                body.append(f"kept[{self._index([self._places[number] for number in members])}] = v{first}")
        head = [f"{name} = {value}" for name, value in before.items()]
        return [*head, f"for i in range({block.n_rounds}):", *(f"    {line}" for line in body)]

    def _read_in_loop(self, group: int, operands: tuple[Operand, ...], before: dict[str, str]) -> str:
        """An operand of a group in round `i`."""
        first = operands[0]
        if self._is_local(group, operands):
            return f"v{first}"
        if isinstance(first, int):
            if len(set(operands)) == 1 and self._block_of[self._group[first]] != self._block_of[group]:
                if first in self._places and self._n_rounds(self._group[first]):
                    before[f"v{first}"] = self._read(first)
                return f"v{first}"
            places = [self._places[source] for source in operands if isinstance(source, int)]
            return _loaded(self._index(places), self._lines[first].kind)
        texts = [str(operand) for operand in operands]
        if len(set(texts)) == 1:
            return texts[0]
        if first.isdigit():  # the index of an input
            return self._index([int(text) for text in texts])
        return f"{self._table([text.replace('math.', 'np.') for text in texts])}[i]"

    def _read(self, operand: Operand) -> str:
        """An operand of a line outside of loops."""
        if not isinstance(operand, int):
            return operand
        if self._n_rounds(self._group[operand]):
            return _loaded(str(self._places[operand]), self._lines[operand].kind)
        return f"v{operand}"

    def _index(self, numbers: Sequence[int]) -> str:
        """A whole number of each round, as an expression of `i`."""
        start, step = numbers[0], numbers[1] - numbers[0]
        if list(numbers) == [start + step * at for at in range(len(numbers))]:
            if abs(step) == 1:
                return f"{start} - i" if step < 0 else f"i + {start}" if start else "i"
            return f"{start} + {step} * i" if step else str(start)
        return f"{self._table(list(map(str, numbers)), np.uint32.__name__)}[i]"

    def _table(self, texts: Sequence[str], kind: str = "float64") -> str:
        """The name of a constant array."""
        return self._tables.setdefault(f"[{', '.join(texts)}], np.{kind}", f"{self._name}_{len(self._tables)}")


def _loaded(index: str, kind: np.dtype[Any]) -> str:
    """A number of the array `kept` in its own type."""
    if kind == TRUTH:
        return f"(kept[{index}] != 0.0)"
    return f"kept[{index}]" if kind == DOUBLE else f"{kind.name}(kept[{index}])"
