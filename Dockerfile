# Builds the service and puts it, without a shell, into a small image that runs as nobody.
# Not run in this project's own tests: they have no container engine. See docs/operations.md.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked -p countersign

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/dist/countersign /usr/local/bin/countersign
ENV COUNTERSIGN__DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["/usr/local/bin/countersign", "health"]
ENTRYPOINT ["/usr/local/bin/countersign"]
