"""From tokens to a tree. Errors are those of the parser that Kubernetes uses, for the first one of an expression."""

from typing import Final

from kobune.apimachinery.cel import types
from kobune.apimachinery.cel.errors import CelError, Issue
from kobune.apimachinery.cel.lexer import Token, tokenize
from kobune.apimachinery.cel.macros import BadMacro, expand
from kobune.apimachinery.cel.syntax import Call, Const, Ident, ListLiteral, MapLiteral, Node, Select, StructLiteral
from kobune.apimachinery.cel.values import HIGHEST

MAX_SIZE: Final = 100_000
MAX_DEPTH: Final = 60
"""Of brackets and calls within each other; deeper ones would exhaust Python's stack."""
RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    ]
)
LEVELS: Final = {"||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5} | dict.fromkeys(
    ("==", "!=", "<", "<=", ">", ">=", "in"), 3
)
NAMES: Final = {"in": "@in"}
STARTS: Final = (
    "[",
    "{",
    "(",
    ".",
    "-",
    "!",
    "true",
    "false",
    "null",
    "FLOAT",
    "INT",
    "UINT",
    "STRING",
    "BYTES",
    "IDENT",
)
SHOWN: Final = {
    **{kind: f"NUM_{kind}" for kind in ("FLOAT", "INT", "UINT")},
    "STRING": "STRING",
    "BYTES": "BYTES",
    "IDENT": "IDENTIFIER",
    "EOF": "<EOF>",
}
CONSTANTS: Final = {"true": (True, types.BOOL), "false": (False, types.BOOL), "null": (None, types.NULL)}
LITERALS: Final = {
    "INT": types.INT,
    "UINT": types.UINT,
    "FLOAT": types.DOUBLE,
    "STRING": types.STRING,
    "BYTES": types.BYTES,
}
AFTER_CLOSING: Final = frozenset({*LEVELS, "EOF", "?", ":", ".", ",", ")", "]", "}", "["})


class _Failed(Exception):
    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.issue = Issue(at, message)


def parse(source: str) -> Node:
    """Return the tree of an expression, with macros in it expanded; `CelError` if it is none."""
    if len(source) > MAX_SIZE:
        raise CelError(
            "", [Issue(0, f"expression code point size exceeds limit: size: {len(source)}, limit {MAX_SIZE}")]
        )
    tokens, issues = tokenize(source)
    parser = _Parser(tokens)
    try:
        node = parser.whole()
    except _Failed as failure:
        raise CelError(source, [*issues, failure.issue]) from None
    if issues or parser.issues:
        raise CelError(source, [*issues, *parser.issues])
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self.issues: list[Issue] = []

    def whole(self) -> Node:
        node = self._expression()
        if self._kind != "EOF":
            raise self._unexpected(("EOF",))
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    @property
    def _kind(self) -> str:
        token = self._tokens[self._next]
        return token.text if token.text in CONSTANTS else token.kind

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _accept(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._next += 1
        return True

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Failed(0, f"expression recursion limit exceeded: {MAX_DEPTH}")
        condition = self._binary(1)
        if self._kind == "?":
            at = self._take().at
            first = self._binary(1)
            self._close(":", starts=True)
            condition = Call(at, "_?_:_", None, [condition, first, self._expression()])
        self._depth -= 1
        return condition

    def _binary(self, lowest: int) -> Node:
        left = self._unary()
        chain = ""
        while (level := LEVELS.get(self._kind, 0)) >= lowest:
            operator = self._take()
            right = self._binary(level + 1)
            name = NAMES.get(operator.text, f"_{operator.text}_")
            if name == chain and isinstance(left, Call):
                # Long chains of conditions become one wide node, not a deep one.
                left.arguments.append(right)
                continue
            left = Call(operator.at, name, None, [left, right])
            chain = name if level < 3 else ""
        return left

    def _unary(self) -> Node:
        kind, first = self._kind, self._token
        if kind not in ("!", "-"):
            return self._member(self._primary())
        count = 0
        while self._accept(kind):
            count += 1
        if kind == "-" and count == 1 and self._kind in ("INT", "FLOAT"):
            return self._member(self._literal(negative=True, at=first.at))
        operand = self._member(self._primary())
        return Call(first.at, f"{kind}_", None, [operand]) if count % 2 else operand

    def _primary(self) -> Node:
        token = self._token
        kind = self._kind
        match kind:
            case "(":
                self._take()
                inner = self._expression()
                self._close(")")
                return inner
            case "[":
                self._take()
                items, optional = self._items()
                return ListLiteral(token.at, items, optional)
            case "{":
                self._take()
                return self._map(token.at)
            case "IDENT" | ".":
                return self._name()
            case "true" | "false" | "null":
                self._take()
                return Const(token.at, *CONSTANTS[token.text])
            case "INT" | "UINT" | "FLOAT" | "STRING" | "BYTES":
                return self._literal()
        raise self._unexpected(STARTS)

    def _literal(self, *, negative: bool = False, at: int | None = None) -> Node:
        token = self._take()
        value = -token.value if negative else token.value
        if token.kind == "INT" and value > HIGHEST:
            self.issues.append(Issue(token.at, "invalid int literal"))
        return Const(token.at if at is None else at, value, LITERALS[token.kind])

    def _name(self) -> Node:
        start = self._token.at
        rooted = self._accept(".")
        if self._kind != "IDENT":
            raise self._unexpected(("IDENT",))
        token = self._take()
        name = ("." if rooted else "") + token.text
        if token.text in RESERVED:
            self.issues.append(Issue(token.at, f"reserved identifier: {token.text}"))
        if self._kind == "(":
            at = self._take().at
            return self._call(at, name.lstrip("."), None, self._arguments())
        if self._kind == "{":
            return self._struct(start, name)
        return Ident(start, name)

    def _member(self, node: Node) -> Node:
        while True:
            kind = self._kind
            if kind == "[":
                at = self._take().at
                optional = self._accept("?")
                index = self._expression()
                self._close("]")
                node = Call(at, "_[?_]" if optional else "_[_]", None, [node, index])
            elif kind == ".":
                node = self._selection(node)
            else:
                return node

    def _selection(self, node: Node) -> Node:
        dot = self._take()
        optional = self._accept("?")
        if self._token.kind != "IDENT":
            found = "" if self._kind == "EOF" else self._token.text
            raise _Failed(self._token.at, f"Syntax error: no viable alternative at input '.{found}'")
        field = self._take().text
        if self._kind == "(" and not optional:
            at = self._take().at
            return self._call(at, field, node, self._arguments())
        if self._kind == "{" and (path := _path(node)):
            return self._struct(node.at, f"{path}.{field}")
        return Select(dot.at, node, field, optional=optional)

    def _call(self, at: int, name: str, target: Node | None, arguments: list[Node]) -> Node:
        try:
            return expand(at, name, target, arguments) or Call(at, name, target, arguments)
        except BadMacro as error:
            self.issues.append(Issue(error.at, str(error)))
            return Call(at, name, target, arguments)

    def _arguments(self) -> list[Node]:
        if self._accept(")"):
            return []
        if self._kind not in STARTS:
            raise self._unexpected((*STARTS[:3], ")", *STARTS[3:]))
        arguments = [self._expression()]
        while self._accept(","):
            arguments.append(self._expression())
        self._close(")")
        return arguments

    def _items(self) -> tuple[list[Node], frozenset[int]]:
        items: list[Node] = []
        optional: set[int] = set()
        while not self._accept("]"):
            if self._accept(",") and not items:
                self._close("]")
                break
            if self._accept("?"):
                optional.add(len(items))
            items.append(self._expression())
            if self._kind != "]":
                if self._kind != ",":
                    raise self._unexpected(("]", ","))
                self._take()
        return items, frozenset(optional)

    def _map(self, at: int) -> Node:
        entries: list[tuple[Node, Node, bool]] = []
        while not self._accept("}"):
            if self._kind == "," and not entries:
                self._take()
                continue
            optional = self._accept("?")
            key = self._expression()
            self._close(":", starts=True)
            entries.append((key, self._expression(), optional))
            if self._kind != "}":
                if self._kind != ",":
                    raise self._unexpected(("}", ","))
                self._take()
        return MapLiteral(at, entries)

    def _struct(self, at: int, name: str) -> Node:
        self._take()
        entries: list[tuple[str, int, Node, bool]] = []
        while not self._accept("}"):
            optional = self._accept("?")
            if self._token.kind != "IDENT":
                raise self._unexpected(("}", "?", ",", "IDENT"))
            field = self._take().text
            position = self._token.at
            self._close(":", starts=True)
            entries.append((field, position, self._expression(), optional))
            if self._kind != "}":
                if self._kind != ",":
                    raise self._unexpected(("}", ","))
                self._take()
        return StructLiteral(at, name, entries)

    def _close(self, kind: str, *, starts: bool = False) -> None:
        """Take a token that has to be here."""
        if self._accept(kind):
            return
        following = frozenset(STARTS) if starts else AFTER_CLOSING
        if self._ahead != kind and self._kind in following:
            shown = self._token.text
            raise _Failed(self._token.at, f"Syntax error: missing '{kind}' at '{shown}'")
        raise self._unexpected((kind,))

    @property
    def _ahead(self) -> str:
        following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        return following.text if following.text in CONSTANTS else following.kind

    def _unexpected(self, wanted: tuple[str, ...]) -> _Failed:
        token = self._token
        shown = [SHOWN.get(kind, f"'{kind}'") for kind in wanted]
        expecting = shown[0] if len(shown) == 1 else f"{{{', '.join(shown)}}}"
        what = "extraneous" if self._ahead in wanted and token.kind != "EOF" else "mismatched"
        return _Failed(token.at, f"Syntax error: {what} input '{token.text}' expecting {expecting}")


def _path(node: Node) -> str:
    """Return the dotted name that a node is, or nothing."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test and not node.optional:
        path = _path(node.operand)
        return f"{path}.{node.field}" if path else ""
    return ""
