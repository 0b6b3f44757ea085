# syntax=docker/dockerfile:1
# The API and the worker are one image; the command chooses: `serve`, `worker`, `db upgrade`.

ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim-trixie AS build
# Options for pip, for instance an index of your own.
ARG PIP_ARGS=""
# Extras of pyproject.toml to install, in brackets.
ARG EXTRAS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/facsimile
ENV PATH=/opt/facsimile/bin:$PATH
WORKDIR /build
# The dependencies come first, with no code yet, so that a change of code does not install them
# again.
COPY pyproject.toml constraints.txt README.md LICENSE THIRD_PARTY.md ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --quiet ${PIP_ARGS} --constraint constraints.txt ".${EXTRAS}"
COPY models models
COPY service service
COPY worker worker
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --quiet ${PIP_ARGS} --no-deps --force-reinstall .
# Outside /build, so that the networks go into the installed package and not beside its source.
WORKDIR /
RUN --mount=type=cache,target=/root/.cache/pip python -m models.assets fetch

FROM python:${PYTHON_VERSION}-slim-trixie
RUN useradd --uid 10001 --create-home facsimile \
    && install --directory --owner facsimile --group facsimile /data
COPY --from=build /opt/facsimile /opt/facsimile
ENV PATH=/opt/facsimile/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    FACSIMILE_HOST=0.0.0.0 \
    FACSIMILE_PORT=8000 \
    FACSIMILE_DATA_DIR=/data
USER 10001
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["facsimile"]
CMD ["serve"]
