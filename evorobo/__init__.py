"""Should this robot's controller be evolved or trained by backpropagation? The public names are in `__init__.pyi`."""

import lazy_loader

from evorobo.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
