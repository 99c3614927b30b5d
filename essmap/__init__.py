"""essmap: the interactive map of the social and solidarity economy (ESS) of a French department.

Data flows one way, and so do imports::

    sources -> build -> store (snapshots) -> analysis -> view -> pages -> app.py, cli

Below them all: ``errors``, ``texts`` (everything people read, in French), ``settings``, ``reference``
(nomenclatures, from files) and ``schema`` (what a table must look like).
"""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("essmap")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+source"
