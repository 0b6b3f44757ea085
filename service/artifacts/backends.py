"""The object stores blobs may live in, chosen by URL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, S3Store

from service.config import Settings

if TYPE_CHECKING:  # names that obstore has for type checkers alone
    from obstore.store import ClientConfig, RetryConfig

Backend = LocalStore | S3Store

# A store that does not answer is reported within seconds, not after obstore's three minutes.
_RETRY: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


def open_backend(settings: Settings) -> Backend:
    """The backend `settings.store` names: a folder, made when missing, or an S3 bucket."""
    parts = urlsplit(settings.store)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True, automatic_cleanup=False)
    options: ClientConfig = {"timeout": timedelta(seconds=30)}
    endpoint = settings.store_endpoint
    if endpoint is not None and endpoint.startswith("http://"):
        options["allow_http"] = True
    access, secret = settings.store_access_key, settings.store_secret_key
    if access is None or secret is None:
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            region=settings.store_region,
            endpoint=endpoint,
            client_options=options,
            retry_config=_RETRY,
        )
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        region=settings.store_region,
        endpoint=endpoint,
        access_key_id=access.get_secret_value(),
        secret_access_key=secret.get_secret_value(),
        client_options=options,
        retry_config=_RETRY,
    )
