"""The pages: one module per route; they translate, lay out, and call one service per action."""

from pages.mount import mount_pages

__all__ = ["mount_pages"]
