"""How parts are declared, found and built: a part is a frozen pydantic model, and so is its own configuration."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from sentinel_watch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Part", "Registry"]


class Part(BaseModel):
    """Base of all parts: frozen, and refusing keys that it does not know.

    A docstring under a field is its description in `pipeline explain` and in the JSON Schema; pydantic's ValidationError says
    which key or bound a pipeline file breaks.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


P = TypeVar("P")


@dataclass(frozen=True)
class Registry(Generic[P]):
    """The parts of one kind by name; outsiders add theirs under the entry point group `sentinel_watch.<kind>`."""

    kind: str
    """What the parts are, in the singular: `detector`."""
    built_in: Mapping[str, str]
    """Name -> "module:attribute", so that a heavy part is imported only when it is used."""

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of all parts, sorted."""
        # built-in names win: an installed package must not quietly replace what a pipeline rests on
        return iter(sorted({**self._outside(), **self.built_in}))

    def get(self, name: str) -> type[P]:
        """Return the class called `name`; raise InputError where there is none."""
        # what is installed beside is only looked through where it must be: that takes longer than to read a file
        target = self.built_in.get(name) or self._outside().get(name)
        if target is None:
            raise InputError(f"there is no {self.kind} called {name!r}", found=name, allowed=did_you_mean(name, self))
        module, _, attribute = target.partition(":")
        return cast("type[P]", getattr(import_module(module), attribute))

    def build(self, config: Mapping[str, Any]) -> P:
        """Return the part that `config` describes: its name under `part`, its options beside it."""
        options = dict(config)
        # no `part` at all is looked up as "", so that the error lists what there is
        part: Callable[..., P] = self.get(options.pop("part", ""))
        return part(**options)

    def _outside(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=f"sentinel_watch.{self.kind}")}
