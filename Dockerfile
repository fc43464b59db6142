# Builds the service and puts it into an image that runs as nobody. How to run it: docs/operations.md.
# Not run in this project's own tests: they have no container engine.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p countersign && install -d /empty

FROM debian:bookworm-slim
# The roots by which mail servers and databases are known over TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/countersign /usr/local/bin/countersign
COPY --from=build --chown=65534:65534 /empty /data
USER 65534:65534
# The listener stays on loopback until COUNTERSIGN__SERVER__LISTEN says otherwise: nobody is to reach it by accident.
ENV COUNTERSIGN__DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/usr/local/bin/countersign", "health"]
ENTRYPOINT ["/usr/local/bin/countersign"]
