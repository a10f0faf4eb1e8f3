# The image of every role: `serve`, `worker`, `migrate` and the other commands of `python -m app`.

FROM python:3.13.16-slim-trixie AS builder

# Wheels only, each checked against its hash, into an environment without pip: no compiler is needed here or below.
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --compile --requirement /tmp/requirements.txt

# Bytecode is compiled here, because at run time the file system is read-only.
WORKDIR /srv
COPY app app
COPY openhours openhours
COPY deploy/healthcheck.py deploy/healthcheck.py
RUN /opt/venv/bin/python -m compileall -q app openhours


FROM python:3.13.16-slim-trixie

LABEL org.opencontainers.image.title="Openhours" \
      org.opencontainers.image.description="Reports over time series that count only working hours" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.16-slim-trixie"

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

# The API, and the probes of a worker.
EXPOSE 8000 8001

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-IS", "/srv/deploy/healthcheck.py", "/livez"]

# Exec form: the program itself is process 1 and receives SIGTERM.
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
