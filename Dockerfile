# Two stages: one with compilers that makes wheels (hash-checked against the lock), one that only holds what runs.
# Kept correct by tests/unit/test_deploy_files.py.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libldap2-dev libsasl2-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# what changes seldom comes first, so that its layers are reused
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && /build/bin/pip wheel --no-cache-dir --no-build-isolation --require-hashes -r requirements/runtime.txt -w /wheels
COPY pyproject.toml ./
COPY app app
COPY bot bot
COPY config config
COPY connectors connectors
COPY core core
COPY sandbox sandbox
COPY web web
RUN /build/bin/pip wheel --no-deps --no-index --no-build-isolation -w /wheels . \
 && python -m venv /opt/countersign \
 && /opt/countersign/bin/pip install --no-cache-dir --no-index --find-links /wheels countersign

FROM ${PYTHON_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-dejavu-core libldap-2.5-0 libmagic1 libsasl2-2 xmlsec1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 countersign \
 && useradd --system --uid 10001 --gid countersign --no-create-home --home-dir /var/lib/countersign countersign \
 && install -d -o countersign -g countersign -m 0700 /var/lib/countersign
COPY --from=build /opt/countersign /opt/countersign
ENV PATH=/opt/countersign/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    COUNTERSIGN_BIND__HOST=0.0.0.0 \
    COUNTERSIGN_BIND__PORT=8080 \
    COUNTERSIGN_DATA_DIR=/var/lib/countersign
USER 10001:10001
WORKDIR /var/lib/countersign
VOLUME /var/lib/countersign
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["countersign"]
CMD ["serve"]
