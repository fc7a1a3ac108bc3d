"""The outermost ring: settings, wiring, the command line and the workers."""

from importlib.metadata import version

__version__ = version("whence")
