"""Command line errors: a sentence, and an exit code."""


class Unsuccessful(Exception):  # noqa: N818 (an answer to the operator, not a fault)
    """It could not be done; the message is the sentence to show."""

    exit_code = 1


class WrongSetting(Unsuccessful):
    """A setting that cannot be used."""

    exit_code = 2


class AddressTaken(Unsuccessful):
    """Something else listens there already, or nobody can."""
