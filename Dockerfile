# What a CI job of a project needs: Node, git, OpenTofu, talosctl, sops and age. docs/ci.md says how to use it.
#
# Versions stand in toolchain/versions.ts alone: the toolchain downloads or builds what it pins, and checks it. The versions of the two
# base images are compared with package.json and the go.mod files by a test, and the digests are kept current by Renovate.

FROM golang:1.26.6-trixie@sha256:ab563819a16cfe5faff0f96a8bb598fbb0e400ab2ac751996e60abcb23b106a3 AS go

FROM node:22.23.3-trixie-slim@sha256:b26b04c123d9ff8ab646ceb18b9d75a1173acf64b9a401094b906d27b29338d4 AS base
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git tar \
  && rm -rf /var/lib/apt/lists/*

FROM base AS tools
# age has no list of checksums for its releases, so it is built.
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
WORKDIR /source
COPY package.json package-lock.json ./
COPY stand-ins/package.json stand-ins/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# Not by npm run: its PATH begins with the package `node`, whose install script did not run.
RUN node node_modules/ts-node/dist/bin.js --swc release/main.ts tools /tools

FROM base
COPY --from=tools /tools/ /usr/local/bin/
# Fails the build where one of them does not run.
RUN node --version && tofu -version && talosctl version --client --short \
  && sops --version --disable-version-check && age --version && age-keygen --version
# No USER: the folders of a job belong to the runner, and in a container only root can write there.
