"""The REST interface: one thin router per noun; who may come in; how errors look."""

from app.api.application import create_api

__all__ = ["create_api"]
