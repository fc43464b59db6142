# Builds the service and puts it into an image that holds little else and runs as nobody. How to run it: docs/operations.md.
# Not run in this project's own tests: they have no container engine.

# glibc, libgcc and the roots by which mail servers and databases are known over TLS; no shell, no package manager. The tag
# moves on with security fixes: pin a digest where a build must be repeatable.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p countersign && install -d -m 700 /empty

FROM ${RUNTIME}
COPY --from=build /src/target/release/countersign /usr/local/bin/countersign
COPY --from=build --chown=65532:65532 /empty /data
USER 65532:65532
# The listener stays on loopback until COUNTERSIGN__SERVER__LISTEN says otherwise: nobody is to reach it by accident.
ENV COUNTERSIGN__DATA_DIR=/data
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/usr/local/bin/countersign", "health"]
ENTRYPOINT ["/usr/local/bin/countersign"]
