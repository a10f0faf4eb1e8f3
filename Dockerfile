# The image of every role: `serve`, `worker`, `migrate` and the other commands of `openhours`.

FROM python:3.13.16-slim-trixie AS builder

# Wheels only, each checked against its hash, into an environment without pip: no compiler is needed here or below.
# Bytecode is compiled here, because at run time the file system is read-only.
# For single sign-on, build with --build-arg EXTRA=-oidc; for a cluster, with --build-arg EXTRA=-cluster.
ARG EXTRA=""
# Set by a release, seconds since 1970: then bytecode is valid by the hash of its source instead of its time, and the same
# commit makes the same files.
ARG SOURCE_DATE_EPOCH
COPY requirements${EXTRA}.txt /tmp/requirements.txt
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --compile --requirement /tmp/requirements.txt

# What is installed is the wheel that everybody else installs, built by a backend with a hash.
WORKDIR /build
COPY requirements-build.txt requirements-build.txt
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --only-binary :all: --requirement requirements-build.txt
COPY pyproject.toml pyproject.toml
COPY README.md README.md
COPY LICENSE LICENSE
COPY sample_data sample_data
COPY app app
COPY openhours openhours
RUN pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-index --compile dist/*.whl

WORKDIR /srv
COPY deploy/healthcheck.py deploy/healthcheck.py


FROM python:3.13.16-slim-trixie

COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /srv /srv
WORKDIR /srv

# /tmp is the only folder that has to be writable: reports are written there before they are uploaded.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENHOURS_HOST=0.0.0.0

# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001

# The API, and the probes of a worker; a scheduler of a cluster, and the probes of that.
EXPOSE 8000 8001 8786 8787

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-IS", "/srv/deploy/healthcheck.py", "/livez"]

# A release says where it comes from; see docs/releasing.md. Last, because they change with each commit.
ARG REVISION="" CREATED="" SOURCE="" BASE_DIGEST=""
LABEL org.opencontainers.image.title="Openhours" \
      org.opencontainers.image.description="Reports over time series that count only working hours" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.vendor="The Openhours authors" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.16-slim-trixie" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}"

# Exec form: the program itself is process 1 and receives SIGTERM.
ENTRYPOINT ["openhours"]
CMD ["serve"]
