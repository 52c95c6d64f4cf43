"""The YAML of a package, read in a time and a memory that its text bounds: it is hostile. Pure."""

import copy
import re
from collections.abc import Collection
from typing import Any, Final

import yaml

_UNFOLDED_FACTOR: Final = 8
_UNFOLDED_LEAST: Final = 1_024
"""How many letters and elements a document may stand for: these, and so many for each letter of its text. One
without aliases stands for two at most.
"""
_NUMBER_LETTERS_MOST: Final = 1_000
_INTEGER_LEAST, _INTEGER_MOST = -(2**63), 2**63 - 1
_NO_LETTER: Final = re.compile("[\0\ud800-\udfff]")
_TAG: Final = "tag:yaml.org,2002:"
_TEXT, _NULL = f"{_TAG}str", f"{_TAG}null"
_PLAIN: Final = {f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "timestamp")}
_ALIASES: Final = "stands for far more than its text, by aliases of aliases"


class BadYaml(ValueError):  # noqa: N818  (reads as what the text is)
    """The text is not taken; the message says why, of the file: `is not valid YAML: ..`."""


def load(text: str, written: Collection[str] = ()) -> Any:
    """What the one document holds; None for an empty one. Raises BadYaml.

    `written`: keys of its mapping whose values are texts as they are written, so that `[no, 1.50]` is no
    false and 1.5. Nothing stays nothing.
    """
    most = _UNFOLDED_LEAST + _UNFOLDED_FACTOR * len(text)
    try:
        loader = _Loader(text, most)
        node = loader.get_single_node()
        if isinstance(node, yaml.MappingNode) and written:
            node.value = [
                (key, _as_written(value, {}) if key.value in written and value.tag != _NULL else value)
                for key, value in node.value
            ]
        loaded = None if node is None else loader.construct_document(node)
    except BadYaml:
        raise
    except yaml.MarkedYAMLError as error:
        raise BadYaml(f"is not valid YAML: {_told(error)[:500]}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadYaml(f"is not valid YAML: {str(error)[:500]}") from None
    except (LookupError, AttributeError, OverflowError):  # PyYAML's own, where a value does not fit its tag
        raise BadYaml("is not valid YAML: a value is not of the type that its tag or its form says") from None
    fault = _fault_of(loaded, most)
    if fault:
        raise BadYaml(fault)
    return loaded


def _told(error: yaml.MarkedYAMLError) -> str:
    """`line 3, column 7: while parsing a flow node, expected ..`."""
    mark = error.problem_mark or error.context_mark
    where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return where + ", ".join(text for text in (error.context, error.problem) if text)


def _as_written(node: yaml.Node, done: dict[int, yaml.Node]) -> yaml.Node:
    """A copy whose scalars are texts: what an alias elsewhere stands for stays what it is."""
    if id(node) in done:
        return done[id(node)]
    if isinstance(node, yaml.ScalarNode):
        copied: yaml.Node = yaml.ScalarNode(_TEXT, node.value) if node.tag in _PLAIN else node
    else:
        copied = copy.copy(node)
    done[id(node)] = copied
    if isinstance(node, yaml.SequenceNode):
        copied.value = [_as_written(inner, done) for inner in node.value]
    elif isinstance(node, yaml.MappingNode):
        copied.value = [(key, _as_written(inner, done)) for key, inner in node.value]
    return copied


class _Loader(yaml.SafeLoader):
    """PyYAML's own, but that merge keys (`<<`) may not repeat mappings without end, and numbers are short: it
    reads those of base 60 in quadratic time.
    """

    def __init__(self, text: str, merged_most: int) -> None:
        super().__init__(text)
        self._room = merged_most

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Called for each mapping that is merged, before its entries are copied."""
        super().flatten_mapping(node)
        self._room -= 1 + len(node.value)
        if self._room < 0:
            raise BadYaml(_ALIASES)

    def bounded_int(self, node: yaml.ScalarNode) -> Any:
        _check_number(node)
        return self.construct_yaml_int(node)

    def bounded_float(self, node: yaml.ScalarNode) -> Any:
        _check_number(node)
        return self.construct_yaml_float(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.bounded_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.bounded_float)


def _check_number(node: yaml.ScalarNode) -> None:
    if len(node.value) > _NUMBER_LETTERS_MOST:
        raise BadYaml(f"holds a number of more than {_NUMBER_LETTERS_MOST} letters")


def _fault_of(loaded: Any, unfolded_most: int) -> str:
    """Why a document is not taken: aliases of aliases, a few lines of which stand for gigabytes when they are
    put into words, numbers that no arithmetic here is made for, letters that are none; "" for a fine one.
    """
    unfolded, waiting = 0, [loaded]
    while waiting:
        value = waiting.pop()
        if isinstance(value, int) and not _INTEGER_LEAST <= value <= _INTEGER_MOST:
            return "holds a whole number of more than 64 bits"
        if isinstance(value, str) and _NO_LETTER.search(value):
            return "holds a NUL or half of a surrogate pair in a text"
        if isinstance(value, str | bytes | list | tuple | set | dict):
            unfolded += 1 + len(value)
        if unfolded > unfolded_most:
            return _ALIASES
        if isinstance(value, dict):
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
    return ""
