"""A client of the HTTP API, for programs and notebooks: docs/python.md."""

from service.client.client import Client
from service.client.errors import (
    ChangedError,
    ClientError,
    JobEndedError,
    RefusedError,
    UnreachableError,
)
from service.client.pictures import Picture, Pictures

__all__ = [
    "ChangedError",
    "Client",
    "ClientError",
    "JobEndedError",
    "Picture",
    "Pictures",
    "RefusedError",
    "UnreachableError",
]
