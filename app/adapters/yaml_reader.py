"""Files that people edit by hand, read strictly: every complaint is one line with the file, the key and what is wrong.

A key that is missing, twice there, misspelt or of the wrong kind is refused, so that a slip never changes what the
public reads in silence.
"""

from collections.abc import Callable, Hashable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

Value = TypeVar("Value")


class ContentError(Exception):
    """A content file cannot be used. `file`, `key` and `problem` say where and why; the text is one line."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        self.file, self.key, self.problem = file, key, " ".join(problem.split())
        super().__init__(": ".join(part for part in (file, key, self.problem) if part))


if TYPE_CHECKING:
    _SafeLoader = yaml.SafeLoader
else:
    # The same safe loader, ten times as fast where libyaml is there: a server is back sooner after a fall.
    _SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):
    """YAML without tags and without keys that are there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' is there twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_file(path: Path) -> str:
    """The text of a content file. Raises ContentError when it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise ContentError(path.name, "", "the file cannot be read") from None
    except UnicodeDecodeError:
        raise ContentError(path.name, "", "the file is not UTF-8") from None


def read_yaml(path: Path) -> "Section":
    """The top of a YAML file. Raises ContentError when it is missing, is not YAML, or holds no keys."""
    return parse_yaml(read_file(path), file=path.name)


def parse_yaml(text: str, *, file: str) -> "Section":
    """The top of a YAML text; `file` is its name in complaints. Raises ContentError."""
    try:
        data = _parsed(text)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ContentError(file, line, error.problem or "is not YAML") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ContentError(file, "", f"is not YAML: {error}") from None
    return Section(file, "", data)


# Several loaders read the same files, some of them once for each language. What is parsed is only read, never changed.
@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # a SafeLoader  # noqa: S506  # nosec B506


def forget() -> None:
    """Give back the memory of what was parsed: for a process that has read everything."""
    _parsed.cache_clear()


class Section:
    """One level of keys. Each key is taken once; `done` refuses what nobody took."""

    def __init__(self, file: str, path: str, data: Any) -> None:
        self.file, self.path = file, path
        if not isinstance(data, dict) or not all(isinstance(key, str | int) for key in data):
            raise ContentError(file, path, "must be a list of keys with values")
        self._data: dict[str, Any] = {str(key): value for key, value in data.items()}
        self._taken: set[str] = set()

    def error(self, key: str, problem: str) -> ContentError:
        """A complaint about one key of this section."""
        return ContentError(self.file, self._path(key), problem)

    def has(self, key: str) -> bool:
        """Whether the key is there with a value."""
        return self._data.get(key) is not None

    def keys(self) -> tuple[str, ...]:
        """All keys of this section, in order."""
        return tuple(self._data)

    def text(self, key: str, *, empty: bool = False) -> str:
        """Text that must be there; `empty` allows a key that is there without text."""
        value = self._take(key)
        if value is None and empty:
            return ""
        if not isinstance(value, str):
            raise self.error(key, "must be text; put it in quotes" if value is not None else "must not be empty")
        value = " ".join(value.split())
        if not value and not empty:
            raise self.error(key, "must not be empty")
        return value

    def optional_text(self, key: str) -> str | None:
        """Text, or None when the key is missing or empty."""
        return (self.text(key, empty=True) or None) if key in self._data else None

    def choice(self, key: str, choices: tuple[Value, ...]) -> Value:
        """One of the words in `choices`."""
        value = self._take(key)
        for one in choices:
            if value == one:
                return one
        raise self.error(key, f"must be one of {', '.join(str(one) for one in choices)}, not {value!r}")

    def truth(self, key: str, *, default: bool | None = None) -> bool:
        """True or false; without `default` the key must be there."""
        if default is not None and key not in self._data:
            return default
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def optional_truth(self, key: str) -> bool | None:
        """True, false, or None for unknown."""
        return None if self._is_absent(key) else self.truth(key)

    def whole(self, key: str) -> int:
        """A whole number that must be there."""
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, "must be a whole number")
        return value

    def optional_whole(self, key: str) -> int | None:
        """A whole number, or None."""
        return None if self._is_absent(key) else self.whole(key)

    def day(self, key: str) -> date:
        """A date (2026-12-25) that must be there."""
        value = self._take(key)
        if type(value) is not date:
            raise self.error(key, "must be a date such as 2026-12-25")
        return value

    def optional_day(self, key: str) -> date | None:
        """A date, or None."""
        return None if self._is_absent(key) else self.day(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; missing or empty gives none."""
        found = []
        for number, value in enumerate(self._list(key), start=1):
            if not isinstance(value, str) or not value.strip():
                raise self.error(f"{key}[{number}]", "must be text; put it in quotes")
            found.append(" ".join(value.split()))
        return tuple(found)

    def section(self, key: str) -> "Section":
        """The keys below this key."""
        return Section(self.file, self._path(key), self._take(key))

    def optional_section(self, key: str) -> "Section | None":
        """The keys below this key, or None."""
        return None if self._is_absent(key) else self.section(key)

    def each(self, key: str, read: Callable[["Section"], Value]) -> tuple[Value, ...]:
        """A list of sections, each given to `read` and then closed with `done`; missing or empty gives none."""
        return tuple(self._each(key, read))

    def _each(self, key: str, read: Callable[["Section"], Value]) -> Iterator[Value]:
        for number, value in enumerate(self._list(key), start=1):
            name = value.get("id") if isinstance(value, dict) else None
            entry = Section(self.file, self._path(f"{key}[{name or number}]"), value)
            yield read(entry)
            entry.done()

    def done(self) -> None:
        """Refuse keys that nobody took: they are misspelt or do not belong here."""
        for key in self._data:
            if key not in self._taken:
                raise self.error(key, "is not a key that belongs here")

    def _take(self, key: str) -> Any:
        self._taken.add(key)
        if key not in self._data:
            raise self.error(key, "is missing")
        return self._data[key]

    def _is_absent(self, key: str) -> bool:
        self._taken.add(key)
        return not self.has(key)

    def _list(self, key: str) -> list[Any]:
        self._taken.add(key)
        value = self._data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(key, "must be a list")
        return value

    def _path(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
