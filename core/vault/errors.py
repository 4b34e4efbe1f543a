"""What can go wrong with the master key."""

from core.errors import ConfigError


class WrongKey(ConfigError):
    """This database's secrets are sealed with another key."""

    code = "vault.wrong_key"
