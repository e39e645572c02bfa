"""Where a client's name and secret come from: the environment, or the operator's keyring; they are kept nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sentinel_watch.errors import MissingExtraError
from sentinel_watch.sources.transfer import RefusedError

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Names of the places where two secrets are, never the secrets themselves.

    `id_env` and `secret_env` are names of environment variables. Since the object holds no secret, it may be printed
    and compared.
    """

    id_env: str
    secret_env: str
    keyring: str = ""
    """Service in the keyring, whose entries `client_id` and `client_secret` are taken where the environment has none."""

    def pair(self) -> tuple[str, str]:
        """Return client id and client secret; raise RefusedError where either is missing.

        Looked up at every sign-in, so that a changed secret counts without a restart. The environment goes before the
        keyring. The error names the places that were looked in, never what was found there. Raises MissingExtraError
        where a keyring is configured and the package is not installed.
        """
        found = self._look_up(self.id_env, "client_id"), self._look_up(self.secret_env, "client_secret")
        # both or none: an id alone would be refused by the service in words that help nobody
        if not all(found):
            places = f"the environment variables {self.id_env} and {self.secret_env}"
            keyring = f", or client_id and client_secret in the keyring's service {self.keyring}" if self.keyring else ""
            raise RefusedError("there are no credentials for this source", allowed=places + keyring)
        return found

    def _look_up(self, variable: str, entry: str) -> str:
        """Return the secret from the environment, else from the keyring's `entry`, else empty."""
        return os.environ.get(variable) or (_from_keyring(self.keyring, entry) if self.keyring else "")


def _from_keyring(service: str, entry: str) -> str:
    """Return an entry of the operator's keyring, empty where there is none; raise RefusedError where it cannot be opened."""
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            "credentials in a keyring need the extra `keyring`", next_step="pip install 'sentinel-watch[keyring]'"
        ) from error
    try:
        return keyring.get_password(service, entry) or ""
    except KeyringError as error:
        # its text is left out: back ends put what they like into it
        raise RefusedError("the keyring cannot be opened", where=service, found=type(error).__name__) from None
