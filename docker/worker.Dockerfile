# Images with earthmix in them. Two targets, built from the top of a clone:
#
#   docker build -f docker/worker.Dockerfile --target worker   -t REGISTRY/earthmix-worker:0.1.0 .
#   docker build -f docker/worker.Dockerfile --target launcher -t REGISTRY/earthmix-launcher:0.1.0 .     (after `make flink-setup`)
#
# worker: runs the pipeline's Python. On Kubernetes it is the pool beside each TaskManager, on Dataflow the image of --worker-image.
# launcher: the worker with Java and the job server, for the machine that says `earthmix mix ... --engine flink`.
#
# EXTRAS chooses the object stores: aws, gcp, or both. RUN_AS is the user; 9999 is Flink's own, so that a shared volume suits both.
# For Dataflow build with --build-arg RUN_AS=0: Beam's boot program writes to folders that Dataflow mounts for root.

# Beam's SDK image of the release in requirements.lock; it brings Beam's boot program, which Dataflow starts.
FROM apache/beam_python3.11_sdk:2.77.0 AS base
# Workers use what is installed here, not a virtual environment of their own that they would make at each start, as root.
ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
WORKDIR /opt/earthmix
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM base AS wheel
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY converters converters
COPY pipelines pipelines
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel .

FROM base AS worker
ARG EXTRAS=aws,gcp
ARG RUN_AS=9999
COPY --from=wheel /wheel /wheel
# The lock holds no extras. What they add is not checked by hash, and what the lock names keeps its version.
RUN grep -oE '^[A-Za-z0-9._-]+==[^ ;]+' requirements.lock > constraints.txt \
    && pip install --no-cache-dir --disable-pip-version-check -c constraints.txt "$(ls /wheel/earthmix-*.whl)[${EXTRAS}]" \
    && earthmix --help > /dev/null \
    && rm -r /wheel \
    && useradd --create-home --uid 9999 earthmix
USER ${RUN_AS}
WORKDIR /tmp
# ENTRYPOINT stays the base's: /opt/apache/beam/boot.

FROM worker AS launcher
USER 0
RUN apt-get update \
    && apt-get install -y --no-install-recommends default-jre-headless \
    && rm -rf /var/lib/apt/lists/*
# Made by `make flink-setup`.
COPY .flink/jars /opt/earthmix/jars
USER 9999
ENTRYPOINT ["earthmix"]
