# Builds the service and puts it into an image that runs as nobody.
# Not run in this project's own tests: they have no container engine. See docs/operations.md.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked -p countersign && install -d /empty

FROM debian:bookworm-slim
COPY --from=build /src/target/dist/countersign /usr/local/bin/countersign
COPY --from=build --chown=65534:65534 /empty /data
USER 65534:65534
ENV COUNTERSIGN__DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["/usr/local/bin/countersign", "health"]
ENTRYPOINT ["/usr/local/bin/countersign"]
