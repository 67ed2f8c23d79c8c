"""Lake Shore Model 336 temperature controller: user's manual, chapter 6 (command language), 2.7 (control)."""

from .dialect import LakeShore336

__all__ = ["LakeShore336"]
