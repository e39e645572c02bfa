"""What an operator configures: sources by name, the chip cache, whether the network is used."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONFIG_FILE", "CONFIG_VARIABLE", "Settings", "load_settings", "profiles", "refusal"]

CONFIG_VARIABLE = "SENTINEL_WATCH_CONFIG"
"""Environment variable that names the configuration file."""
CONFIG_FILE = "sentinel-watch.toml"
"""The configuration file where the variable is not set: in the working folder."""


class Settings(Part):
    """The configuration file."""

    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Name -> options; those of a built-in source are changed key by key."""
    cache_gb: float = Field(default=20, gt=0)
    """Size of each workspace's chip cache."""
    offline: bool = False
    """Use only what caches hold, and no network."""
    proxy: str = ""
    """http URL of the proxy through which all sources are asked, or `direct`; left out, the environment decides."""
    timestamp: dict[str, Any] = Field(default_factory=dict)
    """The authority that time-stamps evidence bundles, `part = "rfc3161"` and its `url`; empty = none."""

    def source(self, name: str) -> dict[str, Any] | None:
        """Return the options of the source called `name`; None where there is none.

        A built-in source changed by a key of the same name keeps its other options. The tables are not checked here,
        but where the source is built.
        """
        # key by key, so that a budget can be set without copying a whole profile
        built_in, own = profiles().get(name), self.sources.get(name)
        return None if built_in is None and own is None else {**(built_in or {}), **(own or {})}

    def names(self) -> list[str]:
        """Return the names of all configured and built-in sources, sorted.

        `sample` is not among them: it has no options.
        """
        return sorted({*profiles(), *self.sources})


def load_settings() -> Settings:
    """Return what the configuration file says, or the defaults where there is none; raise InputError where it is wrong.

    Read anew at each call. A file that the variable names must be there; `sentinel-watch.toml` in the working folder
    may be missing. Unknown keys are refused, with the nearest one.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or CONFIG_FILE)
    if not path.is_file():
        if named:
            raise InputError("there is no configuration file here", where=named, next_step=f"mend or unset {CONFIG_VARIABLE}")
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("the configuration file is not valid TOML", where=str(path), found=str(error)) from error
    except ValidationError as error:
        raise refusal(error, str(path), Settings) from error


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, dict[str, Any]]:
    """Return the built-in sources: name -> options.

    The TOML files in the folder `profiles` beside this one, by file name without ending; read once. Do not change
    what is returned.
    """
    files = sorted((Path(__file__).parent / "profiles").glob("*.toml"))
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in files}


def refusal(error: ValidationError, where: str, model: type[Part]) -> InputError:
    """Return what is wrong with options, in plain words: the first key that `model` refuses.

    `where` says what the options are of: a file or a source. Only the first fault is told, since one typing error
    often causes several.
    """
    first = error.errors()[0]
    key = ".".join(str(step) for step in first["loc"])
    if first["type"] == "extra_forbidden":
        return InputError(f"there is no option {key!r}", where=where, found=key, allowed=did_you_mean(key, model.model_fields))
    # the value itself may be a secret in the wrong place
    return InputError(f"the option {key!r} is wrong", where=where, allowed=first["msg"])
