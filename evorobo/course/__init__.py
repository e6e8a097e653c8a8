"""The tools that lessons use: training, sampled episodes, runs at several seeds, one figure. Names: `__init__.pyi`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
