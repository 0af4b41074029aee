"""Python source enters, the sentences in it leave: the literals given to the functions that stand for translation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

PLURAL = "plural"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Module


class NotLiteral(Exception):
    """A sentence that only running the program could tell; it can be neither collected nor translated."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence (two texts for a plural), the function it was given to, and the line of that call."""

    line: int
    function: str
    texts: tuple[str, ...]


def find_sentences(source: str, functions: set[str]) -> Iterator[Sentence]:
    """Every sentence given to one of `functions`, called by name or as an attribute.

    Raises:
        NotLiteral: naming the line.
    """
    tree = ast.parse(source)
    finder = _Finder(tree)
    for call, scopes in finder.calls:
        name = _called_name(call)
        if name not in functions or not call.args:
            continue
        if name == PLURAL:
            texts = tuple(text for argument in call.args[:2] for text in finder.literals(argument, scopes))
            yield Sentence(call.lineno, name, texts)
        else:
            for text in finder.literals(call.args[0], scopes):
                yield Sentence(call.lineno, name, (text,))


class _Finder:
    """The calls of a module, each with the scopes around it, innermost first; and what their arguments can be."""

    def __init__(self, tree: ast.Module) -> None:
        self.calls: list[tuple[ast.Call, tuple[Scope, ...]]] = []
        self._visit(tree, (tree,))

    def _visit(self, node: ast.AST, scopes: tuple[Scope, ...]) -> None:
        if isinstance(node, Function):
            scopes = (node, *scopes)
        if isinstance(node, ast.Call):
            self.calls.append((node, scopes))
        for child in ast.iter_child_nodes(node):
            self._visit(child, scopes)

    def literals(self, node: ast.expr, scopes: tuple[Scope, ...]) -> list[str]:
        """The texts that `node` can stand for."""
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.IfExp(body=body, orelse=otherwise):
                return [*self.literals(body, scopes), *self.literals(otherwise, scopes)]
            case ast.Dict(values=values) | ast.Tuple(elts=values):
                return [text for value in values for text in self.literals(value, scopes)]
            case ast.Subscript(value=ast.Name() as table):
                return self.literals(table, scopes)
            case ast.Name(id=name):
                return self._follow(name, node, scopes)
            case ast.Attribute(attr="text"):
                return []  # the sentence of a Message, which was collected where that was made
        raise NotLiteral(f"line {node.lineno}: {ast.unparse(node)} is no literal, so it cannot be translated")

    def _follow(self, name: str, node: ast.expr, scopes: tuple[Scope, ...]) -> list[str]:
        for depth, scope in enumerate(scopes):
            values = [value for target, value in _assignments(scope) if target == name]
            if values:
                return [text for value in values for text in self.literals(value, scopes[depth:])]
            if isinstance(scope, Function) and name in _parameters(scope):
                return self._passed_to(scope, name)
        raise NotLiteral(f"line {node.lineno}: nothing is known of {name!r}, so it cannot be translated")

    def _passed_to(self, function: Function, parameter: str) -> list[str]:
        names = _parameters(function)
        position = names.index(parameter) - (names[0] == "self")
        texts: list[str] = []
        for call, scopes in self.calls:
            if _called_name(call) != function.name:
                continue
            passed = [keyword.value for keyword in call.keywords if keyword.arg == parameter] or call.args[
                position : position + 1
            ]
            texts += [text for value in passed for text in self.literals(value, scopes)]
        return texts


def _assignments(scope: Scope) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            for target, value in zip(node.targets[0].elts, node.value.elts, strict=False):
                if isinstance(target, ast.Name):
                    yield target.id, value


def _parameters(function: Function) -> list[str]:
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
