# hooke's core: segments, measures, classifies, scores and converts. No PyTorch, no graphics card.
#   docker build --tag localhost/hooke .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" localhost/hooke hooke segment images/ -o results/
# The core with the page of `hooke serve`, and tracks:
#   docker build --build-arg EXTRAS=formats,zarr,track,serve --tag localhost/hooke-page .
# "localhost/" keeps docker from pulling an image of this name from strangers. No ENTRYPOINT: Nextflow and Snakemake start a
# shell in the container.

FROM python:3.12-slim AS build
ARG EXTRAS=formats,zarr
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE THIRD_PARTY.md ./
COPY src src
ENV PIP_CONSTRAINT=/source/constraints.txt PIP_BUILD_CONSTRAINT=/source/constraints.txt PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/hooke && /opt/hooke/bin/pip install ".[$EXTRAS]"

FROM python:3.12-slim
# Nextflow measures what a process uses by ps.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 hooke
COPY --from=build /opt/hooke /opt/hooke
ENV PATH=/opt/hooke/bin:$PATH PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
CMD ["hooke", "--help"]
