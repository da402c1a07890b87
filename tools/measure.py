"""Measures of source code, taken from its syntax tree. Nothing here judges; `gates.py` holds the limits.

Every measure works on `Source` objects, which a test can make from a string.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
LAYOUT_TOKENS = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
RECORD_BASES = {
    "BaseModel",
    "BaseSettings",
    "Struct",
    "NamedTuple",
    "TypedDict",
    "Enum",
    "StrEnum",
    "IntEnum",
    "Flag",
    "IntFlag",
}


@dataclass(frozen=True)
class Source:
    """One Python file: where it lies (relative to the checkout) and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises SyntaxError."""
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def tokens(self) -> tuple[tokenize.TokenInfo, ...]:
        """Every token of the text."""
        return tuple(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @property
    def module(self) -> str:
        """The dotted name: `src/a/b.py` and `tests/a/b.py` are `a.b` and `tests.a.b`."""
        parts = self.path.removeprefix("src/").removesuffix(".py").split("/")
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def is_package(self) -> bool:
        """Whether this is the `__init__` of a package."""
        return self.path.endswith("__init__.py")

    @cached_property
    def docstring_lines(self) -> frozenset[int]:
        """Lines of docstrings: strings that stand alone as a statement, attribute docstrings included."""
        lines: set[int] = set()
        for node in self.nodes:
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return frozenset(lines)

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """Lines that hold code: not blank, not only a comment, not a docstring."""
        lines: set[int] = set()
        for token in self.tokens:
            if token.type not in LAYOUT_TOKENS:
                lines.update(range(token.start[0], token.end[0] + 1))
        return frozenset(lines - self.docstring_lines)

    @cached_property
    def comment_lines(self) -> frozenset[int]:
        """Lines that hold a comment other than a directive to a tool."""
        directive = re.compile(r"#\s*(noqa|type:|pragma:|fmt:|ruff:)\S*[^-–—;]*$")
        return frozenset(
            t.start[0] for t in self.tokens if t.type == tokenize.COMMENT and not directive.fullmatch(t.string.strip())
        )

    @cached_property
    def functions(self) -> tuple[tuple[str, FunctionNode], ...]:
        """Every function and method with its qualified name, nested ones included."""
        return tuple((name, node) for name, node in _definitions(self.tree) if isinstance(node, FunctionNode))

    @cached_property
    def classes(self) -> tuple[tuple[str, ast.ClassDef], ...]:
        """Every class with its qualified name."""
        return tuple((name, node) for name, node in _definitions(self.tree) if isinstance(node, ast.ClassDef))

    @cached_property
    def qualified(self) -> dict[str, str]:
        """What each imported local name stands for: `{"now": "time.monotonic"}` after `from time import monotonic as now`."""
        names: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    names[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom):
                base = resolve_from(self, node)
                names.update({a.asname or a.name: f"{base}.{a.name}" for a in node.names})
        return names

    def dotted(self, node: ast.AST) -> str:
        """The full name a Name or Attribute chain refers to through this file's imports; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.qualified.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def at(self, node: ast.AST) -> str:
        """`path:line` of a node."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@dataclass(frozen=True)
class ImportedName:
    """One module that a source imports: its name, the line, and in which circumstances."""

    module: str
    name: str
    line: int
    type_checking: bool
    in_function: bool


@dataclass
class ClassShape:
    """What a class carries: attributes of its instances, methods, arguments needed to construct it."""

    name: str
    attributes: set[str] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    constructor_arguments: int = 0


def read_sources(root: Path, *folders: str) -> list[Source]:
    """Every Python file below the folders, in path order."""
    files = [path for folder in folders for path in (root / folder).rglob("*.py")]
    return [Source(str(path.relative_to(root)), path.read_text(encoding="utf-8")) for path in sorted(files)]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The children that may hold definitions and imports: no expression does."""
    return (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))


def _definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for child in _statements(tree):
        if isinstance(child, FunctionNode | ast.ClassDef):
            yield prefix + child.name, child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


def function_length(source: Source, node: FunctionNode) -> int:
    """Code lines from `def` to the end; decorators, docstring, comments and blank lines do not count."""
    return sum(1 for line in range(node.lineno, (node.end_lineno or node.lineno) + 1) if line in source.code_lines)


def is_record(node: ast.ClassDef, records: Set[str] = frozenset(RECORD_BASES)) -> bool:
    """Whether a class is a declarative record: an enumeration, a named tuple, a model, a frozen dataclass, or built on one."""
    if {_last_name(base) for base in node.bases} & records:
        return True
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and _last_name(decorator.func) == "dataclass":
            frozen = [k.value for k in decorator.keywords if k.arg == "frozen"]
            return any(isinstance(value, ast.Constant) and value.value is True for value in frozen)
    return False


def record_names(sources: Iterable[Source]) -> set[str]:
    """Names of bases that make a class a record, those of these sources included."""
    classes = [node for source in sources for _, node in source.classes]
    names = set(RECORD_BASES)
    while more := {node.name for node in classes if is_record(node, names)} - names:
        names |= more
    return names


def shape(node: ast.ClassDef) -> ClassShape:
    """Count what a class carries. Fields of a mutable dataclass are attributes; those without a default are constructor arguments."""
    result = ClassShape(node.name)
    dataclass_like = any(
        _last_name(d.func if isinstance(d, ast.Call) else d) == "dataclass" for d in node.decorator_list
    )
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and not _is_class_variable(item):
            result.attributes.add(item.target.id)
            result.constructor_arguments += int(dataclass_like and item.value is None)
        elif isinstance(item, FunctionNode):
            result.methods.add(item.name)
            result.attributes |= _self_attributes(item)
            if item.name == "__init__":
                result.constructor_arguments = argument_count(item) - 1
    return result


def argument_count(node: FunctionNode) -> int:
    """All arguments of a function, `*args` and `**kwargs` as one each."""
    a = node.args
    return len(a.posonlyargs) + len(a.args) + len(a.kwonlyargs) + int(a.vararg is not None) + int(a.kwarg is not None)


def _self_attributes(method: FunctionNode) -> set[str]:
    targets = (n for n in ast.walk(method) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
    return {n.attr for n in targets if isinstance(n.value, ast.Name) and n.value.id == "self"}


def _is_class_variable(item: ast.AnnAssign) -> bool:
    return (
        _last_name(item.annotation.value if isinstance(item.annotation, ast.Subscript) else item.annotation)
        == "ClassVar"
    )


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def is_annotated(node: FunctionNode) -> bool:
    """Whether every argument but `self` and `cls`, and the result, has an annotation. `__init__` needs no result."""
    a = node.args
    arguments = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(x for x in (a.vararg, a.kwarg) if x)]
    bare = [x for x in arguments if x.annotation is None and x.arg not in {"self", "cls"}]
    return not bare and (node.returns is not None or node.name == "__init__")


def resolve_from(source: Source, node: ast.ImportFrom) -> str:
    """The absolute module a `from ... import` names."""
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    parts = parts[: len(parts) - node.level + int(source.is_package)]
    return ".".join([*parts, *([node.module] if node.module else [])])


def imports(source: Source) -> list[ImportedName]:
    """Every import of a source, with whether it is only for the type checker or inside a function."""
    found: list[ImportedName] = []
    _collect_imports(source, source.tree, False, False, found)
    return found


def _collect_imports(source: Source, node: ast.AST, checking: bool, inside: bool, found: list[ImportedName]) -> None:
    if isinstance(node, ast.Import):
        found += [ImportedName(a.name, "", node.lineno, checking, inside) for a in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = resolve_from(source, node)
        found += [ImportedName(base, a.name, node.lineno, checking, inside) for a in node.names]
    elif isinstance(node, ast.If) and _last_name(node.test) == "TYPE_CHECKING":
        for statement in node.body:
            _collect_imports(source, statement, True, inside, found)
        for statement in node.orelse:
            _collect_imports(source, statement, checking, inside, found)
    else:
        inside = inside or isinstance(node, FunctionNode)
        for child in _statements(node):
            _collect_imports(source, child, checking, inside, found)


def imports_by_name(source: Source) -> list[str]:
    """Modules that a source loads with ``import_module`` or ``__import__`` and a literal name."""
    return [
        node.args[0].value
        for node in source.nodes
        if isinstance(node, ast.Call)
        and (source.dotted(node.func) == "importlib.import_module" or _last_name(node.func) == "__import__")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def import_graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Which of these modules each needs: imports at the top and in functions, for the type checker, and by a literal name."""
    by_name = {source.module: source for source in sources}
    graph: dict[str, set[str]] = {name: set() for name in by_name}
    for name, source in by_name.items():
        named = ((f"{item.module}.{item.name}", item.module) for item in imports(source))
        for whole, module in (*named, *((module, module) for module in imports_by_name(source))):
            target = whole if whole in by_name else module
            if target in by_name and target != name:
                graph[name].add(target)
    return graph


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other: strongly connected components of more than one (Kosaraju)."""
    order: list[str] = []
    _visit_all(graph, sorted(graph), order)
    reverse: dict[str, set[str]] = {name: set() for name in graph}
    for name, targets in graph.items():
        for target in targets:
            reverse[target].add(name)
    groups = _visit_all(reverse, reversed(order), [])
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _visit_all(graph: dict[str, set[str]], starts: Iterable[str], order: list[str]) -> list[list[str]]:
    seen: set[str] = set()
    groups: list[list[str]] = []
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        group: list[str] = []
        stack = [(start, iter(sorted(graph[start])))]
        while stack:
            name, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                stack.pop()
                order.append(name)
                group.append(name)
            else:
                seen.add(following)
                stack.append((following, iter(sorted(graph[following]))))
        groups.append(group)
    return groups


def catch_alls(source: Source) -> list[ast.ExceptHandler | ast.Call]:
    """Handlers and `suppress` calls that take every exception and do not raise it again."""
    found: list[ast.ExceptHandler | ast.Call] = []
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            takes_all = any(kind is None or _last_name(kind) in {"Exception", "BaseException"} for kind in kinds)
            last = node.body[-1]
            if takes_all and not (isinstance(last, ast.Raise) and last.exc is None):
                found.append(node)
        elif isinstance(node, ast.Call) and _suppresses_all(node):
            found.append(node)
    return found


def boundary_classes(source: Source) -> list[ast.ClassDef]:
    """Context managers that keep every exception from going further: their `__exit__` may return true and does not first ask for a
    narrower kind than Exception. Each is a catch-all, and so is every block that stands in one."""
    return [
        node
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
        and any(isinstance(n, FunctionNode) and n.name in {"__exit__", "__aexit__"} and _swallows(n) for n in node.body)
    ]


def _swallows(exit_method: FunctionNode) -> bool:
    inside = list(ast.walk(exit_method))
    returns = [n.value for n in inside if isinstance(n, ast.Return) and n.value is not None]
    may_be_true = any(not (isinstance(v, ast.Constant) and not v.value) for v in returns)
    asked = [
        _last_name(kind)
        for n in inside
        if isinstance(n, ast.Call) and _last_name(n.func) == "isinstance" and len(n.args) == 2
        for kind in (n.args[1].elts if isinstance(n.args[1], ast.Tuple) else [n.args[1]])
    ]
    return may_be_true and (not asked or bool({"Exception", "BaseException"} & set(asked)))


def blocks_within(source: Source, names: Set[str]) -> list[ast.expr]:
    """The `with` items that call one of ``names``."""
    return [
        item.context_expr
        for node in source.nodes
        if isinstance(node, ast.With | ast.AsyncWith)
        for item in node.items
        if isinstance(item.context_expr, ast.Call) and _last_name(item.context_expr.func) in names
    ]


def _suppresses_all(node: ast.Call) -> bool:
    return _last_name(node.func) == "suppress" and any(
        _last_name(a) in {"Exception", "BaseException"} for a in node.args
    )


def is_silent(node: ast.ExceptHandler | ast.Call) -> bool:
    """Whether a catch-all does nothing with what it caught: only pass, continue, break, `...` or a bare return."""
    if isinstance(node, ast.Call):
        return True
    return all(
        isinstance(s, ast.Pass | ast.Continue | ast.Break)
        or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        or (isinstance(s, ast.Return) and (s.value is None or isinstance(s.value, ast.Constant)))
        for s in node.body
    )


def has_comment(source: Source, node: ast.ExceptHandler | ast.Call) -> bool:
    """Whether a comment stands on the line before, on the line itself, or on the first line inside."""
    return any(line in source.comment_lines for line in range(node.lineno - 1, node.lineno + 2))


def string_and_name_words(source: Source) -> Iterator[tuple[int, str]]:
    """Words of names and of strings, lower case; comments and docstrings are left out.

    `AcmeLeg` gives acme, leg and acmeleg, so that a name written in two humps is found too.
    """
    for token in source.tokens:
        is_text = token.type == tokenize.STRING or tokenize.tok_name[token.type].startswith("FSTRING")
        if (token.type == tokenize.NAME or is_text) and token.start[0] not in source.docstring_lines:
            for word in _words(token.string):
                yield token.start[0], word


@cache
def _words(text: str) -> list[str]:
    return sorted({word for run in re.findall(r"[A-Za-z0-9]+", text) for word in _humps(run)})


def _humps(run: str) -> Iterator[str]:
    pieces = [piece.lower() for piece in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+", run)]
    yield run.lower()
    yield from pieces
    yield from (first + second for first, second in pairwise(pieces))
