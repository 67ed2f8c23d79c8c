"""Reading a condition: Python's own grammar, of which only a closed set of nodes is let in."""

from __future__ import annotations

import ast
import re

from .nodes import (
    Binary,
    Comparison,
    Condition,
    ConditionError,
    Every,
    Literal,
    Not,
    Operand,
    Part,
    Reference,
    Some,
    Truth,
    Unary,
    Word,
)

#: Longer and deeper than any person types, shorter and shallower than what hurts.
LONGEST, DEEPEST = 2000, 40

_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+"}

# What is quoted comes first, so that nothing in it is taken for an item. Then names in braces, which may
# have a minus in them, numbers, and words; a word with a dot, or after a store was given any, is an item.
_TOKEN = re.compile(
    r"""(?P<quoted>'[^'\\]*'|"[^"\\]*")
      | \{\s*(?P<braced>[^{}\s]+)\s*\}
      | (?P<number>(?<![\w:])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.:]))
      | (?P<word>[A-Za-z0-9_:]+(?:\.[A-Za-z0-9_:]+)*)
      | (?P<comment>\#)""",
    re.VERBOSE,
)
_NAME = re.compile(r"[a-z0-9_:-]+\.[a-z0-9_:-][a-z0-9_:.-]*\Z")
_GRAMMAR = frozenset({"and", "or", "not", "abs"})
_TRUTHS = {"true": "1", "false": "0"}


def parse(text: str, store: str | None = None) -> Condition:
    """The condition that *text* is; with *store*, bare words are keys of it.

    Raises:
        ConditionError: What cannot be read, and what would be right.

    >>> parse("abs(lab.temp - 4.2) < 0.1 and lab.heater == off").names
    ('lab.temp', 'lab.heater')
    """
    text = text.strip().replace("\n", " ")
    if len(text) > LONGEST:
        raise ConditionError(f"a condition of {len(text)} characters; at most {LONGEST} are read")
    words = _Words(store.strip().lower() if store else None)
    replaced = words.replace(text).strip()
    try:
        tree = ast.parse(replaced, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ConditionError(_advice(text, error)) from None
    condition = Condition(text, _Reader(words).part(tree.body, 0))
    if not condition.names:
        raise ConditionError(f"{text!r} names no item; an item is STORE.KEY, such as lab.temp < 5")
    return condition


def _advice(text: str, error: Exception) -> str:
    if re.search(r"(?<![=!<>])=(?!=)", text):
        return f"{text!r} has a single '='; equal is '=='"
    if not text:
        return "an empty condition; expected one such as lab.temp < 5"
    reason = error.msg if isinstance(error, SyntaxError) else "too deep"
    reason = "" if reason.startswith("invalid syntax") else f" ({reason})"
    return f"{text!r} is no condition{reason}; expected one such as lab.temp < 5 and lab.heater == 'off'"


class _Words:
    """Items and words under names that Python's grammar takes, whatever is in theirs."""

    def __init__(self, store: str | None) -> None:
        self._store = store
        self.known: dict[str, Operand] = {}

    def replace(self, text: str) -> str:
        return _TOKEN.sub(self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match.group(match.lastgroup or 0)
        if kind == "comment":
            raise ConditionError("'#' has no meaning in a condition")
        if kind == "number" or (kind == "word" and found in _GRAMMAR):
            return found
        if kind == "word" and found.lower() in _TRUTHS:
            return _TRUTHS[found.lower()]
        placeholder = f"name{len(self.known)}"
        self.known[placeholder] = Word(found[1:-1]) if kind == "quoted" else self._named(found, kind)
        return f" {placeholder} "

    def _named(self, found: str, kind: str | None) -> Operand:
        name = found.lower()
        if self._store is not None:
            return Reference(f"{self._store}.{name.removeprefix(f'{self._store}.')}")
        if _NAME.match(name):
            return Reference(name)
        if kind == "braced":
            raise ConditionError(f"{{{found}}} names no item; expected STORE.KEY in the braces")
        return Word(found)


class _Reader:
    """From Python's nodes to ours; what is not among them is refused by name."""

    def __init__(self, words: _Words) -> None:
        self._words = words

    def part(self, node: ast.expr, depth: int) -> Part:
        """Something that is true or false."""
        self._check_depth(depth)
        match node:
            case ast.BoolOp():
                parts = tuple(self.part(value, depth + 1) for value in node.values)
                return Every(parts) if isinstance(node.op, ast.And) else Some(parts)
            case ast.UnaryOp(op=ast.Not()):
                return Not(self.part(node.operand, depth + 1))
            case ast.Compare():
                return self._comparison(node, depth)
        operand = self.operand(node, depth)
        if isinstance(operand, Reference):
            return Truth(operand)
        raise ConditionError(f"{_shown(operand)} is neither true nor false; compare it, as in lab.temp < 5")

    def _comparison(self, node: ast.Compare, depth: int) -> Part:
        operands = [self.operand(one, depth + 1) for one in (node.left, *node.comparators)]
        parts = [
            Comparison(self._symbol(op), left, right)
            for op, left, right in zip(node.ops, operands, operands[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _symbol(self, op: ast.cmpop) -> str:
        try:
            return _COMPARE[type(op)]
        except KeyError:
            raise ConditionError(
                f"no such comparison; expected one of {' '.join(_COMPARE.values())}"
            ) from None

    def operand(self, node: ast.expr, depth: int) -> Operand:
        """Something that has a value."""
        self._check_depth(depth)
        match node:
            case ast.Constant(value=int() | float() as value):
                return Literal(value)
            case ast.Name(id=name) if name in self._words.known:
                return self._words.known[name]
            case ast.UnaryOp() if type(node.op) in _UNARY:
                return Unary(_UNARY[type(node.op)], self._number(node.operand, depth + 1))
            case ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]):
                return Unary("abs", self._number(inner, depth + 1))
            case ast.BinOp() if type(node.op) in _BINARY:
                left, right = self._number(node.left, depth + 1), self._number(node.right, depth + 1)
                return Binary(_BINARY[type(node.op)], left, right)
        raise ConditionError(
            "a condition is made of items, numbers, words, == != < <= > >=, + - * / // %, abs(...), "
            f"and, or, not, parentheses; not of this: {type(node).__name__}"
        )

    def _number(self, node: ast.expr, depth: int) -> Operand:
        operand = self.operand(node, depth)
        if isinstance(operand, Word):
            raise ConditionError(f"{operand.text!r} is a word: nothing can be calculated with it")
        return operand

    def _check_depth(self, depth: int) -> None:
        if depth > DEEPEST:
            raise ConditionError(f"a condition nested more than {DEEPEST} deep")


def _shown(operand: Operand) -> str:
    match operand:
        case Literal(value):
            return str(value)
        case Word(text):
            return repr(text)
    return "a calculated value"
