"""Templates: words with fields in them, in a small and harmless part of Jinja2.

Rules:

 1 A template may write fields, ask for them, go through lists, and use some filters. It can call nothing, compute
   nothing, set nothing, include nothing: what is not in `_ALLOWED` is refused when it is read. Below that is Jinja2's
   sandbox.
 2 A field that does not exist is an error, and so is one that is written where it has no value: nobody is told
   "None". It may be asked for: {% if invoice %}.
 3 Whatever goes wrong is a `TemplateError`.
 4 In HTML every field is escaped. A header is one line without control characters, whatever is in it.

Known weakness: loops within loops, of lists that are written out, can take long. Who may set a template is trusted so
far.
"""

import base64
import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from provisioning.errors import BadInput

LONGEST = 200_000  # characters, of a template and of what becomes of it

_HINT = "See: tollkeeper message template --help."
_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.CondExpr),
    *(nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat),
    *(nodes.Getattr, nodes.Getitem, nodes.List, nodes.Tuple),
)
_FILTERS = frozenset({"upper", "lower", "title", "capitalize", "trim", "default", "length", "first", "last", "join"})
_FILTERS |= {"escape", "e", "urlencode", "json", "base64"}
_TESTS = frozenset({"defined", "undefined", "none", "eq", "equalto", "ne", "lt", "le", "gt", "ge", "in", "odd", "even"})
_OF_A_LOOP = frozenset({"index", "first", "last", "length"})


class TemplateError(BadInput):
    """a template cannot be used"""


class Missing(jinja2.StrictUndefined):
    """A field without a value: it may be asked for, and not written."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


class _Sandbox(ImmutableSandboxedEnvironment):
    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing can be called."""
        return False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Of a loop, where it is; what else there is are items of mappings, and no attributes."""
        return isinstance(obj, LoopContext) and attr in _OF_A_LOOP


def render(source: str, fields: Mapping[str, Any], *, html: bool = False) -> str:
    """Return a template's words with the fields in them; None is a field without a value. Raises `TemplateError`."""
    template, _ = _compiled(source, html)
    values = {name: _missing(name) if value is None else value for name, value in fields.items()}
    try:
        return _within_limits(template, values)
    except TemplateError:
        raise
    except jinja2.UndefinedError as exc:
        raise TemplateError(f"the template cannot be filled in: {_line(exc)}", _HINT) from exc
    except Exception as exc:  # a template is a program of somebody else's: whatever it raises is its own error
        raise TemplateError(f"the template cannot be filled in: {_line(exc) or type(exc).__name__}", _HINT) from exc


def check(source: str, known: Collection[str], *, html: bool = False) -> None:
    """Raise `TemplateError` for a template that could not be read, or that names a field that there is not."""
    for name in sorted(_compiled(source, html)[1] - set(known)):
        raise TemplateError(f"no field is named {name!r}", f"There are {', '.join(sorted(known))}.")


def one_line(text: str) -> str:
    """Return text as a header takes it: one line, no control characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _environment(*, html: bool) -> jinja2.Environment:
    made = _Sandbox(undefined=jinja2.StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=True)
    if not html:
        made.filters |= {"json": _json, "base64": _base64}
    made.filters = {name: one for name, one in made.filters.items() if name in _FILTERS}
    made.tests = {name: one for name, one in made.tests.items() if name in _TESTS}
    made.globals = {}
    return made


@lru_cache(maxsize=256)
def _compiled(source: str, html: bool) -> tuple[jinja2.Template, frozenset[str]]:
    """Return a template, and the fields that it names."""
    if len(source) > LONGEST:
        raise TemplateError(f"the template is longer than {LONGEST} characters", "Shorten it.")
    environment = _HTML if html else _TEXT
    try:
        tree = environment.parse(source)
        _check_nodes(tree)
        names = meta.find_undeclared_variables(tree)
        return environment.from_string(tree), frozenset(names)
    except TemplateError:
        raise
    except jinja2.TemplateSyntaxError as exc:
        raise TemplateError(f"the template cannot be read: line {exc.lineno}: {_line(exc.message)}", _HINT) from exc
    except Exception as exc:  # too deep for Jinja2's own recursion, or for the compiler
        raise TemplateError(f"the template cannot be read: {type(exc).__name__}", _HINT) from exc


def _check_nodes(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        own_names = isinstance(node, nodes.Name) and node.name in ("self", "super", "caller", "varargs", "kwargs")
        if own_names or not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
            word = type(node).__name__.lower()
            raise TemplateError(f"a template has no {word} (line {node.lineno})", "It writes fields, asks, and lists.")


def _within_limits(template: jinja2.Template, values: Mapping[str, Any]) -> str:
    parts, length = [], 0
    for part in template.generate(values):
        parts.append(part)
        length += len(part)
        if length > LONGEST:
            raise TemplateError(f"the template becomes longer than {LONGEST} characters", "Shorten it.")
    return "".join(parts)


def _missing(name: str) -> Missing:
    return Missing(f"{name} has no value here; ask first: {{% if {name} %}}", name=name)


def _json(value: Any) -> Markup:
    """Return a value as JSON, for the body of a request; ASCII, so that no encoding has to be agreed upon."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    return Markup(json.dumps(str(value) if isinstance(value, Markup) else value))  # noqa: S704 - text, never in HTML


def _base64(value: Any) -> str:
    """Return text in base64, for HTTP's basic authentication: {{ (user ~ ":" ~ password)|base64 }}."""
    return base64.b64encode(str(value).encode()).decode()


def _line(exc: object) -> str:
    return one_line(str(exc)).rstrip(".")[:200]


_TEXT, _HTML = _environment(html=False), _environment(html=True)
